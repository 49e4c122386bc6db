"""Deterministic noise for training: typing errors and SMS spelling, the same at every run.

Accents and capitals need no noise: reading folds them away.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import Final

from knowledge.features import is_placeholder

_NEIGHBOURS: Final = {
    "a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "l": "ko",
    "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "z": "xa",
}  # fmt: skip
_MIN_LENGTH: Final = 4


def noisy_variants(words: Sequence[str], count: int) -> Iterator[list[str]]:
    """``count`` copies of a text with about one typing error in every four longer words."""
    seed = hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()
    chance = random.Random(seed)  # noqa: S311 - noise, not a secret
    for _ in range(count):
        variant = [
            _mistyped(word, chance) if len(word) >= _MIN_LENGTH and chance.random() < 0.25 else word
            for word in words
        ]
        if variant == list(words):
            longest = max(range(len(words)), key=lambda i: len(words[i]), default=None)
            if longest is None or len(words[longest]) < _MIN_LENGTH:
                continue
            variant[longest] = _mistyped(words[longest], chance)
        yield variant


def _mistyped(word: str, chance: random.Random) -> str:
    if is_placeholder(word):
        return word
    at = chance.randrange(len(word))
    kind = chance.choice(("drop", "double", "swap", "near", "vowels"))
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at] + word[at:]
    if kind == "swap" and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "near" and word[at] in _NEIGHBOURS:
        return word[:at] + chance.choice(_NEIGHBOURS[word[at]]) + word[at + 1 :]
    # SMS style: the inner vowels go.
    return word[0] + "".join(char for char in word[1:-1] if char not in "aeiou") + word[-1]
