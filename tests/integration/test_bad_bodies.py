"""Invented bodies, hundreds of them: each is answered or refused, none ends in a server error (T43)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.limits import MESSAGE_ID_MAX_CHARS, SENDER_MAX_CHARS
from tests.support.counts import FULL, count
from tests.support.http import GOOD, assert_error_shape, post_bytes
from tests.support.servers import Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

_REFUSALS = (400, 409, 413)

_settings = settings(deadline=None, database=None, derandomize=not FULL)
_any_text = st.text(st.characters(exclude_categories=()), max_size=40)
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), _any_text, st.just("ciao"), st.just("m-1")
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_any_text, inner, max_size=4),
    max_leaves=12,
)
_texts = st.one_of(_any_text, st.just("ciao"), st.text("àe i/{}\"'<>\\\n", max_size=60))
_messages = st.fixed_dictionaries(
    {},
    optional={
        "sender": st.one_of(_texts, _values),
        "message": st.one_of(_texts, _values),
        "metadata": st.one_of(st.fixed_dictionaries({"message_id": _values}), _values),
        "input_channel": _values,
        "parse_data": _values,
    },
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """One server for all bodies of this module."""
    folder = tmp_path_factory.mktemp("bodies")
    async with quickly_serving(settings_in(folder), assistant) as running:
        yield running


def _is_message(data: Any) -> bool:
    """Whether the documented contract accepts this body, said in another way than the code says it."""
    if not isinstance(data, dict) or not isinstance(data.get("message"), str):
        return False
    metadata = data.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        return False
    names = [(data.get("sender"), SENDER_MAX_CHARS)]
    if metadata and metadata.get("message_id") is not None:
        names.append((metadata["message_id"], MESSAGE_ID_MAX_CHARS))
    return all(_is_name(name, limit) for name, limit in names)


def _is_name(value: Any, limit: int) -> bool:
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


def _assert_answered(text: str, sender: str) -> None:
    answers = json.loads(text)
    assert answers
    for answer in answers:
        assert answer["recipient_id"] == sender
        assert answer["text"].strip()


@given(data=st.one_of(_messages, _values))
@example(data={"sender": "a", "message": "x" * 2_001})
@example(data={"sender": "a" * 256, "message": "x"})
@example(data={"sender": "a", "message": "\ud83d"})
@example(data={"sender": "a", "message": "[" * 40})
@settings(_settings, max_examples=count(150, 2_000))
async def test_every_json_value_is_answered_or_refused(client: Client, data: Any) -> None:
    """A message is answered, anything else refused, and both as documented."""
    status, text = await post_bytes(client, json.dumps(data).encode())
    if status == 200:
        assert _is_message(data)
        _assert_answered(text, data["sender"])
        return
    assert status in _REFUSALS
    assert_error_shape(status, text)
    # NaN and infinity are no JSON, and an id that another text has used is a conflict.
    strange = any(word in json.dumps(data) for word in ("NaN", "Infinity"))
    assert strange or status == 409 or not _is_message(data)


@given(data=st.data())
@settings(_settings, max_examples=count(150, 2_000))
async def test_damaged_bytes_are_answered_or_refused(client: Client, data: st.DataObject) -> None:
    """A good body with bytes cut out, put in or changed."""
    body = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 3)))
        body[start:end] = data.draw(st.binary(max_size=3))
    status, text = await post_bytes(client, bytes(body))
    if status == 200:
        _assert_answered(text, json.loads(body)["sender"])
    else:
        assert status in _REFUSALS
        assert_error_shape(status, text)
