"""Questions that ask plainly: for a cost, for times, for yes or no (pure)."""

from __future__ import annotations

import re
from typing import Final

from knowledge.text import words

_PLAIN: Final = {
    "il costo": r"quanto (?:mi )?(?:cost\w+|si paga|viene|pago|spendo|devo (?:pagare|spendere)|bisogna pagare)|\bcost[oi]\b|prezz\w+|tariff\w+|gratis|gratuit\w+|(?<!chi )si paga|a pagamento|quanti soldi|quanti euro",
    "i tempi": r"quanto tempo|\btempi\b|entro quando|quanti (?:giorni|mesi)|quanto dura|ogni quanto|scadenz\w+|quanto ci (?:vuole|mett\w+)|quando arriva",
    "i documenti richiesti": r"document\w+|requisit\w+|(?:cosa|che) (?:mi |ci )?(?:serve|vuole|porto|devo portare)|modul\w+",
    "i contatti diretti": r"telefon\w+|\bnumero\b|\be?mail\b|\bpec\b|contatt\w+|recapit\w+|chiamar\w*",
    "l'indirizzo": r"\bdove (?:si trov\w+|e|sta|stanno|sono|vado|devo andare|siete)\b|indirizz\w+|\bsed[ei]\b|in che via",
    "gli orari": r"\borar\w+|a che ora|quando (?:apr\w+|e apert\w|sono apert\w|chiud\w+)",
    "la norma di riferimento": r"\blegg[ei]\b|normativ\w+|\bnorm[ae]\b|decret\w+|regolament\w+|articolo",
}
_ASKS: Final = {facet: re.compile(pattern) for facet, pattern in _PLAIN.items()}

_WH: Final = re.compile(
    r"\b(?:chi|cosa|come|dove|quando|quanto|quanta|quanti|quante|quale|quali|qual|perche|che (?!serve)\w+|a che|in che)\b"
)
_YES_NO: Final = tuple(
    (re.compile(asked), re.compile(yes), re.compile(no))
    for asked, yes, no in (
        # Question, lead sentence that means yes, lead sentence that means no.
        (r"\b(?:gratis|gratuit\w+)\b", r"\b(?:gratuit\w+|gratis|non (?:si paga|costa))\b", r"\b(?:si paga|costa|euro|tariff\w+|a pagamento)\b"),
        (r"\b(?:si paga|bisogna pagare|devo pagare|costa qualcosa|a pagamento)\b", r"\b(?<!non )(?:si paga|costa\w*|euro|tariff\w+|canone)\b", r"\b(?:gratuit\w+|gratis|non (?:si paga|costa))\b"),
        (r"\b(?:obbligatori\w+|sono obbligat\w+)\b", r"^(?!.*\bnon (?:e|sono) obbligatori).*\b(?:obbligatori\w+|obblig\w+)\b", r"\bnon (?:e|sono) obbligatori\w+\b"),
        (r"^(?:ma |e |mi )?(?:devo|serve|bisogna|occorre)\b(?!.*\bo no\b)", r"^serv\w+\b", r"\bnon (?:serve|devi|occorre|bisogna)\b"),
        (r"\b(?:posso|si puo|possono|puo|e possibile)\b", r"^(?!.*\bnon (?:si )?p(?:uo|uoi|ossono)).*\b(?:puoi|si puo|puo|possono)\b", r"\bnon (?:si )?(?:puo|puoi|possono)\b|\bnon e possibile\b"),
    )
)  # fmt: skip


def asks_plainly(facet: str, question: str) -> bool:
    """Whether a question asks for this side of a topic in so many words.

    Args:
        facet: Italian name, one of `knowledge.search.facets.FACET_LABELS`.
    """
    pattern = _ASKS.get(facet)
    return pattern is None or bool(pattern.search(" ".join(words(question))))


def yes_or_no(question: str, lead: str) -> str:
    """ "say_yes" or "say_no" when the question wants it and the lead sentence of the answer tells it; else "".

    Args:
        lead: what the answer begins with; only its first sentence counts.
    """
    plain = " ".join(words(question))
    if _WH.search(plain):
        return ""
    said = " ".join(words(lead.partition(". ")[0]))
    for asked, yes, no in _YES_NO:
        if asked.search(plain):
            if no.search(said):
                return "say_no"
            return "say_yes" if yes.search(said) else ""
    return ""
