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
_JOINED: Final = re.compile(
    r"[,;.]?\s+(?:ed? anche|ed? inoltre|e pure|e poi anche|oltre (?:a|che))\s+", re.IGNORECASE
)
_CORRECTION: Final = re.compile(
    r"^(?:(?:no+|ma no|nono|ah no|scus\w*|pardon|ops|aspetta)\b[\s,.!:;]*)*"
    r"(?:(?:io )?(?:intendevo|volevo dire|voglio dire|parlavo d\w+|parlo d\w+|mi riferivo a\w*|dicevo|cercavo)\b"
    r"|(?:mi sono|mi ero|ho) (?:sbagliat\w|confus\w|espress\w male|scritto male)\b)"
    r"[\s,.!:;]*(?:(?:volevo dire|intendevo|che|in realtà|in realta|è che|era)\s+)?(?P<meant>.+)$",
    re.IGNORECASE | re.DOTALL,
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
    if 2 <= len(asking) <= _MAX_PARTS:
        return asking
    joined = [part.strip(" ,;.") for part in _JOINED.split(" ".join(text.split()))]
    return joined if 2 <= len(joined) <= _MAX_PARTS and all(joined) else [text]


def corrected(text: str) -> str:
    """What a correction ("no, intendevo …", "mi sono sbagliato, …") puts in the place of what was said; "" if none."""
    match = _CORRECTION.match(" ".join(text.split()))
    return match["meant"].strip() if match else ""
