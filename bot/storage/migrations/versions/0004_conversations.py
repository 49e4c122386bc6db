"""one sequence of messages, delivery states, owners, hand-off requests, reports

Columns are added in place: rebuilding a table that others refer to would empty them on SQLite.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from bot.storage.tables import UTCDateTime

revision = "0004_conversations"
down_revision = "0003_appointments"
branch_labels = None
depends_on = None

_ROW_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_KEPT: Final = {"sqlite_autoincrement": True}
"""What a rebuilt table would lose."""

_NUMBERED: Final = """
    UPDATE {table} SET seq = numbered.seq FROM (
        SELECT id, is_answer, row_number() OVER (
            PARTITION BY conversation_id ORDER BY message_id, is_answer, position
        ) AS seq FROM (
            SELECT id, conversation_id, id AS message_id, 0 AS is_answer, 0 AS position FROM inbound
            UNION ALL
            SELECT id, conversation_id, inbound_id, 1, position FROM outbound
        ) AS messages
    ) AS numbered WHERE numbered.id = {table}.id AND numbered.is_answer = {is_answer}
"""


def upgrade() -> None:
    _conversations()
    op.add_column("inbound", _counter("seq"))
    _outbound()
    for table, is_answer in (("inbound", 0), ("outbound", 1)):
        op.execute(_NUMBERED.format(table=table, is_answer=is_answer))
        op.create_index(
            f"uq_{table}_conversation_id_seq", table, ["conversation_id", "seq"], unique=True
        )
    op.execute(
        "UPDATE conversations SET last_seq = (SELECT count(*) FROM inbound WHERE conversation_id = conversations.id)"
        " + (SELECT count(*) FROM outbound WHERE conversation_id = conversations.id)"
    )
    _new_tables()


def _counter(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime(timezone=True), nullable=nullable)


def _conversation() -> sa.Column[Any]:
    return sa.Column("conversation_id", sa.String(32), nullable=False)


def _conversation_key(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_conversation_id")
    return sa.ForeignKeyConstraint(
        ["conversation_id"], ["conversations.id"], name=name, ondelete="CASCADE"
    )


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _conversations() -> None:
    columns = (
        _counter("last_seq"),
        sa.Column("staff", sa.String(128)),
        sa.Column("topic", sa.String(128)),
        sa.Column("reason", sa.String(32)),
        _counter("priority"),
        _moment("waiting_since"),
        _moment("unanswered_since"),
        sa.Column("alert_kind", sa.String(32)),
        _moment("alert_at"),
        _moment("unreachable_since"),
        _moment("erased_at"),
    )
    for column in columns:
        op.add_column("conversations", column)
    op.create_index(
        "ix_conversations_owner_last_message_at", "conversations", ["owner", "last_message_at"]
    )
    for name in ("alert", "erased"):
        _partial_index(
            f"ix_conversations_{name}", "conversations", [f"{name}_at"], f"{name}_at IS NOT NULL"
        )


def _outbound() -> None:
    """Nothing refers to this table, so that it may be rebuilt."""
    with op.batch_alter_table("outbound", table_kwargs=_KEPT) as table:
        table.alter_column("inbound_id", existing_type=_ROW_ID, nullable=True)
        table.alter_column("position", existing_type=sa.Integer(), nullable=True)
        table.add_column(_counter("seq"))
        table.add_column(sa.Column("channel", sa.String(16), server_default="", nullable=False))
        table.add_column(
            sa.Column("author", sa.String(16), server_default="assistant", nullable=False)
        )
        table.add_column(sa.Column("staff", sa.String(128)))
        table.add_column(sa.Column("once_key", sa.String(128)))
        table.add_column(sa.Column("status", sa.String(16), server_default="sent", nullable=False))
        table.add_column(_counter("attempts"))
        table.add_column(_moment("due_at"))
        table.add_column(_moment("sent_at"))
        table.add_column(_moment("read_at"))
        table.add_column(sa.Column("channel_ref", sa.String(64)))
        table.add_column(sa.Column("error", sa.String(64)))
        table.create_unique_constraint(op.f("uq_outbound_once_key"), ["once_key"])
    op.execute("UPDATE outbound SET due_at = created_at, sent_at = created_at")
    op.execute(
        "UPDATE outbound SET channel = (SELECT channel FROM conversations WHERE id = outbound.conversation_id)"
    )
    with op.batch_alter_table("outbound", table_kwargs=_KEPT) as table:
        table.alter_column("due_at", existing_type=UTCDateTime(timezone=True), nullable=False)
        for name in ("seq", "channel", "author", "status"):
            table.alter_column(name, server_default=None)
    _partial_index(
        "ix_outbound_undelivered",
        "outbound",
        ["channel", "conversation_id", "seq"],
        "status IN ('queued', 'sending')",
    )
    _partial_index("ix_outbound_failed", "outbound", ["id"], "status = 'failed'")


def _new_tables() -> None:
    op.create_table(
        "handoffs",
        _conversation(),
        sa.Column("message", sa.Text()),
        sa.Column("contact", sa.String(255)),
        _moment("created_at", nullable=False),
        _conversation_key("handoffs"),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_handoffs")),
    )
    op.create_table(
        "ownership_changes",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        _conversation(),
        sa.Column("owner", sa.String(16), nullable=False),
        sa.Column("staff", sa.String(128)),
        sa.Column("reason", sa.String(32)),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("at_seq", sa.Integer(), nullable=False),
        _moment("at", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_ownership_changes_conversation_id", "ownership_changes", ["conversation_id"]
    )
    op.create_table(
        "reports",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        _conversation(),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(128), nullable=False),
        sa.Column("records", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(16), server_default="open", nullable=False),
        _moment("created_at", nullable=False),
        _conversation_key("reports"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("conversation_id", "seq", name=op.f("uq_reports_conversation_id_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_status", "reports", ["status", "id"])
