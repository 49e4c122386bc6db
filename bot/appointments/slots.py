"""Which slots an office offers, and which of them are free. Pure: rules, closures and the moment are arguments."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final, Literal

from bot.appointments.rules import CELL_MINUTES, Limits, Office, Reminders, Service
from bot.clock import ROME
from knowledge.hours import DAYS, OpeningHours

_CELL_S: Final = CELL_MINUTES * 60

Refusal = Literal["past", "too_soon", "too_far", "closed", "no_reception", "outside_hours", "full"]
"""Why a day or a time cannot be booked."""


@dataclass(frozen=True)
class Closing:
    """An extraordinary closure of a booking office; aware moments, end not included."""

    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class Agenda:
    """An office with everything that decides when, and by whom, it can be booked.

    ``at_the_desk``: staff book for somebody who is there: no notice, and a slot that has begun is good until it ends.
    """

    office: Office
    hours: OpeningHours
    closings: tuple[Closing, ...] = ()
    limits: Limits = field(default_factory=Limits.usual)
    reminders: Reminders = field(default_factory=Reminders.usual)
    at_the_desk: bool = False

    def closed_because(self, day: date) -> str:
        """Name of the holiday, notice or extraordinary closure that takes the whole day, or ""."""
        public = self.hours.closed_because(self.office.hours, day)
        if public:
            return public
        begin, end = _local(day, time.min), _local(day + timedelta(days=1), time.min)
        for closing in self.closings:
            if closing.starts_at <= begin and end <= closing.ends_at:
                return closing.reason
        return ""

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday, unless a holiday or a notice closes the office."""
        return day.weekday() < 5 and not self.hours.closed_because(self.office.hours, day)

    def first_day(self, today: date) -> date:
        """The earliest day that the notice allows."""
        day, missing = today, 0 if self.at_the_desk else self.office.notice_working_days
        while missing:
            day += timedelta(days=1)
            missing -= self.is_working_day(day)
        return day

    def is_past(self, start: datetime, service: Service, now: datetime) -> bool:
        """Whether it is too late to begin at a moment."""
        grace = timedelta(minutes=service.minutes if self.at_the_desk else 0)
        return start + grace <= now

    def last_day(self, today: date) -> date:
        """The last day of the horizon."""
        return today + timedelta(days=self.office.horizon_days)


def slots_of_day(agenda: Agenda, service: Service, day: date) -> Iterator[datetime]:
    """Starts that the rules allow on a day, in Europe/Rome, whoever may have taken them."""
    if agenda.closed_because(day):
        return
    length = timedelta(minutes=service.minutes)
    for window in agenda.office.weekly.get(DAYS[day.weekday()], ()):
        opens, closes = (time.fromisoformat(part) for part in window.split("-"))
        start = datetime.combine(day, opens)
        while start + length <= datetime.combine(day, closes):
            moment = _exact(start, length)
            if moment is not None and not _overlaps(agenda.closings, moment, length):
                yield moment
            start += timedelta(minutes=agenda.office.slot_minutes)


def offered_slots(
    agenda: Agenda,
    service: Service,
    now: datetime,
    *,
    first: date | None = None,
    last: date | None = None,
) -> Iterator[datetime]:
    """Starts within notice and horizon, between two days (both included), oldest first."""
    today = now.astimezone(ROME).date()
    day = max(agenda.first_day(today), first or today)
    end = min(agenda.last_day(today), last or date.max)
    while day <= end:
        for moment in slots_of_day(agenda, service, day):
            if not agenda.is_past(moment, service, now):
                yield moment
        day += timedelta(days=1)


def refusal(agenda: Agenda, service: Service, now: datetime, start: datetime) -> Refusal | None:
    """Why the rules forbid a start, or None if they allow it (it may still be taken)."""
    local = start.astimezone(ROME)
    why = refusal_of_day(agenda, service, now, local.date())
    if why is not None:
        return why
    if agenda.is_past(start, service, now):
        return "past"
    return None if local in slots_of_day(agenda, service, local.date()) else "outside_hours"


def refusal_of_day(agenda: Agenda, service: Service, now: datetime, day: date) -> Refusal | None:
    """Why the rules forbid a whole day, or None."""
    today = now.astimezone(ROME).date()
    if day < today:
        return "past"
    if agenda.closed_because(day):
        return "closed"
    if day > agenda.last_day(today):
        return "too_far"
    if not any(slots_of_day(agenda, service, day)):
        return "no_reception"
    return "too_soon" if day < agenda.first_day(today) else None


def cells(start: datetime, minutes: int) -> range:
    """The five-minute cells that an appointment takes, counted from 1970."""
    first = int(start.timestamp()) // _CELL_S
    return range(first, first + minutes // CELL_MINUTES)


@dataclass(frozen=True)
class Taken:
    """Time that some places do not have any more."""

    starts_at: datetime
    minutes: int
    places: frozenset[str]


def free_of(
    slots: Iterable[datetime], minutes: int, places: Sequence[str], taken: Iterable[Taken]
) -> list[datetime]:
    """Slots at which one of the places is free for the whole time."""
    spans = sorted((t.starts_at.timestamp(), t.minutes * 60, t.places) for t in taken)
    starts = [span[0] for span in spans]
    longest = max((span[1] for span in spans), default=0)
    everywhere = frozenset(places)
    free = []
    for slot in slots:
        begin = slot.timestamp()
        # Only what begins less than the longest appointment before the slot can reach into it.
        candidates = spans[
            bisect_right(starts, begin - longest) : bisect_left(starts, begin + minutes * 60)
        ]
        if everywhere.difference(
            *(here for start, length, here in candidates if start + length > begin)
        ):
            free.append(slot)
    return free


def nearest(
    slots: Iterable[datetime],
    wished: datetime,
    *,
    accept: Callable[[datetime], bool] | None = None,
    count: int = 3,
) -> list[datetime]:
    """The slots closest to a wished moment, in order of time; those that ``accept`` refuses come last."""

    def distance(slot: datetime) -> tuple[bool, timedelta, datetime]:
        return (accept is not None and not accept(slot), abs(slot - wished), slot)

    return sorted(sorted(slots, key=distance)[:count])


def _exact(start: datetime, length: timedelta) -> datetime | None:
    """A local wall-clock time as a moment; None if the clock change makes it, or its end, doubtful."""
    if not _clock_changes_on(start.date()):
        return start.replace(tzinfo=ROME)
    begin, end = start.replace(tzinfo=ROME), (start + length).replace(tzinfo=ROME)
    for moment in (begin, end):
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            return None
    real = end.astimezone(timezone.utc) - begin.astimezone(timezone.utc)
    return begin if real == length else None


@lru_cache(maxsize=1024)
def _clock_changes_on(day: date) -> bool:
    midnights = _local(day, time.min), _local(day + timedelta(days=1), time.min)
    return midnights[0].utcoffset() != midnights[1].utcoffset()


def _overlaps(closings: Sequence[Closing], start: datetime, length: timedelta) -> bool:
    if not closings:
        return False
    # Compared in UTC: arithmetic on local times ignores clock changes.
    begin = start.astimezone(timezone.utc)
    end = begin + length
    return any(closing.starts_at < end and begin < closing.ends_at for closing in closings)


def _local(day: date, at: time) -> datetime:
    return datetime.combine(day, at, ROME)
