"""The hand-off card: what the citizen wanted, what was understood, what was answered and why it was not enough."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.masking import mask
from bot.storage.transcript import CITIZEN, Message

FAILURES: Final = frozenset({"not_found", "ambiguous", "out_of_scope", "to_confirm", "fault"})
"""Status of answers that leave the citizen without what they wanted."""

_LAST_ANSWERS: Final = 4
_LAST_QUESTIONS: Final = 3
_ABOUT_THE_REQUEST: Final = frozenset({"request_operator", "withdraw_person"})
"""Intents that say that a person is wanted, not what for."""

SHOWN_SLOTS: Final = ("comune", "appointment_service", "appointment_office", "appointment_start", "appointment_name",
                      "appointment_reason", "handoff_message")  # fmt: skip
"""Slots that a colleague needs; contacts are shown only to who asks for them, and then it is noted."""


@dataclass(frozen=True)
class Answered:
    """An answer of the assistant in short."""

    status: str
    topic: str
    records: tuple[str, ...]
    failed: bool


@dataclass(frozen=True)
class HandoffCard:
    """What a colleague needs to know before the first word. ``confidence`` is between 0 and 1."""

    wanted: tuple[str, ...]
    intent: str
    confidence: float | None
    slots: tuple[tuple[str, str], ...]
    form: str
    answers: tuple[Answered, ...]


def handoff_card(state: str | None, messages: Sequence[Message]) -> HandoffCard:
    """Read the card from the stored dialogue state and the transcript; both may be missing parts."""
    dialogue = _loaded(state)
    understood = _last_understood(dialogue)
    slots = dialogue.get("slots") or {}
    for event in dialogue.get("events") or ():
        if event.get("event") == "slot":
            slots = {**slots, event.get("name"): event.get("value")}
    loop = dialogue.get("loop") or {}
    confidence = understood.get("confidence")
    return HandoffCard(
        tuple(_wanted(messages)[-_LAST_QUESTIONS:]),
        str(understood.get("name") or ""),
        float(confidence) if confidence is not None else None,
        tuple(_shown(slots)),
        str(loop.get("name") or ""),
        tuple(_answers(messages))[-_LAST_ANSWERS:],
    )


def _loaded(state: str | None) -> dict[str, Any]:
    if not state:
        return {}
    loaded = json.loads(state)
    base = loaded.get("base") if isinstance(loaded, dict) else None
    return {**(base or {}), **loaded} if isinstance(loaded, dict) else {}


def _last_understood(dialogue: dict[str, Any]) -> dict[str, Any]:
    """The last intent that says what is wanted, or that a person is wanted where there is no other."""
    understood = [
        dict((event.get("parse_data") or {}).get("intent") or {})
        for event in dialogue.get("events") or []
        if event.get("event") == "user"
    ]
    matters = [intent for intent in understood if intent.get("name") not in _ABOUT_THE_REQUEST]
    return (matters or understood or [{}])[-1]


def _shown(slots: dict[str, Any]) -> list[tuple[str, str]]:
    shown = []
    for name in SHOWN_SLOTS:
        value = slots.get(name)
        if isinstance(value, (str, int, float)) and value != "":
            shown.append((name, mask(str(value))))
    return shown


def _wanted(messages: Sequence[Message]) -> list[str]:
    """What the citizen wrote, masked, without the request for a person itself where there is more than that."""
    asked: list[tuple[str, bool]] = []
    for message in messages:
        if message.author == CITIZEN:
            asked.append((mask(message.text), False))
        elif asked and (message.payload.get("custom") or {}).get("status") == "handed_off":
            asked[-1] = (asked[-1][0], True)
    matters = [text for text, was_request in asked if not was_request]
    return matters or [text for text, _ in asked]


def _answers(messages: Sequence[Message]) -> list[Answered]:
    found = []
    for message in messages:
        custom = message.payload.get("custom") or {}
        if message.author != "assistant" or not custom.get("status"):
            continue
        status = str(custom["status"])
        records = tuple(str(record) for record in custom.get("records") or ())
        found.append(Answered(status, str(custom.get("topic") or ""), records, status in FAILURES))
    return found
