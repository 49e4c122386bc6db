"""Days named in an Italian question about opening hours: "oggi", "venerdì", "il 7 dicembre", "a Ferragosto".

Pure: the caller passes today. The whole grammar of dates and times comes with booking; this part is what
questions about hours need, and it prefers silence to a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from knowledge.text import fold, words

_WEEKDAYS: Final = ("lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "domenica")
_MONTHS: Final = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip
_FIXED_HOLIDAYS: Final[dict[str, tuple[int, int]]] = {
    "capodanno": (1, 1),
    "epifania": (1, 6),
    "befana": (1, 6),
    "san francesco": (10, 4),
    "ognissanti": (11, 1),
    "santi": (11, 1),
    "sant ambrogio": (12, 7),
    "santambrogio": (12, 7),
    "s ambrogio": (12, 7),
    "patrono": (12, 7),
    "immacolata": (12, 8),
    "vigilia": (12, 24),
    "natale": (12, 25),
    "santo stefano": (12, 26),
    "ferragosto": (8, 15),
    "festa della repubblica": (6, 2),
    "liberazione": (4, 25),
    "san silvestro": (12, 31),
    "ultimo dell anno": (12, 31),
}
_DAY_MONTH: Final = re.compile(
    rf"\b(\d{{1,2}}o?|primo)\s+(?:di\s+)?({'|'.join(_MONTHS)}|{'|'.join(m[:3] for m in _MONTHS)})\b(?:\s+(?:del\s+)?(20\d\d))?"
)
_BARE_DAY: Final = re.compile(r"\b(?:il|giorno|per il|del) (\d{1,2})\b(?! (?:e|alle|ore))")
_NUMERIC: Final = re.compile(
    r"(?<![\d.,/-])(\d{1,2})\s*([/\-.])\s*(\d{1,2})(?:\s*\2\s*((?:20)?\d\d))?\b(?![./-]?\d)"
)
_HOUR_BEFORE: Final = re.compile(r"\b(?:alle|dalle|ore|h)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class NamedDays:
    """Days that a question is about.

    ``days`` are concrete days (empty if none was named); ``weekday`` is 0-6 when the question is about every
    such weekday ("il venerdì"); ``now`` when it is about this very moment; ``label`` repeats the person's words.
    """

    days: tuple[date, ...] = ()
    weekday: int | None = None
    now: bool = False
    label: str = ""


def named_days(text: str, today: date) -> NamedDays:
    """Find the day a question about hours is about; an empty result means "in general"."""
    plain = " ".join(words(text))
    for find in (_explicit_date, _holiday, _relative, _weekday):
        found = find(plain, text, today)
        if found is not None:
            return found
    now = bool(
        re.search(
            r"\b(adesso|ora siete|ora e aperto|in questo momento|siete aperti|e aperto|siete chiusi|c e qualcuno)\b",
            plain,
        )
    )
    if now and re.search(r"\ba che ora\b|\bche ore\b|\bquando\b", plain):
        now = False
    return NamedDays(now=now)


def _explicit_date(plain: str, text: str, today: date) -> NamedDays | None:
    # On the text before SMS spelling is undone: "3 mar" is March there, Tuesday after.
    match = _DAY_MONTH.search(fold(text))
    if match:
        day = 1 if match[1] == "primo" else int(match[1].rstrip("o"))
        month = next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(match[2][:3]))
        return _dated(day, month, match[3], today)
    for numeric in _NUMERIC.finditer(text):
        if 1 <= int(numeric[3]) <= 12 and int(numeric[1]) <= 31 and _is_date(numeric, plain):
            return _dated(int(numeric[1]), int(numeric[3]), numeric[4], today)
    bare = _BARE_DAY.search(plain)
    return _next_with_number(int(bare[1]), today) if bare else None


def _next_with_number(day: int, today: date) -> NamedDays | None:
    """ "il 24": the next day of that number, this month or one of the following."""
    for offset in range(1, 62):
        found = today + timedelta(days=offset - 1)
        if found.day == day:
            return NamedDays((found,))
    return None


def _is_date(numeric: re.Match[str], plain: str) -> bool:
    """Whether figures are a day and a month, not hours ("alle 11.10", "il venerdì 10-12")."""
    if numeric[4] or numeric[2] == "/":
        return True
    if _HOUR_BEFORE.search(numeric.string[: numeric.start()]):
        return False
    return not any(re.search(rf"\b{name}\b", plain) for name in _WEEKDAYS)


def _dated(day: int, month: int, year_text: str | None, today: date) -> NamedDays | None:
    year = int(year_text) % 100 + 2000 if year_text else today.year
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    if not year_text and found < today:
        if (month, day) == (2, 29):
            return None
        found = date(year + 1, month, day)
    return NamedDays((found,))


def _holiday(plain: str, _text: str, today: date) -> NamedDays | None:
    if "natale" in plain and ("capodanno" in plain or "befana" in plain or "epifania" in plain):
        days = tuple(date(today.year, 12, 27) + timedelta(days=i) for i in range(5))
        return NamedDays(days, label="tra Natale e Capodanno")
    if re.search(r"\b(pasquetta|lunedi (?:dell angelo|di pasqua|dopo pasqua))\b", plain):
        return NamedDays((_next_easter(today) + timedelta(days=1),))
    if re.search(r"\bpasqua\b", plain):
        return NamedDays((_next_easter(today),))
    plain = re.sub(r"\bvigilia (?:di|del) capodanno\b", "ultimo dell anno", plain)
    for name, (month, day) in _FIXED_HOLIDAYS.items():
        if re.search(rf"\b{name}\b", plain):
            found = date(today.year, month, day)
            return NamedDays((found if found >= today else date(today.year + 1, month, day),))
    return None


def _relative(plain: str, _text: str, today: date) -> NamedDays | None:
    for pattern, offset in (
        (r"\bdopodomani|dopo domani\b", 2),
        (r"\bdomani\b", 1),
        (r"\b(oggi|stamattina|stamani|stasera|oggigiorno|questo pomeriggio|questa mattina)\b", 0),
    ):
        if re.search(pattern, plain):
            return NamedDays((today + timedelta(days=offset),))
    return None


def _weekday(plain: str, _text: str, today: date) -> NamedDays | None:
    hits = [i for i, name in enumerate(_WEEKDAYS) if re.search(rf"\b{name}\b", plain)]
    if len(hits) != 1:
        if "fine settimana" in plain or "weekend" in plain or "week end" in plain:
            return NamedDays(weekday=5)
        return None
    weekday = hits[0]
    if re.search(r"\b(prossimo|prossima|questo|questa|che viene)\b", plain):
        ahead = (weekday - today.weekday()) % 7 or 7
        return NamedDays((today + timedelta(days=ahead),))
    return NamedDays(weekday=weekday)


def _next_easter(today: date) -> date:
    this_year = _easter(today.year)
    return this_year if this_year >= today else _easter(today.year + 1)


def _easter(year: int) -> date:
    """Gregorian Easter Sunday (algorithm of Meeus/Jones/Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)
