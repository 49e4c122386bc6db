"""Questions about many municipalities at once: the largest, the smallest, those above a number of inhabitants (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.schema import Comune
from knowledge.text import words

_UNITS: Final = {
    name: number
    for number, name in enumerate(
        ["un", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci", "undici", "dodici", "tredici", "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove", "venti"],
        1,
    )
} | {"trenta": 30, "quaranta": 40, "cinquanta": 50, "sessanta": 60, "settanta": 70, "ottanta": 80, "novanta": 90, "cento": 100, "uno": 1}  # fmt: skip
_THOUSANDS: Final = "|".join(f"{name}mila" for name in _UNITS)
_NUMBER: Final = (
    rf"(\d{{1,3}}(?: \d{{3}})+|\d+(?: ?mila)?|mille|(?:{_THOUSANDS})|(?:{'|'.join(_UNITS)}) mila)"
)
_INHABITANTS: Final = re.compile(
    r"\b(?:abitant\w+|popola\w+|resident\w+|popolos\w+|persone|grand\w+|piccol\w+|abitat\w+)\b"
)
_OTHER_SIZE: Final = re.compile(
    r"\b(?:superficie|kmq|km2|km|estes\w+|ettari|caldai\w+|impiant\w+|termic\w+)\b"
)
_MANY: Final = re.compile(r"\b(?:comuni|paesi|citta|municipi|comune|paese|quello|quale)\b")
_OF_ZONES: Final = re.compile(
    r"\b(?:(?:qual(?:e|i)?(?: e| sono)?|la|le|che|delle) (?:\w+ )?zon[ae])(?: omogene[ae])? (?:(?:ha|con|e|hanno|sono) )?(?:la )?(?:piu|meno|maggior\w*|minor\w*)\b"
)
"""Zones are compared, not municipalities: "la zona con più abitanti"."""

_BETWEEN: Final = re.compile(
    rf"\b(?:tra|fra|da|dai) (?:i |gli )?{_NUMBER} (?:e|ed|a|ai) (?:i |gli )?{_NUMBER}\b"
)
_MORE: Final = re.compile(
    rf"\b(?:piu (?:grand\w+ )?di|oltre|sopra|al di sopra de|superior\w+ a\w*|almeno|maggior\w+ d\w+|(?<!non )super\w+)(?: (?:i|ai|gli|agli|a|dei|degli|la soglia d\w+))* {_NUMBER}\b"
)
_LESS: Final = re.compile(
    rf"\b(?:meno di|piu piccol\w+ di|sotto|al di sotto de|inferior\w+ a\w*|al massimo|massimo|minor\w+ d\w+|non super\w+|fino a\w*)(?: (?:i|ai|gli|agli|a|dei|degli|la soglia d\w+))* {_NUMBER}\b"
)
_LARGEST: Final = re.compile(
    r"\b(?:piu (?:grand\w|popolos\w|abitat\w|popolat\w|numeros\w)|(?:con|ha|hanno) (?:il )?(?:piu|maggior\w?|maggior numero di) (?:abitanti|gente|residenti|popolazione))\b"
)
_SMALLEST: Final = re.compile(
    r"\b(?:(?:piu piccol\w|meno (?:popolos\w|abitat\w|popolat\w|grand\w))|(?:con|ha|hanno) (?:il )?(?:meno|minor\w?|minor numero di) (?:abitanti|gente|residenti|popolazione))\b"
)
_HOW_MANY_WANTED: Final = re.compile(
    rf"\b(?:i|gli|primi|dei|quali sono i|elenca i) (\d{{1,2}}|{'|'.join(_UNITS)}) (?:comuni|paesi|citta|piu)\b"
)


@dataclass(frozen=True)
class AskedList:
    """Which municipalities are asked: by size (``largest``/``smallest`` and how many), or by inhabitants in a range."""

    largest: bool = False
    smallest: bool = False
    count: int = 1
    above: int | None = None
    below: int | None = None

    @property
    def in_range(self) -> bool:
        """Whether a number of inhabitants is the criterion."""
        return self.above is not None or self.below is not None

    def chosen(self, comuni: Iterable[Comune]) -> list[Comune]:
        """The municipalities asked for, largest first (smallest first when the smallest are asked)."""
        ordered = sorted(comuni, key=lambda comune: -comune.population)
        if self.in_range:
            return [
                comune
                for comune in ordered
                if (self.above is None or comune.population > self.above)
                and (self.below is None or comune.population < self.below)
            ]
        return ordered[: self.count] if self.largest else ordered[::-1][: self.count]


def asked_list(question: str) -> AskedList | None:
    """The list that a question asks for, or None."""
    plain = " ".join(words(question))
    if not _INHABITANTS.search(plain) or _OTHER_SIZE.search(plain) or not _MANY.search(plain):
        return None
    if _OF_ZONES.search(plain):
        return None
    between = _BETWEEN.search(plain)
    if between:
        low, high = sorted((_number(between[1]), _number(between[2])))
        return AskedList(above=low - 1, below=high + 1)
    less, more = _LESS.search(plain), _MORE.search(plain)
    if less or more:
        return AskedList(
            above=_number(more[1]) if more else None, below=_number(less[1]) if less else None
        )
    wanted = _HOW_MANY_WANTED.search(plain)
    count = min(10, _small(wanted[1])) if wanted else 1
    if _LARGEST.search(plain):
        return AskedList(largest=True, count=count)
    return AskedList(smallest=True, count=count) if _SMALLEST.search(plain) else None


def listed(names: Sequence[str], *, room: int) -> str:
    """Names in one string, as many as fit, and how many more there are."""
    kept: list[str] = []
    for name in names:
        if sum(len(other) + 2 for other in kept) + len(name) > room:
            return f"{', '.join(kept)} e altri {len(names) - len(kept)}"
        kept.append(name)
    return ", ".join(kept)


def _number(spoken: str) -> int:
    if spoken == "mille":
        return 1_000
    plain = spoken.replace(" ", "")
    if plain.endswith("mila"):
        return _small(plain.removesuffix("mila")) * 1_000
    return int(plain)


def _small(spoken: str) -> int:
    return int(spoken) if spoken.isdigit() else _UNITS[spoken]
