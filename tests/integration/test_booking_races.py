"""Many processes want the same slot, or die while booking: one gets it, the tables stay whole."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.appointments import booking
from bot.appointments.calendar import free_slots, local_iso
from bot.settings import PROJECT_ROOT
from bot.storage.database import Database
from tests.support.booking import (
    MARIO,
    assert_consistent,
    booking_database,
    rome,
    rules_with,
    step,
)
from tests.support.booking_worker import race
from tests.support.counts import count

GENEROUS = {"open_per_person": 100, "open_per_contact": 100, "open_per_sender": 100}


class Worker:
    """A booking process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ask(self, command: dict[str, Any]) -> Any:
        """Send a command and read its answer."""
        await self.tell(command)
        assert self.process.stdout is not None
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), 60))

    async def tell(self, command: dict[str, Any]) -> None:
        """Send a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        await self.process.stdin.drain()

    async def steps(self, number: int) -> None:
        """Wait until so many steps were taken."""
        assert self.process.stdout is not None
        await asyncio.wait_for(self.process.stdout.readexactly(number), 60)


@asynccontextmanager
async def workers(url: str, number: int) -> AsyncIterator[list[Worker]]:
    """Processes that are ready to book."""
    started = [
        Worker(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.support.booking_worker", url,
                cwd=PROJECT_ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=2**20,
            )
        )
        for _ in range(number)
    ]  # fmt: skip
    try:
        for worker in started:
            assert worker.process.stdout is not None
            ready = await asyncio.wait_for(worker.process.stdout.readline(), 60)
            assert ready == b"ready\n"
        yield started
    finally:
        for worker in started:
            if worker.process.returncode is None:
                worker.process.kill()
            await worker.process.wait()


async def rounds(database: Database, crew: list[Worker], here: int, each: int) -> None:
    """Must hold 1, at the core: 200 attempts on one slot in every round, one booking, everybody told."""
    starts = await database.read(free_slots, step())
    for number, start in enumerate(starts[: count(2, 20)]):
        people = [[f"r{number}p{w}n{n}" for n in range(each)] for w in range(len(crew))]
        mine = [f"r{number}here{n}" for n in range(here)]
        told = await asyncio.gather(
            race(database, local_iso(start), mine),
            *(
                worker.ask({"race": local_iso(start), "names": names})
                for worker, names in zip(crew, people, strict=True)
            ),
        )
        outcomes = [outcome for some in told for outcome in some]
        assert len(outcomes) == 200
        assert Counter(o["outcome"] for o in outcomes) == {"confirmed": 1, "taken": 199}
        assert all(o["alternatives"] for o in outcomes if o["outcome"] == "taken")
        assert await database.read(free_slots, step()) == starts[number + 1 :]
    await database.read(assert_consistent)


async def test_two_processes_on_one_sqlite_file(sqlite_url: str) -> None:
    async with booking_database(sqlite_url) as database, workers(sqlite_url, 1) as crew:
        await rounds(database, crew, here=150, each=50)


@pytest.mark.postgres
async def test_four_processes_on_postgresql(postgres_url: str) -> None:
    async with booking_database(postgres_url) as database, workers(postgres_url, 4) as crew:
        await rounds(database, crew, here=0, each=50)


async def test_moves_that_swap_two_slots_lose_neither(database_url: str) -> None:
    """Both may be refused, both keep one; with a free third slot in play nobody ends up without."""
    async with booking_database(database_url) as database:
        ten, eleven = rome("2026-11-26T10:00"), rome("2026-11-26T11:00")
        first, second = [
            (await database.write(booking.book, step(), start, **MARIO))["appointment"]["id"]
            for start in (ten, eleven)
        ]
        for _ in range(count(10, 50)):
            outcomes = await asyncio.gather(
                database.write(booking.move, step(), first, eleven),
                database.write(booking.move, step(), second, ten),
                database.write(booking.move, step(), first, rome("2026-12-01T10:00")),
                database.write(booking.move, step(), second, rome("2026-12-01T11:00")),
                database.write(booking.move, step(), first, ten),
                database.write(booking.move, step(), second, eleven),
            )
            assert {o["outcome"] for o in outcomes} <= {"moved", "taken"}
            await database.read(assert_consistent)


async def test_processes_killed_while_booking_leave_everything_whole(database_url: str) -> None:
    """Must hold 2, at the core."""
    rules = rules_with(limits=GENEROUS, desks=[{"id": "a", "capacity": 2}, {"id": "b"}])
    async with booking_database(database_url, rules) as database:
        for seed in range(count(1, 30)):
            async with workers(database_url, 2) as crew:
                for number, worker in enumerate(crew):
                    await worker.tell({"busy": seed * 10 + number})
                await asyncio.gather(*(worker.steps(15 + seed * 7 % 40) for worker in crew))
                for worker in crew:
                    worker.process.kill()
            await database.read(assert_consistent)
        late = step("dopo")
        (start, *_) = await database.read(free_slots, late)
        assert (await database.write(booking.hold, late, start))["outcome"] == "held"
