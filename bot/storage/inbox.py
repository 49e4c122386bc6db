"""Statements about conversations, received messages and stored answers. Each function is one unit of work."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from bot.storage.tables import conversations, effects, inbound, outbound
from bot.storage.upsert import insert

RECEIVED: Final = "received"
DONE: Final = "done"
_PENDING_BATCH: Final = 50
_RECOVERY_BATCH: Final = 500


@dataclass(frozen=True)
class Stored:
    """A received message as stored. ``is_new`` is false when its key had been seen before."""

    inbound_id: int
    conversation_id: str
    is_new: bool
    digest: str | None = None


@dataclass(frozen=True)
class Pending:
    """A message that waits for its answer."""

    inbound_id: int
    text: str


@dataclass(frozen=True)
class OpenConversation:
    """A conversation as a turn reads it: state, version, owner, and what waits, oldest first."""

    version: int
    owner: str
    state: str | None
    pending: tuple[Pending, ...]


def store_message(
    connection: sa.Connection,
    *,
    channel: str,
    sender: str,
    text: str,
    key: str | None,
    digest: str | None,
    now: datetime,
) -> Stored:
    """Insert a message (and its conversation, if new); a message whose key exists is only looked up."""
    conversation_id = _conversation_id(connection, channel, sender, now)
    values = {
        "conversation_id": conversation_id,
        "channel_key": key,
        "digest": digest,
        "text": text,
        "status": RECEIVED,
        "received_at": now,
    }
    statement = insert(connection, inbound).values(values)
    if key is not None:
        statement = statement.on_conflict_do_nothing(
            index_elements=["conversation_id", "channel_key"]
        )
    inserted = connection.execute(statement.returning(inbound.c.id)).scalar()
    if inserted is not None:
        return Stored(int(inserted), conversation_id, True, digest)
    row = connection.execute(
        sa.select(inbound.c.id, inbound.c.digest).where(
            inbound.c.conversation_id == conversation_id, inbound.c.channel_key == key
        )
    ).one()
    return Stored(int(row.id), conversation_id, False, row.digest)


def _conversation_id(connection: sa.Connection, channel: str, sender: str, now: datetime) -> str:
    find = sa.select(conversations.c.id).where(
        conversations.c.channel == channel, conversations.c.sender == sender
    )
    found = connection.execute(find).scalar()
    if found is None:
        connection.execute(
            insert(connection, conversations)
            .values(
                id=uuid4().hex, channel=channel, sender=sender, created_at=now, last_message_at=now
            )
            .on_conflict_do_nothing(index_elements=["channel", "sender"])
        )
        found = connection.execute(find).scalar_one()
    return str(found)


def open_conversation(connection: sa.Connection, conversation_id: str) -> OpenConversation:
    """What a turn needs to know, in one read."""
    row = connection.execute(
        sa.select(conversations.c.version, conversations.c.owner, conversations.c.state).where(
            conversations.c.id == conversation_id
        )
    ).one()
    waiting = connection.execute(
        sa.select(inbound.c.id, inbound.c.text)
        .where(inbound.c.conversation_id == conversation_id, inbound.c.status == RECEIVED)
        .order_by(inbound.c.id)
        .limit(_PENDING_BATCH)
    )
    pending = tuple(Pending(int(r.id), r.text) for r in waiting)
    return OpenConversation(int(row.version), row.owner, row.state, pending)


def commit_turn(
    connection: sa.Connection,
    *,
    conversation_id: str,
    read_version: int,
    owner: str,
    inbound_id: int,
    masked_text: str,
    state: str | None,
    messages: Sequence[dict[str, Any]],
    now: datetime,
) -> bool:
    """Store answers, dialogue state and "done" together; False if another process was faster."""
    changed = connection.execute(
        sa.update(conversations)
        .where(
            conversations.c.id == conversation_id,
            conversations.c.version == read_version,
            conversations.c.owner == owner,
        )
        .values(version=read_version + 1, state=state, last_message_at=now)
    )
    if changed.rowcount != 1:
        return False
    done = connection.execute(
        sa.update(inbound)
        .where(inbound.c.id == inbound_id, inbound.c.status == RECEIVED)
        .values(status=DONE, text=masked_text, answered_at=now)
    )
    if done.rowcount != 1:
        raise RuntimeError("a message that was answered is answered again")
    rows = [
        {
            "conversation_id": conversation_id,
            "inbound_id": inbound_id,
            "position": position,
            "payload": json.dumps(message, ensure_ascii=False),
            "created_at": now,
        }
        for position, message in enumerate(messages)
    ]
    connection.execute(sa.insert(outbound), rows)
    return True


def stored_answers(connection: sa.Connection, inbound_id: int) -> list[dict[str, Any]] | None:
    """Answers of a message, in order; None while it waits."""
    status = connection.execute(
        sa.select(inbound.c.status).where(inbound.c.id == inbound_id)
    ).scalar()
    if status != DONE:
        return None
    rows = connection.execute(
        sa.select(outbound.c.payload)
        .where(outbound.c.inbound_id == inbound_id)
        .order_by(outbound.c.position)
    )
    return [json.loads(payload) for (payload,) in rows]


def conversations_waiting(connection: sa.Connection) -> list[str]:
    """Conversations with messages that nobody has answered, the longest waiting first."""
    rows = connection.execute(
        sa.select(inbound.c.conversation_id)
        .where(inbound.c.status == RECEIVED)
        .group_by(inbound.c.conversation_id)
        .order_by(sa.func.min(inbound.c.id))
        .limit(_RECOVERY_BATCH)
    )
    return [str(row[0]) for row in rows]


def effect_result(connection: sa.Connection, inbound_id: int, effect: str) -> str | None:
    """Stored result of an effect of a message, None if it has not happened."""
    return connection.execute(
        sa.select(effects.c.result).where(
            effects.c.inbound_id == inbound_id, effects.c.effect == effect
        )
    ).scalar()


def record_effect(
    connection: sa.Connection, inbound_id: int, effect: str, result: str, now: datetime
) -> str:
    """Store the result of an effect; if it had happened already, the first result stands."""
    connection.execute(
        insert(connection, effects)
        .values(inbound_id=inbound_id, effect=effect, result=result, created_at=now)
        .on_conflict_do_nothing(index_elements=["inbound_id", "effect"])
    )
    return str(effect_result(connection, inbound_id, effect))
