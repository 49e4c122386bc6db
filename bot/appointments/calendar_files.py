"""Calendar files (RFC 5545): one UID for the life of an appointment, a SEQUENCE that grows with each change.

A calendar that imports the file of a move updates the event it has, and removes it with the file of a cancellation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from icalendar import Calendar, Event, vCalAddress, vText

from bot.appointments.booking import CANCELLED
from bot.appointments.codes import shown
from bot.appointments.texts import text
from bot.appointments.views import AppointmentView
from bot.clock import ROME

_PRODUCT: Final = "-//Sportello//Appuntamenti//IT"
_UID_DOMAIN: Final = "appuntamenti.sportello"


def calendar_file(view: AppointmentView, stamp: datetime, organizer: str) -> bytes:
    """The file of one appointment: METHOD PUBLISH, or CANCEL if it is cancelled.

    Args:
        stamp: when this state came about.
        organizer: e-mail address of the office (RFC 5546 wants one).
    """
    cancelled = view["status"] == CANCELLED
    calendar = _calendar("CANCEL" if cancelled else "PUBLISH")
    event = _event(view, stamp, organizer)
    event.add("summary", text("event_summary", office=view["office_name"]))
    event.add("description", _description(view))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    calendar.add_component(event)
    return _finished(calendar)


def agenda_file(
    appointments: Iterable[tuple[AppointmentView, str, str]], stamp: datetime, organizer: str
) -> bytes:
    """The agenda of an office: views with name and reason of the citizen."""
    calendar = _calendar("PUBLISH")
    for view, name, reason in appointments:
        event = _event(view, stamp, organizer)
        event.add("summary", f"{name}: {view['service_name']}")
        event.add("description", "\n".join(part for part in (reason, shown(view["code"])) if part))
        event.add("status", "CONFIRMED")
        calendar.add_component(event)
    return _finished(calendar)


def uid_of(appointment_id: str) -> str:
    """The UID of an appointment in every calendar."""
    return f"{appointment_id}@{_UID_DOMAIN}"


def _calendar(method: str) -> Any:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(view: AppointmentView, stamp: datetime, organizer: str) -> Any:
    start = datetime.fromisoformat(view["start"]).replace(tzinfo=ROME)
    event = Event()
    event.add("uid", uid_of(view["id"]))
    event.add("sequence", view["sequence"])
    event.add("dtstamp", stamp)
    event.add("last-modified", stamp)
    event.add("dtstart", start)
    # Slots never touch a clock change: the end has the offset of the start.
    event.add("dtend", start + timedelta(minutes=view["duration_minutes"]))
    event.add("location", f"{view['office_name']}, {view['address']}")
    office = vCalAddress(f"mailto:{organizer}")
    office.params["CN"] = vText(view["office_name"])
    event.add("organizer", office)
    return event


def _description(view: AppointmentView) -> str:
    values = {"service": view["service_name"], "code": shown(view["code"])}
    if not view["bring"]:
        return text("event_description_short", **values)
    return text("event_description", **values, bring=bring_lines(view))


def bring_lines(view: AppointmentView) -> str:
    """What to bring, a line each."""
    if not view["bring"]:
        return text("nothing_to_bring")
    return "\n".join(text("bring_line", thing=thing) for thing in view["bring"])


def _finished(calendar: Any) -> bytes:
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
