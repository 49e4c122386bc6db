"""Opening hours in words: of the URP on any day or stretch of days, and of the other offices as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from actions.asked_days import AskedDays
from actions.replies import clock_time, day_name, weekday_name
from actions.texts import text
from knowledge.hours import DAYS, DayHours, OpeningHours, Span
from knowledge.text import words

PHONE: Final = "urp-telefono"
DESK: Final = "urp-sportello"
_MAX_LISTED: Final = 6
"""Days named one by one; a longer stretch is told by its closed days."""

_ASKS_IF_OPEN: Final = re.compile(
    r"\b(?:apert\w|aperti|aprite|rispond\w+|lavora\w*|attiv\w|posso|possiamo|si puo|possibile|c e qualcuno|ci siete|trovo)\b"
)
_ASKS_IF_CLOSED: Final = re.compile(r"\b(?:chius\w+|chiude\w*|chiudono|fest\w+|ponte)\b")
_ASKS_WHEN: Final = re.compile(
    r"\b(?:orari\w*|a che ora|quando|fino a|da che ora|che giorni|quali giorni)\b"
)


def hours_sentences(
    hours: OpeningHours, asked: AskedDays, now: datetime, question: str = ""
) -> list[str]:
    """Sentences about the URP's hours: the fact first, then the desk's rule; yes or no first where the question wants it."""
    today = now.date()
    if asked.reopens:
        return _reopening(hours, asked, now)
    if asked.times and not (asked.days or asked.weekdays or asked.span):
        answer = _yes_no(
            question, any(_open_then(hours, day, asked) for day in range(len(DAYS))), timed=True
        )
        return [*answer, text("phone_week"), text("desk_rule")]
    if asked.now:
        return [*_right_now(hours, now), text("desk_rule")]
    if asked.summer:
        return [text("phone_summer"), text("phone_week"), text("desk_rule")]
    if asked.span:
        return _stretch(hours, asked.span, today)
    if len(asked.days) + len(asked.weekdays) > 1:
        return [_several(hours, asked, today), text("desk_rule")]
    if asked.weekdays:
        is_open = _open_then(hours, asked.weekdays[0], asked)
        answer = _yes_no(question, is_open, timed=bool(asked.times))
        return [*answer, *_every(hours, asked.weekdays[0])]
    if asked.days:
        return _on_day(hours, asked, now, question)
    return [text("phone_week"), text("desk_rule")]


def is_uncertain(hours: OpeningHours, asked: AskedDays, now: datetime) -> bool:
    """Whether the answer rests on a closure that nobody announced, or on notices that nobody gave."""
    days = (now.date(),) if asked.now else asked.days
    if asked.span and not asked.reopens:
        days = tuple(_days(asked.span))
    return asked.summer or any(hours.day(PHONE, day).unconfirmed for day in days)


def _yes_no(question: str, is_open: bool, *, timed: bool = False) -> list[str]:
    """ "Sì." or "No." for a question that can be answered so; one that is ``timed`` names an hour."""
    plain = " ".join(words(question))
    if _ASKS_WHEN.search(plain):
        return []
    if _ASKS_IF_CLOSED.search(plain) and not re.search(r"\bapert\w", plain):
        return [text("say_no") if is_open else text("say_yes")]
    if timed or (_ASKS_IF_OPEN.search(plain) and not re.search(r"\bchius\w", plain)):
        return [text("say_yes") if is_open else text("say_no")]
    return []


def _right_now(hours: OpeningHours, now: datetime) -> list[str]:
    closes = hours.closes_at(PHONE, now)
    if closes is not None:
        return [text("phone_open_now", closes=clock_time(closes))]
    today = hours.day(PHONE, now.date())
    if today.unconfirmed:
        return [text("phone_closed_unconfirmed", day="Oggi", holiday=today.closed_because)]
    return [text("phone_closed_now", because=because(today)), *_next(hours, now)]


def _reopening(hours: OpeningHours, asked: AskedDays, now: datetime) -> list[str]:
    after = asked.span[1] if asked.span else max(asked.days, default=None)
    moment = now
    if after is not None and after >= now.date():
        moment = datetime.combine(after, datetime.max.time(), now.tzinfo)
    sentences = _next(hours, moment, now.date(), "phone_reopens")
    return [*(sentences or [text("phone_week")]), text("desk_rule")]


def _open_then(hours: OpeningHours, weekday: int, asked: AskedDays) -> bool:
    """Whether the phone answers on such weekdays, at some time of those asked for."""
    return _answers(hours.weekly_spans(PHONE, weekday), asked)


def _answers(spans: Sequence[Span], asked: AskedDays) -> bool:
    if not asked.times:
        return bool(spans)
    return any(
        span.opens <= ends and begins < span.closes
        for span in spans
        for begins, ends in asked.times
    )


def _every(hours: OpeningHours, weekday: int) -> list[str]:
    weekly = hours.office(PHONE).weekly.get(DAYS[weekday], ())
    label = f"Il {weekday_name(weekday)}" if weekday != 6 else "La domenica"
    if not weekly:
        return [
            text("phone_closed_day", day=label, because=""),
            text("phone_weekdays"),
            text("desk_rule"),
        ]
    return [text("phone_hours_day", day=label, spans=_spoken(weekly)), text("desk_rule")]


def _on_day(hours: OpeningHours, asked: AskedDays, now: datetime, question: str) -> list[str]:
    day = asked.days[0]
    info = hours.day(PHONE, day)
    today = now.date()
    label = day_name(day, today)
    label = label[:1].upper() + label[1:]
    if info.unconfirmed:
        closed = text("phone_closed_unconfirmed", day=label, holiday=info.closed_because)
        return [closed, text("desk_rule")]
    if not info.spans:
        sentences = [text("phone_closed_day", day=label, because=because(info))]
        after = datetime.combine(day, datetime.max.time(), now.tzinfo)
        following = _next(hours, after, today) if day >= today else []
        return [*_yes_no(question, False), *sentences, *following, text("desk_rule")]
    sentences = [
        *_yes_no(question, _answers(info.spans, asked), timed=bool(asked.times)),
        text("phone_hours_day", day=label, spans=spans_text(info.spans)),
    ]
    if DAYS[day.weekday()] in hours.office(DESK).by_appointment:
        return [*sentences, text("desk_rule_day", day=label[:1].lower() + label[1:])]
    return [*sentences, text("desk_rule")]


def _several(hours: OpeningHours, asked: AskedDays, today: date) -> str:
    parts = [
        f"{day_name(day, today)}: {_day_in_short(hours.day(PHONE, day))}"
        for day in asked.days[:_MAX_LISTED]
    ]
    for weekday in asked.weekdays:
        weekly = hours.office(PHONE).weekly.get(DAYS[weekday], ())
        parts.append(f"{weekday_name(weekday)}: {_spoken(weekly) if weekly else text('closed')}")
    return text("phone_days", days="; ".join(parts))


def _stretch(hours: OpeningHours, span: tuple[date, date], today: date) -> list[str]:
    days = [day for day in _days(span) if day.weekday() < 5]
    if len(days) <= _MAX_LISTED:
        sentences = [_several(hours, AskedDays(tuple(days)), today)] if days else []
        return [*sentences, text("phone_no_notice"), text("desk_rule")]
    closed = [(day, info) for day in days if not (info := hours.day(PHONE, day)).spans]
    sentences = []
    if closed:
        named = "; ".join(
            f"{day_name(day, today)}{_because_short(info)}" for day, info in closed[:_MAX_LISTED]
        )
        sentences = [text("phone_closed_among", days=named)]
    return [text("phone_no_notice"), *sentences, text("phone_weekdays"), text("desk_rule")]


def _days(span: tuple[date, date]) -> list[date]:
    return [span[0] + timedelta(days=n) for n in range((span[1] - span[0]).days + 1)]


def _day_in_short(info: DayHours) -> str:
    if info.spans:
        return spans_text(info.spans)
    return text("closed") + _because_short(info)


def _because_short(info: DayHours) -> str:
    if info.unconfirmed:
        return text("because_short_unconfirmed", reason=info.closed_because)
    return text("because_notice", reason=info.closed_because) if info.closed_because else ""


def _next(
    hours: OpeningHours, moment: datetime, today: date | None = None, key: str = "phone_next"
) -> list[str]:
    following = hours.next_opening(PHONE, moment)
    if following is None:
        return []
    day, span = following
    label = day_name(day, today or moment.date())
    return [text(key, day=label, opens=clock_time(span.opens), closes=clock_time(span.closes))]


def because(info: DayHours) -> str:
    """Why a day is closed, as the end of a sentence; "" if there is no reason to tell."""
    if not info.closed_because:
        return ""
    key = "because_holiday" if info.is_holiday else "because_notice"
    return text(key, reason=info.closed_because)


def spans_text(spans: tuple[Span, ...]) -> str:
    """Hours of a day: "10.00-12.00 e 14.00-16.00"."""
    return " e ".join(f"{clock_time(span.opens)}-{clock_time(span.closes)}" for span in spans)


def _spoken(weekly: list[str] | tuple[str, ...]) -> str:
    return " e ".join(span.replace(":", ".") for span in weekly)


def next_phone_opening(hours: OpeningHours, now: datetime) -> tuple[str, str] | None:
    """Day and hour at which the numero verde answers next, in words."""
    following = hours.next_opening(PHONE, now)
    if following is None:
        return None
    day, span = following
    return day_name(day, now.date()), clock_time(span.opens)
