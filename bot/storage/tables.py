"""Tables of the application (SQLAlchemy Core). Times are UTC, ISO text on SQLite, timestamptz on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite gives an ever-growing key only to INTEGER columns."""


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """Aware UTC date-times in and out, on both databases."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("naive date-time refused: use bot.clock")
        return value.astimezone(timezone.utc) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value


conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("sender", sa.String(255), nullable=False),
    sa.Column("owner", sa.String(16), nullable=False, server_default="assistant"),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("state", sa.Text),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("last_message_at", UTCDateTime, nullable=False),
    sa.UniqueConstraint("channel", "sender"),
)

inbound = sa.Table(
    "inbound",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("channel_key", sa.String(255)),
    sa.Column("digest", sa.String(64)),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("received_at", UTCDateTime, nullable=False),
    sa.Column("answered_at", UTCDateTime),
    sa.UniqueConstraint("conversation_id", "channel_key"),
    sa.Index(
        "ix_inbound_unanswered",
        "conversation_id",
        "id",
        sqlite_where=sa.text("status = 'received'"),
        postgresql_where=sa.text("status = 'received'"),
    ),
    sqlite_autoincrement=True,
)

outbound = sa.Table(
    "outbound",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("inbound_id", RowId, sa.ForeignKey("inbound.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.UniqueConstraint("inbound_id", "position"),
    sqlite_autoincrement=True,
)

effects = sa.Table(
    "effects",
    metadata,
    sa.Column("inbound_id", RowId, sa.ForeignKey("inbound.id", ondelete="CASCADE"), nullable=False),
    sa.Column("effect", sa.String(64), nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.PrimaryKeyConstraint("inbound_id", "effect"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sqlite_autoincrement=True,
)

app_state = sa.Table(
    "app_state",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
