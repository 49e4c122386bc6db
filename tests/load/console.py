"""How long lists, search and the agenda of the console take with an office's years of data.

``python -m tests.load.console`` fills SQLite and PostgreSQL as `sportello demo fill` does, and prints p50 and p95 through the
same functions that the pages call. ``--conversations 2000 --messages 50000`` measures a small office.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from bot.console import agenda_work
from bot.demo_data import fill
from bot.storage import audit, staff_desk, transcript
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.staff_desk import Filter
from bot.storage.tables import conversations
from tests.support import postgres

NOW: Final = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)
ROUNDS: Final = 40
TARGET_MS: Final = 100


async def measure(url: str, sizes: dict[str, int]) -> dict[str, tuple[float, float]]:
    """Fill a database and time each question: name to (p50, p95) in milliseconds."""
    database = Database(url)
    try:
        await migrate(database)
        began = time.perf_counter()
        await fill(database, NOW, progress=lambda count: None, **sizes)
        # What both databases do by themselves after a while.
        await database.write(lambda c: c.execute(sa.text("ANALYZE")))
        filled_s = time.perf_counter() - began
        found = {"fill (s)": (filled_s, filled_s)}
        some = await database.read(
            lambda c: c.execute(sa.select(conversations.c.id).limit(1)).scalar_one()
        )
        for name, unit in questions(some).items():
            times = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                await database.read(unit)
                times.append((time.perf_counter() - began) * 1000)
            found[name] = (statistics.median(times), sorted(times)[int(ROUNDS * 0.95) - 1])
        return found
    finally:
        await database.close()


def questions(conversation: str) -> dict[str, Callable[[sa.Connection], Any]]:
    """What pages ask of the database."""

    def of(view: str, **narrowed: Any) -> Callable[[sa.Connection], Any]:
        return partial(staff_desk.listed, view=view, me="Collega 1", narrowed=Filter(**narrowed))

    return {
        **{f"list {view}": of(view) for view in staff_desk.VIEWS},
        "list, page 20": of("assistente", before=NOW - timedelta(days=60)),
        "filter channel, topic": of("chiuse", channel="web", topics=["impianti-termici"]),
        "search common word": of("assistente", words=["caldaia"]),
        "search three words": of("chiuse", words=["patente", "scuola", "parco"]),
        "search part of a word": of("chiuse", words=["autor"]),
        "search nothing found": of("attesa", words=["zzzzzz"]),
        "counts": partial(staff_desk.counts, me="Collega 1"),
        "transcript": partial(transcript.messages, conversation_id=conversation, limit=200),
        "audit page": audit.page,
        "week of the agenda": week,
    }


def week(connection: sa.Connection) -> Any:
    """Appointments of a week long gone (the rules are not loaded here)."""
    table = agenda_work.appointments
    since = NOW - timedelta(days=700)
    query = sa.select(table).where(
        table.c.office == "urp",
        table.c.starts_at >= since,
        table.c.starts_at < since + timedelta(days=7),
    )
    return connection.execute(query.order_by(table.c.starts_at)).all()


def main() -> None:
    """Measure both databases and print a table."""
    parser = argparse.ArgumentParser()
    for name, default in (
        ("conversations", 20_000),
        ("messages", 500_000),
        ("appointments", 50_000),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    sizes = {f"how_many_{name}": value for name, value in vars(given).items()}
    with tempfile.TemporaryDirectory() as folder:
        show(
            "SQLite", asyncio.run(measure(f"sqlite+aiosqlite:///{Path(folder) / 'demo.db'}", sizes))
        )
    if postgres.binaries() is not None:
        with postgres.running_server() as url:
            show("PostgreSQL", asyncio.run(measure(url + "postgres", sizes)))


def show(name: str, found: dict[str, tuple[float, float]]) -> None:
    """Print one database."""
    print(f"\n{name:26}{'p50':>9}{'p95':>9}   (target {TARGET_MS} ms)")
    for question, (median, high) in found.items():
        print(f"{question:26}{median:9.1f}{high:9.1f}")


if __name__ == "__main__":
    main()
