"""What the rules share: the moment of speaking, and the shape of what a rule finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from bot.appointments.dates.model import (
    DaySpan,
    Doubt,
    Matched,
    Option,
    Preference,
    TimeSpan,
    Trouble,
    single,
)


@dataclass(frozen=True)
class Context:
    """When a text is said, and the moment it may refer to ("il giorno dopo"); ``minute`` counts from midnight."""

    today: date
    minute: int
    reference_day: date | None = None
    reference_minute: int | None = None


class DayKind(Enum):
    """How a day was named, which decides how it combines with other words."""

    WEEKDAY = "weekday"
    """ "giovedì": a span beside it ("la settimana prossima") says which."""
    EVERY = "every"
    DATE = "date"
    SPAN = "span"
    BOUND = "bound"
    """ "entro il 10", "dopo Natale"."""
    ANY = "any"


@dataclass(frozen=True)
class Days:
    """Days found in a text: the tokens up to ``end`` (not included) name ``option``.

    ``weekday`` is set for a bare weekday; ``container`` is the span that placed it ("giovedì *della settimana
    prossima*"); ``bare_number`` marks "il 3" without month. A ``doubt`` has its ``alternatives``.
    """

    end: int
    kind: DayKind
    option: Option = field(default_factory=Option)
    weekday: int | None = None
    container: DaySpan | None = None
    bare_number: bool = False
    alternatives: tuple[Option, ...] = ()
    doubt: Doubt | None = None
    trouble: Trouble | None = None
    earliest: bool = False

    @property
    def span(self) -> DaySpan | None:
        """The span when the days are one stretch without holes."""
        plain = len(self.option.days) == 1 and not self.option.weekdays
        return self.option.days[0] if plain else None


class HourKind(Enum):
    """How a time was named."""

    PART = "part"
    MOMENT = "moment"
    AFTER = "after"
    BEFORE = "before"
    BETWEEN = "between"


@dataclass(frozen=True)
class Hours:
    """Times found in a text; ``part`` names the part of the day; ``loose``: twelve hours more or less are possible."""

    end: int
    kind: HourKind
    spans: tuple[TimeSpan, ...] = ()
    part: str = ""
    loose: bool = False
    assumed: bool = False
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Item:
    """One thing named.

    ``joined`` is "or", "and" or "" (nothing), ``linked`` that only such a word stands between it and the one
    before, ``distant`` that others do. ``denied`` marks what does not suit, ``general`` that no such day does
    ("tranne il lunedì"), ``corrects`` that it replaces what was said before. ``extra`` are options told from
    the moment on the table; with ``excludes`` they are what does not suit.
    """

    days: Days | None = None
    hours: Hours | None = None
    preference: Preference = Preference.NONE
    extra: tuple[Option, ...] = ()
    place: Matched = field(default_factory=lambda: Matched(0, 0))
    joined: str = ""
    distant: bool = False
    denied: bool = False
    general: bool = False
    corrects: bool = False
    excludes: bool = False
    linked: bool = False


def dated(end: int, day: date, **more: object) -> Days:
    """One day."""
    return Days(end, DayKind.DATE, Option((single(day),)), **more)  # type: ignore[arg-type]


def spanning(end: int, first: date, last: date | None, *, preferred: date | None = None) -> Days:
    """A stretch of days."""
    return Days(end, DayKind.SPAN, Option((DaySpan(first, last),), preferred=preferred))


def troubled(end: int, trouble: Trouble, day: date | None = None) -> Days:
    """Words that name no usable day; ``day`` is the one that is over."""
    return Days(end, DayKind.DATE, Option((single(day),)) if day else Option(), trouble=trouble)
