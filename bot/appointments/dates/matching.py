"""Comparing what was understood with free slots, given as local start times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from bot.appointments.dates.model import Option, Preference, When, minute_of

NEAREST: Final = 3
"""How many alternatives a citizen is offered."""


def matching(when: When, slots: Iterable[datetime]) -> list[datetime]:
    """The slots that suit, best first: nearest to the day that was said, then in order of time."""
    suitable = [slot for slot in slots if suits(when, slot)]
    return sorted(suitable, key=lambda slot: _rank(when, slot))


def suits(when: When, slot: datetime) -> bool:
    """Whether a slot falls in an option and in nothing that was excluded. No option said: every slot does."""
    day, minute = slot.date(), minute_of(slot.time())
    if any(option.suits(day, minute) for option in when.excluded):
        return False
    return not when.options or any(option.suits(day, minute) for option in when.options)


def nearest(when: When, slots: Sequence[datetime], count: int = NEAREST) -> list[datetime]:
    """The slots nearest to what was asked, in order of time, for when none suits.

    Near is the same day at another hour, then the days around; what was excluded stays out.
    """
    allowed = [slot for slot in slots if not _is_excluded(when, slot)]
    closest = sorted(allowed, key=lambda slot: (*_distance(when.options, slot), slot))
    return sorted(closest[:count])


def _is_excluded(when: When, slot: datetime) -> bool:
    return any(option.suits(slot.date(), minute_of(slot.time())) for option in when.excluded)


def _rank(when: When, slot: datetime) -> tuple[int, int, float]:
    moment = slot.toordinal() * 1440 + minute_of(slot.time())
    if when.preference is Preference.LATEST:
        return (0, 0, -moment)
    if when.preference is Preference.EARLIEST:
        return (0, 0, moment)
    wished = [
        (_from_preferred(option, slot.date()), _minutes_away(option, minute_of(slot.time())))
        for option in when.options
        if option.suits(slot.date(), minute_of(slot.time()))
    ]
    return (*min(wished, default=(0, 0)), moment)


def _from_preferred(option: Option, day: date) -> int:
    return abs((day - option.preferred).days) if option.preferred else 0


def _minutes_away(option: Option, minute: int) -> int:
    """Distance from "verso le dieci"; other times have no middle that matters."""
    around = [abs(span.middle - minute) for span in option.times if span.around and minute in span]
    return min(around, default=0)


def _distance(options: Sequence[Option], slot: datetime) -> tuple[int, int]:
    """Days and minutes from the nearest option."""
    day, minute = slot.date(), minute_of(slot.time())
    return min(
        ((_days_off(option, day), _minutes_off(option, minute)) for option in options),
        default=(0, 0),
    )


def _days_off(option: Option, day: date) -> int:
    weekday_off = 0
    if option.weekdays and day.weekday() not in option.weekdays:
        weekday_off = min(
            min((day.weekday() - one) % 7, (one - day.weekday()) % 7) for one in option.weekdays
        )
    gaps = []
    for span in option.days:
        before = max(0, (span.first - day).days)
        after = max(0, (day - span.last).days) if span.last else 0
        gaps.append(before + after)
    return max(weekday_off, min(gaps, default=0))


def _minutes_off(option: Option, minute: int) -> int:
    gaps = [max(0, span.start - minute) + max(0, minute - span.end) for span in option.times]
    return min(gaps, default=0)
