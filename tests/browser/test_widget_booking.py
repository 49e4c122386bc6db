"""An appointment booked in the widget with the real dialogue: by mouse with reloads in the middle, by keyboard, on a small phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import icalendar
import pytest

from bot.appointments.agenda import listed
from bot.appointments.history import Step
from bot.clock import ROME
from tests.browser.conftest import OpenVisit
from tests.support.browser import Visit, until
from tests.support.servers import Client

pytestmark = [
    pytest.mark.alone,
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]


async def booked(client: Client, name: str) -> list[dict[str, Any]]:
    """The appointments in this name."""
    assert client.runtime is not None
    step = Step.at(client.runtime.clock, "test", who="staff:test")
    rows = await client.runtime.database.read(listed, step)
    return [row for row in rows if row.get("name") == name]


async def asked(visit: Visit, words: str) -> str:
    """Wait until the newest answer holds some words; the answer."""
    await visit.answers.last.get_by_text(words).wait_for()
    return await visit.answers.last.inner_text()


async def reloaded(visit: Visit) -> None:
    """The page is loaded again and what was said is there."""
    said = visit.messages.locator(".text")
    before = await said.all_inner_texts()
    await visit.page.reload()
    await visit.button("Continua la chat").click()
    await until(said.all_inner_texts, before)
    await visit.messages.last.locator(".text").wait_for()
    box = await visit.messages.last.bounding_box()
    assert box is not None
    assert box["y"] < 700, "the conversation is taken up at its end"


async def test_an_appointment_is_booked_by_mouse_with_reloads_in_the_middle(
    visit: Visit, client: Client
) -> None:
    """Must-hold 3: day and hour from the picker, the right fields, the calendar file."""
    page = visit.page
    await visit.open()
    await visit.button("Prenota un appuntamento").click()
    await asked(visit, "Quando vuoi venire?")
    days = page.locator("sportello-chat .day")
    hours = page.locator("sportello-chat .hour")
    await visit.button("Giorni successivi").click()
    await visit.button("Giorni precedenti").click()
    await days.filter(has_text="giovedì 3 dicembre").click()
    await visit.picture("booking-picker")
    await reloaded(visit)
    await days.filter(has_text="giovedì 3 dicembre").click()
    await hours.filter(has_text="11.30").click()
    await asked(visit, "Per che cosa vuoi venire?")
    assert "giovedì 3 dicembre alle 11.30" in await visit.questions.last.inner_text()
    assert await hours.count() == 0, "what was chosen cannot be chosen again"
    await reloaded(visit)
    await page.get_by_label("Motivo").fill("informazioni sul passo carrabile")
    await visit.field.press("Enter")
    await asked(visit, "Scrivi nome e cognome")
    assert await visit.field.get_attribute("autocomplete") == "name"
    await visit.picture("booking-name")
    await page.get_by_label("Nome e cognome").fill("Piera Colombo")
    await visit.field.press("Enter")
    await asked(visit, "Dove ti mando la conferma")
    assert await visit.field.get_attribute("autocomplete") == "email"
    await page.get_by_label("E-mail o telefono").fill("piera@esempio.it")
    await visit.field.press("Enter")
    summary = await asked(visit, "Confermi?")
    assert "11.30" in summary
    assert "piera@esempio.it" not in summary, "what stays on the screen of a library is masked"
    await visit.picture("booking-summary")
    assert await booked(client, "Piera Colombo") == []
    await visit.button("Sì, confermo").click()
    done = await asked(visit, "è confermato")
    assert "http" not in done, "the button stands for the address"
    await visit.picture("booking-done")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Scarica appuntamento.ics").click()
    assert (await download.value).suggested_filename == "appuntamento.ics"
    calendar = icalendar.Calendar.from_ical(
        Path(await (await download.value).path()).read_bytes().decode()
    )
    (event,) = calendar.walk("VEVENT")
    assert event.decoded("dtstart").astimezone(ROME).isoformat() == "2026-12-03T11:30:00+01:00"
    (row,) = await booked(client, "Piera Colombo")
    assert (row["start"], row["status"]) == ("2026-12-03T11:30", "confirmed")
    await page.reload()
    await visit.button("Continua la chat").click()
    await asked(visit, "è confermato")
    assert "[nome]" in await visit.questions.nth(3).inner_text(), "what is kept holds no name"
    assert "piera" not in "".join(await visit.messages.all_inner_texts())
    await visit.assert_clean()


async def test_an_appointment_is_booked_and_cancelled_by_keyboard_alone(
    visit: Visit, client: Client
) -> None:
    """T77: Tab, arrows and Enter only; the focus is where the answer is expected."""
    page = visit.page
    keys = page.keyboard
    await visit.tab_to("Apri la chat")
    await keys.press("Enter")
    await visit.tab_to("Ho capito")
    await keys.press("Enter")
    await until(visit.focused, "TEXTAREA")
    await keys.type("prenoto un appuntamento")
    await keys.press("Enter")
    await asked(visit, "Quando vuoi venire?")
    chosen = page.locator("sportello-chat .day input:checked")
    is_focused = "(e) => e === e.getRootNode().activeElement"
    for _ in range(20):
        if await chosen.evaluate(is_focused):
            break
        await keys.press("Shift+Tab")
    assert await chosen.evaluate(is_focused)
    first = await chosen.get_attribute("value")
    await keys.press("ArrowRight")
    second = await chosen.get_attribute("value")
    assert second != first
    await keys.press("Tab")
    assert await visit.focused() == "Giorni successivi"
    await keys.press("Enter")
    third = await chosen.get_attribute("value")
    assert third is not None
    assert third > str(second)
    assert await chosen.evaluate(is_focused), "the focus is on the days that were asked for"
    await visit.tab_to("10.00")
    await keys.press("Enter")
    await asked(visit, "Per che cosa vuoi venire?")
    for words, question in (
        ("informazioni", "Scrivi nome e cognome"),
        ("Bruno Villa", "Dove ti mando la conferma"),
        ("bruno@esempio.it", "Confermi?"),
        ("sì, confermo", "è confermato"),
    ):
        assert await visit.focused() in ("INPUT", "TEXTAREA")
        await keys.type(words)
        await keys.press("Enter")
        await asked(visit, question)
    (row,) = await booked(client, "Bruno Villa")
    assert (row["start"], row["status"]) == (f"{third}T10:00", "confirmed")
    for words, question in (
        ("annulla il mio appuntamento", "Vuoi davvero annullare"),
        ("sì", "è annullato"),
    ):
        await keys.type(words)
        await keys.press("Enter")
        await asked(visit, question)
    (row,) = await booked(client, "Bruno Villa")
    assert row["status"] == "cancelled"
    await visit.assert_clean()


@pytest.mark.parametrize("size", [(320, 568), (320, 256)], ids=["320px", "400-percent"])
async def test_the_picker_of_the_dialogue_fits_small_screens(
    open_visit: OpenVisit, size: tuple[int, int]
) -> None:
    async with open_visit(size=size, has_touch=True) as visit:
        await visit.open()
        await visit.ask("vorrei un appuntamento")
        await asked(visit, "Quando vuoi venire?")
        await visit.assert_fits()
        day = visit.page.locator("sportello-chat .day").nth(2)
        await day.scroll_into_view_if_needed()
        await day.tap()
        hour = visit.page.locator("sportello-chat .hour").last
        await hour.scroll_into_view_if_needed()
        await visit.picture(f"booking-small-{size[1]}")
        await hour.tap()
        await asked(visit, "Per che cosa vuoi venire?")
        await visit.assert_fits()
        await visit.assert_clean()
