"""Elliptical questions: "e Rho?", "e il venerdì?", "dove si trova?" take up what was spoken of before."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import (
    entities_of,
    places_of,
    remember,
    remembered,
    text_of,
    topics_of,
)
from actions.findings import answer_finding
from actions.offers import answer_offers
from actions.opening_hours import answer_hours
from actions.places import (
    answer_comune_data,
    answer_comuni_of_zone,
    answer_zone_of_comune,
    asks_for_data,
)
from actions.replies import Reply, send
from actions.texts import text
from bot.appointments.dates import NamedDays, named_days
from knowledge.search.facets import asked_facets, without_facet_words
from knowledge.search.lexicon import STOP_WORDS
from knowledge.text import words

_HELP: Final = ("Che cosa sai fare?", "Che cosa sai fare?")
_HOURS: Final = ("Orari dell'URP", "Quali sono gli orari dell'URP?")
_MAX_WORDS: Final = 8
"""A longer message brings its own subject."""

_TAKES_UP: Final = re.compile(r"^(?:e|ed|ma|allora|invece|no|anzi)\b")
_REFERS_BACK: Final = re.compile(
    r"\b(?:ne|quello|quella|li|la|lo|questo|questa|mi rispond\w+|si trova|si chiama)\b"
)

_CONTINUE: Final[dict[str, Callable[[CollectingDispatcher, Tracker], list[Any]]]] = {
    "ask_zone_of_comune": answer_zone_of_comune,
    "ask_comuni_of_zone": answer_comuni_of_zone,
    "ask_comune": answer_comune_data,
    "ask_urp_hours": answer_hours,
}


def continues(tracker: Tracker) -> bool:
    """Whether a message has no subject of its own and something was spoken of before."""
    memory = remembered(tracker)
    # Questions about the URP itself need no antecedent: "dove siete?", "e la PEC?".
    if not memory["topic"] or memory["topic"].startswith("urp-"):
        return False
    spoken = words(text_of(tracker))
    if len(spoken) > _MAX_WORDS:
        return False
    plain = " ".join(spoken)
    named = entities_of(tracker, "comune") or entities_of(tracker, "zona_omogenea")
    if _TAKES_UP.search(plain) and (named or asked_facets(spoken)):
        return True
    left = [w for w in without_facet_words(plain).split() if w not in STOP_WORDS and len(w) > 2]
    own_subject = [w for w in left if not _REFERS_BACK.search(w)]
    return not own_subject and bool(asked_facets(spoken) or _REFERS_BACK.search(plain))


def answer_follow_up(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Continue the last topic."""
    context = current_context()
    memory = remembered(tracker)
    asked = named_days(text_of(tracker), context.clock.now().date())
    about_day = asked != NamedDays()
    if memory["intent"].startswith("ask_urp") and about_day:
        return answer_hours(dispatcher, tracker)
    if memory["intent"] == "search_job_offers":
        return answer_offers(dispatcher, tracker, refine=True)
    places = entities_of(tracker, "comune") or entities_of(tracker, "zona_omogenea")
    if memory.get("comune") and not places and asks_for_data(text_of(tracker)):
        return answer_comune_data(dispatcher, tracker)
    if memory["intent"] in _CONTINUE and (places or memory["intent"] != "ask_urp_hours"):
        handler = _CONTINUE[memory["intent"]]
        if places and places[0]["kind"] == "zone" and memory["intent"] == "ask_zone_of_comune":
            handler = answer_comuni_of_zone
        return handler(dispatcher, tracker)
    if memory["topic"]:
        finding = context.knowledge.finder.find(
            text_of(tracker),
            topics_of(tracker),
            within=memory["topic"],
            places=places_of(tracker, context.knowledge),
        )
        return answer_finding(dispatcher, tracker, context.knowledge, finding)
    if places:
        return answer_zone_of_comune(dispatcher, tracker)
    if about_day:
        return answer_hours(dispatcher, tracker)
    send(dispatcher, Reply(text("follow_up_lost"), "ambiguous", "", (), (_HELP, _HOURS)))
    return remember(tracker)
