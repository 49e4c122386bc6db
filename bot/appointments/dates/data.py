"""The JSON shape of what was understood: the value of the entity `quando`, and what the evaluation compares."""

from __future__ import annotations

from typing import Any

from bot.appointments.dates.model import DaySpan, Option, TimeSpan, When


def as_data(when: When) -> dict[str, Any]:
    """What was understood as JSON, without empty fields (docs/dates.md names them)."""
    data: dict[str, Any] = {
        "options": [option_data(option) for option in when.options],
        "excluded": [option_data(option) for option in when.excluded],
        "preference": when.preference.value,
        "ask": [ambiguity.doubt.value for ambiguity in when.ambiguities],
        "problems": [problem.trouble.value for problem in when.problems],
    }
    return {name: value for name, value in data.items() if value}


def option_data(option: Option) -> dict[str, Any]:
    """One option: days as ISO dates and spans, weekdays 0 to 6, times as HH:MM, spans or "~HH:MM"."""
    data: dict[str, Any] = {
        "days": [_days(span) for span in option.days],
        "weekdays": list(option.weekdays),
        "times": [times_text(span) for span in option.times],
        "preferred": option.preferred.isoformat() if option.preferred else "",
    }
    return {name: value for name, value in data.items() if value}


def _days(span: DaySpan) -> str:
    if span.first == span.last:
        return span.first.isoformat()
    return f"{span.first.isoformat()}..{span.last.isoformat() if span.last else ''}"


def times_text(span: TimeSpan) -> str:
    """A time as "HH:MM", "HH:MM-HH:MM" or "~HH:MM"."""
    if span.around:
        return f"~{clock_text(span.middle)}"
    return (
        clock_text(span.start)
        if span.start == span.end
        else f"{clock_text(span.start)}-{clock_text(span.end)}"
    )


def clock_text(minute: int) -> str:
    """Minutes since midnight as "HH:MM"."""
    return f"{minute // 60:02}:{minute % 60:02}"
