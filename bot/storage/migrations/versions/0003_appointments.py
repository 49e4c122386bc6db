"""appointments, desk time, closures, history, notices"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables
from bot.storage.append_only import make_append_only

revision = "0003_appointments"
down_revision = "0002_knowledge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("office", sa.String(length=60), nullable=False),
        sa.Column("desk", sa.String(length=70), nullable=False),
        sa.Column("service", sa.String(length=60), nullable=False),
        sa.Column("starts_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("expires_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("person", sa.String(length=120), server_default="", nullable=False),
        sa.Column("contact", sa.String(length=254), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("conversation", sa.String(length=32), nullable=True),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint("code", name=op.f("uq_appointments_code")),
    )
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_appointments_contact",
            ["contact"],
            unique=False,
            sqlite_where=sa.text("status IN ('held', 'confirmed')"),
            postgresql_where=sa.text("status IN ('held', 'confirmed')"),
        )
        batch_op.create_index("ix_appointments_conversation", ["conversation"], unique=False)
        batch_op.create_index(
            "ix_appointments_open",
            ["office", "starts_at"],
            unique=False,
            sqlite_where=sa.text("status IN ('held', 'confirmed')"),
            postgresql_where=sa.text("status IN ('held', 'confirmed')"),
        )
        batch_op.create_index("ix_appointments_starts_at", ["starts_at"], unique=False)
        batch_op.create_index(
            "uq_appointments_held",
            ["conversation"],
            unique=True,
            sqlite_where=sa.text("status = 'held'"),
            postgresql_where=sa.text("status = 'held'"),
        )

    op.create_table(
        "booking_closures",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("office", sa.String(length=60), nullable=False),
        sa.Column("starts_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("created_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_closures")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("booking_closures", schema=None) as batch_op:
        batch_op.create_index(
            "ix_booking_closures_office_ends_at", ["office", "ends_at"], unique=False
        )

    op.create_table(
        "booking_history",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("appointment_id", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_history")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("booking_history", schema=None) as batch_op:
        batch_op.create_index("ix_booking_history_appointment_id", ["appointment_id"], unique=False)

    op.create_table(
        "booking_rules",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_rules")),
    )
    op.create_table(
        "code_attempts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("plausible", sa.Boolean(), nullable=False),
        sa.Column("at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_attempts")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("code_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_code_attempts_at", ["at"], unique=False)
        batch_op.create_index("ix_code_attempts_sender_at", ["sender", "at"], unique=False)

    op.create_table(
        "appointment_notices",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("appointment_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), server_default="queued", nullable=False),
        sa.Column("due_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("closed_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_appointment_notices_appointment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_notices")),
        sa.UniqueConstraint(
            "appointment_id",
            "kind",
            "sequence",
            name=op.f("uq_appointment_notices_appointment_id_kind_sequence"),
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("appointment_notices", schema=None) as batch_op:
        batch_op.create_index(
            "ix_appointment_notices_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("status IN ('queued', 'sending')"),
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        )

    op.create_table(
        "slot_claims",
        sa.Column("office", sa.String(length=60), nullable=False),
        sa.Column("desk", sa.String(length=70), nullable=False),
        sa.Column("cell", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.String(length=32), nullable=False),
        sa.Column("expires_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_slot_claims_appointment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("office", "desk", "cell", name=op.f("pk_slot_claims")),
    )
    with op.batch_alter_table("slot_claims", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_slot_claims_appointment_id"), ["appointment_id"], unique=False
        )
    make_append_only("booking_history")
