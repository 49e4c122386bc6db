"""Holding, confirming, moving, cancelling: every step is whole, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.appointments import agenda, booking, calendar
from bot.storage.appointment_tables import appointments, booking_history, notices, slot_claims
from bot.storage.database import Database
from tests.support.booking import MARIO, booking_database, rome, rows, rules_with, step

TEN = rome("2026-11-26T10:00")
HALF_PAST = rome("2026-11-26T10:30")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with booking_database(database_url) as opened:
        yield opened


async def booked(database: Database, start: Any = TEN, conversation: str = "") -> Any:
    outcome = await database.write(booking.book, step(conversation), start, **MARIO)
    assert outcome["outcome"] == "confirmed", outcome
    return outcome["appointment"]


async def claimed(database: Database) -> dict[str, int]:
    """How many cells each appointment has."""
    found: dict[str, int] = {}
    for row in await database.read(rows, slot_claims):
        found[row.appointment_id] = found.get(row.appointment_id, 0) + 1
    return found


async def test_a_hold_becomes_an_appointment_once(database: Database) -> None:
    held = await database.write(booking.hold, step("a"), TEN)
    assert held["outcome"] == "held"
    assert TEN not in await database.read(calendar.free_slots, step("b"))
    appointment_id = held["appointment"]["id"]
    first = await database.write(booking.confirm, step("a"), appointment_id, **MARIO)
    again = await database.write(booking.confirm, step("a"), appointment_id, **MARIO)
    assert (first["outcome"], first["again"]) == ("confirmed", False)
    assert (again["outcome"], again["again"]) == ("confirmed", True)
    assert again["appointment"] == first["appointment"]
    assert first["appointment"]["contact"] == "m•••@example.it"
    told = await database.read(rows, notices)
    assert [row.kind for row in told] == ["confirmed", "reminder"]


async def test_what_somebody_holds_is_taken_and_alternatives_are_near(database: Database) -> None:
    await database.write(booking.hold, step("a"), HALF_PAST)
    refused = await database.write(booking.hold, step("b"), HALF_PAST)
    assert refused == {
        "outcome": "taken",
        "alternatives": ["2026-11-26T10:00", "2026-11-26T11:00", "2026-11-26T11:30"],
    }


async def test_choosing_another_slot_releases_the_first(database: Database) -> None:
    await database.write(booking.hold, step("a"), TEN)
    await database.write(booking.hold, step("a"), HALF_PAST)
    free = await database.read(calendar.free_slots, step("b"))
    assert TEN in free
    assert HALF_PAST not in free
    assert list((await claimed(database)).values()) == [6]


async def test_an_expired_hold_blocks_nobody_and_can_still_be_confirmed_while_free(
    database: Database,
) -> None:
    held = await database.write(booking.hold, step("a"), TEN)
    late = timedelta(minutes=10, seconds=1)
    assert TEN in await database.read(calendar.free_slots, step("b", after=late))
    other = await database.write(booking.hold, step("b", after=late), TEN)
    assert other["outcome"] == "held"
    mine = held["appointment"]["id"]
    lost = await database.write(booking.confirm, step("a", after=late), mine, **MARIO)
    assert lost["outcome"] == "taken"
    assert "2026-11-26T10:00" not in lost["alternatives"]
    theirs = other["appointment"]["id"]
    much_later = late + timedelta(minutes=20)
    won = await database.write(booking.confirm, step("b", after=much_later), theirs, **MARIO)
    assert won["outcome"] == "confirmed"
    assert list(await claimed(database)) == [theirs]


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=-40)])
async def test_a_jump_of_the_clock_never_keeps_a_hold_longer(
    database: Database, jump: timedelta
) -> None:
    """T83."""
    await database.write(booking.hold, step("a"), TEN)
    waited = jump + timedelta(minutes=10, seconds=1)
    other = await database.write(booking.hold, step("b").later(timer=step(after=waited).timer), TEN)
    assert other["outcome"] == "held"


async def test_a_move_keeps_one_appointment_and_its_code(database: Database) -> None:
    before = await booked(database)
    moved = await database.write(booking.move, step(), before["id"], HALF_PAST)
    assert moved["outcome"] == "moved"
    assert moved["appointment"]["code"] == before["code"]
    assert moved["appointment"]["sequence"] == 1
    assert TEN in await database.read(calendar.free_slots, step())
    assert await claimed(database) == {before["id"]: 6}
    again = await database.write(booking.move, step(), before["id"], HALF_PAST)
    assert again["again"]
    assert again["appointment"]["sequence"] == 1


async def test_a_move_onto_a_taken_slot_changes_nothing(database: Database) -> None:
    first, second = await booked(database), await booked(database, HALF_PAST)
    refused = await database.write(booking.move, step(), first["id"], HALF_PAST)
    assert refused["outcome"] == "taken"
    assert await claimed(database) == {first["id"]: 6, second["id"]: 6}


async def test_a_move_by_less_than_its_length_overlaps_only_itself(database_url: str) -> None:
    rules = rules_with(slot_minutes=15)
    async with booking_database(database_url, rules) as database:
        mine = await booked(database)
        moved = await database.write(booking.move, step(), mine["id"], rome("2026-11-26T10:15"))
        assert moved["outcome"] == "moved"
        assert await claimed(database) == {mine["id"]: 6}
        assert await database.read(calendar.why_not, step(), rome("2026-11-26T10:00")) is not None


async def test_a_cancelled_slot_is_free_and_cancelling_twice_is_once(database: Database) -> None:
    mine = await booked(database)
    first = await database.write(booking.cancel, step(), mine["id"])
    again = await database.write(booking.cancel, step(), mine["id"])
    assert (first["again"], again["again"]) == (False, True)
    assert await claimed(database) == {}
    assert TEN in await database.read(calendar.free_slots, step())
    assert (await booked(database))["code"] != mine["code"]


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("2026-11-23T10:00", "past"),
        ("2026-11-24T14:00", "too_soon"),
        ("2026-11-27T10:00", "no_reception"),
        ("2026-11-26T12:30", "outside_hours"),
        ("2026-11-26T10:10", "outside_hours"),
        ("2026-12-08T10:00", "closed"),
        ("2027-02-02T10:00", "too_far"),
    ],
)
async def test_what_the_rules_forbid_is_refused_with_the_reason(
    database: Database, start: str, why: str
) -> None:
    refused = await database.write(booking.hold, step("a"), rome(start))
    assert refused["outcome"] == "not_offered"
    assert refused["refusal"]["why"] == why
    assert len(refused["alternatives"]) == 3


async def test_a_full_day_is_told_as_full(database: Database) -> None:
    for start in await database.read(
        calendar.free_slots, step(), first=TEN.date(), last=TEN.date()
    ):
        await database.write(
            booking.book,
            step(),
            start,
            name="A B",
            contact=f"{start.hour}.{start.minute}@example.it",
        )
    told = await database.read(calendar.why_not, step(), TEN.date())
    assert told is not None
    assert told["why"] == "full"


async def test_limits_of_a_person_a_contact_and_a_sender(database: Database) -> None:
    free = await database.read(calendar.free_slots, step())

    async def one(name: str, contact: str, conversation: str) -> Any:
        return await database.write(
            booking.book, step(conversation), free.pop(), name=name, contact=contact
        )

    for _ in range(2):
        assert (await one("Anna Bo", "f@example.it", "c1"))["outcome"] == "confirmed"
    third = await one("Bo ANNA", "f@example.it", "c2")
    assert (third["outcome"], third["limit"]) == ("limit", "person")
    for name in ("Luca Bo", "Ugo Bo"):
        assert (await one(name, "f@example.it", "c1"))["outcome"] == "confirmed"
    assert (await one("Eva Bo", "f@example.it", "c3"))["limit"] == "contact"
    assert (await one("Eva Bo", "g@example.it", "c1"))["limit"] == "sender"
    held = await database.read(rows, appointments, appointments.c.status == "held")
    assert [row.conversation for row in held] == []


async def test_parallel_bookings_of_one_person_respect_the_limit(database: Database) -> None:
    free = await database.read(calendar.free_slots, step())
    outcomes = await asyncio.gather(
        *(database.write(booking.book, step(f"c{n}"), free[n], **MARIO) for n in range(8))
    )
    assert sorted(o["outcome"] for o in outcomes) == ["confirmed"] * 2 + ["limit"] * 6


async def test_the_history_cannot_be_changed(database: Database) -> None:
    mine = await booked(database)
    for change in (
        sa.update(booking_history).values(who="nobody"),
        sa.delete(booking_history),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            await database.write(lambda c, change=change: c.execute(change))
    lines = await database.read(
        rows, booking_history, booking_history.c.appointment_id == mine["id"]
    )
    assert [line.what for line in lines] == ["confirmed"]
    told = " ".join(line.detail for line in lines)
    assert "Rossi" not in told
    assert "example.it" not in told


async def test_closing_keeps_what_is_booked_and_lists_it(database: Database) -> None:
    mine = await booked(database)
    closed = await database.write(
        calendar.close_period,
        step(),
        rome("2026-11-26T09:00"),
        rome("2026-11-26T12:00"),
        "Assemblea",
    )
    assert closed["conflicts"] == [mine["code"]]
    assert HALF_PAST not in await database.read(calendar.free_slots, step())
    assert rome("2026-11-26T14:00") in await database.read(calendar.free_slots, step())
    assert list(await claimed(database)) == [mine["id"]]
    assert await database.write(calendar.reopen, step(), closed["id"])
    assert HALF_PAST in await database.read(calendar.free_slots, step())
    assert await database.read(calendar.conflicts, step()) == []


async def test_changed_rules_break_no_appointment_and_list_the_conflicts(
    database: Database,
) -> None:
    mine = await booked(database)
    rules = rules_with(weekly={"tuesday": ["10:00-12:00"]})
    assert await database.write(calendar.load_rules, rules, step())
    assert not await database.write(calendar.load_rules, rules, step())
    (conflict,) = await database.read(calendar.conflicts, step())
    assert (conflict.code, conflict.why) == (mine["code"], "outside_hours")
    moved = await database.write(booking.move, step(), mine["id"], rome("2026-12-01T10:00"))
    assert moved["outcome"] == "moved"
    assert await database.read(calendar.conflicts, step()) == []


async def test_t8_forty_people_want_the_same_slot_at_the_same_instant(database_url: str) -> None:
    """T8: exactly one success, 39 named refusals with alternatives."""
    from tests.support.counts import count

    async with booking_database(database_url, rules_with(horizon_days=366)) as database:
        free = await database.read(calendar.free_slots, step())
        for start in free[: count(5, 50)]:
            outcomes = await asyncio.gather(
                *(database.write(booking.hold, step(f"{start}{n}"[-32:]), start) for n in range(40))
            )
            assert sorted(o["outcome"] for o in outcomes) == ["held"] + ["taken"] * 39
            assert all(len(o["alternatives"]) == 3 for o in outcomes if o["outcome"] == "taken")


async def test_erasing_a_conversation_leaves_no_personal_data_and_frees_its_slots(
    database: Database,
) -> None:
    await booked(database, conversation="mia")
    await booked(database, HALF_PAST, conversation="altra")
    await database.write(booking.hold, step("mia"), rome("2026-11-26T11:00"))
    copy = await database.read(agenda.copy_of_conversation, "mia")
    assert [one["name"] for one in copy] == ["Mario Rossi", ""]
    assert await database.write(agenda.erase_conversation, step(), "mia") == 2
    assert await database.write(agenda.erase_conversation, step(), "mia") == 0
    assert await database.read(agenda.copy_of_conversation, "mia") == []
    kept = await database.read(rows, appointments)
    assert sorted((row.name, row.contact, row.reason) for row in kept) == [
        ("", "", ""),
        ("Mario Rossi", "mario.rossi@example.it", "Informazioni"),
    ]
    free = await database.read(calendar.free_slots, step())
    assert TEN in free
    assert HALF_PAST not in free
    told = [row.kind for row in await database.read(rows, notices, notices.c.status == "queued")]
    assert told == ["confirmed", "reminder"]
