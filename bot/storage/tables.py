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
    # Number of the newest message: citizen's and office's messages are one sequence without gaps.
    sa.Column("last_seq", sa.Integer, nullable=False, server_default="0"),
    sa.Column("staff", sa.String(128)),
    sa.Column("topic", sa.String(128)),
    sa.Column("reason", sa.String(32)),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waiting_since", UTCDateTime),
    # The oldest message of the citizen that the member of staff in charge has not answered.
    sa.Column("unanswered_since", UTCDateTime),
    # Danger told to a member of staff who has not looked yet.
    sa.Column("alert_kind", sa.String(32)),
    sa.Column("alert_at", UTCDateTime),
    sa.Column("unreachable_since", UTCDateTime),
    sa.Column("erased_at", UTCDateTime),
    # The office that a member of staff has passed it to; empty is the office of first contact.
    sa.Column("office", sa.String(64), nullable=False, server_default=""),
    # Up to which message the words of the conversation can be searched.
    sa.Column("indexed_seq", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("channel", "sender"),
    sa.Index(
        "ix_conversations_not_indexed",
        "id",
        sqlite_where=sa.text("last_seq > indexed_seq"),
        postgresql_where=sa.text("last_seq > indexed_seq"),
    ),
    sa.Index("ix_conversations_queue", "owner", "priority", "waiting_since"),
    sa.Index("ix_conversations_staff", "staff", "last_message_at"),
    sa.Index("ix_conversations_owner_last_message_at", "owner", "last_message_at"),
    sa.Index(
        "ix_conversations_alert",
        "alert_at",
        sqlite_where=sa.text("alert_at IS NOT NULL"),
        postgresql_where=sa.text("alert_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_conversations_erased",
        "erased_at",
        sqlite_where=sa.text("erased_at IS NOT NULL"),
        postgresql_where=sa.text("erased_at IS NOT NULL"),
    ),
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
    sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
    sa.Column("channel_key", sa.String(255)),
    sa.Column("digest", sa.String(64)),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("received_at", UTCDateTime, nullable=False),
    sa.Column("answered_at", UTCDateTime),
    sa.UniqueConstraint("conversation_id", "channel_key"),
    sa.Index("uq_inbound_conversation_id_seq", "conversation_id", "seq", unique=True),
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
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("author", sa.String(16), nullable=False),
    sa.Column("staff", sa.String(128)),
    # The message that it answers, and its place among the answers; none for staff, system, reminders.
    sa.Column("inbound_id", RowId, sa.ForeignKey("inbound.id", ondelete="CASCADE")),
    sa.Column("position", sa.Integer),
    # Who sends on its own initiative gives a key, and a second message with it is not sent.
    sa.Column("once_key", sa.String(128), unique=True),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # When it may be tried next; while "sending", when its sender counts as lost.
    sa.Column("due_at", UTCDateTime, nullable=False),
    sa.Column("sent_at", UTCDateTime),
    sa.Column("read_at", UTCDateTime),
    # The channel's own id of the message that was sent.
    sa.Column("channel_ref", sa.String(64)),
    sa.Column("error", sa.String(64)),
    sa.UniqueConstraint("inbound_id", "position"),
    sa.Index("uq_outbound_conversation_id_seq", "conversation_id", "seq", unique=True),
    sa.Index(
        "ix_outbound_undelivered",
        "channel",
        "conversation_id",
        "seq",
        sqlite_where=sa.text("status IN ('queued', 'sending')"),
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    ),
    sa.Index(
        "ix_outbound_failed",
        "id",
        sqlite_where=sa.text("status = 'failed'"),
        postgresql_where=sa.text("status = 'failed'"),
    ),
    sqlite_autoincrement=True,
)

handoffs = sa.Table(
    "handoffs",
    metadata,
    # What a citizen leaves for the office while nobody is there.
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("message", sa.Text),
    sa.Column("contact", sa.String(255)),
    sa.Column("created_at", UTCDateTime, nullable=False),
)

ownership_changes = sa.Table(
    "ownership_changes",
    metadata,
    # Append-only and without personal data: it outlives an erased conversation.
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("conversation_id", sa.String(32), nullable=False),
    sa.Column("owner", sa.String(16), nullable=False),
    sa.Column("staff", sa.String(128)),
    sa.Column("reason", sa.String(32)),
    sa.Column("by", sa.String(128), nullable=False),
    # The newest message at that moment: what follows belongs to the new owner.
    sa.Column("at_seq", sa.Integer, nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Index("ix_ownership_changes_conversation_id", "conversation_id"),
    sqlite_autoincrement=True,
)

reports = sa.Table(
    "reports",
    metadata,
    # "Questa informazione è sbagliata?": one per conversation and answer.
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("topic", sa.String(128), nullable=False),
    sa.Column("records", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False, server_default=""),
    sa.Column("status", sa.String(16), nullable=False, server_default="open"),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.UniqueConstraint("conversation_id", "seq"),
    sa.Index("ix_reports_status", "status", "id"),
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

web_sessions = sa.Table(
    "web_sessions",
    metadata,
    # The right of a browser to its conversation; only a digest of the secret is kept.
    sa.Column("secret_digest", sa.String(64), primary_key=True),
    sa.Column("sender", sa.String(32), nullable=False, unique=True),
    sa.Column("notice", sa.String(64), nullable=False),
    sa.Column("seen_seq", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("last_seen_at", UTCDateTime, nullable=False),
    sa.Index("ix_web_sessions_last_seen_at", "last_seen_at"),
)

ratings = sa.Table(
    "ratings",
    metadata,
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", UTCDateTime, nullable=False),
)
