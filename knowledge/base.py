"""The knowledge base: all the office knows, with the ways of finding it. Read-only and safe to share."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime, timedelta
from functools import cached_property

from knowledge.content import Content
from knowledge.content_files import load_content
from knowledge.hours import OpeningHours
from knowledge.offers import OfferSearch
from knowledge.places import PlaceFinder
from knowledge.schema import Comune, Record, Source, Zone
from knowledge.search.finder import Finder
from knowledge.text import fold
from knowledge.words import italian_words


class KnowledgeBase:
    """Records, places, hours and offers of one content version.

    Args:
        sample_offers: show the made-up offers, as long as there are no real ones.
        today: leave out records that are not valid on this day, and doubt those whose review is overdue; None does
            neither.
        offers_as_of: when the oldest source of the offers was last known to be current.
        offers_stale_after: age from which answers say that the offers are old.
        previous: the knowledge of an earlier content; only records that differ are indexed again.
    """

    def __init__(
        self,
        content: Content,
        *,
        sample_offers: bool = True,
        today: date | None = None,
        offers_as_of: datetime | None = None,
        offers_stale_after: timedelta = timedelta.max,
        previous: KnowledgeBase | None = None,
    ) -> None:
        self.content = content
        self.records = content.shown_on(today) if today else content.records
        self.hours = OpeningHours(content.hours)
        self.finder: Finder = (
            previous.finder.updated(self.records) if previous else Finder(self.records)
        )
        self.zones: dict[str, Zone] = {zone.id: zone for zone in content.zones}
        self.comuni: dict[str, Comune] = {comune.istat: comune for comune in content.comuni}
        self._sample_offers = sample_offers
        self._offers_stale_after = offers_stale_after
        self.offers = self._offer_search(offers_as_of)

    @classmethod
    def from_files(cls, today: date | None = None) -> KnowledgeBase:
        """The knowledge base of the files in ``knowledge/content``, without a database."""
        return cls(load_content(), today=today)

    def with_offers(self, content: Content, offers_as_of: datetime | None) -> KnowledgeBase:
        """The same knowledge with the offers of ``content``; nothing else is built again."""
        other = copy(self)
        other.content = content
        other.offers = other._offer_search(offers_as_of)
        return other

    def with_age(self, offers_as_of: datetime | None) -> KnowledgeBase:
        """The same knowledge, whose offers were last known to be current at another moment."""
        other = copy(self)
        other.offers = self.offers.with_age(offers_as_of)
        return other

    @cached_property
    def folded_names(self) -> dict[str, str]:
        """Names of records, folded, with the record that each belongs to."""
        return {fold(name): record.id for record in self.records.values() for name in record.names}

    @cached_property
    def places(self) -> PlaceFinder:
        """Finder of place names in texts."""
        words = italian_words()
        content = self.content
        return PlaceFinder(content.comuni, content.zones, content.outside, words.__contains__)

    def record(self, record_id: str) -> Record | None:
        """A record by id, if it may be shown."""
        return self.records.get(record_id)

    def source(self, key: str) -> Source:
        """A source by key; content is checked when loaded, so the key exists."""
        return self.content.sources[key]

    def comuni_of(self, zone_id: str) -> list[Comune]:
        """Municipalities of a zone in alphabetical order."""
        return sorted((c for c in self.content.comuni if c.zone == zone_id), key=lambda c: c.name)

    def _offer_search(self, as_of: datetime | None) -> OfferSearch:
        return OfferSearch(
            self.content.offers,
            self.content.comuni,
            self.content.gazetteers,
            samples=self._sample_offers,
            as_of=as_of,
            stale_after=self._offers_stale_after,
        )
