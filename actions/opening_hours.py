"""Opening hours of the URP: today, tomorrow, a weekday, a date, a holiday, right now."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import remember, text_of
from actions.replies import Reply, clock_time, day_name, send, source_line, weekday_name
from actions.texts import text
from bot.appointments.dates import NamedDays, named_days
from knowledge.base import KnowledgeBase
from knowledge.hours import DAYS, DayHours, OpeningHours, Span

PHONE = "urp-telefono"
DESK = "urp-sportello"
TOPIC = "urp-orari"
_BUTTONS = (
    ("Come fisso un appuntamento", "Come si prende un appuntamento allo sportello?"),
    ("Contatti dell'URP", "Come posso contattare l'URP?"),
)


def answer_hours(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Answer a question about hours (also as a follow-up: "e il venerdì?")."""
    context = current_context()
    now = context.clock.now()
    asked = named_days(text_of(tracker), now.date())
    sentences = hours_sentences(context.knowledge.hours, asked, now)
    answer = " ".join(sentences) + "\n" + _source(context.knowledge)
    day = now.date() if asked.now else asked.days[0] if len(asked.days) == 1 else None
    uncertain = day is not None and context.knowledge.hours.day(PHONE, day).unconfirmed
    status = "to_confirm" if uncertain else "answered"
    send(dispatcher, Reply(answer, status, TOPIC, (TOPIC,), _BUTTONS))
    return remember(tracker, intent="ask_urp_hours", topic=TOPIC)


def _source(knowledge: KnowledgeBase) -> str:
    return source_line(knowledge, (knowledge.hours.office(PHONE).source,))


def hours_sentences(hours: OpeningHours, asked: NamedDays, now: datetime) -> list[str]:
    """Sentences about the URP's hours, pure: the fact first, then the desk's rule."""
    today = now.date()
    if asked.now:
        return [*_right_now(hours, now), text("desk_rule")]
    if asked.weekday is not None:
        return _every(hours, asked.weekday, today)
    if len(asked.days) > 1:
        return [_several(hours, asked.days, today), text("desk_rule")]
    if asked.days:
        return _one_day(hours, asked.days[0], now)
    return [text("phone_week"), text("desk_rule")]


def _right_now(hours: OpeningHours, now: datetime) -> list[str]:
    closes = hours.closes_at(PHONE, now)
    if closes is not None:
        return [text("phone_open_now", closes=clock_time(closes))]
    today = hours.day(PHONE, now.date())
    if today.unconfirmed:
        return [text("phone_closed_unconfirmed", day="Oggi", holiday=today.closed_because)]
    return [
        text("phone_closed_now", because=because(hours.day(PHONE, now.date()))),
        *_next(hours, now),
    ]


def _every(hours: OpeningHours, weekday: int, today: date) -> list[str]:
    weekly = hours.office(PHONE).weekly.get(DAYS[weekday], ())
    label = f"Il {weekday_name(weekday)}" if weekday != 6 else "La domenica"
    if not weekly:
        return [
            text("phone_closed_day", day=label, because=""),
            text("phone_week"),
            text("desk_rule"),
        ]
    spans = " e ".join(span.replace(":", ".") for span in weekly)
    return [text("phone_hours_day", day=label, spans=spans), text("desk_rule")]


def _one_day(hours: OpeningHours, day: date, now: datetime) -> list[str]:
    info = hours.day(PHONE, day)
    label = day_name(day, now.date()).capitalize()
    if info.unconfirmed:
        return [
            text("phone_closed_unconfirmed", day=label, holiday=info.closed_because),
            text("desk_rule"),
        ]
    if not info.spans:
        after = datetime.combine(day, datetime.max.time(), now.tzinfo)
        sentences = [text("phone_closed_day", day=label, because=because(info))]
        return [*sentences, *_next(hours, after, now.date()), text("desk_rule")]
    sentences = [text("phone_hours_day", day=label, spans=spans_text(info.spans))]
    if DAYS[day.weekday()] in hours.office(DESK).by_appointment:
        return [*sentences, text("desk_rule_day", day=label.lower())]
    return [*sentences, text("desk_rule")]


def _several(hours: OpeningHours, days: tuple[date, ...], today: date) -> str:
    parts = []
    for day in days:
        info = hours.day(PHONE, day)
        what = spans_text(info.spans) if info.spans else "chiuso"
        parts.append(f"{day_name(day, today)}: {what}")
    return text("phone_between", days="; ".join(parts) + ".")


def _next(hours: OpeningHours, moment: datetime, today: date | None = None) -> list[str]:
    following = hours.next_opening(PHONE, moment)
    if following is None:
        return []
    day, span = following
    label = day_name(day, today or moment.date())
    return [
        text("phone_next", day=label, opens=clock_time(span.opens), closes=clock_time(span.closes))
    ]


def because(info: DayHours) -> str:
    if not info.closed_because:
        return ""
    key = "because_holiday" if info.is_holiday else "because_notice"
    return text(key, reason=info.closed_because)


def spans_text(spans: tuple[Span, ...]) -> str:
    return " e ".join(f"{clock_time(span.opens)}-{clock_time(span.closes)}" for span in spans)


def next_phone_opening(hours: OpeningHours, now: datetime) -> tuple[str, str] | None:
    """Day and hour at which the numero verde answers next, in words."""
    following = hours.next_opening(PHONE, now)
    if following is None:
        return None
    day, span = following
    return day_name(day, now.date()), clock_time(span.opens)
