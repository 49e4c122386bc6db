"""Words as the search compares them: Italian stems, without stop words, typing errors undone, synonyms added.

The lexicon counts in how many records each stem occurs, so that a rare word says more than a common one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

import tantivy
import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.text import fold, spelled_out, words

_FOLDER: Final = Path(__file__).parent
STOP_WORDS: Final = frozenset((_FOLDER / "stop_words.txt").read_text(encoding="utf-8").split())
_SHORTEST_CONTENT_WORD: Final = 3
_SHORTEST_CORRECTED: Final = 5
"""Shorter words have too many neighbours: a correction would be a guess."""
_TWO_ERRORS_FROM: Final = 8

_STEMMER: Final = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    .filter(tantivy.Filter.stemmer("italian"))
    .build()
)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Italian stem of a folded word ("autorizzazioni" and "autorizzazione" have the same)."""
    found = _STEMMER.analyze(word)
    return found[0] if found else word


def content_words(text: str) -> list[str]:
    """Folded words of a text that carry its meaning, in order."""
    return [
        word
        for word in words(text)
        if word not in STOP_WORDS and len(word) >= _SHORTEST_CONTENT_WORD and not word.isdigit()
    ]


def stems(text: str) -> list[str]:
    """Stems of a text as they are indexed; short words and numbers count here ("CPI", "104")."""
    return [found for word in fold(text).split() for found in _stems_of(word)]


@lru_cache(maxsize=65_536)
def _stems_of(folded: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in spelled_out((folded,)) if word not in STOP_WORDS)


@lru_cache(maxsize=1)
def synonyms() -> dict[str, tuple[str, ...]]:
    """Stem -> stems that mean the same in this office's matters (``synonyms.yml``)."""
    groups = yaml.safe_load((_FOLDER / "synonyms.yml").read_text(encoding="utf-8"))
    alike: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        members = {stem(word) for word in group}
        for member in members:
            alike[member] |= members - {member}
    return {member: tuple(sorted(others)) for member, others in alike.items()}


def one_for_all(word: str) -> str:
    """The stem that stands for a word and all that mean the same; the word itself if it has no synonyms."""
    found = stem(word)
    alike = synonyms().get(found)
    return min(found, *alike) if alike else word


class Lexicon:
    """Stems of all indexed records, with the number of records that hold each.

    Args:
        is_word: whether a folded word is ordinary Italian; such a word is never taken for a typing error.
    """

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self._is_word = is_word
        self._records: Counter[str] = Counter()
        self._total = 0
        self._by_shape: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._corrected: dict[str, str] = {}

    def add(self, record_stems: Iterable[str]) -> None:
        """Count the distinct stems of one more record."""
        self._total += 1
        for found in record_stems:
            self._records[found] += 1
            if self._records[found] == 1:
                self._by_shape[found[:1], len(found)].add(found)
        self._corrected.clear()

    def remove(self, record_stems: Iterable[str]) -> None:
        """Undo `add`; a stem that no record holds any more is no longer a correction."""
        self._total -= 1
        for found in record_stems:
            self._records[found] -= 1
            if self._records[found] <= 0:
                del self._records[found]
                self._by_shape[found[:1], len(found)].discard(found)
        self._corrected.clear()

    def __contains__(self, found: str) -> bool:
        return found in self._records

    def weight(self, found: str) -> float:
        """How much a stem tells: 1 if every record holds it, more the rarer it is."""
        return math.log((1 + self._total) / (1 + self._records.get(found, 0))) + 1.0

    def is_common(self, found: str, share: float) -> bool:
        """Whether more than ``share`` of the records hold a stem."""
        return self._records.get(found, 0) > share * self._total

    def stem_of(self, word: str) -> str:
        """Stem of a word of a question, with a typing error undone if exactly that explains it."""
        plain = stem(word)
        if plain in self._records or len(word) < _SHORTEST_CORRECTED or self._is_word(word):
            return plain
        known = self._corrected.get(plain)
        if known is None:
            known = self._corrected[plain] = self._nearest(plain)
        return known

    def _nearest(self, mistyped: str) -> str:
        errors = 2 if len(mistyped) >= _TWO_ERRORS_FROM else 1
        near = [
            candidate
            for length in range(len(mistyped) - errors, len(mistyped) + errors + 1)
            for candidate in self._by_shape.get((mistyped[:1], length), ())
        ]
        hits = process.extract(mistyped, near, scorer=OSA.distance, score_cutoff=errors, limit=8)
        if not hits:
            return mistyped
        # Of equally near stems the one that more records use is meant more often.
        return min(hits, key=lambda hit: (hit[1], -self._records[hit[0]], hit[0]))[0]
