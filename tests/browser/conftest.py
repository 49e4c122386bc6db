"""One real server and one Chromium for the browser tests of a module, a fresh profile for each test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.support.browser import ARGUMENTS, CHROMIUM, NOTE_VIOLATIONS, Visit
from tests.support.servers import Client
from tests.support.shared import quickly_serving, settings_in

_INSTALLED = CHROMIUM.exists()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """The real server with the real model."""
    folder = tmp_path_factory.mktemp("browser")
    async with quickly_serving(settings_in(folder), assistant) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    if not _INSTALLED:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing, and nothing is skipped in CI")
        pytest.skip("Chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS
        )
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, client: Client, request: Any) -> AsyncIterator[Visit]:
    """The page as a new visitor gets it; a parameter is the size of the screen."""
    width, height = getattr(request, "param", (1280, 800))
    context = await browser.new_context(
        locale="it-IT", viewport={"width": width, "height": height}, service_workers="block"
    )
    context.set_default_timeout(10_000)
    page = await context.new_page()
    visit = Visit(page, client.base)
    page.on("request", lambda sent: visit.requests.append(f"{sent.method} {sent.url}"))
    page.on("console", lambda said: _note(visit, said.type, said.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("dialog", lambda dialog: visit.complaints.append(f"dialog {dialog.message}"))
    await page.add_init_script(NOTE_VIOLATIONS)
    await page.goto(client.base + "/")
    yield visit
    await context.close()


def _note(visit: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        visit.complaints.append(f"{kind}: {text}")
