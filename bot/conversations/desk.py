"""What members of staff do in a conversation, each as one unit of work with the words that the citizen reads.

A claim says nothing to the citizen: the first reply does, and carries the name of who writes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from actions.texts import text
from bot.storage import outbox, ownership
from bot.storage.ownership import Ownership
from bot.storage.tables import conversations

CLOSED_BY_STAFF: Final = "answered"


def notice(key: str, status: str, **values: object) -> dict[str, Any]:
    """A message of the system in the shape of every channel."""
    custom = {"status": status, "topic": "persona", "records": []}
    return {"text": text(key, **values), "custom": custom}


def claim(connection: sa.Connection, conversation_id: str, staff: str, now: datetime) -> Ownership:
    """Put ``staff`` in charge. Raises AlreadyClaimed, UnknownConversation."""
    return ownership.claim(connection, conversation_id, staff, now)


def reply(
    connection: sa.Connection,
    conversation_id: str,
    staff: str,
    words: str,
    now: datetime,
    *,
    once_key: str | None = None,
    shown_as: str | None = None,
    corrects: int | None = None,
) -> int | None:
    """Send the words of the person in charge, as they are; returns the number of the message.

    Args:
        shown_as: how the citizen reads who writes (a first name, the office); the name of ``staff`` if None.
        corrects: number of an earlier message that this one corrects.
        once_key: a second reply with this key is not sent, and None is returned.

    Raises:
        NotInCharge: ``staff`` is not in charge.
    """
    ownership.in_charge(connection, conversation_id, staff)
    mark_seen(connection, conversation_id)
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(unanswered_since=None)
    )
    custom: dict[str, Any] = {"status": "staff", "topic": "persona", "records": []}
    custom["staff"] = shown_as or staff
    if corrects is not None:
        custom["corrects"] = corrects
    return outbox.send(
        connection,
        conversation_id=conversation_id,
        author=outbox.STAFF,
        staff=staff,
        message={"text": words, "custom": custom},
        now=now,
        once_key=once_key,
    )


def release(
    connection: sa.Connection, conversation_id: str, staff: str, now: datetime
) -> Ownership:
    """Give the conversation back to the assistant and tell the citizen. Raises NotInCharge."""
    after = ownership.release(connection, conversation_id, staff, now)
    _tell(connection, conversation_id, notice("desk_released", "released"), now)
    return after


def close(
    connection: sa.Connection,
    conversation_id: str,
    staff: str,
    now: datetime,
    *,
    reason: str = CLOSED_BY_STAFF,
) -> Ownership:
    """End the conversation and tell the citizen. Raises AlreadyClaimed."""
    was = ownership.current(connection, conversation_id)
    after = ownership.close(connection, conversation_id, by=staff, reason=reason, now=now)
    if was.owner != ownership.CLOSED:
        _tell(connection, conversation_id, notice("desk_closed", "closed"), now)
    return after


def give_up(
    connection: sa.Connection, conversation_id: str, now: datetime, *, when: str = ""
) -> Ownership:
    """Put the conversation of a person who is gone back into the queue and tell the citizen.

    Args:
        when: a sentence that says when somebody reads (`actions.handoff.somebody_reads`).
    """
    was = ownership.current(connection, conversation_id)
    after = ownership.give_up(connection, conversation_id, now)
    if was.owner == ownership.STAFF:
        _tell(connection, conversation_id, notice("desk_staff_gone", "handed_off", when=when), now)
    return after


def leave(connection: sa.Connection, staff: str, now: datetime) -> list[str]:
    """A member of staff goes home: the open conversations return to the queue; their ids."""
    owned = connection.execute(
        sa.select(conversations.c.id)
        .where(conversations.c.owner == ownership.STAFF, conversations.c.staff == staff)
        .order_by(conversations.c.id)
    )
    ids = [str(row.id) for row in owned]
    for conversation_id in ids:
        give_up(connection, conversation_id, now)
    return ids


def mark_seen(connection: sa.Connection, conversation_id: str) -> None:
    """The person in charge has read the conversation: an alert has reached somebody."""
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(alert_kind=None, alert_at=None)
    )


def _tell(
    connection: sa.Connection, conversation_id: str, message: dict[str, Any], now: datetime
) -> None:
    outbox.send(
        connection,
        conversation_id=conversation_id,
        author=outbox.SYSTEM,
        message=message,
        now=now,
    )
