"""The knowledge in the database: layers by origin; one transaction replaces a layer; readers follow its stamp."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from bot.storage.app_state import read_state, write_state
from bot.storage.tables_knowledge import knowledge_items, offers
from knowledge.content import GAZETTEERS, Content
from knowledge.offers import StoredOffers
from knowledge.rows import BUNDLED, Changes, Layer, compared, layer_of, rank
from knowledge.schema import Comune, HoursData, OutsideTowns, Record, Source, Term, Zone

ITEMS_STAMP: Final = "knowledge.items"
OFFERS_STAMP: Final = "knowledge.offers"
_BATCH: Final = 1_000
_LOCK_KEY: Final = 7_306_112_002
"""Advisory lock of writers of the knowledge on PostgreSQL (SQLite has one writer anyway)."""

Counted = Callable[[int], None]


@dataclass(frozen=True)
class LayerChanges:
    """What saving a layer changes."""

    items: Changes
    offers: Changes

    def __bool__(self) -> bool:
        return bool(self.items or self.offers)


@dataclass(frozen=True)
class LoadResult:
    """How many items and offers a load added, changed and removed."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True)
class Stamps:
    """Change whenever items, or offers, change; equal stamps mean equal knowledge."""

    items: str
    offers: str


def read_stamps(connection: sa.Connection) -> Stamps:
    """Today's stamps; empty texts before the first load."""
    return Stamps(
        read_state(connection, ITEMS_STAMP) or "", read_state(connection, OFFERS_STAMP) or ""
    )


def layer_changes(
    connection: sa.Connection, origin: str, layer: Layer, *, replace: bool = True
) -> LayerChanges:
    """What `save_layer` would do."""
    return LayerChanges(
        compared(layer.items, _digests(connection, knowledge_items, "id", origin), replace=replace),
        compared(layer.offers, _digests(connection, offers, "code", origin), replace=replace),
    )


def save_layer(
    connection: sa.Connection,
    origin: str,
    layer: Layer,
    *,
    replace: bool = True,
    counted: Counted = lambda _rows: None,
) -> LayerChanges:
    """Make what ``origin`` says equal to ``layer``, touching only what differs.

    Args:
        replace: also remove what the origin said before and does not say now.
        counted: told how many more rows are done.
    """
    lock_knowledge(connection)
    changes = layer_changes(connection, origin, layer, replace=replace)
    _apply(connection, knowledge_items, "id", origin, layer.items, changes.items, counted)
    _apply(connection, offers, "code", origin, layer.offers, changes.offers, counted)
    for stamp, changed in ((ITEMS_STAMP, changes.items), (OFFERS_STAMP, changes.offers)):
        if changed:
            write_state(connection, stamp, uuid4().hex)
    return changes


def is_empty(connection: sa.Connection) -> bool:
    """Whether no content was ever stored."""
    return connection.execute(sa.select(knowledge_items.c.id).limit(1)).scalar() is None


def save_content(connection: sa.Connection, content: Content) -> LoadResult:
    """Make the bundled layer equal to ``content``."""
    changes = save_layer(connection, BUNDLED, layer_of(content))
    both = (changes.items, changes.offers)
    return LoadResult(
        sum(len(part.added) for part in both),
        sum(len(part.changed) for part in both),
        sum(len(part.removed) for part in both),
    )


def lock_knowledge(connection: sa.Connection) -> None:
    """Let one writer at a time compare and change the knowledge."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))


def read_content(connection: sa.Connection) -> Content:
    """The knowledge in charge, offers included; empty tables give an empty knowledge."""
    content = read_items(connection)
    return Content(**{**vars(content), "offers": read_offers(connection)})


def read_items(connection: sa.Connection, *, without: str = "") -> Content:
    """The knowledge in charge without the offers; leaves out the origin ``without``."""
    chosen: dict[str, Any] = {}
    positions: dict[str, int] = {}
    digest = hashlib.sha256()
    rows = connection.execute(sa.select(knowledge_items)).all()
    for row in sorted(rows, key=lambda row: rank(row.origin)):
        if row.origin != without:
            chosen[row.id] = row
            # What takes the place of a bundled item also takes its place in the order.
            positions.setdefault(row.id, row.position)
    kinds: dict[str, list[tuple[str, object]]] = {}
    for row in sorted(chosen.values(), key=lambda row: (row.kind, positions[row.id], row.id)):
        digest.update(f"{row.id} {row.digest} ".encode())
        kinds.setdefault(row.kind, []).append((row.id.partition("/")[2], json.loads(row.data)))
    hours = kinds.get("hours") or [("", {"offices": []})]
    return Content(
        sources={key: Source.model_validate(data) for key, data in kinds.get("source", ())},
        records={key: Record.model_validate(data) for key, data in kinds.get("record", ())},
        comuni=tuple(Comune.model_validate(d) for _, d in kinds.get("comune", ())),
        zones=tuple(Zone.model_validate(d) for _, d in kinds.get("zone", ())),
        outside=tuple(OutsideTowns.model_validate(d) for _, d in kinds.get("outside", ())),
        gazetteers={
            name: tuple(Term.model_validate(d) for _, d in kinds.get(name, ()))
            for name in GAZETTEERS
        },
        hours=HoursData.model_validate(hours[0][1]),
        digest=digest.hexdigest(),
    )


def read_offers(connection: sa.Connection, origin: str | None = None) -> StoredOffers:
    """All offers, or those of one origin, still as stored text; decoded one by one when used."""
    wanted = sa.select(offers.c.data).order_by(offers.c.origin, offers.c.code)
    if origin is not None:
        wanted = wanted.where(offers.c.origin == origin)
    return StoredOffers(connection.execute(wanted).scalars().all())


def read_rows(
    connection: sa.Connection, origin: str, keys: Sequence[str], *, of_offers: bool = False
) -> dict[str, str]:
    """Stored data (JSON) of some items, or offers, of an origin."""
    table, key = (offers, "code") if of_offers else (knowledge_items, "id")
    found: dict[str, str] = {}
    for batch in _batches(keys):
        wanted = sa.select(table.c[key], table.c.data).where(
            table.c.origin == origin, table.c[key].in_(batch)
        )
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found


def read_origins(connection: sa.Connection) -> dict[str, tuple[int, int]]:
    """Number of items and of offers of each origin."""
    counts: dict[str, list[int]] = {}
    for position, table in enumerate((knowledge_items, offers)):
        grouped = sa.select(table.c.origin, sa.func.count()).group_by(table.c.origin)
        for origin, number in connection.execute(grouped):
            counts.setdefault(origin, [0, 0])[position] = number
    return {origin: (items, of_offers) for origin, (items, of_offers) in sorted(counts.items())}


def _digests(connection: sa.Connection, table: sa.Table, key: str, origin: str) -> dict[str, str]:
    wanted = sa.select(table.c[key], table.c.digest).where(table.c.origin == origin)
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _apply(
    connection: sa.Connection,
    table: sa.Table,
    key: str,
    origin: str,
    rows: Any,
    changes: Changes,
    counted: Counted,
) -> None:
    for batch in _batches([*changes.removed, *changes.changed]):
        connection.execute(
            sa.delete(table).where(table.c.origin == origin, table.c[key].in_(batch))
        )
    for batch in _batches([*changes.added, *changes.changed]):
        connection.execute(sa.insert(table), [{**rows[name], "origin": origin} for name in batch])
        counted(len(batch))


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]
