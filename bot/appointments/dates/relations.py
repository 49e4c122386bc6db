"""All rules about days together, and days told from other days: "il giorno dopo Natale", "il giovedì dopo"."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.bounds import bounded, day_range, number_in_month
from bot.appointments.dates.calendar import (
    add_days,
    add_months,
    next_weekday,
    nth_weekday,
    week_of,
)
from bot.appointments.dates.context import (
    Context,
    DayKind,
    Days,
    dated,
    spanning,
    troubled,
)
from bot.appointments.dates.days import (
    AFTER,
    ARTICLES,
    NEXT,
    THIS,
    bare_date,
    holiday,
    numeric_date,
    written_date,
)
from bot.appointments.dates.lexicon import word_set
from bot.appointments.dates.model import DaySpan, Option, Trouble
from bot.appointments.dates.periods import period
from bot.appointments.dates.pieces import piece
from bot.appointments.dates.tokens import Token, token_at
from bot.appointments.dates.waits import COUNTS, ago, amount_at, wait
from bot.appointments.dates.weekdays import named_day, placed, weekday

_ARTICLES_SKIPPED: Final = 3
_DEEPEST: Final = 2
"""How many relations may hang on one another ("il giorno dopo il giorno dopo Natale")."""

_FREE: Final = frozenset(
    ("utile", "disponibile", "libero", "libera", "utili", "disponibili", "possibile", "liberi")
)
_ANY: Final = frozenset(("qualsiasi", "qualunque", "qualsivoglia"))
_DAY_WORDS: Final = frozenset(("giorno", "giorni", "data", "giornata", "date"))


_STARTERS: Final = frozenset(
    {
        *lexicon.WEEKDAYS,
        *lexicon.MONTHS,
        *lexicon.NUMBERS,
        *lexicon.ORDINALS,
        *lexicon.TODAY_PARTS,
        *lexicon.RELATIVE_DAYS,
    }
    | {name.split()[0] for name in (*lexicon.HOLIDAYS, *lexicon.EASTERS)}
    | {*lexicon.SEASONS, *COUNTS, *NEXT, *THIS, *_ANY, *_DAY_WORDS}
    | word_set(
        "altro anno antivigilia ferie pausa periodo decade festivita bene da dal dall dalla di dopo durante e entro feste festivita fine fino fra in inizi inizio al a mese meta "
        "nel non nuovo ogni oltre passata passato ponte primi prime qui quando come resto settimana sempre sino stessa stesso successiva "
        "termina tra tutti ultimi ultime va vacanze week weekend weekends prossimi prossime scorso scorsa"
    )
)
"""Words that days may begin with: all others are passed over at once."""


def days_at(tokens: list[Token], at: int, ctx: Context, depth: int = 0) -> Days | None:
    """The days that begin at a token, the longest reading, or None."""
    token = token_at(tokens, at)
    if token.off or depth > _DEEPEST or not (token.figures or token.word in _STARTERS):
        return None
    found = [
        *(rule(tokens, at, ctx) for rule in (named_day, written_date, numeric_date, bare_date, holiday, ago)),
        *(rule(tokens, at, ctx) for rule in (piece, period, wait, _any_day)),
        *(rule(tokens, at, ctx, depth) for rule in (_weekday_related, _ordinal_weekday, _number_of_month, _shifted)),
        *(rule(tokens, at, ctx, depth, _inside) for rule in (bounded, day_range)),
    ]  # fmt: skip
    return max((one for one in found if one), key=lambda one: one.end, default=None)


def _inside(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """Days after the article or preposition that leads to them."""
    start = at
    while token_at(tokens, start).word in ARTICLES and start < at + _ARTICLES_SKIPPED:
        found = (
            days_at(tokens, start, ctx, depth + 1)
            if token_at(tokens, start).word in ("questo", "in", "giorno")
            else None
        )
        if found is not None and found.end > start:
            return found
        start += 1
    return days_at(tokens, start, ctx, depth + 1)


def _weekday_related(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """A weekday placed by what follows: "giovedì della settimana prossima", "il giovedì dopo Natale"."""
    found = weekday(tokens, at, ctx)
    if found is None or found.weekday is None or found.trouble:
        return found
    end = found.end
    link = token_at(tokens, end).word
    if link == "quello":
        end += 1
        link = token_at(tokens, end).word
    if link in ("di", "del", "della", "dell", "a") and end == found.end:
        span = _inside(tokens, end + 1, ctx, depth)
        if span is not None and span.kind is DayKind.SPAN and span.span is not None:
            own = placed(replace(found, end=span.end), span.span)
            if own is not None:
                return own
        return found
    if link in AFTER or link == "prima":
        return _beside(tokens, end, found.weekday, ctx, depth) or found
    return found


def _beside(tokens: list[Token], at: int, number: int, ctx: Context, depth: int) -> Days | None:
    """The weekday after or before a day that is named, or after the one on the table."""
    after = token_at(tokens, at).word in AFTER
    lead, following = token_at(tokens, at + 1).word, token_at(tokens, at + 2)
    is_hour = lead in ("le", "l", "la") and (
        following.number is not None or following.word == "una"
    )
    if is_hour or lead in ("pranzo", "mezzogiorno", "delle"):
        return None
    anchor = _inside(tokens, at + 1, ctx, depth)
    if (
        anchor is not None
        and anchor.kind in (DayKind.DATE, DayKind.SPAN)
        and anchor.span is not None
    ):
        span = anchor.span
        if after:
            return dated(anchor.end, next_weekday(span.last or span.first, number, today=False))
        before = nth_weekday(DaySpan(add_days(span.first, -7), add_days(span.first, -1)), number, 1)
        past = before is None or before < ctx.today
        return (
            troubled(anchor.end, Trouble.PAST)
            if past or before is None
            else dated(anchor.end, before)
        )
    if not after:
        return None
    if ctx.reference_day is not None:
        return dated(at + 1, next_weekday(ctx.reference_day, number, today=False))
    coming = next_weekday(ctx.today, number, today=False)
    return dated(at + 1, add_days(coming, 7))


def _ordinal_weekday(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """ "il primo giovedì di dicembre", "l'ultimo martedì del mese", "il primo lunedì utile"."""
    nth = lexicon.ORDINALS.get(token_at(tokens, at).word)
    number = lexicon.WEEKDAYS.get(token_at(tokens, at + 1).word)
    if nth is None or (number is None and token_at(tokens, at + 1).word not in _DAY_WORDS):
        return None
    end = at + 2
    link = token_at(tokens, end).word
    if link in _FREE:
        weekdays = () if number is None else (number,)
        kind = DayKind.ANY if number is None else DayKind.EVERY
        return Days(end + 1, kind, Option(weekdays=weekdays), weekday=number, earliest=nth == 1)
    if number is None:
        return _ordinal_day(tokens, end, nth, ctx, depth)
    if link in AFTER and nth == 1:
        return _beside(tokens, end, number, ctx, depth)
    if link not in ("di", "del", "dell", "della", "a"):
        return None
    month = _month_named(tokens, end + 1, ctx, depth)
    if month is None or month.span is None or month.span.last is None:
        return None
    last = month.span.last
    whole = DaySpan(last.replace(day=1), last) if last.day > 7 else month.span
    day = nth_weekday(whole, number, nth)
    this_month = (
        token_at(tokens, month.end - 1).word == "mese"
        and token_at(tokens, month.end - 2).word == "del"
    )
    if this_month and (day is None or day < ctx.today):
        following = add_months(last.replace(day=1), 1)
        day = nth_weekday(DaySpan(following, add_days(add_months(following, 1), -1)), number, nth)
    if day is None:
        return troubled(month.end, Trouble.NONEXISTENT)
    return dated(month.end, day) if day >= ctx.today else troubled(month.end, Trouble.PAST)


def _month_named(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    found = _inside(tokens, at, ctx, depth)
    return found if found is not None and found.kind is DayKind.SPAN else None


def _ordinal_day(tokens: list[Token], at: int, nth: int, ctx: Context, depth: int) -> Days | None:
    """ "l'ultimo giorno del mese", "il primo giorno di gennaio"."""
    if token_at(tokens, at).word not in ("di", "del", "dell", "della") or nth not in (1, -1):
        return None
    month = _month_named(tokens, at + 1, ctx, depth)
    if month is None or month.span is None or month.span.last is None:
        return None
    return dated(month.end, month.span.last if nth == -1 else month.span.first)


def _shifted(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """ "il giorno dopo", "due giorni dopo Natale", "la settimana dopo l'Epifania", "lo stesso giorno"."""
    words = [token_at(tokens, at + k).word for k in range(2)]
    if words == ["stesso", "giorno"] or words == ["stessa", "data"]:
        return dated(at + 2, ctx.reference_day) if ctx.reference_day else None
    if words[0] in ("giorno", "settimana", "mese"):
        months, days, end = (
            (1, 0, at + 1)
            if words[0] == "mese"
            else (0, 7 if words[0] == "settimana" else 1, at + 1)
        )
    else:
        amount = amount_at(tokens, at)
        if amount is None:
            return None
        months, days, end = amount
    link = token_at(tokens, end).word
    if link not in AFTER and link not in ("prima", "precedente"):
        return None
    sign = 1 if link in AFTER else -1
    if token_at(tokens, end + 1).word in ("le", "delle"):
        return None
    whole_week = words[0] == "settimana" or any(
        token_at(tokens, k).word.startswith("settiman") for k in range(at, end)
    )
    anchor = _inside(tokens, end + 1, ctx, depth)
    if (
        anchor is not None
        and anchor.span is not None
        and anchor.kind in (DayKind.DATE, DayKind.SPAN)
    ):
        base, end = (
            (anchor.span.last or anchor.span.first) if sign > 0 else anchor.span.first,
            anchor.end,
        )
    elif token_at(tokens, end + 1).word in ARTICLES and token_at(tokens, end + 1).word not in (
        "per",
        "a",
        "in",
        "il",
    ):
        return None
    else:
        base, end = ctx.reference_day or ctx.today, end + 1
    target = add_days(add_months(base, sign * months), sign * days)
    if target < ctx.today:
        return troubled(end, Trouble.PAST)
    if not whole_week:
        return dated(end, target)
    week = week_of(target)
    return spanning(end, max(week.first, ctx.today), week.last, preferred=target)


def _number_of_month(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """ "il 20 del mese prossimo"."""
    if token_at(tokens, at - 1).word not in ("il", "l", "giorno", "al", "dal", "del"):
        return None
    return number_in_month(tokens, at, ctx, depth, _inside)


def _any_day(tokens: list[Token], at: int, _ctx: Context) -> Days | None:
    """ "un giorno qualsiasi", "tutti i giorni", "quando volete", "per me è uguale"."""
    words = [token_at(tokens, at + k).word for k in range(4)]
    if words[0] in ("quando", "come") and words[1] in (
        "volete",
        "vuole",
        "vuoi",
        "preferite",
        "preferisce",
        "preferisci",
        "capita",
    ):
        return Days(at + 2, DayKind.ANY)
    if (words[0] in _DAY_WORDS and words[1] in _ANY) or (
        words[0] in _ANY and words[1] in _DAY_WORDS
    ):
        return Days(at + 2, DayKind.ANY)
    if words[:3] == ["tutti", "i", "giorni"] or words[:2] in (
        ["ogni", "giorno"],
        ["qualunque", "momento"],
        ["qualsiasi", "momento"],
    ):
        return Days(at + (3 if words[0] == "tutti" else 2), DayKind.ANY)
    if words[0] == "sempre" and words[1] in ("tranne", "eccetto", "salvo", "escluso"):
        return Days(at + 1, DayKind.ANY)
    if words[:2] in (["bene", "tutto"], ["e", "uguale"], ["e", "indifferente"], ["va", "sempre"]):
        return Days(at + 2, DayKind.ANY)
    if words[:2] in (["giorni", "feriali"], ["giorni", "lavorativi"]) or words[:3] == [
        "durante",
        "la",
        "settimana",
    ]:
        end = at + (3 if words[0] == "durante" else 2)
        return Days(end, DayKind.EVERY, Option(weekdays=(0, 1, 2, 3, 4)))
    return None
