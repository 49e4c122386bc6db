"""Moves of the conversation itself: follow-ups, repeating, not understanding, persons, appointments, data."""

from __future__ import annotations

from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import (
    entities_of,
    intent_of,
    places_of,
    remember,
    remembered,
    text_of,
    topics_of,
)
from actions.findings import answer_finding
from actions.follow_up import answer_follow_up, taken_up
from actions.offers import refines_offers
from actions.opening_hours import PHONE, next_phone_opening
from actions.replies import Reply, clock_time, send
from actions.texts import text

_PERSON: Final = ("Parla con una persona", "Vorrei parlare con un operatore")
_HELP: Final = ("Che cosa sai fare?", "Che cosa sai fare?")
_HOURS: Final = ("Orari dell'URP", "Quali sono gli orari dell'URP?")
_CONTACTS: Final = ("Contatti dell'URP", "Come posso contattare l'URP?")


class ActionFollowUp(Action):
    """Answer an elliptical question ("e Rho?", "e il venerdì?", "e quanto costa?") from what came before."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_follow_up"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Take up the last topic with what this message adds."""
        leaning = taken_up(dispatcher, tracker)
        return answer_follow_up(dispatcher, tracker) if leaning is None else leaning


class ActionNotUnderstood(Action):
    """Ask for other words; the second time in a row offer a person and the numero verde."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_not_understood"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Search once more by words, then admit it."""
        knowledge = current_context().knowledge
        leaning = taken_up(dispatcher, tracker)
        if leaning is not None:
            return leaning
        finding = knowledge.finder.find(
            text_of(tracker), topics_of(tracker), places=places_of(tracker, knowledge)
        )
        if finding.outcome != "weak":
            return answer_finding(dispatcher, tracker, knowledge, finding)
        memory = remembered(tracker)
        missed = int(memory["missed"]) + 1
        if missed >= 2:
            reply = Reply(text("not_understood_again"), "not_found", "", (), (_PERSON, _CONTACTS))
        else:
            near = tuple((record.title, record.question) for record in finding.near[:2])
            reply = Reply(text("not_understood"), "not_found", "", (), (*near, _HELP))
        send(dispatcher, reply)
        return [SlotSet("context", {**memory, "missed": missed})]


class ActionOffTopic(Action):
    """Say kindly that this is not the office's matter."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_off_topic"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Decline, and count it as a misunderstanding: two in a row offer a person."""
        leaning = taken_up(dispatcher, tracker) if entities_of(tracker, "comune") else None
        if leaning is not None:
            return leaning
        memory = remembered(tracker)
        missed = int(memory["missed"]) + 1
        buttons = (_PERSON, _CONTACTS) if missed >= 2 else (_HELP, _HOURS)
        answer = text("off_topic")
        if missed >= 2:
            answer += " " + text("not_understood_again").partition(". ")[2]
        send(dispatcher, Reply(answer, "out_of_scope", "off-topic", (), buttons))
        return [SlotSet("context", {**memory, "missed": missed})]


class ActionRepeat(Action):
    """Say the last answer again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_repeat"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Find the last answer among the recent events; "ancora" about offers and corrections are no repetition."""
        leaning = taken_up(dispatcher, tracker) if _asks_for_more(tracker) else None
        if leaning is not None:
            return leaning
        for event in reversed(tracker.events):
            if event.get("event") != "bot" or not event.get("text"):
                continue
            data = event.get("data") or {}
            custom = data.get("custom") or {}
            buttons = tuple((b["title"], b["payload"]) for b in data.get("buttons") or ())
            reply = Reply(
                event["text"],
                custom.get("status", "answered"),
                custom.get("topic", ""),
                custom.get("records", ()),
                buttons,
            )
            send(dispatcher, reply)
            return []
        send(dispatcher, Reply(text("nothing_to_repeat"), "small_talk", "ask_repeat"))
        return []


def _asks_for_more(tracker: Tracker) -> bool:
    return refines_offers(tracker) or bool(entities_of(tracker, "comune"))


class ActionRequestPerson(Action):
    """Offer a person: the telephone now if it answers, else when it will."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_request_person"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Say when a person answers."""
        context = current_context()
        hours, now = context.knowledge.hours, context.clock.now()
        closes = hours.closes_at(PHONE, now)
        when = ""
        if closes is not None:
            when = text("person_open", closes=clock_time(closes))
        else:
            following = next_phone_opening(hours, now)
            if following:
                when = text("person_closed", day=following[0], opens=following[1])
        reply = Reply(
            text("person", when=when),
            "handed_off",
            "persona",
            ("urp-contatti",),
            (_CONTACTS, _HOURS),
        )
        send(dispatcher, reply)
        return remember(tracker, topic="urp-contatti", intent="request_operator")


class ActionAppointment(Action):
    """Tell how to book, see, move or cancel an appointment."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_appointment"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Explain the way that is open today."""
        what = {
            "move_appointment": "spostare",
            "cancel_appointment": "disdire",
            "show_appointment": "controllare",
        }.get(intent_of(tracker))
        answer = text("appointment_change", what=what) if what else text("appointment_book")
        send(
            dispatcher,
            Reply(
                answer, "answered", "urp-appuntamento", ("urp-appuntamento",), (_HOURS, _CONTACTS)
            ),
        )
        return remember(tracker, topic="urp-appuntamento", intent="ask_urp_reception")


class ActionPersonalData(Action):
    """Answer requests to erase or export one's data."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_personal_data"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Say how it is done today."""
        key = "erase_pending" if intent_of(tracker) == "erase_my_data" else "export_pending"
        send(dispatcher, Reply(text(key), "answered", "privacy", (), (_CONTACTS,)))
        return remember(tracker)


class ActionDanger(Action):
    """Give the emergency numbers at once, before anything else."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_danger"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Choose the text by the kind of danger; when unsure, the one with every number."""
        kinds = [
            topic.name
            for topic in topics_of(tracker)
            if topic.name in _DANGERS and topic.probability > _LIKELY_DANGER
        ]
        kind = kinds[0] if kinds else "emergenza"
        send(dispatcher, Reply(text(_DANGERS[kind]), "crisis", kind))
        return remember(tracker)


_LIKELY_DANGER: Final = 0.2
_DANGERS: Final = {
    "violenza-donne": "danger_violenza_donne",
    "suicidio": "danger_suicidio",
    "emergenza": "danger_emergenza",
}
