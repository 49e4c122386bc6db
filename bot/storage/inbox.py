"""Received messages and the commit of their turns. Each function is one unit of work.

Citizens' and office's messages of a conversation share one sequence of numbers without gaps; whoever takes a number
holds the conversation's row until the commit, so that numbers are visible in their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from bot.errors import UnknownConversation
from bot.storage import outbox
from bot.storage.tables import conversations, effects, inbound, outbound
from bot.storage.upsert import insert, insert_for

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
    seq: int = 0


@dataclass(frozen=True)
class Pending:
    """A message that waits for its answer."""

    inbound_id: int
    text: str


@dataclass(frozen=True)
class OpenConversation:
    """A conversation as a turn reads it: state, version, owner, and what waits, oldest first."""

    version: int
    channel: str
    owner: str
    state: str | None
    pending: tuple[Pending, ...]


_FIND_CONVERSATION: Final = sa.select(conversations.c.id).where(
    conversations.c.channel == sa.bindparam("channel"),
    conversations.c.sender == sa.bindparam("sender"),
)
_TAKE_SEQ: Final = (
    sa.update(conversations)
    .where(conversations.c.id == sa.bindparam("conversation"))
    .values(last_seq=conversations.c.last_seq + 1, unreachable_since=None, erased_at=None)
    .returning(conversations.c.last_seq)
)
_GIVE_SEQ_BACK: Final = (
    sa.update(conversations)
    .where(conversations.c.id == sa.bindparam("conversation"))
    .values(last_seq=conversations.c.last_seq - 1)
)
_FIND_BY_KEY: Final = sa.select(inbound.c.id, inbound.c.digest, inbound.c.seq).where(
    inbound.c.conversation_id == sa.bindparam("conversation"),
    inbound.c.channel_key == sa.bindparam("key"),
)
_OPEN: Final = sa.select(
    conversations.c.version, conversations.c.channel, conversations.c.owner, conversations.c.state
).where(conversations.c.id == sa.bindparam("conversation"))
_PENDING: Final = (
    sa.select(inbound.c.id, inbound.c.text)
    .where(inbound.c.conversation_id == sa.bindparam("conversation"), inbound.c.status == RECEIVED)
    .order_by(inbound.c.id)
    .limit(_PENDING_BATCH)
)
_ADVANCE: Final = (
    sa.update(conversations)
    .where(
        conversations.c.id == sa.bindparam("conversation"),
        conversations.c.version == sa.bindparam("read_version"),
        conversations.c.owner == sa.bindparam("read_owner"),
    )
    .values(
        version=sa.bindparam("new_version"),
        state=sa.bindparam("new_state"),
        last_message_at=sa.bindparam("now"),
        last_seq=conversations.c.last_seq + sa.bindparam("answers"),
        topic=sa.func.coalesce(sa.bindparam("new_topic", type_=sa.String), conversations.c.topic),
    )
    .returning(conversations.c.last_seq, conversations.c.channel)
)
_LEAVE_UNANSWERED: Final = (
    sa.update(conversations)
    .where(
        conversations.c.id == sa.bindparam("conversation"),
        conversations.c.unanswered_since.is_(None),
    )
    .values(unanswered_since=sa.bindparam("now"))
)
_FINISH: Final = (
    sa.update(inbound)
    .where(inbound.c.id == sa.bindparam("message"), inbound.c.status == RECEIVED)
    .values(status=DONE, text=sa.bindparam("masked"), answered_at=sa.bindparam("now"))
)
_STATUS: Final = sa.select(inbound.c.status).where(inbound.c.id == sa.bindparam("message"))
_ANSWERS: Final = (
    sa.select(outbound.c.payload)
    .where(outbound.c.inbound_id == sa.bindparam("message"))
    .order_by(outbound.c.position)
)
_WAITING: Final = (
    sa.select(inbound.c.conversation_id)
    .where(inbound.c.status == RECEIVED)
    .group_by(inbound.c.conversation_id)
    .order_by(sa.func.min(inbound.c.id))
    .limit(_RECOVERY_BATCH)
)
# Built once: putting a statement together costs as much as running it.


@lru_cache(maxsize=4)
def _add_message(dialect: str) -> Any:
    statement = insert_for(dialect, inbound)
    return statement.on_conflict_do_nothing(
        index_elements=["conversation_id", "channel_key"]
    ).returning(inbound.c.id)


@lru_cache(maxsize=4)
def _add_conversation(dialect: str) -> Any:
    return insert_for(dialect, conversations).on_conflict_do_nothing(
        index_elements=["channel", "sender"]
    )


def store_message(
    connection: sa.Connection,
    *,
    channel: str,
    sender: str,
    text: str,
    key: str | None,
    digest: str | None,
    now: datetime,
    conversation_id: str | None = None,
) -> Stored:
    """Insert a message (and its conversation, if new); a message whose key exists is only looked up.

    Args:
        conversation_id: spares looking for the conversation when the caller knows it.
    """
    seq = _take_seq(connection, conversation_id) if conversation_id else None
    if conversation_id is None or seq is None:
        # Not known to the caller, or erased meanwhile: then it begins anew.
        conversation_id = _conversation_id(connection, channel, sender, now)
        seq = _take_seq(connection, conversation_id)
    inserted = connection.execute(
        _add_message(connection.dialect.name),
        {
            "conversation_id": conversation_id,
            "seq": seq,
            "channel_key": key,
            "digest": digest,
            "text": text,
            "status": RECEIVED,
            "received_at": now,
        },
    ).scalar()
    if inserted is not None:
        return Stored(int(inserted), conversation_id, True, digest, seq or 0)
    connection.execute(_GIVE_SEQ_BACK, {"conversation": conversation_id})
    row = connection.execute(_FIND_BY_KEY, {"conversation": conversation_id, "key": key}).one()
    return Stored(int(row.id), conversation_id, False, row.digest, row.seq)


def settle(connection: sa.Connection, inbound_id: int, text: str, now: datetime) -> None:
    """Take a message out of the queue of turns: what answers it is stored by the caller, in the same transaction.

    Args:
        text: what is kept of it.
    """
    connection.execute(_FINISH, {"message": inbound_id, "masked": text, "now": now})


def _take_seq(connection: sa.Connection, conversation_id: str) -> int | None:
    seq: int | None = connection.execute(_TAKE_SEQ, {"conversation": conversation_id}).scalar()
    return seq


def _conversation_id(connection: sa.Connection, channel: str, sender: str, now: datetime) -> str:
    who = {"channel": channel, "sender": sender}
    found = connection.execute(_FIND_CONVERSATION, who).scalar()
    if found is None:
        connection.execute(
            _add_conversation(connection.dialect.name),
            {**who, "id": uuid4().hex, "created_at": now, "last_message_at": now},
        )
        found = connection.execute(_FIND_CONVERSATION, who).scalar_one()
    return str(found)


def open_conversation(connection: sa.Connection, conversation_id: str) -> OpenConversation:
    """What a turn needs to know, in one read.

    Raises:
        UnknownConversation: it has been erased.
    """
    row = connection.execute(_OPEN, {"conversation": conversation_id}).one_or_none()
    if row is None:
        raise UnknownConversation(conversation_id)
    waiting = connection.execute(_PENDING, {"conversation": conversation_id})
    pending = tuple(Pending(int(r.id), r.text) for r in waiting)
    return OpenConversation(int(row.version), row.channel, row.owner, row.state, pending)


@dataclass(frozen=True)
class Turn:
    """What a turn has made of a message: the state that is kept, and the answers.

    Attributes:
        topic: what the conversation is about from now on; None leaves it as it was.
        delivery: state in which the answers begin their way ("queued"; "sent" where the caller takes them along).
        also: units of work that belong to the same commit, such as a change of owner.
        is_for_staff: a person is in charge, and the message waits for that person's answer.
    """

    masked_text: str
    state: str | None
    messages: Sequence[dict[str, Any]]
    topic: str | None = None
    delivery: str = outbox.QUEUED
    also: Sequence[Callable[[sa.Connection], Any]] = ()
    is_for_staff: bool = False


def commit_turn(
    connection: sa.Connection,
    *,
    conversation_id: str,
    read_version: int,
    owner: str,
    inbound_id: int,
    turn: Turn,
    now: datetime,
) -> bool:
    """Store answers, dialogue state and "done" together; False if another process, or a change of owner, was faster."""
    advanced = connection.execute(
        _ADVANCE,
        {
            "conversation": conversation_id,
            "read_version": read_version,
            "read_owner": owner,
            "new_version": read_version + 1,
            "new_state": turn.state,
            "new_topic": turn.topic,
            "answers": len(turn.messages),
            "now": now,
        },
    ).one_or_none()
    if advanced is None:
        return False
    done = connection.execute(
        _FINISH, {"message": inbound_id, "masked": turn.masked_text, "now": now}
    )
    if done.rowcount != 1:
        raise RuntimeError("a message that was answered is answered again")
    outbox.add_answers(
        connection,
        conversation_id=conversation_id,
        channel=advanced.channel,
        inbound_id=inbound_id,
        first_seq=advanced.last_seq - len(turn.messages) + 1,
        messages=turn.messages,
        status=turn.delivery,
        now=now,
    )
    if turn.is_for_staff:
        connection.execute(_LEAVE_UNANSWERED, {"conversation": conversation_id, "now": now})
    for unit in turn.also:
        unit(connection)
    outbox.tell_added(connection, conversation_id, advanced.channel, advanced.last_seq, now)
    return True


def stored_answers(connection: sa.Connection, inbound_id: int) -> list[dict[str, Any]] | None:
    """Answers of a message, in order; None while it waits."""
    if connection.execute(_STATUS, {"message": inbound_id}).scalar() != DONE:
        return None
    rows = connection.execute(_ANSWERS, {"message": inbound_id})
    return [json.loads(payload) for (payload,) in rows]


def is_gone(connection: sa.Connection, inbound_id: int) -> bool:
    """Whether a message has been erased with its conversation."""
    return connection.execute(_STATUS, {"message": inbound_id}).scalar() is None


def conversations_waiting(connection: sa.Connection) -> list[str]:
    """Conversations with messages that nobody has answered, the longest waiting first."""
    return [str(row[0]) for row in connection.execute(_WAITING)]


def run_effect(
    connection: sa.Connection,
    inbound_id: int,
    effect: str,
    unit: Callable[[sa.Connection], Any],
    now: datetime,
) -> Any:
    """Run ``unit`` once for a message and keep its result with it; a replayed turn gets the kept result.

    The row is claimed first, so that two processes replaying one turn wait for each other.
    """
    mine = connection.execute(
        insert(connection, effects)
        .values(inbound_id=inbound_id, effect=effect, result="", created_at=now)
        .on_conflict_do_nothing(index_elements=["inbound_id", "effect"])
        .returning(effects.c.effect)
    ).scalar()
    row = sa.and_(effects.c.inbound_id == inbound_id, effects.c.effect == effect)
    if mine is None:
        return json.loads(connection.execute(sa.select(effects.c.result).where(row)).scalar_one())
    result = unit(connection)
    stored = json.dumps(result, ensure_ascii=False)
    connection.execute(sa.update(effects).where(row).values(result=stored))
    # What a replay would read, so that both ways give the same types.
    return json.loads(stored)
