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
    shifted = _shifted_minute(tokens, at, minute)
    if shifted is not None:
        return (Option((same_day,), times=(TimeSpan(shifted[0], shifted[0]),)),), False, shifted[1]
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


def _shifted_minute(tokens: list[Token], at: int, minute: int) -> tuple[int, int] | None:
    """ "mezz'ora dopo", "un'ora prima", "30 minuti più tardi": the minute, and the token after."""
    words = [token_at(tokens, at + k).word for k in range(4)]
    amount = token_at(tokens, at).number
    if words[0] in ("mezz", "mezza") and words[1] == "ora":
        minutes, end = 30, at + 2
    elif words[0] == "ora":
        minutes, end = 60, at + 1
    elif amount is not None and amount < DAY_MINUTES and words[1] in ("ore", "minuti", "min"):
        minutes, end = amount * (60 if words[1] == "ore" else 1), at + 2
    else:
        return None
    link = token_at(tokens, end).word
    if link == "piu" and token_at(tokens, end + 1).word in ("tardi", "presto"):
        link = "dopo" if token_at(tokens, end + 1).word == "tardi" else "prima"
        end += 1
    if link not in ("dopo", "prima"):
        return None
    moved = minute + (minutes if link == "dopo" else -minutes)
    return (moved, end + 1) if 0 <= moved < DAY_MINUTES else None
