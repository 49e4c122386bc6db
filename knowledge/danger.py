"""Words that mean danger to people: they win over any classifier (pure).

The lists are short and literal on purpose: a false alarm costs a sentence, a missed one can cost a life; what is
told in other words is left to the classifier.
"""

from __future__ import annotations

import re
from typing import Final

from knowledge.text import words

_VIOLENCE: Final = (
    r"\b(?:mi|la|ci|le) (?:picch\w+|mena\w*|ha (?:picchiat\w|menat\w|dato uno schiaffo|messo le mani)|stalkera|perseguita|violent\w+)\b",
    r"\b(?:stalk\w+|violenza (?:domestica|in casa)|stupr\w+|violentat\w|abus\w+ sessual\w+)\b",
    r"\b(?:mi|ci|la|le) (?:vuole|vogliono|sta per) (?:ammazzare|uccidere|picchiare)\b",
    r"\bpaura (?:di|del) (?:lui|mio marito|mio compagno|mio ex|marito|compagno)\b",
)
_SUICIDE: Final = (
    r"\b(?:suicid\w*|farla finita|togliermi la vita|ammazzarmi|uccidermi|mi ammazzo|mi uccido|voglio morire|non voglio piu vivere)\b",
    r"\bvuole (?:morire|ammazzarsi|uccidersi|suicidarsi|farla finita|togliersi la vita)\b",
)
_EMERGENCY: Final = (
    r"\b(?:ci sono (?:dei )?ferit+i|c e un ferit+o|perde sangue|non respira\b|e svenut\w|sta morendo|infarto in corso|ha un infarto)",
    r"\b(?:sta bruciando|va a fuoco|prende fuoco|incendio in corso|c e un incendio|fuga di gas|odore di gas|puzza di gas)\b",
    r"\b(?:brucia(?:no)? (?:la|il|una|un|tutt\w)|dolore al petto|(?:che|sta|stanno) spar\w+|sparatoria|siamo bloccati|sta annegando)\b",
    r"\b(?:incidente|scontro|tamponamento|esplosione|crollo)\b.{0,40}\bferit[oiae]\b",
    r"\b(?:rapina in corso|mi stanno rapinando|stanno entrando i ladri|ladri in casa)\b",
)
_KINDS: Final = tuple(
    (kind, re.compile("|".join(patterns)))
    for kind, patterns in (
        ("violenza-donne", _VIOLENCE),
        ("suicidio", _SUICIDE),
        ("emergenza", _EMERGENCY),
    )
)
DANGERS: Final = frozenset(kind for kind, _ in _KINDS)
"""Kinds of danger, which are topics of the crisis answers."""

_ABOUT_POLICY: Final = re.compile(
    r"\b(?:tavolo|progetto|campagn\w+|prevenzione|contrasto|politiche|servizi\w* (?:contro|per)|sensibilizzazione)\b"
)
"""A question about what the body does against violence is a question, not a call for help."""


def danger_in(text: str) -> str:
    """Kind of danger that a text speaks of ("violenza-donne", "suicidio", "emergenza"), or ""."""
    plain = " ".join(words(text))
    if _ABOUT_POLICY.search(plain):
        return ""
    for kind, pattern in _KINDS:
        if pattern.search(plain):
            return kind
    return ""
