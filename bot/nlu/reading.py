"""Reading a message: its words, and the places, trades, contracts, levels and services that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import spacy
from spacy.tokens import Doc

from knowledge.places import Place, PlaceFinder, place_tokens
from knowledge.text import Token, fold, spelled_out

PLACEHOLDERS: Final = {"comune": "xcomunex", "outside": "xcomunex", "zone": "xzonax"}
_LABELS: Final = {"comune": "comune", "outside": "comune", "zone": "zona_omogenea"}


@dataclass(frozen=True)
class Reading:
    """What was read in a text: words for the classifier, entities in Rasa's shape."""

    words: tuple[str, ...]
    entities: tuple[dict[str, Any], ...]


class Reader:
    """Reads texts with the gazetteers of the knowledge.

    Args:
        terms: label -> term id -> ways of saying it; labels are the entity names.
    """

    def __init__(self, places: PlaceFinder, terms: dict[str, dict[str, list[str]]]) -> None:
        self._places = places
        self._nlp = spacy.blank("it")
        ruler = self._nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "TEXT"})
        ruler.add_patterns(list(_patterns(terms)))  # type: ignore[attr-defined]

    def read(self, text: str) -> Reading:
        """Words and entities of a text."""
        found = place_tokens(text)
        places = self._places.find_in(found)
        entities = [_place_entity(place, found) for place in places]
        entities += self._term_entities(found)
        return Reading(tuple(_classifier_words(found, places, entities)), tuple(entities))

    def _term_entities(self, found: list[Token]) -> list[dict[str, Any]]:
        if not found:
            return []
        doc = Doc(self._nlp.vocab, words=[token.word for token in found])
        for _, component in self._nlp.pipeline:
            doc = component(doc)
        return [
            {
                "entity": span.label_,
                "value": span.ent_id_,
                "start": found[span.start].start,
                "end": found[span.end - 1].end,
            }
            for span in doc.ents
        ]


def _patterns(terms: dict[str, dict[str, list[str]]]) -> Iterable[dict[str, str]]:
    seen: set[str] = set()
    for label, entries in terms.items():
        for term_id, names in entries.items():
            for name in names:
                pattern = fold(name)
                if pattern and pattern not in seen:
                    seen.add(pattern)
                    yield {"label": label, "pattern": pattern, "id": term_id}


def _place_entity(place: Place, found: list[Token]) -> dict[str, Any]:
    first, end = place.words
    return {
        "entity": _LABELS[place.kind],
        "value": place.name,
        "kind": place.kind,
        "ids": list(place.ids),
        "start": found[first].start,
        "end": found[end - 1].end,
    }


def _classifier_words(
    found: list[Token], places: list[Place], entities: list[dict[str, Any]]
) -> list[str]:
    """Folded words with each place replaced by a placeholder, so that one example teaches them all."""
    starts = {place.words[0]: place for place in places}
    words: list[str] = []
    at = 0
    while at < len(found):
        place = starts.get(at)
        if place is None:
            words.extend(spelled_out([found[at].word]))
            at += 1
        else:
            words.append(PLACEHOLDERS[place.kind])
            at = place.words[1]
    if any(entity["entity"] == "mestiere" for entity in entities):
        words.append("xmestierex")
    return ["x0x" if word.isdigit() and len(word) < 5 else word for word in words]
