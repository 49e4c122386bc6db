"""Reading a message: its words, and the places, trades, contracts, levels and services that it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.util import filter_spans

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
        self._vocab = spacy.blank("it").vocab
        self._terms = PhraseMatcher(self._vocab)
        self._meaning: dict[int, tuple[str, str]] = {}
        for number, (label, term_id, pattern) in enumerate(_patterns(terms)):
            key = f"{number}:{label}"
            self._terms.add(key, [Doc(self._vocab, words=pattern.split())])
            self._meaning[self._vocab.strings[key]] = (label, term_id)

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
        doc = Doc(self._vocab, words=[token.word for token in found])
        # Longest match first: "agente immobiliare" is a trade of its own, not an agent.
        spans = filter_spans(self._terms(doc, as_spans=True))
        entities = []
        for span in spans:
            label, term_id = self._meaning[span.label]
            start, end = found[span.start].start, found[span.end - 1].end
            entities.append({"entity": label, "value": term_id, "start": start, "end": end})
        return entities


def _patterns(terms: dict[str, dict[str, list[str]]]) -> Iterator[tuple[str, str, str]]:
    """Label, term id and folded name of every term; a name that two terms share belongs to the first."""
    seen: set[str] = set()
    for label, entries in terms.items():
        for term_id, names in entries.items():
            for name in names:
                pattern = fold(name)
                if pattern and pattern not in seen:
                    seen.add(pattern)
                    yield label, term_id, pattern


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
