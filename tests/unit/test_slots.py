"""No slot outside the rules, for any rules, closures and clock changes."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.appointments.rules import BookingRules, Office, Service
from bot.appointments.slots import (
    Agenda,
    Closing,
    Taken,
    free_of,
    nearest,
    offered_slots,
    refusal,
    refusal_of_day,
    slots_of_day,
)
from bot.clock import ROME
from knowledge.hours import DAYS, OpeningHours, holiday_name
from knowledge.schema import HoursData
from tests.support.booking import rome, rules_with

CLOCK_CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]


def office(**changes: object) -> Office:
    return rules_with(**changes).offices[0]


def agenda(
    *closings: Closing, notices: list[dict[str, object]] | None = None, **changes: object
) -> Agenda:
    hours = OpeningHours(HoursData.model_validate({"offices": [], "closures": notices or []}))
    return Agenda(office(**changes), hours, closings)


def service_of(chosen: Agenda) -> Service:
    return chosen.office.services[0]


def local(slots: list[datetime]) -> list[str]:
    return [f"{slot:%a %d %H:%M}" for slot in slots]


@st.composite
def windows(draw: st.DrawFn) -> list[str]:
    edges = sorted(draw(st.sets(st.integers(0, 287), min_size=2, max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{a // 12:02}:{a % 12 * 5:02}-{b // 12:02}:{b % 12 * 5:02}" for a, b in pairs]


@st.composite
def agendas(draw: st.DrawFn) -> Agenda:
    weekly = draw(st.dictionaries(st.sampled_from(DAYS), windows(), max_size=7))
    minutes = draw(st.integers(1, 30)) * 5
    data = rules_with().model_dump()
    data["offices"][0] |= {
        "weekly": weekly,
        "slot_minutes": draw(st.integers(1, 24)) * 5,
        "notice_working_days": draw(st.integers(0, 5)),
        "horizon_days": draw(st.integers(1, 90)),
        "services": [{"id": "s", "name": "Prova", "minutes": minutes}],
    }
    first = draw(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
    begin = datetime.combine(first, time(draw(st.integers(0, 23))), ROME).astimezone(timezone.utc)
    closing = Closing(begin, begin + timedelta(hours=draw(st.integers(1, 200))), "Chiuso")
    notice = {
        "first": first,
        "last": first + timedelta(days=draw(st.integers(0, 9))),
        "reason": "Avviso",
    }
    hours = OpeningHours(HoursData.model_validate({"offices": [], "closures": [notice]}))
    closings = (closing,) if draw(st.booleans()) else ()
    return Agenda(BookingRules.model_validate(data).offices[0], hours, closings)


@settings(max_examples=150, deadline=None)
@given(agendas(), st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)))
def test_every_offered_slot_follows_every_rule(chosen: Agenda, moment: datetime) -> None:
    now = moment.replace(tzinfo=timezone.utc)
    today = now.astimezone(ROME).date()
    service = service_of(chosen)
    length = timedelta(minutes=service.minutes)
    seen = list(offered_slots(chosen, service, now))
    assert seen == sorted(set(seen))
    for slot in seen:
        begin, end = slot.astimezone(timezone.utc), slot.astimezone(timezone.utc) + length
        ends = end.astimezone(ROME)
        assert slot > now
        assert today <= slot.date() <= today + timedelta(days=chosen.office.horizon_days)
        assert chosen.first_day(today) <= slot.date()
        assert not holiday_name(slot.date())
        assert not chosen.hours.closed_because("urp-sportello", slot.date())
        assert all(not (c.starts_at < end and begin < c.ends_at) for c in chosen.closings)
        inside = [
            window
            for window in chosen.office.weekly[DAYS[slot.weekday()]]
            if window.split("-")[0] <= f"{slot:%H:%M}" and f"{ends:%H:%M}" <= window.split("-")[1]
        ]
        assert len(inside) == 1
        assert slot.replace(fold=1).utcoffset() == slot.utcoffset()
        assert refusal(chosen, service, now, slot) is None


@settings(max_examples=150, deadline=None)
@given(
    agendas(),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)
def test_what_is_not_offered_is_refused_with_a_reason(
    chosen: Agenda, moment: datetime, wished: datetime
) -> None:
    now, start = moment.replace(tzinfo=timezone.utc), wished.replace(tzinfo=timezone.utc)
    offered = start in set(offered_slots(chosen, service_of(chosen), now))
    assert (refusal(chosen, service_of(chosen), now, start) is None) == offered


@pytest.mark.parametrize("day", CLOCK_CHANGES)
def test_the_hour_of_a_clock_change_is_never_offered(day: date) -> None:
    chosen = agenda(weekly={"sunday": ["00:00-06:00"]})
    slots = list(slots_of_day(chosen, service_of(chosen), day))
    hours = [f"{slot:%H:%M}" for slot in slots]
    assert hours[:3] == ["00:00", "00:30", "01:00"]
    assert hours[-6:] == ["03:00", "03:30", "04:00", "04:30", "05:00", "05:30"]
    assert not [hour for hour in hours if hour.startswith("02")]
    for one, other in itertools.pairwise(slots):
        assert other.timestamp() - one.timestamp() >= 1800


def test_a_plain_week_of_the_urp() -> None:
    chosen = agenda()
    now = rome("2026-11-24T09:30")
    found = offered_slots(chosen, service_of(chosen), now, last=date(2026, 12, 1))
    assert local(list(found)) == [
        f"{day} {hour}"
        for day in ("Thu 26", "Tue 01")
        for hour in ("10:00", "10:30", "11:00", "11:30", "14:00", "14:30", "15:00", "15:30")
    ]


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-23T23:59", "2026-11-24"),  # Monday for Tuesday
        ("2026-11-24T00:00", "2026-11-25"),
        ("2026-11-27T12:00", "2026-11-30"),  # Friday: the next working day is Monday
        ("2026-12-04T12:00", "2026-12-09"),  # Sant'Ambrogio and Immacolata do not count
    ],
)
def test_the_notice_is_counted_in_working_days(now: str, first: str) -> None:
    assert agenda().first_day(rome(now).date()).isoformat() == first


@pytest.mark.parametrize("day", ["2026-12-07", "2026-12-08", "2027-01-06", "2026-12-25"])
def test_holidays_and_the_patron_saint_are_closed(day: str) -> None:
    chosen = agenda(weekly={key: ["10:00-12:00"] for key in DAYS})
    now = rome("2026-11-24T09:30")
    why = refusal_of_day(chosen, service_of(chosen), now, date.fromisoformat(day))
    assert why == "closed"
    assert chosen.closed_because(date.fromisoformat(day))


def test_a_closure_of_some_hours_takes_only_these() -> None:
    closing = Closing(rome("2026-11-26T10:30"), rome("2026-11-26T14:00"), "Assemblea")
    chosen = agenda(closing)
    slots = local(list(slots_of_day(chosen, service_of(chosen), date(2026, 11, 26))))
    assert slots == [f"Thu 26 {hour}" for hour in ("10:00", "14:00", "14:30", "15:00", "15:30")]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 12), st.sampled_from("abc")), max_size=12
    ),
    st.integers(1, 12),
)
@example([(0, 6, "a"), (0, 6, "b"), (0, 6, "c")], 6)
def test_a_slot_is_free_when_one_place_is_for_its_whole_time(
    booked: list[tuple[int, int, str]], length: int
) -> None:
    """Against the definition, minute by minute."""
    zero = rome("2026-11-26T10:00")
    slots = [zero + timedelta(minutes=5 * n) for n in range(40)]
    taken = [
        Taken(zero + timedelta(minutes=5 * s), 5 * n, frozenset(place)) for s, n, place in booked
    ]

    def is_free(slot: int) -> bool:
        wanted = set(range(slot, slot + length))
        return any(
            all(not wanted & set(range(s, s + n)) for s, n, p in booked if p == place)
            for place in "abc"
        )

    expected = [slot for n, slot in enumerate(slots) if is_free(n)]
    assert free_of(slots, 5 * length, ["a", "b", "c"], taken) == expected


def test_the_nearest_come_in_order_and_respect_a_wish() -> None:
    slots = [rome(f"2026-11-26T{hour:02}:00") for hour in range(9, 18)]
    assert local(nearest(slots, rome("2026-11-26T12:20"))) == [
        "Thu 26 11:00", "Thu 26 12:00", "Thu 26 13:00",
    ]  # fmt: skip
    afternoon = nearest(slots, rome("2026-11-26T10:00"), accept=lambda slot: slot.hour >= 15)
    assert local(afternoon) == ["Thu 26 15:00", "Thu 26 16:00", "Thu 26 17:00"]
