"""The day that a question about opening hours is about: "oggi", "venerdì", "il 7 dicembre", "a Ferragosto".

Read with the same grammar as a booking; a weekday without more means every such weekday here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from bot.appointments.dates.calendar import SATURDAY, WEEKEND, add_days, is_weekend
from bot.appointments.dates.context import Context, DayKind, Days
from bot.appointments.dates.items import items_of
from bot.appointments.dates.model import DaySpan, Doubt
from bot.appointments.dates.not_dates import without_non_dates
from bot.appointments.dates.reading import MAX_CHARS
from bot.appointments.dates.tokens import tokens_of
from knowledge.hours import holiday_name
from knowledge.text import words

_NOW: Final = re.compile(
    r"\b(adesso|ora siete|ora e aperto|in questo momento|siete aperti|e aperto|siete chiusi|c e qualcuno)\b"
)
_ASKS_WHEN: Final = re.compile(r"\ba che ora\b|\bche ore\b|\bquando\b")
_LISTED_DAYS: Final = 7
"""Longer spans are answered in general."""


@dataclass(frozen=True)
class NamedDays:
    """Days that a question is about.

    ``days`` are concrete days (empty if none was named); ``weekday`` is 0-6 when the question is about every
    such weekday ("il venerdì"); ``now`` when it is about this very moment; ``is_span`` when the days were said as
    one stretch ("tra Natale e Capodanno").
    """

    days: tuple[date, ...] = ()
    weekday: int | None = None
    now: bool = False
    is_span: bool = False


def named_days(text: str, today: date) -> NamedDays:
    """Find the day a question about hours is about; an empty result means "in general"."""
    return _read(text[:MAX_CHARS].strip(), today)


@lru_cache(maxsize=64)
def _read(text: str, today: date) -> NamedDays:
    # Several who answer ask the same of one message.
    plain = " ".join(words(text))
    if _NOW.search(plain) and re.search(r"\b(adesso|in questo momento)\b", plain):
        return NamedDays(now=not _ASKS_WHEN.search(plain))
    items = items_of(without_non_dates(text, tokens_of(text)), Context(today, 0))
    named = [item.days for item in items if item.days is not None and not item.denied]
    if named:
        usable = [days for days in named if days.option.days or days.option.weekdays]
        sure = [days for days in usable if days.doubt is not Doubt.DATE_OR_HOURS]
        return _asked(sure or usable)
    return NamedDays(now=bool(_NOW.search(plain)) and not _ASKS_WHEN.search(plain))


def _asked(named: list[Days]) -> NamedDays:
    if not named:
        return NamedDays()
    first = named[0]
    if first.option.weekdays == WEEKEND or (first.span is not None and is_weekend(first.span)):
        return NamedDays(weekday=SATURDAY)
    spans = [span for days in named for span in days.option.days]
    by_weekday = [days for days in named if days.kind in (DayKind.WEEKDAY, DayKind.EVERY)]
    if by_weekday and len(by_weekday) < len(named):
        spans = [span for days in named if days not in by_weekday for span in days.option.days]
    elif by_weekday:
        return NamedDays(weekday=first.weekday) if len(named) == 1 else NamedDays()
    listed = [day for span in spans for day in _days_of(span)]
    if not listed or len(listed) > _LISTED_DAYS:
        return NamedDays()
    if len(listed) > 1:
        listed = [day for day in listed if not holiday_name(day)] or listed
    return NamedDays(tuple(listed), is_span=len(spans) == 1 and len(listed) > 1)


def _days_of(span: DaySpan) -> list[date]:
    if span.last is None:
        return []
    count = min((span.last - span.first).days + 1, _LISTED_DAYS + 1)
    return [add_days(span.first, offset) for offset in range(count)]
