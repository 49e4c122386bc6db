"""Stretches of days: "la settimana prossima", "a metà dicembre", "tra due settimane", "il ponte dell'Immacolata"."""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import (
    SATURDAY,
    add_days,
    add_months,
    clip,
    long_weekend,
    month_span,
    nth_week,
    week_of,
)
from bot.appointments.dates.context import Context, DayKind, Days, dated, spanning, troubled
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

_BEGINNING: Final = frozenset(("inizio", "inizi", "primi", "prime"))
_END: Final = frozenset(("fine", "ultimi", "ultime"))
_AHEAD: Final = {**dict.fromkeys(NEXT, 1), **dict.fromkeys(THIS, 0), **dict.fromkeys(PAST, -1)}
"""How many units ahead a word beside "settimana" or "mese" means."""

_FEW: Final = 3
_SOME_DAYS: Final = 5
_COMING_DAYS: Final = 7
_THIRD: Final = 10
_UNIT_DAYS: Final = {"giorno": 1, "giorni": 1, "settimana": 7, "settimane": 7}
_MONTH_UNITS: Final = {"mese": 1, "mesi": 1, "anno": 12, "anni": 12}
COUNTS: Final = {"un": 1, "una": 1, "uno": 1, "paio": 2, "qualche": _FEW, "pochi": _FEW, "poche": _FEW, "alcuni": _FEW,
                  "alcune": _FEW, "decina": 10, "quindicina": 15, "ventina": 20}  # fmt: skip


def period(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """A stretch of days that begins at a token, or None."""
    if token_at(tokens, at).off:
        return None
    return _piece(tokens, at, ctx) or _whole(tokens, at, ctx)


def _whole(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """A week, weekend, month, season or year as a whole."""
    for rule in (_week, _weekend, _month, _calendar_month, _year, _season, _feasts, _bridge):
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


def _units(count: int, end: int, unit: DaySpan, ctx: Context) -> Days:
    """A whole unit of the calendar, without the days that are over."""
    if count < 0:
        return troubled(end, Trouble.PAST)
    span = clip(unit, DaySpan(ctx.today, None))
    return spanning(end, span.first, span.last) if span else troubled(end, Trouble.PAST)


def _week(tokens: list[Token], at: int, ctx: Context) -> Days | None:
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
            return _units(0, holder.end, week_of(holder.span.first), ctx)
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
    return _units(count, end, week_of(add_days(ctx.today, 7 * count)), ctx)


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
    return _units(0, end, DaySpan(saturday, add_days(saturday, 1)), ctx)


def _month(tokens: list[Token], at: int, ctx: Context) -> Days | None:
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
    month = add_months(ctx.today.replace(day=1), count)
    return _units(count, end, month_span(month.year, month.month), ctx)


def _calendar_month(tokens: list[Token], at: int, ctx: Context) -> Days | None:
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
    return _units(0, end, month_span(year, month), ctx)


def _short_month(tokens: list[Token], at: int) -> bool:
    """ "a feb", "di set": a shortened month after a word that calls for one."""
    name = token_at(tokens, at).word
    fits = (
        token_at(tokens, at - 1).word in ("a", "di", "fine", "inizio", "meta")
        or token_at(tokens, at - 1).word in THIS | NEXT
    )
    return name in lexicon.MONTHS and fits and name not in ("mar", "set", "sett")


def _year(tokens: list[Token], at: int, ctx: Context) -> Days | None:
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
    return _units(count, end, DaySpan(date(year, 1, 1), date(year, 12, 31)), ctx)


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
            return _units(0, end, DaySpan(first, last), ctx)
    return troubled(end, Trouble.PAST)


def _feasts(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "le feste", "le vacanze di Natale": from Christmas Eve to Epiphany."""
    words = [token_at(tokens, at + k).word for k in range(3)]
    if words[0] in ("feste", "festivita", "vacanze") and words[1] in ("di", "natalizie", "natale"):
        if words[1] == "di" and words[2] != "natale":
            return None
        end = at + (3 if words[1] == "di" else 2)
    elif words[0] == "feste" and token_at(tokens, at - 1).word in ("le", "delle"):
        end = at + 1
    else:
        return None
    year = ctx.today.year - (ctx.today <= date(ctx.today.year, 1, 6))
    return _units(0, end, DaySpan(date(year, 12, 24), date(year + 1, 1, 6)), ctx)


def _bridge(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "il ponte dell'Immacolata", "il ponte del 2 giugno"."""
    if token_at(tokens, at).word != "ponte" or token_at(tokens, at + 1).word not in ARTICLES:
        return None
    start = at + 2
    found = holiday(tokens, start, ctx) or written_date(tokens, start, ctx)
    if found is None or found.span is None:
        return None
    return _units(0, found.end, long_weekend(found.span.first), ctx)


def _piece(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """A part of a week, month or year: "a fine mese", "i primi giorni di dicembre", "la prima settimana di gennaio"."""
    word, end = token_at(tokens, at).word, at + 1
    nth = lexicon.ORDINALS.get(word)
    if nth is not None and token_at(tokens, end).word == "settimana":
        return _week_of_period(tokens, end + 1, nth, ctx)
    if nth is not None and token_at(tokens, end).word in ("meta", "parte"):
        return _portion(tokens, end + 1, "half", nth, ctx)
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
    for rule in (_week, _month, _calendar_month, _year):
        whole = rule(tokens, start, ctx)
        if whole is not None and whole.span is not None and whole.span.last is not None:
            last = whole.span.last
            if rule is _week:
                return week_of(last), whole.end
            if rule is _year:
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
            "first": (0, 1), "first_days": (0, 1), "last": (3, 4), "last_days": (3, 4), "middle": (1, 3),
            "rest": (0, 6), "half": (0, 2) if nth == 1 else (3, 6),
        }  # fmt: skip
    else:
        third = _THIRD if days < 40 else days // 3
        half = 15 if days > 28 and days < 40 else days // 2
        pieces = {
            "first": (0, third - 1), "first_days": (0, 6), "last": (days - third, days - 1),
            "last_days": (days - 7, days - 1), "middle": (third, 2 * third - 1), "rest": (0, days - 1),
            "half": (0, half - 1) if nth == 1 else (half, days - 1),
        }  # fmt: skip
    start, stop = pieces[which]
    piece = DaySpan(add_days(first, start), add_days(first, stop))
    if days <= 7 and piece.last is not None and piece.last < ctx.today:
        piece = DaySpan(add_days(piece.first, 7), add_days(piece.last, 7))
    return _units(0, end, piece, ctx)


def _week_of_period(tokens: list[Token], at: int, nth: int, ctx: Context) -> Days | None:
    inner = _inner(tokens, at, ctx)
    week = nth_week(inner[0], nth) if inner else None
    return _units(0, inner[1], week, ctx) if inner and week else None


def wait(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "tra due settimane", "fra 10 giorni", "fra un mese e mezzo", "nei prossimi giorni", "entro 10 giorni"."""
    word = token_at(tokens, at).word
    if word in ("tra", "fra"):
        return _in_time(tokens, at + 1, ctx)
    if word in ("prossimi", "prossime"):
        amount = _amount(tokens, at + 1)
        bare = token_at(tokens, at + 1).word
        if amount is None and bare in ("giorni", "settimane"):
            days, end = (_COMING_DAYS if bare == "giorni" else 14), at + 2
            return spanning(end, add_days(ctx.today, 1), add_days(ctx.today, days))
        if amount is None:
            return None
        last = add_days(add_months(ctx.today, amount[0]), amount[1])
        return spanning(amount[2], add_days(ctx.today, 1), last)
    if word in ("entro", "nel", "qui"):
        start = (
            at
            + 1
            + (word == "nel" and token_at(tokens, at + 1).word == "giro")
            + (word == "qui" and token_at(tokens, at + 1).word == "a")
        )
        start += token_at(tokens, start).word == "di"
        amount = _amount(tokens, start) if word != "nel" or start > at + 1 else None
        if amount is not None:
            last = add_days(add_months(ctx.today, amount[0]), amount[1])
            return Days(amount[2], DayKind.BOUND, Option((DaySpan(ctx.today, last),)))
    return None


def _in_time(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    amount = _amount(tokens, at)
    if amount is None:
        return None
    months, days, end = amount
    if token_at(tokens, end).word in ("dopo", "prima"):
        return None
    target = add_days(add_months(ctx.today, months), days)
    words = [token_at(tokens, k).word for k in range(at, end)]
    if "qualche" in words or "pochi" in words or "alcuni" in words:
        return (
            spanning(end, add_days(ctx.today, 2), add_days(ctx.today, _SOME_DAYS))
            if not months and days <= _FEW
            else None
        )
    tail = [token_at(tokens, end + k).word for k in range(2)]
    if tail[0] in ("esatta", "esatte", "esatti", "esattamente"):
        return dated(end + 1, target)
    if tail in (["da", "oggi"], ["da", "adesso"]):
        end += 2
    if not months and not any(word.startswith("settiman") for word in words):
        return dated(end, target)
    week = week_of(target)
    return spanning(end, max(week.first, ctx.today), week.last, preferred=target)


def _amount(tokens: list[Token], at: int) -> tuple[int, int, int] | None:
    """ "due settimane", "un mese e mezzo", "un paio di giorni": months, days, and the token after."""
    start = at
    months = days = 0
    end = None
    while start < at + 12:
        count_at = start + (
            token_at(tokens, start).word in ("un", "una")
            and token_at(tokens, start + 1).word in COUNTS
        )
        token = token_at(tokens, count_at)
        count = COUNTS.get(token.word, token.number)
        if count is None or count > 1000:
            break
        unit_at = count_at + 1 + (token_at(tokens, count_at + 1).word in ("di", "d"))
        unit = token_at(tokens, unit_at).word
        if unit in _UNIT_DAYS:
            days += count * _UNIT_DAYS[unit]
        elif unit in _MONTH_UNITS:
            months += count * _MONTH_UNITS[unit]
        else:
            break
        end = unit_at + 1
        if [token_at(tokens, end + k).word for k in (0, 1)] in (["e", "mezzo"], ["e", "mezza"]):
            days += 15 if unit in _MONTH_UNITS else 3
            end += 2
        start = end
        while token_at(tokens, start).word in ("e", ",") and start < end + 2:
            start += 1
    return None if end is None else (months, days, end)


def ago(tokens: list[Token], at: int, _ctx: Context) -> Days | None:
    """ "tre giorni fa"."""
    amount = _amount(tokens, at)
    if amount is None or token_at(tokens, amount[2]).word != "fa":
        return None
    return troubled(amount[2] + 1, Trouble.PAST)


def amount_at(tokens: list[Token], at: int) -> tuple[int, int, int] | None:
    """Months, days and the token after of a stretch of time like "due settimane"."""
    return _amount(tokens, at)
