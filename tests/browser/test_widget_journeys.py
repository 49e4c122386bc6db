"""Whole journeys with the widget: mouse, keyboard, small screens, zoom, loss of connection, reload, tabs, staff (T59, T61, T77)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.async_api import Page

from bot.conversations import desk
from bot.storage.tables import inbound, ratings, reports
from tests.browser.conftest import OpenVisit, watched
from tests.support.browser import Visit, until
from tests.support.office import Office
from tests.support.servers import Client

pytestmark = [
    pytest.mark.alone,
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]

FRIDAY = "a che ora apre l'urp il venerdì?"
DAYS = [
    {
        "date": "2026-12-03",
        "label": "giovedì 3 dicembre",
        "slots": [
            {"start": "2026-12-03T10:00", "label": "10.00", "payload": "giovedì 3 dicembre alle 10.00"},
            {"start": "2026-12-03T10:30", "label": "10.30", "payload": "giovedì 3 dicembre alle 10.30"},
        ],
    },
    {
        "date": "2026-12-10",
        "label": "giovedì 10 dicembre",
        "slots": [
            {"start": "2026-12-10T14:00", "label": "14.00", "payload": "giovedì 10 dicembre alle 14.00"}
        ],
    },
]  # fmt: skip
NO_WEBSOCKETS = (
    "window.WebSocket = class extends EventTarget { constructor() { super(); this.readyState = 0; "
    "setTimeout(() => this.dispatchEvent(new CloseEvent('close', { code: 1006 }))); } close() {} send() {} };"
)
PICKER = {"status": "ambiguous", "records": [], "picker": {"kind": "slots", "days": DAYS}}


async def count_rows(client: Client, statement: sa.Select[tuple[int]]) -> int:
    assert client.runtime is not None
    return int(await client.runtime.database.read(lambda link: link.scalar(statement)) or 0)


async def test_with_the_mouse_from_question_to_rating(visit: Visit, client: Client) -> None:
    page = visit.page
    await visit.picture("page")
    await visit.open()
    await visit.button("Orari dell'URP").click()
    answer = await visit.answered(2)
    assert "10.00-12.00" in answer
    assert "Fonte:" in answer
    assert (
        await visit.questions.first.locator(".text").inner_text()
        == "Quali sono gli orari dell'URP?"
    )
    await visit.picture("answer")
    await visit.button("Questa informazione è sbagliata?").click()
    await page.get_by_label("Che cosa non va?").fill("il venerdì apre alle 9")
    await visit.button("Segnala").click()
    await page.get_by_text("L'ufficio controllerà").wait_for()
    await visit.button("Opzioni").click()
    await visit.picture("options")
    await visit.button("Dai un voto").click()
    await visit.button("Invia").click()
    await page.get_by_text("Scegli prima un voto").wait_for()
    await page.locator("sportello-chat .scores label").nth(3).click()
    await page.get_by_label("Vuoi aggiungere qualcosa?").fill("chiaro")
    await visit.picture("rating")
    await visit.button("Invia").click()
    await page.get_by_text("Grazie per il tuo voto.").wait_for()
    assert await count_rows(client, sa.select(sa.func.count()).where(ratings.c.score == 4)) == 1
    wanted = reports.c.comment == "il venerdì apre alle 9"
    assert await count_rows(client, sa.select(sa.func.count()).where(wanted)) == 1
    await visit.assert_clean()


async def test_with_the_keyboard_alone(visit: Visit, client: Client) -> None:
    """T77: open, accept, write, choose, pick a slot, rate, close; the focus is never lost nor trapped."""
    page = visit.page
    await visit.tab_to("Apri la chat")
    await page.keyboard.press("Enter")
    await until(visit.focused, "Prima di iniziare: i tuoi dati")
    await visit.tab_to("Ho capito")
    await page.keyboard.press("Enter")
    await until(visit.focused, "TEXTAREA")
    await page.keyboard.type(FRIDAY)
    await page.keyboard.press("Enter")
    assert "10.00-12.00" in await visit.answered(2)
    assert await visit.focused() == "TEXTAREA"
    await Office(client).says("Quando vuoi venire?", custom=PICKER)
    await visit.answered(3)
    await visit.tab_to("10.00", backwards=True)
    await visit.tab_to("", backwards=True)
    await page.keyboard.press("ArrowRight")
    assert await page.locator("sportello-chat .hour").all_inner_texts() == ["14.00"]
    await visit.picture("picker")
    await visit.tab_to("14.00")
    await page.keyboard.press("Enter")
    await until(visit.questions.last.locator(".text").inner_text, "giovedì 10 dicembre alle 14.00")
    await visit.answered(4)
    field = await visit.focused()
    assert field in ("TEXTAREA", "INPUT")
    await visit.tab_to("Opzioni", backwards=True)
    await page.keyboard.press("Enter")
    assert await visit.focused() == "Opzioni"
    await page.keyboard.press("Escape")
    assert await visit.focused() == field
    await page.keyboard.press("Escape")
    assert "la chat: Assistente dell'URP" in await visit.focused()
    await page.keyboard.press("Enter")
    assert await visit.focused() == field
    # A window that leaves the page usable lets Tab go on to the page.
    for _ in range(4):
        await page.keyboard.press("Tab")
    await visit.assert_clean()


async def test_on_a_phone_the_focus_stays_in_the_window(open_visit: OpenVisit) -> None:
    """T77: it covers everything, so what lies under it cannot be reached; Escape leaves."""
    async with open_visit(size=(390, 700)) as visit:
        await visit.open()
        names = []
        for _ in range(20):
            await visit.page.keyboard.press("Tab")
            names.append(await visit.focused())
        assert "Chiudi la chat" in names
        assert not [name for name in names if "Vai al contenuto" in name or name == "Contatti"]
        assert names.index("Chiudi la chat") < len(names) - 1
        dialog = visit.page.get_by_role("dialog")
        assert await dialog.get_attribute("aria-modal") == "true"
        await visit.page.keyboard.press("Escape")
        assert not await dialog.is_visible()


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("320", (320, 568)),
        ("400-percent", (320, 256)),
        ("360", (360, 640)),
        ("landscape", (740, 360)),
    ],
)
async def test_small_screens_and_zoom_show_everything(
    open_visit: OpenVisit, client: Client, name: str, size: tuple[int, int]
) -> None:
    """320 px, and 1280 x 1024 at 400 %, which is 320 x 256: all can be read and reached, nothing scrolls sideways."""
    async with open_visit(size=size) as visit:
        await visit.assert_fits()
        await visit.open()
        await visit.picture(f"small-{name}-notice")
        await visit.ask("Quali Comuni ci sono nella zona Nord Ovest?")
        await visit.answered(2)
        await visit.ask("https://" + "parolasenzaspazi" * 100)
        await visit.answered(3)
        await Office(client).says("Quando vuoi venire?", custom=PICKER)
        await visit.answered(4)
        await visit.assert_fits()
        await visit.picture(f"small-{name}")
        hour = visit.page.locator("sportello-chat .hour").first
        await hour.scroll_into_view_if_needed()
        await hour.click()
        await visit.answers.nth(4).wait_for()
        for label in ("Invia", "Esci e cancella da questo computer", "Opzioni"):
            target = visit.button(label)
            await target.scroll_into_view_if_needed()
            box = await target.bounding_box()
            assert box is not None
            assert box["width"] >= 24
            assert box["height"] >= 24
        await visit.button("Opzioni").click()
        await visit.assert_fits()
        await visit.page.get_by_label("Dimensione del testo").select_option("200")
        await visit.assert_fits()
        await visit.assert_clean()


async def test_the_on_screen_keyboard_leaves_field_and_answers_visible(
    open_visit: OpenVisit,
) -> None:
    """A phone with half its height taken by the keyboard."""
    async with open_visit(size=(390, 760), has_touch=True, is_mobile=True) as visit:
        await visit.open()
        await visit.ask(FRIDAY)
        await visit.answered(2)
        await visit.field.tap()
        await visit.page.set_viewport_size({"width": 390, "height": 430})
        box = await visit.field.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 430
        assert await visit.answers.last.is_visible()
        await visit.picture("phone-keyboard")


async def test_without_connection_messages_wait_and_leave_later(
    visit: Visit, client: Client
) -> None:
    """T59: written offline, kept over a reload, sent once when the connection is back."""
    page = visit.page
    await visit.open()
    await visit.ask("in che zona è Rho?")
    await visit.answered(2)
    await page.context.set_offline(True)
    await page.get_by_text("Non c'è connessione. Puoi scrivere").wait_for()
    await visit.ask("in che zona è Legnano?")
    await page.get_by_text("Parte quando torna la connessione").wait_for()
    await visit.picture("offline")
    await page.context.set_offline(False)
    assert "Legnano" in await visit.answered(3)
    await until(page.get_by_text("Non c'è connessione").count, 0)
    assert await visit.questions.count() == 2
    statement = sa.select(sa.func.count()).where(inbound.c.text == "in che zona è Legnano?")
    assert await count_rows(client, statement) == 1


async def test_what_was_sent_in_the_last_instant_is_not_lost(visit: Visit) -> None:
    """T61: the page is gone before the acknowledgement."""
    page = visit.page
    await visit.open()
    await visit.ask("ciao")
    await visit.answered(2)
    await visit.field.fill("in che zona è Rho?")
    await page.evaluate(
        "document.querySelector('sportello-chat').shadowRoot.querySelector('form.composer').requestSubmit()"
    )
    await page.reload()
    await visit.button("Continua la chat").click()
    assert "Rho" in await visit.answered(3)
    assert await visit.questions.count() == 2
    await visit.assert_clean()


async def test_the_conversation_goes_on_on_another_page(visit: Visit) -> None:
    page = visit.page
    await visit.open()
    await visit.ask("quanti abitanti ha Rho?")
    await visit.answered(2)
    await page.get_by_role("link", name="Chat a tutta pagina").click()
    await visit.answered(2)
    await visit.ask("e Legnano?")
    assert "abitanti" in await visit.answered(3)
    await visit.picture("full-page")
    await visit.assert_clean()


async def test_two_tabs_show_one_conversation(visit: Visit, client: Client) -> None:
    """T61: whichever tab one writes in; starting over and leaving count for both."""
    second = await watched(await visit.page.context.new_page(), visit.base)
    await second.page.goto(visit.base + "/chat")
    await visit.open()
    await visit.ask("in che zona è Rho?")
    await visit.answered(2)
    assert "Rho" in await second.answered(2)
    await second.ask("in che zona è Legnano?")
    await second.answered(3)
    assert "Legnano" in await visit.answered(3)
    assert await visit.questions.all_inner_texts() == await second.questions.all_inner_texts()
    await second.button("Opzioni").click()
    await second.button("Ricomincia da capo").click()
    await until(second.questions.count, 0)
    await until(visit.questions.count, 0)
    await visit.ask("ciao")
    await second.answered(2)
    await second.button("Esci e cancella da questo computer").click()
    await visit.page.get_by_text("Conversazione chiusa").wait_for()
    for one in (visit, second):
        assert await stored(one.page) == {}
        await one.assert_clean()


async def stored(page: Page) -> dict[str, str]:
    return dict(
        await page.evaluate(
            "({...Object.fromEntries(Object.entries(sessionStorage)), ...Object.fromEntries(Object.entries(localStorage))})"
        )
    )


async def test_a_staff_reply_arrives_open_closed_and_after_a_reload(
    visit: Visit, client: Client
) -> None:
    """Hand-off: place in the queue, the name of who answers, a badge while the window is closed."""
    page = visit.page
    office = Office(client)
    await visit.open()
    await visit.button("Parla con una persona").click()
    await visit.answered(2)
    await office.replies("Anna", "Buongiorno, come posso aiutarla?")
    reply = await visit.answered(3)
    assert "Anna, URP" in reply
    await page.get_by_text("Ora ti risponde Anna").wait_for()
    await visit.picture("staff")
    await visit.button("Chiudi la chat").click()
    await office.replies("Anna", "Ha visto il mio messaggio?")
    await page.get_by_role("button", name="Nuovi messaggi: 1").wait_for()
    await visit.picture("badge")
    await page.reload()
    await page.get_by_role("button", name="Nuovi messaggi: 1").click()
    assert "Ha visto il mio messaggio?" in await visit.answered(4)
    await visit.button("Chiudi la chat").click()
    await page.get_by_role(
        "button", name="Continua la chat: Assistente dell'URP", exact=True
    ).wait_for()
    await office.does(desk.close, "Anna")
    await visit.button("Continua la chat").click()
    await visit.button("Dai un voto").wait_for()
    await visit.assert_clean()


async def test_what_the_assistant_asks_for_gets_the_right_field(
    visit: Visit, client: Client
) -> None:
    await visit.open()
    await visit.ask("ciao")
    await visit.answered(2)
    field = {"name": "email", "type": "email", "label": "La tua e-mail", "autocomplete": "email"}
    await Office(client).says("A quale e-mail ti scrivo?", custom={"field": field})
    await visit.answered(3)
    line = visit.page.get_by_label("La tua e-mail")
    assert await line.get_attribute("type") == "email"
    assert await line.get_attribute("autocomplete") == "email"
    await line.fill("mario@@esempio")
    await line.press("Enter")
    await visit.page.get_by_text("Controlla l'e-mail").wait_for()
    assert await line.get_attribute("aria-invalid") == "true"
    await visit.picture("field")
    await line.fill("mario.rossi@esempio.it")
    await line.press("Enter")
    await visit.page.get_by_label("La tua domanda").wait_for()
    await visit.answered(4)
    await visit.assert_clean()


async def test_files_cards_and_links_are_offered(visit: Visit, client: Client) -> None:
    await visit.open()
    await visit.ask("ciao")
    await visit.answered(2)
    custom = {
        "file": {"name": "appuntamento.ics", "url": "/static/icon.svg", "type": "text/calendar"},
        "cards": [
            {
                "title": "Sportello di Milano",
                "text": "Via Vivaio 1",
                "link": {"title": "Apri la pagina", "url": "https://www.esempio.it/urp"},
                "buttons": [{"title": "Orari", "payload": "che orari fa l'urp?"}],
            }
        ],
    }
    await Office(client).says(
        "Ecco. Vedi https://www.esempio.it/a, o scrivi a urp@esempio.it.", custom=custom
    )
    answer = visit.answers.nth(2)
    await answer.wait_for()
    links = {
        await link.get_attribute("href"): " ".join((await link.inner_text()).split())
        for link in await answer.locator("a").all()
    }
    assert links == {
        "https://www.esempio.it/a": "https://www.esempio.it/a (si apre in un'altra scheda)",
        "mailto:urp@esempio.it": "urp@esempio.it",
        "https://www.esempio.it/urp": "Apri la pagina (www.esempio.it) (si apre in un'altra scheda)",
        f"{visit.base}/static/icon.svg": "Scarica appuntamento.ics",
    }
    await visit.picture("card")
    await visit.button("Orari").last.click()
    await visit.answered(4)
    await visit.assert_clean()


async def test_job_offers_are_cards(visit: Visit) -> None:
    """What the text says in lines is shown once."""
    await visit.open()
    await visit.ask("cerco lavoro come barista")
    answer = await visit.answered(2)
    cards = visit.answers.last.locator(".card")
    assert await cards.count() > 0
    assert "•" not in answer
    for card in await cards.all():
        code = (await card.inner_text()).rpartition("Codice ")[2]
        assert answer.count(code) == 1
    await visit.picture("offers")
    await visit.assert_clean()


async def test_transcript_and_data_can_be_downloaded_and_erased(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit.page
    await visit.open()
    await visit.ask("in che zona è Rho?")
    await visit.answered(2)
    await visit.button("Opzioni").click()
    async with page.expect_download() as download:
        await visit.button("Scarica la conversazione").click()
    text = Path(await (await download.value).path()).read_text(encoding="utf-8")
    assert "Tu:\nin che zona è Rho?" in text
    assert "Assistente:" in text
    async with page.expect_download() as download:
        await visit.button("Scarica i tuoi dati").click()
    data = json.loads(Path(await (await download.value).path()).read_text(encoding="utf-8"))
    assert "in che zona è Rho?" in str(data)
    await visit.button("Cancella i tuoi dati").click()
    await visit.picture("erase")
    await visit.button("Sì, cancella").click()
    await page.get_by_text("Abbiamo cancellato i tuoi dati").wait_for()
    assert await stored(page) == {}
    await visit.button("Nuova conversazione").click()
    await visit.accept()
    assert await visit.questions.count() == 0
    await visit.assert_clean()


async def test_appearance_is_chosen_and_kept(visit: Visit) -> None:
    page = visit.page
    await visit.open()
    await visit.ask("ciao")
    await visit.answered(2)
    await visit.button("Opzioni").click()
    await page.get_by_label("Dimensione del testo").select_option("150")
    await page.get_by_label("Colori").select_option("dark")
    await page.get_by_label("Lingua dei comandi").select_option("en")
    await page.get_by_label("High contrast").check()
    await visit.button("Back to the chat").click()
    await visit.picture("dark-contrast-english-150")
    await page.reload()
    await visit.button("Continue the chat").click()
    await page.get_by_label("Your question").wait_for()
    frame = page.locator("sportello-chat .frame")
    assert await frame.get_attribute("data-size") == "150"
    assert await frame.get_attribute("data-theme") == "dark"
    assert await frame.get_attribute("data-contrast") == "high"
    await visit.assert_clean()


async def test_where_websockets_are_blocked_requests_carry_the_chat(
    open_visit: OpenVisit, client: Client
) -> None:
    async with open_visit(script=NO_WEBSOCKETS) as visit:
        await visit.open()
        await visit.ask("in che zona è Rho?")
        assert "Rho" in await visit.answered(2)
        await Office(client).replies("Anna", "Eccomi.")
        assert "Eccomi." in await visit.answered(3)
        assert f"POST {visit.base}/chat/frames" in visit.requests
        await visit.assert_clean()
