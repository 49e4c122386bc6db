"""What is said about places: zones of municipalities, municipalities of zones, data (wording only)."""

from __future__ import annotations

import re
from typing import Any, Final

from actions.comune_lists import AskedList
from actions.replies import Reply, next_steps, source_line, thousands
from actions.texts import text
from knowledge.base import KnowledgeBase
from knowledge.schema import Comune, Zone
from knowledge.text import words

MAP_SOURCE: Final = "COMUNI-CSV"
ZONE_TOPIC: Final = "zona-del-comune"
COMUNI_TOPIC: Final = "comuni-della-zona"
DATA_TOPIC: Final = "comune-dati"
_MOVED: Final = {"Cologno Monzese"}
_SAME: Final = re.compile(r"\bstess[ao] zona\b|\bzona (?:e la )?stessa\b")
MERGED: Final = {"Vermezzo con Zelo"}
BELONGS: Final = re.compile(
    r"\b(?:fa|fanno|faccia|facesse) parte|\b(?:appart\w+|compres[oaie]|rientr\w+|inclus[oaie]|vostr[oaie]|esiste|esistono|esisteva|soppress\w+|"
    r"(?:e|sono|sta|stanno|siamo) (?:un |dei )?(?:comun[ei]|in provincia|nella provincia|in citta metropolitana|nella citta metropolitana|nel territorio|sotto (?:la citta )?(?:metropolitana|milano)|con voi))\b"
)
WHICH_ZONE: Final = re.compile(
    r"\b(?:che|quale|quali|qual e la|rispettiv\w+) zon[ae]\b|\bzon[ae]\b.*\brispettiv|^zon[ae] (?:di|omogene[ae] di)\b"
)


def limits(asked: AskedList) -> str:
    if asked.above is not None and asked.below is not None:
        return text(
            "limits_between", low=thousands(asked.above + 1), high=thousands(asked.below - 1)
        )
    if asked.above is not None:
        return text("limits_above", number=thousands(asked.above))
    return text("limits_below", number=thousands(asked.below or 0))


def first_yes_or_no(
    knowledge: KnowledgeBase,
    named: list[dict[str, Any]],
    zones: list[dict[str, Any]],
    question: str,
) -> list[str]:
    """ "Sì." or "No." for "X è nel Sud Ovest?", "X e Y sono nella stessa zona?", "X fa parte della città metropolitana?"."""
    plain = " ".join(words(question))
    if len(named) > 1 and _SAME.search(plain):
        found = {_zone_of(knowledge, entity) for entity in named}
        return [text("say_yes") if len(found) == 1 and "" not in found else text("say_no")]
    if len(named) > 1 or len({zone["ids"][0] for zone in zones}) > 1 or WHICH_ZONE.search(plain):
        return []
    ours = named[0]["kind"] == "comune"
    if zones:
        its = _zone_of(knowledge, named[0])
        return [text("say_yes") if its in {zone["ids"][0] for zone in zones} else text("say_no")]
    if not BELONGS.search(plain) or named[0]["value"] in MERGED:
        return []
    return [text("member") if ours else text("say_no")]


def _zone_of(knowledge: KnowledgeBase, entity: dict[str, Any]) -> str:
    return knowledge.comuni[entity["ids"][0]].zone if entity["kind"] == "comune" else ""


def zone_sentences(knowledge: KnowledgeBase, entity: dict[str, Any]) -> list[str]:
    if entity["kind"] == "outside":
        return [text("zone_outside", town=entity["value"], province=entity["ids"][0])]
    comune = knowledge.comuni[entity["ids"][0]]
    if not comune.zone:
        return [text("zone_of_milano")]
    sentences = [text("zone_of", comune=comune.name, zone=knowledge.zones[comune.zone].name)]
    if comune.name in _MOVED:
        sentences.append(text("zone_moved"))
    if comune.name in MERGED:
        sentences.append(text("zone_former"))
    return sentences


def zone_buttons(
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


def zone_reply(knowledge: KnowledgeBase, zone: Zone) -> Reply:
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


def data_sentence(knowledge: KnowledgeBase, comune: Comune, asked: str) -> str:
    zone = knowledge.zones.get(comune.zone)
    return text(
        asked or "comune_data",
        comune=comune.name,
        population=thousands(comune.population),
        cap=comune.cap,
        istat=comune.istat,
        belfiore=comune.belfiore,
        zone=text("data_zone", zone=zone.name) if zone else text("data_no_zone"),
    )
