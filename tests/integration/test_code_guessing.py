"""Codes cannot be guessed: tries are few per sender and few in all, and behind a closed door nothing is looked up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.appointments import access, booking
from bot.appointments.codes import new_code, shown
from bot.storage.appointment_tables import code_attempts
from bot.storage.database import Database
from tests.support.booking import MARIO, booking_database, rome, rows, step
from tests.support.counts import count


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with booking_database(database_url) as opened:
        yield opened


async def booked(database: Database, conversation: str = "mia") -> Any:
    start = rome("2026-11-26T10:30")
    outcome = await database.write(booking.book, step(conversation), start, **MARIO)
    return outcome["appointment"]


async def tried(database: Database, code: str, conversation: str, **values: Any) -> Any:
    return await database.write(access.find_by_code, step(conversation, **values), code)


async def test_a_code_opens_its_appointment_without_personal_data(database: Database) -> None:
    mine = await booked(database)
    found = await tried(database, shown(mine["code"]).lower(), "un'altra")
    assert found["outcome"] == "found"
    assert found["appointment"] == mine
    assert "Rossi" not in str(found)
    assert "mario.rossi" not in str(found)


async def test_a_hold_has_no_code_that_opens_anything(database: Database) -> None:
    held = await database.write(booking.hold, step("mia"), rome("2026-11-26T10:30"))
    found = await tried(database, held["appointment"]["code"], "un'altra")
    assert found == {"outcome": "unknown"}


async def test_a_sender_is_stopped_after_some_tries_and_may_go_on_later(database: Database) -> None:
    mine = await booked(database)
    for _ in range(5):
        assert await tried(database, new_code(), "ladro") == {"outcome": "unknown"}
    refused = await tried(database, mine["code"], "ladro")
    assert refused["outcome"] == "wait"
    assert 0 < refused["seconds"] <= 15 * 60 + 1
    assert (await tried(database, mine["code"], "altri"))["outcome"] == "found"
    later = timedelta(seconds=refused["seconds"])
    assert (await tried(database, mine["code"], "ladro", after=later))["outcome"] == "found"


async def test_typing_errors_of_many_close_no_door_for_others(database: Database) -> None:
    mine = await booked(database)
    for number in range(100):
        assert await tried(database, "K7M4-0000", f"c{number}") == {"outcome": "unknown"}
    assert (await tried(database, mine["code"], "altri"))["outcome"] == "found"


async def test_tries_from_many_senders_are_slowed_down_and_get_nowhere(database: Database) -> None:
    """Must hold 10: 10,000 tries, each from another sender, within a quarter of an hour."""
    mine = await booked(database)
    tries = count(300, 10_000)

    def attack(connection: sa.Connection, first: int, last: int) -> list[str]:
        return [
            access.find_by_code(connection, step(f"s{number}"), new_code())["outcome"]
            for number in range(first, last)
        ]

    outcomes: list[str] = []
    for first in range(0, tries, 100):
        outcomes += await database.write(attack, first, first + 100)
    assert outcomes.count("unknown") == 60
    assert outcomes.count("wait") == tries - 60
    assert (await tried(database, mine["code"], "mia"))["outcome"] == "found", (
        "its own conversation"
    )
    staff = await tried(database, mine["code"], "", who="operator:anna")
    assert staff["outcome"] == "found"
    assert len(await database.read(rows, code_attempts)) == 60


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_clock_jump_locks_nobody_out_for_longer(
    database: Database, jump: timedelta
) -> None:
    """T83."""
    mine = await booked(database)
    for _ in range(5):
        await tried(database, new_code(), "ladro")
    found = await tried(database, mine["code"], "ladro", after=jump)
    assert found["outcome"] == "found"


async def test_old_tries_are_forgotten(database: Database) -> None:
    await tried(database, new_code(), "ladro")
    await database.write(access.forget_old_attempts, step(after=timedelta(days=2)))
    assert await database.read(rows, code_attempts) == []
