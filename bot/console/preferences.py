"""How a person of the office is told of news: sound, number in the title, notification of the browser, mail."""

from __future__ import annotations

from typing import Final

from bot.console.permissions import Permission, Role, allows
from bot.storage.staff import Account

TITLE: Final = "title"
SOUND: Final = "sound"
NOTIFICATION: Final = "notification"
MAIL: Final = "mail"
PREFERENCES: Final = (TITLE, SOUND, NOTIFICATION, MAIL)


def preferences_of(account: Account) -> dict[str, bool]:
    """What a person has chosen; who has chosen nothing has the number in the title, and mails if responsible."""
    usual = {TITLE: True, SOUND: False, NOTIFICATION: False, MAIL: account.role == Role.MANAGER}
    return {name: bool(account.preferences.get(name, usual[name])) for name in PREFERENCES}


def wants_mail(account: Account) -> bool:
    """Whether a person is told by mail that nobody takes a request."""
    reads = allows(account.role, Permission.READ_CONVERSATIONS)
    return account.is_active and reads and preferences_of(account)[MAIL]
