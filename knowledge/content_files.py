"""Reads ``knowledge/content`` into validated items; every error names file, field and remedy."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from bot.errors import ContentError
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

CONTENT_DIR = Path(__file__).parent / "content"
_RECORD_FOLDERS = ("governance", "offices", "projects", "referrals", "services", "work", "zones")
_GAZETTEERS = ("mestieri", "contratti", "livelli")

OTHER_COMUNI = "altri-comuni"
"""Place of facts that hold in every municipality but Milano."""

ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Content:
    """Everything the office knows, checked and cross-checked."""

    sources: dict[str, Source]
    records: dict[str, Record]
    comuni: tuple[Comune, ...]
    zones: tuple[Zone, ...]
    outside: tuple[OutsideTowns, ...]
    gazetteers: dict[str, tuple[Term, ...]]
    offers: tuple[Offer, ...]
    hours: HoursData
    digest: str = field(default="", compare=False)


def load_content(folder: Path = CONTENT_DIR) -> Content:
    """Read and check a content folder.

    Raises:
        ContentError: on the first thing that is wrong, with file, field and remedy.
    """
    sources = {
        key: _parse(Source, value, f"sources.yml: {key}")
        for key, value in _mapping(folder / "sources.yml").items()
    }
    records: dict[str, Record] = {}
    for path in _record_files(folder):
        record = _parse(Record, _mapping(path), str(path.relative_to(folder)))
        if record.id != path.stem:
            raise ContentError(
                str(path), f"id '{record.id}' differs from the file name", "rename one of them"
            )
        if record.id in records:
            raise ContentError(str(path), f"id '{record.id}' is used twice", "choose another id")
        records[record.id] = record
    content = Content(
        sources=sources,
        records=records,
        comuni=_items(Comune, folder / "comuni.yml", "comuni"),
        zones=_items(Zone, folder / "zones.yml", "zones"),
        outside=_items(OutsideTowns, folder / "gazetteers" / "outside.yml", "provinces"),
        gazetteers={
            name: _items(Term, folder / "gazetteers" / f"{name}.yml", None) for name in _GAZETTEERS
        },
        offers=_offers(folder / "offers"),
        hours=_parse(HoursData, _mapping(folder / "hours.yml"), "hours.yml"),
        digest=content_digest(folder),
    )
    _cross_check(content)
    return content


def content_digest(folder: Path = CONTENT_DIR) -> str:
    """SHA-256 of all content files, names included: changes when, and only when, the content does."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yml")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _record_files(folder: Path) -> Iterator[Path]:
    for name in _RECORD_FOLDERS:
        yield from sorted((folder / name).glob("*.yml"))


def _offers(folder: Path) -> tuple[Offer, ...]:
    return tuple(
        offer for path in sorted(folder.glob("*.yml")) for offer in _items(Offer, path, "offers")
    )


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - safe loader below
    except FileNotFoundError:
        raise ContentError(str(path), "file is missing", "restore it from the repository") from None
    except UnicodeDecodeError:
        raise ContentError(str(path), "is not UTF-8 text", "save it as UTF-8") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise ContentError(str(path), str(error), "check dates and indentation") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "cannot be read as YAML"
        raise ContentError(f"{path}{line}", str(problem), "check indentation and quotes") from None


def _mapping(path: Path) -> dict[str, Any]:
    data = _read(path)
    if not isinstance(data, dict):
        raise ContentError(str(path), "must hold `field: value` lines", "see knowledge/README.md")
    return data


def _items(model: type[ItemT], path: Path, key: str | None) -> tuple[ItemT, ...]:
    data = _read(path)
    rows = data.get(key) if isinstance(data, dict) and key in data else data
    if isinstance(rows, dict) and len(rows) == 1:
        rows = next(iter(rows.values()))
    if not isinstance(rows, list):
        raise ContentError(str(path), "must hold a list", "see knowledge/README.md")
    return tuple(_parse(model, row, f"{path.name}: entry {n}") for n, row in enumerate(rows, 1))


def _parse(model: type[ItemT], data: Any, where: str) -> ItemT:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "entry"
        raise ContentError(
            where, f"field '{name}': {first['msg']}", "see knowledge/README.md"
        ) from None


def _cross_check(content: Content) -> None:
    zone_ids = {zone.id for zone in content.zones}
    for comune in content.comuni:
        if comune.zone and comune.zone not in zone_ids:
            raise ContentError(
                "comuni.yml", f"{comune.name}: unknown zone '{comune.zone}'", "see zones.yml"
            )
    for record in content.records.values():
        where = f"{record.id}.yml"
        statements = [record.summary, *record.facts]
        for statement in statements:
            if statement.source not in content.sources:
                raise ContentError(
                    where, f"unknown source '{statement.source}'", "add it to sources.yml"
                )
        ids = [fact.id for fact in record.facts]
        for fact_id in ids:
            if ids.count(fact_id) > 1:
                raise ContentError(where, f"fact id '{fact_id}' is used twice", "choose another id")
        for following in record.next:
            if following not in content.records:
                raise ContentError(
                    where, f"`next` names '{following}', which does not exist", "fix the id"
                )
    comuni = {comune.name for comune in content.comuni}
    _check_unique("comuni.yml", [comune.istat for comune in content.comuni])
    _check_unique("comuni.yml", [comune.name for comune in content.comuni])
    _check_unique("zones.yml", [zone.id for zone in content.zones])
    _check_unique("offers", [offer.codice for offer in content.offers])
    _check_unique("hours.yml", [office.id for office in content.hours.offices])
    for name, terms in content.gazetteers.items():
        _check_unique(f"{name}.yml", [term.id for term in terms])
    named = [("hours.yml", office.source) for office in content.hours.offices]
    for where, source in [*named, *(("zones.yml", zone.source) for zone in content.zones)]:
        if source not in content.sources:
            raise ContentError(where, f"unknown source '{source}'", "add it to sources.yml")
    places = comuni | {f"zona:{zone_id}" for zone_id in zone_ids} | {OTHER_COMUNI}
    for record in content.records.values():
        for fact in record.facts:
            for place in fact.places:
                if place not in places:
                    raise ContentError(
                        f"{record.id}.yml", f"unknown place '{place}'", "use an official name"
                    )
    trades = {term.id for term in content.gazetteers["mestieri"]}
    for offer in content.offers:
        if offer.comune not in comuni:
            raise ContentError(
                "offers",
                f"{offer.codice}: unknown comune '{offer.comune}'",
                "use the official name",
            )
        if offer.mestiere not in trades:
            raise ContentError(
                "offers", f"{offer.codice}: unknown trade '{offer.mestiere}'", "see mestieri.yml"
            )


def _check_unique(where: str, keys: list[str]) -> None:
    for key, times in Counter(keys).items():
        if times > 1:
            raise ContentError(where, f"'{key}' is used twice", "remove or rename one of them")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that leaves dates as text where a field wants text and refuses duplicate keys."""


def _unique_mapping(loader: Any, node: Any) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.MarkedYAMLError(
                problem=f"field '{key}' appears twice", problem_mark=node.start_mark
            )
    return {
        key: loader.construct_object(value, deep=True)
        for key, (_, value) in zip(keys, node.value, strict=True)
    }


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)
