"""Codes of appointments: short, without characters that look or sound alike, with a check against typing errors.

Eight characters of an alphabet of 25, the last a check. No vowels: no words. No 0, 1, O, I, L; of the pairs that
are easily confused (8 and B, 5 and S, 2 and Z) only the figure, and the letter typed in its place is understood.
Seven random characters are 32 bits: with the limit on wrong codes (`guessing`) nobody finds one by trying. The
check is a weighted sum modulo 29, a prime above the alphabet's size: it notices every wrong character and every swap.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

ALPHABET: Final = "23456789CDFGHJKMNPQRTVWXY"
_LOOK_ALIKES: Final = str.maketrans("BSZU", "852V")
_RANDOM: Final = 7
_LENGTH: Final = _RANDOM + 1
_PRIME: Final = 29
_NOISE: Final = re.compile(r"[\s\-‐‑‒–—_.·/]+")
_CANDIDATE: Final = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Za-z][\s\-‐‑‒–—.]?){8}(?![0-9A-Za-z])")


def new_code() -> str:
    """A random code, in the form it is stored in."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM))
        check = _check(body)
        if check < len(ALPHABET):
            return body + ALPHABET[check]


def shown(code: str) -> str:
    """A code as people read it: "K7M4-XQ29"."""
    return f"{code[:4]}-{code[4:]}"


def normalised(text: str) -> str:
    """What was typed, in the stored form: capitals, no spaces, dashes or dots, look-alikes undone."""
    return _NOISE.sub("", text).upper().translate(_LOOK_ALIKES)


def is_plausible(code: str) -> bool:
    """Whether a normalised text can be a code: length, alphabet, check."""
    if len(code) != _LENGTH or any(char not in ALPHABET for char in code):
        return False
    return _check(code[:_RANDOM]) == ALPHABET.index(code[_RANDOM])


def found_code(text: str) -> str | None:
    """The first plausible code in a sentence, in the stored form, or None."""
    for start in range(len(text)):
        match = _CANDIDATE.match(text, start)
        if match and is_plausible(code := normalised(match[0])):
            return code
    return None


def _check(body: str) -> int:
    return sum(weight * ALPHABET.index(char) for weight, char in enumerate(body, 2)) % _PRIME
