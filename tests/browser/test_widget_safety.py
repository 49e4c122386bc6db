"""What comes from outside stays text, the widget keeps to a strict host page, and the browser keeps next to nothing (T34, T45, T74, T75, T78)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from aiohttp import web
from playwright.async_api import Browser

from bot.storage.tables import web_sessions
from tests.browser.conftest import OpenVisit, watched
from tests.browser.test_widget_journeys import count_rows, stored
from tests.support.browser import Visit
from tests.support.office import Office
from tests.support.servers import Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]

NASTY = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "[clicca](javascript:alert(1))",
    "javascript:alert(1)//a.it",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "'; DROP TABLE conversations; --",
    "x" * 1_990,
]


async def test_checks_notice_what_they_look_for(visit: Visit) -> None:
    """Without this, clean pages would prove nothing."""
    page = visit.page
    await visit.assert_clean()
    await page.evaluate("document.body.style.width = '3000px'")
    with pytest.raises(AssertionError):
        await visit.assert_fits()
    script = "Object.assign(document.createElement('script'), {textContent: '1'})"
    await page.evaluate(f"void document.body.append({script})")
    assert await page.evaluate("window.violations") == ["script-src-elem inline"]
    with pytest.raises(AssertionError):
        await visit.assert_clean()


async def test_markup_is_text_from_citizens_staff_and_records(visit: Visit, client: Client) -> None:
    """T45, must-hold 4: in texts, names, buttons, cards, files, labels."""
    office = Office(client)
    await visit.open()
    for number, nasty in enumerate(NASTY):
        await visit.ask(nasty)
        await visit.answered(2 + number)
        assert await visit.questions.nth(number).locator(".text").inner_text() == nasty
    for nasty in NASTY:
        custom = {
            "status": "answered",
            "records": ["urp"],
            "field": {"name": nasty, "type": nasty, "label": nasty, "autocomplete": "off"},
            "file": {"name": nasty, "url": "javascript:alert(1)", "type": "text/html"},
            "cards": [
                {"title": nasty, "text": nasty, "link": {"title": nasty, "url": "javascript:alert(1)"}}
            ],
            "picker": {"kind": "slots", "days": [
                {"date": nasty, "label": nasty, "slots": [{"start": nasty, "label": nasty, "payload": nasty}]}
            ]},
        }  # fmt: skip
        before = await visit.answers.count()
        await office.says(nasty, buttons=[{"title": nasty, "payload": nasty}], custom=custom)
        shown = visit.answers.nth(before)
        await shown.wait_for()
        assert await shown.locator(".text").first.inner_text() == nasty
    await office.replies("<b>Anna</b>", NASTY[0])
    await visit.answers.filter(has_text="<b>Anna</b>, URP").wait_for()
    chat = visit.page.locator("sportello-chat .frame")
    assert await chat.locator(":is(img, script, iframe, b)").count() == 0
    assert [
        href
        for link in await chat.locator("a").all()
        if not str(href := await link.get_attribute("href")).startswith("https://a.it")
    ] == []
    await visit.assert_fits()
    await visit.assert_clean()


async def test_directions_and_lookalikes_do_not_disguise(visit: Visit, client: Client) -> None:
    """Bidirectional overrides and hidden characters are gone; a look-alike host shows its real name."""
    await visit.open()
    await visit.ask("ciao")
    await visit.answered(2)
    await Office(client).says(
        "Apri https://www.\u202emoc.elpmaxe\u202c e https://www.cittàmetropolitаna.it/urp, \u2066fdp.exe\u2069\u200b."
    )
    await visit.answered(3)
    answer = visit.answers.last
    text = await answer.locator(".text").inner_text()
    assert not {"\u202e", "\u202c", "\u2066", "\u2069", "\u200b"} & set(text)
    assert "https://www.xn--" in text
    assert "metropolitаna" not in text
    await visit.assert_clean()


async def test_nothing_is_asked_sent_or_kept_before_the_notice_is_accepted(
    visit: Visit, client: Client
) -> None:
    """T74, T75: opening the chat asks for the notice and nothing else; refusing leaves nothing."""
    page = visit.page
    browsers = sa.select(sa.func.count()).select_from(web_sessions)
    before = await count_rows(client, browsers)
    await visit.button("Apri la chat").click()
    await visit.button("Non ora").wait_for()
    asked = {request.removeprefix(f"GET {visit.base}") for request in visit.requests}
    assert not [request for request in asked if request.endswith(("/ws/chat", "/chat/frames"))]
    assert await stored(page) == {}
    await visit.button("Non ora").click()
    assert await visit.button("Apri la chat").is_visible()
    assert await stored(page) == {}
    assert await count_rows(client, browsers) == before
    await visit.open()
    await visit.ask("ciao")
    await visit.answered(2)
    assert list(await stored(page)) == ["sportello.secret"]
    assert await page.context.cookies() == []
    await visit.button("Esci e cancella da questo computer").click()
    await page.get_by_text("Conversazione chiusa").wait_for()
    assert await stored(page) == {}
    await visit.assert_clean()


async def test_an_expired_conversation_ends_kindly(visit: Visit) -> None:
    """The secret of yesterday: told so, asked for consent again, what was written is not lost."""
    page = visit.page
    await page.evaluate("localStorage.setItem('sportello.secret', 'x'.repeat(43))")
    await page.reload()
    await visit.button("Apri la chat").or_(visit.button("Continua la chat")).click()
    await page.get_by_text("La conversazione di prima è scaduta").wait_for()
    await visit.accept()
    await visit.ask("in che zona è Rho?")
    assert "Rho" in await visit.answered(2)


async def test_without_scripts_the_contacts_are_there(browser: Browser, client: Client) -> None:
    """T78: scripts switched off."""
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    for path in ("/", "/chat"):
        await page.goto(client.base + path)
        text = await page.locator("body").inner_text()
        assert "800.88.33.11" in text
        assert "Per usare la chat serve JavaScript" in text
    await context.close()


async def test_without_the_server_the_host_pages_words_are_shown(visit: Visit) -> None:
    """T78: the module is there, the server does not answer; trying again works."""
    await visit.page.route("**/chat/config", lambda route: route.abort())
    await visit.button("Apri la chat").click()
    await visit.page.get_by_text("Se la chat non compare, chiama il numero verde").wait_for()
    await visit.picture("unreachable")
    await visit.page.unroute("**/chat/config")
    await visit.button("Riprova").click()
    await visit.accept()


@pytest_asyncio.fixture(loop_scope="module")
async def host(assistant: Any, tmp_path: Any) -> AsyncIterator[tuple[str, Client]]:
    """Another site with the strict policy of docs/embedding.md, and a chat server that knows it."""
    site = web.Application()
    runner = web.AppRunner(site)
    chat: list[str] = []

    async def page(request: web.Request) -> web.Response:
        base = chat[0]
        policy = (
            f"default-src 'none'; script-src {base}; connect-src {base} {base.replace('http', 'ws')}; "
            "base-uri 'none'; object-src 'none'; form-action 'none'"
        )
        body = (
            f'<!doctype html><html lang="it"><title>Comune</title><h1>Comune</h1>'
            f'<script type="module" src="{base}/widget/sportello-chat.js"></script>'
            f"<sportello-chat>Chiama il numero verde.</sportello-chat></html>"
        )
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=body, content_type="text/html", headers=headers)

    site.router.add_get("/", page)
    site.router.add_get("/favicon.ico", lambda request: web.Response())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with quickly_serving(settings_in(tmp_path, web_origins=origin), assistant) as client:
        chat.append(client.base)
        yield origin, client
    await runner.cleanup()


@pytest.mark.parametrize("transport", ["websocket", "requests"])
async def test_on_a_strict_host_page_of_another_site(
    browser: Browser, host: tuple[str, Client], transport: str
) -> None:
    """T34: only script-src and connect-src name our origin, nothing unsafe; foreign messages are ignored."""
    origin, client = host
    context = await browser.new_context(locale="it-IT")
    if transport == "requests":
        await context.add_init_script(
            "window.WebSocket = class { constructor() { throw new Error('no'); } };"
        )
    visit = await watched(await context.new_page(), client.base)
    await visit.page.goto(origin)
    await visit.open()
    await visit.page.evaluate("window.postMessage({type: 'ended', reason: 'erased'}, '*')")
    await visit.ask("in che zona è Rho?")
    assert "Rho" in await visit.answered(2)
    assert visit.complaints == []
    assert await visit.page.evaluate("window.violations") == []
    styles = await visit.page.locator("sportello-chat .launcher").evaluate(
        "(e) => getComputedStyle(e.getRootNode().querySelector('.bar')).backgroundColor"
    )
    assert styles == "rgb(0, 102, 204)"
    await context.close()


async def test_colours_of_the_host_page_are_taken(open_visit: OpenVisit) -> None:
    """Theming: custom properties of the host reach the shadow root."""
    async with open_visit(path="/chat") as visit:
        await visit.page.evaluate(
            "document.querySelector('sportello-chat').style.setProperty('--sportello-primary', '#7a1f5c')"
        )
        bar = visit.page.locator("sportello-chat .bar")
        assert (
            await bar.evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgb(122, 31, 92)"
        )
