"""What was understood, said back in Italian: "giovedì 3 dicembre, dopo le 15.00". Sentences are in texts.yml."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.appointments.dates.data import clock_text, times_text
from bot.appointments.dates.model import DAY_MINUTES, DaySpan, Option, Preference, TimeSpan, When


def describe(when: When, today: date) -> str:
    """The understood days and hours in words, "" if there is nothing to say; the year only where it is another."""
    texts = _texts()
    parts = [texts["option_or"].join(describe_option(option, today) for option in when.options)]
    if when.preference is not Preference.NONE:
        parts.append(texts[when.preference.value])
    parts += [_excluded(option, today) for option in when.excluded]
    return str(texts["comma"].join(part for part in parts if part))


def describe_option(option: Option, today: date) -> str:
    """One option in words: its days, then its hours."""
    texts = _texts()
    days, times = _days(option, today), describe_times(option.times)
    if not days and not times:
        return str(texts["any_day"])
    return str(texts["comma"].join(part for part in (days, times) if part))


def describe_day(day: date, today: date) -> str:
    """ "giovedì 3 dicembre", with the year where it is not this one."""
    texts = _texts()
    number = texts["first_of_month"] if day.day == 1 else day.day
    key = "day" if day.year == today.year else "day_with_year"
    weekday, month = texts["weekdays"][day.weekday()], texts["months"][day.month - 1]
    return str(texts[key].format(weekday=weekday, number=number, month=month, year=day.year))


def describe_times(times: tuple[TimeSpan, ...]) -> str:
    """Hours in words: "alle 10.30", "dopo le 15.00", "di mattina"."""
    return str(_texts()["or"].join(_time(span) for span in times))


def _days(option: Option, today: date) -> str:
    texts = _texts()
    spans = texts["or"].join(_span(span, today) for span in option.days)
    if not option.weekdays:
        return str(spans)
    weekdays = texts["or"].join(texts["plural_weekdays"][number] for number in option.weekdays)
    return str(texts["every_in"].format(weekdays=weekdays, days=spans) if spans else weekdays)


def _span(span: DaySpan, today: date) -> str:
    if span.first == span.last:
        return describe_day(span.first, today)
    first = describe_day(span.first, today)
    if span.last is None:
        return str(_texts()["from_day"].format(first=first))
    return str(_texts()["span"].format(first=first, last=describe_day(span.last, today)))


def _time(span: TimeSpan) -> str:
    texts = _texts()
    if span.around:
        return str(texts["around"].format(clock=_dotted(span.middle)))
    if span.start == span.end:
        return str(texts["at"].format(clock=_dotted(span.start)))
    part = texts["parts"].get(times_text(span))
    if part:
        return str(part)
    if span.end == DAY_MINUTES:
        return str(texts["after"].format(start=_dotted(span.start)))
    if span.start == 0:
        return str(texts["before"].format(end=_dotted(span.end)))
    return str(texts["between"].format(start=_dotted(span.start), end=_dotted(span.end)))


def _excluded(option: Option, today: date) -> str:
    texts = _texts()
    days, times = _days(option, today), describe_times(option.times)
    if not days:
        return str(texts["excluded_time"].format(times=times))
    return str(texts["excluded"].format(days=f"{days} {times}".strip()))


def _dotted(minute: int) -> str:
    return clock_text(minute).replace(":", ".")


@lru_cache(maxsize=1)
def _texts() -> dict[str, Any]:
    path = Path(__file__).with_name("texts.yml")
    texts: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return texts
