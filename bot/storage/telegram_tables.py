"""Tables of the Telegram channel: which updates came, which parts of an answer went out. Nothing personal in either."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables import RowId, UTCDateTime, metadata

telegram_updates = sa.Table(
    "telegram_updates",
    metadata,
    # The set of updates that came, not the highest one: their order and their numbers may jump.
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seen_at", UTCDateTime, nullable=False),
    # Telegram's number of the message in its chat, so that a correction finds what it corrects.
    sa.Column("message_id", sa.BigInteger),
    sa.Column("inbound_id", RowId, sa.ForeignKey("inbound.id", ondelete="SET NULL")),
    sa.Index("ix_telegram_updates_seen_at", "seen_at"),
    sa.Index("ix_telegram_updates_inbound_id", "inbound_id"),
)

telegram_parts = sa.Table(
    "telegram_parts",
    metadata,
    # A long answer is several messages: after a failure only what is missing is sent.
    sa.Column(
        "outbound_id", RowId, sa.ForeignKey("outbound.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("outbound_id", "part"),
)
