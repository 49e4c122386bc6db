"""Full-text index over facts (tantivy, in memory): made once, then updated record by record.

Texts are stemmed before they reach tantivy, by the same code that reads questions: one truth about what a word is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import tantivy

from knowledge.schema import Record
from knowledge.search.lexicon import Lexicon, stems, synonyms

SUMMARY: Final = "summary"
"""Fact id under which a record's summary is indexed."""

_BOOSTS: Final = {"ask": 3.0, "names": 2.5, "title": 2.0, "text": 1.0}
_SYNONYM_WEIGHT: Final = 0.4
_TOO_COMMON: Final = 0.2
"""Stems that more than this share of the records hold are left out of a query that has rarer ones: they only cost."""

_MAX_STEMS: Final = 16
"""The rarest stems of a long message are enough to find its subject."""

_WRITER_HEAP_BYTES: Final = 64_000_000


@dataclass(frozen=True)
class Hit:
    """A fact that matches, with its BM25 score."""

    record_id: str
    fact_id: str
    score: float


class FactIndex:
    """BM25 over the questions, names and texts of all facts. Use `created` and `updated`; each value is a snapshot.

    A later update shares the storage and leaves earlier snapshots as they were.
    """

    def __init__(self, index: tantivy.Index, lexicon: Lexicon) -> None:
        self._index = index
        self._searcher = index.searcher()
        self._schema = index.schema
        self.lexicon = lexicon

    @classmethod
    def created(cls, records: Iterable[Record], is_word: Callable[[str], bool]) -> FactIndex:
        """An index of these records."""
        builder = tantivy.SchemaBuilder()
        for name in ("record", "fact"):
            builder.add_text_field(name, stored=True, tokenizer_name="raw")
        for name in _BOOSTS:
            builder.add_text_field(name, stored=False, tokenizer_name="whitespace")
        empty = cls(tantivy.Index(builder.build()), Lexicon(is_word))
        return empty.updated(records, ())

    def updated(self, changed: Iterable[Record], removed: Iterable[Record]) -> FactIndex:
        """The index with some records added or replaced and others taken out.

        Args:
            changed: new records, and the new state of known ones.
            removed: the old state of every record that was taken out or replaced.
        """
        writer = self._index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1)
        for record in removed:
            writer.delete_documents_by_term("record", record.id)
            self.lexicon.remove(record_stems(record))
        for record in changed:
            found: set[str] = set()
            for document in _documents(record):
                writer.add_document(tantivy.Document(**document))
                for name in _BOOSTS:
                    found.update(document[name].split())
            self.lexicon.add(found)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        return FactIndex(self._index, self.lexicon)

    def search(self, question_stems: Sequence[str], *, limit: int = 20) -> list[Hit]:
        """Best facts for the stems of a question, best first; empty when none matches."""
        query = self._query(question_stems)
        if query is None:
            return []
        hits = []
        for score, address in self._searcher.search(query, limit, count=False).hits:
            document = self._searcher.doc(address)
            hits.append(Hit(document["record"][0], document["fact"][0], float(score)))
        return hits

    def _query(self, question_stems: Sequence[str]) -> tantivy.Query | None:
        lexicon = self.lexicon
        known = [found for found in dict.fromkeys(question_stems) if found in lexicon]
        telling = [found for found in known if not lexicon.is_common(found, _TOO_COMMON)] or known
        telling = sorted(telling, key=lambda found: -lexicon.weight(found))[:_MAX_STEMS]
        weights = dict.fromkeys(telling, 1.0)
        for found in telling:
            for alike in synonyms().get(found, ()):
                if alike in lexicon:
                    weights.setdefault(alike, _SYNONYM_WEIGHT)
        if not weights:
            return None
        terms = []
        for found, weight in weights.items():
            for name, boost in _BOOSTS.items():
                term = tantivy.Query.term_query(self._schema, name, found)
                terms.append(
                    (tantivy.Occur.Should, tantivy.Query.boost_query(term, boost * weight))
                )
        return tantivy.Query.boolean_query(terms)


def record_stems(record: Record) -> set[str]:
    """Distinct stems of all indexed texts of a record."""
    return {
        found
        for document in _documents(record)
        for name in _BOOSTS
        for found in document[name].split()
    }


def _documents(record: Record) -> Iterable[dict[str, str]]:
    names = _indexed(" ; ".join(record.names))
    common = {"record": record.id, "names": names, "title": _indexed(record.title)}
    yield {**common, "fact": SUMMARY, "ask": names, "text": _indexed(record.summary.text)}
    for fact in record.facts:
        asks = _indexed(" ; ".join(fact.ask))
        yield {**common, "fact": fact.id, "ask": asks, "text": _indexed(fact.text)}


def _indexed(text: str) -> str:
    return " ".join(stems(text))
