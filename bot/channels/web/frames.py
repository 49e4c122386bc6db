"""Frames of the client, parsed once into what they mean; a frame that means nothing is refused with a code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.channels.http_errors import BadRequest
from bot.channels.json_body import json_object, text_field
from bot.limits import (
    COMMENT_MAX_CHARS,
    MESSAGE_ID_MAX_CHARS,
    WEB_POLL_WAIT_S,
    WEB_SECRET_MAX_CHARS,
)

_BIGGEST_NUMBER: Final = 2**31 - 1
_PROTOCOL: Final = 1


@dataclass(frozen=True)
class Hello:
    """The client introduces itself; without a secret it asks for a new conversation."""

    secret: str
    after: int
    notice: str


@dataclass(frozen=True)
class Message:
    """Something the citizen wrote; ``id`` is the client's own."""

    id: str
    text: str


@dataclass(frozen=True)
class Resume:
    """Send again what came after a number."""

    after: int


@dataclass(frozen=True)
class History:
    """Send what came before a number."""

    before: int


@dataclass(frozen=True)
class Seen:
    """The citizen has seen everything up to a number."""

    seq: int


@dataclass(frozen=True)
class Rating:
    """1 to 5, and a comment."""

    score: int
    comment: str


@dataclass(frozen=True)
class Report:
    """A message of the office is said to be wrong."""

    seq: int
    comment: str


@dataclass(frozen=True)
class Poll:
    """What came after a number, waiting for it (HTTP only)."""

    after: int
    wait_s: float


@dataclass(frozen=True)
class Plain:
    """A frame that is only its type: ``restart``, ``export``, ``erase``, ``bye``, ``ping``, ``typing``."""

    type: str


Frame = Hello | Message | Resume | History | Seen | Rating | Report | Poll | Plain

_PLAIN: Final = frozenset({"restart", "export", "erase", "bye", "ping", "typing"})


def parse_frame(raw: str) -> Frame:
    """A frame of the client.

    Raises:
        BadRequest: it is not one of the documented frames; the text says why, in English, for who writes a client.
    """
    data = json_object(raw)
    kind = data.get("type")
    if kind in _PLAIN:
        return Plain(str(kind))
    parse = _PARSERS.get(kind) if isinstance(kind, str) else None
    if parse is None:
        raise BadRequest("field 'type' names no frame of a client")
    return parse(data)


def _hello(data: Mapping[str, Any]) -> Frame:
    if data.get("protocol") != _PROTOCOL:
        raise BadRequest(f"field 'protocol' must be {_PROTOCOL}")
    secret = _optional(data, "secret", WEB_SECRET_MAX_CHARS)
    return Hello(secret, _number(data, "after", default=0), _optional(data, "notice", 64))


def _message(data: Mapping[str, Any]) -> Frame:
    text = data.get("text")
    if not isinstance(text, str):
        raise BadRequest("field 'text' must be text")
    return Message(text_field(data, "id", max_chars=MESSAGE_ID_MAX_CHARS), text)


def _rating(data: Mapping[str, Any]) -> Frame:
    score = _number(data, "score")
    if not 1 <= score <= 5:
        raise BadRequest("field 'score' must be 1 to 5")
    return Rating(score, _optional(data, "comment", COMMENT_MAX_CHARS))


def _report(data: Mapping[str, Any]) -> Frame:
    return Report(_number(data, "seq"), _optional(data, "comment", COMMENT_MAX_CHARS))


def _poll(data: Mapping[str, Any]) -> Frame:
    wait_s = data.get("wait_s", WEB_POLL_WAIT_S)
    if isinstance(wait_s, bool) or not isinstance(wait_s, int | float) or not wait_s >= 0:
        raise BadRequest("field 'wait_s' must be a number of seconds")
    return Poll(_number(data, "after"), min(float(wait_s), WEB_POLL_WAIT_S))


_PARSERS: Final[dict[str, Callable[[Mapping[str, Any]], Frame]]] = {
    "hello": _hello,
    "message": _message,
    "resume": lambda data: Resume(_number(data, "after")),
    "history": lambda data: History(_number(data, "before")),
    "seen": lambda data: Seen(_number(data, "seq")),
    "rating": _rating,
    "report": _report,
    "poll": _poll,
}


def _number(data: Mapping[str, Any], name: str, *, default: int | None = None) -> int:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _BIGGEST_NUMBER:
        raise BadRequest(f"field '{name}' must be a whole number")
    return value


def _optional(data: Mapping[str, Any], name: str, max_chars: int) -> str:
    if not data.get(name):
        return ""
    value = data[name]
    if isinstance(value, str) and not value.strip():
        return ""
    return text_field(data, name, max_chars=max_chars)
