"""Choosing a password, the same on the invitation page and in one's own account."""

from __future__ import annotations

from aiohttp import web

from bot.console.account_rules import min_password_chars
from bot.console.forms import field
from bot.console.keys import CONSOLE
from bot.console.pages import text
from bot.limits import PASSWORD_MAX_BYTES
from bot.storage.staff import Account

FIELD_MAX_CHARS = 4_096
"""More than a password may have, so that one that is too long is refused by name."""


async def chosen_password(request: web.Request, account: Account) -> tuple[str, str]:
    """The new password of the form, and the sentence that says what is wrong with it ("" if nothing)."""
    console = request.app[CONSOLE]
    password = await field(request, "new_password", max_chars=FIELD_MAX_CHARS, strip=False)
    repeated = await field(request, "repeated", max_chars=FIELD_MAX_CHARS, strip=False)
    if password != repeated:
        return password, text("password_differs")
    min_chars = min_password_chars(account, console.settings)
    key = await console.passwords.problem(
        password, min_chars=min_chars, own_words=(account.name, account.email)
    )
    if not key:
        return password, ""
    return password, text(key, min_chars=min_chars, max_bytes=PASSWORD_MAX_BYTES)
