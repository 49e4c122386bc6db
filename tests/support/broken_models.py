"""Model files that cannot be used, made from one that can."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path


def copied(model: Path, path: Path) -> None:
    shutil.copyfile(model, path)


def _truncated(model: Path, path: Path) -> None:
    data = model.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def damaged_inside(model: Path, path: Path) -> None:
    data = bytearray(model.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(data)


def _of_another_version(model: Path, path: Path) -> None:
    with tarfile.open(model) as old, tarfile.open(path, "w:gz", compresslevel=1) as new:
        for member in old.getmembers():
            content = old.extractfile(member)
            data = content.read() if content else b""
            if member.name.endswith("metadata.json"):
                metadata = json.loads(data)
                metadata["rasa_open_source_version"] = "2.8.0"
                data = json.dumps(metadata).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))


def _of_something_else(model: Path, path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(Path(__file__), "foto.jpg")


UNUSABLE: dict[str, Callable[[Path, Path], None]] = {
    "missing": lambda model, path: None,
    "empty": lambda model, path: path.write_bytes(b"") and None,
    "garbage": lambda model, path: path.write_bytes(b"non sono un modello" * 1_000) and None,
    "a folder": lambda model, path: path.mkdir(),
    "truncated": _truncated,
    "damaged inside": damaged_inside,
    "of another version": _of_another_version,
    "of something else": _of_something_else,
}
