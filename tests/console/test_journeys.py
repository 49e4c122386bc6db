"""Each role in a real browser, by keyboard where the promise says so; axe-core on every page (T45, T76, T77)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import Browser, Page, async_playwright

from bot.settings import PROJECT_ROOT, Settings
from bot.storage import saved_replies
from bot.storage.tables import conversations
from tests.console.conftest import ROLES, Office, office_of
from tests.console.journeys import StaffVisit, staff_visit
from tests.support.browser import ARGUMENTS, CHROMIUM
from tests.support.servers import eventually

pytestmark = [pytest.mark.model, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

_NASTY = '<img src=x onerror="document.title=1"><script>alert(1)</script> {{7*7}} \'; DROP TABLE staff; --'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One office for the whole module."""
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("journeys"),
        watch_model=False,
        models_dir=PROJECT_ROOT / "models",
        offices="Viabilità,Lavoro",
    )
    async with office_of(settings, assistant) as running:
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


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, office: Office, request: Any) -> AsyncIterator[StaffVisit]:
    """A browser that has never been here; a parameter is the size of the screen."""
    width, height = getattr(request, "param", (1280, 900))
    visit = await staff_visit(browser, office.base, width=width, height=height)
    yield visit
    await visit.context.close()


async def say(office: Office, sender: str, message: str) -> Any:
    """What a citizen writes, through the REST door."""
    async with office.session.post(
        office.base + "/webhooks/rest/webhook", json={"sender": sender, "message": message}
    ) as response:
        assert response.status == 200
        return await response.json()


async def tab_to(page: Page, words: str, most: int = 60) -> None:
    """Press Tab until the element with these words has the focus."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(
            "(() => { const e = document.activeElement; "
            "return e.tagName === 'DIV' ? '' : e.innerText || e.labels?.[0]?.innerText || ''; })()"
        )
        if words in focused:
            return
    raise AssertionError(f"the keyboard does not reach «{words}»")


async def test_the_whole_hand_over_by_keyboard(visit: StaffVisit, office: Office) -> None:
    """T77 and must-hold 4, 8: sign in, take over, answer with a suggestion, note, give back; no mouse at all."""
    await office.database.write(
        saved_replies.add,
        shortcut="saluto",
        title="Saluto",
        text="Buongiorno, sono {nome} dell'URP.",
        by=office.people["redattore"],
        now=office.clock.utc(),
    )
    await say(office, "anna", "a che ora apre l'urp il venerdì?")
    await say(office, "anna", "voglio parlare con una persona")
    page = visit.page
    await visit.sign_in("operatore")
    await visit.looks_right("queue")
    await tab_to(page, "numero")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Prendi la conversazione")
    await visit.looks_right("conversation-waiting")
    await tab_to(page, "Prendi la conversazione")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=È tua.")
    await page.wait_for_selector(".suggestion")
    await visit.looks_right("conversation-mine")
    await tab_to(page, "La tua risposta")
    await page.keyboard.type("/saluto ")
    typed = await page.locator("#reply").input_value()
    assert typed == "Buongiorno, sono Operatore dell'URP."
    await page.wait_for_selector("#draft-state:has-text('Bozza salvata.')")
    await tab_to(page, "Inserisci")
    await page.keyboard.press("Enter")
    assert "Fonte:" in await page.locator("#reply").input_value()
    assert await page.evaluate("document.activeElement.id") == "reply"
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector(".message-staff")
    assert "Buongiorno, sono Operatore" in await page.locator(".message-staff .said").inner_text()
    await tab_to(page, "Nuova nota")
    await page.keyboard.type("Richiamare domani")
    await tab_to(page, "Salva la nota")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".note")
    await say(office, "anna", "grazie, e il lunedì?")
    await page.wait_for_selector("text=grazie, e il lunedì?")
    hidden = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"
    assert await page.locator("#messaggi .log").evaluate(hidden) < 2
    await visit.looks_right("conversation-answered")
    await tab_to(page, "Restituisci all'assistente")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=risponde l'assistente")
    assert await say(office, "anna", "a che ora apre l'urp il lunedì?")


async def test_what_was_typed_and_not_sent_is_still_there(
    visit: StaffVisit, office: Office, browser: Browser
) -> None:
    """Must-hold 2: the browser is closed in the middle of a sentence."""
    await say(office, "bruno", "voglio parlare con una persona")
    await visit.sign_in("operatore")
    page = visit.page
    await page.locator("#elenco th a").first.click()
    await page.get_by_role("button", name="Prendi la conversazione").click()
    await page.locator("#reply").fill("Gentile Bruno, per la sua")
    await page.wait_for_selector("#draft-state:has-text('Bozza salvata.')")
    address = page.url
    await visit.context.close()
    again = await staff_visit(browser, office.base)
    await again.sign_in("operatore")
    await again.page.goto(address)
    assert await again.page.locator("#reply").input_value() == "Gentile Bruno, per la sua"
    await again.context.close()


async def test_a_new_request_appears_by_itself(visit: StaffVisit, office: Office) -> None:
    """The list, the title and the announcement change without a click."""
    await visit.sign_in("responsabile")
    await visit.page.wait_for_timeout(600)
    title = await visit.page.title()
    await say(office, "carla", "voglio parlare con un operatore")
    await visit.page.wait_for_function("(before) => document.title !== before", arg=title)
    await visit.page.wait_for_selector("#annunci:has-text('aspetta')", state="attached")


async def test_nothing_that_people_write_is_executed(visit: StaffVisit, office: Office) -> None:
    """T45: messages, replies, notes, saved replies, names."""
    await office.database.write(
        saved_replies.add,
        shortcut="brutta",
        title=_NASTY[:90],
        text=_NASTY,
        by=1,
        now=office.clock.utc(),
    )
    await say(office, _NASTY[:60], _NASTY)
    await say(office, _NASTY[:60], "voglio parlare con una persona")
    await visit.sign_in("operatore")
    page = visit.page
    query = sa.select(conversations.c.id).where(conversations.c.sender == _NASTY[:60])
    conversation = await office.database.read(lambda c: c.execute(query).scalar_one())
    await visit.go(f"/console/conversazioni/{conversation}")
    await page.get_by_role("button", name="Prendi la conversazione").click()
    await page.locator("#reply").fill(_NASTY)
    await page.get_by_role("button", name="Invia").click()
    await page.locator("#note").fill(_NASTY)
    await page.get_by_role("button", name="Salva la nota").click()
    await page.wait_for_selector(".note")
    for place in (".message-citizen .said", ".message-staff .said", ".note .said"):
        assert "<img src=x" in await page.locator(place).first.inner_text()
    await visit.looks_right("nasty")
    assert await page.locator("main img").count() == 0
    await visit.go(
        "/console/conversazioni/elenco/mie?q=%3Cscript%3Ealert(1)%3C/script%3E&argomento=%22%3E%3Cscript%3E"
    )
    await visit.looks_right("nasty-search")


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_of_a_role_is_accessible(
    visit: StaffVisit, office: Office, role: str
) -> None:
    """T76: each page that the role's menu leads to, and one's own account."""
    await visit.sign_in(role)
    links = await visit.page.locator("nav.main-nav a").evaluate_all(
        "(all) => all.map((a) => a.pathname)"
    )
    paths = [
        *links,
        "/console/profilo",
        "/console/profilo/password",
        "/console/profilo/secondo-fattore",
    ]
    for path in paths:
        await visit.go(path)
        await visit.looks_right(f"{role}{path.replace('/console', '').replace('/', '-')}")


async def test_the_agenda_by_keyboard(visit: StaffVisit, office: Office) -> None:
    """Must-hold 4, 8: from the grid to a booking by telephone, and to another time; no mouse, no violation."""
    page = visit.page
    await visit.sign_in("operatore")
    await visit.go("/console/agenda?vista=settimana&giorno=2026-11-26")
    await visit.looks_right("agenda-week")
    await tab_to(page, "prenota giovedì 26 novembre alle 10.30")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("h1:has-text('Nuovo appuntamento')")
    assert await page.locator("#start").input_value() == "2026-11-26T10:30"
    await tab_to(page, "È qui, allo sportello")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "Nome e cognome")
    await page.keyboard.type("Piera Conti")
    await tab_to(page, "Telefono o e-mail")
    await page.keyboard.type("02 7740 2000")
    await visit.looks_right("agenda-new")
    await tab_to(page, "Prenota")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=L'appuntamento è prenotato.")
    await visit.looks_right("agenda-appointment")
    await tab_to(page, "Scegli un altro orario")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Scegli un nuovo orario per")
    await visit.looks_right("agenda-moving")
    await tab_to(page, "giovedì 26 novembre alle 14.00")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=L'appuntamento è spostato.")
    await visit.go("/console/agenda?giorno=2026-11-26")
    await visit.looks_right("agenda-day")
    assert await page.locator(".slot-confirmed strong").first.inner_text() == "Piera Conti"
    await page.emulate_media(media="print")
    assert not await page.locator(".main-nav").is_visible()
    assert await page.locator(".slot-confirmed").first.is_visible()
    await page.emulate_media(media="screen")


async def test_closures_review_and_records_are_accessible(
    visit: StaffVisit, office: Office
) -> None:
    """T76: the pages of the responsabile with something in them; a report opens its record."""
    await visit.sign_in("responsabile")
    page = visit.page
    await visit.go("/console/agenda/nuovo?orario=2026-12-01T10:00")
    await page.get_by_label("Nome e cognome").fill("Anna Bianchi")
    await page.get_by_label("Telefono o e-mail").fill("anna@example.it")
    await page.get_by_role("button", name="Prenota").click()
    await page.wait_for_selector("text=L'appuntamento è prenotato.")
    await visit.go("/console/agenda/chiusure")
    await page.get_by_label("Da", exact=True).fill("2026-12-01T00:00")
    await page.get_by_label("A", exact=True).fill("2026-12-02T00:00")
    await page.get_by_label("Motivo").fill("Assemblea del personale")
    await page.get_by_role("button", name="Registra la chiusura").click()
    await page.wait_for_selector("text=Chi ha un appuntamento quando l'ufficio è chiuso")
    await visit.looks_right("closures")
    await page.get_by_label("Messaggio").fill("Siamo chiusi. Ti chiamiamo per un altro giorno.")
    await page.get_by_role("button", name="Invia il messaggio").click()
    await page.wait_for_selector("text=Ho scritto a una persona.")
    await visit.looks_right("closures-told")
    await page.get_by_role("button", name="Togli").click()
    await say(office, "elio", "ogni quanto si controlla la caldaia?")
    await say(office, "elio", "questa informazione è sbagliata")
    await say(office, "elio", "qwrtz plmk zxcvb")

    async def listed() -> bool:
        await visit.go("/console/revisione")
        return await page.locator("th a").count() > 0

    await eventually(listed, 20)
    await visit.looks_right("review-list")
    await page.get_by_role("link", name="Apri la scheda").first.click()
    await page.wait_for_selector("text=Fonte:")
    await visit.looks_right("record")
    await visit.go("/console/revisione")
    await page.locator("th a").first.click()
    await visit.looks_right("review")


@pytest.mark.parametrize("visit", [(320, 640)], indirect=True)
async def test_pages_fit_a_small_screen(visit: StaffVisit, office: Office) -> None:
    """WCAG 1.4.10: 320 px, which is also 400 % zoom."""
    await say(office, "dario", "voglio parlare con una persona")
    await visit.sign_in("operatore")
    await visit.looks_right("small-queue")
    await visit.page.locator("#elenco th a").first.click()
    await visit.looks_right("small-conversation")
    await visit.go("/console/profilo")
    await visit.looks_right("small-profile")
    await visit.go("/console/agenda?vista=settimana&giorno=2026-11-26")
    await visit.looks_right("small-agenda")


async def test_pages_before_sign_in_are_accessible(visit: StaffVisit) -> None:
    """T76."""
    await visit.go("/console/accesso")
    await visit.looks_right("sign-in")
    await visit.page.get_by_label("Indirizzo e-mail").fill("nessuno@example.it")
    await visit.page.get_by_label("Password").fill("sbagliata")
    visit.complaints.clear()
    await visit.page.get_by_role("button", name="Entra").click()
    await visit.page.wait_for_selector("[role=alert]")
    visit.complaints.clear()
    await visit.looks_right("sign-in-wrong")
    await visit.go("/console/invito/scaduto")
    visit.complaints.clear()
    await visit.looks_right("invitation-over")


async def test_the_console_cannot_be_framed(visit: StaffVisit) -> None:
    """T34: another page that puts it into a frame gets nothing."""
    await visit.go("/")
    visit.complaints.clear()
    await visit.page.evaluate(
        "(src) => { const f = document.createElement('iframe'); f.src = src; document.body.append(f); }",
        visit.base + "/console/accesso",
    )

    async def refused() -> bool:
        return any("frame" in complaint.lower() for complaint in visit.complaints)

    await eventually(refused)
