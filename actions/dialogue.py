"""Moves of the conversation itself: follow-ups, repeating, yes and no, not understanding."""

from __future__ import annotations

from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import (
    confirmation_asked,
    places_of,
    remembered,
    said,
    text_of,
    topics_of,
)
from actions.findings import answer_finding
from actions.focus import Heard
from actions.follow_up import answer_follow_up
from actions.hours_dialogue import answer_hours
from actions.misunderstandings import (
    CONTACTS,
    HELP,
    PERSON,
    another_try,
    not_understood,
)
from actions.personal_data import confirmed_erasure, declined_erasure
from actions.rejections import rejects_answer
from actions.replies import Reply, send
from actions.statuses import ERASURE
from actions.texts import text
from knowledge.schema import Record
from knowledge.text import words

_TWO: Final = 2
_HOURS: Final = ("Orari dell'URP", "Quali sono gli orari dell'URP?")


class ActionFollowUp(Action):
    """Answer an elliptical question ("e Rho?", "e il venerdì?", "e quanto costa?") from what came before."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_follow_up"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Take up the last topic with what this message adds."""
        return answer_follow_up(dispatcher, tracker)


class ActionNotUnderstood(Action):
    """Ask for other words; the second time in a row offer a person and the numero verde."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_not_understood"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Search once more by words, then admit it."""
        context = current_context()
        knowledge = context.knowledge
        heard = Heard.from_parse(tracker.latest_message or {}, context.clock.now().date())
        if heard.names_days and not heard.subject and not heard.places:
            return answer_hours(dispatcher, tracker)
        finding = knowledge.finder.find(
            text_of(tracker), topics_of(tracker), places=places_of(tracker, knowledge)
        )
        if finding.outcome in ("found", "ambiguous") or finding.spelled_out:
            return answer_finding(dispatcher, tracker, knowledge, finding)
        return not_understood(dispatcher, tracker, finding.near)


class ActionOffTopic(Action):
    """Say kindly that this is not the office's matter."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_off_topic"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Decline, and count it as a misunderstanding: two in a row offer a person."""
        memory = remembered(tracker)
        missed = int(memory["missed"]) + 1
        buttons = (PERSON, CONTACTS) if missed >= 2 else (HELP, _HOURS)
        answer = text("off_topic")
        if missed >= 2:
            answer += " " + text("not_understood_again").partition(". ")[2]
        send(dispatcher, Reply(answer, "out_of_scope", "off-topic", (), buttons))
        return [SlotSet("context", {**memory, "missed": missed})]


class ActionAffirm(Action):
    """Take a yes: to the question whether everything is to be erased, else as small talk."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_affirm"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Do what was asked about."""
        if confirmation_asked(tracker) == ERASURE:
            return confirmed_erasure(dispatcher)
        send(dispatcher, Reply(text("affirm"), "small_talk", "affirm"))
        return []


class ActionDeny(Action):
    """Take a no: nothing happens, and that is said."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_deny"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Leave everything as it is."""
        if confirmation_asked(tracker) == ERASURE:
            return declined_erasure(dispatcher)
        send(dispatcher, Reply(text("deny"), "small_talk", "deny"))
        return []


def _other_readings(tracker: Tracker) -> list[Record]:
    """Records that the question before may have been about, besides the one that was answered."""
    knowledge = current_context().knowledge
    asked = [str(e.get("text") or "") for e in tracker.events if e.get("event") == "user"]
    if len(asked) < _TWO:
        return []
    answered = str(remembered(tracker)["topic"])
    found = knowledge.finder.find(asked[-_TWO], (), besides=answered)
    following = knowledge.record(answered)
    near = [*found.near, *(knowledge.record(i) for i in (following.next if following else ()))]
    return [record for record in near if record is not None]


class ActionRepeat(Action):
    """Say the last answer again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_repeat"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Find the last answer among the recent events; if that was not what was asked, offer what is near."""
        if rejects_answer(words(text_of(tracker))):
            return another_try(dispatcher, tracker, _other_readings(tracker))
        last = next(said(tracker), None)
        if last is None:
            last = Reply(text("nothing_to_repeat"), "small_talk", "ask_repeat")
        send(dispatcher, last)
        return []
