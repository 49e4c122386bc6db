"""Named locks of one transaction: let only one at a time decide about the same thing."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa


def lock_names(connection: sa.Connection, names: Iterable[str]) -> None:
    """Wait until this transaction has all names for itself, always in the same order; released at its end.

    SQLite has one writer anyway.
    """
    if connection.dialect.name != "postgresql":
        return
    for name in sorted(names):
        key = sa.func.hashtextextended(name, 0)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
