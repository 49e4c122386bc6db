"""A real server with the console, a clock moved by hand, and people of every role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.app import create_app
from bot.console import app as console_app
from bot.http_server import Runner
from bot.runtime import Runtime
from bot.settings import Settings
from bot.storage.database import Database
from tests.support.console import Browser, MovableClock, add_person
from tests.support.dialogue import share_knowledge

ROLES = ("operatore", "redattore", "responsabile", "amministratore")


@dataclass
class Office:
    """One running server and what tests do with it."""

    base: str
    app: web.Application
    runtime: Runtime
    clock: MovableClock
    session: aiohttp.ClientSession
    people: dict[str, int]

    @property
    def database(self) -> Database:
        """The database of the server."""
        return self.runtime.database

    def browser(self) -> Browser:
        """A browser that has never been here."""
        return Browser(self.base, self.session)

    async def signed_in(self, role: str) -> Browser:
        """A browser where the person of this role has signed in."""
        browser = self.browser()
        answer = await browser.sign_in(f"{role}@urp.example.it")
        assert answer.status == 200, answer.text
        return browser


@asynccontextmanager
async def office_of(settings: Settings, assistant: Any = None) -> AsyncIterator[Office]:
    """The application on a free port, with a person of every role."""
    runtime = Runtime(settings, Database(settings.effective_database_url))
    clock = MovableClock()
    runtime.clock = clock
    if assistant is not None:
        runtime.assistants.use(assistant)
    app = create_app(settings, runtime=runtime)
    runner = Runner(app, access_log=None)
    with pytest.MonkeyPatch.context() as patch:
        share_knowledge(patch)
        await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    people = {role: await add_person(runtime.database, role) for role in ROLES}
    try:
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Office(base, app, runtime, clock, session, people)
    finally:
        await runner.cleanup()


@pytest.fixture
def mails_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job that sends mails does not run: tests look at the queue and send themselves."""

    async def nothing(*_: Any) -> None:
        return

    monkeypatch.setattr(console_app, "send_mails", nothing)


@pytest.fixture
async def office(
    make_settings: Callable[..., Settings], sqlite_url: str, assistant: Any
) -> AsyncIterator[Office]:
    """A fresh office on SQLite."""
    async with office_of(make_settings(database_url=sqlite_url), assistant) as running:
        yield running


@pytest.fixture
async def office_on_both(
    make_settings: Callable[..., Settings], database_url: str, assistant: Any
) -> AsyncIterator[Office]:
    """A fresh office, once on SQLite and once on PostgreSQL."""
    async with office_of(make_settings(database_url=database_url), assistant) as running:
        yield running
