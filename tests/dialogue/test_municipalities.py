"""Places in conversation: the zone of each of the 133 municipalities however it is written, the lists of the zones."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from knowledge.base import KnowledgeBase
from knowledge.schema import Comune
from tests.support.chat import Chat, texts
from tests.support.counts import count

pytestmark = pytest.mark.model

MUNICIPALITIES = 133
ZONES = 7
MISTYPED_RIGHT = 0.97


def _without_accents(name: str) -> str:
    """The name in plain letters, also without apostrophes: how a telephone keyboard is used in a hurry."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower().replace("'", " ")


def _right(knowledge: KnowledgeBase, comune: Comune) -> str:
    """What the answer must say."""
    if not comune.zone:
        return "Milano è il capoluogo e sta fuori dalle zone omogenee"
    return f"{comune.name} è nella Zona omogenea {knowledge.zones[comune.zone].name}."


async def _wrong(
    chat: Callable[..., Chat], knowledge: KnowledgeBase, names: Iterable[tuple[Comune, str]]
) -> list[tuple[str, str, str]]:
    """Municipalities whose zone is not told, with what was typed and answered."""
    wrong = []
    for comune, typed in names:
        answer = texts(await chat().say(f"in che zona è {typed}?"))
        if _right(knowledge, comune) not in answer:
            wrong.append((comune.name, typed, answer))
    return wrong


@pytest.mark.parametrize("written", [str, str.lower, str.upper, _without_accents])
async def test_the_zone_of_every_municipality_is_told(
    chat: Callable[..., Chat], knowledge: KnowledgeBase, written: Callable[[str], str]
) -> None:
    names = [(comune, written(comune.name)) for comune in knowledge.comuni.values()]
    assert len(names) == MUNICIPALITIES
    assert await _wrong(chat, knowledge, names) == []


def _mistyped(name: str, chance: random.Random) -> str:
    """The name with one typing error: a letter lost, doubled, swapped with the next, or another one."""
    at = chance.choice([i for i, char in enumerate(name) if char.isalpha()])
    kind = chance.choice(("lost", "doubled", "swapped", "other"))
    if kind == "lost":
        return name[:at] + name[at + 1 :]
    if kind == "swapped" and at + 1 < len(name) and name[at + 1] != name[at]:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if kind == "other":
        other = chance.choice([letter for letter in "abcdefghilmnopqrstuvz" if letter != name[at]])
        return name[:at] + other + name[at + 1 :]
    return name[:at] + name[at] + name[at:]


async def test_one_typing_error_hardly_ever_hides_a_municipality(
    chat: Callable[..., Chat], knowledge: KnowledgeBase
) -> None:
    chance = random.Random(20_261_124)
    names = [
        (comune, _mistyped(comune.name.lower(), chance))
        for _ in range(count(2, 20))
        for comune in knowledge.comuni.values()
    ]
    wrong = await _wrong(chat, knowledge, names)
    assert 1 - len(wrong) / len(names) >= MISTYPED_RIGHT, wrong


async def test_each_zone_lists_all_its_municipalities_and_no_other(
    chat: Callable[..., Chat], knowledge: KnowledgeBase
) -> None:
    everywhere = set()
    for zone in knowledge.zones.values():
        answer = texts(await chat().say(f"quali Comuni ci sono nella zona {zone.name}?"))
        listed = answer.split("\n")[0].rsplit(": ", 1)[1].rstrip(".").split(", ")
        assert listed == [comune.name for comune in knowledge.comuni_of(zone.id)]
        assert len(listed) == zone.municipalities
        everywhere.update(listed)
    assert len(knowledge.zones) == ZONES
    assert len(everywhere) == MUNICIPALITIES - 1


@pytest.mark.parametrize("town", ["Monza", "Saronno", "Vigevano", "Lodi"])
async def test_a_town_outside_gets_no_zone(chat: Callable[..., Chat], town: str) -> None:
    answer = texts(await chat().say(f"in che zona omogenea è {town}?"))
    assert f"{town} non fa parte della Città metropolitana" in answer


@pytest.mark.parametrize(
    "message",
    [
        "dove trovo il modulo per l'accesso agli atti",
        "cerco lavoro come barista mentre studio",
        "Spett.le ente, qual è la mia zona omogenea?",
        "abito lì da trent'anni, in che zona sono?",
        "cambiami l'ora dell'appuntamento",
        "chi taglia l'erba alta ai bordi della provinciale",
        "vorrei lavorare in Germania",
    ],
)
async def test_everyday_words_are_not_taken_for_places(assistant: Any, message: str) -> None:
    """Trovo and Erba are towns, "mentre" is a letter away from Mestre: nobody means them here."""
    entities = (await assistant.parse(message))["entities"]
    assert [entity["value"] for entity in entities if entity["entity"] == "comune"] == []
