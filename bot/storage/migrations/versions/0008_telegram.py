"""updates of Telegram that came, parts of answers that went out"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.tables import UTCDateTime

revision = "0008_telegram"
down_revision = "0007_console"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "telegram_updates",
        sa.Column("update_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("seen_at", UTCDateTime, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("inbound_id", _ROW_ID),
        sa.PrimaryKeyConstraint("update_id", name="pk_telegram_updates"),
        sa.ForeignKeyConstraint(
            ["inbound_id"],
            ["inbound.id"],
            name="fk_telegram_updates_inbound_id_inbound",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_telegram_updates_seen_at", "telegram_updates", ["seen_at"])
    op.create_index("ix_telegram_updates_inbound_id", "telegram_updates", ["inbound_id"])
    op.create_table(
        "telegram_parts",
        sa.Column("outbound_id", _ROW_ID, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("outbound_id", "part", name="pk_telegram_parts"),
        sa.ForeignKeyConstraint(
            ["outbound_id"],
            ["outbound.id"],
            name="fk_telegram_parts_outbound_id_outbound",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("telegram_parts")
    op.drop_table("telegram_updates")
