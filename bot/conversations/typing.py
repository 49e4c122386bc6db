"""Somebody is writing: told to every process while a person answers, kept nowhere but in the short-lived events.

What a client does: it tells at most every `TYPING_EVERY_S` while somebody types; whoever is shown it forgets it after
`TYPING_SHOWN_S`, or when the message comes.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.storage import events, ownership
from bot.storage.tables import conversations


def citizen_types(connection: sa.Connection, conversation_id: str, now: datetime) -> bool:
    """Tell that the citizen is writing; False, and nothing is told, while no person answers."""
    return _tell(connection, conversation_id, "citizen", conversations.c.staff.is_not(None), now)


def staff_type(connection: sa.Connection, conversation_id: str, staff: str, now: datetime) -> bool:
    """Tell that the person in charge is writing; False if ``staff`` is not in charge."""
    return _tell(connection, conversation_id, "staff", conversations.c.staff == staff, now)


def _tell(
    connection: sa.Connection,
    conversation_id: str,
    author: str,
    condition: sa.ColumnElement[bool],
    now: datetime,
) -> bool:
    channel = connection.execute(
        sa.select(conversations.c.channel).where(
            conversations.c.id == conversation_id,
            conversations.c.owner == ownership.STAFF,
            condition,
        )
    ).scalar()
    if channel is None:
        return False
    payload = {"conversation": conversation_id, "channel": channel, "author": author}
    events.publish(connection, events.TYPING, payload, now)
    return True
