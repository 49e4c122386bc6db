"""Hours and parts of the day: "alle dieci e mezza", "un quarto alle tre", "dopo le 15", "nel primo pomeriggio"."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.clock import (
    HALF_DAY,
    MARKERS,
    PREFIXES,
    Clock,
    clock_after_prefixes,
    clock_at,
    in_office_hours,
    in_part,
    marked_clock,
)
from bot.appointments.dates.context import HourKind, Hours
from bot.appointments.dates.lexicon import word_set
from bot.appointments.dates.model import DAY_MINUTES, TimeSpan, Trouble
from bot.appointments.dates.tokens import Token, token_at

_AROUND: Final = 30

_ROUGHLY: Final = frozenset(("verso", "circa", "intorno", "attorno", "sulle"))
_EARLY: Final = frozenset(("presto", "prima", "primo", "inizio", "prime"))
_LATE: Final = frozenset(
    ("tardi", "tarda", "tardo", "inoltrata", "inoltrato", "fine", "fonda", "tarde")
)
_MIDDLE: Final = frozenset(("meta",))


_STARTERS: Final = frozenset(
    {*lexicon.NUMBERS, *lexicon.PART_WORDS}
    | MARKERS | _ROUGHLY | PREFIXES | _EARLY | _LATE | _MIDDLE
    | word_set("una un mezzogiorno mezzodi mezzanotte prima entro fino non al massimo dopo a da passate oltre tra fra piu "
          "ora pausa orario am pm primo")
)  # fmt: skip
"""Words that a time may begin with: all others are passed over at once."""


def hours_at(tokens: list[Token], at: int) -> Hours | None:
    """The time that begins at a token, or None."""
    token = token_at(tokens, at)
    if token.off or not (token.figures or token.word in _STARTERS):
        return None
    return (
        _bounded(tokens, at)
        or _between(tokens, at)
        or _part(tokens, at)
        or _around(tokens, at)
        or _moment(tokens, at)
    )


def _moment(tokens: list[Token], at: int) -> Hours | None:
    clock = marked_clock(tokens, at)
    if clock is None:
        return None
    end, rough = clock.end, False
    if token_at(tokens, end).word == "circa":
        end, rough = end + 1, True
    return _exact(replace(clock, end=end), rough=rough)


def _around(tokens: list[Token], at: int) -> Hours | None:
    word = token_at(tokens, at).word
    start = at + 1
    if word == "piu" and [token_at(tokens, at + k).word for k in (1, 2)] == ["o", "meno"]:
        start = at + 3
    elif word not in _ROUGHLY:
        return None
    clock = clock_after_prefixes(tokens, start)
    if clock is not None:
        return _exact(clock, rough=True)
    return _part(tokens, start)


def _exact(clock: Clock, *, rough: bool) -> Hours:
    if clock.wrong:
        return Hours(clock.end, HourKind.MOMENT, trouble=Trouble.HOUR)
    minute, assumed = in_office_hours(clock)
    span = TimeSpan(minute, minute)
    if rough:
        span = TimeSpan(max(0, minute - _AROUND), min(DAY_MINUTES, minute + _AROUND), around=True)
    return Hours(clock.end, HourKind.MOMENT, (span,), loose=not clock.sure, assumed=assumed)


_BEFORE: Final = (("prima", "delle"), ("prima", "di"), ("prima", "dell"), ("entro",), ("fino", "alle"), ("fino", "a"),
                  ("fino", "all"), ("non", "oltre"), ("non", "dopo"), ("non", "piu", "tardi"), ("al", "massimo"), ("al", "piu", "tardi"), ("massimo",))  # fmt: skip
_AFTER: Final = (("dopo",), ("non", "prima"), ("a", "partire"), ("da",), ("passate",), ("oltre",))


def _bounded(tokens: list[Token], at: int) -> Hours | None:
    """A time with a limit on one side."""
    for kind, phrases in ((HourKind.BEFORE, _BEFORE), (HourKind.AFTER, _AFTER)):
        for phrase in phrases:
            if token_at(tokens, at).word == phrase[0] and all(
                token_at(tokens, at + k).word == word for k, word in enumerate(phrase)
            ):
                found = _limit(tokens, at + len(phrase), kind)
                if found is not None:
                    return found
    return None


def _limit(tokens: list[Token], at: int, kind: HourKind) -> Hours | None:
    end = at
    while token_at(tokens, end).word in ("di", "dell", "del", "dalle", "dall", "della"):
        end += 1
    marked = token_at(tokens, end - 1).word in MARKERS
    if token_at(tokens, end).word == "pranzo":
        minutes = 14 * 60 if kind is HourKind.AFTER else 12 * 60 + 30
        return Hours(end + 1, kind, (_one_sided(minutes, kind),))
    clock = clock_at(tokens, end) if marked else marked_clock(tokens, end)
    if clock is None:
        return None
    if clock.wrong:
        return Hours(clock.end, kind, trouble=Trouble.HOUR)
    minute, assumed = in_office_hours(clock)
    return Hours(
        clock.end, kind, (_one_sided(minute, kind),), loose=not clock.sure, assumed=assumed
    )


def _one_sided(minute: int, kind: HourKind) -> TimeSpan:
    return TimeSpan(0, minute) if kind is HourKind.BEFORE else TimeSpan(minute, DAY_MINUTES)


def _between(tokens: list[Token], at: int) -> Hours | None:
    """ "dalle 10 alle 12", "tra le 10 e le 11", "ore 10-12", and "dalle 15 in poi"."""
    word = token_at(tokens, at).word
    since = word in ("dalle", "dall") or (
        word == "da" and token_at(tokens, at + 1).word.startswith("mezzogiorno")
    )
    if since or word in ("tra", "fra"):
        first = clock_after_prefixes(tokens, at + 1, bare=since)
    else:
        first = marked_clock(tokens, at) or clock_at(tokens, at)
    if first is None:
        return None
    first = _without_part(tokens, first)
    joint = token_at(tokens, first.end).word
    second_at = first.end + (
        2 if [joint, token_at(tokens, first.end + 1).word] == ["fino", "a"] else 1
    )
    joined = joint in (
        ("e", "-", "alle", "all")
        if word in ("tra", "fra")
        else ("alle", "all", "-", "a", "fino", "alla")
    )
    if since or word in ("tra", "fra"):
        second = clock_after_prefixes(tokens, second_at, bare=True) if joined else None
    else:
        tidy = joint == "-" and (not first.plain or word in MARKERS or _are_hours(tokens, at))
        second = clock_at(tokens, second_at) if tidy or joint == "-" else None
        if second is not None and not tidy and second.plain:
            second = None
    if second is not None:
        return _range(first, second)
    if not since:
        return None
    end = first.end
    if [token_at(tokens, end + k).word for k in (0, 1)] in (
        ["in", "poi"],
        ["in", "avanti"],
        ["in", "su"],
    ):
        end += 2
    minute, assumed = in_office_hours(first)
    span = (TimeSpan(minute, DAY_MINUTES),)
    trouble = Trouble.HOUR if first.wrong else None
    return Hours(
        end,
        HourKind.AFTER,
        () if trouble else span,
        loose=not first.sure,
        assumed=assumed,
        trouble=trouble,
    )


def _without_part(tokens: list[Token], clock: Clock) -> Clock:
    """ "dalle 3 di mattina alle 17": the first hour with its own part of the day."""
    at = clock.end + (token_at(tokens, clock.end).word in ("di", "del", "della"))
    part = lexicon.PART_WORDS.get(token_at(tokens, at).word)
    if (
        not part
        or at == clock.end
        or token_at(tokens, at + 1).word not in ("alle", "all", "e", "fino", "-")
    ):
        return clock
    return Clock(in_part(clock.minute, part), at + 1, sure=True)


def _are_hours(tokens: list[Token], at: int) -> bool:
    """Whether "10-12" follows a weekday, so that it cannot be a date."""
    before = token_at(tokens, at - 1).word
    return (
        before in lexicon.WEEKDAYS
        or before in lexicon.PART_WORDS
        or before in lexicon.RELATIVE_DAYS
    )


def _range(first: Clock, second: Clock) -> Hours:
    if first.wrong or second.wrong:
        return Hours(second.end, HourKind.BETWEEN, trouble=Trouble.HOUR)
    start, assumed = in_office_hours(first)
    end, also_assumed = in_office_hours(second)
    if second.worded and not first.sure:
        # "dalle 5 alle 6 del pomeriggio": the half of the day is told once.
        halves = (first.minute + HALF_DAY, first.minute)
        start, assumed = next((half for half in halves if half < end), start), False
    if end <= start and not second.sure and end + HALF_DAY <= DAY_MINUTES:
        end += HALF_DAY
    if end <= start:
        return Hours(second.end, HourKind.BETWEEN, trouble=Trouble.HOUR)
    loose = not (first.sure or second.sure)
    return Hours(
        second.end,
        HourKind.BETWEEN,
        (TimeSpan(start, end),),
        loose=loose,
        assumed=assumed or also_assumed,
    )


def placed_in(hours: Hours, part: str) -> Hours:
    """A time without its half of the day, moved into a part of the day named elsewhere in the sentence."""
    if not hours.loose or not part:
        return hours
    moved = tuple(_moved(span, part) for span in hours.spans)
    return replace(hours, spans=moved, loose=False)


def _moved(span: TimeSpan, part: str) -> TimeSpan:
    if part == "pranzo":
        return span
    start = (
        span.start if span.start == 0 else in_part(span.middle if span.around else span.start, part)
    )
    if span.around:
        return TimeSpan(max(0, start - _AROUND), min(DAY_MINUTES, start + _AROUND), around=True)
    end = (
        start
        if span.end == span.start
        else span.end
        if span.end == DAY_MINUTES
        else in_part(span.end, part)
    )
    return TimeSpan(start, end) if end >= start else span


def _part(tokens: list[Token], at: int) -> Hours | None:
    """A part of the day, early or late: "nel primo pomeriggio", "tarda mattinata", "mattina presto"."""
    words = [token_at(tokens, at + k).word for k in range(4)]
    if token_at(tokens, at).off:
        return None
    if words[0] in ("ora", "pausa", "orario") and "pranzo" in words[1:3]:
        return _part_hours(at + words.index("pranzo") + 1, "pranzo", lexicon.PARTS)
    if words[0] in ("am", "pm") and not words[1].isdigit():
        return _part_hours(at + 1, "mattina" if words[0] == "am" else "pomeriggio", lexicon.PARTS)
    table, start = lexicon.PARTS, at
    if words[0] in _EARLY | _LATE | _MIDDLE:
        table = _table(words[0])
        start = at + 1
        while token_at(tokens, start).word in ("di", "del", "della", "il", "la") and start < at + 3:
            start += 1
    word = token_at(tokens, start).word
    part = lexicon.PART_WORDS.get(word)
    if part is None:
        return None
    if word == "dopopranzo":
        table = lexicon.EARLY_PARTS
    end = start + 1
    if table is lexicon.PARTS and token_at(tokens, end).word in (_EARLY | _LATE) - {
        "prima",
        "primo",
        "fine",
        "inizio",
        "prime",
    }:
        table = _table(token_at(tokens, end).word)
        end += 1
    return _part_hours(end, part, table)


def early_or_late(tokens: list[Token], at: int, part: str) -> tuple[tuple[int, int], int]:
    """The minutes of a part of the day that a word may narrow ("domattina presto"), and the token after."""
    word = token_at(tokens, at).word
    if word in ("presto", "tardi"):
        return _table(word).get(part, lexicon.PARTS[part]), at + 1
    return lexicon.PARTS[part], at


def _table(word: str) -> dict[str, tuple[int, int]]:
    if word in _MIDDLE:
        return lexicon.MIDDLE_PARTS
    return lexicon.EARLY_PARTS if word in _EARLY else lexicon.LATE_PARTS


def _part_hours(end: int, part: str, table: dict[str, tuple[int, int]]) -> Hours:
    start, stop = table.get(part, lexicon.PARTS[part])
    return Hours(end, HourKind.PART, (TimeSpan(start, stop),), part=part)
