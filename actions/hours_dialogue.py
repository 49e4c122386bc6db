"""Questions about opening hours: the URP's on the days asked, another office's from its record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.asked_days import AskedDays, asked_days, asked_times
from actions.context import current_context
from actions.conversation_state import (
    day_spoken_of,
    entities_of,
    places_of,
    remember,
    remembered,
    text_of,
    topics_of,
)
from actions.findings import answer_finding
from actions.opening_hours import PHONE, hours_sentences, is_uncertain
from actions.other_offices import other_office_in, speaks_of
from actions.replies import Reply, send, source_line
from actions.texts import text

TOPIC: Final = "urp-orari"
_BUTTONS: Final = (
    ("Come fisso un appuntamento", "Come si prende un appuntamento allo sportello?"),
    ("Contatti dell'URP", "Come posso contattare l'URP?"),
)


class ActionUrpHours(Action):
    """Say when the numero verde answers and how the desk receives."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_urp_hours"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Answer for the days that the question names."""
        return answer_hours(dispatcher, tracker)


def answer_hours(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Answer a question about hours (also as a follow-up: "e il venerdì?")."""
    context = current_context()
    knowledge = context.knowledge
    question = text_of(tracker)
    office = other_office_in(question)
    if office:
        finding = knowledge.finder.find(
            question, topics_of(tracker), places=places_of(tracker, knowledge)
        )
        if finding.record is not None and speaks_of(finding.record, finding.facts, office):
            return answer_finding(dispatcher, tracker, knowledge, finding)
        reply = Reply(
            text("other_office_hours", office=office), "not_found", TOPIC, (TOPIC,), _BUTTONS
        )
        send(dispatcher, reply)
        return remember(tracker, intent="ask_urp_hours", topic=TOPIC)
    now = context.clock.now()
    asked = _with_hours(tracker, asked_days(question, now.date(), day_spoken_of(tracker)))
    sentences = hours_sentences(knowledge.hours, asked, now, question)
    source = source_line(knowledge, (knowledge.hours.office(PHONE).source,))
    status = "to_confirm" if is_uncertain(knowledge.hours, asked, now) else "answered"
    send(dispatcher, Reply(" ".join(sentences) + "\n" + source, status, TOPIC, (TOPIC,), _BUTTONS))
    day = asked.days[0] if asked.days else asked.span[0] if asked.span else None
    changes: dict[str, Any] = {"day": day.isoformat()} if day else {}
    if day or asked.weekdays:
        changes["weekday"] = asked.weekdays[0] if asked.weekdays else None
    return remember(tracker, intent="ask_urp_hours", topic=TOPIC, facets=["hours"], **changes)


def _with_hours(tracker: Tracker, asked: AskedDays) -> AskedDays:
    """The days asked for with the hours that are named; "e alle 17?" is about the day spoken of before."""
    times = asked_times(entities_of(tracker, "quando"))
    memory = remembered(tracker)
    elliptical = (
        times and memory["topic"] == TOPIC and not (asked.days or asked.weekdays or asked.span)
    )
    if elliptical and memory.get("weekday") is not None:
        asked = replace(asked, weekdays=(int(memory["weekday"]),), now=False)
    elif elliptical and (day := day_spoken_of(tracker)):
        asked = replace(asked, days=(day,), now=False)
    return replace(asked, times=times)
