"""The knowledge in charge of a process: brought up to date at start, followed while others change it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.errors import StorageUnavailable
from bot.limits import KNOWLEDGE_WATCH_INTERVAL_S
from bot.settings import Settings
from bot.storage.aside import aside
from bot.storage.database import Database
from knowledge.base import KnowledgeBase
from knowledge.content import Content
from knowledge.content_files import load_content
from knowledge.offer_sources import oldest_refresh
from knowledge.rows import BUNDLED, layer_of
from knowledge.store import Stamps, read_content, read_stamps, save_layer

log = structlog.get_logger("sportello.knowledge")


@dataclass(frozen=True)
class _Version:
    """What a knowledge base was built from."""

    stamps: Stamps
    offers_as_of: datetime | None
    today: date


class KnowledgeService:
    """Holds a `KnowledgeBase`; a change replaces it whole, while the turns under way keep theirs."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._current: KnowledgeBase | None = None
        self._built: _Version | None = None

    @property
    def current(self) -> KnowledgeBase | None:
        """The knowledge in charge; None before the first load."""
        return self._current

    async def load(self) -> None:
        """Bring the bundled content of the database up to date and put the knowledge in charge."""
        content = await asyncio.get_running_loop().run_in_executor(None, load_content)
        changes = await self._database.write(save_layer, BUNDLED, layer_of(content))
        if changes:
            log.info(
                "knowledge.bundled",
                added=len(changes.items.added),
                changed=len(changes.items.changed),
                removed=len(changes.items.removed),
            )
        await self.refresh()

    async def refresh(self) -> bool:
        """Take over what the database holds, if it differs from what is in charge; tells whether it did."""
        stamps, as_of = await self._database.read(_versions)
        version = _Version(stamps, as_of, self._clock.now().date())
        if version == self._built:
            return False
        previous, built = self._current, self._built
        if previous is not None and built is not None and stamps == built.stamps:
            same_day = version.today == built.today
            if same_day or previous.records == previous.content.shown_on(version.today):
                self._current = previous.with_age(as_of)
                self._built = version
                return True
        only_offers = built is not None and stamps.items == built.stamps.items
        self._current = await aside(
            self._settings.effective_database_url,
            lambda database: self._build(database, version, only_offers=only_offers),
        )
        self._built = version
        log.info("knowledge.in_charge", offers=len(self._current.offers), only_offers=only_offers)
        return True

    async def follow(self) -> None:
        """Take over what other processes change, until cancelled."""
        while True:
            await asyncio.sleep(KNOWLEDGE_WATCH_INTERVAL_S)
            if self._current is None:
                continue
            try:
                await self.refresh()
            except StorageUnavailable as error:
                log.warning("storage.unavailable", reason=str(error))
            except Exception as error:
                log.error("knowledge.not_taken_over", error=type(error).__name__)

    async def _build(
        self, database: Database, version: _Version, *, only_offers: bool
    ) -> KnowledgeBase:
        content = await database.read(read_content)
        previous = self._current
        if only_offers and previous and previous.records == content.shown_on(version.today):
            return previous.with_offers(content, version.offers_as_of)
        return self._knowledge_base(content, version)

    def _knowledge_base(self, content: Content, version: _Version) -> KnowledgeBase:
        return KnowledgeBase(
            content,
            sample_offers=self._settings.sample_offers,
            today=version.today,
            offers_as_of=version.offers_as_of,
            offers_stale_after=timedelta(hours=self._settings.offers_stale_hours),
            previous=self._current,
        )


def _versions(connection: sa.Connection) -> tuple[Stamps, datetime | None]:
    return read_stamps(connection), oldest_refresh(connection)
