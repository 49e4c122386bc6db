"""A text as Telegram takes it (pure): style as entities, cut into messages of at most 4,096 UTF-16 units.

Style travels as entities, not as HTML or MarkdownV2: then nothing in a text can be taken for markup, nothing needs
to be escaped, and a cut cannot leave a tag open (docs/decisions/0025). ``**words**`` in a text are bold.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

MESSAGE_UNITS: Final = 4_096
"""Longest message of the Bot API after entities are parsed, counted in UTF-16 units (the stricter reading)."""

BUTTON_CHARS: Final = 60
"""Longer labels are cut by phones in unforeseeable places."""

_DISGUISES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BOLD: Final = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_BREAKS: Final = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?;:])\s"),
    re.compile(r"\s"),
)
"""Where a text may be cut, the best places first."""

_CLINGS: Final = re.compile("[\u0300-\u036f\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\u20e3]")
"""Characters that belong to the one before them."""


@dataclass(frozen=True)
class Span:
    """A styled stretch of a text. ``offset`` and ``length`` in UTF-16 units, as the Bot API counts."""

    kind: str
    offset: int
    length: int


@dataclass(frozen=True)
class Piece:
    """One message."""

    text: str
    spans: tuple[Span, ...] = ()


def utf16_units(text: str) -> int:
    """Length as the Bot API counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def without_disguises(text: str) -> str:
    """The text without characters that turn the direction of writing or are no text."""
    return _DISGUISES.sub("", text)


def label(text: str) -> str:
    """A label of a button: one line, not too long, never empty."""
    flat = " ".join(without_disguises(text).split()) or "…"
    return flat if len(flat) <= BUTTON_CHARS else flat[: BUTTON_CHARS - 1].rstrip() + "…"


def pieces(text: str, limit: int = MESSAGE_UNITS) -> list[Piece]:
    """The messages that a text becomes; none for an empty text.

    Cut as late as it takes for the fewest messages, then at the best place: paragraph, line, sentence, word.
    """
    plain, bold = _styled(without_disguises(text))
    ends = [0, *accumulate(2 if ord(char) > 0xFFFF else 1 for char in plain)]
    found: list[Piece] = []
    at = 0
    while True:
        at = _skip_space(plain, at)
        if at == len(plain):
            return found
        end = _cut(plain, ends, bold, at, limit)
        found.append(_piece(plain, ends, bold, at, at + len(plain[at:end].rstrip())))
        at = end


def _styled(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without marks, and the stretches that are bold."""
    parts: list[str] = []
    bold: list[tuple[int, int]] = []
    length = at = 0
    for match in _BOLD.finditer(text):
        before = text[at : match.start()]
        start = length + len(before)
        length = start + len(match[1])
        bold.append((start, length))
        parts += (before, match[1])
        at = match.end()
    return "".join((*parts, text[at:])), bold


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _cut(
    text: str, ends: Sequence[int], bold: Sequence[tuple[int, int]], start: int, limit: int
) -> int:
    """Where the message that begins at ``start`` ends."""
    latest = bisect_right(ends, ends[start] + limit) - 1
    if latest >= len(text):
        return len(text)
    left = ends[-1] - ends[start]
    others = -(-left // limit) - 1
    earliest = max(bisect_left(ends, ends[-1] - others * limit), start + 1)
    for since in (earliest, (start + latest) // 2, start + 1):
        for breaks in _BREAKS:
            places = [m.end() for m in breaks.finditer(text, since - 1, latest + 1)]
            places = [place for place in places if since <= place <= latest + 1]
            whole = [place for place in places if not any(b < place < e for b, e in bold)]
            if whole:
                return whole[-1]
    end = latest
    while end > start + 1 and (_CLINGS.match(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return end if end > start + 1 else latest


def _piece(
    text: str, ends: Sequence[int], bold: Sequence[tuple[int, int]], start: int, end: int
) -> Piece:
    spans = []
    for begin, stop in bold:
        first, last = max(begin, start), min(stop, end)
        if first < last:
            spans.append(Span("bold", ends[first] - ends[start], ends[last] - ends[first]))
    return Piece(text[start:end], tuple(spans))
