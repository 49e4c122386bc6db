"""Answers about places: the zone of a municipality, the municipalities of a zone, data of a municipality."""

from __future__ import annotations

from typing import Any, Final

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import (
    entities_of,
    remember,
    remembered,
    text_of,
    topics_of,
)
from actions.findings import answer_finding
from actions.replies import Reply, next_steps, send, source_line, thousands
from actions.texts import text
from knowledge.base import KnowledgeBase
from knowledge.schema import Comune, Zone
from knowledge.text import words

MAP_SOURCE: Final = "COMUNI-CSV"
ZONE_TOPIC: Final = "zona-del-comune"
COMUNI_TOPIC: Final = "comuni-della-zona"
DATA_TOPIC: Final = "comune-dati"
_POSTAL = frozenset({"cap", "postale", "avviamento"})
_PEOPLE = frozenset({"abitanti", "popolazione", "residenti", "grande", "persone", "gente"})
_CODES = frozenset({"istat", "belfiore", "catastale", "codice"})
_MOVED = {"Cologno Monzese"}
_MERGED = {"Vermezzo con Zelo"}


def answer_zone_of_comune(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """The zone of the municipalities in the message, or of the one spoken of before."""
    knowledge = current_context().knowledge
    named = _comuni(knowledge, tracker)
    if not named:
        if entities_of(tracker, "zona_omogenea"):
            return answer_comuni_of_zone(dispatcher, tracker)
        send(dispatcher, Reply(text("zone_which_comune"), "ambiguous", ZONE_TOPIC, (ZONE_TOPIC,)))
        return remember(tracker, intent="ask_zone_of_comune", topic=ZONE_TOPIC)
    if len(named) == 1 and len(named[0]["ids"]) > 1 and named[0]["kind"] == "comune":
        return _ask_which(dispatcher, tracker, knowledge, named[0]["ids"])
    sentences: list[str] = []
    for entity in named[:4]:
        sentences.extend(_zone_sentences(knowledge, entity))
    answer = " ".join(sentences) + "\n" + source_line(knowledge, (MAP_SOURCE,))
    send(
        dispatcher,
        Reply(answer, "answered", ZONE_TOPIC, (ZONE_TOPIC,), _zone_buttons(knowledge, named)),
    )
    return remember(
        tracker, intent="ask_zone_of_comune", topic=ZONE_TOPIC, comune=_first_istat(named)
    )


def answer_comuni_of_zone(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """The municipalities and the size of a zone."""
    knowledge = current_context().knowledge
    zones = [knowledge.zones[e["ids"][0]] for e in entities_of(tracker, "zona_omogenea")]
    if not zones:
        zones = [
            knowledge.zones[knowledge.comuni[istat].zone]
            for entity in _comuni(knowledge, tracker)
            if entity["kind"] == "comune"
            for istat in entity["ids"][:1]
            if knowledge.comuni[istat].zone
        ]
    before = knowledge.comuni.get(remembered(tracker).get("comune") or "")
    if not zones and before is not None and before.zone:
        # "quali altri Comuni ci sono?" after the zone of one of them.
        zones = [knowledge.zones[before.zone]]
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
    for zone in list(dict.fromkeys(zone.id for zone in zones))[:2]:
        send(dispatcher, _zone_reply(knowledge, knowledge.zones[zone]))
    return remember(tracker, intent="ask_comuni_of_zone", topic=COMUNI_TOPIC)


def answer_comune_data(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    """Population, postal code or codes of a municipality, whichever is asked."""
    knowledge = current_context().knowledge
    named = [e for e in _comuni(knowledge, tracker) if e["kind"] == "comune"]
    if not named:
        outside = [e for e in entities_of(tracker, "comune") if e["kind"] == "outside"]
        if outside:
            sentences = _zone_sentences(knowledge, outside[0])
            send(dispatcher, Reply(" ".join(sentences), "out_of_scope", DATA_TOPIC, (DATA_TOPIC,)))
        else:
            send(dispatcher, Reply(text("comune_which"), "ambiguous", DATA_TOPIC, (DATA_TOPIC,)))
        return remember(tracker, intent="ask_comune", topic=DATA_TOPIC)
    if len(named) == 1 and len(named[0]["ids"]) > 1:
        return _ask_which(dispatcher, tracker, knowledge, named[0]["ids"])
    asked = set(words(text_of(tracker)))
    sentences = [_data_sentence(knowledge.comuni[e["ids"][0]], asked) for e in named[:3]]
    answer = " ".join(sentences) + "\n" + source_line(knowledge, (MAP_SOURCE,))
    send(dispatcher, Reply(answer, "answered", DATA_TOPIC, (DATA_TOPIC,)))
    return remember(tracker, intent="ask_comune", topic=DATA_TOPIC, comune=_first_istat(named))


def asks_for_data(question: str) -> bool:
    """Whether a question is about population, postal code or codes of a municipality."""
    asked = set(words(question))
    return bool(asked & (_POSTAL | _PEOPLE | _CODES))


def _first_istat(named: list[dict[str, Any]]) -> str:
    """Municipality to remember for a follow-up, "" if the place is outside."""
    return str(named[0]["ids"][0]) if named[0]["kind"] == "comune" else ""


def _comuni(knowledge: KnowledgeBase, tracker: Tracker) -> list[dict[str, Any]]:
    """Municipalities of the message; else a second look for a mistyped name; else the one remembered."""
    named = entities_of(tracker, "comune")
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
    if before in knowledge.comuni and asks_for_data(text_of(tracker)):
        return [{"kind": "comune", "value": knowledge.comuni[before].name, "ids": [before]}]
    return []


def _ask_which(
    dispatcher: CollectingDispatcher, tracker: Tracker, knowledge: KnowledgeBase, ids: list[str]
) -> list[Any]:
    names = [knowledge.comuni[istat].name for istat in ids]
    buttons = tuple((name, f"In che zona è {name}?") for name in names)
    send(dispatcher, Reply(text("which_comune"), "ambiguous", ZONE_TOPIC, (ZONE_TOPIC,), buttons))
    return remember(tracker, intent="ask_zone_of_comune", topic=ZONE_TOPIC)


def _zone_sentences(knowledge: KnowledgeBase, entity: dict[str, Any]) -> list[str]:
    if entity["kind"] == "outside":
        return [text("zone_outside", town=entity["value"], province=entity["ids"][0])]
    comune = knowledge.comuni[entity["ids"][0]]
    if not comune.zone:
        return [text("zone_of_milano")]
    sentences = [text("zone_of", comune=comune.name, zone=knowledge.zones[comune.zone].name)]
    if comune.name in _MOVED:
        sentences.append(text("zone_moved"))
    if comune.name in _MERGED:
        sentences.append(text("zone_former"))
    return sentences


def _zone_buttons(
    knowledge: KnowledgeBase, named: list[dict[str, Any]]
) -> tuple[tuple[str, str], ...]:
    for entity in named:
        if entity["kind"] == "comune" and knowledge.comuni[entity["ids"][0]].zone:
            zone = knowledge.zones[knowledge.comuni[entity["ids"][0]].zone]
            return (
                (
                    f"Comuni della zona {zone.name}"[:40],
                    f"Quali Comuni ci sono nella zona {zone.name}?",
                ),
                ("Cosa sono le zone", "Che cosa sono le zone omogenee?"),
            )
    record = knowledge.record(ZONE_TOPIC)
    return next_steps(knowledge, record) if record else ()


def _zone_reply(knowledge: KnowledgeBase, zone: Zone) -> Reply:
    listing = text(
        "zone_comuni",
        zone=zone.name,
        count=zone.municipalities,
        inhabitants=thousands(zone.inhabitants),
        km2=f"{zone.km2:.2f}".replace(".", ","),
        names=", ".join(comune.name for comune in knowledge.comuni_of(zone.id)),
    )
    others = [z for z in knowledge.zones.values() if z.id != zone.id][:2]
    buttons = tuple(
        (f"Zona {z.name}", f"Quali Comuni ci sono nella zona {z.name}?") for z in others
    )
    answer = listing + "\n" + source_line(knowledge, (MAP_SOURCE, zone.source))
    return Reply(answer, "answered", COMUNI_TOPIC, (COMUNI_TOPIC,), buttons)


def _data_sentence(comune: Comune, asked: set[str]) -> str:
    values = {
        "comune": comune.name,
        "population": thousands(comune.population),
        "cap": comune.cap,
        "istat": comune.istat,
        "belfiore": comune.belfiore,
    }
    if asked & _POSTAL:
        return text("comune_cap", **values)
    if asked & _PEOPLE:
        return text("comune_population", **values)
    if asked & _CODES:
        return text("comune_codes", **values)
    return text("comune_data", **values)
