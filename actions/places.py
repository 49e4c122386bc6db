"""Answers about places: the zone of a municipality, the municipalities of a zone, data of a municipality."""

from __future__ import annotations

import re
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.comune_lists import AskedList, asked_list, listed
from actions.context import current_context
from actions.conversation_state import (
    entities_of,
    remember,
    remembered,
    remembered_zone,
    text_of,
    topics_of,
)
from actions.findings import answer_finding
from actions.place_texts import (
    BELONGS,
    COMUNI_TOPIC,
    DATA_TOPIC,
    MAP_SOURCE,
    WHICH_ZONE,
    ZONE_TOPIC,
    data_sentence,
    first_yes_or_no,
    limits,
    zone_buttons,
    zone_reply,
    zone_sentences,
)
from actions.replies import Reply, send, source_line, thousands
from actions.texts import text
from knowledge.base import KnowledgeBase
from knowledge.text import words

_DATA: Final = {
    "comune_cap": frozenset({"cap", "postale", "avviamento"}),
    "comune_population": frozenset(
        {"abitanti", "popolazione", "residenti", "grande", "persone", "gente", "popoloso"}
    ),
    "comune_codes": frozenset({"istat", "belfiore", "catastale", "codice"}),
}
"""Texts about one datum of a municipality, with the words that ask for it."""

_FEW_WORDS: Final = 4
_ELLIPTICAL: Final = 7
"""Words of a question that may leave out the zone spoken of before."""

_LIST_ROOM: Final = 380
"""Characters for the names of a list, so that the whole answer fits a phone screen."""

PLACE_INTENTS: Final = frozenset({"ask_zone_of_comune", "ask_comuni_of_zone", "ask_comune"})
_WHOLE: Final = frozenset({"ask_metro_city", "ask_zones", "ask_governance", *PLACE_INTENTS})
_WHOLE_NAME: Final = re.compile(r"\b(?:citta metropolitana|provincia(?: di milano)?)\b")
_ITS_COMUNI: Final = re.compile(
    r"\b(?:comuni|paesi|quali (?:altri|sono|altre)|quant[ie] sono|elenc\w+|lista)\b"
)
_HOW_MANY: Final = re.compile(r"\bquant[ieao]\b")
_ITS_ZONE: Final = re.compile(r"\bzon[ae]\b")


class ActionZoneOfComune(Action):
    """Say in which zone a municipality is."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_zone_of_comune"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Answer for each municipality named."""
        return answer_zone_of_comune(dispatcher, tracker)


class ActionComuniOfZone(Action):
    """List the municipalities of a zone."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_comuni_of_zone"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Answer for each zone named."""
        return answer_comuni_of_zone(dispatcher, tracker)


class ActionComuneData(Action):
    """Give population, postal code and codes of a municipality."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_comune_data"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Answer for the municipality named."""
        return answer_comune_data(dispatcher, tracker)


def about_places(tracker: Tracker, intent: str) -> bool:
    """Whether a question on the whole territory is really about places: membership, zones of several, a list by size."""
    if intent not in _WHOLE:
        return False
    plain = " ".join(words(text_of(tracker)))
    named = _other_than_milano(_comuni(current_context().knowledge, tracker))
    if named and (BELONGS.search(plain) or (intent == "ask_zones" and WHICH_ZONE.search(plain))):
        return True
    return asked_list(text_of(tracker)) is not None


def answer_places(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Answer what `about_places` found."""
    asked = asked_list(text_of(tracker))
    return (
        answer_list(dispatcher, tracker, asked)
        if asked
        else answer_zone_of_comune(dispatcher, tracker)
    )


def answer_place_follow_up(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Take up a place: its data, its zone, the municipalities of its zone."""
    knowledge = current_context().knowledge
    memory = remembered(tracker)
    question = text_of(tracker)
    plain = " ".join(words(question))
    zones = entities_of(tracker, "zona_omogenea")
    named = entities_of(tracker, "comune")
    asked = asked_list(question)
    if asked:
        return answer_list(dispatcher, tracker, asked)
    of_its_zone = _ITS_COMUNI.search(plain) and remembered_zone(tracker, knowledge)
    of_the_zone = memory.get("zone") and _data_asked(question) == "comune_population"
    if zones or (not named and (of_its_zone or of_the_zone)):
        return answer_comuni_of_zone(dispatcher, tracker)
    same_datum = memory["intent"] == "ask_comune" or (
        memory.get("data") and _HOW_MANY.search(plain)
    )
    if asks_for_data(question) or (named and same_datum):
        return answer_comune_data(dispatcher, tracker)
    if named or _ITS_ZONE.search(plain):
        return answer_zone_of_comune(dispatcher, tracker)
    record = knowledge.record(str(memory["topic"]))
    topics = topics_of(tracker)
    finding = knowledge.finder.find(question, topics)
    if finding.outcome != "found" and record is not None:
        finding = knowledge.finder.find(question, topics, within=record.id)
    return answer_finding(dispatcher, tracker, knowledge, finding)


def answer_list(dispatcher: CollectingDispatcher, tracker: Tracker, asked: AskedList) -> list[Any]:
    """The largest or smallest municipalities, or those within a range of inhabitants, of a zone or of all."""
    knowledge = current_context().knowledge
    zones = [entity["ids"][0] for entity in entities_of(tracker, "zona_omogenea")]
    comuni = knowledge.comuni_of(zones[0]) if zones else list(knowledge.comuni.values())
    where = text("in_zone", zone=knowledge.zones[zones[0]].name) if zones else text("in_metro_city")
    chosen = asked.chosen(comuni)
    names = [f"{comune.name} ({thousands(comune.population)})" for comune in chosen]
    listing = listed(names, room=_LIST_ROOM)
    if not asked.in_range:
        key = "list_largest" if asked.largest else "list_smallest"
        sentence = text(key if len(names) == 1 else f"{key}_several", names=listing, where=where)
    else:
        bounds = limits(asked)
        key = ("list_none", "list_one")[len(names)] if len(names) < 2 else "list_range"
        sentence = text(key, count=len(names), limits=bounds, names=listing, where=where)
    answer = sentence + "\n" + source_line(knowledge, (MAP_SOURCE,))
    send(dispatcher, Reply(answer, "answered", DATA_TOPIC, (DATA_TOPIC,)))
    return remember(tracker, intent="ask_comune", topic=DATA_TOPIC)


def answer_zone_of_comune(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """The zone of the municipalities in the message, or of the one spoken of before."""
    knowledge = current_context().knowledge
    named = _comuni(knowledge, tracker)
    zones = entities_of(tracker, "zona_omogenea")
    if not named:
        if zones:
            return answer_comuni_of_zone(dispatcher, tracker)
        send(dispatcher, Reply(text("zone_which_comune"), "ambiguous", ZONE_TOPIC, (ZONE_TOPIC,)))
        return remember(tracker, intent="ask_zone_of_comune", topic=ZONE_TOPIC)
    if len(named) == 1 and len(named[0]["ids"]) > 1 and named[0]["kind"] == "comune":
        return _ask_which(dispatcher, tracker, knowledge, named[0]["ids"])
    sentences = first_yes_or_no(knowledge, named, zones, text_of(tracker))
    for entity in named[:4]:
        sentences.extend(zone_sentences(knowledge, entity))
    answer = " ".join(dict.fromkeys(sentences)) + "\n" + source_line(knowledge, (MAP_SOURCE,))
    send(
        dispatcher,
        Reply(answer, "answered", ZONE_TOPIC, (ZONE_TOPIC,), zone_buttons(knowledge, named)),
    )
    return remember(
        tracker, intent="ask_zone_of_comune", topic=ZONE_TOPIC, comune=_first_istat(named), zone=""
    )


def answer_comuni_of_zone(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """The municipalities and the size of a zone."""
    knowledge = current_context().knowledge
    asked = asked_list(text_of(tracker))
    if asked:
        return answer_list(dispatcher, tracker, asked)
    zones = [str(e["ids"][0]) for e in entities_of(tracker, "zona_omogenea")]
    plain = " ".join(words(text_of(tracker)))
    if zones and entities_of(tracker, "comune") and not _ITS_COMUNI.search(plain):
        return answer_zone_of_comune(dispatcher, tracker)
    if not zones:
        zones = [
            knowledge.comuni[istat].zone
            for entity in _comuni(knowledge, tracker)
            if entity["kind"] == "comune"
            for istat in entity["ids"][:1]
            if knowledge.comuni[istat].zone
        ]
    if not zones and len(words(text_of(tracker))) <= _ELLIPTICAL:
        zones = [zone] if (zone := remembered_zone(tracker, knowledge)) else []
    if not zones:
        finding = knowledge.finder.find(text_of(tracker), topics_of(tracker))
        if finding.outcome == "found" and finding.record and finding.record.id != COMUNI_TOPIC:
            return answer_finding(dispatcher, tracker, knowledge, finding)
        names = ", ".join(zone.name for zone in knowledge.zones.values())
        buttons = tuple(
            (z.name, f"Quali Comuni ci sono nella zona {z.name}?") for z in knowledge.zones.values()
        )
        reply = Reply(
            text("zone_which", zones=names), "ambiguous", COMUNI_TOPIC, (COMUNI_TOPIC,), buttons
        )
        send(dispatcher, reply)
        return remember(tracker, intent="ask_comuni_of_zone", topic=COMUNI_TOPIC)
    for zone_id in list(dict.fromkeys(zones))[:2]:
        send(dispatcher, zone_reply(knowledge, knowledge.zones[zone_id]))
    return remember(
        tracker,
        intent="ask_comuni_of_zone",
        topic=COMUNI_TOPIC,
        comune="",
        zone=zones[0],
        data=_data_asked(text_of(tracker)),
    )


def answer_comune_data(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Population, postal code or codes of a municipality, whichever is asked."""
    knowledge = current_context().knowledge
    question = text_of(tracker)
    listing = asked_list(question)
    if listing:
        return answer_list(dispatcher, tracker, listing)
    if entities_of(tracker, "zona_omogenea") and not entities_of(tracker, "comune"):
        return answer_comuni_of_zone(dispatcher, tracker)
    named = [e for e in _comuni(knowledge, tracker) if e["kind"] == "comune"]
    if not named:
        outside = [e for e in entities_of(tracker, "comune") if e["kind"] == "outside"]
        if outside:
            sentences = zone_sentences(knowledge, outside[0])
            send(dispatcher, Reply(" ".join(sentences), "out_of_scope", DATA_TOPIC, (DATA_TOPIC,)))
        else:
            send(dispatcher, Reply(text("comune_which"), "ambiguous", DATA_TOPIC, (DATA_TOPIC,)))
        return remember(tracker, intent="ask_comune", topic=DATA_TOPIC)
    if len(named) == 1 and len(named[0]["ids"]) > 1:
        return _ask_which(dispatcher, tracker, knowledge, named[0]["ids"])
    if BELONGS.search(" ".join(words(question))) and not asks_for_data(question):
        return answer_zone_of_comune(dispatcher, tracker)
    asked = _data_asked(question) or str(remembered(tracker).get("data") or "")
    sentences = [data_sentence(knowledge, knowledge.comuni[e["ids"][0]], asked) for e in named[:3]]
    answer = " ".join(sentences) + "\n" + source_line(knowledge, (MAP_SOURCE,))
    send(dispatcher, Reply(answer, "answered", DATA_TOPIC, (DATA_TOPIC,)))
    return remember(
        tracker,
        intent="ask_comune",
        topic=DATA_TOPIC,
        comune=_first_istat(named),
        zone="",
        data=asked,
    )


def asks_for_data(question: str) -> bool:
    """Whether a question is about population, postal code or codes of a municipality."""
    return bool(_data_asked(question))


def _data_asked(question: str) -> str:
    """Which datum of a municipality a question is about, or ""."""
    asked = set(words(question))
    for datum, hints in _DATA.items():
        if asked & hints:
            return datum
    return ""


def _first_istat(named: list[dict[str, Any]]) -> str:
    """Municipality to remember for a follow-up, "" if the place is outside."""
    return str(named[0]["ids"][0]) if named[0]["kind"] == "comune" else ""


def _comuni(knowledge: KnowledgeBase, tracker: Tracker) -> list[dict[str, Any]]:
    """Municipalities of the message; else a second look for a mistyped name; else the one remembered."""
    named = entities_of(tracker, "comune")
    if _WHOLE_NAME.search(" ".join(words(text_of(tracker)))):
        # "Lodi fa parte della città metropolitana di Milano?" is not about Milano.
        named = _other_than_milano(named)
        exact = knowledge.places.find(text_of(tracker), place_expected=not named)
        return named or _other_than_milano(
            [
                {"kind": p.kind, "value": p.name, "ids": list(p.ids)}
                for p in exact
                if p.kind in ("comune", "outside") and not p.distance
            ]
        )
    if named:
        return named
    if entities_of(tracker, "zona_omogenea"):
        return []
    found = knowledge.places.find(text_of(tracker), place_expected=True)
    looked = [
        {"kind": p.kind, "value": p.name, "ids": list(p.ids)}
        for p in found
        if p.kind in ("comune", "outside")
    ]
    if looked:
        return looked
    before = remembered(tracker).get("comune")
    elliptical = len(words(text_of(tracker))) <= _FEW_WORDS
    if before in knowledge.comuni and (elliptical or asks_for_data(text_of(tracker))):
        return [{"kind": "comune", "value": knowledge.comuni[before].name, "ids": [before]}]
    return []


def _other_than_milano(named: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entity for entity in named if entity["value"] != "Milano"]


def _ask_which(
    dispatcher: CollectingDispatcher, tracker: Tracker, knowledge: KnowledgeBase, ids: list[str]
) -> list[Any]:
    names = [knowledge.comuni[istat].name for istat in ids]
    buttons = tuple((name, f"In che zona è {name}?") for name in names)
    send(dispatcher, Reply(text("which_comune"), "ambiguous", ZONE_TOPIC, (ZONE_TOPIC,), buttons))
    return remember(tracker, intent="ask_zone_of_comune", topic=ZONE_TOPIC)
