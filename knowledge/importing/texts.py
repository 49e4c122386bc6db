"""The sentences of ``texts.yml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


@lru_cache(maxsize=1)
def texts() -> dict[str, Any]:
    """All texts, by key."""
    found: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_name("texts.yml").read_text(encoding="utf-8")
    )
    return found


def text(key: str, **values: object) -> str:
    """A sentence, filled in."""
    return str(texts()[key]).format(**values)
