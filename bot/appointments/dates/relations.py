"""Days told from other days: "il giorno dopo Natale", "dal 3 al 10", "entro venerdì", "il giovedì dopo", "un giorno qualsiasi"."""

from __future__ import annotations

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
    named_day,
    numeric_date,
    placed,
    weekday,
    written_date,
)
from bot.appointments.dates.model import DaySpan, Option, Trouble
from bot.appointments.dates.periods import COUNTS, ago, amount_at, period, wait
from bot.appointments.dates.tokens import Token, token_at

_ARTICLES_SKIPPED: Final = 3
_DEEPEST: Final = 2
"""How many relations may hang on one another ("il giorno dopo il giorno dopo Natale")."""

_FREE: Final = frozenset(
    ("utile", "disponibile", "libero", "libera", "utili", "disponibili", "possibile", "liberi")
)
_FEASTS: Final = frozenset(((12, 25), (12, 26), (1, 1), (1, 6)))
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
    | set(
        "altro anno antivigilia bene da dal dall dalla di dopo durante e entro feste festivita fine fino fra in inizi inizio al a mese meta "
        "nel non nuovo ogni oltre passata passato ponte primi prime qui quando come resto settimana sempre sino stessa stesso successiva "
        "termina tra tutti ultimi ultime va vacanze week weekend weekends prossimi prossime scorso scorsa".split()
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
        *(rule(tokens, at, ctx) for rule in (period, wait, _any_day)),
        *(rule(tokens, at, ctx, depth) for rule in (_weekday_related, _ordinal_weekday, _number_of_month, _shifted, _bounded, _range)),
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
    if (
        token_at(tokens, at + 1).word in ("le", "l", "la", "pranzo", "mezzogiorno", "delle")
        and token_at(tokens, at + 2).word not in lexicon.HOLIDAYS
    ):
        anchor = None
        if token_at(tokens, at + 1).word != "l" or token_at(tokens, at + 2).word == "una":
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


_UNTIL: Final = (("entro",), ("fino", "a"), ("fino", "al"), ("fino", "all"), ("fino", "alla"), ("sino", "al"), ("non", "oltre"), ("non", "dopo"),
                 ("non", "piu", "tardi", "di"), ("da", "qui", "a"), ("di", "qui", "a"), ("al", "massimo"), ("termina",))  # fmt: skip
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


def _bounded(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """Days on one side of a limit: "entro fine mese", "prima di Natale", "dal 3 in poi", "dopo l'Immacolata"."""
    for bound, phrase in _LIMITS.get(token_at(tokens, at).word, ()):
        if all(token_at(tokens, at + k).word == word for k, word in enumerate(phrase)):
            found = _inside(tokens, at + len(phrase), ctx, depth)
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


def _range(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """ "dal 3 al 10 dicembre", "tra martedì e giovedì", "da lunedì a mercoledì", "tra Natale e Capodanno"."""
    word = token_at(tokens, at).word
    if word in ("tra", "fra"):
        links, open_ends = frozenset(("e", "-", "ed")), True
    elif word in ("da", "dal", "dall", "dalla"):
        links, open_ends = frozenset(("a", "al", "all", "alla", "fino", "ad", "-")), False
    else:
        return None
    numbers = _numbers_to_date(tokens, at + 1, links, ctx, depth)
    if numbers is not None:
        return numbers
    first = _inside(tokens, at + 1, ctx, depth)
    if first is None or token_at(tokens, first.end).word not in links:
        return None
    second_at = first.end + 1 + (token_at(tokens, first.end).word == "fino")
    second = _inside(tokens, second_at, ctx, depth)
    if second is None:
        return None
    if first.trouble or second.trouble:
        return replace(first if first.trouble else second, end=second.end)
    if DayKind.EVERY in (first.kind, second.kind) or (
        word == "dal" and first.weekday is not None and second.weekday is not None
    ):
        return _weekday_range(first, second)
    return _joined(first, second, ctx, open_ends=open_ends)


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
    tokens: list[Token], at: int, links: frozenset[str], ctx: Context, depth: int
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
        second = _number_in_month(tokens, second_at, ctx, depth)
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


def _number_in_month(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """ "22 questo mese", "20 del mese prossimo"."""
    token = token_at(tokens, at)
    if token.number is None or token.figures > 2 or token.off:
        return None
    month = _inside(tokens, at + 1, ctx, depth)
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


def _number_of_month(tokens: list[Token], at: int, ctx: Context, depth: int) -> Days | None:
    """ "il 20 del mese prossimo"."""
    if token_at(tokens, at - 1).word not in ("il", "l", "giorno", "al", "dal", "del"):
        return None
    return _number_in_month(tokens, at, ctx, depth)


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
    if words[0] in _DAY_WORDS and words[1] in _ANY or words[0] in _ANY and words[1] in _DAY_WORDS:
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
