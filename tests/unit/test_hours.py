"""Opening hours against an oracle of our own: two whole years, holidays, closures, boundaries, next opening."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import ROME
from knowledge.content_files import Content
from knowledge.hours import DayHours, OpeningHours, Span, holiday_name
from knowledge.schema import Closure, HoursData
from tests.support.counts import count

PHONE, DESK = "urp-telefono", "urp-sportello"
MORNING, AFTERNOON = Span(time(10), time(12)), Span(time(14), time(16))
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
EVERY_YEAR = [
    "01-01",
    "01-06",
    "04-25",
    "05-01",
    "06-02",
    "08-15",
    "10-04",
    "11-01",
    "12-07",
    "12-08",
    "12-25",
    "12-26",
]
EASTER_MONDAYS = {date(2026, 4, 6), date(2027, 3, 29)}
EXAMPLES = settings(max_examples=count(120, 2_000), deadline=None, derandomize=True)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 10, 31, 23, 59))


def is_holiday(day: date) -> bool:
    """Whether Milano keeps a public holiday, written down by hand for 2026 and 2027."""
    return f"{day:%m-%d}" in EVERY_YEAR or day in EASTER_MONDAYS


def oracle(day: date) -> tuple[Span, ...]:
    """What the office's notice says about a day: Monday to Thursday twice, Friday in the morning."""
    if is_holiday(day) or day.weekday() > 4:
        return ()
    return (MORNING,) if day.weekday() == 4 else (MORNING, AFTERNOON)


def openings(first: date, days: int) -> list[datetime]:
    """Every moment at which the telephone begins to be answered."""
    dates = [first + timedelta(days=n) for n in range(days)]
    return [datetime.combine(day, span.opens) for day in dates for span in oracle(day)]


def all_days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


@pytest.fixture(scope="module")
def hours(content: Content) -> OpeningHours:
    """The hours of the real content."""
    return OpeningHours(content.hours)


def with_closures(content: Content, *closures: Closure) -> OpeningHours:
    data: HoursData = content.hours.model_copy(update={"closures": list(closures)})
    return OpeningHours(data)


def test_every_day_of_two_years_is_as_announced(hours: OpeningHours) -> None:
    wrong = {
        day: hours.day(PHONE, day)
        for day in all_days()
        if hours.day(PHONE, day).spans != oracle(day)
    }
    assert len(all_days()) == 730
    assert wrong == {}


def test_every_holiday_has_a_reason_and_no_working_day_has_one(hours: OpeningHours) -> None:
    for day in all_days():
        because = hours.day(PHONE, day).closed_because
        if is_holiday(day):
            assert because, day
        elif day.weekday() < 5:
            assert because == "", day


def test_holidays_have_italian_names() -> None:
    names = {
        date(2026, 1, 1): "Capodanno",
        date(2026, 1, 6): "Epifania",
        date(2026, 4, 6): "Lunedì dell'Angelo",
        date(2026, 6, 2): "Festa della Repubblica",
        date(2026, 12, 7): "Sant'Ambrogio",
        date(2026, 12, 25): "Natale",
    }
    assert {day: holiday_name(day) for day in names} == names


def test_saint_francis_is_a_holiday_since_2026() -> None:
    assert not holiday_name(date(2025, 10, 4))
    assert holiday_name(date(2026, 10, 4))
    assert holiday_name(date(2027, 10, 4))


def test_saint_francis_closes_the_office_on_a_working_day(hours: OpeningHours) -> None:
    day = hours.day(PHONE, date(2027, 10, 4))
    assert (day.day.weekday(), day.spans, day.unconfirmed) == (0, (), False)


def test_only_the_patron_saints_day_is_unconfirmed(hours: OpeningHours) -> None:
    unconfirmed = [day for day in all_days() if hours.day(PHONE, day).unconfirmed]
    assert unconfirmed == [date(2026, 12, 7), date(2027, 12, 7)]


@pytest.mark.parametrize("monday", sorted(EASTER_MONDAYS))
def test_easter_monday_is_closed_and_the_days_around_are_not(
    hours: OpeningHours, monday: date
) -> None:
    assert hours.day(PHONE, monday).spans == ()
    assert hours.day(PHONE, monday + timedelta(days=1)).spans == (MORNING, AFTERNOON)
    assert hours.day(PHONE, monday - timedelta(days=3)).spans == (MORNING,)


def test_the_desk_has_no_hours_but_days_by_appointment(hours: OpeningHours) -> None:
    assert all(hours.day(DESK, day).spans == () for day in all_days())
    assert hours.office(DESK).by_appointment == ["tuesday", "thursday"]


def test_an_unknown_office_is_an_error(hours: OpeningHours) -> None:
    with pytest.raises(KeyError):
        hours.day("urp-inesistente", FIRST)


@pytest.mark.parametrize(
    ("clock", "open_until"),
    [
        ("09:59:59", None),
        ("10:00:00", time(12)),
        ("11:59:59", time(12)),
        ("12:00:00", None),
        ("13:59:59", None),
        ("14:00:00", time(16)),
        ("15:59:59", time(16)),
        ("16:00:00", None),
        ("00:00:00", None),
        ("23:59:59", None),
    ],
)
@pytest.mark.parametrize("zone", [None, ROME])
def test_a_span_begins_with_its_first_second_and_ends_before_its_last(
    hours: OpeningHours, clock: str, open_until: time | None, zone: object
) -> None:
    moment = datetime.fromisoformat(f"2026-11-24T{clock}").replace(tzinfo=zone)  # type: ignore[arg-type]
    assert hours.is_open(PHONE, moment) is (open_until is not None)
    assert hours.closes_at(PHONE, moment) == open_until


@pytest.mark.parametrize("day", ["2026-11-27", "2026-12-08", "2026-12-05"])
def test_no_afternoon_on_fridays_holidays_and_saturdays(hours: OpeningHours, day: str) -> None:
    assert not hours.is_open(PHONE, datetime.fromisoformat(f"{day}T14:30"))


def test_a_closure_covers_both_its_days_and_no_other(content: Content) -> None:
    first, last = date(2026, 8, 10), date(2026, 8, 14)
    hours = with_closures(content, Closure(first=first, last=last, reason="Chiusura estiva"))
    for day in all_days():
        if first <= day <= last:
            assert hours.day(PHONE, day) == DayHours(day, (), "Chiusura estiva")
        else:
            assert hours.day(PHONE, day).spans == oracle(day)


def test_a_closure_of_one_office_leaves_the_other_alone(content: Content) -> None:
    day = date(2026, 11, 24)
    closure = Closure(first=day, last=day, reason="Trasloco", offices=[DESK])
    hours = with_closures(content, closure)
    assert hours.day(DESK, day).closed_because == "Trasloco"
    assert hours.day(PHONE, day).spans == (MORNING, AFTERNOON)


def test_an_announced_closure_replaces_the_guess_about_the_patron_saint(content: Content) -> None:
    day = date(2026, 12, 7)
    hours = with_closures(content, Closure(first=day, last=day, reason="Ponte"))
    assert hours.day(PHONE, day) == DayHours(day, (), "Ponte", False)


@EXAMPLES
@given(MOMENTS)
def test_next_opening_is_the_first_one_after_the_moment(
    hours: OpeningHours, moment: datetime
) -> None:
    found = hours.next_opening(PHONE, moment)
    assert found is not None
    day, span = found
    assert span in oracle(day)
    later = [begin for begin in openings(moment.date(), 15) if begin > moment]
    assert datetime.combine(day, span.opens) == later[0]


@EXAMPLES
@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_next_opening_never_goes_back_as_time_passes(
    hours: OpeningHours, moment: datetime, wait: timedelta
) -> None:
    earlier, later = hours.next_opening(PHONE, moment), hours.next_opening(PHONE, moment + wait)
    assert earlier is not None
    assert later is not None
    assert (earlier[0], earlier[1].opens) <= (later[0], later[1].opens)


@EXAMPLES
@given(MOMENTS)
def test_the_office_is_open_exactly_at_its_next_opening(
    hours: OpeningHours, moment: datetime
) -> None:
    found = hours.next_opening(PHONE, moment)
    assert found is not None
    begin = datetime.combine(found[0], found[1].opens)
    assert hours.is_open(PHONE, begin)
    assert not hours.is_open(PHONE, begin - timedelta(seconds=1))
    assert hours.closes_at(PHONE, begin) == found[1].closes


@EXAMPLES
@given(MOMENTS, st.integers(0, 59), st.integers(0, 80))
def test_next_opening_skips_any_closure(
    content: Content, moment: datetime, begins: int, lasts: int
) -> None:
    first = moment.date() + timedelta(days=begins)
    last = first + timedelta(days=lasts)
    hours = with_closures(content, Closure(first=first, last=last, reason="Lavori"))
    possible = [
        begin
        for begin in openings(moment.date(), 60)
        if begin > moment and not first <= begin.date() <= last
    ]
    found = hours.next_opening(PHONE, moment)
    begin = datetime.combine(found[0], found[1].opens) if found else None
    assert begin == (possible[0] if possible else None)


def test_an_office_without_hours_never_opens(hours: OpeningHours) -> None:
    assert hours.next_opening(DESK, datetime(2026, 11, 24, 9)) is None
