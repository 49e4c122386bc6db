"""Plain BM25 over the same records, the usual yardstick: bm25s with the Italian stemmer of PyStemmer.

Both are development packages; without them the comparison is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from knowledge.schema import Record


class PlainBM25:
    """Ranks records by BM25 over all their words, with nothing learnt and nothing tuned."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        import bm25s  # type: ignore[import-untyped]
        import Stemmer  # type: ignore[import-not-found]

        self._ids = list(records)
        self._bm25s = bm25s
        self._stemmer = Stemmer.Stemmer("italian")
        self._retriever = bm25s.BM25()
        texts = [_everything(record) for record in records.values()]
        self._retriever.index(self._tokens(texts), show_progress=False)

    def ranked(self, questions: Sequence[str], *, limit: int = 10) -> list[list[str]]:
        """Record ids for each question, best first."""
        found, _ = self._retriever.retrieve(
            self._tokens(questions), k=min(limit, len(self._ids)), show_progress=False
        )
        return [[self._ids[at] for at in row] for row in found.tolist()]

    def _tokens(self, texts: Sequence[str]):  # type: ignore[no-untyped-def]
        return self._bm25s.tokenize(
            list(texts), stopwords="it", stemmer=self._stemmer, show_progress=False
        )


def plain_bm25(records: Mapping[str, Record]) -> PlainBM25 | None:
    """The yardstick, or None where its packages are not installed."""
    try:
        return PlainBM25(records)
    except ImportError:
        return None


def _everything(record: Record) -> str:
    parts = [record.title, *record.names, record.summary.text]
    for fact in record.facts:
        parts += [*fact.ask, fact.text]
    return "\n".join(parts)
