"""What citizens write, without the characters that say nothing and can disguise, and fit for both databases."""

from __future__ import annotations

import re
from typing import Final

from bot.channels.json_body import is_storable

_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""Control, zero-width, direction-changing and hidden tag characters."""


def cleaned(text: str) -> str:
    """The text as it is stored and read."""
    kept = _UNSAFE.sub("", text)
    if not is_storable(kept):
        kept = kept.encode("utf-8", "replace").decode("utf-8")
    return kept.strip()
