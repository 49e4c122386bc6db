"""Weekdays and the days around today: "dopodomani", "giovedì", "giovedì 3 dicembre", "il prossimo martedì"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import add_days, next_weekday
from bot.appointments.dates.context import Context, DayKind, Days, dated, troubled
from bot.appointments.dates.days import (
    NEXT,
    PAST,
    THIS,
    is_day_number,
    is_hour_range,
    numeric_date,
    sounds_like_hour,
    written_date,
)
from bot.appointments.dates.model import DaySpan, Doubt, Option, Trouble, single
from bot.appointments.dates.tokens import Token, token_at

_RECURRING_BEFORE: Final = frozenset(("il", "la", "i", "le", "ogni", "gli", "un", "una", "del", "dal", "al", "tutti", "tutte", "sempre", "qualsiasi", "qualunque"))  # fmt: skip


_NEAR_DAYS: Final = 62
"""How far "giovedì 3" looks for a third that is a Thursday."""


def named_day(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "oggi", "dopodomani", "l'altro ieri", "in giornata", "oggi a otto"."""
    words = [token_at(tokens, at + k).word for k in range(3)]
    if token_at(tokens, at).off:
        return None
    offset, end = lexicon.RELATIVE_DAYS.get(words[0]), at + 1
    if words[:2] == ["dopo", "domani"]:
        offset, end = 2, at + 2
    elif words[:2] == ["altro", "ieri"]:
        offset, end = -2, at + 2
    elif words[:2] == ["in", "giornata"]:
        offset, end = 0, at + 2
    elif words[0] in lexicon.TODAY_PARTS or (
        words[0] in THIS and lexicon.PART_WORDS.get(words[1], "pranzo") != "pranzo"
    ):
        # The part of the day is read on its own, from the same words.
        return dated(at, ctx.today)
    if offset is None:
        return None
    if offset < 0:
        return troubled(end, Trouble.PAST, add_days(ctx.today, offset))
    if token_at(tokens, end).word == "stesso":
        end += 1
    day = add_days(ctx.today, offset)
    weeks, end = _weeks_more(tokens, end)
    return dated(end, add_days(day, 7 * weeks))


def _weeks_more(tokens: list[Token], at: int) -> tuple[int, int]:
    """ "a otto", "a quindici": a week or two more."""
    if token_at(tokens, at).word == "a" and token_at(tokens, at + 2).word not in (
        "e",
        "meno",
        "giorni",
    ):
        if token_at(tokens, at + 1).word == "otto":
            return 1, at + 2
        if token_at(tokens, at + 1).word == "quindici":
            return 2, at + 2
    return 0, at


def weekday(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """A weekday with what may follow or go before: "giovedì", "giovedì 3 dicembre", "il prossimo giovedì"."""
    start = at
    lead = token_at(tokens, at).word
    if lead in NEXT | THIS:
        start = at + 1
    number = lexicon.WEEKDAYS.get(token_at(tokens, start).word)
    if (
        number is None
        or token_at(tokens, start).off
        or (
            token_at(tokens, start - 1).figures
            and start == at
            and token_at(tokens, start).word in lexicon.MONTHS
        )
    ):
        return None
    end = start + 1
    following = token_at(tokens, end).word
    if lead in NEXT:
        return _coming(end, number, ctx)
    if lead in THIS:
        return dated(end, next_weekday(ctx.today, number, today=True), weekday=number)
    if following in NEXT:
        return _coming(end + 1, number, ctx)
    if following in PAST:
        return troubled(end + 1, Trouble.PAST)
    if [following, token_at(tokens, end + 1).word] == ["che", "viene"]:
        return _coming(end + 2, number, ctx)
    weeks, after = _weeks_more(tokens, end)
    if weeks:
        return dated(after, add_days(next_weekday(ctx.today, number, today=False), 7 * weeks))
    with_date = _weekday_with_date(tokens, end, number, ctx)
    if with_date is not None:
        return with_date
    before = token_at(tokens, at - 1).word
    if before in _RECURRING_BEFORE or (before == "di" and _is_habit(tokens, at - 2)):
        if token_at(tokens, end).word in ("qualsiasi", "qualunque"):
            end += 1
        return Days(end, DayKind.EVERY, Option(weekdays=(number,)), weekday=number)
    return bare_weekday(end, number, ctx)


def _is_habit(tokens: list[Token], at: int) -> bool:
    """Whether "di giovedì" means Thursdays: after a time ("alle 11 di giovedì") or a limit it names one."""
    token = token_at(tokens, at)
    if token.word in ("prima", "tardi", "fine", "inizio"):
        return False
    return not (
        token.number is not None
        or token.word in ("mezza", "quarto", "mezzogiorno", "h", "una")
        or token.word in lexicon.PART_WORDS
    )


def bare_weekday(end: int, number: int, ctx: Context) -> Days:
    """The first such day from today; today itself is one of two readings."""
    day = next_weekday(ctx.today, number, today=True)
    if day != ctx.today:
        return Days(end, DayKind.WEEKDAY, Option((single(day),)), weekday=number)
    both = (single(day), single(add_days(day, 7)))
    return Days(
        end, DayKind.WEEKDAY, Option(both), weekday=number,
        alternatives=tuple(Option((one,)) for one in both), doubt=Doubt.TODAY_OR_NEXT_WEEK,
    )  # fmt: skip


def _coming(end: int, number: int, ctx: Context) -> Days:
    """ "giovedì prossimo": the first to come; said the day before, many mean the one after that."""
    day = next_weekday(ctx.today, number, today=False)
    if day != add_days(ctx.today, 1):
        return dated(end, day, weekday=number)
    both = (single(day), single(add_days(day, 7)))
    return Days(
        end, DayKind.DATE, Option(both), weekday=number,
        alternatives=tuple(Option((one,)) for one in both), doubt=Doubt.NEXT_OR_FOLLOWING,
    )  # fmt: skip


def _weekday_with_date(tokens: list[Token], at: int, number: int, ctx: Context) -> Days | None:
    """ "giovedì 3", "giovedì, 3 dicembre", "giovedì il 3/12"."""
    start = at
    while token_at(tokens, start).word in (",", "il", "l", "giorno") and start < at + 3:
        start += 1
    if start == at and is_hour_range(tokens, at):
        return None
    found = numeric_date(tokens, start, ctx) or written_date(tokens, start, ctx)
    if found is None:
        if not is_day_number(tokens, start, start > at and token_at(tokens, start - 1).word != ","):
            return None
        found = _numbered_weekday(tokens, start, number, ctx)
        if found is None or (
            found.doubt and start == at and sounds_like_hour(token_at(tokens, start))
        ):
            return None
        return found
    if found.trouble or found.span is None:
        return found
    day = found.span.first
    if day.weekday() == number:
        return found
    return _mismatch(found.end, day, next_weekday(add_days(day, -4), number, today=True))


def _numbered_weekday(tokens: list[Token], at: int, number: int, ctx: Context) -> Days | None:
    wanted = token_at(tokens, at).number or 0
    near = [add_days(ctx.today, offset) for offset in range(_NEAR_DAYS)]
    same_number = [day for day in near if day.day == wanted]
    agreed = [day for day in same_number if day.weekday() == number]
    if agreed:
        return dated(at + 1, agreed[0])
    if not same_number:
        return troubled(at + 1, Trouble.NONEXISTENT)
    day = same_number[0]
    return _mismatch(at + 1, day, next_weekday(add_days(day, -4), number, today=True))


def _mismatch(end: int, day: date, other: date) -> Days:
    both = (single(day), single(other))
    return Days(
        end, DayKind.DATE, Option(tuple(sorted(both))),
        alternatives=tuple(Option((one,)) for one in both), doubt=Doubt.WEEKDAY_OR_DATE,
    )  # fmt: skip


def placed(days: Days, span: DaySpan) -> Days | None:
    """A weekday placed by a span: one day of a week, every such day of a longer span."""
    if days.weekday is None:
        return None
    if span.last is not None and (span.last - span.first).days < 7:
        day = next_weekday(span.first, days.weekday, today=True)
        if day not in span:
            return None
        return Days(
            days.end, DayKind.DATE, Option((single(day),)), weekday=days.weekday, container=span
        )
    return replace(
        days, kind=DayKind.EVERY, option=Option((span,), (days.weekday,)), container=span, doubt=None, alternatives=()
    )  # fmt: skip
