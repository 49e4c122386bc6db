"""Reads content folders into validated items; every error names file, line, field and remedy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from bot.errors import ContentError, raise_problems
from knowledge.content import GAZETTEERS, OTHER_COMUNI, Content, overlaid
from knowledge.cross_checks import cross_problems, duplicates
from knowledge.schema import (
    Comune,
    HoursData,
    Offer,
    OutsideTowns,
    Record,
    Source,
    Term,
    Zone,
)
from knowledge.schema_base import Item
from knowledge.validation import GUIDE, Invalid, checked
from knowledge.yaml_files import YamlPart, read_yaml, read_yaml_list

__all__ = ["CONTENT_DIR", "OTHER_COMUNI", "Content", "content_digest", "load_content", "load_layer"]

CONTENT_DIR: Final = Path(__file__).parent / "content"
RECORD_FOLDERS: Final = (
    "governance",
    "offices",
    "projects",
    "referrals",
    "services",
    "work",
    "zones",
    "functions",
    "qa",
)
_LAYER_FILES: Final = frozenset({"sources.yml", "comuni.yml", "zones.yml", "hours.yml"})
_LAYER_FOLDERS: Final = frozenset({*RECORD_FOLDERS, "offers"})

ItemT = TypeVar("ItemT", bound=Item)
Counted = Callable[[int], None]
"""Told how many more items have been read: drives a progress bar."""


def load_content(folder: Path = CONTENT_DIR) -> Content:
    """Read and check a complete content folder.

    Raises:
        ContentError: what is wrong, with file, line, field and remedy; ``ContentErrors`` if more than one thing.
    """
    reader = _Reader(folder)
    content = reader.content(complete=True)
    raise_problems(reader.problems or cross_problems(content))
    return content


def load_layer(folder: Path, base: Content, counted: Counted = lambda _items: None) -> Content:
    """Read an office's own folder, in which every file is optional, and check it together with ``base``.

    Returns:
        what the folder holds, without the base.

    Raises:
        ContentError: like `load_content`; also when the folder holds nothing that can be loaded.
    """
    reader = _Reader(folder, counted)
    reader.refuse_strangers()
    layer = reader.content(complete=False)
    raise_problems(reader.problems)
    raise_problems(cross_problems(overlaid(_without_offers(base), layer)))
    return layer


def content_digest(folder: Path = CONTENT_DIR) -> str:
    """SHA-256 of all content files, names included: changes when, and only when, the content does."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yml")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _without_offers(content: Content) -> Content:
    # Offers of different origins never meet: only the folder's own can clash.
    return Content(**{**vars(content), "offers": ()})


class _Reader:
    """Reads one folder and gathers what is wrong instead of stopping at the first thing."""

    def __init__(self, folder: Path, counted: Counted = lambda _items: None) -> None:
        self._folder = folder
        self._counted = counted
        self.problems: list[ContentError] = []

    def content(self, *, complete: bool) -> Content:
        """Everything in the folder; with ``complete`` a missing file is a problem."""

        def wanted(name: str) -> bool:
            return complete or (self._folder / name).exists()

        gazetteers = {
            name: self._items(Term, f"gazetteers/{name}.yml", "")
            for name in GAZETTEERS
            if wanted(f"gazetteers/{name}.yml")
        }
        outside = "gazetteers/outside.yml"
        return Content(
            sources=self._sources() if wanted("sources.yml") else {},
            records=self._records(),
            comuni=self._items(Comune, "comuni.yml", "comuni") if wanted("comuni.yml") else (),
            zones=self._items(Zone, "zones.yml", "zones") if wanted("zones.yml") else (),
            outside=self._items(OutsideTowns, outside, "provinces") if wanted(outside) else (),
            gazetteers=gazetteers,
            offers=self._offers(),
            hours=self._hours() if wanted("hours.yml") else HoursData(offices=[]),
            digest=content_digest(self._folder) if complete else "",
        )

    def refuse_strangers(self) -> None:
        """A file that would be ignored is a problem: a wrong name must not pass in silence."""
        if not self._folder.is_dir():
            raise ContentError(str(self._folder), "non è una cartella", "indica una cartella")
        names = {path.name for path in self._folder.iterdir() if not path.name.startswith(".")}
        for name in sorted(names - _LAYER_FILES - _LAYER_FOLDERS):
            self.problems.append(
                ContentError(name, "non so che cosa sia", "usa i nomi di docs/knowledge-schema.md")
            )
        if not names:
            raise ContentError(str(self._folder), "la cartella è vuota", "metti almeno un file")

    def _sources(self) -> dict[str, Source]:
        part = self._read("sources.yml")
        rows = self._mapping(part)
        found = {key: self._item(Source, value, part, (key,)) for key, value in rows.items()}
        return {str(key): source for key, source in found.items() if source is not None}

    def _records(self) -> dict[str, Record]:
        records: dict[str, Record] = {}
        for path in self._record_files():
            name = str(path.relative_to(self._folder))
            part = self._read(name)
            data = self._mapping(part)
            record = self._item(Record, data, part, ()) if data else None
            if record is None:
                continue
            if record.id != path.stem:
                problem = f"l'id «{record.id}» è diverso dal nome del file"
                self.problems.append(ContentError(name, problem, "cambia uno dei due"))
            elif record.id in records:
                self.problems.extend(duplicates(name, [record.id, record.id]))
            records[record.id] = record
            self._counted(1)
        return records

    def _record_files(self) -> Iterator[Path]:
        for name in RECORD_FOLDERS:
            yield from sorted((self._folder / name).glob("*.yml"))

    def _hours(self) -> HoursData:
        part = self._read("hours.yml")
        data = self._mapping(part)
        hours = self._item(HoursData, data, part, ()) if data else None
        return hours or HoursData(offices=[])

    def _offers(self) -> tuple[Offer, ...]:
        return tuple(
            offer
            for path in sorted((self._folder / "offers").glob("*.yml"))
            for offer in self._items(Offer, f"offers/{path.name}", "offers")
        )

    def _items(self, model: type[ItemT], name: str, key: str) -> tuple[ItemT, ...]:
        """Items of a list that is the whole file, or the value of its one key."""
        items: list[ItemT] = []
        try:
            for part in read_yaml_list(self._folder / name, name):
                rows, prefix = _rows(part.data, key)
                if rows is None:
                    self.problems.append(ContentError(name, "deve contenere un elenco", GUIDE))
                    continue
                found = [self._item(model, row, part, (*prefix, n)) for n, row in enumerate(rows)]
                items.extend(item for item in found if item is not None)
                self._counted(len(rows))
        except ContentError as error:
            self.problems.append(error)
        return tuple(items)

    def _item(
        self, model: type[ItemT], data: Any, part: YamlPart, prefix: tuple[str | int, ...]
    ) -> ItemT | None:
        try:
            return checked(model, data)
        except Invalid as invalid:
            for location, problem, remedy in invalid.flaws:
                name = ".".join(str(step) for step in location)
                # Finding a line composes the text again: enough of them is enough.
                line = part.line_of((*prefix, *location)) if len(self.problems) < 50 else None
                self.problems.append(
                    ContentError(part.path, problem, remedy, line=line, field=name)
                )
            return None

    def _read(self, name: str) -> YamlPart:
        try:
            return read_yaml(self._folder / name, name)
        except ContentError as error:
            self.problems.append(error)
            return YamlPart(name, "", {})

    def _mapping(self, part: YamlPart) -> dict[Any, Any]:
        if isinstance(part.data, dict) and (part.data or not part.text):
            return part.data
        self.problems.append(ContentError(part.path, "deve contenere righe «campo: valore»", GUIDE))
        return {}


def _rows(data: Any, key: str) -> tuple[list[Any] | None, tuple[str, ...]]:
    if isinstance(data, list):
        return data, ()
    if isinstance(data, dict) and isinstance(data.get(key), list):
        return data[key], (key,)
    return None, ()
