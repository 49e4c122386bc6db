"""Admitting not to understand: other words the first time, a person the second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation_state import remembered
from actions.replies import Reply, send
from actions.texts import text
from knowledge.schema import Record

PERSON: Final = ("Parla con una persona", "Vorrei parlare con un operatore")
CONTACTS: Final = ("Contatti dell'URP", "Come posso contattare l'URP?")
HELP: Final = ("Che cosa sai fare?", "Che cosa sai fare?")


def another_try(
    dispatcher: CollectingDispatcher, tracker: Tracker, near: Sequence[Record]
) -> list[Any]:
    """After an answer that was not meant: what else it may have been, and a person."""
    memory = remembered(tracker)
    guesses = tuple((record.title, record.question) for record in near[:2])
    send(dispatcher, Reply(text("not_meant"), "not_found", "", (), (*guesses, PERSON)))
    return [SlotSet("context", {**memory, "missed": int(memory["missed"]) + 1})]


def not_understood(
    dispatcher: CollectingDispatcher, tracker: Tracker, near: Sequence[Record] = ()
) -> list[Any]:
    """Ask for other words; the second time in a row offer a person and the numero verde."""
    memory = remembered(tracker)
    missed = int(memory["missed"]) + 1
    if missed >= 2:
        reply = Reply(text("not_understood_again"), "not_found", "", (), (PERSON, CONTACTS))
    else:
        guesses = tuple((record.title, record.question) for record in near[:2])
        reply = Reply(text("not_understood"), "not_found", "", (), (*guesses, HELP))
    send(dispatcher, reply)
    return [SlotSet("context", {**memory, "missed": missed})]
