"""Single days: "dopodomani", "giovedì 3", "il ventitré", "3/12", "tre dicembre", "il primo giovedì del mese"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.calendar import (
    LAST_YEAR,
    add_days,
    add_months,
    easter,
    make_day,
)
from bot.appointments.dates.context import Context, DayKind, Days, dated, troubled
from bot.appointments.dates.lexicon import word_set
from bot.appointments.dates.model import Doubt, Option, TimeSpan, Trouble
from bot.appointments.dates.tokens import Token, token_at

ARTICLES: Final = word_set(
    "il lo la i gli le l un uno una del dello della dell dei degli di al allo alla all ai nel nello nella nell nei per in "
    "a ad d questo giorno quest"
)
NEXT: Final = frozenset(
    ("prossimo", "prossima", "prossimi", "prossime", "venturo", "ventura", "entrante")
)
THIS: Final = frozenset(("questo", "questa", "quest", "sto", "sta", "corrente"))
PAST: Final = frozenset(("scorso", "scorsa", "passato", "passata", "scorsi", "scorse"))
AFTER: Final = frozenset(("dopo", "successivo", "successiva", "seguente"))
_BARE_BEFORE: Final = frozenset(
    ("il", "l", "giorno", "al", "all", "dal", "dall", "del", "dell", "col")
)

_COUNTED: Final = word_set("persone posti figli anni euro volte documenti piano turno")


def is_day_number(tokens: list[Token], at: int, with_article: bool) -> bool:
    """Whether a number is a day of the month, not an hour, an amount or the beginning of something else."""
    token, after = token_at(tokens, at), token_at(tokens, at + 1)
    if token.off or token.number is None or not 1 <= token.number <= 31 or token.figures > 2:
        return False
    if after.word in (":", "h", "am", "pm", "%", "€") or after.word in _COUNTED:
        return False
    if (
        after.word in (".", ",", "/", "-")
        and token_at(tokens, at + 2).tight
        and token_at(tokens, at + 2).figures
    ):
        return False
    spoken_time = after.word in ("e", "meno") and (
        (token_at(tokens, at + 2).number is not None and token_at(tokens, at + 2).figures != 1)
        or token_at(tokens, at + 2).word in ("mezza", "mezzo", "un", "quarto")
    )
    return with_article or not spoken_time


def bare_date(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "il 3", "l'8", "il ventitré", "il giorno 10", "il primo": the next day of that number."""
    if token_at(tokens, at - 1).word not in _BARE_BEFORE:
        return None
    if token_at(tokens, at).word == "primo":
        return _first_of_month(tokens, at, ctx)
    if not is_day_number(tokens, at, with_article=True):
        return None
    day = next_numbered(token_at(tokens, at).number or 0, ctx.today)
    return dated(at + 1, day, bare_number=True) if day else None


def _first_of_month(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    after = token_at(tokens, at + 1)
    ends = not after.word.isalpha() or after.word in (
        "alle",
        "ore",
        "h",
        "di",
        "del",
        "va",
        "dopo",
        "verso",
        "e",
        "o",
    )
    if not ends or after.figures:
        return None
    return dated(at + 1, next_numbered(1, ctx.today) or ctx.today, bare_number=True)


def next_numbered(number: int, today: date) -> date | None:
    """The next day of a number, today included."""
    for months in range(13):
        month = add_months(today.replace(day=1), months)
        day = make_day(month.year, month.month, number)
        if day and day >= today:
            return day
    return None


def numeric_date(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "3/12", "03-12-26", "3.12.2026", "2026-12-03", "3 12 2026", day before month."""
    first, mark, second = (token_at(tokens, at + k) for k in range(3))
    if first.off or not first.figures or first.number is None:
        return None
    if token_at(tokens, at - 1).word in ("/", ":") and first.tight:
        return None
    if second.word == "" and mark.word == "":
        return None
    if mark.figures and second.figures == 4 and first.figures <= 2 and mark.figures <= 2:
        return full_date(at + 3, first.number, mark.number or 0, second.number, ctx)
    if mark.word not in ("/", "-", ".") or second.number is None or second.off:
        return None
    if second.word in lexicon.MONTHS:
        return None
    third = token_at(tokens, at + 4)
    has_third = (
        token_at(tokens, at + 3).word == mark.word
        and third.figures > 0
        and third.number is not None
    )
    if first.figures == 4 and has_third and second.figures:
        return full_date(at + 5, third.number or 0, second.number, first.number, ctx)
    if first.figures > 2 or not second.figures or second.figures > 2:
        return None
    if has_third and third.figures in (2, 4):
        if not 1 <= second.number <= 12 and first.number <= 12 and mark.word == ".":
            return None
        return full_date(at + 5, first.number, second.number, third.number, ctx)
    if has_third or (mark.word != "/" and (not mark.tight or not second.tight)):
        return None
    if second.number > 12 or not first.number >= 1:
        return None
    if first.number > 31:
        return None
    found = full_date(at + 3, first.number, second.number, None, ctx)
    if (
        is_hour_range(tokens, at)
        and token_at(tokens, at - 1).word not in _BARE_BEFORE
        and not found.trouble
    ):
        hours = Option(times=(TimeSpan(first.number * 60, second.number * 60),))
        return replace(found, alternatives=(found.option, hours), doubt=Doubt.DATE_OR_HOURS)
    return found


def full_date(end: int, day: int, month: int, year: int | None, ctx: Context) -> Days:
    """A day and a month; without a year the next one. Days that are not, or are past, are trouble."""
    if year is not None and year < 100:
        year += 2000
    if year is not None:
        found = make_day(year, month, day) if 1900 <= year <= LAST_YEAR else None
    else:
        found = make_day(ctx.today.year, month, day)
        if found is None or found < ctx.today:
            later = make_day(ctx.today.year + 1, month, day)
            passed = (month, day) < (ctx.today.month, ctx.today.day)
            found = later if passed else found
    if found is None:
        return troubled(end, Trouble.NONEXISTENT)
    return troubled(end, Trouble.PAST, found) if found < ctx.today else dated(end, found)


def written_date(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "3 dicembre", "tre di dicembre 2026", "primo dicembre", "3 o 4 dicembre", "dicembre 3", "il dodici dodici"."""
    numbers, end = _day_numbers(tokens, at)
    if not numbers:
        return None
    while (
        token_at(tokens, end).word in ("di", "del", "mese", "d", ",", "/", "-", ".")
        and end < at + 14
    ):
        end += 1
    month = lexicon.MONTHS.get(token_at(tokens, end).word)
    if month is None or token_at(tokens, end).off:
        return _spoken_month(tokens, at, ctx)
    year, end = year_at(tokens, end + 1)
    found = [full_date(end, number, month, year, ctx) for number in numbers]
    troubles = [one for one in found if one.trouble]
    if troubles:
        return troubles[0]
    return Days(end, DayKind.DATE, Option(tuple(span for one in found for span in one.option.days)))


def _day_numbers(tokens: list[Token], at: int) -> tuple[list[int], int]:
    """ "9, il 10 o l'11": numbers of days in a row, and the token after."""
    numbers: list[int] = []
    end = at
    while len(numbers) < 5:
        token = token_at(tokens, end)
        value = 1 if token.word == "primo" else token.number
        if value is None or token.off or token.figures > 2:
            break
        if not numbers and value > 99:
            break
        numbers.append(value)
        after = end + 1
        link = after
        while (
            token_at(tokens, link).word in ("o", "e", ",", "oppure", "il", "l") and link < after + 3
        ):
            link += 1
        if link == after or token_at(tokens, link).number is None:
            return numbers, after
        end = link
    return (numbers, end) if len(numbers) == 1 else ([], at)


def _spoken_month(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """ "il dodici dodici": the month as a number word after its day."""
    first, second = token_at(tokens, at), token_at(tokens, at + 1)
    spoken = first.number and second.number and not first.figures and not second.figures
    if (
        not spoken
        or second.off
        or not 1 <= (second.number or 0) <= 12
        or token_at(tokens, at - 1).word not in _BARE_BEFORE
    ):
        return None
    year, end = year_at(tokens, at + 2)
    return full_date(end, first.number or 0, second.number or 0, year, ctx)


def year_at(tokens: list[Token], at: int) -> tuple[int | None, int]:
    """A year in figures or words after "del", a comma or nothing, and the token after it."""
    start = at
    while (
        token_at(tokens, start).word in ("del", "dell", "anno", ",", "/", "-", ".")
        and start < at + 2
    ):
        start += 1
    token, after = token_at(tokens, start), token_at(tokens, start + 1)
    if token.off:
        return None, at
    if token.word in lexicon.YEARS:
        if token.word == "duemila" and after.number and not after.figures and after.number < 100:
            return 2000 + after.number, start + 2
        return lexicon.YEARS[token.word], start + 1
    if token.word == "due" and after.word == "mila":
        tail = token_at(tokens, start + 2)
        more = tail.number if tail.number and not tail.figures and tail.number < 100 else 0
        return 2000 + more, start + 2 + bool(more)
    if token.figures == 4 and token.number and 1900 <= token.number <= 2999:
        return token.number, start + 1
    joined = token_at(tokens, start - 1).word in ("/", "-", ".") and start > at and token.tight
    if token.figures == 2 and joined and token.number is not None:
        return 2000 + token.number, start + 1
    return None, at


_HOLIDAY_STARTS: Final = frozenset(
    name.split()[0] for name in (*lexicon.HOLIDAYS, *lexicon.EASTERS)
)


def holiday(tokens: list[Token], at: int, ctx: Context) -> Days | None:
    """A holiday by name, in its next year: "Natale", "Sant'Ambrogio", "lunedì dell'Angelo"."""
    token = token_at(tokens, at)
    if token.off or token.word not in _HOLIDAY_STARTS:
        return None
    if token_at(tokens, at - 1).word in (
        "buon",
        "buona",
        "dottoressa",
        "dottor",
        "signor",
        "signora",
        "sig",
        "dott",
    ):
        return None
    for name, length in _phrases(tokens, at):
        if name in lexicon.HOLIDAYS:
            return dated(*_with_year(tokens, at + length, name, ctx))
        if name in lexicon.EASTERS:
            end, day = _easter_day(tokens, at + length, lexicon.EASTERS[name], ctx)
            return dated(end, day)
    return None


def _phrases(tokens: list[Token], at: int) -> Iterator[tuple[str, int]]:
    for length in (4, 3, 2, 1):
        if at + length <= len(tokens):
            yield " ".join(token.word for token in tokens[at : at + length]), length


def _with_year(tokens: list[Token], end: int, name: str, ctx: Context) -> tuple[int, date]:
    month, day = lexicon.HOLIDAYS[name]
    year, end = year_at(tokens, end)
    found = date(year or ctx.today.year, month, day)
    if year is None and found < ctx.today:
        found = date(ctx.today.year + 1, month, day)
    return end, found


def _easter_day(tokens: list[Token], end: int, offset: int, ctx: Context) -> tuple[int, date]:
    year, end = year_at(tokens, end)
    found = add_days(easter(year or ctx.today.year), offset)
    if year is None and found < ctx.today:
        found = add_days(easter(ctx.today.year + 1), offset)
    return end, found


def is_hour_range(tokens: list[Token], at: int) -> bool:
    """Whether "10-12" reads as office hours."""
    first, last = token_at(tokens, at), token_at(tokens, at + 2)
    if token_at(tokens, at + 1).word != "-" or token_at(tokens, at + 3).word == "-":
        return False
    return (
        sounds_like_hour(first)
        and sounds_like_hour(last)
        and (first.number or 0) < (last.number or 0)
    )


def sounds_like_hour(token: Token) -> bool:
    return token.number is not None and 8 <= token.number <= 19
