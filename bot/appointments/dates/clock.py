"""Times of the clock as people say them: "dieci e mezza", "14.30", "un quarto alle tre", "le 10 meno dieci"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.lexicon import word_set
from bot.appointments.dates.tokens import Token, token_at

NOON: Final = 12 * 60


HALF_DAY: Final = 12 * 60


_LAST_AFTERNOON_HOUR: Final = 6
"""An hour from one to six without more is one of the afternoon: no office opens before seven."""


MARKERS: Final = word_set("alle dalle ore h le delle sulle all dall")


PREFIXES: Final = frozenset(
    ("a", "per", "alle", "le", "ore", "h", "all", "l", "delle", "dalle", "di", "dall", "dell")
)


_NOUN_STOPPERS: Final = word_set(
    "e o meno di del della va vanno vado circa se per ma sarebbe mi ok in no si oppure non che a da alle di "
    "grazie possibile puo posso anche domani oggi dopodomani am pm h del prima dopo tra fra il"
)


@dataclass(frozen=True)
class Clock:
    """A time of the clock as said: ``sure`` when the half of the day is beyond doubt, ``plain`` when no word or
    mark beside the number shows that it is a time."""

    minute: int
    end: int
    sure: bool = False
    plain: bool = True
    worded: bool = False
    wrong: bool = False


def in_office_hours(clock: Clock) -> tuple[int, bool]:
    """The minute meant, and whether the afternoon was assumed."""
    if not clock.sure and 60 <= clock.minute < (_LAST_AFTERNOON_HOUR + 1) * 60:
        return clock.minute + HALF_DAY, True
    return clock.minute, False


def marked_clock(tokens: list[Token], at: int) -> Clock | None:
    """A time that its words or marks show to be one."""
    word = token_at(tokens, at).word
    start = at
    while token_at(tokens, start).word in PREFIXES and start < at + 3:
        start += 1
    marked = start > at and (any(token_at(tokens, k).word in MARKERS for k in range(at, start)))
    if start > at and not marked and word in ("a", "per", "l", "di", "dell"):
        clock = clock_at(tokens, start)
        # "Di una pratica" is no hour, "dell'una" is.
        one = token_at(tokens, start).word == "una" and token_at(tokens, start - 1).word in (
            "l",
            "dell",
        )
        named = one or token_at(tokens, start).word in ("mezzogiorno", "mezzanotte", "mezzodi")
        return clock if clock and named and (word != "l" or one) else None
    clock = clock_at(tokens, start)
    if clock is None:
        return None
    if not marked:
        return None if clock.plain else clock
    only_le = all(
        token_at(tokens, k).word in ("le", "delle", "l", "all", "per", "a", "dell", "dall")
        for k in range(at, start)
    )
    if clock.plain and only_le and not _may_end_an_hour(tokens, clock.end):
        return None
    spelled_one = token_at(tokens, start).word == "una" and token_at(
        tokens, start - 1
    ).word not in ("all", "dall", "l", "alle", "ore", "dell", "h")
    return None if spelled_one else clock


def _may_end_an_hour(tokens: list[Token], at: int) -> bool:
    """Whether what follows "le 3" can follow an hour ("le 3 figlie" cannot)."""
    token = token_at(tokens, at)
    return (
        not token.word.isalpha()
        or token.word in _NOUN_STOPPERS
        or token.word in lexicon.PART_WORDS
        or token.word in lexicon.WEEKDAYS
    )


def clock_after_prefixes(tokens: list[Token], at: int, *, bare: bool = False) -> Clock | None:
    start = at
    while token_at(tokens, start).word in PREFIXES and start < at + 3:
        start += 1
    if start == at and not bare:
        found = clock_at(tokens, start)
        return found if found and (not found.plain) else None
    if all(token_at(tokens, k).word in ("di", "per", "a") for k in range(at, start)) and not bare:
        found = clock_at(tokens, start)
        return found if found and not found.plain else None
    return clock_at(tokens, start)


def clock_at(tokens: list[Token], at: int) -> Clock | None:
    """A time of the clock, with or without a sign that it is one."""
    token = token_at(tokens, at)
    if token.off:
        return None
    if token.word in ("mezzogiorno", "mezzodi", "mezzanotte"):
        base = NOON if token.word != "mezzanotte" else 0
        return _with_minutes(tokens, Clock(base, at + 1, sure=True, plain=False))
    to = _to_the_hour(tokens, at)
    if to is not None:
        return to
    hour = 1 if token.word == "una" else token.number
    if hour is None:
        return None
    found = (
        _figures(tokens, at, hour) if token.figures else Clock(hour * 60, at + 1, wrong=hour > 24)
    )
    if found is None or (found.wrong and found.plain and hour > 99):
        return None
    found = _with_minutes(tokens, found)
    return _with_half(tokens, replace(found, sure=found.sure or found.minute >= 13 * 60))


def _figures(tokens: list[Token], at: int, hour: int) -> Clock | None:
    """Hours in figures: 14:30, 14.30, 14,30, 15h30, 1430, 9."""
    token = token_at(tokens, at)
    sure = token.word.startswith("0")
    mark, after = token_at(tokens, at + 1), token_at(tokens, at + 2)
    tight = mark.tight and after.tight
    if mark.word in (":", ".", ",", "h") and tight and after.figures == 2 and token.figures <= 2:
        end = at + 3
        if token_at(tokens, end).word == ":" and token_at(tokens, end + 1).figures == 2:
            end += 2
        is_date = (
            mark.word != ":"
            and token_at(tokens, end).word == mark.word
            and token_at(tokens, end + 1).figures > 0
        )
        if is_date:
            return None
        minutes = after.number or 0
        # "3.12" and "10,12" may be dates or amounts: only minutes that no month could be are a sign.
        plain = mark.word in (".", ",") and ((minutes <= 12 and minutes != 0) or hour > 24)
        if mark.word == "," and minutes % 5:
            plain = True
        return Clock(
            hour * 60 + minutes, end, sure=sure, plain=plain, wrong=_impossible(hour, minutes)
        )
    if mark.word == "h" and mark.tight:
        return Clock(hour * 60, at + 2, sure=sure, plain=False, wrong=hour > 24)
    if mark.word == "h" and token_at(tokens, at + 2).figures == 0:
        return Clock(hour * 60, at + 2, sure=sure, plain=False, wrong=hour > 24)
    if token.figures in (3, 4):
        hour, minutes = divmod(hour, 100)
        return None if _impossible(hour, minutes) else Clock(hour * 60 + minutes, at + 1, sure=sure)
    if token.figures > 2 or (mark.word == "/" and not after.off):
        return None
    return Clock(hour * 60, at + 1, sure=sure and hour != 0, wrong=hour > 24)


def _impossible(hour: int, minutes: int) -> bool:
    return hour > 24 or minutes > 59 or (hour == 24 and minutes > 0)


def _to_the_hour(tokens: list[Token], at: int) -> Clock | None:
    """ "un quarto alle tre", "dieci minuti alle quattro"."""
    token = token_at(tokens, at)
    if [token.word, token_at(tokens, at + 1).word] == ["un", "quarto"]:
        minutes, end = 15, at + 2
    elif token.number and token_at(tokens, at + 1).word in ("minuti", "min"):
        minutes, end = token.number, at + 2
    else:
        return None
    if token_at(tokens, end).word not in ("alle", "all", "a") or minutes > 59:
        return None
    hour = clock_at(tokens, end + 1)
    if hour is None or hour.wrong or hour.minute < minutes:
        return None
    return replace(hour, minute=hour.minute - minutes, plain=False)


def _with_minutes(tokens: list[Token], clock: Clock) -> Clock:
    """ "e mezza", "e un quarto", "e 15", "meno dieci"."""
    word, end = token_at(tokens, clock.end).word, clock.end + 1
    if word not in ("e", "meno") or clock.minute % 60:
        return clock
    if word == "meno" and token_at(tokens, end).word == "un":
        end += 1
    fraction = _fraction(tokens, end)
    if fraction is not None:
        minutes, end = fraction
        plain = False
    else:
        token = token_at(tokens, end)
        if (
            token.number is None
            or token.number > 59
            or (token.off and token_at(tokens, end + 1).word not in ("minuti", "min"))
        ):
            return clock
        if (
            token_at(tokens, end + 1).word in (":", ".", "/", "-", "h")
            and token_at(tokens, end + 1).tight
        ):
            return clock
        if token_at(tokens, end + 1).word in lexicon.MONTHS:
            return clock
        minutes, end = token.number, end + 1
        spoken = minutes >= 10 and minutes % 5 == 0 and clock.minute >= 7 * 60
        plain = clock.plain and not (spoken or word == "meno")
    if token_at(tokens, end).word in ("minuti", "min"):
        end += 1
    return replace(
        clock, minute=clock.minute + (minutes if word == "e" else -minutes), end=end, plain=plain
    )


def _fraction(tokens: list[Token], at: int) -> tuple[int, int] | None:
    words = [token_at(tokens, at + k).word for k in range(3)]
    if words[0] in ("mezza", "mezzo", "mezz"):
        return 30, at + 1
    if words[0] == "quarto":
        return 15, at + 1
    if words[:2] in (["un", "quarto"], ["1", "quarto"]) or words == ["1", "/", "4"]:
        return 15, at + (2 if words[1] == "quarto" else 3)
    if words[:2] in (["tre", "quarti"], ["3", "quarti"]) or words == ["3", "/", "4"]:
        return 45, at + (2 if words[1] == "quarti" else 3)
    return None


def _with_half(tokens: list[Token], clock: Clock) -> Clock:
    """ "in punto", "am", "pm", "del pomeriggio", "h" after an hour."""
    end = clock.end
    words = [token_at(tokens, end + k).word for k in range(2)]
    if words == ["in", "punto"]:
        clock, end = replace(clock, end=end + 2, plain=False), end + 2
    elif words[0] in ("spaccate", "precise"):
        clock, end = replace(clock, end=end + 1, plain=False), end + 1
    elif words[0] in ("am", "pm") and clock.minute < 13 * 60:
        half = "mattina" if words[0] == "am" else "pomeriggio"
        clock, end = (
            Clock(in_part(clock.minute, half), end + 1, sure=True, plain=False, worded=True),
            end + 1,
        )
        return _with_minutes(tokens, clock) if token_at(tokens, end).word == "e" else clock
    elif words[0] in ("am", "pm"):
        clock, end = replace(clock, end=end + 1, plain=False), end + 1
    at = end + (token_at(tokens, end).word in ("di", "del", "della"))
    part = lexicon.PART_WORDS.get(token_at(tokens, at).word)
    if (
        part
        and part != "pranzo"
        and at > end
        and not clock.wrong
        and not _place_of_part(tokens, at + 1)
    ):
        minute = clock.minute if clock.minute >= 13 * 60 else in_part(clock.minute, part)
        return Clock(minute, at + 1, sure=True, plain=False, worded=True)
    return clock


def _place_of_part(tokens: list[Token], at: int) -> bool:
    """Whether the part of the day goes on to name its day ("le 10 del mattino del 3" does, and stays)."""
    return token_at(tokens, at).word in ("presto", "tardi", "inoltrata")


def in_part(minute: int, part: str) -> int:
    """The minute as one of a part of the day: "le 3" of the afternoon, "le 8" of the evening."""
    hour = minute // 60
    if part == "notte" and hour < 6:
        return minute
    if part in ("pomeriggio", "sera", "notte"):
        if hour == 12:
            return minute if part == "pomeriggio" else minute - HALF_DAY
        return minute + HALF_DAY if hour < 12 else minute
    return minute if hour < 12 or part == "pranzo" or hour == 12 else minute - HALF_DAY
