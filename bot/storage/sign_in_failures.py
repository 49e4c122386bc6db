"""Counting failed sign-ins, per account, per address and per known device, shared by all replicas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.storage.console_tables import sign_in_failures as table
from bot.storage.upsert import insert


def blocked_until(
    connection: sa.Connection, subjects: Sequence[str], now: datetime
) -> datetime | None:
    """The latest end of the blocks that hold now, or None."""
    query = sa.select(table.c.blocked_until).where(
        table.c.subject.in_(subjects), table.c.blocked_until > now
    )
    ends = [end for end in connection.execute(query).scalars() if end is not None]
    return max(ends, default=None)


def count_failure(
    connection: sa.Connection,
    subject: str,
    *,
    now: datetime,
    window: timedelta,
    free: int,
    first_block: timedelta,
    longest_block: timedelta,
) -> int:
    """Count a failure; from the ``free``-th in the window on, block for a time that doubles. Returns the count."""
    # The row exists before it is locked: of two first failures at once, both count.
    connection.execute(
        insert(connection, table)
        .values(subject=subject, failures=0, first_at=now, last_at=now)
        .on_conflict_do_nothing(index_elements=["subject"])
    )
    row = connection.execute(
        sa.select(table).where(table.c.subject == subject).with_for_update()
    ).one()
    fresh = row.last_at <= now - window
    failures = 1 if fresh else row.failures + 1
    block = None
    if failures >= free:
        block = now + min(longest_block, first_block * 2 ** min(failures - free, 20))
    connection.execute(
        sa.update(table)
        .where(table.c.subject == subject)
        .values(
            failures=failures,
            first_at=now if fresh else row.first_at,
            last_at=now,
            blocked_until=block,
        )
    )
    return failures


def forgive(connection: sa.Connection, subjects: Sequence[str]) -> None:
    """Forget the failures of these subjects."""
    connection.execute(sa.delete(table).where(table.c.subject.in_(subjects)))


def forget_old(connection: sa.Connection, before: datetime) -> None:
    """Delete counters that nobody has touched since ``before``."""
    connection.execute(sa.delete(table).where(table.c.last_at <= before))
