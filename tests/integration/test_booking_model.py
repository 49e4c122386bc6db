"""A random citizen crowd against a small model: whatever they do, tables and model agree, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.appointments import booking, rows
from bot.appointments.calendar import free_slots, load_rules
from bot.appointments.history import Step
from bot.storage.appointment_tables import appointments
from bot.storage.database import Database
from bot.storage.migrate import migrate
from tests.support.booking import assert_consistent, rules_with, step
from tests.support.counts import count

PLACES = 2
PEOPLE = ("anna", "bruno", "carla")
RULES = rules_with(
    weekly={"thursday": ["10:00-11:30"]},
    horizon_days=9,
    desks=[{"id": "a", "capacity": PLACES}],
    limits={"open_per_person": 100, "open_per_contact": 100, "open_per_sender": 100},
)
HOLD = timedelta(minutes=10)


@dataclass
class Hold:
    id: str
    slot: datetime
    expires: timedelta


class Crowd(RuleBasedStateMachine):
    """The model: who holds what until when, and which appointments stand."""

    database: Database
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.passed = timedelta()
        self.holds: dict[str, Hold] = {}
        self.booked: dict[str, datetime] = {}
        self.cancelled: set[str] = set()
        self.write(lambda connection: connection.execute(sa.delete(appointments)))
        self.slots: list[datetime] = self.write(free_slots, self.step(""))

    def write(self, unit: Any, *args: Any, **kwargs: Any) -> Any:
        return self.loop.run_until_complete(self.database.write(unit, *args, **kwargs))

    def step(self, who: str) -> Step:
        return step(who, after=self.passed)

    def taken(self, slot: datetime, *, but: str = "", who: str = "") -> int:
        live = [
            name
            for name, hold in self.holds.items()
            if name != who and hold.slot == slot and hold.expires >= self.passed
        ]
        return len(live) + sum(start == slot and key != but for key, start in self.booked.items())

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 2))
    def hold(self, who: str, place: int) -> None:
        slot = self.slots[place]
        expected = "held" if self.taken(slot, who=who) < PLACES else "taken"
        outcome = self.write(booking.hold, self.step(who), slot)
        assert outcome["outcome"] == expected
        self.holds.pop(who, None)
        if expected == "held":
            self.holds[who] = Hold(outcome["appointment"]["id"], slot, self.passed + HOLD)

    @rule(who=st.sampled_from(PEOPLE))
    def release(self, who: str) -> None:
        outcome = self.write(booking.release_hold, self.step(who))
        assert outcome["outcome"] == ("released" if self.holds.pop(who, None) else "gone")

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), twice=st.booleans())
    def confirm(self, data: st.DataObject, twice: bool) -> None:
        who = data.draw(st.sampled_from(sorted(self.holds)))
        hold = self.holds.pop(who)
        expected = "confirmed" if self.taken(hold.slot, who=who) < PLACES else "taken"
        for again in range(1 + twice):
            outcome = self.write(
                booking.confirm,
                self.step(who),
                hold.id,
                name="Anna Bo",
                contact=f"{who}@example.it",
            )
            assert outcome["outcome"] == (
                expected if not again or expected == "confirmed" else "gone"
            )
        if expected == "confirmed":
            self.booked[hold.id] = hold.slot

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def confirm_what_another_holds(self, data: st.DataObject) -> None:
        hold = self.holds[data.draw(st.sampled_from(sorted(self.holds)))]
        outcome = self.write(
            booking.confirm, self.step("ladro"), hold.id, name="L", contact="l@example.it"
        )
        assert outcome["outcome"] == "gone"

    @precondition(lambda self: self.booked)
    @rule(data=st.data(), place=st.integers(0, 2))
    def move(self, data: st.DataObject, place: int) -> None:
        key, slot = data.draw(st.sampled_from(sorted(self.booked))), self.slots[place]
        stays = self.booked[key] == slot
        free = self.taken(slot, but=key) < PLACES
        outcome = self.write(booking.move, self.step(""), key, slot)
        assert outcome["outcome"] == ("moved" if stays or free else "taken")
        if outcome["outcome"] == "moved":
            self.booked[key] = slot

    @precondition(lambda self: self.booked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.booked)))
        assert self.write(booking.cancel, self.step(""), key)["outcome"] == "cancelled"
        del self.booked[key]
        self.cancelled.add(key)

    @precondition(lambda self: self.cancelled)
    @rule(data=st.data(), place=st.integers(0, 2))
    def move_what_is_cancelled(self, data: st.DataObject, place: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.cancelled)))
        assert self.write(booking.move, self.step(""), key, self.slots[place])["outcome"] == "gone"
        assert self.write(booking.cancel, self.step(""), key)["again"]

    @precondition(lambda self: self.passed < timedelta(hours=8))
    @rule(minutes=st.sampled_from([1, 4, 9, 10, 11, 30]))
    def wait(self, minutes: int) -> None:
        self.passed += timedelta(minutes=minutes)

    @rule()
    def tidy(self) -> None:
        self.write(rows.drop_expired_holds, self.step(""))
        self.holds = {who: hold for who, hold in self.holds.items() if hold.expires >= self.passed}

    @invariant()
    def tables_and_model_agree(self) -> None:
        free = self.write(free_slots, self.step(""))
        assert free == [slot for slot in self.slots if self.taken(slot) < PLACES]
        self.write(assert_consistent)


def test_the_tables_follow_the_model(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    database = Database(database_url)
    try:
        loop.run_until_complete(migrate(database))
        loop.run_until_complete(database.write(load_rules, RULES, step()))

        def machine() -> Crowd:
            crowd = type("CrowdHere", (Crowd,), {"database": database, "loop": loop})
            return crowd()  # type: ignore[no-any-return]

        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=count(25, 400),
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(database.close())
        loop.close()
