"""The sentences of ``texts.yml``, filled in."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


@lru_cache(maxsize=1)
def all_texts() -> dict[str, Any]:
    """Everything that the file holds."""
    path = Path(__file__).with_name("texts.yml")
    texts: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return texts


def text(key: str, **values: object) -> str:
    """The sentence named ``key`` with its gaps filled. Raises KeyError for an unknown key or an empty gap."""
    sentence: str = all_texts()[key]
    return sentence.format(**values)
