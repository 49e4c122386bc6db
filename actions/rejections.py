"""Messages that say that the last answer was not what was asked for (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_REJECTS: Final = re.compile(
    r"(?:\bnon (?:mi |ci )?(?:hai|avete)|^(?:ma |no )?non (?:mi |ci )?ha) (?:mica |ancora |proprio )?(?:rispost\w+|capito (?:la|cosa|quello|che|niente|nulla))\b"
    r"|\bnon (?:mi )?(?:risponde|rispondi|rispondete) (?:a|alla|al)\b|\bnon (?:e|era) (?:quello|quella|cio|questo|la risposta) (?:che|a)\b"
    r"|\bnon c ?entra\b|\b(?:hai|ha|avete) capito male\b|\bnon (?:ho|avevo|ti ho) chiesto (?:questo|quello)\b"
    r"|\bvolevo (?:sapere|dire) (?:un )?altr\w+\b|\bintendevo (?:un )?altr\w+\b|\b(?:e|era) un altra (?:la )?domanda\b"
)
_MAX_WORDS: Final = 10
"""A longer message says what was meant."""


def rejects_answer(folded_words: Sequence[str]) -> bool:
    """Whether somebody says that the last answer was not what was asked for."""
    return len(folded_words) <= _MAX_WORDS and bool(_REJECTS.search(" ".join(folded_words)))
