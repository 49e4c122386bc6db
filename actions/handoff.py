"""Asking for a person: the request is queued at once, and the truth is told about when somebody reads it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import remember, remembered
from actions.opening_hours import PHONE, next_phone_opening
from actions.replies import Reply, clock_time, send
from actions.texts import text
from bot.storage import handoffs, ownership
from knowledge.hours import OpeningHours

FORM: Final = "handoff_form"
_SLOTS: Final = ("handoff_message", "handoff_contact", "handoff_tries")
TOPIC: Final = "persona"

ASKED: Final = "asked"
NOT_UNDERSTOOD: Final = "not_understood"
"""Reasons of a request, as staff see them."""

_CONTACTS: Final = ("Contatti dell'URP", "Come posso contattare l'URP?")
_HOURS: Final = ("Orari dell'URP", "Quali sono gli orari dell'URP?")
_NOT_NEEDED: Final = ("Non mi serve più", "Non mi serve più una persona")


def somebody_reads(hours: OpeningHours, now: datetime) -> str:
    """When a person of the office reads requests: now, or from the next opening on."""
    closes = hours.closes_at(PHONE, now)
    if closes is not None:
        return text("person_reads_now", closes=clock_time(closes))
    following = next_phone_opening(hours, now)
    if following is None:
        return text("person_reads_some_time")
    return text("person_reads_later", day=following[0], opens=following[1])


def queue_notice(hours: OpeningHours, now: datetime, place: int) -> str:
    """What the assistant adds to its answers while the citizen waits for a person."""
    return text("person_still_queued", place=place, when=somebody_reads(hours, now))


class ActionRequestPerson(Action):
    """Queue the request for a person; while the office is closed, offer to leave a message and a contact."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_request_person"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Say the place in the queue and when somebody reads."""
        context = current_context()
        if not context.has_database:
            return _by_telephone(dispatcher, tracker)
        hours, now = context.knowledge.hours, context.clock.now()
        place = await context.read(
            partial(ownership.place_in_queue, conversation_id=context.conversation_id)
        )
        waits = context.owner == ownership.WAITING
        key = "person_already_queued" if waits else "person_queued"
        answer = text(key, place=place, when=somebody_reads(hours, now))
        send(dispatcher, Reply(answer, "handed_off", TOPIC, (), (_NOT_NEEDED, _CONTACTS)))
        events = remember(tracker)
        if not waits:
            reason = NOT_UNDERSTOOD if int(remembered(tracker)["missed"]) >= 2 else ASKED
            unit = partial(
                ownership.request_person,
                conversation_id=context.conversation_id,
                reason=reason,
                now=context.clock.utc(),
            )
            context.at_commit.append(unit)
            if not hours.is_open(PHONE, now) and not tracker.active_loop:
                events.append(FollowupAction(FORM))
        return events


def _by_telephone(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Without a conversation that staff could find (stock Rasa commands): the telephone."""
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
    answer = text("person", when=when)
    reply = Reply(answer, "handed_off", TOPIC, ("urp-contatti",), (_CONTACTS, _HOURS))
    send(dispatcher, reply)
    return remember(tracker, topic="urp-contatti", intent="request_operator")


class ActionSubmitHandoff(Action):
    """Add message and contact to the request; they leave the dialogue state at once."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_submit_handoff"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Store what was left, if anything."""
        context = current_context()
        message = tracker.get_slot("handoff_message") or None
        contact = tracker.get_slot("handoff_contact") or None
        if context.has_database and (message or contact):
            unit = partial(
                handoffs.save_request,
                conversation_id=context.conversation_id,
                message=message,
                contact=contact,
                now=context.clock.utc(),
            )
            context.at_commit.append(unit)
        when = somebody_reads(context.knowledge.hours, context.clock.now())
        key = "handoff_saved" if message or contact else "handoff_nothing_left"
        send(dispatcher, Reply(text(key, when=when), "handed_off", TOPIC))
        return [*emptied_form(), *remember(tracker)]


class ActionWithdrawPerson(Action):
    """Take the request out of the queue: the citizen needs no person any more."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_withdraw_person"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Leave the queue; what was left in the form is forgotten."""
        context = current_context()
        if context.owner == ownership.WAITING:
            unit = partial(
                ownership.withdraw_request,
                conversation_id=context.conversation_id,
                now=context.clock.utc(),
            )
            context.at_commit.append(unit)
            # "handed_off" would be untrue, and a word about the queue too.
            send(dispatcher, Reply(text("person_withdrawn"), "withdrawn", TOPIC))
        else:
            send(dispatcher, Reply(text("person_not_queued"), "small_talk", TOPIC))
        return [*emptied_form(), *remember(tracker)]


def emptied_form() -> list[Any]:
    """Events that make the form forget what was left in it."""
    return [SlotSet(name, None) for name in _SLOTS]
