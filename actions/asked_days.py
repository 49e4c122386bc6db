"""Which days a question about hours is about: one, several, a stretch, a month, every such weekday, now (pure)."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from bot.appointments.dates.questions import NamedDays, named_days
from knowledge.text import words

_MONTHS: Final = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip
_WEEKDAYS: Final = ("lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "domenica")
_NUMBERS: Final = {
    name: number
    for number, name in enumerate(
        [
            "due",
            "tre",
            "quattro",
            "cinque",
            "sei",
            "sette",
            "otto",
            "nove",
            "dieci",
            "undici",
            "dodici",
            "tredici",
            "quattordici",
            "quindici",
            "sedici",
            "diciassette",
            "diciotto",
            "diciannove",
            "venti",
            "ventuno",
            "ventidue",
            "ventitre",
            "ventiquattro",
            "venticinque",
            "ventisei",
            "ventisette",
            "ventotto",
            "ventinove",
            "trenta",
            "trentuno",
        ],
        2,
    )
}
_MONTH: Final = "|".join(_MONTHS)
_WEEKDAY: Final = "|".join(_WEEKDAYS)
_SPOKEN_DAY: Final = re.compile(
    rf"\b(il|l|dal|dall|al|all|del|dell|giorno|e|fino al|fino all) ({'|'.join(_NUMBERS)})\b|\b({'|'.join(_NUMBERS)})(?= (?:{_MONTH})\b)"
)
_DAY: Final = rf"(\d{{1,2}}|primo|{_WEEKDAY})(?: (?:di )?({_MONTH}))?(?: (?:del )?(20\d\d))?"
_RANGE: Final = re.compile(
    rf"\b(?:dal|dall|da|tra il|fra il|tra|fra) {_DAY} (?:fino )?(?:al|all|a|e il|e l|e) {_DAY}\b"
)
_LIST: Final = re.compile(
    rf"\b((?:(?:il|l|per il|giorno|giorni|del|i|anche|pure|e|o|ed) )*(?:\d{{1,2}}|primo)(?:(?: (?:e|o|ed|anche|pure|il|l|giorno|poi))* (?:\d{{1,2}}|primo))*) (?:di )?({_MONTH})\b(?: (?:del )?(20\d\d))?"
)
_MONTH_ONLY: Final = re.compile(
    rf"\b(?:ad|a|in|di|durante|per|mese di|tutto|nel mese di) ({_MONTH})\b(?: (?:del )?(20\d\d))?"
)
_SUMMER: Final = re.compile(r"\b(?:estate|estiv[oiae]|ferie)\b")
_REOPENS: Final = re.compile(
    r"\b(?:quando|che giorno|a che ora) (?:riapr\w+|riprend\w+|torn\w+|ricominci\w+|rispond\w+ di nuovo|(?:si )?(?:apre|aprite) (?:di nuovo|dopo))|\b(?:riapri\w*|riapert\w+|riapre\w*)\b"
)
_AFTER: Final = re.compile(r"\bdopo (?:il |l |le |la |i |questo |questa |lo )*(.+)")
_WEEKEND: Final = re.compile(r"\b(?:fine settimana|week ?end)\b")
_NEXT_WEEK: Final = re.compile(r"\b(?:settimana prossima|prossima settimana|settimana che viene)\b")
_THIS_WEEK: Final = re.compile(r"\bquesta settimana\b")
_SPLIT: Final = re.compile(r"\s+(?:e|ed|o|oppure)\s+|\s*,\s*", re.IGNORECASE)
_DAY_WORDS: Final = re.compile(
    rf"\b(?:oggi|domani|dopodomani|posdomani|dopo domani|stamattina|stamani|stasera|mattina|mattino|pomeriggio|sera|mezzogiorno|adesso|"
    rf"{_WEEKDAY}|{_MONTH}|natale|capodanno|epifania|befana|pasqua|pasquetta|ferragosto|ognissanti|sant ambrogio|santambrogio|"
    r"immacolata|santo stefano|vigilia|fine settimana|week ?end|settimana|prossim[oa]|giorn[oi]|festiv[oi]|feste|primo|\d+)\b"
)


_AROUND: Final = 30
"""Minutes before and after a moment that is meant roughly."""

_DAY_LONG: Final = 24 * 60
_MOST_PIECES: Final = 8
"""A longer list of days is no question: reading each piece would take long."""


@dataclass(frozen=True)
class AskedDays:
    """Days of a question; all empty means hours in general.

    ``span`` is a stretch, both ends included; ``weekdays`` are every such weekday, 0 is Monday; ``reopens`` asks when the
    office is open again, after the last of ``days`` or ``span`` if there is any; ``summer`` asks about summer in general;
    ``times`` are the hours of the day that it is about, each with its end.
    """

    days: tuple[date, ...] = ()
    span: tuple[date, date] | None = None
    weekdays: tuple[int, ...] = ()
    now: bool = False
    reopens: bool = False
    summer: bool = False
    times: tuple[tuple[time, time], ...] = ()

    def __bool__(self) -> bool:
        return self != AskedDays()


def asked_days(text: str, today: date, spoken_of: date | None = None) -> AskedDays:
    """Days that a question names.

    Args:
        text: as typed.
        today: the day of the question, in Rome.
        spoken_of: a day that was spoken of before: "e l'8?" is the eighth of its month.
    """
    # Long stretches of spaces make patterns slow.
    text = " ".join(text.split())
    near = spoken_of.replace(day=1) if spoken_of and spoken_of > today else today
    plain = _figures(" ".join(words(text)))
    reopens = bool(_REOPENS.search(plain))
    if reopens:
        after = _AFTER.search(plain)
        return _reopening(AskedDays() if after is None else _named(after[1], after[1], today, near))
    return _named(text, plain, today, max(near, today))


def asked_times(entities: Iterable[Mapping[str, Any]]) -> tuple[tuple[time, time], ...]:
    """Hours of the day in the entities `quando` of a message: a moment ("17:00") or a stretch ("13:00-19:00")."""
    said = [
        spoken
        for entity in entities
        if entity.get("entity") == "quando"
        for option in entity["value"].get("options", ())
        for spoken in option.get("times", ())
    ]
    return tuple(dict.fromkeys(_stretch_of_day(spoken) for spoken in said))


def _stretch_of_day(spoken: str) -> tuple[time, time]:
    """A moment, a stretch, or a moment that is meant roughly ("~17:00"), as docs/dates.md writes them."""
    if spoken.startswith("~"):
        middle = _minutes(spoken[1:])
        return _clock(max(middle - _AROUND, 0)), _clock(middle + _AROUND)
    begins, _, ends = spoken.partition("-")
    first = _clock(_minutes(begins))
    return first, _clock(_minutes(ends)) if ends else first.replace(second=59)


def _minutes(spoken: str) -> int:
    hours, _, minutes = spoken.partition(":")
    return 60 * int(hours) + int(minutes)


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60) if minutes < _DAY_LONG else time.max


def without_day_words(plain: str) -> str:
    """Folded text without the words that name days."""
    return _DAY_WORDS.sub(" ", _figures(plain))


def _reopening(after: AskedDays) -> AskedDays:
    return AskedDays(after.days, after.span, reopens=True)


def _named(text: str, plain: str, today: date, near: date) -> AskedDays:
    found = _stretch(plain, near) or _listed(plain, today)
    if found:
        return found
    if _WEEKEND.search(plain):
        saturday = today + timedelta(days=(5 - today.weekday()) % 7)
        return AskedDays((saturday, saturday + timedelta(days=1)))
    several = _in_pieces(text, near)
    if several:
        return several
    found = _from_one(named_days(text, near)) or _from_one(named_days(plain, near))
    if found and not found.now:
        return found
    return _long(plain, today) or found or AskedDays()


def _figures(plain: str) -> str:
    """Days spoken as words, in figures: "l otto dicembre" is "il 8 dicembre"."""
    plain = _SPOKEN_DAY.sub(
        lambda match: f"{match[1]} {_NUMBERS[match[2]]}" if match[2] else str(_NUMBERS[match[3]]),
        plain,
    )
    return re.sub(
        r"\b(?:l|dell|all|dall) (?=\d)",
        lambda m: {"l": "il ", "d": "dal "}.get(m[0][0], "al "),
        plain,
    )


def _stretch(plain: str, near: date) -> AskedDays | None:
    match = _RANGE.search(plain)
    if match is None:
        return None
    first_day, first_month, first_year, last_day, last_month, last_year = match.groups()
    if (
        last_day.isdigit()
        and not last_month
        and re.match(r" (?:e \d+ )?(?:abitanti|anni|ore|euro)", plain[match.end() :])
    ):
        return None
    if first_day in _WEEKDAYS or last_day in _WEEKDAYS:
        if first_day not in _WEEKDAYS or last_day not in _WEEKDAYS:
            return None
        begin, end = _WEEKDAYS.index(first_day), _WEEKDAYS.index(last_day)
        return AskedDays(weekdays=tuple((begin + n) % 7 for n in range((end - begin) % 7 + 1)))
    if not (first_month or last_month) and not re.search(r"\b(?:dal|dall|il)\b", match[0]):
        return None
    first = _date(first_day, first_month or last_month, first_year or last_year, near)
    if first is None:
        return None
    last = _date(last_day, last_month or first_month, last_year, first)
    return AskedDays(span=(first, last)) if last else None


def _listed(plain: str, today: date) -> AskedDays | None:
    days: list[date] = []
    for match in _LIST.finditer(plain):
        for number in re.findall(r"\d{1,2}|primo", match[1]):
            found = _date(number, match[2], match[3], today)
            if found:
                days.append(found)
    return AskedDays(tuple(dict.fromkeys(days))) if days else None


def _in_pieces(text: str, near: date) -> AskedDays | None:
    pieces = [piece for piece in _SPLIT.split(text) if piece]
    if not 2 <= len(pieces) <= _MOST_PIECES or named_days(text, near).is_span:
        return None
    named = [
        named_days(_figures(" ".join(words(piece))) if "/" not in piece else piece, near)
        for piece in pieces
    ]
    days = tuple(dict.fromkeys(day for found in named for day in found.days))
    weekdays = tuple(dict.fromkeys(found.weekday for found in named if found.weekday is not None))
    return AskedDays(days, weekdays=weekdays) if len(days) + len(weekdays) > 1 else None


def _from_one(found: NamedDays) -> AskedDays | None:
    if found.is_span:
        return AskedDays(span=(found.days[0], found.days[-1]))
    if found.now:
        return AskedDays(now=True)
    if found.days:
        return AskedDays(found.days)
    if found.weekday is not None:
        return AskedDays(weekdays=(found.weekday,))
    return None


def _long(plain: str, today: date) -> AskedDays:
    monday = today - timedelta(days=today.weekday())
    if _NEXT_WEEK.search(plain):
        return AskedDays(span=(monday + timedelta(days=7), monday + timedelta(days=13)))
    if _THIS_WEEK.search(plain):
        return AskedDays(span=(today, monday + timedelta(days=6)))
    month = _MONTH_ONLY.search(plain)
    if month:
        number = _MONTHS.index(month[1]) + 1
        year = int(month[2]) if month[2] else today.year + (number < today.month)
        return AskedDays(
            span=(date(year, number, 1), date(year, number, monthrange(year, number)[1]))
        )
    return AskedDays(summer=bool(_SUMMER.search(plain)))


def _date(day: str, month: str | None, year: str | None, near: date) -> date | None:
    """A day by number on or after ``near``; the calendar may lack it."""
    number = 1 if day == "primo" else int(day)
    candidates = (
        [(int(year) if year else near.year + n, _MONTHS.index(month) + 1) for n in (0, 1)]
        if month
        else [
            (near.year + (near.month + n - 1) // 12, (near.month + n - 1) % 12 + 1)
            for n in (0, 1, 2)
        ]
    )
    for candidate in candidates:
        try:
            found = date(*candidate, number)
        except ValueError:
            continue
        if found >= near or year:
            return found
    return None
