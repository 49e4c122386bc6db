"""The sentences of ``texts*.yml``, filled in."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in sorted(Path(__file__).parent.glob("texts*.yml")):
        texts |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return texts


def text(key: str, **values: object) -> str:
    """The sentence named ``key`` with its gaps filled. Raises KeyError for an unknown key or an empty gap."""
    return _texts()[key].format(**values)
