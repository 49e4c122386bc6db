"""Answers from records: every "what is", "who does", "how much" about services, projects, work and levels."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import (
    entities_of,
    remembered,
    topics_of,
)
from actions.findings import answer_by_search
from actions.follow_up import answer_follow_up, continues, taken_up
from actions.opening_hours import TOPIC as HOURS_TOPIC
from actions.opening_hours import answer_hours
from actions.places import answer_comuni_of_zone


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
        leaning = taken_up(dispatcher, tracker)
        if leaning is not None:
            return leaning
        if entities_of(tracker, "zona_omogenea") and topics and topics[0][0] == "zone-elenco":
            return answer_comuni_of_zone(dispatcher, tracker)
        return answer_by_search(dispatcher, tracker)


class ActionUrpHours(Action):
    """Say when the numero verde answers and how the desk receives."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_urp_hours"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Answer for the day that the question names, or for the office spoken of before."""
        record = current_context().knowledge.record(remembered(tracker)["topic"])
        has_hours = record is not None and any(fact.facet == "hours" for fact in record.facts)
        if has_hours and record and record.id != HOURS_TOPIC and continues(tracker):
            return answer_follow_up(dispatcher, tracker)
        return answer_hours(dispatcher, tracker)
