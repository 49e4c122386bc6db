"""axe-core finds nothing in any state of the widget and of the demonstration pages; messages are read aloud once (T76, T77)."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest
from playwright.async_api import Page

from bot.conversations import desk
from bot.settings import PROJECT_ROOT
from tests.browser.conftest import OpenVisit
from tests.browser.test_widget_journeys import PICKER
from tests.support.browser import Visit
from tests.support.office import Office
from tests.support.servers import Client

pytestmark = [
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]

_AXE: Final = PROJECT_ROOT / "node_modules" / "axe-core" / "axe.min.js"
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_REVIEWED: Final[dict[str, str]] = {
    # axe cannot compute a colour over another layer; the pairs are those that it passes elsewhere.
    "color-contrast": "text over a fixed window or a scrolled list",
}
"""What axe leaves to people, and what they found."""


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    if not _AXE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("axe-core is missing, and nothing is skipped in CI")
        pytest.skip("axe-core is not installed: npm ci")
    return _AXE.read_text(encoding="utf-8")


async def assert_accessible(page: Page, axe: str, state: str) -> None:
    """No violation; what axe cannot decide is what was reviewed."""
    await page.evaluate(axe)
    result: dict[str, Any] = await page.evaluate(
        "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations', 'incomplete']})",
        _TAGS,
    )
    found = [
        (rule["id"], [node["target"] for node in rule["nodes"]]) for rule in result["violations"]
    ]
    assert found == [], state
    assert {rule["id"] for rule in result["incomplete"]} <= set(_REVIEWED), state


async def test_axe_notices_what_it_is_asked_for(visit: Visit, axe: str) -> None:
    """Without this, clean states would prove nothing: a nameless button in the shadow root is found."""
    await visit.open()
    await visit.page.evaluate(
        "document.querySelector('sportello-chat').shadowRoot.querySelector('.icon-button').removeAttribute('aria-label')"
    )
    with pytest.raises(AssertionError, match="button-name"):
        await assert_accessible(visit.page, axe, "broken")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("desktop", {}),
        ("320", {"size": (320, 568)}),
        ("dark", {"color_scheme": "dark"}),
        ("forced-colors", {"forced_colors": "active"}),
    ],
)
async def test_no_state_has_a_violation(
    open_visit: OpenVisit, client: Client, axe: str, name: str, options: dict[str, Any]
) -> None:
    """T76: closed, notice, greeting, answer, buttons, picker, field, card, error, staff, every sheet, end."""
    office = Office(client)
    async with open_visit(**options) as visit:
        page = visit.page

        async def check(state: str) -> None:
            await assert_accessible(page, axe, f"{name}: {state}")
            await visit.picture(f"state-{name}-{state}")

        await check("closed")
        await visit.button("Apri la chat").click()
        await visit.button("Ho capito").wait_for()
        await check("notice")
        await visit.accept()
        await check("greeting")
        await visit.field.press("Enter")
        await page.get_by_text("Scrivi prima la tua domanda").wait_for()
        await check("empty")
        await visit.ask("che orari fa l'urp?")
        await visit.answered(2)
        await check("answer")
        await office.says("Quando vuoi venire?", custom=PICKER)
        await visit.answered(3)
        await check("picker")
        field = {
            "name": "telefono",
            "type": "tel",
            "label": "Il tuo telefono",
            "autocomplete": "tel",
        }
        card = {
            "title": "Sportello",
            "text": "Via Vivaio 1",
            "link": {"title": "Pagina", "url": "https://a.it/"},
        }
        await office.says("A che numero?", custom={"field": field, "cards": [card]})
        await visit.answered(4)
        await check("field-and-card")
        await office.replies("Anna", "Buongiorno")
        await visit.answered(5)
        await check("staff")
        for sheet, leave in (
            ("Opzioni", "Torna alla chat"),
            ("Questa informazione è sbagliata?", "Annulla"),
        ):
            await visit.button(sheet).first.click()
            await check(sheet.split()[0].lower())
            await visit.button(leave).click()
        for option in ("Dai un voto", "Cancella i tuoi dati"):
            await visit.button("Opzioni").click()
            await visit.button(option).click()
            await check(option.split()[0].lower())
            await visit.button("Annulla").click()
        await office.does(desk.close, "Anna")
        await visit.button("Dai un voto").wait_for()
        await check("closed-by-staff")
        await page.context.set_offline(True)
        await visit.ask("ci sei?")
        await page.get_by_text("Parte quando torna la connessione").wait_for()
        await check("offline")
        await page.context.set_offline(False)
        await page.get_by_text("Parte quando torna la connessione").wait_for(state="hidden")
        await visit.button("Esci e cancella da questo computer").click()
        await page.get_by_text("Conversazione chiusa").wait_for()
        await check("end")


@pytest.mark.parametrize(("contrast", "theme"), [(True, "light"), (True, "dark"), (False, "dark")])
async def test_chosen_colours_and_large_text_have_no_violation(
    open_visit: OpenVisit, client: Client, axe: str, contrast: bool, theme: str
) -> None:
    """T76: 200 % text, high contrast, dark; on the full page."""
    async with open_visit(path="/chat") as visit:
        page = visit.page
        await visit.accept()
        await visit.ask("che orari fa l'urp?")
        await visit.answered(2)
        await Office(client).says("Quando vuoi venire?", custom=PICKER)
        await visit.answered(3)
        await visit.button("Opzioni").click()
        await page.get_by_label("Colori").select_option(theme)
        await page.get_by_label("Dimensione del testo").select_option("200")
        await page.get_by_label("Contrasto alto").set_checked(contrast)
        await assert_accessible(page, axe, f"options {theme} {contrast}")
        await visit.button("Torna alla chat").click()
        await visit.assert_fits()
        await assert_accessible(page, axe, f"chat {theme} {contrast}")
        await visit.picture(f"page-{theme}-{'contrast' if contrast else 'normal'}-200")


async def test_new_messages_are_read_once_and_old_ones_not_again(visit: Visit) -> None:
    """T77: each is added once to the polite log; a reload replays in silence; progress is no news."""
    page = visit.page
    await page.add_init_script(
        """addEventListener('DOMContentLoaded', () => {
          window.spoken = [];
          const log = document.querySelector('sportello-chat').shadowRoot;
          new MutationObserver((changes) => {
            for (const change of changes) for (const node of change.addedNodes) {
              const list = change.target;
              if (list.role === 'log' && list.getAttribute('aria-live') === 'polite') window.spoken.push(node.innerText);
            }
          }).observe(log, { childList: true, subtree: true });
        });"""
    )
    await page.reload()
    await visit.open()
    await visit.ask("in che zona è Rho?")
    await visit.answered(2)
    spoken = await page.evaluate("window.spoken")
    assert len(spoken) == 2
    assert "in che zona è Rho?" in spoken[0]
    assert "Rho" in spoken[1]
    log = page.get_by_role("log")
    assert await log.get_attribute("aria-relevant") == "additions"
    await page.reload()
    await visit.button("Continua la chat").click()
    await visit.answered(2)
    assert await page.evaluate("window.spoken") == []
    await visit.ask("e Legnano?")
    await visit.answered(3)
    assert len(await page.evaluate("window.spoken")) == 2


async def test_reduced_motion_is_respected(open_visit: OpenVisit) -> None:
    """T77"""
    for motion, name in (("reduce", "none"), ("no-preference", "pulse")):
        async with open_visit(reduced_motion=motion) as visit:
            await visit.open()
            animation = await visit.page.evaluate(
                """() => {
                  const log = document.querySelector('sportello-chat').shadowRoot.querySelector('.log');
                  const dots = document.createElement('span');
                  dots.className = 'dots'; dots.append(document.createElement('span')); log.append(dots);
                  return getComputedStyle(dots.firstChild).animationName;
                }"""
            )
            assert animation == name


async def test_every_step_has_a_visible_focus(visit: Visit) -> None:
    """T77: whatever Tab reaches in the open chat shows it."""
    await visit.open()
    await visit.ask("che orari fa l'urp?")
    await visit.answered(2)
    for _ in range(14):
        await visit.page.keyboard.press("Shift+Tab")
        style = await visit.page.evaluate(
            """() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
              const s = getComputedStyle(e); return [s.outlineStyle, parseFloat(s.outlineWidth), e.className || e.tagName]; }"""
        )
        assert style[0] == "solid", style
        assert style[1] >= 2, style
