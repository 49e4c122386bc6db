"""The exceptions that cross module borders.

SportelloError
├── ConfigurationError      a setting or file of the installer is wrong; the text says which and what to do
├── ContentError            a knowledge file is wrong; carries file, line, field and remedy
│   └── ContentErrors       several of them, so that an editor mends a file in one go
├── ModelError              the dialogue model cannot be trained or loaded
├── NotReady                the process is up but cannot answer yet
├── CommandRefused          what an operator asked for cannot be done; the text is an Italian sentence
├── StorageUnavailable      the database refused; nothing was changed
├── DuplicateMismatch       a message id came again with another text
├── ChatOff                 the chat is switched off; citizens are told so
├── UnknownConversation     there is no conversation of that id
├── AlreadyClaimed          a colleague is in charge of the conversation; carries who
├── NotInCharge             the member of staff is not in charge of the conversation; carries who is
└── AccessDenied            a door is closed to this caller
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

MAX_PROBLEMS_SHOWN: Final = 20
"""A screen of problems: who mends these reads the others at the next try."""


class SportelloError(Exception):
    """Root of our own errors; its text is safe to show to an operator."""


class ConfigurationError(SportelloError):
    """A setting is missing or wrong."""


class ContentError(SportelloError):
    """A knowledge file, or a file to import, does not follow its schema.

    Args:
        path: the file, as the editor knows it.
        problem: what is wrong, in Italian.
        remedy: what to do about it, in Italian.
        line: line of the file, from 1, where known.
        field: name of the field or column, where one is to blame.
    """

    def __init__(
        self,
        path: str,
        problem: str,
        remedy: str = "",
        *,
        line: int | None = None,
        field: str = "",
    ) -> None:
        self.path = path
        self.problem = problem
        self.remedy = remedy
        self.line = line
        self.field = field
        where = path + (f", riga {line}" if line else "") + (f", campo «{field}»" if field else "")
        super().__init__(f"{where}: {problem}" + (f". Rimedio: {remedy}" if remedy else ""))


class ContentErrors(ContentError):
    """Several problems; path, problem and remedy are those of the first."""

    def __init__(self, problems: Sequence[ContentError]) -> None:
        first = problems[0]
        super().__init__(
            first.path, first.problem, first.remedy, line=first.line, field=first.field
        )
        self.problems = tuple(problems)

    def __str__(self) -> str:
        shown = [str(problem) for problem in self.problems[:MAX_PROBLEMS_SHOWN]]
        left = len(self.problems) - len(shown)
        if left:
            shown.append(f"… e altri {left} problemi")
        return "\n".join(shown)


def raise_problems(problems: Sequence[ContentError]) -> None:
    """Raise what was found wrong, if anything: alone or together.

    Raises:
        ContentError: when ``problems`` is not empty.
    """
    if problems:
        raise problems[0] if len(problems) == 1 else ContentErrors(problems)


class ModelError(SportelloError):
    """The model file is missing, damaged or made for another version."""


class NotReady(SportelloError):
    """The model is still loading."""


class CommandRefused(SportelloError):
    """What an operator asked for cannot be done."""


class StorageUnavailable(SportelloError):
    """The database cannot be reached or refuses to write."""


class DuplicateMismatch(SportelloError):
    """The same message id arrived with a different text."""


class AccessDenied(SportelloError):
    """The caller may not use this door."""


class UnknownConversation(SportelloError):
    """No conversation has this id."""

    def __init__(self, conversation_id: str) -> None:
        self.conversation_id = conversation_id
        super().__init__(f"la conversazione «{conversation_id}» non esiste")


class AlreadyClaimed(SportelloError):
    """A colleague is in charge."""

    def __init__(self, conversation_id: str, staff: str) -> None:
        self.conversation_id = conversation_id
        self.staff = staff
        super().__init__(f"la conversazione è già di {staff}")


class NotInCharge(SportelloError):
    """Only the person in charge may do this."""

    def __init__(self, conversation_id: str, staff: str) -> None:
        self.conversation_id = conversation_id
        self.staff = staff
        whose = (
            f"la conversazione è di {staff}" if staff else "nessuno ha in carico la conversazione"
        )
        super().__init__(f"{whose}: prima serve «sportello conversations claim»")


class ChatOff(SportelloError):
    """The chat is switched off, and no person is in charge of this conversation."""
