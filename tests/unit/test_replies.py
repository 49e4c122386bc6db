"""The shape of answers: the fact, its source and date, as much as fits a phone screen, three buttons at most."""

from __future__ import annotations

import re
from datetime import date, time
from typing import get_args

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.replies import (
    Asking,
    Reply,
    admits_ignorance,
    clock_time,
    compose,
    day_name,
    day_number,
    send,
    source_date,
    source_line,
    thousands,
    weekday_name,
)
from bot.limits import ANSWER_TARGET_CHARS, MAX_BUTTONS
from knowledge.base import KnowledgeBase
from knowledge.content_files import Content
from knowledge.schema import Facet, Fact, Record, Source
from knowledge.search.facets import FACET_LABELS

ABOUT = 1.1
"""An answer may be a tenth longer than its target: the source line is not cut."""

DATED = re.compile(
    r"Fonte: .+, (dato del (\d{1,2}/\d{1,2}/\d{4}|[a-z]+ \d{4}|\d{4})|documento senza data)\."
)
TO_CONFIRM = "È un dato da confermare"


def alone(knowledge: KnowledgeBase) -> list[tuple[Record, tuple[Fact, ...], Reply]]:
    """Every summary and every fact of the real content, answered alone."""
    return [
        (record, facts, compose(knowledge, record, facts))
        for record in knowledge.content.records.values()
        for facts in [(), *((fact,) for fact in record.facts)]
    ]


@pytest.fixture(scope="module")
def answers(knowledge: KnowledgeBase) -> list[tuple[Record, tuple[Fact, ...], Reply]]:
    """Answers made once."""
    return alone(knowledge)


def title(record: Record, facts: tuple[Fact, ...]) -> str:
    return record.id + "".join(f"#{fact.id}" for fact in facts)


def test_every_answer_ends_with_source_and_date(
    answers: list[tuple[Record, tuple[Fact, ...], Reply]],
) -> None:
    assert len(answers) > 500
    wrong = [
        title(record, facts)
        for record, facts, reply in answers
        if reply.text.count("\n") != 1 or not DATED.match(reply.text.partition("\n")[2])
    ]
    assert wrong == []


def test_every_answer_names_the_source_of_each_statement_it_gives(
    answers: list[tuple[Record, tuple[Fact, ...], Reply]], knowledge: KnowledgeBase
) -> None:
    for record, facts, reply in answers:
        body, _, sources = reply.text.partition("\n")
        for statement in (*facts, record.summary):
            if statement.text in body:
                assert knowledge.source(statement.source).title in sources, title(record, facts)


def test_every_fact_is_given_whole(
    answers: list[tuple[Record, tuple[Fact, ...], Reply]],
) -> None:
    for record, facts, reply in answers:
        first = record.summary if record.kind == "referral" or not facts else facts[0]
        assert reply.text.startswith(first.text), title(record, facts)


def test_every_answer_fits_a_phone_screen(
    answers: list[tuple[Record, tuple[Fact, ...], Reply]],
) -> None:
    long = {
        title(record, facts): len(reply.text)
        for record, facts, reply in answers
        if len(reply.text) > ABOUT * ANSWER_TARGET_CHARS
    }
    assert long == {}


def test_every_answer_has_three_buttons_at_most_and_each_asks_a_question(
    answers: list[tuple[Record, tuple[Fact, ...], Reply]],
) -> None:
    for record, _, reply in answers:
        assert len(reply.buttons) <= MAX_BUTTONS
        assert len({payload for _, payload in reply.buttons}) == len(reply.buttons)
        for name, payload in reply.buttons:
            assert 0 < len(name) <= 60
            assert not payload.startswith("/")
            assert name != record.title


def test_a_matter_of_another_body_begins_with_whose_it_is(
    content: Content, knowledge: KnowledgeBase
) -> None:
    referrals = [record for record in content.records.values() if record.kind == "referral"]
    assert len(referrals) > 10
    for record in referrals:
        for facts in [(), *((fact,) for fact in record.facts), tuple(record.facts)]:
            reply = compose(knowledge, record, facts)
            assert reply.text.startswith(record.summary.text)
            assert reply.status == "out_of_scope"


def test_an_unconfirmed_statement_is_given_with_the_advice_to_confirm(
    answers: list[tuple[Record, tuple[Fact, ...], Reply]],
) -> None:
    kinds = set()
    for record, facts, reply in answers:
        statements = (*facts, record.summary)
        given = [statement for statement in statements if statement.text in reply.text]
        uncertain = any(statement.status == "to_confirm" for statement in given)
        assert (TO_CONFIRM in reply.text) is uncertain, title(record, facts)
        if record.kind != "referral":
            ignorant = admits_ignorance(min(given, key=lambda s: reply.text.index(s.text)))
            told = "not_found" if ignorant else "to_confirm" if uncertain else "answered"
            assert reply.status == told, title(record, facts)
        kinds.add(uncertain)
    assert kinds == {True, False}


def test_an_answer_names_the_records_it_rests_on(
    answers: list[tuple[Record, tuple[Fact, ...], Reply]],
) -> None:
    for record, facts, reply in answers:
        assert reply.topic == record.id
        assert reply.records[0] == record.id
        given = {f"{record.id}#{fact.id}" for fact in facts if fact.text in reply.text}
        assert set(reply.records[1:]) == given


def test_what_is_asked_and_not_known_is_said(content: Content, knowledge: KnowledgeBase) -> None:
    record = next(iter(content.records.values()))
    reply = compose(knowledge, record, (), "il costo")
    assert "non trovo il costo" in reply.text


def test_only_a_named_person_verifies(content: Content, knowledge: KnowledgeBase) -> None:
    record = next(iter(content.records.values()))
    checked = record.model_copy(update={"verified_on": date(2026, 11, 2), "verified_by": "Ada"})
    nameless = record.model_copy(update={"verified_on": date(2026, 11, 2), "verified_by": None})
    assert compose(knowledge, checked, ()).text.endswith("Verificato il 2/11/2026 da Ada.")
    assert "Verificato" not in compose(knowledge, nameless, ()).text
    assert "Verificato" not in compose(knowledge, record, ()).text


def test_a_source_of_two_statements_is_named_once(knowledge: KnowledgeBase) -> None:
    key = next(iter(knowledge.content.sources))
    assert source_line(knowledge, [key, key]).count("Fonte:") == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [("2024-07-25", "25/7/2024"), ("2024-07", "luglio 2024"), ("2024", "2024"), (None, "")],
)
def test_a_source_is_as_precise_as_its_date(written: str | None, read: str) -> None:
    assert source_date(Source(title="Prova", date=written)) == read


def test_at_most_three_buttons_are_sent_and_the_reply_carries_its_status() -> None:
    dispatcher = CollectingDispatcher()
    buttons = [(f"Voce {n}", f"Domanda {n}") for n in range(5)]
    send(dispatcher, Reply("Testo.", "answered", "orari", ("orari",), buttons))
    (message,) = dispatcher.messages
    assert message["text"] == "Testo."
    assert message["buttons"] == [
        {"title": f"Voce {n}", "payload": f"Domanda {n}"} for n in range(MAX_BUTTONS)
    ]
    assert message["custom"] == {"status": "answered", "topic": "orari", "records": ["orari"]}


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 24), "oggi"),
        (date(2026, 11, 25), "domani"),
        (date(2026, 11, 26), "giovedì 26 novembre"),
        (date(2026, 11, 23), "lunedì 23 novembre"),
        (date(2027, 8, 1), "domenica 1 agosto 2027"),
    ],
)
def test_days_are_named_as_people_say_them(day: date, name: str) -> None:
    assert day_name(day, date(2026, 11, 24)) == name


def test_numbers_are_written_the_italian_way() -> None:
    assert thousands(384_082) == "384.082"
    assert thousands(641) == "641"
    assert clock_time(time(9, 5)) == "09.05"
    assert day_number(date(2026, 11, 4)) == "4/11/2026"
    assert [weekday_name(n) for n in (0, 6)] == ["lunedì", "domenica"]


TODAY = date(2026, 11, 24)


def test_whatever_is_asked_the_answer_fits_and_does_not_begin_with_what_is_not_known(
    content: Content, knowledge: KnowledgeBase
) -> None:
    """Every record, every side of it, with and without a note on what is missing."""
    long, ignorant = [], []
    for record in content.records.values():
        for facet in get_args(Facet):
            facts = tuple(sorted(record.facts, key=lambda fact: fact.facet != facet))[:3]
            for missing in ("", FACET_LABELS.get(facet, "")):
                reply = compose(
                    knowledge, record, facts, missing, asking=Asking(TODAY, "", (facet,))
                )
                if len(reply.text) > ANSWER_TARGET_CHARS:
                    long.append((record.id, facet, len(reply.text)))
            on_it = [fact for fact in facts if fact.facet == facet]
            lead = reply.text.split("\n")[0]
            if on_it and not any(admits_ignorance(fact) for fact in on_it):
                ignorant += [
                    (record.id, facet)
                    for fact in facts
                    if admits_ignorance(fact) and lead.startswith(fact.text)
                ]
    assert long == []
    assert ignorant == []


def test_an_expired_fact_is_told_as_past(content: Content, knowledge: KnowledgeBase) -> None:
    record = content.records["consigliera-parita"]
    fact = next(fact for fact in record.facts if fact.valid_to)
    past = compose(knowledge, record, (fact,), asking=Asking(TODAY))
    assert past.text.startswith("Fino al 31 agosto 2026 valeva questo: ")
    assert past.status == "to_confirm"
    then = compose(knowledge, record, (fact,), asking=Asking(date(2026, 8, 31)))
    assert then.text.startswith(fact.text)
    assert then.status == "answered"


def test_what_must_be_confirmed_does_not_make_a_certain_answer_doubtful(
    content: Content, knowledge: KnowledgeBase
) -> None:
    for record in content.records.values():
        certain = [fact for fact in record.facts if fact.status == "confirmed"]
        doubtful = [fact for fact in record.facts if fact.status == "to_confirm"]
        if certain and doubtful and record.kind != "referral" and not admits_ignorance(certain[0]):
            reply = compose(knowledge, record, (certain[0], doubtful[0]))
            assert TO_CONFIRM not in reply.text, record.id


def test_on_a_matter_of_another_body_a_missing_side_sends_to_that_body(
    content: Content, knowledge: KnowledgeBase
) -> None:
    reply = compose(knowledge, content.records["anagrafe"], (), "il costo")
    assert content.records["anagrafe"].body in reply.text
    assert "800.88.33.11" not in reply.text.partition("il costo")[2]
