"""Buttons under a message, and what a press means (pure).

The data of a button names a stored message of ours and a place in it: a few bytes, valid after a restart, worth
nothing in another chat. What the button says is read from that message (docs/decisions/0025).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.channels.telegram.formatting import label
from bot.channels.telegram.texts import text

DATA_BYTES: Final = 64
"""Longest data of a button."""

USED: Final = "x"
"""Data of a button that only shows what was chosen."""

_DAYS_PER_PAGE: Final = 8
_DAYS_PER_ROW: Final = 2
_HOURS_PER_ROW: Final = 3
_DATA: Final = re.compile(r"([a-z])(\d{1,18})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?")


@dataclass(frozen=True)
class Key:
    """A button: what it shows and the data that its press brings back."""

    label: str
    data: str


Rows = list[list[Key]]


@dataclass(frozen=True)
class Press:
    """What was pressed. ``kind``: "b" a button, "d" a page of days, "h" the hours of a day, "s" a slot, "r" wrong
    information, "n" the privacy notice is refused."""

    kind: str
    outbound_id: int
    first: int = 0
    second: int = 0


def parse(data: str) -> Press | None:
    """What the data of a button mean; None if they are none of ours."""
    match = _DATA.fullmatch(data)
    if match is None or match[1] not in "bdhsrn":
        return None
    return Press(match[1], int(match[2]), int(match[3] or 0), int(match[4] or 0))


def keyboard(outbound_id: int, message: Mapping[str, Any]) -> Rows:
    """The buttons under a message."""
    rows = [
        [Key(label(button["title"]), f"b{outbound_id}.{number}")]
        for number, button in enumerate(message.get("buttons") or ())
    ]
    return rows + days(outbound_id, message, 0) + after_choice(outbound_id, message)


def after_choice(outbound_id: int, message: Mapping[str, Any]) -> Rows:
    """The buttons that stay when a choice was made."""
    custom = message.get("custom") or {}
    if custom.get("topic") == "privacy_notice":
        return [[Key(text("notice_refuse"), f"n{outbound_id}")]]
    return [[Key(text("report"), f"r{outbound_id}")]] if custom.get("records") else []


def days(outbound_id: int, message: Mapping[str, Any], page: int) -> Rows:
    """A page of the days that have free times."""
    listed = _days(message)
    first = page * _DAYS_PER_PAGE
    shown = [
        Key(label(_capital(day["label"])), f"h{outbound_id}.{first + number}")
        for number, day in enumerate(listed[first : first + _DAYS_PER_PAGE])
    ]
    rows = _rows(shown, _DAYS_PER_ROW)
    turns = []
    if page > 0:
        turns.append(Key(text("earlier_days"), f"d{outbound_id}.{page - 1}"))
    if first + _DAYS_PER_PAGE < len(listed):
        turns.append(Key(text("more_days"), f"d{outbound_id}.{page + 1}"))
    return rows + ([turns] if turns else [])


def hours(outbound_id: int, message: Mapping[str, Any], day: int) -> Rows | None:
    """The free times of a day and the way back; None if there is no such day."""
    listed = _days(message)
    if day >= len(listed):
        return None
    shown = [
        Key(label(slot["label"]), f"s{outbound_id}.{day}.{number}")
        for number, slot in enumerate(listed[day]["slots"])
    ]
    back = Key(text("other_days"), f"d{outbound_id}.{day // _DAYS_PER_PAGE}")
    return [*_rows(shown, _HOURS_PER_ROW), [back]]


def chosen(press: Press, message: Mapping[str, Any]) -> tuple[str, str] | None:
    """The text that a press sends in the citizen's place, and what to show as the choice; None if there is none."""
    if press.kind == "b":
        buttons = message.get("buttons") or ()
        if press.first >= len(buttons):
            return None
        button = buttons[press.first]
        return str(button["payload"]), label(button["title"])
    listed = _days(message)
    if press.first >= len(listed) or press.second >= len(listed[press.first]["slots"]):
        return None
    payload = str(listed[press.first]["slots"][press.second]["payload"])
    return payload, label(_capital(payload))


def _days(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    picker = (message.get("custom") or {}).get("picker") or {}
    found: Sequence[Mapping[str, Any]] = picker.get("days") or ()
    return found


def _rows(keys: Sequence[Key], per_row: int) -> Rows:
    return [list(keys[at : at + per_row]) for at in range(0, len(keys), per_row)]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
