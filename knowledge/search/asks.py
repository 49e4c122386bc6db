"""How alike a question is to the ways in which each fact of a record is usually asked for.

Cosine similarity over words and pieces of words, so that typing errors and inflection cost little. One small
inverted index per record: a comparison takes about 0.1 ms.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from knowledge.features import count_features, damped
from knowledge.schema import Record
from knowledge.search.index import SUMMARY
from knowledge.search.lexicon import STOP_WORDS, one_for_all
from knowledge.text import words

_TEXT_WEIGHT: Final = 0.55
"""A fact's own text speaks longer than a question: it counts for less than an example of asking."""

_RARITY: Final = 1.5
"""Lines of one record are few and alike: a rare word must tell more than its count alone says (29 to 24 wrong of 422)."""

_KEPT_RECORDS: Final = 512
"""Prepared records kept: more than this office has; a body with thousands prepares the rare ones again (2 ms)."""


class AskIndex:
    """Ask-lines and texts of the facts of each record, prepared when the record is first asked about."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records
        self._prepared = lru_cache(maxsize=_KEPT_RECORDS)(self._prepare)

    def similar(self, question: str, record_id: str) -> dict[str, float]:
        """Similarity (0 to 1) of a question to each fact of a record, the summary included."""
        record = self._records.get(record_id)
        return self._prepared(record_id).similar(_features(question)) if record else {}

    def _prepare(self, record_id: str) -> _RecordAsks:
        return _RecordAsks(self._records[record_id])


class _RecordAsks:
    """One small inverted index; a feature that many lines of the record share tells little about which is meant."""

    def __init__(self, record: Record) -> None:
        lines = [
            (fact_id, weight, features)
            for fact_id, weight, text in _lines(record)
            if (features := _features(text))
        ]
        self._idf = _idf(features for *_, features in lines)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._targets: list[tuple[str, float]] = []
        for fact_id, weight, features in lines:
            line = len(self._targets)
            self._targets.append((fact_id, weight))
            for feature, value in self._vector(features).items():
                self._postings[feature].append((line, value))

    def similar(self, features: Counter[str]) -> dict[str, float]:
        sums = [0.0] * len(self._targets)
        for feature, value in self._vector(features).items():
            for line, weight in self._postings.get(feature, ()):
                sums[line] += value * weight
        best: dict[str, float] = {}
        for (fact_id, weight), score in zip(self._targets, sums, strict=True):
            best[fact_id] = max(best.get(fact_id, 0.0), score * weight)
        return best

    def _vector(self, features: Counter[str]) -> dict[str, float]:
        unseen = self._idf[""]
        raw = {f: damped(n) * self._idf.get(f, unseen) for f, n in features.items()}
        norm = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        return {feature: value / norm for feature, value in raw.items()}


def _lines(record: Record) -> Iterable[tuple[str, float, str]]:
    yield SUMMARY, 1.0, record.title
    yield SUMMARY, _TEXT_WEIGHT, record.summary.text
    for fact in record.facts:
        for ask in fact.ask:
            yield fact.id, 1.0, ask
        yield fact.id, _TEXT_WEIGHT, fact.text


def _features(text: str) -> Counter[str]:
    kept = [one_for_all(word) for word in words(text) if word not in STOP_WORDS]
    return count_features(kept)


def _idf(documents: Iterable[Counter[str]]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    total = 0
    for document in documents:
        counts.update(document.keys())
        total += 1
    idf = {
        feature: (math.log((1 + total) / (1 + n)) + 1.0) ** _RARITY for feature, n in counts.items()
    }
    idf[""] = (math.log(1 + total) + 1.0) ** _RARITY
    return idf


def mixed(
    similar: Mapping[str, float], lexical: Mapping[str, float], fact_ids: Sequence[str]
) -> dict[str, float]:
    """One score per fact from similarity to ask-lines and full-text score, each scaled to its best."""
    top = max((lexical.get(fact_id, 0.0) for fact_id in fact_ids), default=0.0) or 1.0
    return {
        fact_id: similar.get(fact_id, 0.0) + 0.15 * lexical.get(fact_id, 0.0) / top
        for fact_id in fact_ids
    }
