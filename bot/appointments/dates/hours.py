"""Hours and parts of the day: "alle dieci e mezza", "un quarto alle tre", "dopo le 15", "nel primo pomeriggio"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.context import HourKind, Hours
from bot.appointments.dates.model import DAY_MINUTES, TimeSpan, Trouble
from bot.appointments.dates.tokens import Token, token_at

NOON: Final = 12 * 60
_HALF_DAY: Final = 12 * 60
_AROUND: Final = 30
_LAST_AFTERNOON_HOUR: Final = 6
"""An hour from one to six without more is one of the afternoon: no office opens before seven."""

MARKERS: Final = frozenset("alle dalle ore h le delle sulle all dall".split())
_ROUGHLY: Final = frozenset(("verso", "circa", "intorno", "attorno", "sulle"))
_PREFIXES: Final = frozenset(
    ("a", "per", "alle", "le", "ore", "h", "all", "l", "delle", "dalle", "di", "dall", "dell")
)
_NOUN_STOPPERS: Final = frozenset(
    "e o meno di del della va vanno vado circa se per ma sarebbe mi ok in no si oppure non che a da alle di "
    "grazie possibile puo posso anche domani oggi dopodomani am pm h del prima dopo tra fra il".split()
)
_EARLY: Final = frozenset(("presto", "prima", "primo", "inizio", "prime"))
_LATE: Final = frozenset(
    ("tardi", "tarda", "tardo", "inoltrata", "inoltrato", "fine", "fonda", "tarde")
)
_MIDDLE: Final = frozenset(("meta",))


_STARTERS: Final = frozenset(
    {*lexicon.NUMBERS, *lexicon.PART_WORDS}
    | MARKERS | _ROUGHLY | _PREFIXES | _EARLY | _LATE | _MIDDLE
    | set("una un mezzogiorno mezzodi mezzanotte prima entro fino non al massimo dopo a da passate oltre tra fra piu "
          "ora pausa orario am pm primo".split())
)  # fmt: skip
"""Words that a time may begin with: all others are passed over at once."""


@dataclass(frozen=True)
class _Clock:
    """A time of the clock as said: ``sure`` when the half of the day is beyond doubt, ``plain`` when no word or
    mark beside the number shows that it is a time."""

    minute: int
    end: int
    sure: bool = False
    plain: bool = True
    worded: bool = False
    wrong: bool = False


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
    clock = _marked_clock(tokens, at)
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
    clock = _clock_after_prefixes(tokens, start)
    if clock is not None:
        return _exact(clock, rough=True)
    part = _part(tokens, start)
    return part


def _exact(clock: _Clock, *, rough: bool) -> Hours:
    if clock.wrong:
        return Hours(clock.end, HourKind.MOMENT, trouble=Trouble.HOUR)
    minute, assumed = _in_office_hours(clock)
    span = TimeSpan(minute, minute)
    if rough:
        span = TimeSpan(max(0, minute - _AROUND), min(DAY_MINUTES, minute + _AROUND), around=True)
    return Hours(clock.end, HourKind.MOMENT, (span,), loose=not clock.sure, assumed=assumed)


def _in_office_hours(clock: _Clock) -> tuple[int, bool]:
    """The minute meant, and whether the afternoon was assumed."""
    if not clock.sure and 60 <= clock.minute < (_LAST_AFTERNOON_HOUR + 1) * 60:
        return clock.minute + _HALF_DAY, True
    return clock.minute, False


_BEFORE: Final = (("prima", "delle"), ("prima", "di"), ("prima", "dell"), ("entro",), ("fino", "alle"), ("fino", "a"),
                  ("fino", "all"), ("non", "oltre"), ("non", "dopo"), ("non", "piu", "tardi"), ("al", "massimo"), ("massimo",))  # fmt: skip
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
    clock = _clock(tokens, end) if marked else _marked_clock(tokens, end)
    if clock is None:
        return None
    if clock.wrong:
        return Hours(clock.end, kind, trouble=Trouble.HOUR)
    minute, assumed = _in_office_hours(clock)
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
        first = _clock_after_prefixes(tokens, at + 1, bare=since)
    else:
        first = _marked_clock(tokens, at) or _clock(tokens, at)
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
        second = _clock_after_prefixes(tokens, second_at, bare=True) if joined else None
    else:
        tidy = joint == "-" and (not first.plain or word in MARKERS or _are_hours(tokens, at))
        second = _clock(tokens, second_at) if tidy or joint == "-" else None
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
    minute, assumed = _in_office_hours(first)
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


def _without_part(tokens: list[Token], clock: _Clock) -> _Clock:
    """ "dalle 3 di mattina alle 17": the first hour with its own part of the day."""
    at = clock.end + (token_at(tokens, clock.end).word in ("di", "del", "della"))
    part = lexicon.PART_WORDS.get(token_at(tokens, at).word)
    if (
        not part
        or at == clock.end
        or token_at(tokens, at + 1).word not in ("alle", "all", "e", "fino", "-")
    ):
        return clock
    return _Clock(_in_part(clock.minute, part), at + 1, sure=True)


def _are_hours(tokens: list[Token], at: int) -> bool:
    """Whether "10-12" follows a weekday, so that it cannot be a date."""
    before = token_at(tokens, at - 1).word
    return (
        before in lexicon.WEEKDAYS
        or before in lexicon.PART_WORDS
        or before in lexicon.RELATIVE_DAYS
    )


def _range(first: _Clock, second: _Clock) -> Hours:
    if first.wrong or second.wrong:
        return Hours(second.end, HourKind.BETWEEN, trouble=Trouble.HOUR)
    start, assumed = _in_office_hours(first)
    end, also_assumed = _in_office_hours(second)
    if second.worded and not first.sure:
        # "dalle 5 alle 6 del pomeriggio": the half of the day is told once.
        halves = (first.minute + _HALF_DAY, first.minute)
        start, assumed = next((half for half in halves if half < end), start), False
    if end <= start and not second.sure and end + _HALF_DAY <= DAY_MINUTES:
        end += _HALF_DAY
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


def _marked_clock(tokens: list[Token], at: int) -> _Clock | None:
    """A time that its words or marks show to be one."""
    word = token_at(tokens, at).word
    start = at
    while token_at(tokens, start).word in _PREFIXES and start < at + 3:
        start += 1
    marked = start > at and (any(token_at(tokens, k).word in MARKERS for k in range(at, start)))
    if start > at and not marked and word in ("a", "per", "l", "di", "dell"):
        clock = _clock(tokens, start)
        named = token_at(tokens, start).word in ("mezzogiorno", "mezzanotte", "una", "mezzodi")
        return (
            clock
            if clock and named and (word != "l" or token_at(tokens, start).word == "una")
            else None
        )
    clock = _clock(tokens, start)
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


def _clock_after_prefixes(tokens: list[Token], at: int, *, bare: bool = False) -> _Clock | None:
    start = at
    while token_at(tokens, start).word in _PREFIXES and start < at + 3:
        start += 1
    if start == at and not bare:
        found = _clock(tokens, start)
        return found if found and (not found.plain) else None
    if all(token_at(tokens, k).word in ("di", "per", "a") for k in range(at, start)) and not bare:
        found = _clock(tokens, start)
        return found if found and not found.plain else None
    return _clock(tokens, start)


def _clock(tokens: list[Token], at: int) -> _Clock | None:
    """A time of the clock, with or without a sign that it is one."""
    token = token_at(tokens, at)
    if token.off:
        return None
    if token.word in ("mezzogiorno", "mezzodi", "mezzanotte"):
        base = NOON if token.word != "mezzanotte" else 0
        return _with_minutes(tokens, _Clock(base, at + 1, sure=True, plain=False))
    to = _to_the_hour(tokens, at)
    if to is not None:
        return to
    hour = 1 if token.word == "una" else token.number
    if hour is None:
        return None
    found = (
        _figures(tokens, at, hour) if token.figures else _Clock(hour * 60, at + 1, wrong=hour > 24)
    )
    if found is None or found.wrong and found.plain and hour > 99:
        return None
    found = _with_minutes(tokens, found)
    return _with_half(tokens, replace(found, sure=found.sure or found.minute >= 13 * 60))


def _figures(tokens: list[Token], at: int, hour: int) -> _Clock | None:
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
        plain = mark.word in (".", ",") and (minutes <= 12 and minutes != 0 or hour > 24)
        if mark.word == "," and minutes % 5:
            plain = True
        return _Clock(
            hour * 60 + minutes, end, sure=sure, plain=plain, wrong=_impossible(hour, minutes)
        )
    if mark.word == "h" and mark.tight:
        return _Clock(hour * 60, at + 2, sure=sure, plain=False, wrong=hour > 24)
    if mark.word == "h" and token_at(tokens, at + 2).figures == 0:
        return _Clock(hour * 60, at + 2, sure=sure, plain=False, wrong=hour > 24)
    if token.figures in (3, 4):
        hour, minutes = divmod(hour, 100)
        return (
            None if _impossible(hour, minutes) else _Clock(hour * 60 + minutes, at + 1, sure=sure)
        )
    if token.figures > 2 or (mark.word == "/" and not after.off):
        return None
    return _Clock(hour * 60, at + 1, sure=sure and hour != 0, wrong=hour > 24)


def _impossible(hour: int, minutes: int) -> bool:
    return hour > 24 or minutes > 59 or (hour == 24 and minutes > 0)


def _to_the_hour(tokens: list[Token], at: int) -> _Clock | None:
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
    hour = _clock(tokens, end + 1)
    if hour is None or hour.wrong or hour.minute < minutes:
        return None
    return replace(hour, minute=hour.minute - minutes, plain=False)


def _with_minutes(tokens: list[Token], clock: _Clock) -> _Clock:
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
            or token.off
            and token_at(tokens, end + 1).word not in ("minuti", "min")
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


def _with_half(tokens: list[Token], clock: _Clock) -> _Clock:
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
            _Clock(_in_part(clock.minute, half), end + 1, sure=True, plain=False, worded=True),
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
        minute = clock.minute if clock.minute >= 13 * 60 else _in_part(clock.minute, part)
        return _Clock(minute, at + 1, sure=True, plain=False, worded=True)
    return clock


def _place_of_part(tokens: list[Token], at: int) -> bool:
    """Whether the part of the day goes on to name its day ("le 10 del mattino del 3" does, and stays)."""
    return token_at(tokens, at).word in ("presto", "tardi", "inoltrata")


def _in_part(minute: int, part: str) -> int:
    """The minute as one of a part of the day: "le 3" of the afternoon, "le 8" of the evening."""
    hour = minute // 60
    if part == "notte" and hour < 6:
        return minute
    if part in ("pomeriggio", "sera", "notte"):
        if hour == 12:
            return minute if part == "pomeriggio" else minute - _HALF_DAY
        return minute + _HALF_DAY if hour < 12 else minute
    return minute if hour < 12 or part == "pranzo" or hour == 12 else minute - _HALF_DAY


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
        span.start
        if span.start == 0
        else _in_part(span.middle if span.around else span.start, part)
    )
    if span.around:
        return TimeSpan(max(0, start - _AROUND), min(DAY_MINUTES, start + _AROUND), around=True)
    end = (
        start
        if span.end == span.start
        else span.end
        if span.end == DAY_MINUTES
        else _in_part(span.end, part)
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
