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
from bot.appointments.slots import cells
from bot.clock import ROME
from bot.storage.appointment_tables import appointments, booking_history, notices, slot_claims
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


def assert_consistent(connection: sa.Connection) -> None:
    """No desk time without its appointment, no confirmed appointment without all its desk time, each told once."""
    booked = {row.id: row for row in rows(connection, appointments)}
    cells_of: dict[str, set[tuple[str, int]]] = {}
    for claim in rows(connection, slot_claims):
        owner = booked[claim.appointment_id]
        assert owner.status in ("held", "confirmed"), owner.status
        assert (claim.expires_at is None) == (owner.status == "confirmed")
        cells_of.setdefault(owner.id, set()).add((claim.desk, claim.cell))
    for row in booked.values():
        if row.status == "confirmed":
            expected = {(row.desk, cell) for cell in cells(row.starts_at, row.minutes)}
            assert cells_of.get(row.id) == expected
            assert row.contact
    history = [h for h in rows(connection, booking_history) if h.appointment_id in booked]
    for row in booked.values():
        lines = [line.what for line in history if line.appointment_id == row.id]
        assert lines.count("confirmed") == (row.status != "held")
        assert lines.count("cancelled") == (row.status == "cancelled")
        assert lines.count("moved") + lines.count("cancelled") == row.sequence
    live = [
        (notice.appointment_id, notice.kind)
        for notice in rows(connection, notices)
        if notice.status == "queued"
    ]
    assert len(live) == len(set(live))
    reminded = {appointment_id for appointment_id, kind in live if kind == "reminder"}
    assert reminded == {row.id for row in booked.values() if row.status == "confirmed"}
