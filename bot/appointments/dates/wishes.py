"""Wishes without a day of their own: "il prima possibile", "più tardi", "quella dopo"."""

from __future__ import annotations

from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import add_days
from bot.appointments.dates.context import Context, DayKind, Days, Item
from bot.appointments.dates.days import AFTER, NEXT
from bot.appointments.dates.model import DaySpan, Option, Preference, single
from bot.appointments.dates.references import relative_wish
from bot.appointments.dates.tokens import Token, token_at

_EARLIEST: Final = (
    "prima possibile", "piu presto possibile", "il prima possibile", "appena potete", "appena possibile", "appena puo", "appena puoi", "quanto prima",
    "al piu presto", "piu presto", "appena c e posto", "appena c e un posto", "appena avete posto", "prima data utile", "prima data disponibile", "prima data possibile",
    "primo posto libero", "primo posto disponibile", "primo posto", "primo appuntamento disponibile", "primo appuntamento libero",
    "primo appuntamento utile", "primo appuntamento possibile", "primo slot disponibile", "primo slot libero", "primo orario disponibile", "prima disponibilita",
    "primo momento libero", "primo buco", "prima occasione", "prima che potete", "prima che si puo", "prima si puo",
)  # fmt: skip


_NOW: Final = (
    "adesso",
    "subito",
    "immediatamente",
    "anche subito",
    "ora stesso",
    "in questo momento",
)


_LATEST: Final = (
    "piu tardi possibile",
    "il piu tardi possibile",
    "piu in la possibile",
    "piu avanti possibile",
)


_PHRASES: Final[dict[str, tuple[Preference, bool]]] = {
    **dict.fromkeys(_EARLIEST, (Preference.EARLIEST, False)),
    **dict.fromkeys(_NOW, (Preference.EARLIEST, True)),
    **dict.fromkeys(_LATEST, (Preference.LATEST, False)),
}


_LONGEST_PHRASE: Final = 4


_ELLIPTIC: Final = NEXT | {"quella", "quello", "dopo"}


_WISH_STARTS: Final = frozenset(name.split()[0] for name in _PHRASES) | {
    "altro",
    "altra",
    "stessa",
    "stesso",
    "piu",
    "dopo",
    "prima",
    "mezz",
    "mezza",
    "ora",
    *lexicon.NUMBERS,
}


def elliptic_at(tokens: list[Token], at: int, before: list[Item]) -> tuple[Item, int] | None:
    """ "la prossima", "quella dopo", "dopo": told from the days just said."""
    if not before or token_at(tokens, at).word not in _ELLIPTIC:
        return None
    last_item = next((item for item in reversed(before) if item.days is not None), None)
    said = last_item.days if last_item else None
    if (
        last_item is None
        or said is None
        or not said.option.days
        or said.option.days[-1].last is None
    ):
        return None
    last = said.option.days[-1].last
    words = [token_at(tokens, at + k).word for k in range(3)]
    if words[0] in ("quella", "quello") and words[1] in AFTER | NEXT:
        end = at + 2
    elif (
        words[0] in NEXT
        and token_at(tokens, at - 1).word in ("la", "il")
        and not words[1].isalpha()
    ):
        end = at + 1
    elif (
        words[0] == "dopo"
        and not words[1].isalpha()
        and (last_item.denied or said.kind in (DayKind.SPAN, DayKind.BOUND))
    ):
        return Item(
            days=Days(at + 1, DayKind.BOUND, Option((DaySpan(add_days(last, 1), None),))),
            corrects=True,
        ), at + 1
    else:
        return None
    length = 7 if said.kind is DayKind.SPAN else 1
    if length == 1 and said.weekday is not None:
        length = 7
        following = single(add_days(last, 7))
    else:
        following = DaySpan(add_days(last, 1), add_days(last, length))
    kind = DayKind.DATE if following.first == following.last else DayKind.SPAN
    return Item(days=Days(end, kind, Option((following,))), corrects=True), end


def wish_at(tokens: list[Token], at: int, ctx: Context) -> tuple[Item, int] | None:
    """Wishes without a day of their own: the first free, later, earlier, another day."""
    if token_at(tokens, at).word not in _WISH_STARTS and not (
        ctx.reference_day and tokens[at].figures
    ):
        return None
    words = [token_at(tokens, at + k).word for k in range(_LONGEST_PHRASE)]
    relative = _relative_wish(tokens, at, ctx, words)
    if relative is not None:
        return relative
    for length in range(_LONGEST_PHRASE, 0, -1):
        phrase = _PHRASES.get(" ".join(words[:length]))
        if phrase is not None and not token_at(tokens, at).off:
            preference, now = phrase
            if now and words[length] in ("dopo", "prima", "sotto"):
                return None
            days = Days(at + length, DayKind.DATE, Option((single(ctx.today),))) if now else None
            return Item(days=days, preference=preference), at + length
    return None


def _relative_wish(
    tokens: list[Token], at: int, ctx: Context, words: list[str]
) -> tuple[Item, int] | None:
    """ "più tardi", "prima", "un altro giorno": told from the moment on the table, if there is one."""
    found = relative_wish(tokens, at, ctx, words)
    if found is None:
        return None
    options, excluded, end = found
    return Item(extra=options, excludes=excluded), end
