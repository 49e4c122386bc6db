"""Frames of the server: each function makes one, in the shape of docs/websocket.md."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from bot.channels.web.texts import duration, text
from bot.storage.outbox import STAFF
from bot.storage.transcript import Message

OutFrame = dict[str, Any]


def message(stored: Message, prev: int, own_address: str) -> OutFrame:
    """A message of the conversation.

    Args:
        prev: the number of the message that the client has before it.
        own_address: of this installation; its files are offered by their path, whatever name the client knows it by.
    """
    frame: OutFrame = {
        "type": "message",
        "seq": stored.seq,
        "prev": prev,
        "author": stored.author,
        "text": stored.text,
        "at": moment(stored.at),
    }
    if stored.key:
        frame["id"] = stored.key
    shown_as = (stored.payload.get("custom") or {}).get("staff")
    if stored.author == STAFF and shown_as:
        # As the office wants it (first name, or the office): never the whole name of the account.
        frame["name"] = shown_as
    for name in ("buttons", "custom"):
        if stored.payload.get(name):
            frame[name] = stored.payload[name]
    offered = frame.get("custom", {}).get("file")
    if offered:
        path = str(offered["url"]).removeprefix(own_address.rstrip("/"))
        frame["custom"] = {**frame["custom"], "file": {**offered, "url": path}}
    return frame


def ack(message_id: str, seq: int, at: datetime, *, duplicate: bool) -> OutFrame:
    """A message of the citizen is stored."""
    return {
        "type": "ack",
        "id": message_id,
        "seq": seq,
        "at": moment(at),
        "duplicate": duplicate,
    }


def gap(first: int, last: int) -> OutFrame:
    """Messages that are no longer there."""
    return {"type": "gap", "from": first, "to": last}


def typing(author: str, *, on: bool) -> OutFrame:
    """Somebody writes."""
    return {"type": "typing", "author": author, "on": on}


def ended(reason: str) -> OutFrame:
    """The secret is over."""
    return {"type": "ended", "reason": reason, "message": text(f"ended_{reason}")}


def error(code: str, *, message_id: str = "", **values: object) -> OutFrame:
    """A refusal, with the sentence of the same name."""
    frame: OutFrame = {"type": "error", "code": code, "message": text(code, **values)}
    if message_id:
        frame["id"] = message_id
    return frame


def rate_limited(wait_s: int, *, message_id: str = "") -> OutFrame:
    """Too much, too fast."""
    frame = error("rate_limited", message_id=message_id, wait=duration(wait_s))
    return {**frame, "retry_after_s": wait_s}


def moment(at: datetime) -> str:
    """A time as it travels: UTC, whole seconds."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
