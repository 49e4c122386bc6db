"""The agenda through the console: who comes, who telephones, moves on the grid, closures and the message to those affected."""

from __future__ import annotations

import asyncio
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.appointments import booking
from bot.appointments.history import Step
from bot.appointments.rules import Office as BookingOffice
from bot.clock import ROME
from bot.console.agenda_entries import Entry
from bot.console.agenda_grid import day_grid, week_grid
from bot.console.mail_job import send_due
from bot.storage.appointment_tables import appointments
from bot.storage.console_tables import office_mails
from bot.storage.tables import conversations, outbound
from tests.console.conftest import Office
from tests.console.test_claims import queue_of
from tests.support.booking import rome, rules_with
from tests.support.console import Browser

pytestmark = pytest.mark.usefixtures("mails_wait")

THURSDAY = "2026-11-26T10:30"


async def book(browser: Browser, **fields: str) -> Any:
    """Send the booking form."""
    await browser.get("/console/agenda/nuovo")
    data = {"name": "Anna Bianchi", "how": "desk", "start": THURSDAY, **fields}
    return await browser.post("/console/agenda/prenota", data)


async def stored(office: Office) -> list[Any]:
    """All appointments, in order of time."""
    query = sa.select(appointments).order_by(appointments.c.starts_at)
    return await office.database.read(lambda c: list(c.execute(query)))


async def test_who_stands_at_the_desk_gets_the_slot_that_has_begun(office: Office) -> None:
    """No notice, no contact; the clock says Tuesday, ten past ten."""
    office.clock.pass_by(minutes=10)
    browser = await office.signed_in("operatore")
    page = await browser.get("/console/agenda/nuovo")
    assert "10.00 (adesso)" in page.text
    booked = await book(browser, start="2026-11-24T10:00")
    assert "L&#39;appuntamento è prenotato." in booked.text
    (row,) = await stored(office)
    assert (row.channel, row.contact, row.status) == ("desk", "", "confirmed")
    came = await browser.submit(
        f"/console/agenda/{row.id}/visita", {"csrf": browser.token, "came": "yes"}
    )
    assert came.status == 303
    assert [one.status for one in await stored(office)] == ["completed"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"how": "phone", "contact": "02 7740 2000"}, 200),
        ({"how": "phone", "contact": ""}, 422),
        ({"how": "phone", "contact": "boh"}, 422),
        ({"name": "<script>"}, 422),
        ({"start": "domani"}, 422),
        ({"start": "2026-11-26T10:30+01:00"}, 422),
        ({"start": "2026-11-22T10:30"}, 409),
        ({"start": "2026-11-24T09:00"}, 409),
        ({"office": "altrove"}, 400),
        ({"service": "matrimoni"}, 400),
    ],
)
async def test_what_a_booking_needs(office: Office, fields: dict[str, str], status: int) -> None:
    """On the telephone a contact is needed; wrong or impossible values change nothing, what was typed stays."""
    browser = await office.signed_in("operatore")
    answer = await book(browser, **fields)
    assert answer.status == status
    assert len(await stored(office)) == (1 if status == 200 else 0)
    if status == 422 and "name" not in fields:
        assert 'value="Anna Bianchi"' in answer.text


async def test_the_grid_offers_to_book_and_to_move(office: Office) -> None:
    browser = await office.signed_in("operatore")
    await book(browser, contact="anna@example.it")
    (row,) = await stored(office)
    week = await browser.get("/console/agenda?vista=settimana&giorno=2026-11-26")
    assert "Anna Bianchi" in week.text
    assert "orario=2026-11-26T11:00" in week.text
    assert "anna@example.it" not in week.text
    moving = await browser.get(f"/console/agenda?vista=giorno&giorno=2026-12-01&sposta={row.id}")
    assert moving.text.count("Sposta qui") > 3
    assert re.search(r"Scegli un nuovo orario per <strong>Anna", moving.text)
    moved = await browser.post(f"/console/agenda/{row.id}/sposta", {"start": "2026-12-01T14:30"})
    assert "è spostato" in moved.text
    assert "spostato, Operatore Prova" in moved.text
    (row,) = await stored(office)
    assert row.starts_at == rome("2026-12-01T14:30")
    taken = await browser.submit(
        f"/console/agenda/{row.id}/sposta", {"csrf": browser.token, "start": "2026-12-06T10:00"}
    )
    assert taken.status == 409


async def test_two_colleagues_book_the_same_slot(office_on_both: Office) -> None:
    """One gets it, the other is told; nobody is booked twice."""
    office = office_on_both
    browsers = [await office.signed_in(role) for role in ("operatore", "responsabile")]
    answers = await asyncio.gather(*(book(browser) for browser in browsers))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(await stored(office)) == 1


async def test_booking_for_a_citizen_goes_the_way_of_the_conversation(office: Office) -> None:
    """The channel of the conversation is kept: its reminders find the way back; the code is told at once."""
    (conversation,) = await queue_of(office, 1)
    browser = await office.signed_in("operatore")
    await browser.get(f"/console/conversazioni/{conversation}")
    await browser.post(f"/console/conversazioni/{conversation}/prendi")
    await book(browser, conversation=conversation)
    (row,) = await stored(office)
    assert (row.channel, row.conversation) == ("web", conversation)
    said = await office.database.read(
        lambda c: (
            c.execute(
                sa.select(outbound.c.payload).where(outbound.c.conversation_id == conversation)
            )
            .scalars()
            .all()
        )
    )
    assert any("Ho prenotato per te" in payload for payload in said)
    unknown = await book(browser, conversation="f" * 32, start="2026-12-01T10:00")
    assert unknown.status == 404


async def test_moving_and_cancelling_tell_whoever_can_be_told(office: Office) -> None:
    """In the chat of who booked there; who left only a telephone must be called, and the page says so."""
    (conversation,) = await queue_of(office, 1)
    browser = await office.signed_in("operatore")
    await book(browser, how="phone", contact="02 7740 2000", start="2026-11-26T10:00")
    step = Step.at(office.clock, "web", conversation=conversation)
    chat = await office.database.write(
        booking.book, step, rome("2026-11-26T11:00"), name="Carla Verdi", contact=""
    )
    by_phone = (await stored(office))[0].id
    in_chat = chat["appointment"]["id"]
    for change, fields in (("sposta", {"start": "2026-12-01T14:00"}), ("annulla", {})):
        called = await browser.post(f"/console/agenda/{by_phone}/{change}", fields)
        assert "non riceve avvisi: chiamalo" in called.text
        await browser.post(f"/console/agenda/{in_chat}/{change}", {**fields, **_later(fields)})
    said = await office.database.read(
        lambda c: (
            c.execute(
                sa.select(outbound.c.payload)
                .where(outbound.c.conversation_id == conversation)
                .order_by(outbound.c.seq)
            )
            .scalars()
            .all()
        )
    )
    assert ["ha un nuovo orario" in said[0], "annullato" in said[1]] == [True, True]
    assert len(said) == 2


def _later(fields: dict[str, str]) -> dict[str, str]:
    return {"start": "2026-12-01T15:00"} if fields else {}


async def test_those_affected_by_a_closure_are_written_to(office_on_both: Office) -> None:
    """By chat, by mail, or listed to be called; the same form sent twice writes once."""
    office = office_on_both
    (conversation,) = await queue_of(office, 1)
    boss = await office.signed_in("responsabile")
    for fields in (
        {"contact": "anna@example.it", "start": "2026-11-26T10:00"},
        {"how": "phone", "contact": "02 7740 2000", "start": "2026-11-26T10:30"},
    ):
        assert (await book(boss, **fields)).status == 200
    step = Step.at(office.clock, "web", conversation=conversation)
    chat = await office.database.write(
        booking.book, step, rome("2026-11-26T11:00"), name="Carla Verdi", contact=""
    )
    assert chat["outcome"] == "confirmed"
    await boss.get("/console/agenda/chiusure")
    closed = await boss.post(
        "/console/agenda/chiusure/aggiungi",
        {"start": "2026-11-26T00:00", "end": "2026-11-27T00:00", "reason": "sciopero"},
    )
    assert closed.text.count('name="appointment"') == 3
    data = [("csrf", boss.token), ("key", "k"), ("text", "Siamo chiusi: scegli un altro giorno.")]
    data += [("appointment", row.id) for row in await stored(office)]
    for _ in range(2):
        told = await boss.submit("/console/agenda/chiusure/avvisa", data)
        assert told.status == 200
    assert "Ho scritto a 2 persone" in told.text
    assert "Da avvisare per telefono" in told.text
    mails = await office.database.read(lambda c: list(c.execute(sa.select(office_mails))))
    assert [mail.body for mail in mails] == ["Siamo chiusi: scegli un altro giorno."]
    said = await office.database.read(
        lambda c: c.execute(
            sa.select(sa.func.count()).where(
                outbound.c.conversation_id == conversation, outbound.c.payload.contains("chiusi")
            )
        ).scalar()
    )
    assert said == 1
    assert await _sent(office) == ["anna@example.it"]


async def _sent(office: Office) -> list[str]:
    """Send what is queued into files; returns the addresses."""
    folder = Path(office.runtime.settings.data_dir) / "mails"
    before = set(folder.glob("*.eml")) if folder.exists() else set()
    while await send_due(
        office.database, office.clock, office.runtime.mail_way(), "urp@example.it"
    ):
        pass
    texts = [path.read_text() for path in sorted(set(folder.glob("*.eml")) - before)]
    return [re.findall(r"^To: (.*)$", text, re.MULTILINE)[0] for text in texts]


async def test_a_mail_whose_person_was_erased_goes_nowhere(office: Office) -> None:
    """The queue holds no address: erased before it goes out, nobody is written to."""
    boss = await office.signed_in("responsabile")
    await book(boss, contact="anna@example.it")
    (row,) = await stored(office)
    await boss.get("/console/agenda/chiusure")
    await boss.post(
        "/console/agenda/chiusure/aggiungi",
        {"start": "2026-11-26T00:00", "end": "2026-11-27T00:00", "reason": "sciopero"},
    )
    data = {"csrf": boss.token, "key": "k", "text": "Chiusi", "appointment": row.id}
    await boss.submit("/console/agenda/chiusure/avvisa", data)
    nameless = sa.update(appointments).values(name="", contact="")
    await office.database.write(lambda c: c.execute(nameless))
    assert await _sent(office) == []
    assert not await office.database.read(lambda c: list(c.execute(sa.select(office_mails))))


async def test_the_feed_address_opens_the_calendar(office: Office) -> None:
    boss = await office.signed_in("responsabile")
    await book(boss)
    await boss.get("/console/agenda/chiusure")
    page = await boss.post("/console/agenda/indirizzo")
    (path,) = re.findall(r'value="https?://[^/]+(/agenda/[^"]+\.ics)"', page.text)
    calendar = await office.browser().request("GET", path)
    assert "BEGIN:VEVENT" in calendar.text


def _office(**changes: Any) -> BookingOffice:
    return rules_with(**changes).offices[0]


def _entry(start: str, desk: str) -> Entry:
    moment = datetime.fromisoformat(start).replace(tzinfo=ROME)
    return Entry(
        "x", "AB", "urp", desk, "informazioni", moment, 30, "confirmed", "A", "", "", "", "web"
    )


def test_a_free_slot_is_shown_where_a_seat_is_free() -> None:
    """Desks of one and two seats, a desk that is no longer there keeps its appointments."""
    office = _office(desks=[{"id": "a", "capacity": 1}, {"id": "b", "capacity": 2}])
    day = date(2026, 11, 26)
    ten = rome("2026-11-26T10:00")
    entries = [
        _entry("2026-11-26T10:00", "a"),
        _entry("2026-11-26T10:00", "b"),
        _entry("2026-11-26T11:00", "gone"),
    ]
    grid = day_grid(office, day, entries, [ten], "")
    assert [column.desk for column in grid.columns] == ["a", "b", "gone"]
    first, second = (cells for _, cells in grid.rows)
    assert [len(cell.entries) for cell in first] == [1, 1, 0]
    assert [cell.free for cell in first] == [None, ten, None]
    assert [len(cell.entries) for cell in second] == [0, 0, 1]


def test_a_week_has_a_column_for_each_day_and_hours_in_order() -> None:
    days = [date(2026, 11, day) for day in range(23, 30)]
    free = [rome("2026-11-26T14:00"), rome("2026-11-24T10:00"), rome("2026-12-24T10:00")]
    grid = week_grid(days, [_entry("2026-11-26T10:00", "a")], free, {days[4]: "sciopero"})
    assert [at.hour for at, _ in grid.rows] == [10, 14]
    assert [bool(cell.entries or cell.free) for cell in grid.rows[0][1]] == [
        False, True, False, True, False,
    ]  # fmt: skip
    assert grid.columns[4].note == "sciopero"
    saturday = week_grid(days, [_entry("2026-11-28T10:00", "a")], [], {})
    assert len(saturday.columns) == 6


async def test_a_conversation_of_somebody_else_is_not_told(office: Office) -> None:
    """Booking in a conversation that is not one's own books, but says nothing there."""
    (conversation,) = await queue_of(office, 1)
    browser = await office.signed_in("operatore")
    await book(browser, conversation=conversation)
    query = sa.select(conversations.c.last_seq).where(conversations.c.id == conversation)
    assert await office.database.read(lambda c: c.execute(query).scalar_one()) == 1
