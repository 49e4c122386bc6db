"""Single values as people and programs write them: texts, HTML, dates, numbers, addresses. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Final

from bot.clock import ROME

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
        1,
    )
}
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ].*)?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ITALIAN: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[ ,].*)?")
_WORDS: Final = re.compile(r"(?:\w+ )?(\d{1,2})[°º]? ([a-z]+) (\d{4})")
_GROUPED: Final = re.compile(r"\d{1,3}(?:[. ’']\d{3})+")
_DECIMAL: Final = re.compile(r"\d+(?:[.,]\d+)?")
_SPACES: Final = re.compile(r"\s+")
_PLACEHOLDERS: Final = frozenset(
    ["", "-", "--", "n.d.", "nd", "n/a", "null", "none", "da_indicare", "da indicare", "da compilare", "non indicato", "non disponibile"]
)  # fmt: skip
"""What registers write where nothing is known."""

_LONGER: Final = 1 + max(map(len, _PLACEHOLDERS))

MIN_YEAR: Final = 1_900
MAX_YEAR: Final = 2_200


def clean(text: object) -> str:
    """One line of text: no control or invisible characters, single spaces; "" for what means nothing."""
    plain = str(text)
    if not plain.isprintable():
        plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in plain)
        plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cs", "Co"))
    plain = plain.strip()
    if "  " in plain:
        plain = _SPACES.sub(" ", plain)
    return "" if len(plain) < _LONGER and plain.lower() in _PLACEHOLDERS else plain


def shortened(text: str, max_chars: int) -> str:
    """``text``, or its first words with an ellipsis."""
    if len(text) <= max_chars:
        return text
    cut = text[: max_chars - 1]
    return (cut.rsplit(" ", 1)[0] or cut).rstrip(" ,;:-") + "…"


def parsed_date(text: str) -> date | None:
    """A date as "2026-11-30", "30/11/2026", "30 novembre 2026" or an ISO date-time; None if it is none of these.

    A date-time with a zone is the day in Rome.
    """
    plain = clean(text).lower()
    try:
        if "t" in plain and (plain.endswith("z") or "+" in plain[10:] or "-" in plain[10:]):
            moment = datetime.fromisoformat(
                re.sub(r"\.\d+", "", plain.upper().replace("Z", "+00:00"))
            )
            return _plausible(moment.astimezone(ROME).date())
        if match := _ISO.fullmatch(plain) or _COMPACT.fullmatch(plain):
            year, month, day = map(int, match.groups())
            return _plausible(date(year, month, day))
        if match := _ITALIAN.fullmatch(plain):
            day, month, year = map(int, match.groups())
            return _plausible(date(year + 2_000 if year < 100 else year, month, day))
        if match := _WORDS.fullmatch(plain):
            name = match.group(2)
            if name in _MONTHS:
                return _plausible(date(int(match.group(3)), _MONTHS[name], int(match.group(1))))
    except (ValueError, OverflowError):
        return None
    return None


def _plausible(day: date) -> date | None:
    return day if MIN_YEAR <= day.year <= MAX_YEAR else None


def parsed_number(text: str) -> float | None:
    """A number as "12", "12,5", "1.397.715" or "1.234,56"; None if it is none of these."""
    plain = clean(text)
    if len(plain) > 20:
        return None
    whole, comma, decimals = plain.rpartition(",")
    if comma and _GROUPED.fullmatch(whole) and decimals.isdecimal():
        return float(re.sub(r"\D", "", whole) + "." + decimals)
    if _GROUPED.fullmatch(plain):
        return float(re.sub(r"\D", "", plain))
    return float(plain.replace(",", ".")) if _DECIMAL.fullmatch(plain) else None


def parsed_count(text: str) -> int | None:
    """The whole number that a text like "2", "n. 2" or "2 posti" holds; None if there is not exactly one."""
    numbers = re.findall(r"\d+", clean(text))
    return int(numbers[0]) if len(numbers) == 1 and len(numbers[0]) < 6 else None


def without_html(text: str) -> str:
    """The words of an HTML text, blocks parted by spaces; plain text passes unchanged but for entities."""
    if "<" not in text and "&" not in text:
        return clean(text)
    words = _Words()
    words.feed(text)
    words.close()
    return clean("".join(words.parts))


class _Words(HTMLParser):
    _SILENT: Final = frozenset({"script", "style", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(" ")
        self._silent += tag in self._SILENT

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(" ")
        self._silent = max(0, self._silent - (tag in self._SILENT))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
