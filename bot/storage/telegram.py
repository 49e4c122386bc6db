"""What the Telegram channel keeps: updates that came, parts that went out, messages whose buttons are pressed.

Each function is one unit of work, or a part of one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.storage import outbox
from bot.storage.tables import conversations, inbound, outbound
from bot.storage.telegram_tables import telegram_parts, telegram_updates
from bot.storage.upsert import insert

CHANNEL: Final = "telegram"


@dataclass(frozen=True)
class Shown:
    """A message of ours under which a button was pressed.

    Attributes:
        answered: the citizen has written since: a question of the assistant is not open any more.
    """

    outbound_id: int
    conversation_id: str
    seq: int
    author: str
    message: dict[str, Any]
    created_at: datetime
    answered: bool


def take_update(connection: sa.Connection, update_id: int, now: datetime) -> bool:
    """Note that an update has come; False if it had come before. Belongs into the transaction that stores it."""
    statement = insert(connection, telegram_updates).values(update_id=update_id, seen_at=now)
    taken = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["update_id"]).returning(
            telegram_updates.c.update_id
        )
    )
    return taken.scalar() is not None


def has_update(connection: sa.Connection, update_id: int) -> bool:
    """Whether an update had come."""
    found = sa.select(telegram_updates.c.update_id).where(telegram_updates.c.update_id == update_id)
    return connection.execute(found).scalar() is not None


def link_message(
    connection: sa.Connection, update_id: int, message_id: int, inbound_id: int
) -> None:
    """Note which stored message an update has become."""
    connection.execute(
        sa.update(telegram_updates)
        .where(telegram_updates.c.update_id == update_id)
        .values(message_id=message_id, inbound_id=inbound_id)
    )


def digest_of_message(connection: sa.Connection, sender: str, message_id: int) -> str | None:
    """Digest of the latest version of a message of a chat; None if it is not known (any more)."""
    found: str | None = connection.execute(
        sa.select(inbound.c.digest)
        .join(telegram_updates, telegram_updates.c.inbound_id == inbound.c.id)
        .join(conversations, conversations.c.id == inbound.c.conversation_id)
        .where(
            conversations.c.channel == CHANNEL,
            conversations.c.sender == sender,
            telegram_updates.c.message_id == message_id,
        )
        .order_by(inbound.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def forget_updates(connection: sa.Connection, before: datetime) -> int:
    """Forget updates that Telegram cannot repeat any more; returns how many."""
    gone = connection.execute(
        sa.delete(telegram_updates).where(telegram_updates.c.seen_at < before)
    )
    return int(gone.rowcount)


def note_part(connection: sa.Connection, outbound_id: int, part: int, message_id: int) -> None:
    """Note that a part of a message has gone out. Nothing, if the message was erased meanwhile."""
    if connection.execute(sa.select(outbound.c.id).where(outbound.c.id == outbound_id)).scalar():
        statement = insert(connection, telegram_parts).values(
            outbound_id=outbound_id, part=part, message_id=message_id
        )
        connection.execute(statement.on_conflict_do_nothing(index_elements=["outbound_id", "part"]))


def parts_gone_out(connection: sa.Connection, outbound_id: int) -> int:
    """How many parts of a message have gone out, in order."""
    count = sa.select(sa.func.count()).where(telegram_parts.c.outbound_id == outbound_id)
    return int(connection.execute(count).scalar_one())


def find_shown(connection: sa.Connection, sender: str, outbound_id: int) -> Shown | None:
    """The message of ours with an id, if it belongs to the conversation of a chat."""
    row = connection.execute(
        sa.select(outbound)
        .join(conversations, conversations.c.id == outbound.c.conversation_id)
        .where(
            outbound.c.id == outbound_id,
            conversations.c.channel == CHANNEL,
            conversations.c.sender == sender,
        )
    ).one_or_none()
    if row is None:
        return None
    later = sa.select(inbound.c.id).where(
        inbound.c.conversation_id == row.conversation_id, inbound.c.seq > row.seq
    )
    return Shown(
        int(row.id),
        row.conversation_id,
        row.seq,
        row.author,
        json.loads(row.payload),
        row.created_at,
        connection.execute(later.limit(1)).scalar() is not None,
    )


def chat_of(connection: sa.Connection, conversation_id: str) -> int | None:
    """The chat in which a conversation is held."""
    sender = connection.execute(
        sa.select(conversations.c.sender).where(
            conversations.c.id == conversation_id, conversations.c.channel == CHANNEL
        )
    ).scalar()
    return int(sender) if sender is not None else None


def resume_claims(connection: sa.Connection, now: datetime) -> int:
    """Hand out again what a sender that died had begun; only for who is the one sender now. Returns how many."""
    resumed = connection.execute(
        sa.update(outbound)
        .where(
            outbound.c.channel == CHANNEL,
            outbound.c.status == outbox.SENDING,
            outbound.c.due_at > now,
        )
        .values(due_at=now)
    )
    return int(resumed.rowcount)


def reach(connection: sa.Connection, sender: str, now: datetime, *, reachable: bool) -> None:
    """Record that a chat has blocked us, or has let us in again."""
    conversation_id = connection.execute(
        sa.select(conversations.c.id).where(
            conversations.c.channel == CHANNEL, conversations.c.sender == sender
        )
    ).scalar()
    if conversation_id is None:
        return
    if reachable:
        connection.execute(
            sa.update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(unreachable_since=None)
        )
    else:
        outbox.mark_unreachable(connection, conversation_id, now)
