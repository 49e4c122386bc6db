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
from actions.offers import answer_offers, refines_offers
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
from knowledge.search.finder import Topic
from knowledge.search.lexicon import STOP_WORDS
from knowledge.text import words

_HELP: Final = ("Che cosa sai fare?", "Che cosa sai fare?")
_HOURS: Final = ("Orari dell'URP", "Quali sono gli orari dell'URP?")
_MAX_WORDS: Final = 8
"""A longer message brings its own subject."""

_SAME_SUBJECT: Final = 0.6
"""Share of a short message's words in the last record from which it is about that record."""

_TAKES_UP: Final = re.compile(
    r"^(?:(?:ok|va bene|grazie|scusa|si|ah) )?(?:e|ed|ma|allora|invece|no|anzi|quindi|poi)\b"
)
_REFERS_BACK: Final = re.compile(
    r"\b(?:ne|quell[oaie]|li|la|lo|quest[oaie]|stess[oaie]|altr[oaie]|anche|rispond\w+|si trova|si chiama|si fa|si paga)\b"
)
_CORRECTS: Final = re.compile(
    r"\b(?:sbagliat[oa]|sbagliavo|volevo dire|intendevo|mi correggo|mi riferivo|anzi|errore mio|non (?:e|era) \w+ ma)\b"
    r"|^(?:no|scusa|ops)\b.*\b(?:e|era|parlo|parlavo|dico|dicevo)\b"
)

_ONLY_WHERE: Final = STOP_WORDS.union(
    [
        "abito",
        "abitiamo",
        "vivo",
        "viviamo",
        "sto",
        "stiamo",
        "risiedo",
        "siamo",
        "comune",
        "invece",
        "se",
        "stessi",
    ],
    [
        "abitassi",
        "vivessi",
        "fossi",
        "allora",
        "ok",
        "no",
        "scusa",
        "paese",
        "zona",
        "citta",
        "cugino",
        "quello",
    ],
)
_SIDES: Final = {
    "who": "chi si occupa",
    "cost": "quanto costa",
    "time": "quanto tempo",
    "contacts": "contatti",
    "where": "dove",
    "needed": "documenti",
    "law": "legge",
}
"""How a side of a topic is asked about, for a message that only names the next subject."""

_FEW_WORDS: Final = 5
_LIKE_A_QUESTION: Final = 0.45
"""Likeness to a question that the last record lists from which a few words are taken for that question."""

_TIE: Final = 0.1

_CONTINUE: Final[dict[str, Callable[[CollectingDispatcher, Tracker], list[Any]]]] = {
    "ask_zone_of_comune": answer_zone_of_comune,
    "ask_comuni_of_zone": answer_comuni_of_zone,
    "ask_comune": answer_comune_data,
    "ask_urp_hours": answer_hours,
}


def taken_up(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any] | None:
    """Answer a message that leans on what was said before, or None if it stands by itself."""
    if refines_offers(tracker):
        return answer_offers(dispatcher, tracker, refine=True)
    if corrects(tracker):
        return _answer_correction(dispatcher, tracker)
    if continues(tracker):
        return answer_follow_up(dispatcher, tracker)
    return _answer_same_of_another(dispatcher, tracker)


def corrects(tracker: Tracker) -> bool:
    """Whether a message replaces a part of the last question ("mi sono sbagliato, è un liceo")."""
    memory = remembered(tracker)
    spoken = words(text_of(tracker))
    named = entities_of(tracker, "comune") or entities_of(tracker, "zona_omogenea")
    short = len(spoken) <= _MAX_WORDS and not named
    return (
        bool(memory["topic"] and memory["asked"])
        and short
        and bool(_CORRECTS.search(" ".join(spoken)))
    )


def _answer_correction(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Search the last question again with the new words, among all records but the one just given."""
    knowledge = current_context().knowledge
    memory = remembered(tracker)
    question = " ".join((*memory["asked"], _CORRECTS.sub(" ", " ".join(words(text_of(tracker))))))
    finding = knowledge.finder.find(question, topics_of(tracker), besides=memory["topic"])
    return answer_finding(dispatcher, tracker, knowledge, finding)


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
    named = entities_of(tracker, "comune") + entities_of(tracker, "zona_omogenea")
    takes_up = bool(_TAKES_UP.search(plain))
    if named:
        return _continues_elsewhere(tracker, plain, named, takes_up=takes_up)
    if takes_up and asked_facets(spoken):
        return not _names_another(tracker, memory["topic"])
    left = [w for w in without_facet_words(plain).split() if w not in STOP_WORDS and len(w) > 2]
    own_subject = [w for w in left if not _REFERS_BACK.search(w)]
    refers = bool(_REFERS_BACK.search(plain))
    if not own_subject:
        return bool(asked_facets(spoken) or refers)
    if (takes_up or refers) and _within_last(tracker, memory["topic"]):
        return True
    return _asked_of_last(tracker, memory["topic"])


def _continues_elsewhere(
    tracker: Tracker, plain: str, named: list[dict[str, Any]], *, takes_up: bool
) -> bool:
    """Whether the same is asked for another place: "e a Rho?", "intendevo Melegnano", "abito a Rho"."""
    if _names_another(tracker, remembered(tracker)["topic"]):
        return False
    if _CORRECTS.search(plain) or (takes_up and asked_facets(plain.split())):
        return True
    said = text_of(tracker)
    for entity in named:
        said = (
            said[: entity["start"]]
            + " " * (entity["end"] - entity["start"])
            + said[entity["end"] :]
        )
    return all(word in _ONLY_WHERE for word in words(said))


def _names_another(tracker: Tracker, topic: str) -> bool:
    services = {entity["value"] for entity in entities_of(tracker, "servizio")}
    return bool(services) and topic not in services


def _within_last(tracker: Tracker, topic: str) -> bool:
    """Whether the last record speaks of nearly all that a message says."""
    finder = current_context().knowledge.finder
    if _names_another(tracker, topic):
        return False
    return finder.covered(text_of(tracker), Topic(topic, 0.0)) >= _SAME_SUBJECT


def _asked_of_last(tracker: Tracker, topic: str) -> bool:
    """Whether a few words ask what people ask of the last record, at least as well as of any other."""
    spoken = text_of(tracker)
    if len(words(spoken)) > _FEW_WORDS or _names_another(tracker, topic):
        return False
    finder = current_context().knowledge.finder
    here = finder.likeness(spoken, topic)
    rivals = [t.name for t in topics_of(tracker)[:1] if t.name != topic]
    return here >= _LIKE_A_QUESTION and all(
        here >= finder.likeness(spoken, rival) - _TIE for rival in rivals
    )


def _answer_same_of_another(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any] | None:
    """ "e delle caldaie?" after "chi si occupa delle strade?": the same side of another subject."""
    memory = remembered(tracker)
    spoken = words(text_of(tracker))
    side = _SIDES.get(memory["facet"])
    takes_up = _TAKES_UP.search(" ".join(spoken))
    if not side or not takes_up or len(spoken) > _MAX_WORDS or asked_facets(spoken):
        return None
    if entities_of(tracker, "comune") or _within_last(tracker, memory["topic"]):
        return None
    knowledge = current_context().knowledge
    places = frozenset(memory["places"])
    rest = " ".join(spoken)[takes_up.end() :]
    finding = knowledge.finder.find(f"{side} {rest}", topics_of(tracker), places=places)
    if finding.outcome not in ("found", "partial"):
        return None
    return answer_finding(dispatcher, tracker, knowledge, finding)


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
            places=places_of(tracker, context.knowledge) or frozenset(memory["places"]),
        )
        return answer_finding(dispatcher, tracker, context.knowledge, finding)
    if places:
        return answer_zone_of_comune(dispatcher, tracker)
    if about_day:
        return answer_hours(dispatcher, tracker)
    send(dispatcher, Reply(text("follow_up_lost"), "ambiguous", "", (), (_HELP, _HOURS)))
    return remember(tracker)
