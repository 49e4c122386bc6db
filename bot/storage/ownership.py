"""Who speaks in a conversation: the one place where the owner changes, always under the lock of its row.

assistant -> waiting   somebody asks for a person; the assistant goes on answering
any -> staff           a named person claims it; exactly one wins, and answers not yet sent are withdrawn
staff -> waiting       the person is gone, or passes it to an office: the request is in the queue again, where it was
staff -> staff         the person passes it to a colleague
waiting, staff -> assistant   the request is withdrawn, or the person gives the conversation back
any -> closed          by staff or by silence; the dialogue begins anew at the next message
closed -> assistant    the citizen writes again

The turn reads the owner again when it commits (`inbox.commit_turn`): an answer computed before a claim is not stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.errors import AlreadyClaimed, NotInCharge, UnknownConversation
from bot.storage import events, outbox
from bot.storage.tables import conversations, ownership_changes

ASSISTANT: Final = "assistant"
WAITING: Final = "waiting"
STAFF: Final = "staff"
CLOSED: Final = "closed"
OWNERS: Final = (ASSISTANT, WAITING, STAFF, CLOSED)

CITIZEN: Final = "citizen"
SYSTEM: Final = "system"
"""Who changes an owner besides the members of staff, who go by their names."""

SILENCE: Final = "silence"
"""Reason of a conversation that ended because nobody said anything."""

_ORDINARY: Final = 0
URGENT: Final = 1
"""Priorities in the queue; the greater comes first."""


@dataclass(frozen=True)
class Ownership:
    """Who is in charge, and since when somebody waits. ``staff`` is set only while a person owns it."""

    conversation_id: str
    owner: str
    staff: str | None = None
    reason: str | None = None
    priority: int = _ORDINARY
    waiting_since: datetime | None = None


def current(connection: sa.Connection, conversation_id: str) -> Ownership:
    """Who is in charge, with the conversation locked until the transaction ends.

    Raises:
        UnknownConversation: there is none of that id.
    """
    c = conversations.c
    row = connection.execute(
        sa.select(c.id, c.owner, c.staff, c.reason, c.priority, c.waiting_since)
        .where(c.id == conversation_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownConversation(conversation_id)
    return Ownership(*row)


def request_person(
    connection: sa.Connection, conversation_id: str, *, reason: str, now: datetime
) -> Ownership:
    """Put the conversation into the queue; who waits already keeps the place, whom a person answers stays there."""
    before = current(connection, conversation_id)
    if before.owner in (WAITING, STAFF):
        return before
    after = replace(before, owner=WAITING, reason=reason, waiting_since=now)
    return _change(connection, before, after, CITIZEN, now)


def withdraw_request(connection: sa.Connection, conversation_id: str, now: datetime) -> Ownership:
    """Leave the queue: the citizen needs no person any more."""
    before = current(connection, conversation_id)
    if before.owner != WAITING:
        return before
    return _change(connection, before, _with_assistant(before), CITIZEN, now)


def claim(connection: sa.Connection, conversation_id: str, staff: str, now: datetime) -> Ownership:
    """Put a member of staff in charge.

    Raises:
        AlreadyClaimed: a colleague was faster; the error says who.
    """
    before = current(connection, conversation_id)
    if before.owner == STAFF:
        if before.staff == staff:
            return before
        raise AlreadyClaimed(conversation_id, before.staff or "")
    outbox.withdraw_answers(connection, conversation_id)
    # While waiting, the assistant has answered; from now on every message waits for the person.
    return _change(connection, before, replace(before, owner=STAFF, staff=staff), staff, now)


def release(
    connection: sa.Connection, conversation_id: str, staff: str, now: datetime
) -> Ownership:
    """Give the conversation back to the assistant, which still knows what it knew.

    Raises:
        NotInCharge: somebody else, or nobody, is in charge.
    """
    before = in_charge(connection, conversation_id, staff)
    return _change(connection, before, _with_assistant(before), staff, now)


def pass_on(
    connection: sa.Connection,
    conversation_id: str,
    staff: str,
    *,
    colleague: str | None,
    now: datetime,
) -> Ownership:
    """Hand the conversation to a named colleague, or (None) back into the queue for another office.

    Raises:
        NotInCharge: ``staff`` is not in charge.
    """
    before = in_charge(connection, conversation_id, staff)
    if colleague is not None:
        return _change(connection, before, replace(before, staff=colleague), staff, now)
    since = before.waiting_since or now
    after = replace(before, owner=WAITING, staff=None, waiting_since=since)
    return _change(connection, before, after, staff, now)


def give_up(connection: sa.Connection, conversation_id: str, now: datetime) -> Ownership:
    """Put a conversation whose person is gone back into the queue, at the place that it had."""
    before = current(connection, conversation_id)
    if before.owner != STAFF:
        return before
    after = replace(
        before,
        owner=WAITING,
        staff=None,
        waiting_since=before.waiting_since or now,
        priority=URGENT,
    )
    return _change(connection, before, after, SYSTEM, now)


def close(
    connection: sa.Connection, conversation_id: str, *, by: str, reason: str, now: datetime
) -> Ownership:
    """End the conversation: what was said stays, the dialogue begins anew at the next message.

    Raises:
        AlreadyClaimed: a colleague of ``by`` is in charge.
    """
    before = current(connection, conversation_id)
    if before.owner == STAFF and before.staff != by:
        raise AlreadyClaimed(conversation_id, before.staff or "")
    if before.owner == CLOSED:
        return before
    return _close(connection, before, by, reason, now)


def expire(connection: sa.Connection, conversation_id: str, now: datetime) -> Ownership:
    """End a conversation because of silence, whoever is in charge."""
    before = current(connection, conversation_id)
    if before.owner in (CLOSED, WAITING):
        return before
    return _close(connection, before, SYSTEM, SILENCE, now)


def reopen(connection: sa.Connection, conversation_id: str, now: datetime) -> Ownership:
    """Give a closed conversation to the assistant: the citizen has written again."""
    before = current(connection, conversation_id)
    if before.owner != CLOSED:
        return before
    return _change(connection, before, _with_assistant(before), CITIZEN, now)


def in_charge(connection: sa.Connection, conversation_id: str, staff: str) -> Ownership:
    """The ownership, if ``staff`` is the person in charge.

    Raises:
        NotInCharge: somebody else, or nobody, is in charge.
    """
    before = current(connection, conversation_id)
    if before.owner != STAFF or before.staff != staff:
        raise NotInCharge(conversation_id, before.staff or "")
    return before


def hurry(connection: sa.Connection, conversation_id: str) -> None:
    """Let a conversation be read before the others of the queue."""
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(priority=URGENT)
    )


def staff_answers(connection: sa.Connection, channel: str, sender: str) -> bool:
    """Whether a person is in charge of the conversation with somebody on a channel."""
    c = conversations.c
    owner = sa.select(c.owner).where(c.channel == channel, c.sender == sender)
    return connection.execute(owner).scalar() == STAFF


def place_in_queue(connection: sa.Connection, conversation_id: str) -> int:
    """Place of a conversation in the queue, from 1; for one that is not in it, the place it would get."""
    c = conversations.c
    mine = connection.execute(
        sa.select(c.waiting_since, c.priority, c.id).where(
            c.id == conversation_id, c.owner == WAITING
        )
    ).one_or_none()
    ahead = sa.select(sa.func.count()).select_from(conversations).where(c.owner == WAITING)
    if mine is not None:
        ahead = ahead.where(
            sa.or_(
                c.priority > mine.priority,
                sa.and_(c.priority == mine.priority, c.waiting_since < mine.waiting_since),
                sa.and_(
                    c.priority == mine.priority,
                    c.waiting_since == mine.waiting_since,
                    c.id < mine.id,
                ),
            )
        )
    return int(connection.execute(ahead).scalar_one()) + 1


def _close(
    connection: sa.Connection, before: Ownership, by: str, reason: str, now: datetime
) -> Ownership:
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == before.conversation_id)
        .values(state=None, version=conversations.c.version + 1)
    )
    after = Ownership(before.conversation_id, CLOSED, reason=reason)
    return _change(connection, before, after, by, now)


def _with_assistant(before: Ownership) -> Ownership:
    return Ownership(before.conversation_id, ASSISTANT)


def _change(
    connection: sa.Connection, before: Ownership, after: Ownership, by: str, now: datetime
) -> Ownership:
    values: dict[str, Any] = {
        "owner": after.owner,
        "staff": after.staff,
        "reason": after.reason,
        "priority": after.priority,
        "waiting_since": after.waiting_since,
    }
    if after.owner != STAFF:
        values |= {"unanswered_since": None, "alert_kind": None, "alert_at": None}
    row = connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == after.conversation_id)
        .values(**values)
        .returning(conversations.c.last_seq, conversations.c.channel)
    ).one()
    connection.execute(
        sa.insert(ownership_changes).values(
            conversation_id=after.conversation_id,
            owner=after.owner,
            staff=after.staff,
            reason=after.reason,
            by=by,
            at_seq=row.last_seq,
            at=now,
        )
    )
    payload = {
        "conversation": after.conversation_id,
        "channel": row.channel,
        "owner": after.owner,
        "was": before.owner,
    }
    events.publish(connection, events.CONVERSATION_CHANGED, payload, now)
    return after
