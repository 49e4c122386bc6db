"""Erasing and exporting one's own data in the conversation: erasing is confirmed first."""

from __future__ import annotations

from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import confirmation_asked, intent_of, remember
from actions.replies import Reply, send
from actions.statuses import CONFIRM, ERASURE, EXPORT
from actions.texts import text

_CONTACTS: Final = ("Contatti dell'URP", "Come posso contattare l'URP?")
_YES: Final = ("Sì, cancella tutto", "sì")
_NO: Final = ("No, lascia tutto", "no")


class ActionPersonalData(Action):
    """Ask whether everything is to be erased, or hand over a copy."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_personal_data"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Begin, or go on when the same is asked again."""
        if not current_context().has_database:
            key = "erase_pending" if intent_of(tracker) == "erase_my_data" else "export_pending"
            send(dispatcher, Reply(text(key), "answered", "privacy", (), (_CONTACTS,)))
        elif intent_of(tracker) == "export_my_data":
            send(dispatcher, Reply(text("export_ready"), "answered", EXPORT))
        elif confirmation_asked(tracker) == ERASURE:
            return confirmed_erasure(dispatcher)
        else:
            send(dispatcher, Reply(text("erase_confirm"), CONFIRM, ERASURE, (), (_YES, _NO)))
        return remember(tracker)


def confirmed_erasure(dispatcher: CollectingDispatcher) -> list[Any]:
    """Erase everything with the commit of this turn; only its answer is left, until it is delivered."""
    context = current_context()
    context.at_commit.append(context.erase)
    send(dispatcher, Reply(text("erased"), "answered", ERASURE))
    return []


def declined_erasure(dispatcher: CollectingDispatcher) -> list[Any]:
    """Erase nothing."""
    send(dispatcher, Reply(text("erase_declined"), "answered", ERASURE))
    return []
