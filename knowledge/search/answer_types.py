"""What kind of thing a question wants to be told (an amount, a telephone, a date …), and whether a text holds one.

A record may be right and still not hold the answer: "quanti volontari ha la protezione civile?" wants a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

_NUMBER: Final = r"\d|\b(?:due|tre|quattro|cinque|sei|sette|otto|nove|dieci)\b"
_MONTHS: Final = (
    "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre"
)
_TYPES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "money",
        r"\bquanto (?:si |mi |ci )?(?:cost\w+|pag\w+|guadagn\w+|prend\w+|vien\w+|fattur\w+|spe[sn]\w+|danno)|quanti (?:soldi|milioni|euro)|prezz\w+|stipendi\w*|tariff\w+",
        r"€|euro|gratuit|\bcost[oai]|tariff|canon|bollo|\bpag|spes",
    ),
    (
        "duration",
        r"\bquanto tempo|entro quan\w+|quanti (?:giorni|mesi|anni)|ogni quanto|quanto (?:dura|resta)|quanto ci (?:vuole|mett\w+)|quante ore",
        r"giorn|\bmes[ei]\b|\bann[oi]\b|\bor[ae]\b|settiman|minut|scad|sessione",
    ),
    ("phone", r"\b(?:telefono|cellulare|numero (?:di|del|verde))\b", r"\d{2,}[ ./]?\d{2,}"),
    ("email", r"\b(?:mail|email|pec)\b", r"\S@\S|PEC"),
    ("count", r"\bquant[ie]\b|\bnumero di\b", _NUMBER),
    (
        "measure",
        r"\bquanto (?:e (?:alt|grand|lung|profond|distant|largh?)\w*|pesa|dista|consuma)|altezza|altitudine|profondita|superficie|velocita|temperatura|\bpeso\b|distanza|percentuale",
        r"\d",
    ),
    (
        "date",
        r"\bquando|in che anno|che giorno|a che ora|da che anno|da quando",
        rf"{_NUMBER}|{_MONTHS}|luned|marted|mercoled|gioved|venerd|\bogni\b",
    ),
    (
        "person",
        r"\bcome si chiama|\bil nome d\w+|\bchi e (?:il|la|l)\b",
        r"\b[A-Z][a-z]+ (?:D[ie]l? )?[A-Z][a-z]+\b|sindaco di Milano",
    ),
)
_COMPILED: Final = tuple(
    (name, re.compile(asks), re.compile(holds)) for name, asks, holds in _TYPES
)
_HOLDS: Final = {name: holds for name, _, holds in _COMPILED}
_ADMISSION: Final = re.compile(
    r"\bnon (?:l[aeo'’] ?|li |ne |ci )?(?:abbiamo|sappiamo|conosciamo|risult\w+|c'è (?:un|una|nessun)\w*|sono (?:nelle|fra|tra|indicat\w+)"
    r"|è (?:nelle|fra|tra|indicat\w+)|è stat[oa] trovat\w+)|\bnessuna fonte",
    re.IGNORECASE,
)


_COUNTED: Final = re.compile(r"\b(?:quant[ie]|numero di) (\w+(?: \w+)?)")
_SENTENCE_END: Final = re.compile(r"(?<=[.;:])\s")
_NAMES_ONE_THING: Final = re.compile(
    r"\b(?:qual(?:e|i)?|che|quant[aeio]|avete|c e|ci sono|si puo|si possono|posso|esiste|hanno)\b"
)


_LIVES_THERE: Final = re.compile(
    r"\b(?:abit\w+|viv[oe]|viviamo|risied\w+|resident\w+|sto|stiamo|sono (?:di|a|in)|siamo (?:di|a))\b"
)


def lives_there(folded_words: Sequence[str]) -> bool:
    """Whether a place is named only to say where somebody lives."""
    return bool(_LIVES_THERE.search(" ".join(folded_words)))


def names_one_thing(folded_words: Sequence[str]) -> bool:
    """Whether a question names the one thing it wants ("quale libro", "c'è un bar"), so that each word of it counts."""
    return bool(_NAMES_ONE_THING.search(" ".join(folded_words)))


def wanted_type(folded_words: Sequence[str]) -> str:
    """Name of the kind of thing that a question wants, "" if it is an open question."""
    plain = " ".join(folded_words)
    return next((name for name, asks, _ in _COMPILED if asks.search(plain)), "")


def holds_type(
    name: str, text: str, folded_words: Sequence[str], alike: Callable[[str, str], bool]
) -> bool:
    """Whether a text holds a thing of that kind; a count must stand in one sentence with what is counted.

    Args:
        alike: whether a word of the question occurs in a sentence, by stem or synonym.
    """
    if not name:
        return True
    holds = _HOLDS[name]
    counted = _COUNTED.search(" ".join(folded_words)) if name == "count" else None
    if counted is None:
        return bool(holds.search(text))
    return any(
        holds.search(sentence) and any(alike(word, sentence) for word in counted[1].split())
        for sentence in _SENTENCE_END.split(text)
    )


def admits_not_knowing(text: str) -> bool:
    """Whether a text of ours says that the office does not have what was asked."""
    return bool(_ADMISSION.search(text))
