"""Calendar arithmetic: weekdays of a month, weeks, months later, Easter, holidays by name, long weekends."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from bot.appointments.dates.model import DaySpan
from knowledge.hours import holiday_name

ONE_DAY: Final = timedelta(days=1)
SATURDAY: Final = 5
WEEKEND: Final = (SATURDAY, 6)
LAST_YEAR: Final = 2100
"""Years after this one are slips, not wishes."""


def make_day(year: int, month: int, day: int) -> date | None:
    """The day, or None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def add_days(day: date, count: int) -> date:
    """The day ``count`` days later, held within the calendar."""
    return date.fromordinal(max(1, min(date.max.toordinal(), day.toordinal() + count)))


def add_months(day: date, count: int) -> date:
    """The same number in a later month, or that month's last day."""
    months = day.year * 12 + day.month - 1 + count
    year = max(1, min(date.max.year, months // 12))
    month = months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def month_span(year: int, month: int) -> DaySpan:
    """All days of a month."""
    return DaySpan(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def week_of(day: date) -> DaySpan:
    """Monday to Sunday around a day."""
    monday = add_days(day, -day.weekday())
    return DaySpan(monday, add_days(monday, 6))


def next_weekday(day: date, weekday: int, *, today: bool) -> date:
    """The first such weekday from ``day`` on; ``today`` says whether ``day`` itself counts."""
    ahead = (weekday - day.weekday()) % 7
    return add_days(day, ahead if ahead or today else 7)


def nth_weekday(span: DaySpan, weekday: int, number: int) -> date | None:
    """The ``number``-th such weekday of a span (-1: the last), or None if it has not that many."""
    if span.last is None:
        return None if number < 0 else add_days(_first(span, weekday), 7 * (number - 1))
    if number < 0:
        back = (span.last.weekday() - weekday) % 7
        found = add_days(span.last, -back + 7 * (number + 1))
    else:
        found = add_days(_first(span, weekday), 7 * (number - 1))
    return found if found in span else None


def _first(span: DaySpan, weekday: int) -> date:
    return next_weekday(span.first, weekday, today=True)


def nth_week(span: DaySpan, number: int) -> DaySpan | None:
    """The ``number``-th week of a month or year (-1: the last): weeks belong where their Thursday is."""
    thursday = nth_weekday(span, 3, number)
    return clip(week_of(thursday), span) if thursday else None


def clip(span: DaySpan, within: DaySpan) -> DaySpan | None:
    """The common part of two spans."""
    first = max(span.first, within.first)
    lasts = [last for last in (span.last, within.last) if last is not None]
    last = min(lasts) if lasts else None
    return None if last is not None and last < first else DaySpan(first, last)


def easter(year: int) -> date:
    """Gregorian Easter Sunday (algorithm of Meeus, Jones and Butcher)."""
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


def is_weekend(span: DaySpan) -> bool:
    """Whether a span is one Saturday and its Sunday."""
    return span.first.weekday() == SATURDAY and span.last == add_days(span.first, 1)


def long_weekend(holiday: date) -> DaySpan:
    """The days off around a holiday: weekends and holidays that touch it, and a lone working day between."""
    return DaySpan(_off_until(holiday, -1), _off_until(holiday, 1))


def _off_until(day: date, step: int) -> date:
    while True:
        following = add_days(day, step)
        if _is_off(following):
            day = following
        elif not _is_off(add_days(following, step)):
            return day
        else:
            day = add_days(following, step)


def _is_off(day: date) -> bool:
    return day.weekday() >= SATURDAY or bool(holiday_name(day))
