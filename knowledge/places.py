"""Place names in a sentence: municipalities, zones and towns outside, with typing errors.

Exact names win. A word that is not Italian and is close to a name counts as that name mistyped; a word
that is Italian ("presso", close to Bresso) counts only when the caller knows that a place was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.schema import Comune, OutsideTowns, Zone
from knowledge.text import Token, fold, tokens

COMMON_WORDS: Final = frozenset(
    {"opera", "pero", "magenta", "sesto", "settimo", "pieve", "motta", "castano"}
)
"""Names that are also everyday words: alone they need a hint that a place is meant."""

ORDINARY_TOWNS: Final = frozenset({"trovo", "erba", "meda", "renate", "desio", "ferno"})
"""Towns outside whose names are everyday words that the table of words may lack."""

_PLACE_HINTS: Final = frozenset(
    [
        "a",
        "ad",
        "di",
        "da",
        "in",
        "per",
        "comune",
        "paese",
        "citta",
        "abito",
        "vivo",
        "risiedo",
        "sto",
        "zona",
        "residente",
        "cpi",
        "centro",
        "impiego",
        "vicino",
        "sono",
        "e",
        "ed",
    ]
)
_SAINTS: Final = frozenset(
    [
        "donato",
        "giuliano",
        "giovanni",
        "giorgio",
        "vittore",
        "zenone",
        "colombano",
        "giacomo",
        "stefano",
    ]
)
_SAINT_SHORT: Final = frozenset({"s", "sn", "sto", "st"})
_MILANESE_SHORT: Final = frozenset({"m", "mi", "mil", "milan"})
_MAX_NAME_WORDS: Final = 4


@dataclass(frozen=True)
class Place:
    """A place found in a text.

    ``kind`` is "comune", "zone" or "outside"; ``ids`` has one entry, or several when the name is ambiguous
    ("Cerro" is Cerro Maggiore or Cerro al Lambro): ISTAT codes, zone ids, or the province outside.
    """

    kind: str
    name: str
    ids: tuple[str, ...]
    words: tuple[int, int]
    typed: str
    distance: int = 0


class PlaceFinder:
    """Finds places in folded words.

    Args:
        is_word: tells whether a folded word is ordinary Italian, so that it is not taken for a mistyped name.
    """

    def __init__(
        self,
        comuni: Iterable[Comune],
        zones: Iterable[Zone],
        outside: Iterable[OutsideTowns],
        is_word: Callable[[str], bool],
    ) -> None:
        self._is_word = is_word
        self.comuni = {comune.istat: comune for comune in comuni}
        self._names: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        self._official = {fold(comune.name) for comune in self.comuni.values()}
        for province in outside:
            for town in province.towns:
                self._names[fold(town)] = ("outside", town, (province.province,))
        for zone in zones:
            for name in (zone.name, *zone.names):
                self._names[fold(name)] = ("zone", zone.name, (zone.id,))
        short: dict[str, list[Comune]] = {}
        for comune in self.comuni.values():
            for variant in comune.variants:
                short.setdefault(fold(variant), []).append(comune)
        for folded, owners in short.items():
            self._names[folded] = ("comune", owners[0].name, tuple(owner.istat for owner in owners))
        for comune in self.comuni.values():
            self._names[fold(comune.name)] = ("comune", comune.name, (comune.istat,))
        self._by_length: dict[int, list[str]] = {}
        for folded in self._names:
            self._by_length.setdefault(len(folded.split()), []).append(folded)

    def find(self, text: str, *, place_expected: bool = False) -> list[Place]:
        """Places in order of appearance, not overlapping.

        Args:
            text: as typed.
            place_expected: the question is about a place, so that even an Italian word may be a mistyped name.
        """
        return self.find_in(place_tokens(text), place_expected=place_expected)

    def find_in(self, tokens: list[Token], *, place_expected: bool = False) -> list[Place]:
        """Like `find`, in tokens made by `place_tokens`."""
        words = [token.word for token in tokens]
        found = self._widened(words, self._exact(words, place_expected))
        taken = {i for place in found for i in range(*place.words)}
        found += self._mistyped(words, taken, place_expected and not found)
        return sorted(found, key=lambda place: place.words)

    def _exact(self, words: list[str], place_expected: bool) -> list[Place]:
        found: list[Place] = []
        at = 0
        while at < len(words):
            for size in range(min(_MAX_NAME_WORDS, len(words) - at), 0, -1):
                typed = " ".join(words[at : at + size])
                entry = self._names.get(typed)
                if entry and (size > 1 or self._means_place(words, at, place_expected)):
                    place = self._fuller(words, at, size) or Place(*entry, (at, at + size), typed)
                    found.append(place)
                    at = place.words[1]
                    break
            else:
                at += 1
        return found

    def _widened(self, words: list[str], found: list[Place]) -> list[Place]:
        """A name that is part of a longer, mistyped name gives way to it: "san girgio su legnano"."""
        wide = [self._wider(words, place) or place for place in found]
        return [
            place
            for n, place in enumerate(wide)
            if not any(_covers(other, place) for other in wide[:n])
            and not any(_covers(other, place) and other.words != place.words for other in wide[n:])
        ]

    def _wider(self, words: list[str], place: Place) -> Place | None:
        first, end = place.words
        for size in range(_MAX_NAME_WORDS, end - first, -1):
            for at in range(max(0, end - size), min(first, len(words) - size) + 1):
                rest = (*words[at:first], *words[end : at + size])
                if all(self._is_word(word) for word in rest):
                    continue
                typed = " ".join(words[at : at + size])
                names = [
                    name
                    for length in (size - 1, size, size + 1)
                    for name in self._by_length.get(length, ())
                    if place.typed in name and name != place.typed
                ]
                allowed = _allowed_errors(len(typed), False)
                hit = process.extractOne(typed, names, scorer=OSA.distance, score_cutoff=allowed)
                if hit:
                    return Place(*self._names[hit[0]], (at, at + size), typed, int(hit[1]))
        return None

    def _fuller(self, words: list[str], at: int, size: int) -> Place | None:
        """The whole name when only its first words are right: "trezzano sul navilio"."""
        begun = " ".join(words[at : at + size]) + " "
        for longer in range(min(_MAX_NAME_WORDS, len(words) - at), size, -1):
            typed = " ".join(words[at : at + longer])
            names = [name for name in self._by_length.get(longer, ()) if name.startswith(begun[:3])]
            hit = process.extractOne(
                typed, names, scorer=OSA.distance, score_cutoff=_allowed_errors(len(typed), False)
            )
            if hit and hit[0].startswith(begun):
                return Place(*self._names[hit[0]], (at, at + longer), typed, int(hit[1]))
        return None

    def _means_place(self, words: list[str], at: int, place_expected: bool) -> bool:
        word = words[at]
        ordinary = word in COMMON_WORDS or (
            self._names[word][0] == "outside" and (word in ORDINARY_TOWNS or self._is_word(word))
        )
        if not ordinary or place_expected or len(words) == 1:
            return True
        if at > 0 and words[at - 1] in _PLACE_HINTS:
            return True
        # "Pero e Opera": joined to another place, it is one.
        return words[at + 1 : at + 2] in (["e"], ["ed"], ["o"]) and any(
            " ".join(words[at + 2 : at + 2 + size]) in self._names for size in range(1, 4)
        )

    def _mistyped(self, words: list[str], taken: set[int], relaxed: bool) -> list[Place]:
        candidates: list[tuple[float, Place]] = []
        for size in range(min(_MAX_NAME_WORDS, len(words)), 0, -1):
            for at in range(len(words) - size + 1):
                span = range(at, at + size)
                if taken.intersection(span):
                    continue
                if not relaxed and all(self._is_word(words[i]) or len(words[i]) < 3 for i in span):
                    continue
                place, score = self._closest(words, at, size, relaxed)
                if place:
                    candidates.append((score, place))
        found: list[Place] = []
        for _, place in sorted(candidates, key=lambda pair: (pair[0], pair[1].words)):
            if not taken.intersection(range(*place.words)):
                taken.update(range(*place.words))
                found.append(place)
                if relaxed:
                    break
        return found

    def _closest(
        self, words: list[str], at: int, size: int, relaxed: bool
    ) -> tuple[Place | None, float]:
        typed = " ".join(words[at : at + size])
        allowed = _allowed_errors(len(typed), relaxed)
        if not allowed:
            return None, 0.0
        # A missing or doubled space is an error like another: names of a word more or less are tried too.
        names = [
            name
            for length in (size - 1, size, size + 1)
            for name in self._by_length.get(length, ())
            # Towns outside are many and short: a mistyped one is looked for only when a place was asked.
            if relaxed or self._names[name][0] != "outside"
        ]
        hits = process.extract(typed, names, scorer=OSA.distance, score_cutoff=allowed, limit=8)
        if not hits:
            return None, 0.0
        best = min(hits, key=lambda hit: self._rank(typed, hit[0], int(hit[1])))
        name, distance = best[0], int(best[1])
        kind, label, ids = self._names[name]
        rank = self._rank(typed, name, distance)
        ties = [
            hit[0]
            for hit in hits
            if hit[0] != name and self._rank(typed, hit[0], int(hit[1])) == rank
        ]
        for tie in ties:
            other_kind, _, other_ids = self._names[tie]
            if other_kind == kind == "comune":
                ids = (*ids, *(i for i in other_ids if i not in ids))
        # Longer spans explain more of the sentence: they win over a part of themselves.
        score = distance / len(typed) - 0.05 * size
        return Place(kind, label, ids, (at, at + size), typed, distance), score

    def _rank(self, typed: str, name: str, distance: int) -> tuple[int, bool, bool, bool]:
        """Which of several close names is meant: fewest errors, same first letter, official, ours."""
        return (
            distance,
            typed[:1] != name[:1],
            self._names[name][0] != "comune",
            sorted(typed) != sorted(name) and name not in self._official,
        )


def _covers(wide: Place, narrow: Place) -> bool:
    return wide.words[0] <= narrow.words[0] and narrow.words[1] <= wide.words[1]


def place_tokens(text: str) -> list[Token]:
    """Tokens with "S. Donato M.se" written in full; offsets still point into ``text``."""
    plain = tokens(text)
    out: list[Token] = []
    at = 0
    while at < len(plain):
        token = plain[at]
        following = plain[at + 1] if at + 1 < len(plain) else None
        if token.word in _SAINT_SHORT and following and following.word in _SAINTS:
            full = "santo" if following.word == "stefano" else "san"
            out.append(Token(full, token.start, token.end))
        elif token.word in _MILANESE_SHORT and following and following.word == "se":
            out.append(Token("milanese", token.start, following.end))
            at += 1
        elif token.word == "mse":
            out.append(Token("milanese", token.start, token.end))
        else:
            out.append(token)
        at += 1
    return out


def _allowed_errors(length: int, relaxed: bool) -> int:
    if length < 3:
        return 0
    if length < 4:
        return 1 if relaxed else 0
    if length < 10:
        return 1
    return 2
