"""Speed of booking on both databases: free slots of 60 days, bookings per second.

``python -m tests.load.booking`` prints the figures; `measure_booking` gives them to `make bench`.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import uuid4

import asyncpg
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from bot.appointments import booking
from bot.appointments.calendar import free_slots
from bot.appointments.codes import new_code
from bot.appointments.rules import BookingRules
from bot.storage.appointment_tables import appointments
from bot.storage.database import Database
from tests.support import postgres
from tests.support.booking import booking_database, rules_with, step

DESKS: Final = 20
PAST: Final = 50_000
FUTURE_SHARE: Final = 0.5
"""Share of the coming desk time that is taken while slots are searched."""

BOOKINGS: Final = 400
SEARCHES: Final = 60


@dataclass(frozen=True)
class BookingSpeed:
    """Figures of one database."""

    database: str
    free_slots_p50_ms: float
    free_slots_p95_ms: float
    bookings_per_s: float


def main() -> None:
    """Print the figures of both databases."""
    table = Table(
        title=f"Booking: {DESKS} desks, {PAST:,} past appointments, half of 60 days taken"
    )
    for heading in ("database", "free slots p50 ms", "p95 ms", "bookings/s"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory(prefix="sportello-bench-") as folder:
        urls = [f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"]
        with _postgres() as server:
            if server:
                urls.append(asyncio.run(_fresh(server)))
            for url in urls:
                speed = asyncio.run(measure_booking(url))
                table.add_row(
                    speed.database,
                    f"{speed.free_slots_p50_ms:.1f}",
                    f"{speed.free_slots_p95_ms:.1f}",
                    f"{speed.bookings_per_s:.0f}",
                )
    Console(width=110, highlight=False).print(table)


async def measure_booking(url: str) -> BookingSpeed:
    """Fill an empty database, then measure it."""
    async with booking_database(url, big_office()) as database:
        await fill(database)
        times = [await _timed_search(database) for _ in range(SEARCHES)]
        free = await database.read(free_slots, step())
        began = time.perf_counter()
        await asyncio.gather(*(_book(database, free, number) for number in range(BOOKINGS)))
        lasted = time.perf_counter() - began
    times.sort()
    return BookingSpeed(
        "SQLite" if database.is_sqlite else "PostgreSQL",
        median(times) * 1000,
        times[int(len(times) * 0.95)] * 1000,
        BOOKINGS / lasted,
    )


def big_office() -> BookingRules:
    """The office of the repository with many desks."""
    desks: list[dict[str, Any]] = [{"id": f"d{number}", "capacity": 1} for number in range(DESKS)]
    return rules_with(desks=desks)


async def fill(database: Database) -> None:
    """Put in the past appointments, and part of those to come."""
    await database.write(_fill)
    if not database.is_sqlite:
        await database.write(lambda connection: connection.execute(sa.text("ANALYZE")))


def _fill(connection: sa.Connection) -> None:
    free = free_slots(connection, step())
    taken = [
        (free[i % len(free)], i // len(free)) for i in range(int(len(free) * DESKS * FUTURE_SHARE))
    ]
    weeks = [timedelta(weeks=10 + number // (DESKS * 8)) for number in range(PAST)]
    past = [(free[n % 8] - week, n // 8 % DESKS) for n, week in enumerate(weeks)]
    slots = [*past, *taken]
    codes: set[str] = set()
    while len(codes) < len(slots):
        codes.add(new_code())
    rows = [_row(*slot, code) for slot, code in zip(slots, codes, strict=True)]
    for chunk in _chunks(rows, 5_000):
        connection.execute(sa.insert(appointments), chunk)


def _row(start: Any, desk: int, code: str) -> dict[str, Any]:
    now = step().now
    return {
        "id": uuid4().hex,
        "code": code,
        "office": "urp",
        "desk": f"d{desk}",
        "service": "informazioni",
        "starts_at": start,
        "minutes": 30,
        "status": "confirmed",
        "channel": "web",
        "created_at": now,
        "changed_at": now,
    }


async def _timed_search(database: Database) -> float:
    began = time.perf_counter()
    await database.read(free_slots, step())
    return time.perf_counter() - began


async def _book(database: Database, free: list[Any], number: int) -> None:
    who = f"persona{number}@example.it"
    await database.write(
        booking.book, step(), free[number % len(free)], name="Anna Bianchi", contact=who
    )


@contextmanager
def _postgres() -> Iterator[str]:
    if postgres.binaries() is None:
        yield ""
        return
    with postgres.running_server() as url:
        yield url


async def _fresh(server: str) -> str:
    connection = await asyncpg.connect(server.replace("+asyncpg", "") + "postgres")
    await connection.execute("CREATE DATABASE bench")
    await connection.close()
    return server + "bench"


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


if __name__ == "__main__":
    main()
