"""The questions of the appointment form, and what it says when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.appointment_state import (
    FORM,
    OUTCOME,
    SERVICE,
    STATUS,
    TALK,
    TASK,
    TOPIC,
    Overview,
    emptied_appointment,
    local,
    overview,
    step_of,
)
from actions.appointment_words import (
    buttons_for,
    capital,
    initials,
    moment_words,
    moments_words,
    offered_services,
    picker,
    view_words,
    views_words,
)
from actions.context import current_context
from actions.conversation_state import remember
from actions.handoff import emptied_form
from actions.replies import Reply, send
from actions.texts import text
from bot.appointments.contacts import masked
from bot.appointments.dates.wording import describe_day
from bot.appointments.dialogue import planner
from bot.appointments.texts import spoken_hour
from bot.masking import mask
from knowledge.text import fold

_STOP: Final = ("button_stop", "lascia stare")
_OTHERS: Final = ("button_others", "un altro orario")
_BUTTONS_OF_TIMES: Final = 3
_STATUS_OF: Final = {
    "booked": "booked",
    "moved": "moved",
    "moved_again": "moved",
    "cancelled": "cancelled",
}


class _Question(Action):
    """Asks for one slot of the form."""

    slot = ""

    def name(self) -> str:
        """Name in the domain."""
        return f"action_ask_{FORM}_{self.slot}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Ask."""
        context = current_context()
        seen: Overview = await context.read(
            partial(
                overview,
                step=step_of(context, tracker),
                office=tracker.get_slot(planner.OFFICE) or "",
                service=tracker.get_slot(SERVICE) or "",
            )
        )
        send(dispatcher, self.reply(tracker, seen, context.clock.now().date()))
        return []

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """The question."""
        raise NotImplementedError


class ActionAskAppointmentOffice(_Question):
    """Which office, where there are several."""

    slot = planner.OFFICE

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """Name them all."""
        names = [office.name for office in seen.offices]
        return _asking(text("ask_office", offices="; ".join(names)), [(n, n) for n in names])


class ActionAskAppointmentStart(_Question):
    """When: what was proposed, as buttons and as a calendar."""

    slot = planner.START

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """Propose."""
        talk = tracker.get_slot(TALK) or {}
        offered = [local(start) for start in talk.get("offered", ())]
        mode = talk.get("mode", "first")
        if mode == "doubt":
            days = [describe_day(date.fromisoformat(day), today) for day in talk["days"]]
            return _asking(
                text("ask_start_doubt", times=" o ".join(days)), [(capital(d), d) for d in days]
            )
        if mode == "hours":
            hours = ", ".join(spoken_hour(moment) for moment in offered)
            words = text(
                "ask_start_hours", day=capital(describe_day(offered[0].date(), today)), times=hours
            )
        else:
            words = text(f"ask_start_{mode}", times=moments_words(offered, today))
        buttons = list(buttons_for(offered[:_BUTTONS_OF_TIMES], today))
        if mode == "one":
            buttons = [(text("button_yes"), "sì"), (text(_OTHERS[0]), _OTHERS[1])]
        return _asking(words, buttons, picker=picker(seen.free, today))


class ActionAskAppointmentReason(_Question):
    """For what: a service of the office, or the citizen's own words."""

    slot = planner.REASON

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """Offer the services."""
        field = {
            "name": "reason",
            "type": "text",
            "label": text("field_reason"),
            "autocomplete": "off",
        }
        names = [(service.name, service.name) for service in offered_services(seen)]
        return _asking(text("ask_reason"), names, field=field)


class ActionAskAppointmentName(_Question):
    """In whose name."""

    slot = planner.NAME

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """Ask for name and surname."""
        label = text("field_name")
        field = {"name": "name", "type": "text", "label": label, "autocomplete": "name"}
        return _asking(text("ask_name"), [], field=field)


class ActionAskAppointmentContact(_Question):
    """Where the confirmation goes."""

    slot = planner.CONTACT

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """Ask for an address or a number."""
        label = text("field_contact")
        # A field of type "email" would refuse the telephone number that may be written instead.
        field = {"name": "contact", "type": "text", "label": label, "autocomplete": "email"}
        return _asking(text("ask_contact"), [], field=field)


class ActionAskAppointmentWhich(_Question):
    """Which appointment: one of the conversation's, or by its code."""

    slot = planner.WHICH

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """Name them, or ask for the code."""
        choices = (tracker.get_slot(TALK) or {}).get("choices", ())
        own = [view for view in seen.own if view["id"] in choices]
        if not own:
            return _asking(text("ask_which_code"), [(text(_STOP[0]), _STOP[1])])
        moments = [local(view["start"]) for view in own]
        return _asking(
            text("ask_which_own", appointments=views_words(own, today)), buttons_for(moments, today)
        )


class ActionAskAppointmentConfirmed(_Question):
    """The last question: the summary of a booking, or whether to cancel."""

    slot = planner.CONFIRMED

    def reply(self, tracker: Tracker, seen: Overview, today: date) -> Reply:
        """Sum up; the contact is masked and the name is initials, because answers are kept."""
        if tracker.get_slot(TASK) == planner.CANCEL:
            start = local(tracker.get_slot(planner.WHICH)["start"])
            words = text("ask_cancel", when=moment_words(start, today))
            yes_no = [(text("button_cancel_yes"), "sì"), (text("button_cancel_no"), "no")]
            return _asking(words, yes_no)
        service = seen.office.service(tracker.get_slot(SERVICE) or "")
        words = text(
            "ask_confirm",
            when=moment_words(local(tracker.get_slot(planner.START)), today),
            office=seen.office.name,
            address=seen.office.address,
            service=_purpose(
                service.name if service else "", tracker.get_slot(planner.REASON) or ""
            ),
            initials=initials(tracker.get_slot(planner.NAME)),
            contact=masked(tracker.get_slot(planner.CONTACT)),
        )
        buttons = [("button_yes", "sì, confermo"), ("button_change", "cambio qualcosa"), _STOP]
        return _asking(words, [(text(key), payload) for key, payload in buttons])


def _purpose(service: str, reason: str) -> str:
    """The service and, in the citizen's words, what for; covered, because answers are kept."""
    if not reason or fold(reason) in fold(service):
        return service
    return text("purpose", service=service, reason=mask(reason)) if service else mask(reason)


class ActionEndAppointment(Action):
    """Say what came of it, and forget everything personal."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_end_appointment"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Word the outcome that the form left."""
        outcome = tracker.get_slot(OUTCOME)
        if outcome is None:
            # The form failed: the turn says so itself.
            return []
        send(dispatcher, _ending(outcome, current_context().clock.now().date()))
        # The form for a person may have been left for this one: it is over too.
        forgotten = [*emptied_appointment(), *emptied_form()]
        return [*forgotten, *remember(tracker, topic=TOPIC, intent="ask_urp_reception")]


def _ending(outcome: dict[str, Any], today: date) -> Reply:
    kind = outcome["kind"]
    values: dict[str, Any] = {
        key: value for key, value in outcome.items() if key in ("most", "minutes")
    }
    extras: dict[str, Any] = {}
    lines: list[str] = []
    views = outcome.get("views") or ([outcome["view"]] if "view" in outcome else [])
    if len(views) == 1:
        values |= view_words(views[0], today)
        url = current_context().appointment_link(views[0]["id"])
        if url and kind in ("booked", "moved", "shown_one"):
            address = f"{url}/calendario.ics"
            extras["file"] = {"name": "appuntamento.ics", "url": address, "type": "text/calendar"}
            lines.append(text("file_line", url=address))
    elif views:
        values["appointments"] = views_words(views, today)
    words = "\n".join([text(_text_key(kind), **values), *lines])
    return Reply(words, _STATUS_OF.get(kind, STATUS), TOPIC, (), _last_buttons(kind), extras)


def _text_key(kind: str) -> str:
    return kind if kind.startswith("code_") else f"done_{kind}"


def _last_buttons(kind: str) -> Sequence[tuple[str, str]]:
    if kind in ("cancelled", "stopped"):
        return ((text("button_book"), "Vorrei prenotare un appuntamento"),)
    if kind in ("booked", "moved", "limit"):
        return ((text("button_show"), "Vorrei vedere i miei appuntamenti"),)
    return ()


def _asking(words: str, buttons: Sequence[tuple[str, str]], **extras: Any) -> Reply:
    return Reply(words, STATUS, TOPIC, (), tuple(buttons), extras)
