"""Who may do what: the one place where roles get their permissions."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Role(str, Enum):
    """What a person of the office is there for."""

    OPERATOR = "operatore"
    EDITOR = "redattore"
    MANAGER = "responsabile"
    ADMINISTRATOR = "amministratore"


class Permission(str, Enum):
    """Something a route asks for before it does anything."""

    PUBLIC = "public"
    """Everybody, signed in or not: sign-in itself, style sheets."""
    SIGNED_IN = "signed_in"
    """Every person of the office: own account, home."""
    READ_CONVERSATIONS = "read_conversations"
    HANDLE_CONVERSATIONS = "handle_conversations"
    REVEAL_CONTACTS = "reveal_contacts"
    USE_AGENDA = "use_agenda"
    CLOSE_AGENDA = "close_agenda"
    REVIEW = "review"
    EDIT_SAVED_REPLIES = "edit_saved_replies"
    PERSONAL_DATA = "personal_data"
    """Erase or export everything about one citizen."""
    READ_AUDIT = "read_audit"
    MANAGE_RETENTION = "manage_retention"
    SWITCH_CHAT = "switch_chat"
    MANAGE_STAFF = "manage_staff"


_EVERYBODY: Final = frozenset({Permission.PUBLIC, Permission.SIGNED_IN})
_OPERATOR: Final = frozenset(
    {
        Permission.READ_CONVERSATIONS,
        Permission.HANDLE_CONVERSATIONS,
        Permission.REVEAL_CONTACTS,
        Permission.USE_AGENDA,
    }
)
_EDITOR: Final = frozenset({Permission.REVIEW, Permission.EDIT_SAVED_REPLIES})

MATRIX: Final[dict[Role, frozenset[Permission]]] = {
    Role.OPERATOR: _EVERYBODY | _OPERATOR,
    Role.EDITOR: _EVERYBODY | _EDITOR,
    Role.MANAGER: _EVERYBODY
    | _OPERATOR
    | _EDITOR
    | {
        Permission.CLOSE_AGENDA,
        Permission.PERSONAL_DATA,
        Permission.READ_AUDIT,
        Permission.MANAGE_RETENTION,
        Permission.SWITCH_CHAT,
    },
    # The IT person keeps the system and its accounts, and sees no citizen.
    Role.ADMINISTRATOR: _EVERYBODY
    | {Permission.MANAGE_STAFF, Permission.MANAGE_RETENTION, Permission.SWITCH_CHAT},
}


def allows(role: str, permission: Permission) -> bool:
    """Whether a role, as stored, has a permission; an unknown role has none."""
    try:
        return permission in MATRIX[Role(role)]
    except ValueError:
        return False
