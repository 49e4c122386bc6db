"""Tables of the staff console: people, their sessions and invitations, failed sign-ins, the audit log."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables import RowId, UTCDateTime, metadata

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
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
