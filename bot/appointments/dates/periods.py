"""Whole stretches of the calendar: "la settimana prossima", "dicembre", "il weekend", "il ponte dell'Immacolata"."""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import (
    SATURDAY,
    WEEKEND,
    add_days,
    add_months,
    clip,
    long_weekend,
    month_span,
    week_of,
)
from bot.appointments.dates.context import Context, DayKind, Days, spanning, troubled
from bot.appointments.dates.days import (
    AFTER,
    ARTICLES,
    NEXT,
    PAST,
    THIS,
    holiday,
    numeric_date,
    written_date,
    year_at,
)
from bot.appointments.dates.model import DaySpan, Option, Trouble
from bot.appointments.dates.tokens import Token, token_at

_FEASTS: Final = frozenset(("feste", "festivita", "vacanze", "ferie", "pausa", "periodo"))
_AHEAD: Final = {**dict.fromkeys(NEXT, 1), **dict.fromkeys(THIS, 0), **dict.fromkeys(PAST, -1)}
"""How many units ahead a word beside "settimana" or "mese" means."""


def period(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """A whole week, weekend, month, season or year that begins at a token, or None."""
    for rule in (week, _weekend, month, calendar_month, calendar_year, _season, _feasts, _bridge):
        found = rule(tokens, at, ctx)
        if found is not None:
            return found
    return None


def _modified(tokens: list[Token], at: int, nouns: frozenset[str]) -> tuple[int, int] | None:
    """ "prossima settimana", "settimana dopo la prossima": how many units ahead, and the token after."""
    if token_at(tokens, at).word not in nouns and token_at(tokens, at).word not in _AHEAD:
        return None
    words = [token_at(tokens, at + k).word for k in range(5)]
    if words[0] in _AHEAD and words[1] in nouns:
        return _AHEAD[words[0]], at + 2
    if words[0] not in nouns:
        return None
    if words[1] == "dopo" and words[2] in ("la", "il", "l") and words[3] in NEXT:
        return 2, at + 4
    if words[1:3] == ["che", "viene"] or words[1:3] == ["in", "arrivo"]:
        return 1, at + 3
    if words[1] in _AHEAD:
        return _AHEAD[words[1]], at + 2
    return 0, at + 1


def units(count: int, end: int, unit: DaySpan, ctx: Context) -> Days:
    """A whole unit of the calendar, without the days that are over."""
    if count < 0:
        return troubled(end, Trouble.PAST)
    span = clip(unit, DaySpan(ctx.today, None))
    return spanning(end, span.first, span.last) if span else troubled(end, Trouble.PAST)


def week(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "questa settimana", "la settimana di Natale"."""
    if token_at(tokens, at).word in ("fine", "week"):
        return None
    found = _modified(tokens, at, frozenset(("settimana",)))
    if found is None:
        return None
    count, end = found
    before = token_at(tokens, at - 1).word
    bare = end == at + 1
    if bare and token_at(tokens, end).word in ("di", "del", "dell", "della"):
        holder = (
            holiday(tokens, end + 1, ctx)
            or numeric_date(tokens, end + 1, ctx)
            or written_date(tokens, end + 1, ctx)
        )
        if holder is not None and holder.span is not None:
            return units(0, holder.end, week_of(holder.span.first), ctx)
    if bare and token_at(tokens, end).word in AFTER:
        return None
    if bare and before not in (
        "in",
        "la",
        "della",
        "questa",
        "fine",
        "inizio",
        "meta",
        "mia",
        "entro",
        "di",
    ):
        return None
    if (
        bare
        and before in ("la", "di")
        and token_at(tokens, end).word.isalpha()
        and token_at(tokens, at - 2).word != "entro"
    ):
        return None
    return units(count, end, week_of(add_days(ctx.today, 7 * count)), ctx)


def _weekend(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    start = at
    lead = token_at(tokens, at).word
    if lead in NEXT | THIS | PAST:
        start = at + 1
    words = [token_at(tokens, start + k).word for k in range(3)]
    if words[0] in ("weekend", "weekends"):
        end = start + 1
    elif words[:2] in (["week", "end"], ["fine", "settimana"]):
        end = start + 2
    else:
        return None
    if token_at(tokens, at - 1).word in ("nei", "i", "ogni"):
        return Days(end, DayKind.EVERY, Option(weekdays=WEEKEND))
    after = token_at(tokens, end).word
    if words[0] == "fine" and after in NEXT and after.endswith("a"):
        return None
    count = 0
    if after in NEXT | THIS | PAST:
        lead, end = after, end + 1
    elif (
        after == "dopo"
        and token_at(tokens, end + 1).word in ("il", "la")
        and token_at(tokens, end + 2).word in NEXT
    ):
        count, end = 1, end + 3
    if lead in PAST:
        return troubled(end, Trouble.PAST)
    if lead in NEXT and ctx.today.weekday() >= SATURDAY:
        count = 1
    saturday = add_days(week_of(ctx.today).first, SATURDAY + 7 * count)
    return units(0, end, DaySpan(saturday, add_days(saturday, 1)), ctx)


def month(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "questo mese", "il mese prossimo"."""
    found = _modified(tokens, at, frozenset(("mese",)))
    if found is None:
        return None
    count, end = found
    if end == at + 1 and token_at(tokens, at - 1).word not in (
        "il",
        "del",
        "fine",
        "inizio",
        "meta",
        "questo",
        "entro",
    ):
        return None
    if end == at + 1 and lexicon.MONTHS.get(token_at(tokens, end + 1).word):
        return None
    first = add_months(ctx.today.replace(day=1), count)
    return units(count, end, month_span(first.year, first.month), ctx)


def calendar_month(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "dicembre", "questo dicembre", "gennaio 2027", "il mese di gennaio", "giugno del prossimo anno"."""
    lead = token_at(tokens, at).word
    start = at + (lead in NEXT | THIS | PAST)
    if [lead, token_at(tokens, at + 1).word] == ["mese", "di"]:
        start = at + 2
    name = token_at(tokens, start).word
    if name not in lexicon.FULL_MONTHS and not _short_month(tokens, start):
        return None
    if token_at(tokens, start).off:
        return None
    month = lexicon.MONTHS[name]
    end = start + 1
    year, end = year_at(tokens, end)
    tail = [token_at(tokens, end + k).word for k in range(3)]
    if tail[0] in NEXT | PAST and tail[1] != "settimana":
        lead, end = tail[0], end + 1
    elif tail[0] in ("del", "dell") and set(tail[1:]) & NEXT and "anno" in tail:
        year, end = ctx.today.year + 1, end + 3
    if lead in PAST:
        return troubled(end, Trouble.PAST)
    if year is None:
        year = ctx.today.year + (month < ctx.today.month)
    return units(0, end, month_span(year, month), ctx)


def _short_month(tokens: list[Token], at: int) -> bool:
    """ "a feb", "di set": a shortened month after a word that calls for one."""
    name = token_at(tokens, at).word
    fits = (
        token_at(tokens, at - 1).word in ("a", "di", "fine", "inizio", "meta")
        or token_at(tokens, at - 1).word in THIS | NEXT
    )
    return name in lexicon.MONTHS and fits and name not in ("mar", "set", "sett")


def calendar_year(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "quest'anno", "l'anno prossimo", "l'anno nuovo"."""
    words = [token_at(tokens, at + k).word for k in range(2)]
    if words in (["anno", "nuovo"], ["nuovo", "anno"]):
        return spanning(at + 2, date(ctx.today.year + 1, 1, 1), None)
    found = _modified(tokens, at, frozenset(("anno",)))
    before = token_at(tokens, at - 1).word
    if found is None or (found[1] == at + 1 and before not in ("l", "dell", "fine")):
        return None
    count, end = found
    if end == at + 1 and token_at(tokens, at - 2).word not in ("entro", "fine", "resto", "della"):
        return None
    year = ctx.today.year + count
    return units(count, end, DaySpan(date(year, 1, 1), date(year, 12, 31)), ctx)


def _season(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    start = at + (token_at(tokens, at).word in NEXT | THIS)
    season = lexicon.SEASONS.get(token_at(tokens, start).word)
    if season is None:
        return None
    (month, day), (last_month, last_day) = season
    year, end = year_at(tokens, start + 1)
    if token_at(tokens, end).word in NEXT:
        end += 1
    for first_year in (year,) if year else (ctx.today.year - 1, ctx.today.year, ctx.today.year + 1):
        first = date(first_year, month, day)
        last = date(first_year + (last_month < month), last_month, last_day)
        if last >= ctx.today:
            return units(0, end, DaySpan(first, last), ctx)
    return troubled(end, Trouble.PAST)


def _feasts(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "le feste", "le vacanze di Natale": from Christmas Eve to Epiphany."""
    words = [token_at(tokens, at + k).word for k in range(3)]
    if words[0] not in _FEASTS:
        return None
    if words[1] in ("natalizie", "natalizia", "natalizio", "natale"):
        end = at + 2
    elif words[1:] == ["di", "natale"]:
        end = at + 3
    elif words[0] == "feste" and token_at(tokens, at - 1).word in ("le", "delle"):
        end = at + 1
    else:
        return None
    year = ctx.today.year - (ctx.today <= date(ctx.today.year, 1, 6))
    return units(0, end, DaySpan(date(year, 12, 24), date(year + 1, 1, 6)), ctx)


def _bridge(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "il ponte dell'Immacolata", "il ponte del 2 giugno"."""
    if token_at(tokens, at).word != "ponte" or token_at(tokens, at + 1).word not in ARTICLES:
        return None
    start = at + 2
    found = holiday(tokens, start, ctx) or written_date(tokens, start, ctx)
    if found is None or found.span is None:
        return None
    return units(0, found.end, long_weekend(found.span.first), ctx)


def amount_at(tokens: list[Token], at: int) -> tuple[int, int, int] | None:
    """Months, days and the token after of a stretch of time like "due settimane"."""
    return amount_at(tokens, at)
