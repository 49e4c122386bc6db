"""Reading the published evaluation sets: one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.errors import ContentError


def read_cases(path: Path, split: str) -> Iterator[dict[str, Any]]:
    """Cases of one split ("dev", "test" or "all").

    Raises:
        ContentError: the file cannot be read, or a line is not JSON.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ContentError(
            str(path), f"cannot be read ({error.strerror})", "name a JSONL file"
        ) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
        except ValueError:
            raise ContentError(
                f"{path} line {number}", "is not JSON", "one object per line"
            ) from None
        if split in ("all", case.get("split")):
            yield case


def share(right: int, asked: int) -> float:
    """Share of right ones; of nothing, all are right."""
    return round(right / asked, 4) if asked else 1.0
