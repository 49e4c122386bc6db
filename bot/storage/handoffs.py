"""What citizens leave for the office while nobody is there: a message and a contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.storage.tables import handoffs
from bot.storage.upsert import insert


@dataclass(frozen=True)
class Request:
    """A message for the office and where to reach who wrote it."""

    message: str | None
    contact: str | None


def save_request(
    connection: sa.Connection,
    *,
    conversation_id: str,
    message: str | None,
    contact: str | None,
    now: datetime,
) -> None:
    """Keep what the citizen left; the newest replaces what was there."""
    values = {"message": message, "contact": contact, "created_at": now}
    statement = insert(connection, handoffs).values(conversation_id=conversation_id, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["conversation_id"], set_=values)
    )


def request_of(connection: sa.Connection, conversation_id: str) -> Request | None:
    """What was left in a conversation, if anything."""
    row = connection.execute(
        sa.select(handoffs.c.message, handoffs.c.contact).where(
            handoffs.c.conversation_id == conversation_id
        )
    ).one_or_none()
    return Request(*row) if row else None
