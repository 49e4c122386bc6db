"""knowledge items by origin, offers in rows of their own, sources of offers, leases

The old table held only what every start loads from the bundled files: it is dropped, not copied.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = "0002_knowledge"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("knowledge_records")
    op.create_table(
        "knowledge_items",
        sa.Column("id", sa.String(length=160), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", "origin", name=op.f("pk_knowledge_items")),
    )
    op.create_table(
        "offers",
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("origin", "code", name=op.f("pk_offers")),
    )
    op.create_index("ix_offers_origin_expires", "offers", ["origin", "expires"])
    op.create_table(
        "offer_sources",
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("refreshed_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=True),
        sa.Column("attempted_at", bot.storage.tables.UTCDateTime(timezone=True), nullable=False),
        sa.Column("etag", sa.String(length=500), nullable=True),
        sa.Column("last_modified", sa.String(length=100), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_offer_sources")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
