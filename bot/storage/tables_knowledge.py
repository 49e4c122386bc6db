"""Tables of the knowledge: items and offers, each with the origin that put it there; sources of offers; leases."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from bot.storage.tables import UTCDateTime, metadata

ORIGIN_MAX_CHARS: Final = 80

knowledge_items = sa.Table(
    "knowledge_items",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True),
    sa.Column("origin", sa.String(ORIGIN_MAX_CHARS), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)

offers = sa.Table(
    "offers",
    metadata,
    sa.Column("origin", sa.String(ORIGIN_MAX_CHARS), primary_key=True),
    sa.Column("code", sa.String(120), primary_key=True),
    sa.Column("expires", sa.Date, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Index("ix_offers_origin_expires", "origin", "expires"),
)

offer_sources = sa.Table(
    "offer_sources",
    metadata,
    sa.Column("origin", sa.String(ORIGIN_MAX_CHARS), primary_key=True),
    sa.Column("refreshed_at", UTCDateTime),
    sa.Column("attempted_at", UTCDateTime, nullable=False),
    sa.Column("etag", sa.String(500)),
    sa.Column("last_modified", sa.String(100)),
    sa.Column("problem", sa.Text, nullable=False, server_default=""),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
)
