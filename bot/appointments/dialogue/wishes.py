"""Choosing among free slots: what the citizen has said so far, and what that leaves (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final, Literal

from bot.appointments.dates import DaySpan, Option, Preference, TimeSpan, When
from bot.appointments.dates.matching import matching, nearest, suits
from bot.clock import ROME

OFFERED_MAX: Final = 3
"""How many times are proposed when they fall on different days: as many as there are buttons."""

DAY_MAX: Final = 12
"""How many hours of one day are listed."""

Kind = Literal["take", "one", "hours", "several", "doubt", "nearest", "nothing"]


@dataclass(frozen=True)
class Proposal:
    """What to do with a wish.

    ``kind``: "take" the only slot; propose "one", the "hours" of a day, "several"; ask about a "doubt" (``readings`` are
    its days); "nearest" because none suits (``problem`` says what the words themselves had); "nothing" is free at all.
    """

    kind: Kind
    slots: tuple[datetime, ...] = ()
    readings: tuple[Option, ...] = ()
    wish: When = field(default_factory=When)


def propose(said: When, before: When, free: Sequence[datetime]) -> Proposal:
    """What to propose to somebody who ``said`` this after having wished for ``before``."""
    if not free:
        return Proposal("nothing")
    if said.problems and not said.options:
        return Proposal("nearest", _around(said, free))
    readings = _readings(said, free)
    if len(readings) > 1:
        return Proposal("doubt", readings=readings, wish=replace(said, options=readings))
    if readings:
        said = replace(said, options=readings)
    wish = joined(said, before)
    suitable = matching(wish, free)
    if not suitable and wish != said:
        wish, suitable = said, matching(said, free)
    if not suitable:
        return Proposal("nearest", tuple(nearest(wish, free)), wish=wish)
    return _among(wish, suitable)


def others(before: When, offered: Sequence[datetime], free: Sequence[datetime]) -> Proposal:
    """Other times than those that were proposed: the next that suit, else the next at all."""
    last = max(offered, default=None)
    rest = [slot for slot in free if slot not in offered]
    if not rest:
        return Proposal("nothing")
    suitable = [slot for slot in rest if suits(before, slot)]
    following = [slot for slot in suitable or rest if last is None or slot > last]
    return Proposal("several", _spread(following or suitable or rest), wish=before)


def joined(said: When, before: When) -> When:
    """What was said, completed by what was wished before: a new hour keeps the day, a new day keeps the hour."""
    if not before.options:
        return said
    if not said.options:
        return replace(said, options=before.options)
    options: list[Option] = []
    for option in said.options:
        lacks_day = not option.days and not option.weekdays
        if lacks_day:
            options += [replace(old, times=option.times) for old in before.options]
        elif not option.times:
            options += [replace(option, times=old.times) for old in before.options]
        else:
            options.append(option)
    return replace(said, options=tuple(dict.fromkeys(options)))


def days_of(slots: Sequence[datetime]) -> When:
    """The wish for one of the days of some slots: what "alle 11" means after they were proposed."""
    days = sorted({slot.date() for slot in slots})
    return When(options=(Option(tuple(DaySpan(day, day) for day in days)),)) if days else When()


def span_of(wish: When) -> DaySpan | None:
    """The stretch of several days that a wish names ("la settimana prossima"), or None."""
    days = {span for option in wish.options for span in option.days}
    if len(days) != 1:
        return None
    (span,) = days
    return span if span.first != span.last else None


def single_day(wish: When) -> date | None:
    """The one day that a wish names, or None."""
    days = {span for option in wish.options for span in option.days}
    named = all(option.days and not option.weekdays for option in wish.options)
    if len(days) != 1 or not named:
        return None
    (span,) = days
    return span.first if span.first == span.last else None


def single_moment(wish: When) -> datetime | None:
    """The one moment that a wish names, in Rome, or None."""
    day = single_day(wish)
    times = {span for option in wish.options for span in option.times}
    if day is None or len(times) != 1:
        return None
    (span,) = times
    if span.start != span.end or span.start >= 24 * 60:
        return None
    return datetime.combine(day, time(span.start // 60, span.start % 60), ROME)


def wish_data(wish: When) -> list[dict[str, Any]]:
    """The options of a wish as JSON, to be kept with the dialogue."""
    return [
        {
            "days": [[s.first.isoformat(), s.last.isoformat() if s.last else None] for s in o.days],
            "weekdays": list(o.weekdays),
            "times": [[s.start, s.end, s.around] for s in o.times],
        }
        for o in wish.options
    ]


def wish_of(data: Sequence[dict[str, Any]]) -> When:
    """The wish that `wish_data` made."""
    return When(
        options=tuple(
            Option(
                tuple(
                    DaySpan(date.fromisoformat(a), date.fromisoformat(b) if b else None)
                    for a, b in o["days"]
                ),
                tuple(o["weekdays"]),
                tuple(TimeSpan(*span) for span in o["times"]),
            )
            for o in data
        )
    )


def _among(wish: When, suitable: list[datetime]) -> Proposal:
    wants_one = wish.preference is not Preference.NONE
    days = {slot.date() for slot in suitable}
    exact = all(
        option.times and all(span.start == span.end for span in option.times)
        for option in wish.options
    )
    if wants_one or (len(suitable) == 1 and wish.options and exact):
        return Proposal("take", (suitable[0],), wish=wish)
    about = [slot for slot in suitable if slot.hour * 60 + slot.minute in _middles(wish)]
    if len(days) == 1 and len(about) == 1:
        # "Verso le undici", and eleven is free.
        return Proposal("take", (about[0],), wish=wish)
    if len(suitable) == 1:
        return Proposal("one", (suitable[0],), wish=wish)
    if len(days) == 1:
        return Proposal("hours", tuple(sorted(suitable)[:DAY_MAX]), wish=wish)
    return Proposal("several", _spread(suitable), wish=wish)


def _middles(wish: When) -> frozenset[int]:
    """The minutes of "verso le undici", if all that was said of the hour is of that kind."""
    spans = {span for option in wish.options for span in option.times}
    return frozenset(span.middle for span in spans) if all(s.around for s in spans) else frozenset()


def _spread(slots: Sequence[datetime]) -> tuple[datetime, ...]:
    return tuple(sorted(slots[:OFFERED_MAX]))


def _readings(said: When, free: Sequence[datetime]) -> tuple[Option, ...]:
    """The readings of a doubt that have a free slot; none if there is no doubt."""
    if not said.ambiguities:
        return ()
    alternatives = said.ambiguities[0].alternatives
    possible = [one for one in alternatives if any(_suits(one, slot) for slot in free)]
    return tuple(possible or alternatives[:1])


def _suits(option: Option, slot: datetime) -> bool:
    return option.suits(slot.date(), slot.hour * 60 + slot.minute)


def _around(said: When, free: Sequence[datetime]) -> tuple[datetime, ...]:
    """Near the day that is over, or simply the next ones."""
    day = said.problems[0].day
    wish = When(options=(Option((DaySpan(day, day),)),)) if day else When()
    return tuple(nearest(wish, list(free)))
