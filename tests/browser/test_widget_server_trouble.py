"""The server is restarted, has another notice, or refuses: the widget goes on and says why (T35, T61, T75)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import watched
from tests.support.bad_line import BadLine
from tests.support.browser import Visit, until
from tests.support.office import Office
from tests.support.servers import Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]


@asynccontextmanager
async def visiting(browser: Browser, base: str) -> AsyncIterator[Visit]:
    """A new visitor of a server of this test."""
    context = await browser.new_context(locale="it-IT")
    context.set_default_timeout(20_000)
    visit = await watched(await context.new_page(), base)
    await visit.page.goto(base)
    await visit.open()
    yield visit
    await context.close()


def port_of(client: Client) -> int:
    return int(client.base.rsplit(":", 1)[1])


async def test_a_restarted_server_is_found_again(
    browser: Browser, assistant: Any, tmp_path: Path
) -> None:
    """T61: what was written meanwhile arrives, nothing is repeated, no sign of writing is left, WebSockets are used again."""
    settings = settings_in(tmp_path, clock="2026-11-24T10:30")
    line = BadLine(0, seed=1)
    line.is_calm = True
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(line)
        async with quickly_serving(settings, assistant) as first:
            line.target = port_of(first)
            visit = await stack.enter_async_context(visiting(browser, base))
            await visit.ask("in che zona è Rho?")
            await visit.answered(2)
        await visit.page.get_by_text("Non c'è connessione").wait_for()
        await visit.ask("in che zona è Legnano?")
        await visit.page.get_by_text("Parte quando torna la connessione").wait_for()
        by_request = f"POST {base}/chat/frames"

        async def has_tried_requests() -> bool:
            return by_request in visit.requests

        await until(has_tried_requests, True, 20)
        tries = visit.requests.count(by_request)
        async with quickly_serving(settings, assistant) as second:
            line.target = port_of(second)
            await visit.answers.nth(2).wait_for()
            assert "Legnano" in await visit.answered(3)
            assert visit.requests.count(by_request) == tries
            await Office(second).replies("Anna", "Eccomi.")
            assert "Eccomi." in await visit.answered(4)
            assert await visit.questions.count() == 2
            assert await visit.page.locator("sportello-chat .writing").inner_text() == ""


async def test_the_offices_own_notice_is_shown_and_again_when_it_changes(
    browser: Browser, assistant: Any, tmp_path: Path
) -> None:
    """T75: its points, its link; who has accepted is asked again only for another text, and goes on."""
    line = BadLine(0, seed=1)
    line.is_calm = True
    own = settings_in(
        tmp_path,
        privacy_notice="Risponde un programma | Leggiamo le domande",
        privacy_url="https://www.esempio.it/privacy",
    )
    changed = settings_in(tmp_path, privacy_notice="Un punto nuovo")
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(line)
        context = await browser.new_context(locale="it-IT")
        visit = await watched(await context.new_page(), base)
        async with quickly_serving(own, assistant) as first:
            line.target = port_of(first)
            await visit.page.goto(base)
            await visit.button("Apri la chat").click()
            points = visit.page.locator("sportello-chat .sheet li")
            await until(points.all_inner_texts, ["Risponde un programma", "Leggiamo le domande"])
            link = visit.page.get_by_role("link", name="Leggi tutta l'informativa")
            assert await link.get_attribute("href") == "https://www.esempio.it/privacy"
            await visit.accept()
            await visit.ask("in che zona è Rho?")
            await visit.answered(2)
        async with quickly_serving(changed, assistant) as second:
            line.target = port_of(second)
            await visit.page.reload()
            await visit.button("Continua la chat").click()
            await visit.page.get_by_text("Un punto nuovo").wait_for()
            await visit.accept()
            await visit.answered(2)
            await visit.page.reload()
            await visit.button("Continua la chat").click()
            await visit.field.wait_for()
            await visit.answered(2)
            assert await visit.page.get_by_text("Un punto nuovo").count() == 0
        await context.close()


async def test_a_message_too_many_is_refused_with_a_reason_and_can_be_sent_again(
    browser: Browser, assistant: Any, tmp_path: Path
) -> None:
    """T35: the sentence with the time to wait stands under the message, with a button."""
    settings = settings_in(tmp_path, web_messages_per_minute=2)
    async with (
        quickly_serving(settings, assistant) as client,
        visiting(browser, client.base) as visit,
    ):
        for number, question in enumerate(("in che zona è Rho?", "e Legnano?")):
            await visit.ask(question)
            await visit.answered(2 + number)
        await visit.ask("e Bollate?")
        refused = visit.questions.last
        await refused.get_by_text("Stai mandando troppi messaggi. Aspetta").wait_for()
        await visit.picture("refused")
        await refused.get_by_role("button", name="Riprova").click()
        await refused.get_by_text("Stai mandando troppi messaggi. Aspetta").wait_for()
        assert await visit.questions.count() == 3
        assert await visit.answers.count() == 3
        await visit.assert_clean()
