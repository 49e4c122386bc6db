"""What a stored message becomes on Telegram: texts, then documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.telegram import keyboards
from bot.channels.telegram.formatting import MESSAGE_UNITS, Piece, pieces, utf16_units
from bot.channels.telegram.keyboards import Rows
from bot.channels.telegram.texts import text
from bot.conversations import personal_data


@dataclass(frozen=True)
class TextPart:
    """A text, with the buttons under it."""

    piece: Piece
    rows: Rows


@dataclass(frozen=True)
class CalendarPart:
    """The calendar file of the appointment that a link opens."""

    name: str
    url: str


@dataclass(frozen=True)
class ExportPart:
    """The copy of the citizen's data, made when it is sent."""


Part = TextPart | CalendarPart | ExportPart


def parts_of(outbound_id: int, message: Mapping[str, Any]) -> list[Part]:
    """The messages that a stored message becomes, in order; the buttons are under its last text."""
    texts = text_pieces(message)
    parts: list[Part] = [TextPart(piece, []) for piece in texts]
    rows = keyboards.keyboard(outbound_id, message)
    if texts and rows:
        parts[-1] = TextPart(texts[-1], rows)
    file = (message.get("custom") or {}).get("file")
    if file:
        parts.append(CalendarPart(str(file["name"]), str(file["url"])))
    if personal_data.is_export(dict(message)):
        parts.append(ExportPart())
    return parts


def text_pieces(message: Mapping[str, Any]) -> list[Piece]:
    """The texts of a message; who of the staff speaks is named."""
    words = str(message.get("text") or "")
    staff = (message.get("custom") or {}).get("staff")
    if staff:
        name = str(staff).replace("*", "").strip()
        words = f"{text('staff_name', name=name)}\n{words}" if name else words
    return pieces(words)


def with_choice(message: Mapping[str, Any], choice: str) -> Piece | None:
    """The last text of a message with the choice under it; None if there is no room for it."""
    texts = text_pieces(message)
    if not texts:
        return None
    last = texts[-1]
    words = f"{last.text}\n\n{text('chosen', choice=choice)}"
    return Piece(words, last.spans) if utf16_units(words) <= MESSAGE_UNITS else None
