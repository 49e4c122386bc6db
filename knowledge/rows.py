"""Items as rows of the database, and what would change if a layer were saved. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from knowledge.content import Content
from knowledge.schema import Offer
from knowledge.schema_base import Item

BUNDLED: Final = "content"
"""Origin of the files that come with Sportello: every start brings these up to date, and only these."""

OFFICE: Final = "office"
"""Origin of the office's own folder, loaded by `sportello knowledge load`."""

HOURS_ITEM: Final = "hours/all"
"""Id of the item with the opening hours of all offices."""

_RANKS: Final = {BUNDLED: 0, OFFICE: 2}
_IMPORTED_RANK: Final = 1

Row = dict[str, Any]
RowT = TypeVar("RowT")


def rank(origin: str) -> tuple[int, str]:
    """Of two items with one id the one whose origin ranks higher is in charge: bundled, imported, the office's own."""
    return _RANKS.get(origin, _IMPORTED_RANK), origin


@dataclass(frozen=True)
class Layer:
    """What one origin says, as rows without the origin; keyed by id (items) and by code (offers)."""

    items: Mapping[str, Row]
    offers: Mapping[str, Row]


@dataclass(frozen=True)
class Changes:
    """Keys that a save adds, changes and removes."""

    added: Sequence[str]
    changed: Sequence[str]
    removed: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def compared(wanted: Mapping[str, Row], stored: Mapping[str, str], *, replace: bool) -> Changes:
    """Compare rows with stored digests; without ``replace`` what is stored and not wanted stays."""
    return Changes(
        added=[key for key in wanted if key not in stored],
        changed=[
            key for key, row in wanted.items() if stored.get(key, row["digest"]) != row["digest"]
        ],
        removed=sorted(stored.keys() - wanted.keys()) if replace else [],
    )


def layer_of(content: Content, counted: Callable[[int], None] = lambda _rows: None) -> Layer:
    """All items of ``content`` as rows; ``counted`` is told as offers are done."""
    offers: dict[str, Row] = {}
    for offer in content.offers:
        offers[offer.codice] = offer_row(offer)
        counted(1)
    return Layer({row["id"]: row for row in _item_rows(content)}, offers)


def offer_row(offer: Offer) -> Row:
    """Row of one offer."""
    data = offer.model_dump_json(exclude_defaults=True)
    return {
        "code": offer.codice,
        "expires": offer.scade,
        "data": data,
        "digest": hashlib.sha256(data.encode()).hexdigest(),
    }


def _item_rows(content: Content) -> Iterator[Row]:
    kinds: list[tuple[str, Iterable[tuple[str, Item]]]] = [
        ("source", content.sources.items()),
        ("record", content.records.items()),
        ("comune", ((comune.istat, comune) for comune in content.comuni)),
        ("zone", ((zone.id, zone) for zone in content.zones)),
        ("outside", ((towns.province, towns) for towns in content.outside)),
        *(
            (name, ((term.id, term) for term in terms))
            for name, terms in content.gazetteers.items()
        ),
    ]
    for kind, items in kinds:
        for position, (key, item) in enumerate(items):
            yield _row(kind, key, position, item)
    if content.hours.offices:
        yield _row("hours", "all", 0, content.hours)


def _row(kind: str, key: str, position: int, item: Item) -> Row:
    data = item.model_dump_json(exclude_defaults=True)
    # Order has a meaning in these lists (the first owner of a shared name wins): the position counts.
    digest = hashlib.sha256(f"{position}:{data}".encode()).hexdigest()
    return {
        "id": f"{kind}/{key}",
        "kind": kind,
        "position": position,
        "data": data,
        "digest": digest,
    }
