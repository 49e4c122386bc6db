"""One real server and one Chromium for the browser tests of a module, a fresh profile for each test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.support.browser import ARGUMENTS, CHROMIUM, NOTE_VIOLATIONS, Visit
from tests.support.servers import Client
from tests.support.shared import quickly_serving, settings_in

OpenVisit = Callable[..., AbstractAsyncContextManager[Visit]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """The real server with the real model, on a working Tuesday."""
    folder = tmp_path_factory.mktemp("browser")
    settings = settings_in(folder, clock="2026-11-24T10:30", web_messages_per_minute=200)
    async with quickly_serving(settings, assistant) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing, and nothing is skipped in CI")
        pytest.skip("Chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS
        )
        yield running
        await running.close()


@pytest.fixture
def open_visit(browser: Browser, client: Client) -> OpenVisit:
    """Opens a page as a new visitor gets it: ``open_visit(size=(320, 568), path="/chat", script="…", …context options)``."""

    @asynccontextmanager
    async def opened(
        *, size: tuple[int, int] = (1280, 800), path: str = "/", script: str = "", **options: Any
    ) -> AsyncIterator[Visit]:
        context = await browser.new_context(
            locale="it-IT",
            viewport={"width": size[0], "height": size[1]},
            service_workers="block",
            **options,
        )
        context.set_default_timeout(10_000)
        if script:
            await context.add_init_script(script)
        visit = await watched(await context.new_page(), client.base)
        await visit.page.goto(client.base + path)
        yield visit
        await context.close()

    return opened


@pytest_asyncio.fixture(loop_scope="module")
async def visit(open_visit: OpenVisit, request: Any) -> AsyncIterator[Visit]:
    """The demonstration page as a new visitor gets it; a parameter is the size of the screen."""
    async with open_visit(size=getattr(request, "param", (1280, 800))) as opened:
        yield opened


async def watched(page: Page, base: str) -> Visit:
    """A page with an eye on its requests and complaints."""
    visit = Visit(page, base)
    page.on("request", lambda sent: visit.requests.append(f"{sent.method} {sent.url}"))
    page.on("websocket", lambda socket: visit.requests.append(f"GET {socket.url}"))
    page.on("console", lambda said: _note(visit, said.type, said.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("dialog", lambda dialog: visit.complaints.append(f"dialog {dialog.message}"))
    await page.add_init_script(NOTE_VIOLATIONS)
    return visit


def _note(visit: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        visit.complaints.append(f"{kind}: {text}")
