"""Wording the outcome of a knowledge search: an answer, a choice of two topics, or an honest "I do not know"."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import (
    intent_of,
    places_of,
    remember,
    remembered,
    text_of,
    topics_of,
)
from actions.office_hours import hours_of_record
from actions.replies import Reply, compose, send
from actions.texts import text
from knowledge.base import KnowledgeBase
from knowledge.search.facets import asked_facets
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
        doubtful = finding.outcome == "partial"
        send(
            dispatcher,
            compose(
                knowledge, finding.record, finding.facts, finding.missing_facet, doubtful=doubtful
            ),
        )
        # Only words that our own records use are kept: what else was written stays out of the memory.
        said, memory = text_of(tracker), remembered(tracker)
        facets = asked_facets(words(said))
        places = places_of(tracker, knowledge)
        return remember(
            tracker,
            intent=intent_of(tracker),
            topic=finding.record.id,
            asked=knowledge.finder.known_words(said),
            facet=facets[0] if facets else memory["facet"],
            places=sorted(places) or memory["places"],
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


def answer_by_search(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Search all records for what the message asks, and word what is found; each of two matters gets its answer."""
    knowledge = current_context().knowledge
    both = knowledge.finder.named_together(text_of(tracker))
    topics = topics_of(tracker)
    if both and topics and topics[0].name in {record.id for record in both}:
        for record in both:
            finding = knowledge.finder.find(text_of(tracker), (), within=record.id)
            send(dispatcher, compose(knowledge, record, finding.facts))
        return remember(tracker, intent=intent_of(tracker), topic=both[-1].id, asked=[])
    finding = knowledge.finder.find(text_of(tracker), topics, places=places_of(tracker, knowledge))
    if finding.outcome in ("found", "partial") and finding.record is not None:
        now = current_context().clock.now()
        hours = hours_of_record(knowledge, finding.record, text_of(tracker), now)
        if hours is not None:
            send(dispatcher, hours)
            return remember(tracker, intent=intent_of(tracker), topic=finding.record.id, asked=[])
    return answer_finding(dispatcher, tracker, knowledge, finding)
