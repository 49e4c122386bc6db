"""Rules of the web channel that need no server: counting, addresses, frames, what a newcomer gets, what is served."""

from __future__ import annotations

import ipaddress
import json
import re
from contextlib import suppress
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.http_errors import BadRequest
from bot.channels.web.addresses import client_address
from bot.channels.web.assets import assets, without_comments
from bot.channels.web.config import notice_of
from bot.channels.web.frames import parse_frame
from bot.channels.web.rates import Places, RateLimit
from bot.channels.web.texts import duration
from bot.channels.web.visitors import digest_of, first_to_send
from bot.limits import WEB_REPLAY
from bot.settings import Settings

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KINDS = ["hello", "message", "resume", "history", "seen", "rating", "report", "poll", "bye", "x"]
FIELDS = ["protocol", "secret", "after", "notice", "id", "text", "before", "seq", "score", "comment", "wait_s"]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.floats(0, 300), min_size=1, max_size=200).map(sorted), st.integers(1, 20))
def test_never_more_than_the_limit_in_a_minute(times: list[float], limit: int) -> None:
    counter = RateLimit(limit, 60)
    taken = [now for now in times if counter.take("a", now) == 0]
    for begin in taken:
        # The window that is over is estimated by its share: twice the limit can never pass.
        assert len([t for t in taken if begin <= t < begin + 60]) <= 2 * limit


def test_the_one_too_many_waits_until_it_would_pass() -> None:
    counter = RateLimit(30, 60)
    assert [counter.take("a", n / 10) for n in range(30)] == [0] * 30
    wait_s = counter.take("a", 3.0)
    assert 1 <= wait_s <= 61
    assert counter.take("b", 3.0) == 0
    assert counter.take("a", 130.0) == 0


@pytest.mark.parametrize("limit", [1, 3])
def test_places_come_back(limit: int) -> None:
    places = Places(limit)
    assert [places.take("a") for _ in range(limit + 1)] == [True] * limit + [False]
    assert places.take("b")
    places.give_back("a")
    assert places.take("a")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.7, 10.0.0.2", "10.0.0.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "; rm -rf", "unknown"),
        ("127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        ("::ffff:198.51.100.1", "", "198.51.100.1"),
    ],
)
def test_the_right_most_untrusted_address_counts(peer: str, forwarded: str, address: str) -> None:
    """T37"""

    class Transport:
        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return (peer, 1) if name == "peername" else default

    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers, transport=Transport())
    proxies = [ipaddress.ip_network("10.0.0.0/24")]
    assert client_address(request, proxies) == address


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_frame_is_understood_or_refused(kind: str, fields: dict[str, Any]) -> None:
    """T43: nothing else comes out, whatever comes in."""
    with suppress(BadRequest):
        parse_frame(json.dumps({"type": kind, **fields}))


@settings(deadline=None)
@given(st.text())
def test_any_text_is_refused_as_a_frame(raw: str) -> None:
    with pytest.raises(BadRequest):
        parse_frame(raw)


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500))
def test_who_knows_something_misses_nothing_who_knows_nothing_gets_the_last(
    after: int, last_seq: int
) -> None:
    first = first_to_send(after, last_seq)
    if 0 < after <= last_seq:
        assert first == after + 1
    else:
        assert first == max(1, last_seq - WEB_REPLAY + 1)


def test_secrets_of_any_kind_have_a_digest() -> None:
    assert digest_of("a") != digest_of("b")
    assert len(digest_of("\ud800")) == 64


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 secondo"),
        (12, "12 secondi"),
        (60, "1 minuto"),
        (61, "2 minuti"),
        (3_600, "60 minuti"),
    ],
)
def test_waiting_times_are_said_plainly(seconds: int, words: str) -> None:
    assert duration(seconds) == words


def test_a_changed_notice_has_another_version() -> None:
    """T75"""
    mine = Settings(_env_file=None, privacy_notice="Primo punto | Secondo punto")
    assert notice_of(mine).text == "Primo punto\nSecondo punto"
    moved = Settings(_env_file=None, privacy_notice="Primo punto | Secondo punto", privacy_url="https://a.it/p")  # fmt: skip
    ours = Settings(_env_file=None)
    assert len({notice_of(one).version for one in (mine, moved, ours)}) == 3
    assert "24 ore" in notice_of(ours).text


@pytest.mark.parametrize(
    "values",
    [
        {"web_origins": "https://a.it/"},
        {"web_origins": "*"},
        {"web_origins": "https://*.a.it"},
        {"web_origins": "a.it"},
        {"trusted_proxies": "ovunque"},
        {"privacy_url": "javascript:alert(1)"},
        {"web_session_hours": 0},
    ],
)
def test_wrong_settings_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Settings(_env_file=None, **values)


def test_the_widget_weighs_under_thirty_kilobytes() -> None:
    """Gzipped, as it is sent, all modules together."""
    modules = {path: asset for path, asset in assets().items() if path.startswith("/widget/")}
    assert "/widget/sportello-chat.js" in modules
    assert sum(len(asset.compressed) for asset in modules.values()) < 30_000


def test_only_comments_and_indentation_are_left_out() -> None:
    script = (
        "// @ts-check\n/** One. */\n/**\n * @param {string} a\n */\nexport function f(a) {\n"
        '  // Why.\n  const url = "https://a.it"; // kept\n  return `${url} /* kept */ ${a}`;\n}\n'
    )
    assert without_comments(script) == (
        'export function f(a) {\nconst url = "https://a.it"; // kept\nreturn `${url} /* kept */ ${a}`;\n}\n'
    )


def test_widget_modules_hold_no_way_to_make_markup_or_code_of_a_text() -> None:
    """T45: no address of another site either."""
    for path, asset in assets().items():
        if not path.endswith(".js"):
            continue
        script = asset.body.decode()
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                          "new Function", "document.cookie", "setAttribute(\"style\""):  # fmt: skip
            assert forbidden not in script, path
        addresses = re.findall(r"[\"'`]https?://[^\"'`]*", script)
        assert addresses in ([], ['"http://www.w3.org/2000/svg']), path
