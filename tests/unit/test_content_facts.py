"""Every fact can be reached by the questions written next to it, and every record by its own names."""

from __future__ import annotations

import pytest

from knowledge.base import KnowledgeBase
from knowledge.content_files import Content
from knowledge.search.finder import Finding
from knowledge.text import words


@pytest.fixture(scope="module")
def asked(content: Content, knowledge: KnowledgeBase) -> list[tuple[str, str, str, Finding]]:
    """Record, fact, question and outcome for every ask-line of the content."""
    return [
        (record.id, fact.id, ask, knowledge.finder.find(ask, [], within=record.id))
        for record in content.records.values()
        for fact in record.facts
        for ask in fact.ask
    ]


def test_97_of_100_ask_lines_lead_to_their_fact(
    asked: list[tuple[str, str, str, Finding]],
) -> None:
    lost = [
        f"{record}#{fact}: {ask!r} gave {[found.id for found in finding.facts]}"
        for record, fact, ask, finding in asked
        if fact not in {found.id for found in finding.facts}
    ]
    assert len(asked) > 1_000
    assert len(lost) <= 0.03 * len(asked), "\n".join(lost)


def test_90_of_100_ask_lines_put_their_fact_first(
    asked: list[tuple[str, str, str, Finding]],
) -> None:
    later = [
        f"{record}#{fact}: {ask!r} gave {[found.id for found in finding.facts]}"
        for record, fact, ask, finding in asked
        if not finding.facts or finding.facts[0].id != fact
    ]
    assert len(later) <= 0.10 * len(asked), "\n".join(later)


def test_every_fact_is_reached_by_one_of_its_questions(
    asked: list[tuple[str, str, str, Finding]],
) -> None:
    reached = {
        (record, fact)
        for record, fact, _, finding in asked
        if fact in {found.id for found in finding.facts}
    }
    assert {(record, fact) for record, fact, *_ in asked} - reached == set()


def test_a_search_inside_a_record_never_leaves_it(
    asked: list[tuple[str, str, str, Finding]], content: Content
) -> None:
    for record, _, _, finding in asked:
        assert finding.outcome == "found"
        assert finding.record == content.records[record]
        assert {fact.id for fact in finding.facts} <= {f.id for f in content.records[record].facts}


def test_the_same_question_is_not_written_for_two_facts_of_a_record(content: Content) -> None:
    twice = []
    for record in content.records.values():
        seen: dict[str, str] = {}
        for fact in record.facts:
            for ask in fact.ask:
                plain = " ".join(words(ask))
                if seen.setdefault(plain, fact.id) != fact.id:
                    twice.append(f"{record.id}: {ask!r} for {seen[plain]} and {fact.id}")
    assert twice == []


def test_a_sure_topic_leads_to_its_record(content: Content, knowledge: KnowledgeBase) -> None:
    wrong = []
    for record in content.records.values():
        finding = knowledge.finder.find(record.title, [(record.id, 0.95)])
        if finding.outcome != "found" or finding.record != record:
            wrong.append((record.id, finding.outcome))
    assert wrong == []


@pytest.mark.parametrize("question", ["", "   ", "???", "zzzz qqqq", "e"])
def test_a_question_without_known_words_finds_nothing(
    knowledge: KnowledgeBase, question: str
) -> None:
    finding = knowledge.finder.find(question, [])
    assert (finding.outcome, finding.facts) == ("weak", ())


def test_an_unknown_topic_is_ignored(knowledge: KnowledgeBase) -> None:
    assert knowledge.finder.find("zzzz", [("scheda-inesistente", 0.99)]).outcome == "weak"
