"""Opening hours, holidays and closures: the one place that knows when an office answers.

Pure: the caller passes the moment. Holidays come from the ``holidays`` package (Italy, subdivision MI: it
has Sant'Ambrogio and, since 2026, San Francesco).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import holidays

from knowledge.schema import HoursData, OfficeHours

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEARCH_DAYS: Final = 60
"""How far ahead the next opening is looked for."""


@dataclass(frozen=True)
class Span:
    """Part of a day, local time, end not included."""

    opens: time
    closes: time


@dataclass(frozen=True)
class DayHours:
    """What one office does on one day.

    ``closed_because`` is "" on a working day, else the holiday's or notice's name; ``unconfirmed`` marks a
    closure that nobody announced (the patron saint's day of the office's town).
    """

    day: date
    spans: tuple[Span, ...]
    closed_because: str = ""
    unconfirmed: bool = False
    is_holiday: bool = field(default=False, compare=False)


class OpeningHours:
    """Answers about the hours of every office in the knowledge."""

    def __init__(self, data: HoursData) -> None:
        self._offices = {office.id: office for office in data.offices}
        self._closures = data.closures
        self._unconfirmed = set(data.unconfirmed_closures)

    @classmethod
    def none(cls) -> OpeningHours:
        """No office, no notice: only the holidays."""
        return cls(HoursData(offices=[]))

    def __contains__(self, office_id: str) -> bool:
        """Whether the hours of an office are known."""
        return office_id in self._offices

    def office(self, office_id: str) -> OfficeHours:
        """The stored hours of an office. Raises KeyError if there is none of that id."""
        return self._offices[office_id]

    def day(self, office_id: str, day: date) -> DayHours:
        """The hours of an office on a day. Raises KeyError if there is none of that id."""
        usual = self.weekly_spans(office_id, day.weekday())
        notice = self._notice(office_id, day)
        if notice:
            return DayHours(day, (), notice)
        holiday = holiday_name(day)
        if holiday:
            unconfirmed = day.strftime("%m-%d") in self._unconfirmed
            return DayHours(day, (), holiday, unconfirmed, is_holiday=True)
        return DayHours(day, usual)

    def weekly_spans(self, office_id: str, weekday: int) -> tuple[Span, ...]:
        """The usual hours of an office on a weekday (0 is Monday), holidays left out of account."""
        return tuple(_span(text) for text in self._offices[office_id].weekly.get(DAYS[weekday], ()))

    def closed_because(self, office_id: str, day: date) -> str:
        """Name of the notice or holiday that closes an office on a day, or ""; any office id will do."""
        return self._notice(office_id, day) or holiday_name(day)

    def is_open(self, office_id: str, moment: datetime) -> bool:
        """Whether the office answers at a local moment."""
        hours = self.day(office_id, moment.date())
        return any(span.opens <= moment.time() < span.closes for span in hours.spans)

    def closes_at(self, office_id: str, moment: datetime) -> time | None:
        """When the office that is open now stops, or None if it is closed."""
        for span in self.day(office_id, moment.date()).spans:
            if span.opens <= moment.time() < span.closes:
                return span.closes
        return None

    def next_opening(self, office_id: str, moment: datetime) -> tuple[date, Span] | None:
        """The first span that begins after a local moment, within two months."""
        for offset in range(_SEARCH_DAYS):
            day = moment.date() + timedelta(days=offset)
            for span in self.day(office_id, day).spans:
                if offset or span.opens > moment.time():
                    return day, span
        return None

    def _notice(self, office_id: str, day: date) -> str:
        for closure in self._closures:
            concerned = not closure.offices or office_id in closure.offices
            if concerned and closure.first <= day <= closure.last:
                return closure.reason
        return ""


@lru_cache(maxsize=64)
def _holidays_of(year: int) -> dict[date, str]:
    return dict(holidays.country_holidays("IT", subdiv="MI", years=year, language="it_IT").items())


def holiday_name(day: date) -> str:
    """Italian name of the public holiday on a day in Milano, or ""."""
    return _holidays_of(day.year).get(day, "")


def _span(text: str) -> Span:
    opens, closes = text.split("-")
    return Span(time.fromisoformat(opens), time.fromisoformat(closes))
