"""The shape of an answer: fact first, then source and date, then at most three buttons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from rasa_sdk.executor import CollectingDispatcher

from actions.plain_questions import asks_plainly, yes_or_no
from actions.texts import text
from bot.limits import ANSWER_TARGET_CHARS, MAX_BUTTONS
from knowledge.base import KnowledgeBase
from knowledge.schema import Fact, Record, Source, Statement
from knowledge.text import fold, words

_MONTHS: Final = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip
_IGNORANCE: Final = re.compile(
    r"(?:non (?:abbiamo|ho|sappiamo|so|troviamo|conosciamo)\b|(?:nelle|nella|le) (?:nostre |mie )?(?:sched\w+|font\w+)\b.{0,60}\bnon\b|"
    r"[a-z' ]{0,60}\bnon (?:e|sono) (?:nelle|tra le|fra le) nostre)"
)
_MAX_STATEMENTS: Final = 3
_PLAIN_SIDES: Final = frozenset(
    {"cost", "time", "contacts", "where", "hours", "needed", "law", "office"}
)
"""Sides of a topic that are asked for in so many words; words like "chi" and "come" tell less than the search does."""

_ALIKE: Final = dict.fromkeys(
    ("where", "contacts", "office"), frozenset({"where", "contacts", "office"})
)
"""Sides of a topic that answer each other's questions."""

_REPEATED_SHARE: Final = 0.6
_SHORT_LEAD: Final = 220
"""A longer lead needs no summary after it."""

_WEEKDAYS: Final = ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica")


@dataclass(frozen=True)
class Reply:
    """One answer. ``status`` is from the closed list in docs/answers.md; ``records`` are the ids it rests on.

    ``extras``: what channels may show besides (docs/answers.md): ``picker``, ``field``, ``file``, ``cards``.
    """

    text: str
    status: str
    topic: str = ""
    records: Sequence[str] = ()
    buttons: Sequence[tuple[str, str]] = field(default_factory=tuple)
    extras: Mapping[str, Any] = field(default_factory=dict)


def send(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """Hand a reply to the channel."""
    dispatcher.utter_message(
        text=reply.text,
        buttons=[
            {"title": title, "payload": payload} for title, payload in reply.buttons[:MAX_BUTTONS]
        ],
        json_message={
            "status": reply.status,
            "topic": reply.topic,
            "records": list(reply.records),
            **reply.extras,
        },
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


@dataclass(frozen=True)
class Asking:
    """What an answer must heed: the day it is given on, and what was asked.

    Without ``today`` validity is not looked at. ``facets`` are the sides of the topic that the question touches.
    ``lead`` is said before everything else.
    """

    today: date | None = None
    question: str = ""
    facets: Sequence[str] = ()
    lead: str = ""


def compose(
    knowledge: KnowledgeBase,
    record: Record,
    facts: Sequence[Fact],
    missing_facet: str = "",
    *,
    asking: Asking = Asking(),
    doubtful: bool = False,
) -> Reply:
    """Answer from a record: its best facts as far as they fit a phone screen, or its summary.

    Args:
        missing_facet: Italian name of what was asked and is not in the record.
        doubtful: the topic is understood, but what exactly was asked is probably not in the record: said first.
    """
    statements = _wanted(facts, record, asking)
    missing = _missing_note(record, missing_facet, asking.question)
    # Whose matter it is answers a question about another body: details are that body's.
    if doubtful and not missing and record.kind != "referral":
        asking = replace(asking, lead=text("perhaps_not_it", title=record.title))
    answer = _worded(knowledge, record, statements, missing, asking)
    while len(statements) > 1 and len(answer) > ANSWER_TARGET_CHARS:
        statements.pop()
        answer = _worded(knowledge, record, statements, missing, asking)
    if len(answer) > ANSWER_TARGET_CHARS:
        answer = _worded(knowledge, record, statements, missing, asking, short=True)
    status = "to_confirm" if _any_uncertain(statements, asking.today) else "answered"
    if asking.lead or missing or admits_ignorance(statements[0]):
        status = "not_found"
    if record.kind == "referral":
        status = "out_of_scope"
    ids = [record.id] + [f"{record.id}#{s.id}" for s in statements if isinstance(s, Fact)]
    return Reply(answer, status, record.id, ids, next_steps(knowledge, record))


def _wanted(facts: Sequence[Fact], record: Record, asking: Asking) -> list[Statement]:
    """Statements of an answer, the one that answers first, without repetition.

    A matter of another body begins with the summary, which says whose it is. What is not known is told only when it
    is what was asked. What must be confirmed does not follow what is certain.
    """
    ordered = sorted(facts, key=lambda fact: _rank(fact, asking))
    if any(not admits_ignorance(fact) for fact in ordered[:1]):
        ordered = [fact for fact in ordered if not admits_ignorance(fact)]
    if record.kind == "referral":
        wanted: list[Statement] = [record.summary, *ordered[:1]]
    else:
        summary = _unsaid(record.summary, ordered)
        said = sum(len(fact.text) for fact in ordered)
        wanted = [*ordered, summary] if summary and said <= _SHORT_LEAD else list(ordered)
    chosen: list[Statement] = []
    for statement in wanted:
        if not chosen or (len(chosen) < _MAX_STATEMENTS and _adds(statement, chosen, asking.today)):
            chosen.append(statement)
    return chosen


def _unsaid(summary: Statement, facts: Sequence[Fact]) -> Statement | None:
    """The sentences of a summary that say something beside the facts."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-ZÈÀ])", summary.text)
    kept = [s for s in sentences if not facts or not _says_again(s, [fact.text for fact in facts])]
    if len(kept) == len(sentences):
        return summary
    return summary.model_copy(update={"text": " ".join(kept)}) if kept else None


def _rank(fact: Fact, asking: Asking) -> tuple[bool, bool]:
    """Facts keep the order of the search, except for these reasons."""
    asked = _PLAIN_SIDES.intersection(asking.facets)
    about_it = any(fact.facet in _ALIKE.get(facet, {facet}) for facet in asked)
    return (bool(asked) and not about_it, admits_ignorance(fact))


def _adds(statement: Statement, chosen: Sequence[Statement], today: date | None) -> bool:
    """Whether a further statement is certain and says something that is not said already."""
    if statement.status == "to_confirm" and chosen[0].status != "to_confirm":
        return False
    if is_expired(statement, today) or admits_ignorance(statement):
        return False
    return not _says_again(statement.text, [other.text for other in chosen])


def _worded(
    knowledge: KnowledgeBase,
    record: Record,
    statements: Sequence[Statement],
    missing: str,
    asking: Asking,
    *,
    short: bool = False,
) -> str:
    """The whole text; ``short`` leaves out what repeats the contact."""
    parts = [asking.lead] if asking.lead else []
    elsewhere = record.kind == "referral"
    answer = yes_or_no(asking.question, statements[0].text) if asking.question else ""
    if answer and not asking.lead and not elsewhere:
        parts.append(text(answer))
    for n, statement in enumerate(statements):
        parts.append(_dated(statement, asking.today))
        last = n + 1 == len(statements) or not _is_uncertain(statements[n + 1], asking.today)
        if (
            last
            and _is_uncertain(statement, asking.today)
            and not is_expired(statement, asking.today)
        ):
            parts.append(
                text("to_confirm_short" if short or missing or elsewhere else "to_confirm")
            )
    if missing and not short:
        parts.append(missing)
    sources = source_line(knowledge, (statement.source for statement in statements))
    verified = ""
    if record.verified_on and record.verified_by:
        verified = " " + text(
            "verified", date=day_number(record.verified_on), name=record.verified_by
        )
    return " ".join(parts) + "\n" + sources + verified


def _dated(statement: Statement, today: date | None) -> str:
    """A statement as it holds today: what has expired is told as past, what is to come as future."""
    if today is None:
        return statement.text
    if statement.valid_to and statement.valid_to < today:
        return text("expired", date=long_date(statement.valid_to), statement=statement.text)
    if statement.valid_from and today < statement.valid_from:
        return text("not_yet", date=long_date(statement.valid_from), statement=statement.text)
    return statement.text


def is_expired(statement: Statement, today: date | None) -> bool:
    """Whether a statement held only until a day that is past."""
    return today is not None and statement.valid_to is not None and statement.valid_to < today


def _is_uncertain(statement: Statement, today: date | None) -> bool:
    return statement.status == "to_confirm" or is_expired(statement, today)


def _any_uncertain(statements: Sequence[Statement], today: date | None) -> bool:
    return any(_is_uncertain(statement, today) for statement in statements)


def admits_ignorance(statement: Statement) -> bool:
    """Whether a statement begins by saying that something is not known."""
    return bool(_IGNORANCE.match(fold(statement.text)))


def _missing_note(record: Record, facet: str, question: str) -> str:
    """The sentence on a side of the topic that was asked for in plain words and is not in the record."""
    if not facet or (question and not asks_plainly(facet, question)):
        return ""
    if record.kind == "referral":
        return text("missing_facet_elsewhere", facet=facet, body=record.body)
    return text("missing_facet", facet=facet)


def _says_again(sentence: str, said: Sequence[str]) -> bool:
    """Whether a sentence mostly repeats the words of what is said already."""
    known = {word[:5] for other in said for word in words(other) if len(word) > 3}
    mine = {word[:5] for word in words(sentence) if len(word) > 3}
    return len(mine & known) > _REPEATED_SHARE * min(len(mine), len(known))


def next_steps(knowledge: KnowledgeBase, record: Record) -> tuple[tuple[str, str], ...]:
    """Buttons for the topics that a record names as next."""
    steps = []
    for record_id in record.next:
        following = knowledge.record(record_id)
        if following is not None and following.id != record.id:
            steps.append((following.title, following.question))
    return tuple(steps)


def day_name(day: date, today: date) -> str:
    """A day as people say it: "oggi", "domani", "martedì 24 novembre", with the year if it is another one."""
    distance = (day - today).days
    if distance == 0:
        return "oggi"
    if distance == 1:
        return "domani"
    name = f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return name if day.year == today.year else f"{name} {day.year}"


def long_date(day: date) -> str:
    """A date with the month as a word: "31 agosto 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


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
