"""What staff see of conversations: lists and counts, and what they write beside them (drafts, notes, presence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.storage import ownership
from bot.storage.console_tables import drafts, notes, saved_replies, staff, staff_sessions
from bot.storage.search_words import with_words
from bot.storage.tables import conversations
from bot.storage.upsert import insert

PAGE_ROWS: Final = 50

WAITING: Final = "attesa"
MINE: Final = "mie"
COLLEAGUES: Final = "colleghi"
ASSISTANT: Final = "assistente"
CLOSED: Final = "chiuse"
VIEWS: Final = (WAITING, MINE, COLLEAGUES, ASSISTANT, CLOSED)
"""The lists of the console, by their names in the address."""

AVAILABLE: Final = "available"
BUSY: Final = "busy"
AWAY: Final = "away"


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to; "", None and no words mean everything."""

    channel: str = ""
    topics: Sequence[str] | None = None
    office: str = ""
    words: Sequence[str] = ()
    before: datetime | None = None


@dataclass(frozen=True)
class Listed:
    """A conversation as lists show it."""

    id: str
    channel: str
    owner: str
    staff: str | None
    topic: str | None
    reason: str | None
    office: str
    priority: int
    waiting_since: datetime | None
    unanswered_since: datetime | None
    alert_kind: str | None
    last_message_at: datetime


@dataclass(frozen=True)
class Counts:
    """How much there is to do."""

    waiting: int
    mine: int
    mine_unanswered: int
    alerts: int


@dataclass(frozen=True)
class Colleague:
    """Somebody who is there; ``reason`` says why somebody is busy, "" if nobody said."""

    name: str
    presence: str
    reason: str


@dataclass(frozen=True)
class Note:
    """Something that colleagues should know and the citizen does not read."""

    who: str
    text: str
    at: datetime


@dataclass(frozen=True)
class SavedReply:
    """A text that is often needed."""

    id: int
    shortcut: str
    title: str
    text: str


_C: Final = conversations.c
_COLUMNS: Final = (_C.id, _C.channel, _C.owner, _C.staff, _C.topic, _C.reason, _C.office, _C.priority,
                   _C.waiting_since, _C.unanswered_since, _C.alert_kind, _C.last_message_at)  # fmt: skip


def listed(connection: sa.Connection, view: str, me: str, narrowed: Filter) -> list[Listed]:
    """One page of a list: the queue in its order, the others by their newest message."""
    query = sa.select(*_COLUMNS).where(_in_view(view, me), _C.erased_at.is_(None)).limit(PAGE_ROWS)
    for column, value in (
        (_C.channel, narrowed.channel),
        (_C.office, narrowed.office),
    ):
        if value:
            query = query.where(column == value)
    if narrowed.topics is not None:
        query = query.where(_C.topic.in_(narrowed.topics))
    if narrowed.words:
        query = query.where(with_words(connection, narrowed.words))
    if narrowed.before is not None:
        query = query.where(_C.last_message_at < narrowed.before)
    if view == WAITING:
        query = query.order_by(_C.priority.desc(), _C.waiting_since, _C.id)
    else:
        query = query.order_by(_C.last_message_at.desc(), _C.id)
    return [Listed(*row) for row in connection.execute(query)]


def counts(connection: sa.Connection, me: str) -> Counts:
    """What waits for everybody and for ``me``."""
    mine = sa.and_(_C.owner == ownership.STAFF, _C.staff == me)
    row = connection.execute(
        sa.select(
            sa.select(sa.func.count())
            .select_from(conversations)
            .where(_C.owner == ownership.WAITING)
            .scalar_subquery(),
            sa.select(sa.func.count()).select_from(conversations).where(mine).scalar_subquery(),
            sa.select(sa.func.count())
            .select_from(conversations)
            .where(mine, _C.unanswered_since.is_not(None))
            .scalar_subquery(),
            sa.select(sa.func.count())
            .select_from(conversations)
            .where(mine, _C.alert_at.is_not(None))
            .scalar_subquery(),
        )
    ).one()
    return Counts(*row)


def office_of(connection: sa.Connection, conversation_id: str) -> str:
    """The office that a conversation was passed to, "" if none."""
    found = connection.execute(sa.select(_C.office).where(_C.id == conversation_id)).scalar()
    return str(found or "")


def set_office(connection: sa.Connection, conversation_id: str, office: str) -> None:
    """Note which office a conversation was passed to."""
    connection.execute(
        sa.update(conversations).where(_C.id == conversation_id).values(office=office)
    )


def save_draft(
    connection: sa.Connection, conversation_id: str, staff_id: int, text: str, now: datetime
) -> None:
    """Keep what somebody has typed so far; an empty text is no draft."""
    if not text.strip():
        forget_draft(connection, conversation_id, staff_id)
        return
    values = {"text": text, "saved_at": now}
    connection.execute(
        insert(connection, drafts)
        .values(conversation_id=conversation_id, staff_id=staff_id, **values)
        .on_conflict_do_update(index_elements=["conversation_id", "staff_id"], set_=values)
    )


def draft(connection: sa.Connection, conversation_id: str, staff_id: int) -> str:
    """What somebody has typed and not sent."""
    query = sa.select(drafts.c.text).where(
        drafts.c.conversation_id == conversation_id, drafts.c.staff_id == staff_id
    )
    return str(connection.execute(query).scalar() or "")


def forget_draft(connection: sa.Connection, conversation_id: str, staff_id: int) -> None:
    """It was sent."""
    connection.execute(
        sa.delete(drafts).where(
            drafts.c.conversation_id == conversation_id, drafts.c.staff_id == staff_id
        )
    )


def add_note(
    connection: sa.Connection,
    *,
    conversation_id: str,
    staff_id: int,
    text: str,
    once_key: str,
    now: datetime,
) -> None:
    """Keep a note; the same form sent twice keeps one."""
    connection.execute(
        insert(connection, notes)
        .values(
            conversation_id=conversation_id,
            staff_id=staff_id,
            text=text,
            once_key=once_key,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["once_key"])
    )


def notes_of(connection: sa.Connection, conversation_id: str) -> list[Note]:
    """Notes of a conversation, oldest first, the last hundred."""
    rows = connection.execute(
        sa.select(staff.c.name, notes.c.text, notes.c.created_at)
        .join(staff, staff.c.id == notes.c.staff_id)
        .where(notes.c.conversation_id == conversation_id)
        .order_by(notes.c.id.desc())
        .limit(100)
    )
    return [Note(*row) for row in rows][::-1]


def replies(connection: sa.Connection) -> list[SavedReply]:
    """All saved replies by title; an office has tens of them."""
    rows = connection.execute(
        sa.select(
            saved_replies.c.id,
            saved_replies.c.shortcut,
            saved_replies.c.title,
            saved_replies.c.text,
        ).order_by(saved_replies.c.title)
    )
    return [SavedReply(*row) for row in rows]


def colleagues_online(connection: sa.Connection, *, seen_after: datetime) -> list[Colleague]:
    """Those who could take a conversation now: signed in and not away."""
    rows = connection.execute(
        sa.select(staff.c.name, staff.c.presence, staff.c.presence_reason)
        .where(
            staff.c.disabled_at.is_(None),
            staff.c.presence != AWAY,
            staff.c.id.in_(
                sa.select(staff_sessions.c.staff_id).where(
                    staff_sessions.c.last_seen_at > seen_after, staff_sessions.c.stage == "full"
                )
            ),
        )
        .order_by(staff.c.name)
    )
    return [Colleague(*row) for row in rows]


def _in_view(view: str, me: str) -> sa.ColumnElement[bool]:
    if view == MINE:
        return sa.and_(_C.owner == ownership.STAFF, _C.staff == me)
    if view == COLLEAGUES:
        return sa.and_(_C.owner == ownership.STAFF, _C.staff != me)
    owner = {WAITING: ownership.WAITING, ASSISTANT: ownership.ASSISTANT, CLOSED: ownership.CLOSED}
    return _C.owner == owner[view]
