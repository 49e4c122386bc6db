"""Words for days, hours, appointments and refusals in the booking dialogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from actions.appointment_state import Overview, local
from actions.texts import text
from bot.appointments.codes import shown
from bot.appointments.dates.wording import describe_day
from bot.appointments.rules import Service
from bot.appointments.texts import spoken_hour
from bot.appointments.texts import text as calendar_text
from bot.appointments.views import AppointmentView

_PICKER_DAYS: Final = 14
_SERVICES_OFFERED: Final = 3


def moment_words(moment: datetime, today: date) -> str:
    """ "giovedì 26 novembre alle 10.30"."""
    return calendar_text("when", day=describe_day(moment.date(), today), hour=spoken_hour(moment))


def moments_words(moments: Sequence[datetime], today: date) -> str:
    """Times one after the other: "martedì 24 novembre alle 10.00; giovedì 26 novembre alle 10.30"."""
    return "; ".join(moment_words(moment, today) for moment in moments)


def capital(sentence: str) -> str:
    """With a capital at the beginning."""
    return sentence[:1].upper() + sentence[1:]


def initials(name: str) -> str:
    """ "M. R.": what is stored with the conversation names nobody."""
    return " ".join(f"{word[0].upper()}." for word in name.split() if word[0].isalpha())


def view_words(view: AppointmentView, today: date) -> dict[str, str]:
    """What texts about an appointment need."""
    return {
        "when": moment_words(local(view["start"]), today),
        "office": view["office_name"],
        "address": view["address"],
        "service": view["service_name"],
        "code": shown(view["code"]),
        "bring": " ".join(view["bring"]) or text("nothing_to_bring"),
    }


def views_words(views: Sequence[AppointmentView], today: date) -> str:
    """Several appointments in a line each."""
    return "; ".join(
        text("appointment_line", when=moment_words(local(v["start"]), today), code=shown(v["code"]))
        for v in views
    )


def refusal_words(refusal: Mapping[str, Any], when: date | datetime, today: date) -> str:
    """Why a day or a moment cannot be had."""
    is_moment = isinstance(when, datetime)
    day = when.date() if isinstance(when, datetime) else when
    key = f"refused_{refusal['why']}"
    if is_moment and refusal["why"] == "full":
        key = "refused_full_moment"
    if is_moment and refusal["why"] == "past" and day == today:
        key = "refused_past_moment"
    named = describe_day(day, today)
    return text(
        key,
        day=capital(named) if refusal["why"] != "too_soon" else named,
        first=describe_day(date.fromisoformat(refusal["first_day"]), today),
        last=describe_day(date.fromisoformat(refusal["last_day"]), today),
        because=refusal["closed_because"],
    )


def buttons_for(moments: Sequence[datetime], today: date) -> tuple[tuple[str, str], ...]:
    """A button for each time; what it says is plain text."""
    words = [moment_words(moment, today) for moment in moments]
    return tuple((capital(word), word) for word in words)


def offered_services(seen: Overview) -> Sequence[Service]:
    """The services that are proposed when one is asked what for."""
    return seen.services[:_SERVICES_OFFERED]


def picker(free: Sequence[datetime], today: date) -> dict[str, Any]:
    """Free times by day, for channels that can show a calendar."""
    days: list[dict[str, Any]] = []
    for day, moments in groupby(free, key=lambda moment: moment.date()):
        if len(days) == _PICKER_DAYS:
            break
        days.append(
            {
                "date": day.isoformat(),
                "label": describe_day(day, today),
                "slots": [
                    {
                        "start": f"{moment:%Y-%m-%dT%H:%M}",
                        "label": spoken_hour(moment),
                        "payload": moment_words(moment, today),
                    }
                    for moment in moments
                ],
            }
        )
    return {"kind": "slots", "days": days}
