"""What the assistant remembers between messages, in the one slot ``context``: topic, place, misunderstandings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from knowledge.base import KnowledgeBase
from knowledge.content_files import OTHER_COMUNI
from knowledge.search.finder import Topic

_FOREIGN: Final = 0.3
"""Share of known words below which a message is about something else."""

_CERTAIN: Final = 0.95
EMPTY: dict[str, Any] = {
    "intent": "",
    "topic": "",
    "missed": 0,
    "asked": [],
    "facet": "",
    "places": [],
}


def remembered(tracker: Tracker) -> dict[str, Any]:
    """The memory of the conversation, complete with defaults."""
    return {**EMPTY, **(tracker.get_slot("context") or {})}


def remember(tracker: Tracker, **changes: Any) -> list[Any]:
    """Events that change the memory; any answer that succeeds also forgets past misunderstandings."""
    return [SlotSet("context", {**remembered(tracker), "missed": 0, **changes})]


def intent_of(tracker: Tracker) -> str:
    """Name of the last message's intent."""
    return str(((tracker.latest_message or {}).get("intent") or {}).get("name") or "")


def text_of(tracker: Tracker) -> str:
    """Text of the last message."""
    return str((tracker.latest_message or {}).get("text") or "")


def entities_of(tracker: Tracker, name: str) -> list[dict[str, Any]]:
    """Entities of one name in the last message, in order."""
    entities = (tracker.latest_message or {}).get("entities") or []
    return [entity for entity in entities if entity.get("entity") == name]


def topics_of(tracker: Tracker) -> list[Topic]:
    """Topics that the classifier proposes for the last message, with probabilities."""
    return topics_in(tracker.latest_message or {})


def topics_in(parsed: Mapping[str, Any]) -> list[Topic]:
    """Topics in Rasa's parse result."""
    ranking = parsed.get("topic_ranking") or []
    return [
        Topic(str(entry["name"]), float(entry["confidence"]), float(entry.get("learnt", 0.0)))
        for entry in ranking
    ]


def asks_something_else(tracker: Tracker, knowledge: KnowledgeBase, record_id: str) -> bool:
    """Whether most words of the message are foreign to a topic that an action answers without searching."""
    topic = next((t for t in topics_of(tracker) if t.name == record_id), Topic(record_id, 0.0))
    if topic.probability >= _CERTAIN:
        return False
    places = places_of(tracker, knowledge)
    return knowledge.finder.covered(text_of(tracker), topic, places) < _FOREIGN


def places_of(tracker: Tracker, knowledge: KnowledgeBase) -> frozenset[str]:
    """Municipalities in the last message by name, with their zones as "zona:…"."""
    return places_in((tracker.latest_message or {}).get("entities") or [], knowledge)


def places_in(entities: Sequence[dict[str, Any]], knowledge: KnowledgeBase) -> frozenset[str]:
    """Places among Rasa's entities, as the search wants them."""
    places: set[str] = set()
    for entity in (e for e in entities if e.get("entity") == "comune"):
        if entity.get("kind") == "comune":
            for istat in entity["ids"]:
                comune = knowledge.comuni[istat]
                places.add(comune.name)
                if comune.zone:
                    places.update({f"zona:{comune.zone}", OTHER_COMUNI})
    for entity in (e for e in entities if e.get("entity") == "zona_omogenea"):
        places.add(f"zona:{entity['ids'][0]}")
    return frozenset(places)
