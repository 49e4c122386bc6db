"""Questions that take up what was spoken of before: "e Rho?", "e il venerdì?", "mi dai il telefono?"."""

from __future__ import annotations

from typing import Any, Final

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.appointment_state import FORM
from actions.asked_days import asked_days
from actions.context import current_context
from actions.conversation_state import (
    places_of,
    remember,
    remembered,
    remembered_places,
    topics_of,
)
from actions.findings import answer_finding
from actions.focus import Heard, covers
from actions.hours_dialogue import TOPIC as HOURS_TOPIC
from actions.hours_dialogue import answer_hours
from actions.misunderstandings import not_understood
from actions.offers import answer_offers
from actions.places import PLACE_INTENTS, answer_place_follow_up
from actions.replies import Reply, send
from actions.texts import text
from knowledge.danger import DANGERS
from knowledge.schema import Record

_HELP: Final = ("Che cosa sai fare?", "Che cosa sai fare?")
_HOURS: Final = ("Orari dell'URP", "Quali sono gli orari dell'URP?")
_SIDES: Final = {
    "hours": "orari",
    "contacts": "contatti",
    "cost": "costo",
    "time": "tempi",
    "where": "indirizzo",
    "needed": "documenti",
}
"""A word that asks for each side of a topic."""

_URP: Final = "urp-"
_URP_CONTACTS: Final = "urp-contatti"
_URP_APPOINTMENT: Final = "urp-appuntamento"


def answer_follow_up(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Continue the open topic with what this message adds."""
    context = current_context()
    memory = remembered(tracker)
    topic = str(memory["topic"]) or _topic_of_form(tracker)
    heard = Heard.from_parse(tracker.latest_message or {}, context.clock.now().date())
    if topic in DANGERS:
        send(dispatcher, Reply(text("danger_again"), "crisis", topic))
        return remember(tracker)
    if memory["intent"] == "search_job_offers":
        return answer_offers(dispatcher, tracker, refine=True)
    record = context.knowledge.record(topic)
    own = heard.subject and not heard.only_pronouns and not heard.places
    if own and not covers(record, heard.subject):
        return _on_its_own(dispatcher, tracker, heard, record)
    asks_hours = heard.names_days or heard.has("quando") or "hours" in heard.facets
    if topic.startswith(_URP) and asks_hours:
        return answer_hours(dispatcher, tracker)
    if memory["intent"] in PLACE_INTENTS:
        return answer_place_follow_up(dispatcher, tracker)
    if record is not None:
        return _within(dispatcher, tracker, heard, record)
    if heard.places:
        return answer_place_follow_up(dispatcher, tracker)
    if asked_days(heard.text, heard.today):
        return answer_hours(dispatcher, tracker)
    send(dispatcher, Reply(text("follow_up_lost"), "ambiguous", "", (), (_HELP, _HOURS)))
    return remember(tracker)


def _topic_of_form(tracker: Tracker) -> str:
    """What is spoken of where nothing was asked yet but an appointment is being made."""
    return _URP_APPOINTMENT if (tracker.active_loop or {}).get("name") == FORM else ""


def completed(tracker: Tracker, heard: Heard) -> str:
    """The question, with the side of the last topic that "e dell'ufficio protocollo?" leaves out."""
    before = remembered(tracker).get("facets") or []
    carries_on = heard.facets == [] and heard.plain.startswith(("e ", "ed ", "invece "))
    return " ".join([heard.text, *(_SIDES.get(side, "") for side in before if carries_on)]).strip()


def contacts_of_urp(record: Record | None, heard: Heard) -> Record | None:
    """The record of the URP's contacts, if its hours or its reception were found and its place or contacts asked."""
    asked = {"contacts", "where"} & set(heard.facets)
    if record is None or record.id not in (HOURS_TOPIC, _URP_APPOINTMENT) or not asked:
        return None
    return current_context().knowledge.record(_URP_CONTACTS)


def _within(
    dispatcher: CollectingDispatcher, tracker: Tracker, heard: Heard, record: Record
) -> list[Any]:
    """Answer from the open topic, for the place spoken of."""
    knowledge = current_context().knowledge
    record = contacts_of_urp(record, heard) or record
    places = places_of(tracker, knowledge) or remembered_places(tracker, knowledge)
    finding = knowledge.finder.find(heard.text, topics_of(tracker), within=record.id, places=places)
    return answer_finding(dispatcher, tracker, knowledge, finding)


def _on_its_own(
    dispatcher: CollectingDispatcher, tracker: Tracker, heard: Heard, record: Record | None
) -> list[Any]:
    """A message that sounds like a continuation but brings words that the open topic does not know."""
    knowledge = current_context().knowledge
    topics, places = topics_of(tracker), places_of(tracker, knowledge)
    finding = knowledge.finder.find(completed(tracker, heard), topics, places=places)
    if finding.outcome in ("found", "partial") and covers(finding.record, heard.subject):
        return answer_finding(dispatcher, tracker, knowledge, finding)
    if record is not None:
        within = knowledge.finder.find(heard.text, topics, within=record.id, places=places)
        if within.facts:
            return answer_finding(dispatcher, tracker, knowledge, within)
    return not_understood(dispatcher, tracker, finding.near)
