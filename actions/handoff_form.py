"""What is left for the office while it is closed: a message and a contact, both free to decline.

A form must not swallow questions: what is plainly a question to the assistant is answered, and the form asks again.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final, Literal

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction

from actions.conversation_state import confirmation_asked, intent_of, text_of
from actions.handoff import TOPIC
from actions.replies import Reply, send
from actions.texts import text
from bot.appointments.contacts import Invalid, contact_span, parsed_contact
from bot.masking import mask_codes
from knowledge.text import words

MESSAGE_MAX_CHARS: Final = 1_000
_TRIES: Final = 3
_NO_MESSAGE: Final = {"title": "No, va bene così", "payload": "no, va bene così"}
_NO_CONTACT: Final = {"title": "No, rispondete qui", "payload": "no, rispondete qui"}
_MESSAGE_FIELD: Final = {"name": "message", "type": "textarea", "label": "Messaggio per l'ufficio"}
_CONTACT_FIELD: Final = {"name": "contact", "type": "text", "label": "E-mail o telefono"}
_SURE: Final = 0.6
_SURE_WITH_MARK: Final = 0.4
"""Confidence from which a text is a question to the assistant, lower where it ends with a question mark."""

_SHORT_QUESTION: Final = 8
"""A longer text, even if it is a question, is something to be read by a person."""

Move = Literal["value", "declined", "again", "question", "why"]

_NEVER_A_MESSAGE: Final = frozenset(
    [
        "request_operator",
        "withdraw_person",
        "report_danger",
        "erase_my_data",
        "export_my_data",
        "ask_repeat",
        "ask_privacy",
        "ask_identity",
        "ask_capabilities",
        "report_wrong_information",
    ]
)
_QUESTIONS: Final = frozenset(
    [
        "ask_zones",
        "ask_metro_city",
        "ask_zone_of_comune",
        "ask_comuni_of_zone",
        "ask_comune",
        "ask_service",
        "ask_project",
        "ask_governance",
        "ask_other_body",
        "ask_urp_hours",
        "ask_urp_contacts",
        "ask_urp_reception",
        "ask_work",
        "search_job_offers",
        "follow_up",
        "book_appointment",
        "move_appointment",
        "cancel_appointment",
        "show_appointment",
    ]
)
_DECLINES: Final = frozenset({"deny", "goodbye", "thank"})
_NO: Final = re.compile(
    r"^(?:no\b.{0,40}|niente|nessuno|salta|basta|annulla|lascia (?:stare|perdere)|preferisco di no|non (?:voglio|ce l ho|ne ho)\b.{0,30})$"
)
_WHY: Final = re.compile(
    r"^(?:e |ma |scusa )?(?:perche|a cosa|a che cosa|per cosa|come mai) (?:\w+ ){0,2}(?:serv\w+|volete|vuoi|chied\w+|dare|devo)\b.{0,40}$"
)


def message_move(said: str, intent: str, confidence: float) -> Move:
    """What a text means when a message for the office was asked for (pure)."""
    spoken = words(said)
    if _WHY.search(" ".join(spoken)):
        return "why"
    is_sure = _is_sure(said, confidence)
    if intent in _NEVER_A_MESSAGE and is_sure:
        return "question"
    if _NO.match(" ".join(spoken)) or (intent in _DECLINES and len(spoken) <= _SHORT_QUESTION):
        return "declined"
    if intent in ("affirm", "greet") and len(spoken) <= 3:
        return "again"
    is_short = len(spoken) <= _SHORT_QUESTION
    if intent in _QUESTIONS and is_sure and is_short:
        return "question"
    return "value"


def contact_move(said: str, intent: str, confidence: float) -> Move:
    """What a text means when a contact was asked for (pure)."""
    if contact_span(said) is not None:
        return "value"
    spoken = words(said)
    if _WHY.search(" ".join(spoken)):
        return "why"
    if _NO.match(" ".join(spoken)) or intent in _DECLINES:
        return "declined"
    if intent in _NEVER_A_MESSAGE | _QUESTIONS and _is_sure(said, confidence):
        return "question"
    if intent in ("affirm", "greet"):
        return "again"
    return "value"


def _is_sure(said: str, confidence: float) -> bool:
    return confidence >= (_SURE_WITH_MARK if said.rstrip().endswith("?") else _SURE)


def contact_in(said: str) -> str:
    """The part of a sentence that looks like a contact, or the whole of it."""
    span = contact_span(said)
    return said[slice(*span)] if span else said


class ValidateHandoffForm(FormValidationAction):
    """Reads and checks message and contact."""

    def name(self) -> str:
        """Name in the domain."""
        return "validate_handoff_form"

    def domain_slots(self, domain: dict[str, Any]) -> list[str]:
        """The slots of the form; the domain is not sent to actions of this process."""
        return ["handoff_message", "handoff_contact"]

    def extract_handoff_message(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The message, "" if declined, nothing if this was a question."""
        if tracker.get_slot("requested_slot") != "handoff_message":
            return {}
        move = _move(tracker, message_move)
        if move == "value":
            return _message_slots(text_of(tracker).strip()[:MESSAGE_MAX_CHARS])
        slots = _other(move, "handoff_message", dispatcher, tracker)
        if slots.get("handoff_message") == "":
            # Who has nothing to say is not asked where to answer.
            slots["handoff_contact"] = ""
        return slots

    def extract_handoff_contact(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The contact, "" if declined, nothing if this was a question."""
        if tracker.get_slot("requested_slot") != "handoff_contact":
            return {}
        move = _move(tracker, contact_move)
        if move == "value":
            return {"handoff_contact": contact_in(text_of(tracker))}
        return _other(move, "handoff_contact", dispatcher, tracker)

    def validate_handoff_message(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Any text is a message."""
        return {"handoff_message": value}

    def validate_handoff_contact(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """An address or a number that can be used; the third bad one is let go."""
        if not value:
            return {"handoff_contact": value}
        try:
            return {"handoff_contact": parsed_contact(str(value)).value}
        except Invalid as error:
            given_up = _other("again", "handoff_contact", dispatcher, tracker)
            if given_up["handoff_contact"] is None:
                kind = "phone" if error.problem.startswith("phone") else "email"
                send(dispatcher, Reply(text(f"handoff_bad_{kind}"), "handed_off", TOPIC))
            return given_up


def _message_slots(message: str) -> dict[str, Any]:
    """The message without codes that nobody needs; a contact written in it is not asked again."""
    slots: dict[str, Any] = {"handoff_message": mask_codes(message)}
    span = contact_span(message)
    if span is not None:
        with suppress(Invalid):
            slots["handoff_contact"] = parsed_contact(message[slice(*span)]).value
    return slots


def _move(tracker: Tracker, decide: Any) -> Move:
    if confirmation_asked(tracker):
        # "Sì" answers the question about erasing, not the form.
        return "question"
    confidence = float(((tracker.latest_message or {}).get("intent") or {}).get("confidence") or 0)
    move: Move = decide(text_of(tracker), intent_of(tracker), confidence)
    return move


def _other(
    move: Move, slot: str, dispatcher: CollectingDispatcher, tracker: Tracker
) -> dict[str, Any]:
    """Slots after a text that was no value; asking stops after the third time."""
    if move == "question":
        return {}
    if move == "why":
        send(dispatcher, Reply(text("handoff_why"), "handed_off", TOPIC))
        return {slot: None}
    if move == "declined":
        return {slot: "", "handoff_tries": 0}
    tries = int(tracker.get_slot("handoff_tries") or 0) + 1
    return {slot: "" if tries >= _TRIES else None, "handoff_tries": tries}


class ActionAskHandoffMessage(Action):
    """Ask for the message; Rasa finds this question of the form by its name."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_handoff_form_handoff_message"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Ask."""
        _ask(dispatcher, "handoff_ask_message", _NO_MESSAGE, _MESSAGE_FIELD)
        return []


class ActionAskHandoffContact(Action):
    """Ask for the contact; Rasa finds this question of the form by its name."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_handoff_form_handoff_contact"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Ask."""
        _ask(dispatcher, "handoff_ask_contact", _NO_CONTACT, _CONTACT_FIELD)
        return []


def _ask(
    dispatcher: CollectingDispatcher, key: str, button: dict[str, str], field: dict[str, str]
) -> None:
    """A question with the button that declines it and, for the widget, the kind of field."""
    custom = {"status": "handed_off", "topic": TOPIC, "records": [], "field": field}
    dispatcher.utter_message(text=text(key), buttons=[button], json_message=custom)
