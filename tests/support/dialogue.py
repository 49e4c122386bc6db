"""A dialogue whose every answer depends on the one before: whoever forgets is found out."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import cycle, islice
from typing import Any, Final

import pytest

from bot import knowledge_service
from knowledge.base import KnowledgeBase
from knowledge.content_files import Content, load_content

OPENING: Final = "quanti abitanti ha Rho?"
"""After it "e Legnano?" asks for the data of Legnano; to a stranger it asks for its zone."""

TOWNS: Final = (
    "Legnano",
    "Melegnano",
    "Gorgonzola",
    "Abbiategrasso",
    "Pioltello",
    "Bollate",
    "Garbagnate Milanese",
    "Corsico",
    "Cinisello Balsamo",
)
REMEMBERED: Final = "comune-dati"
FORGOTTEN: Final = "zona-del-comune"


def talk(messages: int) -> list[str]:
    """The opening and then "e …?" for one town after the other."""
    return [OPENING, *(f"e {town}?" for town in islice(cycle(TOWNS), messages - 1))]


def assert_remembers(question: str, answer: list[dict[str, Any]]) -> None:
    """The answer is about the town asked for, on the topic of the opening."""
    town = question.removeprefix("e ").removesuffix("?") if question != OPENING else "Rho"
    assert len(answer) == 1, answer
    assert town in answer[0]["text"], (question, answer)
    assert answer[0]["custom"]["topic"] == REMEMBERED, (question, answer)


_BUILT: dict[bool, KnowledgeBase] = {}


def share_knowledge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of this test, forked ones too, share one knowledge base: it is read-only and takes two seconds to build."""
    content = _files()
    _shared(content, sample_offers=True)
    monkeypatch.setattr(knowledge_service, "load_content", lambda: content)
    monkeypatch.setattr(knowledge_service, "KnowledgeBase", _shared)


@lru_cache(maxsize=1)
def _files() -> Content:
    return load_content()


def _shared(content: Content, *, sample_offers: bool, **others: Any) -> KnowledgeBase:
    content = _sorted(content)
    known = _BUILT.get(sample_offers)
    if known is None or known.content != content:
        known = KnowledgeBase(content, sample_offers=sample_offers, **others)
        _BUILT[sample_offers] = known
    return known


def _sorted(content: Content) -> Content:
    """Files and databases list the same things in different orders."""
    gazetteers = {
        name: tuple(sorted(terms, key=lambda term: term.id))
        for name, terms in content.gazetteers.items()
    }
    outside = tuple(sorted(content.outside, key=lambda towns: towns.province))
    return replace(content, gazetteers=gazetteers, outside=outside)
