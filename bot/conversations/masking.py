"""Personal data covered in texts that are kept (pure).

What is covered: codice fiscale, IBAN, cards, e-mail addresses, telephone numbers, plates, names after "mi chiamo".
The office's own contacts stay readable.
"""

from __future__ import annotations

import re
from typing import Final

_OFFICE: Final = re.compile(
    r"800[ .]?88[ .]?33[ .]?11|@(?:pec\.)?cittametropolitana\.m[a-z]*\.it", re.IGNORECASE
)
_WORD: Final = r"[^\W\d_][\w'’-]*"
_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("[codice fiscale]", re.compile(r"\b[A-Z]{3}\s?[A-Z]{3}\s?[\dLMNPQRSTUV]{2}\s?[A-EHLMPRST]\s?[\dLMNPQRSTUV]{2}\s?[A-Z]\s?[\dLMNPQRSTUV]{3}\s?[A-Z]\b", re.IGNORECASE)),
    ("[IBAN]", re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)),
    ("[e-mail]", re.compile(r"(?<![\w.+'-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")),
    ("[carta]", re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b")),
    ("[targa]", re.compile(r"\b[A-HJ-NPR-TV-Z]{2}[\s-]?\d{3}[\s-]?[A-HJ-NPR-TV-Z]{2}\b", re.IGNORECASE)),
    ("[telefono]", re.compile(r"(?<![\w/])(?<!\d\.)\(?(?:\+|00)?\d(?:[ ./()-]{0,2}\d){7,13}(?![\w/])")),
)  # fmt: skip
_DATE: Final = re.compile(
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d{1,2}[.:]\d{2}\s?-\s?\d{1,2}[.:]\d{2}"
)
_NAME: Final = re.compile(
    rf"\b((?:mi chiamo|il mio nome (?:è|e)|a nome(?: di)?|sono (?:il|la) (?:signor|signora|sig\.?|sig\.ra|dott\.?|dott\.ssa))\s*:?\s+)"
    rf"({_WORD}(?:\s+(?!e\b|ed\b|vorrei\b|volevo\b|ho\b|abito\b|e'\b){_WORD}){{0,2}})",
    re.IGNORECASE,
)
_NAME_SIGNED: Final = re.compile(r"\b([Ss]ono\s+)((?:[A-ZÀ-Ý][\w'’]+\s+){1,2}[A-ZÀ-Ý][\w'’]+)\b")


def mask(text: str) -> str:
    """The text with personal data replaced by what kind it was: "[telefono]"."""
    for label, pattern in _PATTERNS:
        text = pattern.sub(lambda match, label=label: _cover(match, label), text)  # type: ignore[misc]
    text = _NAME.sub(r"\1[nome]", text)
    return _NAME_SIGNED.sub(r"\1[nome]", text)


def _cover(match: re.Match[str], label: str) -> str:
    found = match.group()
    if _OFFICE.search(found) or (label == "[telefono]" and not _is_telephone(found)):
        return found
    return label


def _is_telephone(found: str) -> bool:
    """Whether figures are a telephone number, and not a date, an hour, a postal code or an amount."""
    if _DATE.fullmatch(found.strip()):
        return False
    digits = re.sub(r"\D", "", found)
    return found.lstrip("( ").startswith("+") or digits.startswith(("0", "3", "8"))
