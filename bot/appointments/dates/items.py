"""The days, hours and wishes that a text names, in order, with what joins, denies or corrects them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import add_days
from bot.appointments.dates.context import Context, DayKind, Days, HourKind, Hours, Item
from bot.appointments.dates.days import THIS
from bot.appointments.dates.hours import early_or_late, hours_at
from bot.appointments.dates.lexicon import word_set
from bot.appointments.dates.model import Matched, Option, Preference, TimeSpan, single
from bot.appointments.dates.relations import days_at
from bot.appointments.dates.tokens import Token, token_at
from bot.appointments.dates.wishes import elliptic_at, wish_at

_OR: Final = frozenset(("o", "oppure", "od", "ovvero", "altrimenti", "senno", "ne"))
_AND: Final = frozenset(("e", "ed", ",", "/", "sia", "che"))
_CORRECTIONS: Final = frozenset(
    (
        "anzi",
        "scusa",
        "scusi",
        "scusate",
        "cioe",
        "correggo",
        "aspetta",
        "aspetti",
        "sbagliato",
        "piuttosto",
        "pardon",
        "allora",
        "invece",
    )
)
_EXCEPT: Final = frozenset(
    ("tranne", "eccetto", "salvo", "escluso", "esclusa", "esclusi", "escludendo", "fuorche", "mai")
)
_DENYING_VERBS: Final = word_set("posso riesco potrei potro vengo verrei va vado andrebbe bene sono siamo libero libera disponibile ci vi mi e possiamo voglio vorrei "
                                  "venire farcela passare di il la a in al per nel del i le lavoro")  # fmt: skip
_REFUSING_VERBS: Final = word_set(
    "posso riesco potrei potro vengo va vado andrebbe sono siamo ci mi possiamo ce ho"
)
_DENIERS: Final = frozenset(("no", "nemmeno", "neanche", "neppure", "nemeno"))
_ALSO_NOT: Final = frozenset(("non", "ne", "no", "nemmeno", "neanche", "neppure"))
_FILLERS: Final = word_set("il la lo l i gli le di a in nel nella nei al allo alla all ai del della per un una uno giorno verso anche pure magari tipo diciamo quindi "
                            "ore verrei fare facciamo va bene mi")  # fmt: skip

_FREE: Final = frozenset(("libero", "libera", "disponibile", "utile"))


@dataclass(frozen=True)
class _Gap:
    joined: str = ""
    distant: bool = False
    denied: bool = False
    general: bool = False
    corrects: bool = False
    linked: bool = False


def items_of(tokens: list[Token], ctx: Context) -> list[Item]:
    """Everything that a text names about days and hours, in order."""
    items: list[Item] = []
    at = gap_from = 0
    while at < len(tokens):
        found = _item_at(tokens, at, ctx, items)
        if found is None:
            at += 1
            continue
        item, end = found
        gap = _gap(tokens, gap_from, at, items)
        denied, after = _denied_after(tokens, end)
        item = replace(
            item, joined=gap.joined, distant=gap.distant, corrects=gap.corrects or item.corrects, general=gap.general, linked=gap.linked,
            denied=gap.denied or denied, place=Matched(tokens[at].start, tokens[end - 1].end),
        )  # fmt: skip
        if denied and item.denied:
            items = _deny_linked(items, item)
        items.append(item)
        at = gap_from = after if denied else max(end, at + 1)
    return items


def _deny_linked(items: list[Item], item: Item) -> list[Item]:
    """ "lunedì o martedì non posso": a refusal covers what is joined to it."""
    if items and item.linked and not items[-1].denied:
        return [*items[:-1], replace(items[-1], denied=True)]
    return items


def _item_at(
    tokens: list[Token], at: int, ctx: Context, before: list[Item]
) -> tuple[Item, int] | None:
    if tokens[at].off:
        return None
    wish = wish_at(tokens, at, ctx) or elliptic_at(tokens, at, before)
    if wish is not None:
        return wish
    today = _part_of_today(tokens, at, ctx)
    if today is not None:
        return today
    hours = hours_at(tokens, at)
    days = days_at(tokens, at, _with_reference(ctx, before))
    if days is not None and days.end <= at:
        days = None
    if hours is not None and (days is None or hours.end >= days.end):
        return _maybe_first(tokens, Item(hours=hours), hours.end)
    if days is not None:
        preference = Preference.EARLIEST if days.earliest else Preference.NONE
        return Item(days=days, preference=preference), days.end
    return None


def _maybe_first(tokens: list[Token], item: Item, end: int) -> tuple[Item, int]:
    """ "il primo pomeriggio libero" is the first afternoon, not the early one."""
    hours = item.hours
    if hours is not None and hours.kind is HourKind.PART and token_at(tokens, end).word in _FREE:
        start, stop = lexicon.PARTS[hours.part]
        whole = replace(hours, spans=(TimeSpan(start, stop),))
        return replace(item, hours=whole, preference=Preference.EARLIEST), end + 1
    return item, end


def _with_reference(ctx: Context, before: list[Item]) -> Context:
    """Without a moment on the table "il giorno dopo" follows the day said before."""
    if ctx.reference_day is not None:
        return ctx
    for item in reversed(before):
        if item.days is not None and item.days.span is not None and item.days.span.last is not None:
            return replace(ctx, reference_day=item.days.span.last)
    return ctx


def _part_of_today(tokens: list[Token], at: int, ctx: Context) -> tuple[Item, int] | None:
    """ "stamattina", "questo pomeriggio", "domattina": a day and a part of it in one word."""
    words = [token_at(tokens, at + k).word for k in range(2)]
    part = lexicon.TODAY_PARTS.get(words[0])
    end, offset = at + 1, 0
    if words[0] == "domattina":
        part, offset = "mattina", 1
    elif words[0] in THIS and lexicon.PART_WORDS.get(words[1], "pranzo") != "pranzo":
        part, end = lexicon.PART_WORDS[words[1]], at + 2
    if part is None:
        return None
    (start, stop), end = early_or_late(tokens, end, part)
    days = Days(end, DayKind.DATE, Option((single(add_days(ctx.today, offset)),)))
    hours = Hours(end, HourKind.PART, (TimeSpan(start, stop),), part=part)
    return Item(days=days, hours=hours), end


def _gap(tokens: list[Token], start: int, at: int, items: list[Item]) -> _Gap:
    """What the words between two items say."""
    words = [tokens[k].word for k in range(start, at)]
    joined = ""
    if any(word in _OR for word in words):
        joined = "or"
    elif any(word in _AND for word in words):
        joined = "and"
    corrects = bool(items) and any(word in _CORRECTIONS for word in words)
    if items and not corrects and "no" in words and words.index("no") < 2 and not items[-1].denied:
        corrects = True
    plain = [word for word in words if word not in _OR | _AND | _FILLERS and word.isalpha()]
    denied, general = _denied_before(words, items)
    linked = bool(joined) and not plain and "," not in words
    return _Gap(joined, bool(plain), denied, general, corrects, linked)


def _denied_before(words: list[str], items: list[Item]) -> tuple[bool, bool]:
    """Whether the words before an item deny it, and whether they deny every such day."""
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        if word in _EXCEPT or (word == "parte" and words[index - 1 : index] == ["a"]):
            return True, True
        if word in ("non", "ne") or (word == "nemmeno"):
            return all(later in _DENYING_VERBS for later in words[index + 1 :]), False
        if word not in _DENYING_VERBS:
            break
    links = [word for word in words if word not in _FILLERS]
    carried = (
        bool(items)
        and items[-1].denied
        and bool(links)
        and all(word in ("o", "e", "ne", "oppure") for word in links)
    )
    return carried, carried and items[-1].general


def _only_then_refused(tokens: list[Token], at: int) -> int:
    """1 for "ma" in "giovedì ma non posso.", where nothing else follows that could be refused."""
    words = [token_at(tokens, at + k).word for k in range(3)]
    ends = not token_at(tokens, at + 3).word.isalpha() or token_at(tokens, at + 3).word == "piu"
    return int(
        words[0] in ("ma", "pero") and words[1] == "non" and words[2] in _REFUSING_VERBS and ends
    )


def _denied_after(tokens: list[Token], at: int) -> tuple[bool, int]:
    """ "giovedì no", "lunedì non posso", "martedì nemmeno": whether the item is refused, and the token after."""
    start = at + _only_then_refused(tokens, at)
    word, following = token_at(tokens, start).word, token_at(tokens, start + 1)
    if word in _DENIERS and (
        not following.word.isalpha()
        or following.word
        in ("meglio", "ma", "pero", "invece", "grazie", "e", "perche", "purtroppo")
    ):
        return True, start + 1
    if word == "non":
        end = start + 1
        while token_at(tokens, end).word in ("mi", "ci", "ce", "la", "vi"):
            end += 1
        if (
            token_at(tokens, end).word in _REFUSING_VERBS
            and token_at(tokens, start - 1).word != "se"
        ):
            end += 1
            while token_at(tokens, end).word in (
                "bene",
                "venire",
                "posso",
                "faccio",
                "libero",
                "libera",
                "disponibile",
                "farcela",
                "passare",
                "proprio",
                "a",
            ):
                end += 1
            return True, end
    return False, at
