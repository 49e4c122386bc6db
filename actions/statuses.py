"""Statuses and topics of answers that other parts of the program look for (the closed list is docs/answers.md)."""

from __future__ import annotations

from typing import Final

CONFIRM: Final = "confirm"
"""Status of an answer that asks for a yes or a no; its topic says to what."""

ERASURE: Final = "erasure"
EXPORT: Final = "export"
"""Topic of the answer to which every channel attaches the person's data when it delivers it."""
