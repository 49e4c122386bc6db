"""Danger to people: the emergency numbers come before anything else."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.appointment_state import emptied_appointment
from actions.context import current_context
from actions.conversation_state import remember, topics_of
from actions.handoff import emptied_form
from actions.replies import Reply, send
from actions.texts import text
from bot.storage import ownership

_TEXTS: Final = {
    "violenza-donne": "danger_violenza_donne",
    "suicidio": "danger_suicidio",
    "emergenza": "danger_emergenza",
}
_LIKELY: Final = 0.2


def danger_text(kind: str) -> str:
    """What somebody in danger reads; an unknown kind gets the text with every number."""
    return text(_TEXTS.get(kind, _TEXTS["emergenza"]))


class ActionDanger(Action):
    """Give the emergency numbers at once, before anything else."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_danger"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Choose the text by the kind of danger; when unsure, the one with every number."""
        kinds = [
            topic.name
            for topic in topics_of(tracker)
            if topic.name in _TEXTS and topic.probability > _LIKELY
        ]
        kind = kinds[0] if kinds else "emergenza"
        send(dispatcher, Reply(danger_text(kind), "crisis", kind))
        context = current_context()
        if context.owner == ownership.WAITING:
            # Whoever is in danger is read first.
            unit = partial(ownership.hurry, conversation_id=context.conversation_id)
            context.at_commit.append(unit)
        return [
            *emptied_form(),
            *emptied_appointment(),
            *remember(tracker, intent="report_danger", topic=kind),
        ]
