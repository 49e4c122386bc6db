"""What a message is about in its conversation: an own subject, or the open topic."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from actions.conversation_state import EMPTY
from actions.focus import FALLBACK, FOLLOW_UP, REPEAT, read_in_context
from knowledge.base import KnowledgeBase

TODAY = date(2026, 11, 24)


def intent_in(
    knowledge: KnowledgeBase, topic: str, text: str, intent: str, sure: float = 0.95, **parsed: Any
) -> str:
    """The intent that a message has after ``topic``."""
    memory = {**EMPTY, "topic": topic, "intent": parsed.pop("after", "ask_service")}
    read = {
        "text": text,
        "intent": {"name": intent, "confidence": sure},
        "topic_ranking": [{"name": parsed.pop("top", ""), "confidence": sure}],
        "entities": parsed.pop("entities", []),
    }
    names = knowledge.folded_names
    found = read_in_context(read, memory, knowledge.record(topic), names, TODAY)
    return str(found["intent"]["name"])


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("mi dai il telefono", "ask_urp_contacts"),
        ("e la mail?", "ask_urp_contacts"),
        ("dove sono", "off_topic"),
        ("si paga qualcosa", "affirm"),
        ("quanto costa?", "ask_other_body"),
        ("hai una mail", "ask_identity"),
    ],
)
def test_a_question_without_subject_takes_up_the_topic(
    knowledge: KnowledgeBase, text: str, intent: str
) -> None:
    assert intent_in(knowledge, "cave", text, intent) == FOLLOW_UP


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("e il numero verde dell'urp?", "ask_urp_contacts"),
        ("dove siete?", "ask_urp_contacts"),
        ("che orari avete?", "ask_urp_hours"),
        ("grazie mille", "thank"),
        ("voglio parlare con una persona", "request_operator"),
        ("devo rinnovare il passaporto", "ask_other_body"),
    ],
)
def test_a_question_with_its_own_subject_leaves_the_topic(
    knowledge: KnowledgeBase, text: str, intent: str
) -> None:
    assert intent_in(knowledge, "cave", text, intent, top="passaporto") == intent


def test_small_talk_does_not_swallow_a_question(knowledge: KnowledgeBase) -> None:
    assert intent_in(knowledge, "", "lunedì va bene?", "affirm") == FALLBACK
    assert intent_in(knowledge, "", "va bene", "affirm") == "affirm"
    assert intent_in(knowledge, "urp-orari", "lunedì va bene?", "affirm") == FOLLOW_UP


def test_after_a_call_for_help_a_short_question_stays_with_it(knowledge: KnowledgeBase) -> None:
    after = "violenza-donne"
    assert intent_in(knowledge, after, "e se vengo da voi?", "ask_urp_reception", 0.5) == FOLLOW_UP
    assert intent_in(knowledge, after, "grazie", "thank") == "thank"


def test_a_place_refines_a_search_of_offers(knowledge: KnowledgeBase) -> None:
    rho = {
        "entity": "comune",
        "value": "Rho",
        "kind": "comune",
        "ids": ["015182"],
        "start": 2,
        "end": 5,
    }
    after = {"after": "search_job_offers", "entities": [rho]}
    assert intent_in(knowledge, "offerte-lavoro", "a Rho", "off_topic", **after) == FOLLOW_UP


@pytest.mark.parametrize(
    "text", ["come lo prendo", "chi la rilascia?", "e dove si paga", "che legge lo dice"]
)
def test_a_question_of_pronouns_takes_up_the_topic(knowledge: KnowledgeBase, text: str) -> None:
    assert intent_in(knowledge, "urp-appuntamento", text, "ask_other_body", 0.33) == FOLLOW_UP


def test_a_rejected_answer_is_looked_back_at(knowledge: KnowledgeBase) -> None:
    assert intent_in(knowledge, "cave", "non è quello che ho chiesto", FALLBACK, 0.3) == REPEAT
