"""The knowledge base: all the office knows, with the ways of finding it. Read-only and safe to share."""

from __future__ import annotations

from functools import cached_property

from knowledge.content_files import Content, load_content
from knowledge.hours import OpeningHours
from knowledge.offers import OfferSearch
from knowledge.places import PlaceFinder
from knowledge.schema import Comune, Record, Source, Zone
from knowledge.search.finder import Finder
from knowledge.words import italian_words


class KnowledgeBase:
    """Records, places, hours and offers of one content version."""

    def __init__(
        self, content: Content, *, sample_offers: bool = True, finder: Finder | None = None
    ) -> None:
        self.content = content
        self._sample_offers = sample_offers
        self.hours = OpeningHours(content.hours)
        self.finder = finder or Finder(content.records)
        self.zones: dict[str, Zone] = {zone.id: zone for zone in content.zones}
        self.comuni: dict[str, Comune] = {comune.istat: comune for comune in content.comuni}
        offers = [offer for offer in content.offers if sample_offers or not offer.sample]
        self.offers = OfferSearch(offers, content.comuni, content.gazetteers)

    @classmethod
    def from_files(cls) -> KnowledgeBase:
        """The knowledge base of the files in ``knowledge/content``, without a database."""
        return cls(load_content())

    def updated(self, content: Content) -> KnowledgeBase:
        """The knowledge base of a later content; only records that differ are indexed again."""
        finder = self.finder.updated(content.records)
        return KnowledgeBase(content, sample_offers=self._sample_offers, finder=finder)

    @cached_property
    def places(self) -> PlaceFinder:
        """Finder of place names in texts."""
        words = italian_words()
        content = self.content
        return PlaceFinder(content.comuni, content.zones, content.outside, words.__contains__)

    def record(self, record_id: str) -> Record | None:
        """A record by id."""
        return self.content.records.get(record_id)

    def source(self, key: str) -> Source:
        """A source by key; content is checked when loaded, so the key exists."""
        return self.content.sources[key]

    def comuni_of(self, zone_id: str) -> list[Comune]:
        """Municipalities of a zone in alphabetical order."""
        return sorted((c for c in self.content.comuni if c.zone == zone_id), key=lambda c: c.name)
