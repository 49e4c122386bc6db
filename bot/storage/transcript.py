"""What was said in a conversation, both sides in one sequence, and lists of conversations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.errors import UnknownConversation
from bot.storage.outbox import WITHDRAWN
from bot.storage.ownership import WAITING
from bot.storage.tables import conversations, inbound, outbound

CITIZEN: Final = "citizen"


@dataclass(frozen=True)
class Message:
    """One message of a conversation.

    Attributes:
        seq: its number, from 1; citizen's and office's messages are one sequence.
        author: "citizen", "assistant", "staff" or "system".
        status: of a citizen's message "received" or "done", of the others their state in the outbox.
        at: when it was received or made, UTC.
        staff: who wrote it, if a member of staff did.
        key: the channel's own id of a citizen's message.
        payload: the whole message in the shape of every channel: ``text``, ``buttons``, ``custom``.
    """

    seq: int
    author: str
    text: str
    status: str
    at: datetime
    staff: str | None = None
    key: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    """A conversation as lists show it."""

    id: str
    channel: str
    owner: str
    staff: str | None
    topic: str | None
    reason: str | None
    priority: int
    waiting_since: datetime | None
    unanswered_since: datetime | None
    alert_kind: str | None
    last_message_at: datetime
    last_seq: int


_C: Final = conversations.c
_LISTED: Final = (
    _C.id,
    _C.channel,
    _C.owner,
    _C.staff,
    _C.topic,
    _C.reason,
    _C.priority,
    _C.waiting_since,
    _C.unanswered_since,
    _C.alert_kind,
    _C.last_message_at,
    _C.last_seq,
)


def conversation(connection: sa.Connection, conversation_id: str) -> Conversation:
    """One conversation.

    Raises:
        UnknownConversation: there is none of that id.
    """
    row = connection.execute(sa.select(*_LISTED).where(_C.id == conversation_id)).one_or_none()
    if row is None:
        raise UnknownConversation(conversation_id)
    return Conversation(*row)


def find_conversation(connection: sa.Connection, channel: str, sender: str) -> str | None:
    """Id of the conversation with somebody on a channel."""
    found: str | None = connection.execute(
        sa.select(_C.id).where(_C.channel == channel, _C.sender == sender)
    ).scalar()
    return found


def ids_beginning(connection: sa.Connection, beginning: str, limit: int) -> list[str]:
    """Ids that begin with a text."""
    rows = connection.execute(
        sa.select(_C.id).where(_C.id.startswith(beginning, autoescape=True)).limit(limit)
    )
    return [str(row.id) for row in rows]


def list_conversations(
    connection: sa.Connection, owners: Sequence[str], limit: int
) -> list[Conversation]:
    """Conversations with one of these owners; those in the queue first and in its order, then the most recent."""
    waits = _C.owner == WAITING
    rows = connection.execute(
        sa.select(*_LISTED)
        .where(_C.owner.in_(owners), _C.erased_at.is_(None))
        .order_by(
            sa.case((waits, 0), else_=1),
            sa.case((waits, -_C.priority), else_=0),
            sa.case((waits, _C.waiting_since), else_=None),
            _C.last_message_at.desc(),
            _C.id,
        )
        .limit(limit)
    )
    return [Conversation(*row) for row in rows]


def messages(
    connection: sa.Connection,
    conversation_id: str,
    *,
    after: int = 0,
    limit: int,
    with_withdrawn: bool = False,
) -> list[Message]:
    """Messages with a greater number than ``after``, oldest first.

    Args:
        with_withdrawn: also the assistant's answers that were taken back before the citizen got them (for staff).
    """
    received = connection.execute(
        sa.select(inbound)
        .where(inbound.c.conversation_id == conversation_id, inbound.c.seq > after)
        .order_by(inbound.c.seq)
        .limit(limit)
    )
    made = (
        sa.select(outbound)
        .where(outbound.c.conversation_id == conversation_id, outbound.c.seq > after)
        .order_by(outbound.c.seq)
        .limit(limit)
    )
    if not with_withdrawn:
        made = made.where(outbound.c.status != WITHDRAWN)
    found = [_from_citizen(row) for row in received]
    found += [_from_office(row) for row in connection.execute(made)]
    return sorted(found, key=lambda message: message.seq)[:limit]


def _from_citizen(row: Any) -> Message:
    return Message(
        row.seq,
        CITIZEN,
        row.text,
        row.status,
        row.received_at,
        key=row.channel_key,
        payload={"text": row.text},
    )


def _from_office(row: Any) -> Message:
    payload = json.loads(row.payload)
    text = payload.get("text", "")
    return Message(
        row.seq, row.author, text, row.status, row.created_at, staff=row.staff, payload=payload
    )
