"""Limits and ranges of days: "entro venerdì", "dopo Natale", "dal 3 al 10 dicembre", "tra martedì e giovedì"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import (
    add_days,
    add_months,
    make_day,
    next_weekday,
    nth_weekday,
)
from bot.appointments.dates.context import Context, DayKind, Days, dated, spanning, troubled
from bot.appointments.dates.days import numeric_date, written_date
from bot.appointments.dates.model import DaySpan, Option, Trouble
from bot.appointments.dates.tokens import Token, token_at

Inside = Callable[[list[Token], int, Context, int], Days | None]
"""Reads the days after an article or preposition; given by `relations`, which knows all rules."""


_FEASTS: Final = frozenset(((12, 25), (12, 26), (1, 1), (1, 6)))


_UNTIL: Final = (("entro",), ("fino", "a"), ("fino", "al"), ("fino", "all"), ("fino", "alla"), ("sino", "al"), ("non", "oltre"), ("non", "dopo"),
                 ("non", "piu", "tardi", "di"), ("da", "qui", "a"), ("di", "qui", "a"), ("al", "massimo"), ("al", "piu", "tardi"), ("termina",))  # fmt: skip


_BEFORE: Final = (
    ("prima", "di"),
    ("prima", "del"),
    ("prima", "dell"),
    ("prima", "della"),
    ("prima", "delle"),
    ("prima", "dei"),
)


_FROM: Final = (("non", "prima", "di"), ("non", "prima", "del"), ("non", "prima", "dell"), ("non", "prima", "della"),
                ("a", "partire", "da"), ("a", "partire", "dal"), ("a", "partire", "dall"), ("a", "partire", "dalla"),
                ("da",), ("dal",), ("dall",), ("dalla",))  # fmt: skip


_LATER: Final = (("dopo",), ("successiva", "al"), ("oltre",), ("passato",), ("passata",))


_LIMITS: Final[dict[str, list[tuple[str, tuple[str, ...]]]]] = {}
for _bound_name, _phrases in (
    ("until", _UNTIL),
    ("before", _BEFORE),
    ("from", _FROM),
    ("later", _LATER),
):
    for _phrase in _phrases:
        _LIMITS.setdefault(_phrase[0], []).append((_bound_name, _phrase))


def bounded(tokens: list[Token], at: int, ctx: Context, depth: int, inside: Inside) -> Days | None:
    """Days on one side of a limit: "entro fine mese", "prima di Natale", "dal 3 in poi", "dopo l'Immacolata"."""
    for bound, phrase in _LIMITS.get(token_at(tokens, at).word, ()):
        if all(token_at(tokens, at + k).word == word for k, word in enumerate(phrase)):
            found = inside(tokens, at + len(phrase), ctx, depth)
            if found is not None:
                return _bound(tokens, found, bound, ctx)
    return None


def _bound(tokens: list[Token], found: Days, bound: str, ctx: Context) -> Days | None:
    if found.trouble:
        return found
    if not found.option.days or found.kind not in (DayKind.DATE, DayKind.SPAN, DayKind.WEEKDAY):
        return None
    # Of two readings of a weekday the later one limits ("entro giovedì" said on a Thursday).
    span = found.option.days[-1]
    end = found.end
    if bound in ("until", "before"):
        last = span.last if bound == "until" else add_days(span.first, -1)
        if bound == "until" and found.kind is DayKind.SPAN and found.option.preferred:
            last = found.option.preferred
        if last is not None and last < ctx.today:
            return troubled(end, Trouble.PAST)
        return Days(end, DayKind.BOUND, Option((DaySpan(ctx.today, last),)))
    if bound == "later" and span.last is None:
        return None
    first = span.first if bound == "from" else add_days(span.last or span.first, 1)
    if bound == "from":
        tail = [token_at(tokens, end + k).word for k in range(2)]
        if tail[0] == "in" and tail[1] in ("poi", "avanti", "su"):
            end += 2
    return Days(end, DayKind.BOUND, Option((DaySpan(first, None),)))


def day_range(
    tokens: list[Token], at: int, ctx: Context, depth: int, inside: Inside
) -> Days | None:
    """ "dal 3 al 10 dicembre", "tra martedì e giovedì", "da lunedì a mercoledì", "tra Natale e Capodanno"."""
    word = token_at(tokens, at).word
    if word in lexicon.WEEKDAYS:
        return _short_weekday_range(tokens, at)
    if word in ("tra", "fra"):
        links, open_ends = frozenset(("e", "-", "ed")), True
    elif word in ("da", "dal", "dall", "dalla"):
        links, open_ends = frozenset(("a", "al", "all", "alla", "fino", "ad", "-")), False
    else:
        return _dashed(tokens, at, ctx)
    numbers = _numbers_to_date(tokens, at + 1, links, ctx, depth, inside)
    if numbers is not None:
        return numbers
    first = inside(tokens, at + 1, ctx, depth)
    if first is None or token_at(tokens, first.end).word not in links:
        return None
    second_at = first.end + 1 + (token_at(tokens, first.end).word == "fino")
    second = inside(tokens, second_at, ctx, depth)
    if second is None:
        return None
    if first.trouble or second.trouble:
        return replace(first if first.trouble else second, end=second.end)
    if DayKind.EVERY in (first.kind, second.kind) or (
        word == "dal" and first.weekday is not None and second.weekday is not None
    ):
        return _weekday_range(first, second)
    return _joined(first, second, ctx, open_ends=open_ends)


def _dashed(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "30 nov - 4 dic", "30/11 - 4/12"."""
    if not token_at(tokens, at).figures:
        return None
    first = written_date(tokens, at, ctx) or numeric_date(tokens, at, ctx)
    if first is None or first.trouble or token_at(tokens, first.end).word != "-":
        return None
    second = written_date(tokens, first.end + 1, ctx) or numeric_date(tokens, first.end + 1, ctx)
    return _joined(first, second, ctx, open_ends=False) if second and not second.trouble else None


def _short_weekday_range(tokens: list[Token], at: int) -> Days | None:
    """ "lun-ven"."""
    last = lexicon.WEEKDAYS.get(token_at(tokens, at + 2).word)
    if token_at(tokens, at + 1).word != "-" or last is None:
        return None
    first = lexicon.WEEKDAYS[token_at(tokens, at).word]
    ends = (Days(at + 1, DayKind.EVERY, weekday=first), Days(at + 3, DayKind.EVERY, weekday=last))
    return _weekday_range(*ends)


def _weekday_range(first: Days, second: Days) -> Days | None:
    """ "dal lunedì al giovedì": those days of every week."""
    if first.weekday is None or second.weekday is None:
        return None
    count = (second.weekday - first.weekday) % 7 + 1
    weekdays = tuple(sorted((first.weekday + k) % 7 for k in range(count)))
    return Days(second.end, DayKind.EVERY, Option(weekdays=weekdays))


def _joined(first: Days, second: Days, ctx: Context, *, open_ends: bool) -> Days | None:
    if not first.option.days or not second.option.days:
        return None
    start, stop = first.option.days[0], second.option.days[0]
    begin, last = start.first, stop.last
    if first.weekday is not None and second.weekday is not None and last is not None:
        if second.container is not None:
            begin = nth_weekday(DaySpan(add_days(last, -6), last), first.weekday, 1) or begin
        else:
            last = next_weekday(begin, second.weekday, today=True)
    if second.bare_number and last is not None and not first.weekday:
        last = _same_number_after(begin, last.day) or last
    if last is not None and last < begin:
        earlier = make_day(begin.year - 1, begin.month, begin.day)
        if earlier is None or last < earlier:
            return None
        begin = max(earlier, ctx.today)
    if open_ends and _is_feast(first) and _is_feast(second) and last is not None:
        # Between two feasts is neither of them.
        begin, last = add_days(begin, 1), add_days(last, -1)
        if last < begin:
            begin, last = add_days(start.first, 1), add_months(last, 12)
    return spanning(second.end, begin, last)


def _is_feast(days: Days) -> bool:
    span = days.span
    return (
        span is not None and (span.first.month, span.first.day) in _FEASTS and not days.bare_number
    )


def _same_number_after(begin: date, number: int) -> date | None:
    """The next day of a number after a day: "dal 28 al 4" ends in the month after."""
    day = make_day(begin.year, begin.month, number)
    if day is not None and day >= begin:
        return day
    month = add_months(begin.replace(day=1), 1)
    return make_day(month.year, month.month, number)


def _numbers_to_date(
    tokens: list[Token], at: int, links: frozenset[str], ctx: Context, depth: int, inside: Inside
) -> Days | None:
    """ "dal 3 al 10 dicembre", "tra il 3 e il 10 di questo mese": the month is told once, at the end."""
    start = at + (token_at(tokens, at).word in ("il", "l"))
    first = token_at(tokens, start)
    number = 1 if first.word == "primo" else first.number
    if number is None or first.off or first.figures > 2:
        return None
    link = start + 1
    if token_at(tokens, link).word not in links | {"-"}:
        return None
    second_at = link + 1
    while (
        token_at(tokens, second_at).word in ("al", "all", "il", "l", "a") and second_at < link + 4
    ):
        second_at += 1
    second = written_date(tokens, second_at, ctx) or numeric_date(tokens, second_at, ctx)
    if second is None:
        second = number_in_month(tokens, second_at, ctx, depth, inside)
    if second is None or second.trouble or second.span is None:
        return second
    last = second.span.first
    begin = make_day(last.year, last.month, number)
    if begin is None:
        return troubled(second.end, Trouble.NONEXISTENT)
    if begin > last:
        before = add_months(last.replace(day=1), -1)
        begin = make_day(before.year, before.month, number) or begin
    if begin > last:
        return None
    return spanning(second.end, max(begin, ctx.today), last)


def number_in_month(
    tokens: list[Token], at: int, ctx: Context, depth: int, inside: Inside
) -> Days | None:
    """ "22 questo mese", "20 del mese prossimo"."""
    token = token_at(tokens, at)
    if token.number is None or token.figures > 2 or token.off:
        return None
    month = inside(tokens, at + 1, ctx, depth)
    if (
        month is None
        or month.kind is not DayKind.SPAN
        or month.span is None
        or month.span.last is None
    ):
        return None
    day = make_day(month.span.last.year, month.span.last.month, token.number)
    if day is None:
        return troubled(month.end, Trouble.NONEXISTENT)
    return dated(month.end, day) if day >= ctx.today else troubled(month.end, Trouble.PAST)
