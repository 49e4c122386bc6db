"""What an account must still do before it may work: pure rules over an account, the settings and the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.console.permissions import Role
from bot.settings import Settings
from bot.storage.staff import Account
from bot.storage.staff_sessions import ENROLMENT, FULL, RENEWAL, SECOND_FACTOR

ADMINISTRATOR_MIN_CHARS: Final = 14
"""AgID minimum measures, 5.7.1: administrative passwords without a second factor."""


def needs_second_factor(role: str, settings: Settings) -> bool:
    """Whether the installer asks for a second factor for this role."""
    return role in settings.staff_second_factor_roles.split(",")


def stage_after_password(account: Account, settings: Settings, now: datetime) -> str:
    """Where a session begins once the password was right."""
    if account.has_second_factor:
        return SECOND_FACTOR
    return stage_after_code(account, settings, now)


def stage_after_code(account: Account, settings: Settings, now: datetime) -> str:
    """Where a session goes on once everything that the account has was right."""
    if needs_second_factor(account.role, settings) and not account.has_second_factor:
        return ENROLMENT
    return RENEWAL if password_is_old(account, settings, now) else FULL


def password_is_old(account: Account, settings: Settings, now: datetime) -> bool:
    """Administrators change their password at times (AgID 5.7.3); nobody else is forced to (ASVS 6.2.10)."""
    days = settings.staff_admin_password_days
    if account.role != Role.ADMINISTRATOR or not days or account.password_set_at is None:
        return False
    return account.password_set_at + timedelta(days=days) <= now


def min_password_chars(account: Account, settings: Settings) -> int:
    """Shortest password of this account."""
    chosen = settings.staff_password_min_chars
    if account.role == Role.ADMINISTRATOR and not account.has_second_factor:
        return max(chosen, ADMINISTRATOR_MIN_CHARS)
    return chosen
