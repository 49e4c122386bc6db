""" "Questa informazione è sbagliata?": a report that names the records of the answer."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import remember, said, text_of
from actions.replies import Reply, send
from actions.texts import text
from bot.storage.reports import report_last_answer
from knowledge.text import words

TOPIC: Final = "wrong-information"
_BARE_WORDS: Final = 4
"""A longer message says more than that something is wrong, and is kept as the comment."""


class ActionReportWrongInformation(Action):
    """Leave a report about the last answer that rests on records."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_report_wrong_information"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Report it, or ask which answer is meant."""
        context = current_context()
        records = next((reply.records for reply in said(tracker) if reply.records), ())
        if not records or not context.has_database:
            send(dispatcher, Reply(text("report_which"), "small_talk", TOPIC))
            return remember(tracker)
        message = text_of(tracker)
        unit = partial(
            report_last_answer,
            conversation_id=context.conversation_id,
            inbound_id=context.inbound_id,
            has_comment=len(words(message)) > _BARE_WORDS,
            now=context.clock.utc(),
        )
        context.at_commit.append(unit)
        send(dispatcher, Reply(text("report_thanks"), "answered", TOPIC))
        return remember(tracker)
