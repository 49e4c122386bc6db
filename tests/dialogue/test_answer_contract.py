"""Every answer keeps the shape of docs/answers.md: status, topic, records that exist, source, length, buttons."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from bot.limits import MAX_BUTTONS
from bot.settings import PROJECT_ROOT
from knowledge.base import KnowledgeBase
from tests.support.chat import Chat, texts, topics

pytestmark = pytest.mark.model

QUESTIONS = PROJECT_ROOT / "nlu_data" / "evaluation" / "questions.jsonl"
MAX_CHARS = 700
STATUSES = {
    line.split("`")[1]
    for line in (PROJECT_ROOT / "docs" / "answers.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
}
EXTRAS = {"picker", "field", "file", "cards"}
"""What channels may show besides: documented in docs/answers.md."""

FROM_RECORDS = {"answered", "to_confirm"}
NOT_FACTS = {
    "book_appointment",
    "move_appointment",
    "cancel_appointment",
    "show_appointment",
    "search_job_offers",
    "erase_my_data",
    "export_my_data",
}
"""What is done for the citizen, not told: an offer carries its code and its deadline instead of a source."""


def _problems(message: dict[str, Any], knowledge: KnowledgeBase, *, tells_facts: bool) -> list[str]:
    """What is wrong with one message."""
    text, custom = message["text"], message["custom"]
    if set(custom) - EXTRAS != {"status", "topic", "records"}:
        return [f"custom has {sorted(custom)}"]
    found = []
    if custom["status"] not in STATUSES:
        found.append(f"status {custom['status']} is not documented")
    if not 0 < len(text) <= MAX_CHARS:
        found.append("length")
    if len(message.get("buttons", ())) > MAX_BUTTONS:
        found.append("buttons")
    lines = text.split("\n")
    found += ["card" for card in custom.get("cards", ()) if card["stands_for"] not in lines]
    found += [f"record {r} does not exist" for r in custom["records"] if not _exists(r, knowledge)]
    if custom["status"] in FROM_RECORDS and tells_facts:
        if "Fonte: " not in text:
            found.append("source")
        if custom["topic"] not in [record.partition("#")[0] for record in custom["records"]]:
            found.append(f"topic {custom['topic']} is not among its records")
    return found


def _exists(reference: str, knowledge: KnowledgeBase) -> bool:
    """Whether a record, or its fact after "#", is in the knowledge."""
    record_id, _, fact_id = reference.partition("#")
    record = knowledge.record(record_id)
    if record is None:
        return False
    facts = {fact.id for fact in record.facts} | {
        offer.codice for offer in knowledge.content.offers
    }
    return not fact_id or fact_id in facts


async def test_answers_to_held_out_questions_keep_the_contract(
    chat: Callable[..., Chat], knowledge: KnowledgeBase, assistant: Any
) -> None:
    """T69: every fact in an answer has a record with source and date."""
    wrong: dict[str, list[str]] = defaultdict(list)
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)["text"]
        intent = (await assistant.parse(question))["intent"]["name"]
        for message in await chat().say(question):
            for problem in _problems(message, knowledge, tells_facts=intent not in NOT_FACTS):
                wrong[problem].append(f"{len(message['text'])} chars: {question}")
    assert len(STATUSES) > 5
    assert dict(wrong) == {}


async def test_the_button_of_every_record_leads_to_it(
    chat: Callable[..., Chat], knowledge: KnowledgeBase
) -> None:
    """A button asks a plain question in the citizen's place: it must be understood like any other."""
    lost = {}
    for record in knowledge.content.records.values():
        answered = topics(await chat().say(record.question))
        if record.id not in answered:
            lost[record.id] = sorted(answered)
    assert lost == {}


async def test_buttons_are_questions_that_get_an_answer(
    chat: Callable[..., Chat], knowledge: KnowledgeBase
) -> None:
    """Whatever is offered under an answer, also under small talk, is understood when it is pressed."""
    payloads = set()
    for opening in ("ciao", "che cosa sai fare?", "che orari fate?", "zone omogenee", "qwrtp zzk"):
        for message in await chat().say(opening):
            payloads.update(button["payload"] for button in message.get("buttons", ()))
    assert payloads
    unanswered = []
    for payload in sorted(payloads):
        messages = await chat().say(payload)
        if {m["custom"]["status"] for m in messages} & {"not_found", "fault"}:
            unanswered.append((payload, texts(messages)))
    assert unanswered == []
