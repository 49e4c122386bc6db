"""Which side of a topic a question is about: cost, time, contacts, law … (a small lexicon, on folded words)."""

from __future__ import annotations

import re
from typing import Final

_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    ("cost", r"\b(cost\w*|prezz\w*|paga\w*|tariff\w*|gratis|gratuit\w*|quanto viene|quanti soldi|euro|marc[ah]\w* da bollo|spes[ae]|canone)\b"),
    ("time", r"\b(quanto tempo|tempi|entro quando|scadenz\w*|scade|quanti giorni|dura|durata|ogni quanto|quanto ci vuole|quanto ci mett\w*|rinnov\w*|quando (?:arriva|scade|devo))\b"),
    ("needed", r"\b(documenti|documentazione|requisit\w*|(?<!a )(?<!a che )cosa serve|(?<!a )che serve|cosa mi serve|modul\w*|cosa porto|portare|cosa ci vuole)\b"),
    ("contacts", r"\b(telefon\w*|numero (?:di tel\w*|verde)|numero|mail|email|pec|contatt\w*|recapit\w*|chiam\w*|scriv\w*|a chi (?:mi |posso |devo )?(?:telefon\w+|scriv\w+)|sito)\b"),
    ("where", r"\b(dove|indirizzo|sede|sedi|via|ubicat\w*|si trova|in che posto)\b"),
    ("hours", r"\b(orari\w*|apert\w*|apre|chius\w*|chiude|a che ora)\b"),
    ("law", r"\b(legge|leggi|normativ\w*|decret\w*|delibera\w*|atto|(?<!accesso agli )(?<!accesso ad )atti|articolo|regolament\w*|norma|dgr|dpr|riferiment\w* normativ\w*|base giuridica)\b"),
    ("history", r"\b(quando (?:e|sono|fu|nasc\w*|e stat\w*|sono stat\w*|hanno)|nat[ao]|nasce|storia|in che anno|che anno|data|dal quando|da quando|cambiat\w*|prima|istituit\w*|costituit\w*|approvat\w*)\b"),
    ("numbers", r"\b(quant[iae]|quanto e grande|numero di|abitanti|superficie|kmq|grand\w*)\b"),
    ("aims", r"\b(obiettiv\w*|scop\w*|a cosa serve|a che serve|a cosa servono|a che servono|perche|finalita|vantagg\w*|serve)\b"),
    ("instruments", r"\b(strument\w*|attivita|azion\w*|in che modo|tavol\w*|iniziativ\w*)\b"),
    ("office", r"\b(uffici\w*|settore|area|direzione|responsabile|competente)\b"),
    ("members", r"\b(soci|partecip\w*|aderi\w*|fa parte|fanno parte|compost\w*|membri|chi c e|partner)\b"),
    ("audience", r"\b(per chi|a chi (?:e|si) rivol\w*|chi (?:l[oiae] |ne )?puo\w*|destinat\w*|spetta|ho diritto)\b"),
    ("how", r"\b(come (?:si )?(?:f\w+|chied\w*|richied\w*|present\w*|otten\w*|prenot\w*|iscriv\w*|inoltr\w*)|domanda|richiesta|procedura|passi|faccio|iscriver\w*|online)\b"),
    ("who", r"\b(chi|di chi|competenz\w*|compete|tocca|spetta|si occupa|responsabil\w*|gestisce|gestore|decide)\b"),
    ("what", r"\b(cos e|cosa e|che cos e|che cosa e|cosa sono|che cosa sono|cosa significa|cosa vuol dire|parlami|spiegami|cosa fa|di cosa)\b"),
)  # fmt: skip
_COMPILED: Final = tuple((facet, re.compile(pattern)) for facet, pattern in _PATTERNS)

FACET_LABELS: Final[dict[str, str]] = {
    "cost": "il costo",
    "time": "i tempi",
    "needed": "i documenti richiesti",
    "contacts": "i contatti diretti",
    "where": "l'indirizzo",
    "hours": "gli orari",
    "law": "la norma di riferimento",
}
"""Facets whose absence is said: a citizen who asks the price must not get something else in silence."""


def asked_facets(words: list[str]) -> list[str]:
    """Facets that a question touches, the most telling first."""
    plain = " ".join(words)
    return [facet for facet, pattern in _COMPILED if pattern.search(plain)]


def without_facet_words(plain: str) -> str:
    """Folded text without the words that only say which side of a topic is meant."""
    for _, pattern in _COMPILED:
        plain = pattern.sub(" ", plain)
    return plain
