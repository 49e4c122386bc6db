"""Changes told to every process: rows followed by id. NOTIFY only wakes those who wait (PostgreSQL)."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.storage.tables import events

NOTIFY_CHANNEL: Final = "sportello_events"

CONVERSATION_CHANGED: Final = "conversation.changed"
CONVERSATION_ERASED: Final = "conversation.erased"
CONVERSATION_ALERT: Final = "conversation.alert"
MESSAGE_ADDED: Final = "message.added"
MESSAGE_FAILED: Final = "message.failed"
TYPING: Final = "typing"

_READ_AT_ONCE: Final = 500
_INSERT: Final = sa.insert(events)
_INSERT_AND_WAKE: Final = sa.text(
    "WITH added AS (INSERT INTO events (kind, payload, created_at) VALUES (:kind, :payload, :now) RETURNING id) "
    "SELECT pg_notify(:channel, CAST(id AS text)) FROM added"
).bindparams(sa.bindparam("now", type_=events.c.created_at.type), channel=NOTIFY_CHANNEL)
_NEWEST: Final = sa.select(sa.func.coalesce(sa.func.max(events.c.id), 0))
_AFTER: Final = (
    sa.select(events.c.id, events.c.kind, events.c.payload)
    .where(events.c.id > sa.bindparam("last"))
    .order_by(events.c.id)
    .limit(_READ_AT_ONCE)
)


@dataclass(frozen=True)
class Event:
    """Something that changed. ``payload`` holds ids and states, never texts: ``conversation``, ``channel``, …"""

    id: int
    kind: str
    payload: dict[str, Any]


def publish(connection: sa.Connection, kind: str, payload: dict[str, Any], now: datetime) -> None:
    """Tell every process; the row is committed with the change that it tells of."""
    data = json.dumps(payload, separators=(",", ":"))
    if connection.dialect.name == "postgresql":
        connection.execute(_INSERT_AND_WAKE, {"kind": kind, "payload": data, "now": now})
    else:
        connection.execute(_INSERT, {"kind": kind, "payload": data, "created_at": now})


def newest_event(connection: sa.Connection) -> int:
    """Id of the newest event, 0 if there is none."""
    return int(connection.execute(_NEWEST).scalar_one())


def events_after(connection: sa.Connection, last: int, missing: Collection[int]) -> list[Event]:
    """Events with a greater id than ``last``, oldest first, and those of ``missing`` that have appeared.

    Transactions take their ids before they commit: an id that was not there yet may still come.
    """
    rows = list(connection.execute(_AFTER, {"last": last}))
    if missing:
        late = sa.select(events.c.id, events.c.kind, events.c.payload)
        rows = [*connection.execute(late.where(events.c.id.in_(missing))), *rows]
    return [Event(int(row.id), row.kind, json.loads(row.payload)) for row in rows]


def prune_events(connection: sa.Connection, before: datetime) -> int:
    """Forget old events, all but the newest one; returns how many went."""
    newest = newest_event(connection)
    gone = connection.execute(
        sa.delete(events).where(events.c.created_at < before, events.c.id < newest)
    )
    return int(gone.rowcount)
