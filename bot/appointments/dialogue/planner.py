"""Which question comes next, for each thing that can be done with appointments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

BOOK: Final = "book"
MOVE: Final = "move"
CANCEL: Final = "cancel"
SHOW: Final = "show"
Task = Literal["book", "move", "cancel", "show"]

WHICH: Final = "appointment_which"
OFFICE: Final = "appointment_office"
START: Final = "appointment_start"
REASON: Final = "appointment_reason"
NAME: Final = "appointment_name"
CONTACT: Final = "appointment_contact"
CONFIRMED: Final = "appointment_confirmed"

ORDER: Final[dict[str, tuple[str, ...]]] = {
    BOOK: (OFFICE, START, REASON, NAME, CONTACT, CONFIRMED),
    MOVE: (WHICH, START),
    CANCEL: (WHICH, CONFIRMED),
    SHOW: (WHICH,),
}
"""What is needed for each task, in the order in which it is asked."""

TASKS: Final[dict[str, Task]] = {
    "book_appointment": BOOK,
    "move_appointment": MOVE,
    "cancel_appointment": CANCEL,
    "show_appointment": SHOW,
}
"""The task of an intent."""


def next_question(task: str, filled: Mapping[str, Any]) -> str | None:
    """The first slot of the task that has no value ("" is a value: declined), or None when all is known."""
    return next((slot for slot in ORDER[task] if filled.get(slot) is None), None)
