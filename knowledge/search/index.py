"""Full-text index over facts (tantivy, Italian stemming, in memory, rebuilt in well under a second)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import tantivy

from knowledge.schema import Record
from knowledge.text import words

SUMMARY: Final = "summary"
"""Fact id under which a record's summary is indexed."""

_ANALYZER: Final = "italian"
_BOOSTS: Final = {"ask": 3.0, "names": 2.5, "title": 2.0, "text": 1.0}
_WRITER_HEAP_BYTES: Final = 30_000_000
STOP_WORDS: Final = [
    "a",
    "ad",
    "ai",
    "al",
    "alla",
    "alle",
    "allo",
    "agli",
    "anche",
    "che",
    "chi",
    "ci",
    "ciao",
    "buongiorno",
    "buonasera",
    "salve",
    "grazie",
    "come",
    "con",
    "cosa",
    "cui",
    "da",
    "dal",
    "dalla",
    "dalle",
    "dei",
    "del",
    "della",
    "delle",
    "dello",
    "degli",
    "di",
    "dove",
    "e",
    "ed",
    "essere",
    "fa",
    "fare",
    "fate",
    "gli",
    "ha",
    "hanno",
    "ho",
    "i",
    "il",
    "in",
    "io",
    "la",
    "le",
    "lei",
    "lo",
    "loro",
    "ma",
    "mi",
    "mia",
    "mio",
    "nel",
    "nella",
    "nelle",
    "nei",
    "non",
    "o",
    "ogni",
    "per",
    "perche",
    "piu",
    "puo",
    "posso",
    "quale",
    "quali",
    "quando",
    "quanto",
    "quanti",
    "quello",
    "questa",
    "questo",
    "qui",
    "se",
    "sei",
    "si",
    "sia",
    "siete",
    "sono",
    "sta",
    "su",
    "sul",
    "sulla",
    "sulle",
    "sui",
    "te",
    "ti",
    "tra",
    "tu",
    "un",
    "una",
    "uno",
    "va",
    "vi",
    "voi",
    "vorrei",
    "volevo",
    "sapere",
    "dirmi",
    "devo",
    "deve",
    "mie",
    "miei",
    "cortesemente",
    "gentilmente",
    "favore",
    "informazioni",
    "avere",
]


@dataclass(frozen=True)
class Hit:
    """A fact that matches, with its BM25 score."""

    record_id: str
    fact_id: str
    score: float


class FactIndex:
    """BM25 over the questions, names and texts of all facts."""

    def __init__(self, records: Iterable[Record]) -> None:
        builder = tantivy.SchemaBuilder()
        for name in ("record", "fact"):
            builder.add_text_field(name, stored=True, tokenizer_name="raw")
        for name in _BOOSTS:
            builder.add_text_field(name, stored=False, tokenizer_name=_ANALYZER)
        self._index = tantivy.Index(builder.build())
        analyzer = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.ascii_fold())
            .filter(tantivy.Filter.custom_stopword(STOP_WORDS))
            .filter(tantivy.Filter.stemmer("italian"))
            .build()
        )
        self._index.register_tokenizer(_ANALYZER, analyzer)
        writer = self._index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1)
        for record in records:
            for document in _documents(record):
                writer.add_document(tantivy.Document(**document))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, question: str, *, limit: int = 20) -> list[Hit]:
        """Best facts for a question, best first; empty when no word matches."""
        plain = " ".join(words(question))
        if not plain:
            return []
        try:
            query = self._index.parse_query(plain, list(_BOOSTS), field_boosts=_BOOSTS)
        except ValueError:
            # Nothing but stop words is left of the question.
            return []
        hits = []
        for score, address in self._searcher.search(query, limit).hits:
            document = self._searcher.doc(address)
            hits.append(Hit(document["record"][0], document["fact"][0], float(score)))
        return hits


def _documents(record: Record) -> Iterable[dict[str, str]]:
    names = " ; ".join(record.names)
    common = {"record": record.id, "names": names, "title": record.title}
    yield {**common, "fact": SUMMARY, "ask": names, "text": record.summary.text}
    for fact in record.facts:
        yield {**common, "fact": fact.id, "ask": " ; ".join(fact.ask), "text": fact.text}
