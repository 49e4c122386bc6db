"""The Italian date and time cases of the public Recognizers-Text specifications, where they are at hand.

Print the table with ``python -m tests.dates.recognizers [--failures]``.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.appointments.dates import When, understand
from bot.appointments.dates.lexicon import PARTS
from bot.settings import PROJECT_ROOT

_UNDER: Final = "data/external/recognizers-text-it/Specs/DateTime/Italian"
FILES: Final = (
    "DateParser", "DatePeriodParser", "TimeParser", "TimePeriodParser", "DateTimeParser", "DateTimePeriodParser",
    "HolidayParser", "MergedParser", "DateTimeModel", "DateTimeModelCalendarMode", "DateTimeModelExtendedTypes",
)  # fmt: skip
"""The extractors repeat these texts without values, and the split model repeats them as bare pieces."""

_PARTS: Final = {"TMO": "mattina", "TAF": "pomeriggio", "TEV": "sera", "TNI": "notte"}
_DEFAULT_NOW: Final = datetime(2016, 11, 7)
_HALF_DAY: Final = 720


@dataclass
class Table:
    """Counts by file, what was left out and why, and what went wrong."""

    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Share of the cases in scope that resolve to the expected value."""
        return sum(self.right.values()) / max(1, sum(self.asked.values()))


def folder() -> Path | None:
    """Where the specifications are, or None."""
    places = [PROJECT_ROOT.parent / "shared", PROJECT_ROOT.parent.parent / "shared"]
    return next((place / _UNDER for place in places if (place / _UNDER).is_dir()), None)


def measure(where: Path) -> Table:
    """Read every case and compare."""
    table = Table()
    for name in FILES:
        for case in json.loads((where / f"{name}.json").read_text(encoding="utf-8-sig")):
            reason = left_out(case)
            if reason:
                table.left_out[reason] += 1
                continue
            table.asked[name] += 1
            text, now = case["Input"], now_of(case)
            when = understand(text, now)
            wanted = [list(values_of(result)) for result in case["Results"]]
            if all(any(meets(when, value, now) for value in values) for values in wanted):
                table.right[name] += 1
            else:
                table.wrong.append(
                    f"{name}: {text!r} at {now:%Y-%m-%d %H:%M}: wanted {wanted}, got {when.options}"
                )
    return table


def now_of(case: dict[str, Any]) -> datetime:
    """The moment a case is said at."""
    said = case.get("Context", {}).get("ReferenceDateTime")
    return datetime.fromisoformat(said[:19]) if said else _DEFAULT_NOW


@dataclass(frozen=True)
class Value:
    """An expected value: days (last not included), minutes, or a part of the day."""

    first: date | None = None
    last: date | None = None
    minutes: tuple[int, int] | None = None
    part: str = ""
    bound: str = ""


def values_of(result: dict[str, Any]) -> Iterator[Value]:
    """The values that a result may have, the one to come last."""
    value = result.get("Value") or {}
    for entry in (result.get("Resolution") or value).get("values", ()):
        timex, mod = entry.get("timex", ""), entry.get("Mod", "")
        yield _value(
            {k: v for k, v in entry.items() if k not in ("timex", "type", "Mod", "sourceEntity")},
            timex,
            mod,
        )
    if "FutureResolution" in value:
        yield _value(value["FutureResolution"], value.get("Timex", ""), "")


def _value(found: dict[str, str], timex: str, mod: str) -> Value:
    start = found.get("startDateTime") or found.get("startDate") or found.get("start")
    end = found.get("endDateTime") or found.get("endDate") or found.get("end")
    one = found.get("dateTime") or found.get("date") or found.get("time") or found.get("value")
    first, minute = _parse(one or start or found.get("startTime") or end or "")
    part = next((name for code, name in _PARTS.items() if timex.endswith(code)), "")
    if one:
        return Value(
            first,
            first + timedelta(days=1) if first else None,
            None if minute is None else (minute, minute),
            part,
            mod,
        )
    last, stop = _parse(end or found.get("endTime") or "")
    minutes = (minute, stop) if minute is not None and stop is not None else None
    if first and not minutes:
        inclusive = timex.startswith("(") and "P" in timex
        last = last + timedelta(days=1) if last and inclusive else last
    elif first:
        last = (last or first) + timedelta(days=1)
    if mod and minute is not None:
        minutes = (minute, minute)
    return Value(first, last, minutes, part, mod)


def _parse(text: str) -> tuple[date | None, int | None]:
    day = re.match(r"\d{4}-\d\d-\d\d", text)
    clock = re.search(r"(\d\d):(\d\d)(?::\d\d)?$", text)
    try:
        found = date.fromisoformat(day[0]) if day else None
    except ValueError:
        found = None
    return found, int(clock[1]) * 60 + int(clock[2]) if clock else None


def meets(when: When, value: Value, now: datetime) -> bool:
    """Whether what was understood is the value, or asks between it and another."""
    return any(
        _days_agree(option, value, now) and _times_agree(option, value) for option in when.options
    )


def _days_agree(option: Any, value: Value, now: datetime) -> bool:
    if value.first is None:
        return True
    for span in option.days:
        if value.bound:
            first, last = value.first, span.last
            if (
                value.bound in ("since", "after")
                and last is None
                and span.first in (first, first + timedelta(days=1))
            ):
                return True
            if value.bound == "before" and last in (first, first - timedelta(days=1)):
                return True
            continue
        single_day = value.last == value.first + timedelta(days=1)
        if single_day and (
            option.preferred == value.first or span.first == span.last == value.first
        ):
            return True
        last = value.last - timedelta(days=1) if value.last else None
        # Days that are over are no longer offered.
        if not single_day and span.first == max(value.first, now.date()) and span.last == last:
            return True
    return False


def _times_agree(option: Any, value: Value) -> bool:
    if value.minutes is None and not value.part:
        return True
    if value.part:
        begin, end = PARTS[value.part]
        return any(begin <= span.start and span.end <= end for span in option.times)
    start, stop = value.minutes or (0, 0)
    for span in option.times:
        if value.bound:
            edge = span.end if value.bound == "before" else span.start
            if edge % _HALF_DAY == start % _HALF_DAY:
                return True
        # Without am or pm these cases take the morning; office hours decide here.
        elif (span.middle if start == stop else span.start) % _HALF_DAY == start % _HALF_DAY and (
            start == stop or span.end % _HALF_DAY == stop % _HALF_DAY
        ):
            return True
    return False


def left_out(case: dict[str, Any]) -> str:
    """Why a case says nothing about an appointment, or "" if it does."""
    results, text, now = case.get("Results") or [], case["Input"].lower(), now_of(case)
    if not results:
        return "no value is expected"
    raw = json.dumps(results)
    kinds = {
        (result.get("TypeName") or result.get("Type") or "").split(".")[-1] for result in results
    }
    if kinds & {"duration", "set"} or "PRESENT_REF" in raw or "FUTURE_REF" in raw:
        return "duration, repetition or 'now': no day or hour is named"
    if (
        "not resolved" in raw
        or "0001-01-01" in raw
        or "-SU" in raw
        or "-SP" in raw
        or '"SU"' in raw
    ):
        return "no value: an impossible date or a season"
    if re.search(r"ringraziamento|cinese", text):
        return "holidays that Italy does not keep"
    if re.search(
        r"\d:\d\d:\d\d|\bor[ae]\b(?! di pranzo)|minut[oi]|\bmin\b|resto d.{1,14}(giorn)|fine (della giornata|di )",
        text,
    ) and not re.search(r"meno|alle \d+ |alle quattro|alle otto|alle 14", text):
        return "seconds, or a wait of minutes or hours"
    if (
        re.search(r"\b(\d{1,2})[./-](1[3-9]|2\d|3[01])\b", text)
        and not re.search(r"\d[./-]\d{1,2}[./-](1[5-9]|2\d)\b(?![./-])", text)
    ) or re.search(
        r"\b\d{1,2}[/-](1[3-9]|2\d|3[01])[/-]|\d{4}[/-]\d\d[/-](set|\w{4})|2015/08/12|2020-23|23-2020|20/23",
        text,
    ):
        return "month before day, against Italian use"
    if re.search(
        r"\banni?\b|decenn|trimestre|\bnel \d{4}|\bnel mille|dal (2\d|duemila)|2014|intervallo|\d{4}[./-]\d$|\b3/2015|del (2000|2020|1/1/2016)$",
        text,
    ):
        return "years, quarters and decades"
    if all(_is_past(result, now) for result in results):
        return "in the past: refused as such"
    return ""


def _is_past(result: dict[str, Any], now: datetime) -> bool:
    values = list(values_of(result))
    if not values:
        return True
    lasts = [value.last or value.first for value in values if value.first and not value.bound]
    return bool(lasts) and all(last is not None and last <= now.date() for last in lasts)


def main() -> None:
    """Print the table."""
    where = folder()
    if where is None:
        print("The specifications are not here: nothing to measure.")
        return
    table = measure(where)
    if "--failures" in sys.argv:
        print(*table.wrong, sep="\n")
    for name in FILES:
        print(f"{name:30} {table.right[name]:4} of {table.asked[name]:4}")
    print(
        f"{'in scope':30} {sum(table.right.values()):4} of {sum(table.asked.values()):4}  {table.share:.1%}"
    )
    for reason, count in table.left_out.most_common():
        print(f"  left out {count:4}: {reason}")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
