"""Answers from records: every "what is", "who does", "how much" about services, projects, work and levels."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import (
    entities_of,
    intent_of,
    places_of,
    remember,
    text_of,
    topics_of,
)
from actions.elsewhere import not_ours
from actions.findings import answer_finding
from actions.focus import Heard
from actions.follow_up import completed, contacts_of_urp
from actions.hours_dialogue import TOPIC as HOURS_TOPIC
from actions.hours_dialogue import answer_hours
from actions.office_hours import hours_of_record
from actions.places import about_places, answer_comuni_of_zone, answer_places
from actions.replies import send


class ActionAnswer(Action):
    """Answer a question from the knowledge, ask which of two topics is meant, or admit not to know."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Find and answer."""
        topics = topics_of(tracker)
        if about_places(tracker, intent_of(tracker)):
            return answer_places(dispatcher, tracker)
        if entities_of(tracker, "zona_omogenea") and topics and topics[0][0] == "zone-elenco":
            return answer_comuni_of_zone(dispatcher, tracker)
        knowledge, now = current_context().knowledge, current_context().clock.now()
        places = places_of(tracker, knowledge)
        heard = Heard.from_parse(tracker.latest_message or {}, now.date())
        question = completed(tracker, heard)
        finding = knowledge.finder.find(question, topics, places=places)
        contacts = contacts_of_urp(finding.record, heard)
        if contacts is not None:
            finding = knowledge.finder.find(question, topics, within=contacts.id, places=places)
        if finding.record is not None and finding.record.id == HOURS_TOPIC and heard.names_days:
            return answer_hours(dispatcher, tracker)
        if finding.outcome in ("found", "partial") and finding.record is not None:
            elsewhere = not_ours(tracker, finding.record)
            if elsewhere is not None:
                send(dispatcher, elsewhere)
                return remember(tracker, intent=intent_of(tracker), topic=finding.record.id)
            hours = hours_of_record(knowledge, finding.record, text_of(tracker), now)
            if hours is not None:
                send(dispatcher, hours)
                return remember(tracker, intent=intent_of(tracker), topic=finding.record.id)
        return answer_finding(dispatcher, tracker, knowledge, finding)
