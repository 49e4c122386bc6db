"""Chooses the record and the facts that answer a question, or says that it cannot.

Two witnesses are weighed: the classifier, which has learnt how citizens ask for each topic, and full-text
search, which knows the words of every fact. What neither supports is not answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.schema import Fact, Record
from knowledge.search.asks import AskIndex, mixed
from knowledge.search.facets import FACET_LABELS, asked_facets
from knowledge.search.index import SUMMARY, FactIndex, Hit
from knowledge.text import words

_CLASSIFIER_WEIGHT: Final = 0.7
_SURE: Final = 0.38
"""Combined support from which a topic is answered."""

_CLOSE: Final = 0.10
"""Two topics nearer than this are asked about, unless one of them is clearly supported."""

_WORTH_NAMING: Final = 0.15
"""Topics with less support are not even offered as a guess."""

_CLEAR: Final = 0.55
_FACET_BONUS: Final = 0.10
_PLACE_BONUS: Final = 0.60
_FACT_SURE: Final = 0.22
_SECOND_FACT: Final = 0.85
_BM25_HALF: Final = 14.0
"""BM25 score at which words alone count for one half."""


@dataclass(frozen=True)
class Finding:
    """Outcome of a search.

    ``outcome`` is "found", "ambiguous" or "weak". ``facts`` are the best facts of ``record``, best first; empty
    means that the summary answers best. ``missing_facet`` names in Italian what was asked and is not known.
    """

    outcome: str
    record: Record | None = None
    facts: tuple[Fact, ...] = ()
    missing_facet: str = ""
    near: tuple[Record, ...] = ()
    support: float = 0.0


class Finder:
    """Searches a set of records."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records
        self._index = FactIndex(records.values())
        self._asks = AskIndex(records)

    def find(
        self,
        question: str,
        topics: Sequence[tuple[str, float]],
        *,
        within: str | None = None,
        places: frozenset[str] = frozenset(),
    ) -> Finding:
        """Find what answers a question.

        Args:
            question: as typed.
            topics: classifier's topics with probabilities, best first.
            within: look only into this record (a follow-up on the same topic).
            places: names of municipalities and "zona:…" ids that the question is about.
        """
        hits = self._index.search(question)
        if within is not None and within in self._records:
            return self._answer(self._records[within], question, hits, 1.0, places)
        support = self._support(topics, hits)
        ranked = sorted(support.items(), key=lambda pair: -pair[1])
        near = tuple(self._records[key] for key, value in ranked[:3] if value >= _WORTH_NAMING)
        if not ranked or ranked[0][1] < _SURE:
            return Finding("weak", near=near, support=ranked[0][1] if ranked else 0.0)
        (best, first), second = ranked[0], ranked[1][1] if len(ranked) > 1 else 0.0
        if first - second < _CLOSE and first < _CLEAR:
            return Finding("ambiguous", near=near[:2], support=first)
        return self._answer(self._records[best], question, hits, first, places)

    def _support(
        self, topics: Sequence[tuple[str, float]], hits: Sequence[Hit]
    ) -> dict[str, float]:
        """Support of each record between 0 and 1."""
        support = {
            name: _CLASSIFIER_WEIGHT * probability
            for name, probability in topics
            if name in self._records
        }
        top: dict[str, float] = {}
        for hit in hits:
            top[hit.record_id] = max(top.get(hit.record_id, 0.0), hit.score)
        best = max(top.values(), default=0.0)
        for record_id, score in top.items():
            strength = best / (best + _BM25_HALF) * (score / best) ** 2
            support[record_id] = (
                support.get(record_id, 0.0) + (1 - _CLASSIFIER_WEIGHT) * strength * 2
            )
        return support

    def _answer(
        self,
        record: Record,
        question: str,
        hits: Sequence[Hit],
        support: float,
        places: frozenset[str],
    ) -> Finding:
        facets = asked_facets(words(question))
        lexical = {hit.fact_id: hit.score for hit in hits if hit.record_id == record.id}
        ids = [SUMMARY, *(fact.id for fact in record.facts)]
        scores = mixed(self._asks.similar(question, record.id), lexical, ids)
        for fact in record.facts:
            scores[fact.id] += _FACET_BONUS * _facet_weight(fact.facet, facets)
            scores[fact.id] += _place_weight(fact, places)
        ranked = sorted(record.facts, key=lambda fact: -scores[fact.id])
        chosen: tuple[Fact, ...] = ()
        if ranked:
            top = scores[ranked[0].id]
            if top >= max(_FACT_SURE, scores[SUMMARY]):
                chosen = tuple(f for f in ranked[:3] if scores[f.id] >= top * _SECOND_FACT)
        missing = _missing(facets, record)
        return Finding("found", record, chosen, missing, support=support)


def _facet_weight(facet: str, asked: Sequence[str]) -> float:
    if facet not in asked:
        return 0.0
    return 1.0 - 0.2 * min(asked.index(facet), 3)


def _place_weight(fact: Fact, places: frozenset[str]) -> float:
    """A fact about the place that is asked for wins; a fact about another place loses."""
    if not places or not fact.places:
        return 0.0
    return _PLACE_BONUS if places.intersection(fact.places) else -_PLACE_BONUS


def _missing(asked: Sequence[str], record: Record) -> str:
    """Italian name of the facet that was asked for first, if the record says nothing about it."""
    if not asked or asked[0] not in FACET_LABELS:
        return ""
    known = {fact.facet for fact in record.facts}
    alike = {"where": {"where", "contacts", "office"}, "contacts": {"contacts", "where", "office"}}
    if known & alike.get(asked[0], {asked[0]}):
        return ""
    return FACET_LABELS[asked[0]]
