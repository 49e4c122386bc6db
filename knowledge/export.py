"""The knowledge as a content folder, that `load` reads again, and offers as CSV."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import yaml

from bot.errors import ContentError
from knowledge.content import Content
from knowledge.importing.offers import OFFER_COLUMNS
from knowledge.schema import Kind, Offer

_FOLDERS: Final[dict[Kind, str]] = {
    "service": "services",
    "project": "projects",
    "office": "offices",
    "job_centre": "work",
    "zone_topic": "zones",
    "work": "work",
    "function": "functions",
    "referral": "referrals",
    "qa": "qa",
}
_FORMULAS: Final = ("=", "+", "-", "@")
_WIDTH: Final = 110
_CSV_NAMES: Final = {"cpi": "centro_impiego"}


def export_folder(
    content: Content, folder: Path, counted: Callable[[int], None] = lambda _items: None
) -> None:
    """Write ``content`` as a folder that appears whole or not at all.

    Words of the gazetteers are left out: they belong to the trained model.

    Raises:
        ContentError: the folder exists and is not empty, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ContentError(str(folder), "c'è già, e non è vuota", "indica una cartella nuova")
    unfinished = folder.parent / f".{folder.name}.{uuid4().hex[:8]}"
    try:
        _write(content, unfinished, counted)
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    except OSError as error:
        raise ContentError(
            str(folder), f"non si scrive ({error.strerror})", "controlla spazio e permessi"
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def export_offers(offers: Iterable[Offer], file: Path) -> None:
    """Write offers as the CSV that `import offers` reads.

    A cell that a spreadsheet would run as a formula begins with an apostrophe, which the import takes off again.
    """
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        columns = [name for name in OFFER_COLUMNS if name != "istat"]
        writer.writerow(columns)
        for offer in offers:
            values = offer.model_dump(mode="json")
            values["contratto"] = ", ".join(offer.contratto)
            values["mestiere"] = (offer.mestiere or "").replace("-", " ")
            cells = [values[_CSV_NAMES.get(name, name)] for name in columns]
            writer.writerow([_harmless("" if cell is None else str(cell)) for cell in cells])


def _write(content: Content, folder: Path, counted: Callable[[int], None]) -> None:
    folder.mkdir(parents=True)
    _dump(folder / "sources.yml", {key: _plain(source) for key, source in content.sources.items()})
    _dump(folder / "comuni.yml", {"comuni": [_plain(comune) for comune in content.comuni]})
    _dump(folder / "zones.yml", {"zones": [_plain(zone) for zone in content.zones]})
    _dump(folder / "hours.yml", _plain(content.hours))
    for record in content.records.values():
        _dump(folder / _FOLDERS[record.kind] / f"{record.id}.yml", _plain(record))
        counted(1)
    if content.offers:
        (folder / "offers").mkdir()
        with (folder / "offers" / "offerte.yml").open("w", encoding="utf-8") as out:
            for offer in content.offers:
                out.write(_yaml([_plain(offer)]))
                counted(1)


def _plain(item: Any) -> dict[str, Any]:
    values: dict[str, Any] = item.model_dump(exclude_defaults=True)
    return values


def _dump(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_yaml(data), encoding="utf-8")


def _yaml(data: Any) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(data, Dumper=dumper, allow_unicode=True, sort_keys=False, width=_WIDTH))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell
