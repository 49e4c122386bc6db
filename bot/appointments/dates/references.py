"""Wishes told from the moment on the table: "più tardi", "un altro giorno", "alla stessa ora"."""

from __future__ import annotations

from bot.appointments.dates.calendar import add_days
from bot.appointments.dates.context import Context
from bot.appointments.dates.model import DAY_MINUTES, DaySpan, Option, TimeSpan, single
from bot.appointments.dates.tokens import Token, token_at


def relative_wish(
    tokens: list[Token], at: int, ctx: Context, words: list[str]
) -> tuple[tuple[Option, ...], bool, int] | None:
    """Options of a wish, whether they are what does *not* suit, and the token after; None without a reference."""
    if ctx.reference_day is None or token_at(tokens, at).off:
        return None
    day, minute = ctx.reference_day, ctx.reference_minute
    same_day = single(day)
    if words[:2] in (["altro", "giorno"], ["altra", "data"], ["altra", "giornata"]):
        return (Option((same_day,)),), True, at + 2
    if minute is None:
        return None
    moment = TimeSpan(minute, minute)
    if words[:2] in (["altro", "orario"], ["altra", "ora"]):
        return (
            (Option((same_day,), times=(TimeSpan(0, minute), TimeSpan(minute + 1, DAY_MINUTES))),),
            False,
            at + 2,
        )
    if words[:2] in (["stessa", "ora"], ["stesso", "orario"]):
        return (Option(times=(moment,)),), False, at + 2
    ends = not token_at(tokens, at + 1).word.isalpha()
    if words[:2] == ["piu", "tardi"]:
        return (Option((same_day,), times=(TimeSpan(minute + 1, DAY_MINUTES),)),), False, at + 2
    if words[:2] == ["piu", "avanti"] or (words[0] == "dopo" and ends):
        later_days = Option((DaySpan(add_days(day, 1), None),))
        later = Option((same_day,), times=(TimeSpan(minute + 1, DAY_MINUTES),))
        return (
            ((later_days,) if words[0] == "piu" else (later, later_days)),
            False,
            at + (2 if words[0] == "piu" else 1),
        )
    if words[:2] == ["piu", "presto"] or (words[0] == "prima" and ends):
        end = at + (2 if words[0] == "piu" else 1)
        earlier = Option((same_day,), times=(TimeSpan(0, minute),))
        if day <= ctx.today:
            return (earlier,), False, end
        return (earlier, Option((DaySpan(ctx.today, add_days(day, -1)),))), False, end
    return None
