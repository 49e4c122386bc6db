"""What is not a well-formed request is refused with 4xx in one shape, and the server goes on (T43)."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.http import GOOD, JSON, assert_error_shape, message_body, post_bytes
from tests.support.servers import WEBHOOK, Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """One server for all refusals of this module."""
    async with quickly_serving(settings_in(tmp_path_factory.mktemp("bad")), assistant) as running:
        yield running


_BROKEN = {
    "nothing": b"",
    "blank": b" \n\t",
    "cut": GOOD[:-1],
    "two": GOOD + GOOD,
    "single-quotes": b"{'sender': 'a', 'message': 'ciao'}",
    "trailing-comma": b'{"sender": "a", "message": "ciao",}',
    "comment": b'{"sender": "a", /* x */ "message": "ciao"}',
    "form": b"sender=a&message=ciao",
    "html": b"<html></html>",
    "nan": b'{"sender": "a", "message": "ciao", "x": NaN}',
    "infinity": b'{"sender": "a", "message": "ciao", "x": -Infinity}',
    "raw-nul": b'{"sender": "a", "message": "ciao\x00"}',
    "raw-line-break": b'{"sender": "a", "message": "ciao\n"}',
    "bad-escape": b'{"sender": "a", "message": "\\ud8"}',
    "invalid-utf8": b'{"sender": "a", "message": "\xff\xfe"}',
    "latin1": '{"sender": "a", "message": "perché"}'.encode("latin-1"),
    "utf16": GOOD.decode().encode("utf-16"),
    "overlong-utf8": b'{"sender": "a", "message": "\xc0\xaf"}',
    "surrogates-in-utf8": b'{"sender": "a", "message": "\xed\xa0\x80"}',
    "deep-lists": b"[" * 10_000 + b"]" * 10_000,
    "deep-objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep-unclosed": b"[" * 10_000,
    "deep-metadata": GOOD[:-1] + b', "metadata": ' + b'{"a":' * 9_000 + b"1" + b"}" * 9_001,
    "huge-number": b'{"sender": "a", "message": "ciao", "x": ' + b"9" * 50_000 + b"}",
    "duplicate-sender": b'{"sender": "a", "sender": "b", "message": "ciao"}',
    "duplicate-message": b'{"sender": "a", "message": "ciao", "message": "x"}',
    "duplicate-inside": GOOD[:-1] + b', "metadata": {"message_id": "1", "message_id": "2"}}',
    "list": b"[" + GOOD + b"]",
    "text": b'"ciao"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
}


@pytest.mark.parametrize("body", _BROKEN.values(), ids=_BROKEN.keys())
async def test_what_is_no_json_object_is_refused(client: Client, body: bytes) -> None:
    status, text = await post_bytes(client, body)
    assert status == 400
    assert_error_shape(status, text)


_NO_TEXT = [None, [], ["a"], {}, {"a": "b"}, 1, 0, 1.5, True, False]


@pytest.mark.parametrize("value", [*_NO_TEXT, "", " ", "\n", "a\x00", "\ud800", "x" * 256])
async def test_sender_must_be_a_usable_text(client: Client, value: Any) -> None:
    """A9: no shared conversation for those who do not say who they are."""
    status, text = await post_bytes(client, message_body(sender=value))
    assert status == 400
    assert "sender" in assert_error_shape(status, text)["error"]


@pytest.mark.parametrize("value", _NO_TEXT)
async def test_message_must_be_text(client: Client, value: Any) -> None:
    """A11: Rasa answers an object with 200, nothing and a stack trace in its log."""
    status, text = await post_bytes(client, message_body(message=value))
    assert status == 400
    assert "message" in assert_error_shape(status, text)["error"]


@pytest.mark.parametrize("missing", ["sender", "message"])
async def test_both_fields_are_needed(client: Client, missing: str) -> None:
    data = {"sender": "a", "message": "ciao"}
    del data[missing]
    status, text = await post_bytes(client, json.dumps(data).encode())
    assert status == 400
    assert missing in assert_error_shape(status, text)["error"]


@pytest.mark.parametrize(
    "metadata",
    [[], "m-1", 1, True, {"message_id": 1}, {"message_id": []}, {"message_id": {}},
     {"message_id": ""}, {"message_id": " "}, {"message_id": "\x00"}, {"message_id": "x" * 256}],
)  # fmt: skip
async def test_metadata_must_be_an_object_with_a_usable_id(client: Client, metadata: Any) -> None:
    status, text = await post_bytes(client, message_body(metadata=metadata))
    assert status == 400
    assert_error_shape(status, text)


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
     "application/xml", "application/jsonp", "json", ";;;", "application/json; charset=utf-16",
     "application/json; charset=latin-1", "application/json; charset=cp037"],
)  # fmt: skip
async def test_other_content_types_and_charsets_are_refused(
    client: Client, content_type: str | None
) -> None:
    status, text = await post_bytes(client, GOOD, content_type)
    assert status == 415
    assert_error_shape(status, text)


@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=UTF-8", f'{JSON};charset="utf8"'])
async def test_json_in_utf8_is_accepted(client: Client, content_type: str) -> None:
    assert (await post_bytes(client, GOOD, content_type))[0] == 200


async def test_text_full_of_brackets_is_not_deep(client: Client) -> None:
    """Depth is a matter of the JSON, not of what a person writes."""
    for message in ("[" * 100 + "orari", "{{" * 50, '"[{' * 40):
        status, text = await post_bytes(client, message_body(message=message))
        assert (status, json.loads(text)[0]["recipient_id"]) == (200, "a")


@pytest.mark.parametrize("size", [70_000, 1_000_000, 10_000_000])
async def test_large_bodies_are_refused(client: Client, size: int) -> None:
    """T41: with a sentence that a page can show."""
    status, text = await post_bytes(client, message_body(message="a" * size))
    assert status == 413
    assert "2.000 caratteri" in assert_error_shape(status, text).get("message", "")


async def test_large_body_in_pieces_is_refused(client: Client) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    async with client.session.post(
        client.base + WEBHOOK, data=pieces(), headers={"Content-Type": JSON}
    ) as response:
        assert response.status == 413
        assert_error_shape(response.status, await response.text())


async def test_gzip_bomb_is_refused(client: Client) -> None:
    bomb = gzip.compress(message_body(message="a" * 50_000_000))
    assert len(bomb) < 60_000
    status, text = await post_bytes(client, bomb, Content_Encoding="gzip")
    assert status == 413
    assert_error_shape(status, text)


_ENCODED = {
    "gzip-that-is-none": (GOOD, "gzip"),
    "gzip-cut": (gzip.compress(GOOD)[:-12], "gzip"),
    "gzip-damaged": (gzip.compress(GOOD)[:12] + b"\x00" * 20, "gzip"),
    "deflate-that-is-none": (b"\xff" * 40, "deflate"),
    "deflate-cut": (zlib.compress(GOOD)[:-8], "deflate"),
    "brotli": (GOOD, "br"),
    "zstd": (GOOD, "zstd"),
}


@pytest.mark.parametrize(("body", "encoding"), _ENCODED.values(), ids=_ENCODED.keys())
async def test_damaged_or_unknown_compression_is_refused(
    client: Client, body: bytes, encoding: str
) -> None:
    status, text = await post_bytes(client, body, Content_Encoding=encoding)
    assert status in (400, 415)
    assert_error_shape(status, text)


async def test_gzip_is_understood(client: Client) -> None:
    assert (await post_bytes(client, gzip.compress(GOOD), Content_Encoding="gzip"))[0] == 200


async def test_unknown_expectation_is_refused(client: Client) -> None:
    status, text = await post_bytes(client, GOOD, Expect="magia")
    assert status == 417
    assert_error_shape(status, text)
