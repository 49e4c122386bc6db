"""How long personal data is kept: what is past its term is counted, shown, and deleted at night in small batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.settings import Settings
from bot.storage import audit
from bot.storage.appointment_tables import appointments
from bot.storage.tables import conversations

_AT_ONCE: Final = 200
"""Rows of a batch: the chat waits for one batch at most."""


@dataclass(frozen=True)
class Due:
    """How many of each kind are past their term."""

    conversations: int
    appointments: int


def due(connection: sa.Connection, settings: Settings, now: datetime) -> Due:
    """What the next run will delete, if nothing else happens before."""
    return Due(
        _count(connection, conversations, _old_conversations(settings, now)),
        _count(connection, appointments, _old_appointments(settings, now)),
    )


def delete_batch(connection: sa.Connection, settings: Settings, now: datetime) -> Due:
    """Delete one batch of each kind; nothing is left when both counts are 0.

    With a conversation go its messages, notes, drafts, reports and search words. Of an appointment only the person goes:
    that somebody came is kept for the statistics.
    """
    old = _ids(connection, conversations.c.id, _old_conversations(settings, now))
    if old:
        connection.execute(sa.delete(conversations).where(conversations.c.id.in_(old)))
    nameless = _ids(connection, appointments.c.id, _old_appointments(settings, now))
    if nameless:
        connection.execute(
            sa.update(appointments)
            .where(appointments.c.id.in_(nameless))
            .values(name="", person="", contact="", reason="", conversation=None, changed_at=now)
        )
    return Due(len(old), len(nameless))


def record_run(connection: sa.Connection, done: Due, *, by: int | None, now: datetime) -> None:
    """Note in the log how much a run has deleted."""
    audit.record(
        connection,
        now=now,
        staff_id=by,
        action="retention_run",
        detail={"conversations": done.conversations, "appointments": done.appointments},
    )


def _old_conversations(settings: Settings, now: datetime) -> sa.ColumnElement[bool]:
    limit = now - timedelta(days=settings.retention_conversations_days)
    return conversations.c.last_message_at < limit


def _old_appointments(settings: Settings, now: datetime) -> sa.ColumnElement[bool]:
    limit = now - timedelta(days=settings.retention_appointments_days)
    named = sa.or_(appointments.c.name != "", appointments.c.contact != "")
    return sa.and_(appointments.c.starts_at < limit, named)


def _count(connection: sa.Connection, table: sa.Table, old: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(old)
    return int(connection.execute(query).scalar_one())


def _ids(
    connection: sa.Connection, column: sa.Column[str], old: sa.ColumnElement[bool]
) -> list[str]:
    return list(connection.execute(sa.select(column).where(old).limit(_AT_ONCE)).scalars())
