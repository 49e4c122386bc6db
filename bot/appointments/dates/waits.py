"""Stretches of time from now: "tra due settimane", "fra un mese e mezzo", "nei prossimi giorni", "tre giorni fa"."""

from __future__ import annotations

from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import add_days, add_months, next_weekday, week_of
from bot.appointments.dates.context import Context, DayKind, Days, dated, spanning, troubled
from bot.appointments.dates.model import DaySpan, Option, Trouble
from bot.appointments.dates.tokens import Token, token_at

_FEW: Final = 3
_MOST_WEEKS: Final = 8
"""How many Thursdays ahead "tra due giovedì" is taken to count."""


_SOME_DAYS: Final = 5


_COMING_DAYS: Final = 7


_UNIT_DAYS: Final = {"giorno": 1, "giorni": 1, "settimana": 7, "settimane": 7}


_MONTH_UNITS: Final = {"mese": 1, "mesi": 1, "anno": 12, "anni": 12}


COUNTS: Final = {"un": 1, "una": 1, "uno": 1, "paio": 2, "qualche": _FEW, "pochi": _FEW, "poche": _FEW, "alcuni": _FEW,
                  "alcune": _FEW, "decina": 10, "quindicina": 15, "ventina": 20}  # fmt: skip


def wait(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "tra due settimane", "fra 10 giorni", "fra un mese e mezzo", "nei prossimi giorni", "entro 10 giorni"."""
    word = token_at(tokens, at).word
    if word in ("tra", "fra"):
        return _in_time(tokens, at + 1, ctx)
    if word in ("prossimi", "prossime"):
        amount = amount_at(tokens, at + 1)
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
        amount = amount_at(tokens, start) if word != "nel" or start > at + 1 else None
        if amount is not None:
            last = add_days(add_months(ctx.today, amount[0]), amount[1])
            return Days(amount[2], DayKind.BOUND, Option((DaySpan(ctx.today, last),)))
    return None


def _in_time(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    count, weekday = (
        token_at(tokens, at).number,
        lexicon.WEEKDAYS.get(token_at(tokens, at + 1).word),
    )
    if count and count <= _MOST_WEEKS and weekday is not None:
        first = next_weekday(ctx.today, weekday, today=False)
        return dated(at + 2, add_days(first, 7 * (count - 1)))
    amount = amount_at(tokens, at)
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


def amount_at(tokens: list[Token], at: int) -> tuple[int, int, int] | None:
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
    amount = amount_at(tokens, at)
    if amount is None or token_at(tokens, amount[2]).word != "fa":
        return None
    return troubled(amount[2] + 1, Trouble.PAST)
