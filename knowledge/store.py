"""The knowledge in the database: one transaction replaces it, readers follow by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from bot.storage.tables import knowledge_records
from knowledge.content_files import Content
from knowledge.schema import (
    Comune,
    HoursData,
    Item,
    Offer,
    OutsideTowns,
    Record,
    Source,
    Term,
    Zone,
)


@dataclass(frozen=True)
class LoadResult:
    """How many items a load added, changed and removed."""

    added: int
    changed: int
    removed: int


def is_empty(connection: sa.Connection) -> bool:
    """Whether no content was ever stored."""
    return connection.execute(sa.select(knowledge_records.c.id).limit(1)).scalar() is None


def save_content(connection: sa.Connection, content: Content) -> LoadResult:
    """Make the stored knowledge equal to ``content``, touching only what differs."""
    wanted = {row["id"]: row for row in _rows(content)}
    stored = {
        row.id: row.digest
        for row in connection.execute(sa.select(knowledge_records.c.id, knowledge_records.c.digest))
    }
    added = [row for key, row in wanted.items() if key not in stored]
    changed = [row for key, row in wanted.items() if key in stored and stored[key] != row["digest"]]
    removed = sorted(stored.keys() - wanted.keys())
    if added:
        connection.execute(sa.insert(knowledge_records), added)
    if changed:
        statement = (
            sa.update(knowledge_records)
            .where(knowledge_records.c.id == sa.bindparam("key"))
            .values(
                kind=sa.bindparam("kind"), data=sa.bindparam("data"), digest=sa.bindparam("digest")
            )
        )
        connection.execute(
            statement,
            [
                {"key": r["id"], "kind": r["kind"], "data": r["data"], "digest": r["digest"]}
                for r in changed
            ],
        )
    if removed:
        connection.execute(
            sa.delete(knowledge_records).where(knowledge_records.c.id == sa.bindparam("key")),
            [{"key": key} for key in removed],
        )
    return LoadResult(len(added), len(changed), len(removed))


def read_content(connection: sa.Connection) -> Content:
    """The stored knowledge; empty tables give an empty knowledge base."""
    kinds: dict[str, list[tuple[str, object]]] = {}
    digest = hashlib.sha256()
    rows = connection.execute(
        sa.select(
            knowledge_records.c.id,
            knowledge_records.c.kind,
            knowledge_records.c.data,
            knowledge_records.c.digest,
        ).order_by(knowledge_records.c.id)
    )
    for row in rows:
        digest.update(row.digest.encode())
        kinds.setdefault(row.kind, []).append((row.id.partition("/")[2], json.loads(row.data)))
    gazetteers: dict[str, tuple[Term, ...]] = {}
    for name in ("mestieri", "contratti", "livelli"):
        gazetteers[name] = tuple(Term.model_validate(d) for _, d in kinds.get(name, ()))
    hours = kinds.get("hours") or [("", {"offices": []})]
    return Content(
        sources={key: Source.model_validate(data) for key, data in kinds.get("source", ())},
        records={key: Record.model_validate(data) for key, data in kinds.get("record", ())},
        comuni=tuple(Comune.model_validate(d) for _, d in kinds.get("comune", ())),
        zones=tuple(Zone.model_validate(d) for _, d in kinds.get("zone", ())),
        outside=tuple(OutsideTowns.model_validate(d) for _, d in kinds.get("outside", ())),
        gazetteers=gazetteers,
        offers=tuple(Offer.model_validate(d) for _, d in kinds.get("offer", ())),
        hours=HoursData.model_validate(hours[0][1]),
        digest=digest.hexdigest(),
    )


def _rows(content: Content) -> Iterator[dict[str, str]]:
    for key, source in content.sources.items():
        yield _row("source", key, source)
    for key, record in content.records.items():
        yield _row("record", key, record)
    for comune in content.comuni:
        yield _row("comune", comune.istat, comune)
    for number, zone in enumerate(content.zones):
        yield _row("zone", f"{number:02}-{zone.id}", zone)
    # Order has a meaning in these lists (the first owner of a shared name wins): the key keeps it.
    for number, province in enumerate(content.outside):
        yield _row("outside", f"{number:04}-{province.province}", province)
    for name, terms in content.gazetteers.items():
        for number, term in enumerate(terms):
            yield _row(name, f"{number:04}-{term.id}", term)
    for offer in content.offers:
        yield _row("offer", offer.codice, offer)
    yield _row("hours", "all", content.hours)


def _row(kind: str, key: str, item: Item) -> dict[str, str]:
    data = item.model_dump_json()
    digest = hashlib.sha256(data.encode()).hexdigest()
    return {"id": f"{kind}/{key}", "kind": kind, "data": data, "digest": digest}
