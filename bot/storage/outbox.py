"""What goes out: messages in the one sequence of their conversation, and how far each has come on its way.

queued -> sending -> sent -> read, or failed (a dead letter), or withdrawn (a person took over before it was sent).
A sender records "sending" before it calls the channel and "sent" after: a process that dies between the two makes at
most one repeat. Of one conversation only the oldest undelivered message is ever handed to a sender.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.storage import events
from bot.storage.tables import conversations, outbound

QUEUED: Final = "queued"
SENDING: Final = "sending"
SENT: Final = "sent"
READ: Final = "read"
FAILED: Final = "failed"
WITHDRAWN: Final = "withdrawn"

ASSISTANT: Final = "assistant"
STAFF: Final = "staff"
SYSTEM: Final = "system"

UNREACHABLE: Final = "unreachable"
"""Error of a message to somebody who has blocked us or is gone."""

_ADD: Final = sa.insert(outbound)
_TAKE_SEQ: Final = (
    sa.update(conversations)
    .where(conversations.c.id == sa.bindparam("conversation"))
    .values(
        last_seq=conversations.c.last_seq + sa.bindparam("count"),
        last_message_at=sa.bindparam("now"),
    )
    .returning(conversations.c.last_seq, conversations.c.channel, conversations.c.unreachable_since)
)


@dataclass(frozen=True)
class Delivery:
    """A message handed to a sender. ``attempt`` begins at 1 and names this try in `mark_…`.

    ``is_awaited``: it is an answer of the assistant, or one stands behind it.
    """

    id: int
    conversation_id: str
    sender: str
    seq: int
    author: str
    message: dict[str, Any]
    attempt: int
    is_awaited: bool = True


@dataclass(frozen=True)
class DeadLetter:
    """A message that could not be delivered."""

    id: int
    conversation_id: str
    channel: str
    seq: int
    author: str
    attempts: int
    error: str
    at: datetime


def add_answers(
    connection: sa.Connection,
    *,
    conversation_id: str,
    channel: str,
    inbound_id: int,
    first_seq: int,
    messages: Sequence[Mapping[str, Any]],
    status: str,
    now: datetime,
) -> None:
    """Store the answers of a turn; the caller holds the conversation and has taken their numbers."""
    rows = [
        {
            "conversation_id": conversation_id,
            "seq": first_seq + position,
            "channel": channel,
            "author": ASSISTANT,
            "inbound_id": inbound_id,
            "position": position,
            "payload": _json(message),
            "created_at": now,
            "status": status,
            "due_at": now,
            "sent_at": now if status == SENT else None,
        }
        for position, message in enumerate(messages)
    ]
    if rows:
        connection.execute(_ADD, rows)


def send(
    connection: sa.Connection,
    *,
    conversation_id: str,
    author: str,
    message: Mapping[str, Any],
    now: datetime,
    staff: str | None = None,
    once_key: str | None = None,
) -> int | None:
    """Queue a message that answers nothing: a reply of staff, a notice, a reminder.

    Args:
        once_key: a second message with this key is not sent.

    Returns:
        Its number in the conversation, or None if the conversation is gone or the key was used before.
    """
    if once_key is not None and _was_sent(connection, once_key):
        return None
    taken = connection.execute(
        _TAKE_SEQ, {"conversation": conversation_id, "count": 1, "now": now}
    ).one_or_none()
    if taken is None:
        return None
    unreachable = taken.unreachable_since is not None
    values = {
        "conversation_id": conversation_id,
        "seq": taken.last_seq,
        "channel": taken.channel,
        "author": author,
        "staff": staff,
        "once_key": once_key,
        "payload": _json(message),
        "created_at": now,
        "status": FAILED if unreachable else QUEUED,
        "error": UNREACHABLE if unreachable else None,
        "due_at": now,
    }
    connection.execute(_ADD, values)
    tell_added(connection, conversation_id, taken.channel, taken.last_seq, now)
    return int(taken.last_seq)


def _was_sent(connection: sa.Connection, once_key: str) -> bool:
    # Two processes at once: the unique key refuses the slower one, whose unit is undone.
    return (
        connection.execute(sa.select(outbound.c.id).where(outbound.c.once_key == once_key)).scalar()
        is not None
    )


def tell_added(
    connection: sa.Connection, conversation_id: str, channel: str, seq: int, now: datetime
) -> None:
    """Tell every process that a conversation has new messages, the newest numbered ``seq``."""
    payload = {"conversation": conversation_id, "channel": channel, "seq": seq}
    events.publish(connection, events.MESSAGE_ADDED, payload, now)


def claim_deliveries(
    connection: sa.Connection,
    channel: str,
    now: datetime,
    *,
    limit: int,
    lease_s: float,
    notices: int | None = None,
) -> list[Delivery]:
    """Hand out what is due on a channel, at most one message per conversation, and record "sending".

    A sender that has not reported back after ``lease_s`` seconds counts as lost, and its message is handed out again.
    Answers of the assistant, and what stands before one, go first: somebody waits for them.

    Args:
        notices: at most so many of them are awaited by nobody.
    """
    is_awaited = _is_awaited()
    due = (
        sa.select(outbound.c.id, is_awaited.label("is_awaited"))
        .where(_is_next_on(channel), outbound.c.due_at <= now)
        .order_by(~is_awaited, outbound.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(due).all()
    awaited = [int(row.id) for row in found if row.is_awaited]
    others = [int(row.id) for row in found if not row.is_awaited]
    ids = awaited + others[:notices]
    if not ids:
        return []
    connection.execute(
        sa.update(outbound)
        .where(outbound.c.id.in_(ids))
        .values(
            status=SENDING,
            attempts=outbound.c.attempts + 1,
            due_at=now + timedelta(seconds=lease_s),
        )
    )
    rows = connection.execute(
        sa.select(outbound, conversations.c.sender)
        .join(conversations, conversations.c.id == outbound.c.conversation_id)
        .where(outbound.c.id.in_(ids))
    )
    handed_out = [
        Delivery(
            int(row.id),
            row.conversation_id,
            row.sender,
            row.seq,
            row.author,
            json.loads(row.payload),
            row.attempts,
            int(row.id) in awaited,
        )
        for row in rows
    ]
    return sorted(handed_out, key=lambda delivery: ids.index(delivery.id))


def next_due(connection: sa.Connection, channel: str) -> datetime | None:
    """When the next message of a channel may be tried, None if nothing waits."""
    earliest = sa.func.min(outbound.c.due_at, type_=outbound.c.due_at.type)
    found: datetime | None = connection.execute(
        sa.select(earliest).where(_is_next_on(channel))
    ).scalar()
    return found


def _is_next_on(channel: str) -> sa.ColumnElement[bool]:
    """Whether a message is the oldest of its conversation that is not delivered."""
    earlier = outbound.alias("earlier")
    return sa.and_(
        outbound.c.channel == channel,
        _is_undelivered(outbound),
        ~sa.exists().where(
            earlier.c.channel == channel,
            earlier.c.conversation_id == outbound.c.conversation_id,
            earlier.c.seq < outbound.c.seq,
            _is_undelivered(earlier),
        ),
    )


def _is_undelivered(messages: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a message must still go out, in words that SQLite's planner knows from the partial index.

    With bound values it would read every message that was ever sent.
    """
    on_their_way: sa.BindParameter[Any] = sa.bindparam(
        None, (QUEUED, SENDING), expanding=True, literal_execute=True
    )
    return messages.c.status.in_(on_their_way)


def _is_awaited() -> sa.ColumnElement[bool]:
    """Whether a message is an answer of the assistant, or one stands behind it in its conversation."""
    answer = outbound.alias("answer")
    behind = sa.exists().where(
        answer.c.channel == outbound.c.channel,
        answer.c.conversation_id == outbound.c.conversation_id,
        answer.c.author == ASSISTANT,
        _is_undelivered(answer),
    )
    return sa.or_(outbound.c.author == ASSISTANT, behind)


def mark_sent(
    connection: sa.Connection, delivery: Delivery, now: datetime, *, channel_ref: str | None = None
) -> bool:
    """Record that the channel has taken the message; False if the try was given up meanwhile."""
    return _settle(
        connection, delivery, status=SENT, sent_at=now, channel_ref=channel_ref, error=None
    )


def mark_retry(
    connection: sa.Connection,
    delivery: Delivery,
    error: str,
    due_at: datetime,
    *,
    counts: bool = True,
) -> bool:
    """Try again at ``due_at``; what follows in the conversation waits.

    Args:
        counts: whether this try was one of those that are allowed.
    """
    attempts = delivery.attempt if counts else delivery.attempt - 1
    return _settle(
        connection, delivery, status=QUEUED, due_at=due_at, error=error, attempts=attempts
    )


def mark_failed(connection: sa.Connection, delivery: Delivery, error: str, now: datetime) -> bool:
    """Give a message up: it becomes a dead letter, and what follows goes on."""
    settled = _settle(connection, delivery, status=FAILED, error=error)
    if settled:
        payload = {"conversation": delivery.conversation_id, "seq": delivery.seq, "error": error}
        events.publish(connection, events.MESSAGE_FAILED, payload, now)
    return settled


def mark_unreachable(connection: sa.Connection, conversation_id: str, now: datetime) -> None:
    """Whoever is at the other end has blocked us: nothing more is tried until they write again."""
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(unreachable_since=now)
    )
    connection.execute(
        sa.update(outbound)
        .where(
            outbound.c.conversation_id == conversation_id,
            outbound.c.status.in_((QUEUED, SENDING)),
        )
        .values(status=FAILED, error=UNREACHABLE)
    )
    payload = {"conversation": conversation_id, "error": UNREACHABLE}
    events.publish(connection, events.MESSAGE_FAILED, payload, now)


def mark_read(
    connection: sa.Connection, conversation_id: str, up_to_seq: int, now: datetime
) -> None:
    """Record that the citizen has seen the messages up to a number (channels that are told so)."""
    connection.execute(
        sa.update(outbound)
        .where(
            outbound.c.conversation_id == conversation_id,
            outbound.c.seq <= up_to_seq,
            outbound.c.status == SENT,
        )
        .values(status=READ, read_at=now)
    )


def hand_over(connection: sa.Connection, conversation_id: str, now: datetime) -> None:
    """Record as sent what waits for a client that fetches its messages itself (widget, REST)."""
    connection.execute(
        sa.update(outbound)
        .where(outbound.c.conversation_id == conversation_id, outbound.c.status == QUEUED)
        .values(status=SENT, sent_at=now, attempts=outbound.c.attempts + 1)
    )


def withdraw_answers(connection: sa.Connection, conversation_id: str) -> int:
    """Take back the assistant's answers that nobody has begun to send; returns how many."""
    taken_back = connection.execute(
        sa.update(outbound)
        .where(
            outbound.c.conversation_id == conversation_id,
            outbound.c.status == QUEUED,
            outbound.c.author == ASSISTANT,
        )
        .values(status=WITHDRAWN)
    )
    return int(taken_back.rowcount)


def dead_letters(connection: sa.Connection, limit: int) -> list[DeadLetter]:
    """The most recent messages that could not be delivered."""
    rows = connection.execute(
        sa.select(outbound)
        .where(outbound.c.status == FAILED)
        .order_by(outbound.c.id.desc())
        .limit(limit)
    )
    return [
        DeadLetter(
            int(row.id),
            row.conversation_id,
            row.channel,
            row.seq,
            row.author,
            row.attempts,
            row.error or "",
            row.created_at,
        )
        for row in rows
    ]


def revive(connection: sa.Connection, conversation_id: str, now: datetime) -> int:
    """Queue the dead letters of a conversation once more; returns how many."""
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(unreachable_since=None)
    )
    revived = connection.execute(
        sa.update(outbound)
        .where(outbound.c.conversation_id == conversation_id, outbound.c.status == FAILED)
        .values(status=QUEUED, attempts=0, due_at=now, error=None)
    )
    return int(revived.rowcount)


def _settle(connection: sa.Connection, delivery: Delivery, **values: Any) -> bool:
    """Report on a try; one that was given up and handed out again changes nothing."""
    changed = connection.execute(
        sa.update(outbound)
        .where(
            outbound.c.id == delivery.id,
            outbound.c.status == SENDING,
            outbound.c.attempts == delivery.attempt,
        )
        .values(**values)
    )
    return changed.rowcount == 1


def _json(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)
