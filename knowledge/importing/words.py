"""Finding names of a closed list (trades, contracts, municipalities) in a text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from knowledge.text import tokens

_MAX_WORDS: Final = 6
_REMEMBERED: Final = 4_096


class NameFinder:
    """Finds names, the longest first, by whole words without capitals and accents."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """``names`` are (name, what it stands for); the first owner of a name keeps it."""
        self._names: dict[tuple[str, ...], str] = {}
        for name, meaning in names:
            words = tuple(token.word for token in tokens(name))
            if words:
                self._names.setdefault(words, meaning)
        # Titles and contracts repeat: a list of 50,000 offers has a few thousand different ones.
        self.found = lru_cache(maxsize=_REMEMBERED)(self._found)

    def exact(self, text: str) -> str | None:
        """What the whole text stands for."""
        return self._names.get(tuple(token.word for token in tokens(text)))

    def _found(self, text: str) -> tuple[str, ...]:
        """What the names in a text stand for, in the order of the text, each once."""
        words = [token.word for token in tokens(text)]
        meanings: dict[str, None] = {}
        at = 0
        while at < len(words):
            for size in range(min(_MAX_WORDS, len(words) - at), 0, -1):
                meaning = self._names.get(tuple(words[at : at + size]))
                if meaning is not None:
                    meanings[meaning] = None
                    at += size
                    break
            else:
                at += 1
        return tuple(meanings)
