"""The shape of an answer: fact first, then source and date, then at most three buttons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from rasa_sdk.executor import CollectingDispatcher

from actions.texts import text
from bot.limits import ANSWER_TARGET_CHARS, MAX_BUTTONS
from knowledge.base import KnowledgeBase
from knowledge.schema import Fact, Record, Source, Statement
from knowledge.search.answer_types import admits_not_knowing
from knowledge.text import words

_MONTHS: Final = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip
_SOURCE_CHARS: Final = 90
"""Room that the source line takes."""

_MAX_STATEMENTS: Final = 3
_REPEATED_SHARE: Final = 0.7
_WEEKDAYS: Final = ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica")


@dataclass(frozen=True)
class Reply:
    """One answer. ``status`` is from the closed list in docs/answers.md; ``records`` are the ids it rests on."""

    text: str
    status: str
    topic: str = ""
    records: Sequence[str] = ()
    buttons: Sequence[tuple[str, str]] = field(default_factory=tuple)


def send(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """Hand a reply to the channel."""
    dispatcher.utter_message(
        text=reply.text,
        buttons=[
            {"title": title, "payload": payload} for title, payload in reply.buttons[:MAX_BUTTONS]
        ],
        json_message={"status": reply.status, "topic": reply.topic, "records": list(reply.records)},
    )


def source_line(knowledge: KnowledgeBase, keys: Iterable[str]) -> str:
    """ "Fonte: …, dato del …" for one or more sources, each named once."""
    lines = []
    for key in dict.fromkeys(keys):
        source = knowledge.source(key)
        when = (
            text("source_dated", date=source_date(source))
            if source.date
            else text("source_undated")
        )
        lines.append(text("source", title=source.title, date=when))
    return " ".join(lines)


def source_date(source: Source) -> str:
    """The date of a source as people write it: "25/7/2024", "luglio 2024", "2024"."""
    parts = [int(part) for part in (source.date or "").split("-") if part]
    if len(parts) == 3:
        return f"{parts[2]}/{parts[1]}/{parts[0]}"
    if len(parts) == 2:
        return f"{_MONTHS[parts[1] - 1]} {parts[0]}"
    return str(parts[0]) if parts else ""


def compose(
    knowledge: KnowledgeBase,
    record: Record,
    facts: Sequence[Fact],
    missing_facet: str = "",
    *,
    doubtful: bool = False,
) -> Reply:
    """Answer from a record: its best facts as far as they fit a phone screen, or its summary.

    Args:
        missing_facet: Italian name of what was asked and is not in the record.
        doubtful: the topic is understood, but what exactly was asked is probably not in the record: said first.
    """
    statements = _fitting(facts, record)
    while len(statements) > 1 and _length(knowledge, statements) > ANSWER_TARGET_CHARS:
        statements.pop()
    parts = [statement.text for statement in statements]
    if record.kind == "referral":
        # Whose matter it is answers the question: details are that body's.
        missing_facet, doubtful = "", False
    doubtful = doubtful and not missing_facet
    if doubtful:
        parts.insert(0, text("perhaps_not_it", title=record.title))
    if missing_facet:
        parts.append(text("missing_facet", facet=missing_facet))
    uncertain = any(statement.status == "to_confirm" for statement in statements)
    if uncertain:
        parts.append(text("to_confirm_short" if missing_facet else "to_confirm"))
    answer = " ".join(parts) + "\n" + source_line(knowledge, (s.source for s in statements))
    if record.verified_on and record.verified_by:
        answer += " " + text(
            "verified", date=day_number(record.verified_on), name=record.verified_by
        )
    status = "to_confirm" if uncertain else "answered"
    if doubtful or missing_facet or admits_not_knowing(_first_sentence(statements[0].text)):
        status = "not_found"
    if record.kind == "referral":
        status = "out_of_scope"
    ids = [record.id] + [f"{record.id}#{s.id}" for s in statements if isinstance(s, Fact)]
    return Reply(answer, status, record.id, ids, next_steps(knowledge, record))


def _first_sentence(said: str) -> str:
    return said.partition(". ")[0]


def _length(knowledge: KnowledgeBase, statements: Sequence[Statement]) -> int:
    """Characters of an answer made of these statements, source line and advice included."""
    advice = text("to_confirm") if any(s.status == "to_confirm" for s in statements) else ""
    texts = [statement.text for statement in statements]
    return (
        len(" ".join(texts))
        + len(advice)
        + len(source_line(knowledge, (s.source for s in statements)))
    )


def _fitting(facts: Sequence[Fact], record: Record) -> list[Statement]:
    """Statements of an answer, as many as fit a phone screen.

    The best fact comes first and the summary completes it. A matter of another body begins with the summary,
    which says whose it is.
    """
    wanted: list[Statement] = [*facts, record.summary]
    if record.kind == "referral":
        wanted = [record.summary, *facts[:1]]
    chosen: list[Statement] = []
    room = ANSWER_TARGET_CHARS - _SOURCE_CHARS
    for statement in wanted:
        fits = len(statement.text) <= room and len(chosen) < _MAX_STATEMENTS
        if not chosen or (fits and not _says_again(statement, chosen)):
            chosen.append(statement)
            room -= len(statement.text) + 1
    return chosen


def _says_again(statement: Statement, chosen: Sequence[Statement]) -> bool:
    """Whether a statement mostly repeats the words of what is said already."""
    said = {word for other in chosen for word in words(other.text) if len(word) > 3}
    mine = {word for word in words(statement.text) if len(word) > 3}
    return len(mine & said) > _REPEATED_SHARE * min(len(mine), len(said))


def next_steps(knowledge: KnowledgeBase, record: Record) -> tuple[tuple[str, str], ...]:
    """Buttons for the topics that a record names as next."""
    steps = []
    for record_id in record.next:
        following = knowledge.record(record_id)
        if following is not None and following.id != record.id:
            steps.append((following.title, following.question))
    return tuple(steps)


def day_name(day: date, today: date) -> str:
    """A day as people say it: "oggi", "domani", "martedì 24 novembre"."""
    distance = (day - today).days
    if distance == 0:
        return "oggi"
    if distance == 1:
        return "domani"
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def weekday_name(weekday: int) -> str:
    """Italian name of a weekday, 0 is Monday."""
    return _WEEKDAYS[weekday]


def day_number(day: date) -> str:
    """A date in figures: "24/11/2026"."""
    return f"{day.day}/{day.month}/{day.year}"


def clock_time(moment: Any) -> str:
    """An hour as in the office's notices: "10.00"."""
    return f"{moment:%H.%M}"


def thousands(number: int) -> str:
    """An integer with Italian separators: "384.082"."""
    return f"{number:,}".replace(",", ".")
