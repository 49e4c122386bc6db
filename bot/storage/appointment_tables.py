"""Tables of appointments: what is booked, which desk time it takes, what was done, what must still be told.

Personal data live in ``appointments`` only: the history outlives them.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from bot.storage.tables import RowId, UTCDateTime, metadata

OPEN: Final = sa.text("status IN ('held', 'confirmed')")
"""Appointments that take desk time. Queries use this very text: SQLite takes a partial index only for the same words."""

_HELD: Final = sa.text("status = 'held'")
UNTOLD: Final = sa.text("status IN ('queued', 'sending')")
"""Notices that must still go out."""

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("code", sa.String(16), nullable=False, unique=True),
    sa.Column("office", sa.String(60), nullable=False),
    sa.Column("desk", sa.String(70), nullable=False),
    sa.Column("service", sa.String(60), nullable=False),
    sa.Column("starts_at", UTCDateTime, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("expires_at", UTCDateTime),
    sa.Column("name", sa.String(120), nullable=False, server_default=""),
    sa.Column("person", sa.String(120), nullable=False, server_default=""),
    sa.Column("contact", sa.String(254), nullable=False, server_default=""),
    sa.Column("reason", sa.String(200), nullable=False, server_default=""),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("conversation", sa.String(32)),
    sa.Column("sequence", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("changed_at", UTCDateTime, nullable=False),
    sa.Index(
        "ix_appointments_open",
        "office",
        "starts_at",
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    ),
    sa.Index(
        "ix_appointments_contact",
        "contact",
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    ),
    # A conversation holds one slot at a time.
    sa.Index(
        "uq_appointments_held",
        "conversation",
        unique=True,
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    ),
    sa.Index("ix_appointments_conversation", "conversation"),
    sa.Index("ix_appointments_starts_at", "starts_at"),
)

slot_claims = sa.Table(
    "slot_claims",
    metadata,
    sa.Column("office", sa.String(60), nullable=False),
    sa.Column("desk", sa.String(70), nullable=False),
    sa.Column("cell", sa.Integer, nullable=False),
    sa.Column(
        "appointment_id",
        sa.String(32),
        sa.ForeignKey("appointments.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("expires_at", UTCDateTime),
    # The guard against double booking: five minutes of a desk belong to one appointment.
    sa.PrimaryKeyConstraint("office", "desk", "cell"),
)

booking_rules = sa.Table(
    "booking_rules",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)

booking_closures = sa.Table(
    "booking_closures",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("office", sa.String(60), nullable=False),
    sa.Column("starts_at", UTCDateTime, nullable=False),
    sa.Column("ends_at", UTCDateTime, nullable=False),
    sa.Column("reason", sa.String(120), nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Index("ix_booking_closures_office_ends_at", "office", "ends_at"),
    sqlite_autoincrement=True,
)

booking_history = sa.Table(
    "booking_history",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Column("who", sa.String(80), nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("what", sa.String(24), nullable=False),
    sa.Column("appointment_id", sa.String(32)),
    sa.Column("detail", sa.Text, nullable=False, server_default="{}"),
    sa.Index("ix_booking_history_appointment_id", "appointment_id"),
    sqlite_autoincrement=True,
)

notices = sa.Table(
    "appointment_notices",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column(
        "appointment_id",
        sa.String(32),
        sa.ForeignKey("appointments.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("via", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False, server_default="queued"),
    sa.Column("due_at", UTCDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("retry_at", UTCDateTime),
    sa.Column("lease", sa.String(32)),
    sa.Column("closed_at", UTCDateTime),
    # What was told once is not told again, whoever tries.
    sa.UniqueConstraint("appointment_id", "kind", "sequence"),
    sa.Index(
        "ix_appointment_notices_due",
        "due_at",
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    ),
    sqlite_autoincrement=True,
)

code_attempts = sa.Table(
    "code_attempts",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("sender", sa.String(64), nullable=False),
    sa.Column("plausible", sa.Boolean, nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
    sa.Index("ix_code_attempts_sender_at", "sender", "at"),
    sa.Index("ix_code_attempts_at", "at"),
    sqlite_autoincrement=True,
)
