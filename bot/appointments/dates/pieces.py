"""Parts of a week, month or year: "a fine mese", "i primi giorni di dicembre", "la seconda settimana di gennaio"."""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import add_days, month_span, nth_week, week_of
from bot.appointments.dates.context import Context, Days
from bot.appointments.dates.days import ARTICLES, NEXT, THIS
from bot.appointments.dates.model import DaySpan
from bot.appointments.dates.periods import calendar_month, calendar_year, month, units, week
from bot.appointments.dates.tokens import Token, token_at

_DECADES: Final = {1: "first", 2: "middle", 3: "third", -1: "third"}
_BEGINNING: Final = frozenset(("inizio", "inizi", "primi", "prime"))


_END: Final = frozenset(("fine", "ultimi", "ultime"))


_THIRD: Final = 10


def piece(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """A part of a week, month or year: "a fine mese", "i primi giorni di dicembre", "la prima settimana di gennaio"."""
    word, end = token_at(tokens, at).word, at + 1
    nth = lexicon.ORDINALS.get(word)
    if nth is not None and token_at(tokens, end).word == "settimana":
        return _week_of_period(tokens, end + 1, nth, ctx)
    if nth is not None and token_at(tokens, end).word in ("meta", "parte"):
        return _portion(tokens, end + 1, "half", nth, ctx)
    if nth in _DECADES and token_at(tokens, end).word == "decade":
        return _portion(tokens, end + 1, _DECADES[nth], 0, ctx)
    if word == "meta":
        return _portion(tokens, end, "middle", 0, ctx)
    if word == "resto":
        return _portion(tokens, end, "rest", 0, ctx)
    if word not in _BEGINNING | _END:
        return None
    if [word, token_at(tokens, end).word] == ["fine", "settimana"] and token_at(
        tokens, end + 1
    ).word not in NEXT:
        return None
    few_days = word not in ("inizio", "inizi", "fine")
    if token_at(tokens, end).word == "giorni":
        end += 1
    elif few_days and token_at(tokens, end).word not in ("di", "del", "dell"):
        return None
    which = (
        ("first_days" if few_days else "first")
        if word in _BEGINNING
        else ("last_days" if few_days else "last")
    )
    return _portion(tokens, end, which, 0, ctx)


def _inner(tokens: list[Token], at: int, ctx: Context) -> tuple[DaySpan, int] | None:
    """The whole that a part is taken from, not yet without its past days."""
    start = at
    while token_at(tokens, start).word in ARTICLES - THIS and start < at + 3:
        start += 1
    for rule in (week, month, calendar_month, calendar_year):
        whole = rule(tokens, start, ctx)
        if whole is not None and whole.span is not None and whole.span.last is not None:
            last = whole.span.last
            if rule is week:
                return week_of(last), whole.end
            if rule is calendar_year:
                return DaySpan(date(last.year, 1, 1), last), whole.end
            return month_span(last.year, last.month), whole.end
    return None


def _portion(tokens: list[Token], at: int, which: str, nth: int, ctx: Context) -> Days | None:
    inner = _inner(tokens, at, ctx)
    if inner is None:
        return None
    whole, end = inner
    first, last = whole.first, whole.last or whole.first
    days = (last - first).days + 1
    if days <= 7:
        pieces = {
            "first": (0, 1), "first_days": (0, 1), "last": (3, 4), "last_days": (3, 4), "third": (3, 6), "middle": (1, 3),
            "rest": (0, 6), "half": (0, 2) if nth == 1 else (3, 6),
        }  # fmt: skip
    else:
        third = _THIRD if days < 40 else days // 3
        half = 15 if days > 28 and days < 40 else days // 2
        pieces = {
            "first": (0, third - 1), "first_days": (0, 6), "last": (days - third, days - 1),
            "last_days": (days - 7, days - 1), "third": (2 * third, days - 1), "middle": (third, 2 * third - 1), "rest": (0, days - 1),
            "half": (0, half - 1) if nth == 1 else (half, days - 1),
        }  # fmt: skip
    start, stop = pieces[which]
    piece = DaySpan(add_days(first, start), add_days(first, stop))
    if days <= 7 and piece.last is not None and piece.last < ctx.today:
        piece = DaySpan(add_days(piece.first, 7), add_days(piece.last, 7))
    return units(0, end, piece, ctx)


def _week_of_period(tokens: list[Token], at: int, nth: int, ctx: Context) -> Days | None:
    inner = _inner(tokens, at, ctx)
    found = nth_week(inner[0], nth) if inner else None
    return units(0, inner[1], found, ctx) if inner and found else None
