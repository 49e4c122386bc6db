"""Chooses the record and the facts that answer a question, or says that it cannot.

Two witnesses are weighed: the classifier, which has learnt how citizens ask for each topic, and full-text
search, which knows the words of every fact. A calibrated confidence decides between an answer, a question back,
and an honest "this I do not know".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from knowledge.content_files import OTHER_COMUNI
from knowledge.schema import Fact, Record, Statement
from knowledge.search.answer_types import (
    admits_not_knowing,
    holds_type,
    lives_there,
    names_one_thing,
    wanted_type,
)
from knowledge.search.asks import AskIndex, mixed
from knowledge.search.facets import FACET_LABELS, asked_facets
from knowledge.search.index import SUMMARY, FactIndex, Hit, record_stems
from knowledge.search.lexicon import STOP_WORDS, content_words, stem, stems, synonyms
from knowledge.search.weighing import (
    Features,
    confidence_features,
    linear,
    probability,
    ranking_features,
    weights,
)
from knowledge.text import words
from knowledge.words import italian_words

_FACET_BONUS: Final = 0.10
_PLACE_BONUS: Final = 0.60
_ASIDE_PLACE_BONUS: Final = 0.10
"""For a fact about the right place that is not about what is asked for."""

_WIDER_PLACE_BONUS: Final = 0.50
"""For a fact about the zone of the municipality that is asked for, or about all but Milano."""

_FACT_SURE: Final = 0.32
"""Score from which a fact answers better than the summary: 5 more of 422 questions right than from 0.22."""

_SECOND_FACT: Final = 0.85
_BEST_BY_WORDS: Final = 5
"""Records that full-text search alone may propose."""

_CLEAR_MARGIN: Final = 6.0
"""Distance between two topics from which more says nothing."""

_BOTH_RECOGNISED: Final = 0.8
"""Probability of two topics together from which one of them is meant, whatever words are missing."""

_ADMISSION_COST: Final = 0.10
"""Of two equal facts the one that says something comes before the one that says "we do not have it"."""

_PRECISE: Final = 0.5
"""Similarity to a listed question from which the fact is what was asked, whatever facet its words suggest."""

_RARE: Final = 3.5
"""Weight of a stem that about one record in twelve has."""

_KEPT_WORDS: Final = 12
_LONGEST_NAME: Final = 5
_JOINS: Final = frozenset({"e", "ed", "o", "oppur", "anche", "sia"})
_MOST_BETWEEN: Final = 4
"""Words that may stand between two names that are asked for together ("e anche il")."""

_KEPT_STEMS: Final = 2_048
_NAMED: Final = 3


class Topic(NamedTuple):
    """A topic that the classifier proposes. ``learnt``: share of the question's words seen in its examples."""

    name: str
    probability: float
    learnt: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """A record with its linear score and what it was made of."""

    record: Record
    score: float
    features: Features
    covered: float
    learnt: float


@dataclass(frozen=True)
class Finding:
    """Outcome of a search.

    ``outcome``: "found"; "partial" (the topic is understood, but probably not what exactly was asked: given with that
    warning); "ambiguous" (two topics: ask); "weak" (nothing). ``facts`` are the best facts of ``record``, best first;
    empty means that the summary answers best. ``missing_facet`` names in Italian what was asked and is not known.
    ``confidence`` is the calibrated probability that ``record`` is right and holds the answer. ``ranked`` are the
    candidates' ids, best first; ``features`` what the confidence was made of. ``spelled_out``: ``record`` has all the
    words of the question, and they are rare ones, such as a name.
    """

    outcome: str
    record: Record | None = None
    facts: tuple[Fact, ...] = ()
    missing_facet: str = ""
    near: tuple[Record, ...] = ()
    confidence: float = 0.0
    ranked: tuple[str, ...] = ()
    features: Features | None = None
    spelled_out: bool = False


@dataclass(frozen=True)
class _Judged:
    """A candidate with the answer that it would give; ``if_chosen`` is the confidence if no other topic were near."""

    record: Record
    facts: tuple[Fact, ...]
    missing: str
    features: Features
    confidence: float
    if_chosen: float


@dataclass(frozen=True)
class Question:
    """A question, read once: ``content`` are the stems that carry its meaning, ``folded`` all its words."""

    text: str
    folded: tuple[str, ...]
    content: tuple[str, ...]
    searched: tuple[str, ...]


class Finder:
    """Searches a set of records. Read-only; `updated` gives the finder of a later state."""

    def __init__(
        self,
        records: Mapping[str, Record],
        *,
        is_word: Callable[[str], bool] | None = None,
        index: FactIndex | None = None,
    ) -> None:
        self._records = records
        self._index = index or FactIndex.created(
            records.values(), is_word or italian_words().__contains__
        )
        self._asks = AskIndex(records)
        self._stems = lru_cache(maxsize=_KEPT_STEMS)(self._stems_of)

    def updated(self, records: Mapping[str, Record]) -> Finder:
        """The finder of ``records``: only what differs is indexed again."""
        changed = [new for key, new in records.items() if self._records.get(key) != new]
        removed = [old for key, old in self._records.items() if records.get(key) != old]
        return Finder(records, index=self._index.updated(changed, removed))

    def find(
        self,
        question: str,
        topics: Sequence[Topic | tuple[str, float]],
        *,
        within: str | None = None,
        places: frozenset[str] = frozenset(),
        besides: str | None = None,
    ) -> Finding:
        """Find what answers a question.

        Args:
            question: as typed.
            topics: classifier's topics with probabilities, best first.
            within: look only into this record (a follow-up on the same topic).
            places: names of municipalities and "zona:…" ids that the question is about.
            besides: a record that is not meant (the person has just said so).
        """
        read, hits = self._searched(question, places)
        if within is not None and within in self._records:
            record = self._records[within]
            facts, missing, _ = self._facts(record, read, hits, places)
            return Finding("found", record, facts, missing, confidence=1.0, ranked=(within,))
        ranked = [
            candidate
            for candidate in self._candidates(read, [Topic(*topic) for topic in topics], hits)
            if candidate.record.id != besides
        ]
        if not ranked:
            return Finding("weak")
        return self._decided(ranked, read, hits, places)

    def candidates_of(
        self, question: str, topics: Sequence[Topic], *, places: frozenset[str] = frozenset()
    ) -> list[Candidate]:
        """Records that may answer a question, best first, with what speaks for each."""
        read, hits = self._searched(question, places)
        return self._candidates(read, topics, hits)

    def covered(self, question: str, topic: Topic, places: frozenset[str] = frozenset()) -> float:
        """Share of a question's words, by weight, that a record uses or that the examples of its topic have."""
        stems_of_record = self._stems(topic.name)
        return max(self._covered(self._read(question, places), stems_of_record), topic.learnt)

    def likeness(self, question: str, record_id: str) -> float:
        """How like a question is to the most similar way of asking that a record lists, 0 to 1."""
        return max(self._asks.similar(question, record_id).values(), default=0.0)

    def known_words(self, question: str) -> list[str]:
        """Words of a question that the records use too, at most a dozen."""
        lexicon = self._index.lexicon
        kept = [word for word in content_words(question) if lexicon.stem_of(word) in lexicon]
        return kept[:_KEPT_WORDS]

    def named_together(self, question: str) -> tuple[Record, Record] | None:
        """Two records that a question names by their own names, joined by "e", "o" or a comma; else None."""
        spoken = [self._index.lexicon.stem_of(word) for word in words(question)]
        found = [
            (at, size, owners)
            for at in range(len(spoken))
            for size in range(min(_LONGEST_NAME, len(spoken) - at), 0, -1)
            if (owners := self._names.get(tuple(spoken[at : at + size])))
        ]
        whole = [
            (at, size, owner)
            for at, size, owner in found
            if not any(
                other_at <= at and at + size <= other_at + other_size and other_size > size
                for other_at, other_size, _ in found
            )
        ]
        for first, second in pairwise(whole):
            between = spoken[first[0] + first[1] : second[0]]
            joined = any(word in _JOINS for word in between) and len(between) <= _MOST_BETWEEN
            if joined and first[2] != second[2]:
                return self._records[first[2]], self._records[second[2]]
        return None

    @cached_property
    def _names(self) -> dict[tuple[str, ...], str]:
        """Stemmed name -> the one record that bears it; names that two records share are left out."""
        owners: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for record in self._records.values():
            for name in record.names:
                owners[tuple(stem(word) for word in words(name))].add(record.id)
        return {name: min(ids) for name, ids in owners.items() if len(ids) == 1 and name}

    def _searched(self, question: str, places: Iterable[str]) -> tuple[Question, list[Hit]]:
        read = self._read(question, places)
        return read, self._index.search(read.searched)

    def _read(self, question: str, places: Iterable[str]) -> Question:
        folded = tuple(words(question))
        named = {stem(word) for place in places for word in words(place)}
        lexicon = self._index.lexicon
        content = [lexicon.stem_of(word) for word in content_words(question)]
        return Question(
            question,
            folded,
            tuple(found for found in content if found not in named),
            tuple(dict.fromkeys([*content, *stems(question)])),
        )

    def _candidates(
        self, question: Question, topics: Sequence[Topic], hits: Sequence[Hit]
    ) -> list[Candidate]:
        numbers = weights().ranking
        by_words: dict[str, float] = {}
        for hit in hits:
            by_words[hit.record_id] = max(by_words.get(hit.record_id, 0.0), hit.score)
        best = max(by_words.values(), default=0.0)
        proposed = {topic.name: topic for topic in topics if topic.name in self._records}
        leading = sorted(by_words, key=lambda key: -by_words[key])[:_BEST_BY_WORDS]
        found = []
        for key in dict.fromkeys([*proposed, *leading]):
            topic = proposed.get(key, Topic(key, 0.0))
            covered = self._covered(question, self._stems(key))
            features = ranking_features(
                topic.probability, by_words.get(key, 0.0), best, covered, topic.learnt
            )
            score = linear(numbers, features)
            found.append(Candidate(self._records[key], score, features, covered, topic.learnt))
        return sorted(found, key=lambda candidate: -candidate.score)

    def _decided(
        self,
        ranked: Sequence[Candidate],
        question: Question,
        hits: Sequence[Hit],
        places: frozenset[str],
    ) -> Finding:
        limits = weights()
        margin = ranked[0].score - ranked[1].score if len(ranked) > 1 else _CLEAR_MARGIN
        judged = [
            self._judged(candidate, margin, question, hits, places) for candidate in ranked[:2]
        ]
        first = judged[0]
        near = tuple(
            candidate.record
            for candidate in ranked[:_NAMED]
            if probability(candidate.score) >= limits.name_from
        )
        understood = probability(ranked[0].score) >= limits.topic_from
        close = margin < limits.ask_within and len(near) > 1
        recognised = sum(c.features["probability"] for c in ranked[:2]) >= _BOTH_RECOGNISED
        spelled_out = self._spells_out(ranked[0], question)
        best = max(judged, key=lambda answer: answer.if_chosen)
        if close and best.if_chosen >= limits.answer_from:
            # Of two close topics one holds the answer.
            outcome, first = "found", best
        elif close and (recognised or first.if_chosen >= limits.ask_from):
            outcome, near = "ambiguous", near[:2]
        elif first.confidence >= limits.answer_from:
            outcome = "found"
        elif (understood and not close) or spelled_out:
            outcome = "partial"
        else:
            outcome = "weak"
        ids = tuple(dict.fromkeys([first.record.id, *(c.record.id for c in ranked)]))
        return Finding(
            outcome,
            first.record,
            first.facts,
            first.missing,
            near,
            first.confidence,
            ids,
            first.features,
            spelled_out,
        )

    def _spells_out(self, candidate: Candidate, question: Question) -> bool:
        """Whether a record has every word of a question, and they are rare: a name that no example of asking has."""
        told = [self._index.lexicon.weight(word) for word in question.content]
        rare = len(told) > 1 and min(told) >= _RARE
        return rare and candidate.covered >= 1.0 and candidate.features["words_of_best"] >= 1.0

    def _judged(
        self,
        candidate: Candidate,
        margin: float,
        question: Question,
        hits: Sequence[Hit],
        places: frozenset[str],
    ) -> _Judged:
        facts, missing, similar = self._facts(candidate.record, question, hits, places)
        features = self._confidence_features(candidate, margin, similar, facts, question, places)
        numbers = weights().confidence
        return _Judged(
            candidate.record,
            facts,
            missing,
            features,
            probability(linear(numbers, features)),
            probability(linear(numbers, {**features, "margin": _CLEAR_MARGIN})),
        )

    def _confidence_features(
        self,
        first: Candidate,
        margin: float,
        similar: float,
        facts: Sequence[Fact],
        question: Question,
        places: frozenset[str],
    ) -> dict[str, float]:
        said: list[Statement] = [*facts[:2]] or [first.record.summary]
        answer = " ".join(statement.text for statement in said)
        asked = " ".join(ask for fact in facts[:2] for ask in fact.ask)
        names = " ".join((first.record.title, *first.record.names))
        record = first.record
        wanted = wanted_type(question.folded)
        by_answer = self._covered(question, frozenset(stems(f"{answer} {asked} {names}")))
        return confidence_features(
            first.score,
            margin,
            first.covered,
            first.learnt,
            similar,
            bool(wanted),
            holds_type(wanted, answer, question.folded, self._says),
            not wanted
            or any(
                holds_type(wanted, statement.text, question.folded, self._says)
                for statement in (record.summary, *record.facts)
            ),
            names_one_thing(question.folded),
            not lives_there(question.folded) and _place_unsaid(answer, facts, places),
            by_answer,
            len(question.content),
        )

    def _says(self, word: str, sentence: str) -> bool:
        """Whether a sentence uses a word of a question, or one that means the same."""
        if word in STOP_WORDS:
            return False
        wanted = self._index.lexicon.stem_of(word)
        said = set(stems(sentence))
        return wanted in said or any(other in said for other in synonyms().get(wanted, ()))

    def _stems_of(self, record_id: str) -> frozenset[str]:
        record = self._records[record_id]
        return frozenset(record_stems(record)) | frozenset(stems(f"{record.body} {record.office}"))

    def _covered(self, question: Question, known: frozenset[str]) -> float:
        """Share of the question's stems, by weight, that are among ``known`` or mean the same."""
        total = found = 0.0
        alike = synonyms()
        for word in question.content:
            weight = self._index.lexicon.weight(word)
            total += weight
            if word in known or any(other in known for other in alike.get(word, ())):
                found += weight
        return found / total if total else 1.0

    def _facts(
        self,
        record: Record,
        question: Question,
        hits: Sequence[Hit],
        places: frozenset[str],
    ) -> tuple[tuple[Fact, ...], str, float]:
        """Best facts of a record, the facet that it lacks, and how like a listed question this one is."""
        facets = asked_facets(list(question.folded))
        side = _side_asked(question, facets)
        apart = bool(side) and any(f.facet == side and not f.places for f in record.facts)
        lexical = {hit.fact_id: hit.score for hit in hits if hit.record_id == record.id}
        ids = [SUMMARY, *(fact.id for fact in record.facts)]
        similar = self._asks.similar(question.text, record.id)
        scores = mixed(similar, lexical, ids)
        by_name = any(_is_name(place) for f in record.facts for place in places & set(f.places))
        for fact in record.facts:
            scores[fact.id] += _FACET_BONUS * _facet_weight(fact.facet, facets)
            scores[fact.id] += _place_weight(fact, places, apart and fact.facet != side, by_name)
            if admits_not_knowing(fact.text):
                scores[fact.id] -= _ADMISSION_COST
        ranked = sorted(record.facts, key=lambda fact: -scores[fact.id])
        chosen: tuple[Fact, ...] = ()
        if ranked:
            top = scores[ranked[0].id]
            if top >= max(_FACT_SURE, scores[SUMMARY]):
                chosen = tuple(f for f in ranked[:3] if scores[f.id] >= top * _SECOND_FACT)
        precise = chosen and similar[chosen[0].id] >= _PRECISE
        missing = "" if precise else _missing(facets, record)
        return chosen, missing, max(similar.values(), default=0.0)


def _facet_weight(facet: str, asked: Sequence[str]) -> float:
    if facet not in asked:
        return 0.0
    return 1.0 - 0.2 * min(asked.index(facet), 3)


def _side_asked(question: Question, facets: Sequence[str]) -> str:
    """The side of a topic that a fact about a place does not answer by the way: a telephone, hours, a cost; else ""."""
    if wanted_type(question.folded) in ("phone", "email"):
        return "contacts"
    return next((facet for facet in facets[:2] if facet in ("hours", "cost")), "")


def _place_weight(
    fact: Fact, places: frozenset[str], another_side: bool, named_elsewhere: bool
) -> float:
    """A fact about the place that is asked for wins; a fact about another place loses.

    One about its zone says nothing where another fact of the record (``named_elsewhere``) names the place itself.
    """
    if not places or not fact.places:
        return 0.0
    if another_side and places.intersection(fact.places):
        return _ASIDE_PLACE_BONUS
    about = places.intersection(fact.places)
    if any(_is_name(place) for place in about):
        return _PLACE_BONUS
    if about and named_elsewhere:
        return 0.0
    return _WIDER_PLACE_BONUS if about else -_PLACE_BONUS


def _is_name(place: str) -> bool:
    return ":" not in place and place != OTHER_COMUNI


def _place_unsaid(answer: str, facts: Sequence[Fact], places: frozenset[str]) -> bool:
    """Whether municipalities were named and an answer, good for any place, says nothing about them."""
    named = {place for place in places if _is_name(place)}
    if not named or any(places.intersection(fact.places) for fact in facts):
        return False
    return not any(name in answer for name in named)


def _missing(asked: Sequence[str], record: Record) -> str:
    """Italian name of the facet that was asked for first, if the record says nothing about it."""
    if not asked or asked[0] not in FACET_LABELS:
        return ""
    known = {fact.facet for fact in record.facts}
    alike = {"where": {"where", "contacts", "office"}, "contacts": {"contacts", "where", "office"}}
    if known & alike.get(asked[0], {asked[0]}):
        return ""
    return FACET_LABELS[asked[0]]
