"""The console as an application of its own, mounted under ``/console`` by ``bot.app``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from bot.console import (
    agenda_pages,
    audit_pages,
    booking_pages,
    closure_pages,
    conversation_pages,
    home,
    pages,
    people,
    personal_data_pages,
    profile,
    queue_pages,
    record_pages,
    review_pages,
    saved_reply_pages,
    service_pages,
    sign_in,
    static_files,
)
from bot.console.guard import guard
from bot.console.keys import CONSOLE, PREFIX, Console
from bot.console.live import LiveConnections, Pulse
from bot.console.mail_job import send_mails
from bot.console.passwords import Passwords
from bot.console.routing import DECLARED, refuse_undeclared
from bot.console.upkeep import keep_up
from bot.storage.app_state import installation_secret

if TYPE_CHECKING:
    from bot.appointments.mail import MailOut
    from bot.clock import Clock
    from bot.conversations.notifier import Notifier
    from bot.settings import Settings
    from bot.storage.database import Database
    from knowledge.base import KnowledgeBase

_MODULES = (
    static_files,
    sign_in,
    home,
    queue_pages,
    conversation_pages,
    saved_reply_pages,
    booking_pages,
    closure_pages,
    agenda_pages,
    record_pages,
    review_pages,
    personal_data_pages,
    service_pages,
    profile,
    people,
    audit_pages,
)


def add_console(
    app: web.Application,
    settings: Settings,
    database: Database,
    clock: Clock,
    notifier: Notifier,
    knowledge: Callable[[], KnowledgeBase | None],
    mail: MailOut,
) -> None:
    """Mount the console; it starts and stops with ``app``."""
    pulse = Pulse()
    notifier.handle(pulse.hear)
    console = Console(
        settings, database, clock, Passwords(), LiveConnections(), pulse, notifier, knowledge, mail
    )
    own = web.Application(middlewares=[guard])
    own[CONSOLE] = console
    own[DECLARED] = {}
    for module in _MODULES:
        module.routes.add_to(own)
    pages.set_up(own)
    own.cleanup_ctx.append(_life)
    own.on_startup.append(refuse_undeclared)
    own.on_shutdown.append(_close_streams)
    app.router.add_get(PREFIX, _to_home)
    app.add_subapp(f"{PREFIX}/", own)


async def _to_home(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(location=f"{PREFIX}/")


async def _life(app: web.Application) -> AsyncIterator[None]:
    console = app[CONSOLE]
    console.secret = (await console.database.write(installation_secret)).encode()
    jobs = [
        console.live.watch(console.database, console.clock, console.settings),
        keep_up(console.database, console.clock, console.settings, console.knowledge),
        send_mails(console.database, console.clock, console.mail, console.settings.mail_from),
    ]
    tasks = [asyncio.create_task(job) for job in jobs]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    console.passwords.close()


async def _close_streams(app: web.Application) -> None:
    app[CONSOLE].live.close_all()
