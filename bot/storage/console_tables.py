"""Tables of the staff console: people and how they sign in, the audit log, what staff write beside the conversations."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage import appointment_tables  # noqa: F401 (foreign keys point there)
from bot.storage.tables import RowId, UTCDateTime, metadata

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    # Conversations know their member of staff by name, so no two people share one.
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("office", sa.String(64), nullable=False, server_default=""),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password", sa.String(255)),
    sa.Column("password_set_at", UTCDateTime),
    sa.Column("totp_secret", sa.String(64)),
    sa.Column("totp_confirmed_at", UTCDateTime),
    # The last time step that was used: a code that somebody looked over a shoulder works once.
    sa.Column("totp_last_step", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("disabled_at", UTCDateTime),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("last_sign_in_at", UTCDateTime),
    sa.Column("preferences", sa.Text, nullable=False, server_default="{}"),
    sa.Column("presence", sa.String(16), nullable=False, server_default="away"),
    sa.Column("presence_reason", sa.String(100), nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

staff_recovery_codes = sa.Table(
    "staff_recovery_codes",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column(
        "staff_id", RowId, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True
    ),
)

staff_invitations = sa.Table(
    "staff_invitations",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column(
        "staff_id", RowId, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("expires_at", UTCDateTime, nullable=False),
)

staff_sessions = sa.Table(
    "staff_sessions",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column(
        "staff_id", RowId, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("last_seen_at", UTCDateTime, nullable=False),
    sa.Column("wrong_codes", sa.Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    # "account:…", "address:…" or "device:…", each followed by a keyed digest: no address in clear.
    sa.Column("subject", sa.String(80), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("first_at", UTCDateTime, nullable=False),
    sa.Column("last_at", UTCDateTime, nullable=False),
    sa.Column("blocked_until", UTCDateTime),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("at", UTCDateTime, nullable=False, index=True),
    # No foreign key with an action: nothing may change these rows, not even through another table.
    sa.Column("staff_id", RowId, index=True),
    sa.Column("action", sa.String(48), nullable=False),
    sa.Column("subject_kind", sa.String(24), nullable=False, server_default=""),
    sa.Column("subject_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("detail", sa.Text, nullable=False, server_default="{}"),
    sa.Index("ix_audit_log_subject", "subject_kind", "subject_id"),
    sqlite_autoincrement=True,
)

drafts = sa.Table(
    "drafts",
    metadata,
    # What somebody has typed and not sent: it survives a closed browser and a killed server.
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("staff_id", RowId, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("saved_at", UTCDateTime, nullable=False),
    sa.PrimaryKeyConstraint("conversation_id", "staff_id"),
)

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("staff_id", RowId, sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    # The form's own key: a note that is sent twice is kept once.
    sa.Column("once_key", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sqlite_autoincrement=True,
)

saved_replies = sa.Table(
    "saved_replies",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("shortcut", sa.String(32), nullable=False, unique=True),
    sa.Column("title", sa.String(100), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("changed_at", UTCDateTime, nullable=False),
    sqlite_autoincrement=True,
)

reviews = sa.Table(
    "reviews",
    metadata,
    # Conversations that went badly, found by the assistant's own answers or by ratings.
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("status", sa.String(16), nullable=False, server_default="to_do"),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("found_at", UTCDateTime, nullable=False),
    sa.Index("ix_reviews_status", "status", "found_at"),
)

office_mails = sa.Table(
    "office_mails",
    metadata,
    # Mails that staff cause: to colleagues, or to whom an appointment belongs. The address is looked up when the mail
    # goes out, and the row is deleted then.
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("staff_id", RowId, sa.ForeignKey("staff.id", ondelete="CASCADE"), index=True),
    sa.Column(
        "appointment_id",
        sa.String(32),
        sa.ForeignKey("appointments.id", ondelete="CASCADE"),
        index=True,
    ),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("once_key", sa.String(128), nullable=False, unique=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("due_at", UTCDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

untaken_told = sa.Table(
    "untaken_told",
    metadata,
    # Requests of which colleagues were told by mail that nobody takes them, once each time that they wait.
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("waiting_since", UTCDateTime, nullable=False),
)

conversation_words = sa.Table(
    "conversation_words",
    metadata,
    # What the search of the console looks through: words of masked messages, folded, once per conversation.
    # Plain rows, so that erasing a conversation erases them, on both databases alike.
    sa.Column("word", sa.String(40), nullable=False),
    sa.Column(
        "conversation_id",
        sa.String(32),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.PrimaryKeyConstraint("word", "conversation_id"),
    sa.Index("ix_conversation_words_conversation_id_word", "conversation_id", "word"),
)
