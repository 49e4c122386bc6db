"""When feeds are fetched, by whom, and what the metrics say about them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from bot.clock import Clock
from bot.errors import StorageUnavailable
from bot.feeds.refresh import FEED_ORIGIN, Feed, feeds_of, refresh_feed
from bot.limits import FEED_LEASE_BEAT_S, FEED_LEASE_TERM_S
from bot.metrics import Metrics
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.leases import Lease
from knowledge.loading import drop_layer
from knowledge.offer_sources import OfferSource, read_sources
from knowledge.store import read_origins

log = structlog.get_logger("sportello.feeds")

_LEASE: Final = "offer-feeds"


class Feeds:
    """Keeps the offers of the configured feeds current while the application runs."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._feeds = feeds_of(settings)
        self._lease = Lease(database, _LEASE, FEED_LEASE_TERM_S)
        self._fetching: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Fetch what is due whenever the lease is ours, until cancelled."""
        try:
            while True:
                with suppress(StorageUnavailable):
                    await self._beat()
                await asyncio.sleep(FEED_LEASE_BEAT_S)
        finally:
            if self._fetching is not None:
                self._fetching.cancel()
            with suppress(StorageUnavailable):
                await self._lease.release()

    async def _beat(self) -> None:
        if not await self._lease.beat():
            if self._fetching is not None:
                self._fetching.cancel()
            await self.report()
            return
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch_due())
        await self.report()

    async def _fetch_due(self) -> None:
        """Forget feeds that are configured no more, then fetch one after the other."""
        try:
            await self._forget_others()
            states = {source.origin: source for source in await self._database.read(read_sources)}
            for feed in self._feeds:
                if self._is_due(states.get(feed.origin)):
                    await self.refresh(feed)
        except StorageUnavailable as error:
            log.warning("storage.unavailable", reason=str(error))
        except Exception as error:
            log.error("feeds.failed", error=type(error).__name__)

    async def refresh(self, feed: Feed) -> None:
        """Fetch one feed now."""
        outcome = await refresh_feed(feed, self._settings, self._database, self._clock)
        self._metrics.feed_fetches.labels(feed.name, outcome.kind).inc()
        await self.report()

    async def report(self) -> None:
        """Bring the metrics up to what the database says, whichever process has fetched."""
        now = self._clock.utc()
        for source in await self._database.read(read_sources):
            if not source.origin.startswith(FEED_ORIGIN):
                continue
            name = source.origin.removeprefix(FEED_ORIGIN)
            self._metrics.feed_alert.labels(name).set(bool(source.problem))
            if source.refreshed_at is not None:
                age = (now - source.refreshed_at).total_seconds()
                self._metrics.feed_age.labels(name).set(max(0.0, age))

    def _is_due(self, state: OfferSource | None) -> bool:
        if state is None:
            return True
        since = self._clock.utc() - state.attempted_at
        # An attempt in the future was made before the clock was set back.
        return not timedelta(0) <= since < timedelta(minutes=self._settings.feed_interval_min)

    async def _forget_others(self) -> None:
        configured = {feed.origin for feed in self._feeds}
        stored = set(await self._database.read(read_origins))
        stored |= {source.origin for source in await self._database.read(read_sources)}
        for origin in sorted(stored - configured):
            if origin.startswith(FEED_ORIGIN):
                await self._database.write(drop_layer, origin)
                log.info("feed.forgotten", feed=origin.removeprefix(FEED_ORIGIN))
