"""What a text about days and hours means: sets of days and times, never one guess. Days and hours of Rome."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from enum import Enum
from typing import Final

DAY_MINUTES: Final = 24 * 60


@dataclass(frozen=True, order=True)
class DaySpan:
    """Days from ``first`` to ``last``, both included; ``last`` is None when the span has no end."""

    first: date
    last: date | None

    def __contains__(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, order=True)
class TimeSpan:
    """Minutes of the day from ``start`` to ``end``, end not included; equal ones are that very minute.

    ``around`` marks "verso le dieci": the half hour before and after.
    """

    start: int
    end: int
    around: bool = False

    def __contains__(self, minute: int) -> bool:
        return self.start <= minute < self.end or minute == self.start == self.end

    @property
    def middle(self) -> int:
        """The minute that was said, for a moment or an "around"."""
        return (self.start + self.end) // 2


@dataclass(frozen=True)
class Option:
    """Days and times that go together: a day in one of ``days`` and one of ``weekdays``, at one of ``times``.

    An empty field puts no limit. ``weekdays`` are 0 (Monday) to 6. ``preferred`` is the very day said where
    the span around it was meant ("tra due settimane").
    """

    days: tuple[DaySpan, ...] = ()
    weekdays: tuple[int, ...] = ()
    times: tuple[TimeSpan, ...] = ()
    preferred: date | None = None

    def suits(self, day: date, minute: int) -> bool:
        """Whether a local day and minute fall in this option."""
        return self.suits_day(day) and (
            not self.times or any(minute in span for span in self.times)
        )

    def suits_day(self, day: date) -> bool:
        """Whether a day falls in this option, at whatever time."""
        in_days = not self.days or any(day in span for span in self.days)
        return in_days and (not self.weekdays or day.weekday() in self.weekdays)


class Preference(Enum):
    """Which of the suitable moments is wished."""

    NONE = ""
    EARLIEST = "earliest"
    LATEST = "latest"


class Doubt(Enum):
    """Why a question is needed."""

    TODAY_OR_NEXT_WEEK = "today_or_next_week"
    """ "giovedì" said on a Thursday."""
    NEXT_OR_FOLLOWING = "next_or_following"
    """ "venerdì prossimo" said on a Thursday."""
    WEEKDAY_OR_DATE = "weekday_or_date"
    """ "giovedì 4 dicembre" where the fourth is a Friday."""
    DATE_OR_HOURS = "date_or_hours"
    """ "10-12": a date or two hours."""


@dataclass(frozen=True)
class Ambiguity:
    """A doubt that the text leaves open, with the readings to ask about, likeliest first."""

    doubt: Doubt
    alternatives: tuple[Option, ...]


class Trouble(Enum):
    """Why words name no usable moment."""

    NONEXISTENT = "nonexistent"
    """The calendar has no such day: 31/11, 29 February of a common year."""
    PAST = "past"
    HOUR = "hour"
    """The clock has no such hour: 25:00, 10:75."""


@dataclass(frozen=True)
class Problem:
    """Words that name no usable moment; ``start`` and ``end`` are their place in the text, ``day`` the one over."""

    trouble: Trouble
    start: int
    end: int
    day: date | None = None


@dataclass(frozen=True)
class Matched:
    """A stretch of text that was understood: characters ``start`` to ``end`` (not included)."""

    start: int
    end: int


@dataclass(frozen=True)
class When:
    """What a text says about the wished moment.

    Any of ``options`` suits; none said means that the text puts no positive limit. What ``excluded`` covers
    does not suit. ``assumed_afternoon``: an hour like "le tre" was taken as 15.
    """

    options: tuple[Option, ...] = ()
    excluded: tuple[Option, ...] = ()
    preference: Preference = Preference.NONE
    ambiguities: tuple[Ambiguity, ...] = ()
    problems: tuple[Problem, ...] = ()
    matched: tuple[Matched, ...] = ()
    assumed_afternoon: bool = field(default=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.options or self.excluded or self.problems or self.preference.value)


def single(day: date) -> DaySpan:
    """The span of one day."""
    return DaySpan(day, day)


def minute_of(moment: time) -> int:
    """Minutes since midnight."""
    return moment.hour * 60 + moment.minute
