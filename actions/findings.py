"""Wording the outcome of a knowledge search: an answer, a choice of two topics, or an honest "I do not know"."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import intent_of, remember
from actions.focus import Heard
from actions.replies import Asking, Reply, compose, send
from actions.texts import text
from knowledge.base import KnowledgeBase
from knowledge.schema import Record
from knowledge.search.finder import Finding
from knowledge.text import words


def answer_finding(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    knowledge: KnowledgeBase,
    finding: Finding,
) -> list[Any]:
    """Word the outcome of a search and remember its topic."""
    if finding.outcome in ("found", "partial") and finding.record is not None:
        today = current_context().clock.now().date()
        heard = Heard.from_parse(tracker.latest_message or {}, today)
        facts = () if _only_names_it(heard, finding.record) else finding.facts
        asking = Asking(today, heard.text, heard.facets)
        doubtful = finding.outcome == "partial"
        reply = compose(
            knowledge,
            finding.record,
            facts,
            finding.missing_facet,
            asking=asking,
            doubtful=doubtful,
        )
        send(dispatcher, reply)
        return remember(
            tracker, intent=intent_of(tracker), topic=finding.record.id, facets=heard.facets[:1]
        )
    buttons = tuple((record.title, record.question) for record in finding.near)
    if finding.outcome == "ambiguous":
        first, second = finding.near[0], finding.near[1]
        question = text("ambiguous", first=first.title, second=second.title)
        ids = [record.id for record in finding.near]
        send(dispatcher, Reply(question, "ambiguous", first.id, ids, buttons))
        return remember(tracker)
    send(dispatcher, Reply(text("weak"), "not_found", "", (), buttons))
    return remember(tracker)


def _only_names_it(heard: Heard, record: Record) -> bool:
    """Whether a message is just the name of a topic: the summary tells what it is."""
    aside = heard.places or heard.has("contratto") or not heard.subject
    if set(heard.facets) - {"what"} or aside:
        return False
    names = {word for name in (record.title, record.names[0]) for word in words(name)}
    return names.issuperset(heard.subject)
