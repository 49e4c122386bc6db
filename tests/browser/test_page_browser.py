"""The page in a real browser: keyboard only, small screen, strict policy, no other site (T45, T74, T75, T77)."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, Route

from bot.settings import PROJECT_ROOT
from bot.storage.tables import inbound
from tests.support.browser import Visit
from tests.support.servers import WEBHOOK, Client

pytestmark = [
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]

_ARTIFACTS = PROJECT_ROOT / "artifacts"
_FRIDAY = "a che ora apre l urp il venerdi"


async def test_checks_notice_what_they_look_for(visit: Visit) -> None:
    """Without this, clean pages would prove nothing."""
    page = visit.page
    await visit.assert_clean()
    await page.evaluate("document.body.style.width = '3000px'")
    with pytest.raises(AssertionError):
        await _assert_fits(page)
    script = "Object.assign(document.createElement('script'), {textContent: '1'})"
    await page.evaluate(f"void document.body.append({script})")
    assert await page.evaluate("window.violations") == ["script-src-elem inline"]
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)
    with pytest.raises(AssertionError):
        await visit.assert_clean()


async def test_keyboard_alone_gets_the_friday_hours(visit: Visit) -> None:
    """T77: notice, question, answer, a choice, and back to the field; no mouse at all."""
    page = visit.page
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await visit.focused() == "accept":
            break
    assert await visit.focused() == "accept"
    await page.keyboard.press("Enter")
    assert await visit.focused() == "question"
    await visit.ask(_FRIDAY)
    answer = await visit.answered(2)
    assert "10.00-12.00" in answer
    assert "Fonte:" in answer
    assert await visit.focused() == "question"
    await page.screenshot(path=_ARTIFACTS / "page.png", full_page=True)
    await page.keyboard.press("Shift+Tab")
    while "choice" not in str(await page.evaluate("document.activeElement.className")):
        await page.keyboard.press("Shift+Tab")
        assert await visit.focused() != "accept", "no button of the answer can be reached"
    await page.keyboard.press("Enter")
    await visit.answered(3)
    assert await visit.focused() == "question"
    await visit.assert_clean()


async def test_nothing_is_sent_or_kept_before_the_notice_is_accepted(visit: Visit) -> None:
    """T74, T75: and afterwards only the random code of this tab."""
    page = visit.page
    assert await page.locator("#notice").is_visible()
    assert not await page.locator("#question").is_visible()
    assert visit.posts == []
    assert await _kept(page) == []
    await visit.accept()
    await visit.ask("ciao")
    await visit.answered(2)
    assert visit.posts == [f"POST {visit.base}{WEBHOOK}"]
    assert await _kept(page) == ["sportello.notice", "sportello.sender"]
    assert await page.context.cookies() == []


async def _kept(page: Page) -> list[str]:
    kept = await page.evaluate("[...Object.keys(sessionStorage), ...Object.keys(localStorage)]")
    return sorted(kept)


@pytest.mark.parametrize("visit", [(360, 640), (320, 568)], indirect=True, ids=["360", "320"])
async def test_small_screens_do_not_scroll_sideways(visit: Visit) -> None:
    """Neither at first, nor with a long answer, a word without spaces, or an error."""
    page = visit.page
    await _assert_fits(page)
    await visit.accept()
    await visit.ask("Quali Comuni ci sono nella zona Nord Ovest?")
    await visit.answered(2)
    await _assert_fits(page)
    await visit.ask("https://" + "parolasenzaspazi" * 20)
    await visit.answered(3)
    await _assert_fits(page)
    await page.screenshot(path=_ARTIFACTS / f"page-{page.viewport_size['width']}.png")  # type: ignore[index]
    await visit.assert_clean()


async def _assert_fits(page: Page) -> None:
    wide = "[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
    assert await page.evaluate(f"{wide}.map((e) => e.id || e.className || e.tagName)") == []
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<a href='javascript:alert(1)'>x</a>", "{{7*7}}"],
)  # fmt: skip
async def test_markup_is_shown_as_the_text_it_is(visit: Visit, text: str) -> None:
    """T45: what a person writes, and what a server might answer."""
    page = visit.page

    async def echo(route: Route) -> None:
        answer = [
            {"recipient_id": "a", "text": text, "buttons": [{"title": text, "payload": text}]}
        ]
        await route.fulfill(content_type="application/json", body=json.dumps(answer))

    await visit.accept()
    await page.route(f"**{WEBHOOK}", echo)
    await visit.ask(text)
    assert text in await visit.answered(2)
    assert text in await page.locator("#log .message-user").last.inner_text()
    assert await page.locator("#log .choice").last.inner_text() == text
    assert await page.locator("#log :is(img, script, a, iframe)").count() == 0
    await visit.assert_clean()


async def test_retry_after_a_failure_is_answered_once(visit: Visit, client: Client) -> None:
    """T59, T60: the answer is lost on its way; the same message goes again, and counts once."""
    page = visit.page
    lost: list[str] = []

    async def lose_first(route: Route) -> None:
        if not lost:
            lost.append((await route.fetch()).status_text)
            await route.abort()
        else:
            await route.continue_()

    await visit.accept()
    await page.route(f"**{WEBHOOK}", lose_first)
    question = "in che zona è Bubbiano?"
    await visit.ask(question)
    await page.locator("#retry").wait_for()
    assert "800.88.33.11" in await page.locator("#error-text").inner_text()
    await page.locator("#retry").press("Enter")
    assert "Bubbiano" in await visit.answered(2)
    assert not await page.locator("#retry").is_visible()
    assert await page.locator("#log .message-user").count() == 1
    statement = sa.select(sa.func.count()).where(inbound.c.text == question)
    assert client.runtime is not None
    assert await client.runtime.database.read(lambda link: link.scalar(statement)) == 1


async def test_restart_begins_a_conversation_of_somebody_else(visit: Visit) -> None:
    page = visit.page
    await visit.accept()
    sender = "sessionStorage.getItem('sportello.sender')"
    await visit.ask("in che zona è Rho?")
    await visit.answered(2)
    before = await page.evaluate(sender)
    await page.locator("#restart").press("Enter")
    assert len(await visit.answers()) == 1
    assert await page.locator("#log .message-user").count() == 0
    assert await page.evaluate(sender) != before
    assert await visit.focused() == "question"
    await visit.assert_clean()


async def test_reload_keeps_the_conversation_of_the_tab(visit: Visit) -> None:
    """T61: the notice is not asked again, and the assistant remembers the topic."""
    page = visit.page
    await visit.accept()
    await visit.ask("quanti abitanti ha Rho?")
    await visit.answered(2)
    await page.reload()
    assert not await page.locator("#notice").is_visible()
    await page.locator("#question").focus()
    await visit.ask("e Legnano?")
    assert "abitanti" in await visit.answered(2)
    await visit.assert_clean()


async def test_without_scripts_the_contacts_are_there(browser: Browser, client: Client) -> None:
    """T78: scripts switched off."""
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(client.base + "/")
    assert await page.get_by_role("link", name="800.88.33.11").last.is_visible()
    assert await page.locator("#chat-off").is_visible()
    assert not await page.locator("#notice").is_visible()
    await context.close()
