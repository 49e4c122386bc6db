"""A database with the booking rules of a test in it, and steps taken at chosen moments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import sqlalchemy as sa

from bot.appointments.calendar import load_rules
from bot.appointments.history import Step
from bot.appointments.rules import BookingRules
from bot.appointments.rules_file import read_rules
from bot.clock import ROME
from bot.storage.database import Database
from bot.storage.migrate import migrate

TUESDAY: Final = datetime(2026, 11, 24, 9, 30, tzinfo=ROME)
"""The present of most tests: a Tuesday without anything special about it."""

TIMER: Final = datetime(2026, 11, 24, 8, 30, tzinfo=timezone.utc)
MARIO: Final = {
    "name": "Mario Rossi",
    "contact": "mario.rossi@example.it",
    "reason": "Informazioni",
}


def step(conversation: str = "", *, after: timedelta = timedelta(), **values: Any) -> Step:
    """A step of a citizen on the web, ``after`` the present."""
    values.setdefault("channel", "web")
    now = values.pop("now", TUESDAY)
    return Step(
        (now + after).astimezone(timezone.utc), TIMER + after, conversation=conversation, **values
    )


def rome(text: str) -> datetime:
    """A local moment: rome("2026-11-26T10:30")."""
    return datetime.fromisoformat(text).replace(tzinfo=ROME)


def rules_with(**changes: Any) -> BookingRules:
    """The rules of the repository with some fields of the first office changed (``limits`` is not of the office)."""
    data = read_rules().model_dump()
    for key in ("limits", "reminders"):
        data[key].update(changes.pop(key, {}))
    data["offices"][0].update(changes)
    return BookingRules.model_validate(data)


@asynccontextmanager
async def booking_database(url: str, rules: BookingRules | None = None) -> AsyncIterator[Database]:
    """A migrated database that knows the booking rules."""
    database = Database(url)
    try:
        await migrate(database)
        await database.write(load_rules, rules or read_rules(), step())
        yield database
    finally:
        await database.close()


def rows(connection: sa.Connection, table: sa.Table, *conditions: Any) -> list[Any]:
    """All rows of a table, in the order of its key."""
    order = list(table.primary_key.columns)
    return list(connection.execute(sa.select(table).where(*conditions).order_by(*order)))
