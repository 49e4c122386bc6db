"""``INSERT … ON CONFLICT`` in the words of the database at hand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert statement that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: sa.Table) -> Any:
    """The same, for a dialect named "postgresql" or "sqlite"."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)
