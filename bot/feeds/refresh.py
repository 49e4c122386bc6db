"""From a feed's answer to stored offers, or to an alert with the last good offers kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.errors import ContentError
from bot.feeds.fetch import FeedError, FetchRules, fetch
from bot.settings import Settings
from bot.storage.aside import aside
from bot.storage.database import Database
from knowledge.content import Content
from knowledge.importing.offer_building import OfferBuilder
from knowledge.importing.offers import read_offers
from knowledge.offer_sources import OfferSource, count_open_offers, read_sources, write_source
from knowledge.rows import Layer, layer_of
from knowledge.store import read_items, save_layer

log = structlog.get_logger("sportello.feeds")

FEED_ORIGIN: Final = "feed:"
_MAX_BAD_SHARE: Final = 0.1
"""A feed with more wrong offers than this is broken; fewer are passed over and counted."""

_HOST_CHARS: Final = 60


@dataclass(frozen=True)
class Feed:
    """A configured address; its name tells it apart without showing what the address may carry."""

    url: str
    name: str

    @property
    def origin(self) -> str:
        """Origin of its offers in the database."""
        return FEED_ORIGIN + self.name


@dataclass(frozen=True)
class Outcome:
    """What a refresh did: "new", "unchanged" or "refused" (with the problem, in Italian)."""

    kind: str
    problem: str = ""
    offers: int = 0


def feeds_of(settings: Settings) -> list[Feed]:
    """The configured feeds."""
    return [Feed(url, _name(url)) for url in settings.feed_urls]


def rules_of(settings: Settings) -> FetchRules:
    """What fetches may do, by the settings."""
    hosts = {(urlsplit(url).hostname or "").lower() for url in settings.feed_urls}
    return FetchRules(
        hosts=frozenset(hosts),
        private_hosts=settings.private_hosts,
        timeout_s=settings.feed_timeout_s,
        max_bytes=settings.feed_max_bytes,
    )


async def refresh_feed(
    feed: Feed,
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    accept_fewer: bool = False,
) -> Outcome:
    """Fetch a feed and store its offers if they can be believed; on any doubt the stored ones stay.

    Args:
        accept_fewer: believe a feed that has lost most of its offers (an operator has looked).
    """
    known = {source.origin: source for source in await database.read(read_sources)}
    state = known.get(feed.origin) or OfferSource(feed.origin, attempted_at=clock.utc())
    try:
        fetched = await fetch(
            feed.url, rules_of(settings), etag=state.etag, last_modified=state.last_modified
        )
        if fetched.body is None:
            await _note(database, replace(state, problem=""), clock, refreshed=True)
            return Outcome("unchanged")
        reading = _Reading(feed, settings, clock.utc(), clock.now().date(), accept_fewer)
        current = replace(state, etag=fetched.etag, last_modified=fetched.last_modified, problem="")
        body = fetched.body
        offers = await aside(
            settings.effective_database_url, lambda own: reading.store(own, body, current)
        )
    except (FeedError, ContentError) as error:
        problem = str(error).splitlines()[0]
        log.error("feed.alert", feed=feed.name, reason=problem, kept=True)
        await _note(database, replace(state, problem=problem), clock, refreshed=False)
        return Outcome("refused", problem)
    log.info("feed.refreshed", feed=feed.name, offers=offers)
    return Outcome("new", offers=offers)


async def _note(database: Database, state: OfferSource, clock: Clock, *, refreshed: bool) -> None:
    now = clock.utc()
    state = replace(state, attempted_at=now, refreshed_at=now if refreshed else state.refreshed_at)
    await database.write(write_source, state)


@dataclass(frozen=True)
class _Reading:
    """Reads, checks and stores one body; runs beside the event loop."""

    feed: Feed
    settings: Settings
    now: datetime
    today: date
    accept_fewer: bool

    async def store(self, database: Database, body: bytes, state: OfferSource) -> int:
        """Store the offers of a body; returns how many are open.

        Raises:
            ContentError: the body cannot be read.
            FeedError: it can be read but not believed.
        """
        content = await database.read(read_items)
        builder = OfferBuilder(
            content,
            life_days=self.settings.offer_days,
            source=self.feed.name.partition(":")[0],
            read_on=self.today,
        )
        result = read_offers(body, self.feed.name, builder)
        wrong, right = result.problems.count, len(result.offers)
        if wrong > _MAX_BAD_SHARE * (right + wrong):
            result.problems.raise_if_any()
        if wrong:
            log.warning("feed.offers_passed_over", feed=self.feed.name, offers=wrong)
        layer = layer_of(Content(offers=result.offers))
        still_open = sum(offer.scade >= self.today for offer in result.offers)
        done = replace(state, attempted_at=self.now, refreshed_at=self.now)
        await database.write(self._save, layer, still_open, done)
        return still_open

    def _save(
        self, connection: sa.Connection, layer: Layer, still_open: int, state: OfferSource
    ) -> None:
        before = count_open_offers(connection, self.feed.origin, self.today)
        too_few = before > 0 and still_open <= before * self.settings.feed_min_share
        if (too_few or not layer.offers) and not self.accept_fewer:
            raise FeedError(f"offre {still_open} offerte aperte, prima erano {before}")
        save_layer(connection, self.feed.origin, layer)
        write_source(connection, state)


def _name(url: str) -> str:
    host = (urlsplit(url).hostname or "")[:_HOST_CHARS]
    return f"{host}:{hashlib.sha256(url.encode()).hexdigest()[:8]}"
