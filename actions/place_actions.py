"""Actions about places: first whether the message only leans on what was spoken of before, then the place itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import asks_something_else, entities_of, text_of
from actions.findings import answer_by_search
from actions.follow_up import taken_up
from actions.offers import answer_offers
from actions.places import (
    COMUNI_TOPIC,
    DATA_TOPIC,
    ZONE_TOPIC,
    answer_comune_data,
    answer_comuni_of_zone,
    answer_zone_of_comune,
)
from knowledge.text import words


class _PlaceAnswer:
    """What the three have in common (no action itself: rasa_sdk registers every subclass of Action)."""

    topic: str
    answer: Callable[[CollectingDispatcher, Tracker], list[Any]]

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Answer about the places named, unless something else is meant."""
        leaning = taken_up(dispatcher, tracker)
        if leaning is not None:
            return leaning
        if entities_of(tracker, "mestiere") and "zona" not in words(text_of(tracker)):
            return answer_offers(dispatcher, tracker, refine=False)
        if asks_something_else(tracker, current_context().knowledge, self.topic):
            return answer_by_search(dispatcher, tracker)
        return type(self).answer(dispatcher, tracker)


class ActionZoneOfComune(_PlaceAnswer, Action):
    """Say in which zone a municipality is."""

    topic = ZONE_TOPIC
    answer = staticmethod(answer_zone_of_comune)

    def name(self) -> str:
        """Name in the domain."""
        return "action_zone_of_comune"


class ActionComuniOfZone(_PlaceAnswer, Action):
    """List the municipalities of a zone."""

    topic = COMUNI_TOPIC
    answer = staticmethod(answer_comuni_of_zone)

    def name(self) -> str:
        """Name in the domain."""
        return "action_comuni_of_zone"


class ActionComuneData(_PlaceAnswer, Action):
    """Give population, postal code and codes of a municipality."""

    topic = DATA_TOPIC
    answer = staticmethod(answer_comune_data)

    def name(self) -> str:
        """Name in the domain."""
        return "action_comune_data"
