"""What is known about each source of offers: when it was last current, how to ask it for news, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from bot.storage.tables_knowledge import offer_sources, offers
from bot.storage.upsert import insert


@dataclass(frozen=True)
class OfferSource:
    """State of one source.

    ``refreshed_at`` is when its offers were last known to be current (fetched, or confirmed as unchanged); None if
    never. ``problem`` says in Italian why the last attempt failed, or is empty.
    """

    origin: str
    attempted_at: datetime
    refreshed_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    problem: str = ""


def read_sources(connection: sa.Connection) -> list[OfferSource]:
    """All sources, by origin."""
    rows = connection.execute(sa.select(offer_sources).order_by(offer_sources.c.origin))
    return [OfferSource(**row._asdict()) for row in rows]


def write_source(connection: sa.Connection, source: OfferSource) -> None:
    """Store the state of a source."""
    values = vars(source)
    statement = insert(connection, offer_sources).values(**values)
    changes = {name: value for name, value in values.items() if name != "origin"}
    connection.execute(statement.on_conflict_do_update(index_elements=["origin"], set_=changes))


def forget_source(connection: sa.Connection, origin: str) -> None:
    """Remove the state of a source that is used no more."""
    connection.execute(sa.delete(offer_sources).where(offer_sources.c.origin == origin))


def oldest_refresh(connection: sa.Connection) -> datetime | None:
    """When the oldest source was last current; None without sources."""
    moments = [source.refreshed_at for source in read_sources(connection) if source.refreshed_at]
    return min(moments, default=None)


def count_open_offers(connection: sa.Connection, origin: str, today: date) -> int:
    """Stored offers of a source that are not expired."""
    wanted = sa.select(sa.func.count()).where(offers.c.origin == origin, offers.c.expires >= today)
    return int(connection.execute(wanted).scalar_one())
