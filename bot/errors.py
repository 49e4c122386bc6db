"""The exceptions that cross module borders.

SportelloError
├── ConfigurationError      a setting or file of the installer is wrong; the text says which and what to do
├── ContentError            a knowledge file is wrong; carries file, field and remedy
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


class SportelloError(Exception):
    """Root of our own errors; its text is safe to show to an operator."""


class ConfigurationError(SportelloError):
    """A setting is missing or wrong."""


class ContentError(SportelloError):
    """A knowledge file does not follow its schema."""

    def __init__(self, path: str, problem: str, remedy: str = "") -> None:
        self.path = path
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{path}: {problem}" + (f" ({remedy})" if remedy else ""))


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
