"""What the assistant remembers between messages, in the one slot ``context``: topic, place, misunderstandings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.replies import Reply
from actions.statuses import CONFIRM
from knowledge.base import KnowledgeBase
from knowledge.content_files import OTHER_COMUNI

EMPTY: dict[str, Any] = {"intent": "", "topic": "", "missed": 0}


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


def topics_of(tracker: Tracker) -> list[tuple[str, float]]:
    """Topics that the classifier proposes for the last message, with probabilities."""
    ranking = (tracker.latest_message or {}).get("topic_ranking") or []
    return [(str(entry["name"]), float(entry["confidence"])) for entry in ranking]


def places_of(tracker: Tracker, knowledge: KnowledgeBase) -> frozenset[str]:
    """Municipalities in the last message by name, with their zones as "zona:…"."""
    places: set[str] = set()
    for entity in entities_of(tracker, "comune"):
        if entity.get("kind") == "comune":
            for istat in entity["ids"]:
                comune = knowledge.comuni[istat]
                places.add(comune.name)
                if comune.zone:
                    places.update({f"zona:{comune.zone}", OTHER_COMUNI})
    for entity in entities_of(tracker, "zona_omogenea"):
        places.add(f"zona:{entity['ids'][0]}")
    return frozenset(places)


def said(tracker: Tracker) -> Iterator[Reply]:
    """The assistant's recent answers, the last one first."""
    for event in reversed(tracker.events):
        if event.get("event") != "bot" or not event.get("text"):
            continue
        data = event.get("data") or {}
        custom = data.get("custom") or {}
        yield Reply(
            event["text"],
            custom.get("status", "answered"),
            custom.get("topic", ""),
            custom.get("records", ()),
            tuple((b["title"], b["payload"]) for b in data.get("buttons") or ()),
        )


def confirmation_asked(tracker: Tracker) -> str:
    """To what the last answer wants a yes or a no, "" if to nothing."""
    last = next(said(tracker), None)
    return last.topic if last is not None and last.status == CONFIRM else ""
