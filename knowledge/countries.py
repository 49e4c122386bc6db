"""Countries other than Italy that a message speaks of as a place: "in Svizzera", "negli Stati Uniti" (pure)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from knowledge.text import words

_NAMES: Final = Path(__file__).with_name("countries.txt").read_text(encoding="utf-8").split()
_THERE: Final = re.compile(
    rf"\b(?:in|nel|nell|nella|negli) (?P<country>{'|'.join(_NAMES)}|stati uniti|regno unito)\b"
)
_CAME_FROM_THERE: Final = re.compile(
    r"\b(?:nat[oa]|viv[oe]|vivevo|abit\w+|resident\w+|sposat\w+|pres[oa]|fatt[oa]|conseguit\w+|rilasciat\w+|lavor\w+)\b"
)
"""What was done or got there may well be a matter of ours: "ho preso la patente in Romania"."""


def country_asked_about(question: str) -> str:
    """The country in which something is asked about, with a capital; "" if the question is not about another country."""
    plain = " ".join(words(question))
    there = _THERE.search(plain)
    if there is None or _CAME_FROM_THERE.search(plain):
        return ""
    return there["country"].title()
