"""Answers of the knowledge that may help a colleague who is writing: text with its source, ready to be inserted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from actions.replies import compose
from bot.console.keys import PREFIX
from knowledge.base import KnowledgeBase
from knowledge.text import fold

_MOST: Final = 3
_MOST_TOPICS: Final = 100


@dataclass(frozen=True)
class Suggestion:
    """A record and what it says about the question, its source included."""

    record_id: str
    title: str
    text: str


def suggestions(knowledge: KnowledgeBase | None, question: str) -> list[Suggestion]:
    """The records nearest to a question, best first."""
    if knowledge is None:
        return []
    finding = knowledge.finder.find(question, ())
    best = [finding.record] if finding.record else []
    records = {record.id: record for record in [*best, *finding.near]}
    found = []
    for record in list(records.values())[:_MOST]:
        inside = knowledge.finder.find(question, (), within=record.id)
        reply = compose(knowledge, record, inside.facts)
        found.append(Suggestion(record.id, record.title, reply.text))
    return found


def record_path(record_id: str) -> str:
    """Where staff read a record, and the statement after its "#"."""
    record, _, fact = record_id.partition("#")
    return f"{PREFIX}/schede/{quote(record, safe='')}" + (
        f"#{quote(fact, safe='')}" if fact else ""
    )


def topics_named(knowledge: KnowledgeBase | None, words: str) -> list[str]:
    """Ids of the records whose title or names hold these words; the words themselves may be an id."""
    wanted = fold(words)
    found = [
        record.id
        for record in (knowledge.records.values() if knowledge else ())
        if wanted and any(wanted in fold(name) for name in (record.title, *record.names))
    ]
    return [*found[:_MOST_TOPICS], words]


def record_titles(knowledge: KnowledgeBase | None) -> Callable[[str], str]:
    """Gives the title of a record id (or of a fact's "record#fact"); the id itself where there is no such record."""

    def title(record_id: str) -> str:
        record = knowledge.record(record_id.partition("#")[0]) if knowledge else None
        return record.title if record else record_id

    return title
