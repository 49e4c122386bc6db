"""Triggers that refuse to change or delete rows of a table, for both databases: used by migrations."""

from __future__ import annotations

from typing import Any


def append_only(dialect: str, table: str) -> list[str]:
    """Statements after which ``table`` only grows, whoever asks."""
    refused = f"{table} is append-only"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{refused}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refused}'; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
    ]


def apply_append_only(operations: Any, table: str) -> None:
    """Run the statements in a migration (``operations`` is ``alembic.op``)."""
    for statement in append_only(operations.get_bind().dialect.name, table):
        operations.execute(statement)
