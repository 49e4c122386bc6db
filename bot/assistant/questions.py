"""Two questions in one message: where one ends and the next begins (pure, on the text alone)."""

from __future__ import annotations

import re
from typing import Final

_ASKS: Final = (
    "quando|dove|come|chi|quanto|quanta|quanti|quante|quale|quali|qual|a che|in che|che|cosa|perché|perche|a chi|da chi|"
    "di chi|a quale|in quale|ogni quanto|posso|si può|si puo|devo"
)
_AFTER_MARK: Final = re.compile(r"(?<=[?!;])\s+")
_BEFORE_SECOND: Final = re.compile(
    rf"[,;.]?\s+(?:e|ed|e poi|e inoltre|e anche|poi|inoltre)\s+(?=(?:{_ASKS})\b)", re.IGNORECASE
)
_QUESTION: Final = re.compile(rf"\?|\b(?:{_ASKS})\b", re.IGNORECASE)
_MAX_PARTS: Final = 3
_MIN_WORDS: Final = 2


def split_questions(text: str) -> list[str]:
    """Parts of a message that each ask something; the whole text if it does not fall into such parts."""
    parts: list[str] = []
    for sentence in _AFTER_MARK.split(" ".join(text.split())):
        parts.extend(_BEFORE_SECOND.split(sentence))
    asking = [part.strip(" ,;.") for part in parts]
    asking = [p for p in asking if _QUESTION.search(p) and len(p.split()) >= _MIN_WORDS]
    return asking if 2 <= len(asking) <= _MAX_PARTS else [text]
