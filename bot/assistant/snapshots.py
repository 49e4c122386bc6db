"""Dialogue state that costs the same at message 2 and at message 200.

A snapshot holds the state at a cut point (slots, active form) and the events since, cut only at an
``action_listen``. Rebuilding replays those few events, so every policy sees what it would have seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.limits import LIVE_TURNS, SNAPSHOT_TURNS

_FORMAT: Final = 1
_KEPT_ENTITY_KEYS: Final = ("entity", "value", "ids", "kind", "role", "group")


@dataclass
class LiveDialogue:
    """A tracker in memory with the state from which its events begin."""

    tracker: DialogueStateTracker
    base: dict[str, Any]


def new_dialogue(sender_id: str, domain: Domain) -> LiveDialogue:
    """A conversation that is listening to its first message."""
    return _rebuild(sender_id, domain, {"slots": {}, "loop": None}, [])


def restore(sender_id: str, domain: Domain, snapshot: str | None) -> LiveDialogue:
    """Rebuild a dialogue from what `snapshot_of` returned, on any model: unknown slots and forms are dropped."""
    if snapshot is None:
        return new_dialogue(sender_id, domain)
    data = json.loads(snapshot)
    events = [event for event in map(Event.from_parameters, data["events"]) if event is not None]
    return _rebuild(sender_id, domain, data["base"], events)


def snapshot_of(dialogue: LiveDialogue) -> str:
    """JSON of the state, to be stored with the answers of the turn."""
    events = [_event_dict(event) for event in _since_base(dialogue.tracker)]
    return json.dumps(
        {"format": _FORMAT, "base": dialogue.base, "events": events},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def pruned(dialogue: LiveDialogue, domain: Domain) -> LiveDialogue:
    """The same dialogue with fewer events, once it has grown past LIVE_TURNS."""
    events = _since_base(dialogue.tracker)
    cuts = [i for i, event in enumerate(events) if _listens(event)]
    if len(cuts) <= LIVE_TURNS:
        return dialogue
    cut = cuts[-1 - SNAPSHOT_TURNS] + 1
    sender_id = dialogue.tracker.sender_id
    until_cut = _rebuild(sender_id, domain, dialogue.base, events[:cut]).tracker
    return _rebuild(sender_id, domain, _state(until_cut), events[cut:])


def mask_messages(dialogue: LiveDialogue, masked: dict[str, str]) -> None:
    """Replace the citizen's raw texts in the live events by their masked form."""
    for event in dialogue.tracker.events:
        if isinstance(event, UserUttered) and event.text in masked:
            event.text = masked[event.text]
            if event.parse_data:
                event.parse_data["text"] = event.text


def forget_cleared(dialogue: LiveDialogue) -> None:
    """Remove the values of slots that are empty now from the events and the state before them.

    What a form has collected and given away must not stay in what is stored. Only slots that no prediction looks at.
    """
    slots = dialogue.tracker.slots
    empty = {
        name
        for name, slot in slots.items()
        if slot.value is None and not slot.influence_conversation
    }
    for name in empty & dialogue.base["slots"].keys():
        del dialogue.base["slots"][name]
    for event in dialogue.tracker.events:
        if isinstance(event, SlotSet) and event.key in empty:
            event.value = None


def _rebuild(
    sender_id: str, domain: Domain, base: dict[str, Any], events: list[Event]
) -> LiveDialogue:
    tracker = DialogueStateTracker(sender_id, domain.slots)
    known = {slot.name for slot in domain.slots}
    base = {"slots": {k: v for k, v in base["slots"].items() if k in known}, "loop": base["loop"]}
    loop = base["loop"]
    if loop and loop["name"] not in domain.form_names:
        base["loop"] = loop = None
    tracker.update_with_events([SlotSet(k, v) for k, v in base["slots"].items()], domain)
    if loop:
        tracker.update(ActiveLoop(loop["name"]), domain)
        if loop.get("interrupted"):
            tracker.update(LoopInterrupted(True), domain)
        if loop.get("rejected"):
            tracker.update(ActionExecutionRejected(loop["name"]), domain)
    tracker.update(ActionExecuted(ACTION_LISTEN_NAME), domain)
    for event in events:
        if isinstance(event, SlotSet) and event.key not in known:
            continue
        tracker.update(event, domain)
    return LiveDialogue(tracker, base)


def _state(tracker: DialogueStateTracker) -> dict[str, Any]:
    slots = {
        name: value for name, value in tracker.current_slot_values().items() if value is not None
    }
    loop = None
    if tracker.active_loop_name:
        loop = {
            "name": tracker.active_loop_name,
            "interrupted": bool(tracker.active_loop and tracker.active_loop.is_interrupted),
            "rejected": tracker.is_active_loop_rejected,
        }
    return {"slots": slots, "loop": loop}


def _since_base(tracker: DialogueStateTracker) -> list[Event]:
    """Events after the artificial ones that `_rebuild` puts first."""
    events = list(tracker.events)
    first_listen = next(i for i, event in enumerate(events) if _listens(event))
    return events[first_listen + 1 :]


def _listens(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME


def _event_dict(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = event.as_dict()
    if isinstance(event, UserUttered):
        entities = [
            {key: entity[key] for key in _KEPT_ENTITY_KEYS if key in entity}
            for entity in event.entities
        ]
        intent = dict(event.intent or {})
        data["parse_data"] = {"text": event.text, "intent": intent, "entities": entities}
        data.pop("metadata", None)
    return data
