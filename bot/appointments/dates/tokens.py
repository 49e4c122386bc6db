"""A text as words and marks of the grammar: folded, spelt out, typing errors mended. Linear in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.appointments.dates import lexicon
from knowledge.text import fold
from knowledge.words import italian_words

_PIECES: Final = re.compile(
    r"(?i:(?<![^\W\d_])[ap]\.? ?m\b\.?)|\d+|[^\W\d_]+|[^\w\s]|_", re.UNICODE
)
_APOSTROPHES: Final = frozenset("'’‘`´ʼ")
_DASHES: Final = frozenset("‐‑‒–—−")
_ORDINAL_MARKS: Final = frozenset(("°", "º", "o", "a", "ª"))
_LONGEST_NUMBER: Final = 8
_KNOWN: Final = frozenset(
    {
        *lexicon.WEEKDAYS,
        *lexicon.MONTHS,
        *lexicon.NUMBERS,
        *lexicon.PART_WORDS,
        *lexicon.CORRECTABLE,
        *lexicon.PERSONS,
    }
)
_SHORTEST_MENDED: Final = 5
_LONG_WORD: Final = 8
"""From this length on a word may hold two typing errors."""


@dataclass(frozen=True)
class Token:
    """A word, a number or a mark, and its place in the text.

    ``number`` is the value of figures and of number words; ``figures`` how many figures (0: a word or a
    mark); ``tight``: nothing stands between it and the token before; ``off``: it is no date (an address, a price).
    """

    word: str
    start: int
    end: int
    number: int | None = None
    figures: int = 0
    tight: bool = False
    off: bool = False

    @property
    def is_mark(self) -> bool:
        """Whether it is punctuation."""
        return not self.figures and not self.word.isalpha()


END: Final = Token("", 0, 0, off=True)


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text in order."""
    out: list[Token] = []
    last_end = -1
    for match in _PIECES.finditer(text):
        piece, start, end = match.group(), match.start(), match.end()
        tight = start == last_end
        last_end = end
        if piece in _APOSTROPHES:
            continue
        previous = out[-1] if out else END
        if piece[0].isdecimal():
            number = int(piece) if len(piece) <= _LONGEST_NUMBER else None
            out.append(Token(piece, start, end, number, len(piece), tight))
        elif piece[0].isalpha():
            word = fold(piece).replace(" ", "")
            if tight and previous.figures and word in _ORDINAL_MARKS:
                continue
            out.extend(_spelled(word, start, end, tight))
        elif piece == "." and tight and previous.word in lexicon.ABBREVIATIONS:
            continue
        elif not (piece == "°" and previous.figures):
            out.append(Token("-" if piece in _DASHES else piece, start, end, tight=tight))
    return out


def _spelled(word: str, start: int, end: int, tight: bool) -> list[Token]:
    word = mended(lexicon.SHORTHAND.get(word, word))
    return [Token(word, start, end, lexicon.NUMBERS.get(word), 0, tight)] if word else []


@lru_cache(maxsize=16_384)
def mended(word: str) -> str:
    """The word of the grammar that a mistyped word stands for, or the word itself.

    One slip (a letter wrong, missing, doubled or swapped) in words of five letters or more, two from eight
    on, the first letter right; a word that Italian has ("aprire", "giungo") is never touched.
    """
    if len(word) < _SHORTEST_MENDED or len(word) > 16 or word in _KNOWN or word in italian_words():
        return word
    slips = 2 if len(word) >= _LONG_WORD else 1
    near = process.extract(
        word, lexicon.CORRECTABLE, scorer=OSA.distance, score_cutoff=slips, limit=3
    )
    same_start = [(distance, found) for found, distance, _ in near if found[0] == word[0]]
    return min(same_start)[1] if same_start else word


def token_at(tokens: list[Token], index: int) -> Token:
    """The token at an index, or the end mark beyond either end."""
    return tokens[index] if 0 <= index < len(tokens) else END
