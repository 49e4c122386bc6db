"""Statements about signed-in sessions. The token itself is never stored, only its SHA-256."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.storage.console_tables import staff, staff_sessions
from bot.storage.staff import Account, account_of

FULL: Final = "full"
"""Everything the role allows."""
SECOND_FACTOR: Final = "second_factor"
"""The password was right, the code is still missing."""
ENROLMENT: Final = "enrolment"
"""The role asks for a second factor that is not set up yet."""
RENEWAL: Final = "renewal"
"""The password is too old and must be changed first."""


@dataclass(frozen=True)
class Session:
    """A session with its person."""

    id: int
    stage: str
    created_at: datetime
    last_seen_at: datetime
    wrong_codes: int
    account: Account


def open_session(
    connection: sa.Connection, *, digest: str, staff_id: int, stage: str, now: datetime
) -> int:
    """Start a session; returns its number."""
    return int(
        connection.execute(
            sa.insert(staff_sessions)
            .values(digest=digest, staff_id=staff_id, stage=stage, created_at=now, last_seen_at=now)
            .returning(staff_sessions.c.id)
        ).scalar_one()
    )


def find_session(
    connection: sa.Connection, digest: str, *, seen_after: datetime, created_after: datetime
) -> Session | None:
    """The session of a token, unless it idled or lived too long, or its person was disabled."""
    row = connection.execute(
        sa.select(staff_sessions, staff)
        .join(staff, staff.c.id == staff_sessions.c.staff_id)
        .where(
            staff_sessions.c.digest == digest,
            staff_sessions.c.last_seen_at > seen_after,
            staff_sessions.c.created_at > created_after,
            staff.c.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    values = row._mapping
    return Session(
        values[staff_sessions.c.id],
        values[staff_sessions.c.stage],
        values[staff_sessions.c.created_at],
        values[staff_sessions.c.last_seen_at],
        values[staff_sessions.c.wrong_codes],
        account_of(row),
    )


def alive(
    connection: sa.Connection,
    sessions: Iterable[int],
    *,
    seen_after: datetime,
    created_after: datetime,
) -> frozenset[int]:
    """Which of these sessions are still good."""
    query = (
        sa.select(staff_sessions.c.id)
        .join(staff, staff.c.id == staff_sessions.c.staff_id)
        .where(
            staff_sessions.c.id.in_(list(sessions)),
            staff_sessions.c.last_seen_at > seen_after,
            staff_sessions.c.created_at > created_after,
            staff.c.disabled_at.is_(None),
        )
    )
    return frozenset(connection.execute(query).scalars())


def of_person(connection: sa.Connection, staff_id: int) -> list[tuple[int, datetime, datetime]]:
    """Number, start and last use of a person's sessions, the newest first."""
    rows = connection.execute(
        sa.select(staff_sessions.c.id, staff_sessions.c.created_at, staff_sessions.c.last_seen_at)
        .where(staff_sessions.c.staff_id == staff_id)
        .order_by(staff_sessions.c.id.desc())
        .limit(20)
    )
    return [(row.id, row.created_at, row.last_seen_at) for row in rows]


def touch(connection: sa.Connection, session_id: int, now: datetime) -> None:
    """The person did something now."""
    connection.execute(
        sa.update(staff_sessions).where(staff_sessions.c.id == session_id).values(last_seen_at=now)
    )


def count_wrong_code(connection: sa.Connection, session_id: int) -> int:
    """One more wrong code in this session; returns how many there are."""
    return int(
        connection.execute(
            sa.update(staff_sessions)
            .where(staff_sessions.c.id == session_id)
            .values(wrong_codes=staff_sessions.c.wrong_codes + 1)
            .returning(staff_sessions.c.wrong_codes)
        ).scalar()
        or 0
    )


def end_session(connection: sa.Connection, session_id: int) -> None:
    """Sign out of one session."""
    connection.execute(sa.delete(staff_sessions).where(staff_sessions.c.id == session_id))


def forget_ended(
    connection: sa.Connection, *, seen_before: datetime, created_before: datetime
) -> None:
    """Delete the rows of sessions that have ended by time."""
    connection.execute(
        sa.delete(staff_sessions).where(
            sa.or_(
                staff_sessions.c.last_seen_at <= seen_before,
                staff_sessions.c.created_at <= created_before,
            )
        )
    )
