"""Sparse features of a short Italian text: words, pairs of words, and pieces of words.

Pieces of words (2 to 5 letters) make typing errors and inflection cheap; pairs of words keep some order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_PIECES: Final = (2, 3, 4, 5)
_PLACEHOLDERS: Final = frozenset({"comune", "zona", "mestiere", "0"})
_WORD, _PAIR, _PIECE = "w:", "b:", "c:"


def count_features(words: Sequence[str]) -> Counter[str]:
    """Raw counts. Placeholders (``xcomunex``) take part as words but are not cut into pieces."""
    counts: Counter[str] = Counter()
    previous = "^"
    for word in words:
        counts[_WORD + word] += 1
        counts[_PAIR + previous + " " + word] += 1
        previous = word
        if not is_placeholder(word):
            counts.update(_pieces(word))
    counts[_PAIR + previous + " $"] += 1
    return counts


@lru_cache(maxsize=65_536)
def _pieces(word: str) -> tuple[str, ...]:
    padded = f"<{word}>"
    return tuple(
        _PIECE + padded[start : start + size]
        for size in _PIECES
        for start in range(len(padded) - size + 1)
    )


def is_placeholder(word: str) -> bool:
    """Whether a word stands for a place, a trade or a number: ``xcomunex``, ``x0x``."""
    return len(word) > 2 and word[0] == word[-1] == "x" and word.strip("x") in _PLACEHOLDERS


def is_piece(feature: str) -> bool:
    """Whether a feature is a piece of a word; the two groups are scaled apart."""
    return feature.startswith(_PIECE)


def is_word(feature: str) -> bool:
    """Whether a feature is a whole word."""
    return feature.startswith(_WORD)


def damped(count: int) -> float:
    """Term frequency damping: the tenth repetition says little."""
    return 1.0 if count == 1 else 1.0 + math.log(count)
