"""What the assistant remembers between messages, in the one slot ``context``: topic, place, misunderstandings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.replies import Reply
from actions.statuses import CONFIRM
from knowledge.base import KnowledgeBase
from knowledge.content_files import OTHER_COMUNI
from knowledge.schema import Comune
from knowledge.search.finder import Topic

_HALF: Final = 0.5
EMPTY: dict[str, Any] = {"intent": "", "topic": "", "missed": 0}
"""Besides these: ``comune`` (ISTAT code) and ``zone`` last named, ``day`` or ``weekday`` last asked about, ``data`` last asked of a
municipality, ``offers`` wanted."""


def remembered(tracker: Tracker) -> dict[str, Any]:
    """The memory of the conversation, complete with defaults."""
    return {**EMPTY, **(tracker.get_slot("context") or {})}


def remember(tracker: Tracker, **changes: Any) -> list[Any]:
    """Events that change the memory; any answer that succeeds also forgets past misunderstandings."""
    return [
        SlotSet(
            "context", {**remembered(tracker), "missed": 0, **_places_named(tracker), **changes}
        )
    ]


def day_spoken_of(tracker: Tracker) -> date | None:
    """The day that the last question about hours was about."""
    stored = remembered(tracker).get("day")
    return date.fromisoformat(stored) if stored else None


def _places_named(tracker: Tracker) -> dict[str, str]:
    """Municipality and zone of the last message, for questions that leave them out."""
    named: dict[str, str] = {}
    for entity in entities_of(tracker, "comune")[:1]:
        if entity.get("kind") == "comune":
            named = {"comune": str(entity["ids"][0]), "zone": ""}
    for entity in entities_of(tracker, "zona_omogenea")[:1]:
        named = {"comune": "", "zone": str(entity["ids"][0])}
    return named


def remembered_zone(tracker: Tracker, knowledge: KnowledgeBase) -> str:
    """The zone spoken of: named itself, or that of the municipality; "" if there is none."""
    memory = remembered(tracker)
    comune = knowledge.comuni.get(str(memory.get("comune") or ""))
    return str(memory.get("zone") or (comune.zone if comune else ""))


def remembered_places(tracker: Tracker, knowledge: KnowledgeBase) -> frozenset[str]:
    """The municipality spoken of, with its zone, as the search wants them."""
    comune = knowledge.comuni.get(str(remembered(tracker).get("comune") or ""))
    return _with_zone(comune) if comune else frozenset()


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
    places = places_of(tracker, knowledge)
    return knowledge.finder.covered(text_of(tracker), topic, places) < _HALF


def places_of(tracker: Tracker, knowledge: KnowledgeBase) -> frozenset[str]:
    """Municipalities in the last message by name, with their zones as "zona:…"."""
    return places_in((tracker.latest_message or {}).get("entities") or [], knowledge)


def places_in(entities: Sequence[dict[str, Any]], knowledge: KnowledgeBase) -> frozenset[str]:
    """Places among Rasa's entities, as the search wants them."""
    places: set[str] = set()
    for entity in (e for e in entities if e.get("entity") == "comune"):
        if entity.get("kind") == "comune":
            for istat in entity["ids"]:
                places |= _with_zone(knowledge.comuni[istat])
    for entity in (e for e in entities if e.get("entity") == "zona_omogenea"):
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


def _with_zone(comune: Comune) -> frozenset[str]:
    zone = {f"zona:{comune.zone}", OTHER_COMUNI} if comune.zone else set()
    return frozenset({comune.name, *zone})
