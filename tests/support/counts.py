"""How often a test repeats: little in the normal run, much in the full one."""

from __future__ import annotations

import os
from typing import Final

FULL: Final = os.environ.get("SPORTELLO_TEST_FULL") == "1"


def count(normal: int, full: int) -> int:
    """The number of repetitions for this run."""
    return full if FULL else normal
