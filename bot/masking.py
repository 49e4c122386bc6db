"""Personal data covered in texts that are kept (pure).

What is covered: codice fiscale, IBAN, cards, e-mail addresses, telephone numbers, plates, names after "mi chiamo".
The office's own contacts stay readable.
"""

from __future__ import annotations

import re
from typing import Final

_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d\d"
_KEPT: Final = re.compile(
    r"(?<![\w/.-])(?:800[ .]?88[ .]?33[ .]?11"
    rf"|{_DAY}/{_MONTH}/{_YEAR}|{_DAY}-{_MONTH}-{_YEAR}|{_DAY}\.{_MONTH}\.{_YEAR}"
    rf"|{_YEAR}-\d\d-\d\d|{_YEAR} ?- ?{_YEAR}"
    r"|\d{1,2}\.\d\d ?- ?\d{1,2}\.\d\d|20\d{3} ?- ?20\d{3}"  # hours; postal codes
    r"|(?![03])\d{1,3}(?:\.\d{3}){2,}"  # amounts; telephone numbers begin with 0 or 3
    r")(?![\w/]|[.-]\d)"
    r"|[\w.+'-]+@(?:pec\.)?cittametropolitana\.m[a-z]*\.it(?![\w-]|\.\w)",
    re.IGNORECASE,
)
"""The office's contacts, and figures that have as many digits as a telephone number but are none."""

_WORD: Final = r"[^\W\d_][\w'’-]*"
_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("[codice fiscale]", re.compile(r"\b[A-Z]{3}\s?[A-Z]{3}\s?[\dLMNPQRSTUV]{2}\s?[A-EHLMPRST]\s?[\dLMNPQRSTUV]{2}\s?[A-Z]\s?[\dLMNPQRSTUV]{3}\s?[A-Z]\b", re.IGNORECASE)),
    ("[IBAN]", re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)),
    ("[e-mail]", re.compile(r"(?<![\w.+'-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")),
    ("[carta]", re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b")),
    ("[targa]", re.compile(r"\b[A-HJ-NPR-TV-Z]{2}[\s-]?\d{3}[\s-]?[A-HJ-NPR-TV-Z]{2}\b", re.IGNORECASE)),
    ("[telefono]", re.compile(r"(?<![\w/])(?<!\d\.)\(?(?:\+|00)?\d(?:[ ./()-]{0,2}\d){7,13}(?![\w/])")),
)  # fmt: skip
_CODES: Final = frozenset({"[codice fiscale]", "[IBAN]", "[carta]"})
_NAME: Final = re.compile(
    rf"\b((?:mi chiamo|il mio nome (?:è|e)|a nome(?: di)?|sono (?:il|la) (?:signor|signora|sig\.?|sig\.ra|dott\.?|dott\.ssa))\s*:?\s+)"
    rf"({_WORD}(?:\s+(?!e\b|ed\b|vorrei\b|volevo\b|ho\b|abito\b|e'\b){_WORD}){{0,2}})",
    re.IGNORECASE,
)
_NAME_SIGNED: Final = re.compile(r"\b([Ss]ono\s+)((?:[A-ZÀ-Ý][\w'’]+\s+){1,2}[A-ZÀ-Ý][\w'’]+)\b")


def mask(text: str) -> str:
    """The text with personal data replaced by what kind it was: "[telefono]"."""
    parts: list[str] = []
    at = 0
    for kept in _KEPT.finditer(text):
        parts += (_covered(text[at : kept.start()]), kept.group())
        at = kept.end()
    text = "".join((*parts, _covered(text[at:])))
    text = _NAME.sub(r"\1[nome]", text)
    return _NAME_SIGNED.sub(r"\1[nome]", text)


def mask_codes(text: str) -> str:
    """The text without codice fiscale, IBAN and cards: a message for the office keeps names and contacts, never these."""
    for label, pattern in _PATTERNS:
        if label in _CODES:
            text = pattern.sub(label, text)
    return text


def _covered(text: str) -> str:
    for label, pattern in _PATTERNS:
        text = pattern.sub(label, text)
    return text
