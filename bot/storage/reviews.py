"""Conversations that went badly, and the marks that staff put on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.storage import audit
from bot.storage.console_tables import reviews as table
from bot.storage.upsert import insert

TO_DO: Final = "to_do"
DONE: Final = "done"
WENT_BADLY: Final = frozenset({"not_found", "fault"})
"""Status of answers that put a conversation on the list: not understood or not in the records, or broken."""

HANDED_OVER: Final = "handed_over"
"""Reason of a conversation that was handed to a person because the assistant did not understand."""

RATED_LOW: Final = "rated_low"
LOW_SCORE: Final = 2
"""Highest rating of the citizen, from 1 to 5, that puts a conversation on the list."""

PAGE_ROWS: Final = 50


@dataclass(frozen=True)
class Review:
    """A conversation on the list. ``reason`` is the status of the first answer that went badly."""

    conversation_id: str
    reason: str
    status: str
    note: str
    found_at: datetime


def note_bad_answers(
    connection: sa.Connection, conversation_id: str, statuses: Iterable[str], at: datetime
) -> None:
    """Put a conversation on the list if one of these answers went badly; who is on it stays as marked."""
    reason = next((status for status in statuses if status in WENT_BADLY), None)
    if reason is not None:
        connection.execute(
            insert(connection, table)
            .values(conversation_id=conversation_id, reason=reason, found_at=at)
            .on_conflict_do_nothing(index_elements=["conversation_id"])
        )


def note(connection: sa.Connection, conversation_id: str, reason: str, at: datetime) -> None:
    """Put a conversation on the list for a weightier reason than an answer; what is done begins anew."""
    values = {"reason": reason, "status": TO_DO, "found_at": at}
    connection.execute(
        insert(connection, table)
        .values(conversation_id=conversation_id, **values)
        .on_conflict_do_update(
            index_elements=["conversation_id"],
            set_=values,
            where=table.c.reason != reason,
        )
    )


def listed(connection: sa.Connection, status: str) -> list[Review]:
    """The newest conversations with this mark."""
    rows = connection.execute(
        sa.select(
            table.c.conversation_id, table.c.reason, table.c.status, table.c.note, table.c.found_at
        )
        .where(table.c.status == status)
        .order_by(table.c.found_at.desc())
        .limit(PAGE_ROWS)
    )
    return [Review(*row) for row in rows]


def find(connection: sa.Connection, conversation_id: str) -> Review | None:
    """The entry of a conversation, None if it is not on the list."""
    row = connection.execute(
        sa.select(
            table.c.conversation_id, table.c.reason, table.c.status, table.c.note, table.c.found_at
        ).where(table.c.conversation_id == conversation_id)
    ).one_or_none()
    return Review(*row) if row else None


def mark(
    connection: sa.Connection,
    conversation_id: str,
    *,
    status: str,
    note: str,
    by: int,
    now: datetime,
) -> bool:
    """Set mark and note; False if the conversation is not on the list."""
    changed = connection.execute(
        sa.update(table)
        .where(table.c.conversation_id == conversation_id)
        .values(status=status, note=note)
    )
    if changed.rowcount != 1:
        return False
    audit.record(
        connection,
        now=now,
        staff_id=by,
        action="review_marked",
        subject_kind="conversation",
        subject_id=conversation_id,
        detail={"status": status},
    )
    return True
