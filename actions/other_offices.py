"""Offices other than the URP in a question about hours (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from knowledge.schema import Fact, Record
from knowledge.text import words

_PLACE_OF_WORK: Final = (
    "uffici(?:o)?|bibliotec[ah]e?|mus[eo]i?|scuol[ae]|liceo|istituto|mensa|sede|sedi|settore|servizio|protocollo|archivio|"
    "centr[oi]|agenzia|tribunale|anagrafe|comune|municipio|palestra|piscina|parco|farmacia|ospedale|poste|cpi|afol|questura"
)
_OFFICE: Final = re.compile(rf"\b(?:{_PLACE_OF_WORK})\b")
_NAMED: Final = re.compile(
    rf"\b((?:{_PLACE_OF_WORK})(?: (?:di|del|della|dell|delle|dei|degli|per|l|lo|la|le))*(?: [a-z]+){{0,2}})\b"
)
_OURS: Final = re.compile(
    r"\b(?:urp|numero verde|sportello(?! (?:energia|unico|di prossimita|telematico|badanti|stranieri))|"
    r"vostr[oaie] uffici\w*|l ufficio|gli uffici|uffici(?:o)?(?= (?:apert|chius|e apert|e chius|sono|aprite|chiudete|pomeriggio))|"
    r"relazioni (?:con il|col) pubblico|citta metropolitana)\b"
)
_GENERIC: Final = frozenset(
    [
        "ufficio",
        "uffici",
        "sede",
        "sedi",
        "servizio",
        "settore",
        "centro",
        "centri",
        "comune",
        "di",
        "del",
        "della",
        "dell",
        "delle",
        "dei",
        "per",
    ]
)
_END: Final = re.compile(
    r" (?:e|che|a|al|alla|in|il|la|oggi|domani|apre|chiude|per favore|quando|sono|di|del|della|dell|per|l|lo|le)$"
)


def other_office_in(question: str) -> str:
    """The office that a question names, in its own words, if it is not the URP; else ""."""
    plain = " ".join(words(question))
    match = _NAMED.search(plain)
    if match is None or not _OFFICE.search(plain) or _OURS.search(plain):
        return ""
    name = match[1]
    while _END.search(name):
        name = _END.sub("", name)
    return "" if name in _GENERIC else name


def speaks_of(record: Record, facts: Sequence[Fact], office: str) -> bool:
    """Whether an answer from these facts is about the office that was named."""
    named = [word for word in office.split() if word not in _GENERIC and len(word) > 2]
    texts = [fact.text for fact in facts[:1]] + [ask for fact in facts[:1] for ask in fact.ask]
    texts += [record.title, *record.names] if record.kind != "office" else []
    said = {_root(word) for text in texts for word in words(text)}
    return bool(named) and all(_root(word) in said for word in named)


def _root(word: str) -> str:
    return word[: max(4, len(word) - 2)]
