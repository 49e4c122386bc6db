"""Whether an office other than the URP is open: now, on a day, between two holidays, and when it opens again."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from actions.opening_hours import because, spans_text
from actions.replies import Reply, clock_time, day_name, next_steps, source_line, weekday_name
from actions.texts import text
from bot.appointments.dates.questions import NamedDays, named_days
from knowledge.base import KnowledgeBase
from knowledge.hours import DAYS, OpeningHours
from knowledge.schema import Record
from knowledge.search.facets import asked_facets
from knowledge.text import words

_IN_GENERAL: Final = re.compile(r"\b(?:giorni|orari\w*|quando)\b", re.IGNORECASE)


def hours_of_record(
    knowledge: KnowledgeBase, record: Record, question: str, now: datetime
) -> Reply | None:
    """The answer about the hours of a record's office, or None if hours are not asked or not known."""
    if record.id not in knowledge.hours or "hours" not in asked_facets(words(question))[:2]:
        return None
    asked = named_days(question, now.date())
    if asked.now and _IN_GENERAL.search(question):
        asked = NamedDays()
    sentences = office_sentences(knowledge.hours, record.id, asked, now)
    uncertain = any(fact.facet == "hours" and fact.status == "to_confirm" for fact in record.facts)
    if uncertain:
        sentences.append(text("to_confirm"))
    source = source_line(knowledge, (knowledge.hours.office(record.id).source,))
    return Reply(
        " ".join(sentences) + "\n" + source,
        "to_confirm" if uncertain else "answered",
        record.id,
        (record.id,),
        next_steps(knowledge, record),
    )


def office_sentences(
    hours: OpeningHours, office_id: str, asked: NamedDays, now: datetime
) -> list[str]:
    """Sentences about an office's hours, pure: the fact first, then when it opens again."""
    if asked.now:
        return _now(hours, office_id, now)
    if asked.weekday is not None:
        return [_weekday(hours, office_id, asked.weekday)]
    if len(asked.days) > 1:
        return [_several(hours, office_id, asked.days, now.date())]
    if asked.days:
        return _day(hours, office_id, asked.days[0], now.date())
    return [_week(hours, office_id)]


def _now(hours: OpeningHours, office_id: str, now: datetime) -> list[str]:
    closes = hours.closes_at(office_id, now)
    if closes is not None:
        return [text("office_open_now", closes=clock_time(closes), **_who(hours, office_id))]
    today = hours.day(office_id, now.date())
    closed = text("office_closed_now", because=because(today), **_who(hours, office_id))
    return [closed, *_reopens(hours, office_id, now)]


def _day(hours: OpeningHours, office_id: str, day: date, today: date) -> list[str]:
    info = hours.day(office_id, day)
    values = {"day": day_name(day, today).capitalize(), **_who(hours, office_id)}
    if info.unconfirmed:
        return [text("office_closed_unconfirmed", holiday=info.closed_because, **values)]
    if info.spans:
        return [text("office_hours_day", spans=spans_text(info.spans), **values)]
    return [text("office_closed_day", because=because(info), **values)]


def _several(hours: OpeningHours, office_id: str, days: tuple[date, ...], today: date) -> str:
    parts = []
    for day in days:
        info = hours.day(office_id, day)
        parts.append(f"{day_name(day, today)} {spans_text(info.spans) or text('closed')}")
    return text("office_several", days="; ".join(parts), **_who(hours, office_id))


def _weekday(hours: OpeningHours, office_id: str, weekday: int) -> str:
    weekly = hours.office(office_id).weekly.get(DAYS[weekday], ())
    label = f"Il {weekday_name(weekday)}" if weekday != 6 else "La domenica"
    values = {"day": label, **_who(hours, office_id)}
    if not weekly:
        return text("office_closed_day", because="", **values)
    spans = " e ".join(span.replace(":", ".") for span in weekly)
    return text("office_hours_day", spans=spans, **values)


def _week(hours: OpeningHours, office_id: str) -> str:
    weekly = hours.office(office_id).weekly
    days = "; ".join(
        f"{weekday_name(number)} " + " e ".join(span.replace(":", ".") for span in spans)
        for number in range(len(DAYS))
        if (spans := weekly.get(DAYS[number], []))
    )
    return text("office_week", days=days, **_who(hours, office_id))


def _reopens(hours: OpeningHours, office_id: str, now: datetime) -> list[str]:
    following = hours.next_opening(office_id, now)
    if following is None:
        return []
    day, span = following
    return [
        text(
            "office_next",
            day=day_name(day, now.date()),
            opens=clock_time(span.opens),
            closes=clock_time(span.closes),
        )
    ]


def _who(hours: OpeningHours, office_id: str) -> dict[str, str]:
    office = hours.office(office_id)
    return {"office": office.name, "contact": office.contact}
