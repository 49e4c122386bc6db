"""What console handlers find on their application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.clock import Clock
from bot.console.passwords import Passwords
from bot.settings import Settings
from bot.storage.database import Database

if TYPE_CHECKING:
    from bot.appointments.mail import MailOut
    from bot.console.live import LiveConnections, Pulse
    from bot.conversations.notifier import Notifier
    from knowledge.base import KnowledgeBase

PREFIX: Final = "/console"


@dataclass
class Console:
    """The parts that pages share. ``knowledge`` gives None until it is loaded;
    ``secret`` keys cookies and form tokens and is set at start."""

    settings: Settings
    database: Database
    clock: Clock
    passwords: Passwords
    live: LiveConnections
    pulse: Pulse
    notifier: Notifier
    knowledge: Callable[[], KnowledgeBase | None]
    mail: MailOut
    secret: bytes = b""

    def changed(self) -> None:
        """This process has committed a change that others want to know."""
        self.notifier.changed()

    @property
    def idle(self) -> timedelta:
        """Longest pause of a session."""
        return timedelta(minutes=self.settings.staff_session_idle_minutes)

    @property
    def longest(self) -> timedelta:
        """Longest life of a session."""
        return timedelta(hours=self.settings.staff_session_hours)

    @property
    def uses_tls(self) -> bool:
        """Whether citizens and staff reach this installation through TLS."""
        return self.settings.public_url.startswith("https://")


CONSOLE: Final[web.AppKey[Console]] = web.AppKey("console")
