"""How long data is kept, by kind: what is past its term is counted, shown, and deleted at night in small batches.

The preview and the run ask the same conditions of the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.settings import Settings
from bot.storage import audit
from bot.storage.appointment_tables import appointments
from bot.storage.console_tables import drafts, notes
from bot.storage.tables import conversations, handoffs, reports

_AT_ONCE: Final = 200
"""Rows of a batch: the chat waits for one batch at most."""

Due = dict[str, int]
"""How many of each kind are past their term, by name of the kind."""


_ALWAYS: Final = sa.true()


@dataclass(frozen=True)
class Kind:
    """Data that goes after its own number of days.

    Attributes:
        name: key of its texts and of the previews.
        days: its term.
        table: where it is.
        moment: from when on its days count.
        also: what is past its term only under this condition.
        replaced: columns that are emptied instead of the row being deleted.
    """

    name: str
    days: Callable[[Settings], int]
    table: sa.Table
    moment: sa.Column[Any]
    also: sa.ColumnElement[bool] = _ALWAYS
    replaced: tuple[tuple[str, Any], ...] = ()

    def old(self, settings: Settings, now: datetime) -> sa.ColumnElement[bool]:
        """The condition on rows past their term."""
        return sa.and_(self.moment < now - timedelta(days=self.days(settings)), self.also)


_NAMED: Final = sa.or_(
    appointments.c.name != "",
    appointments.c.contact != "",
    appointments.c.conversation.is_not(None),
)
_NAMELESS: Final = (
    ("name", ""),
    ("person", ""),
    ("contact", ""),
    ("reason", ""),
    ("conversation", None),
)

# Order matters: what hangs on a conversation goes before it, so that the run deletes what the preview has counted.
KINDS: Final = (
    Kind(
        "contacts", lambda chosen: chosen.retention_contacts_days, handoffs, handoffs.c.created_at
    ),
    Kind("notes", lambda chosen: chosen.retention_notes_days, notes, notes.c.created_at),
    Kind("drafts", lambda chosen: chosen.retention_drafts_days, drafts, drafts.c.saved_at),
    Kind("reports", lambda chosen: chosen.retention_reports_days, reports, reports.c.created_at),
    Kind(
        "conversations",
        lambda chosen: chosen.retention_conversations_days,
        conversations,
        conversations.c.last_message_at,
    ),
    # That somebody came is kept longer than who it was.
    Kind(
        "appointments",
        lambda chosen: chosen.retention_appointments_days,
        appointments,
        appointments.c.starts_at,
        _NAMED,
        _NAMELESS,
    ),
    Kind(
        "bookings",
        lambda chosen: chosen.retention_bookings_days,
        appointments,
        appointments.c.starts_at,
    ),
)


def due(connection: sa.Connection, settings: Settings, now: datetime) -> Due:
    """What the next run will delete, if nothing else happens before."""
    return {kind.name: _count(connection, kind, settings, now) for kind in KINDS}


def delete_batch(connection: sa.Connection, settings: Settings, now: datetime) -> Due:
    """Delete one batch of the first kind that has something past its term; empty when nothing is left."""
    for kind in KINDS:
        gone = _delete_some(connection, kind, settings, now)
        if gone:
            return {kind.name: gone}
    return {}


def record_run(connection: sa.Connection, done: Due, *, by: int | None, now: datetime) -> None:
    """Note in the log how much a run has deleted."""
    detail: dict[str, object] = dict(done)
    audit.record(connection, now=now, staff_id=by, action="retention_run", detail=detail)


def _count(connection: sa.Connection, kind: Kind, settings: Settings, now: datetime) -> int:
    query = sa.select(sa.func.count()).select_from(kind.table).where(kind.old(settings, now))
    return int(connection.execute(query).scalar_one())


def _delete_some(connection: sa.Connection, kind: Kind, settings: Settings, now: datetime) -> int:
    key = sa.tuple_(*kind.table.primary_key.columns)
    rows = connection.execute(
        sa.select(*kind.table.primary_key.columns).where(kind.old(settings, now)).limit(_AT_ONCE)
    )
    picked = [tuple(row) for row in rows]
    if not picked:
        return 0
    if kind.replaced:
        emptied = sa.update(kind.table).where(key.in_(picked)).values(**dict(kind.replaced))
        connection.execute(emptied)
    else:
        connection.execute(sa.delete(kind.table).where(key.in_(picked)))
    return len(picked)
