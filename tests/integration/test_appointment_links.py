"""Links in mails: opening changes nothing, a button does; the feed; nobody else's appointment is ever shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.app import create_app
from bot.appointments import agenda, booking
from bot.appointments.history import Step
from bot.http_server import Runner
from bot.runtime import Runtime
from bot.storage.appointment_tables import appointments, booking_history, slot_claims
from bot.storage.database import Database
from tests.support.booking import MARIO, rome, rows

START = rome("2026-11-26T10:30")


@dataclass
class Site:
    """A running application (its model is still loading: these pages need none)."""

    base: str
    runtime: Runtime
    session: aiohttp.ClientSession

    async def book(self, start: datetime = START) -> Any:
        step = Step.at(self.runtime.clock, "web", conversation="c1")
        outcome = await self.runtime.database.write(booking.book, step, start, **MARIO)
        return outcome["appointment"]

    def page(self, appointment_id: str) -> str:
        return f"{self.base}/appuntamenti/{self.runtime.links.token(appointment_id)}"

    async def get(self, url: str) -> tuple[int, str]:
        async with self.session.get(url) as response:
            return response.status, await response.text()

    async def post(self, url: str, **data: str) -> tuple[int, str]:
        async with self.session.post(url, data=data) as response:
            return response.status, await response.text()

    async def stored(self) -> Any:
        database = self.runtime.database
        return [
            [tuple(row) for row in await database.read(rows, table)]
            for table in (appointments, slot_claims, booking_history)
        ]


@pytest.fixture
async def site(database_url: str, make_settings: Any) -> AsyncIterator[Site]:
    settings = make_settings(database_url=database_url, clock=datetime(2026, 11, 24, 9, 30))
    runtime = Runtime(settings, Database(database_url))
    application = create_app(settings, runtime=runtime)
    # Neither model nor job: what is tested is the pages.
    application.cleanup_ctx.pop()
    runner = Runner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Site(f"http://127.0.0.1:{runner.addresses[0][1]}", runtime, session)
    await runner.cleanup()


async def test_opening_links_changes_nothing(site: Site) -> None:
    mine = await site.book()
    page = site.page(mine["id"])
    before = await site.stored()
    for url in (page, f"{page}/sposta", f"{page}/calendario.ics", f"{page}?fatto=annullato"):
        for method in ("GET", "HEAD", "OPTIONS"):
            async with site.session.request(method, url) as response:
                assert response.status in (200, 405), (method, url)
    for url in (f"{page}/annulla", f"{page}/annulla?start=2026-12-01T10:00"):
        assert (await site.get(url))[0] in (404, 405)
    assert await site.stored() == before


async def test_the_page_shows_the_appointment_and_no_personal_data(site: Site) -> None:
    mine = await site.book()
    async with site.session.get(site.page(mine["id"])) as response:
        text = await response.text()
        assert response.status == 200
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
    for part in ('lang="it"', "giovedì 26 novembre 2026 alle 10.30", "m•••@example.it", "<h1>"):
        assert part in text
    for part in ("Rossi", "mario.rossi", "<script", "style="):
        assert part not in text


async def test_the_button_cancels_once(site: Site) -> None:
    mine = await site.book()
    status, text = await site.post(f"{site.page(mine['id'])}/annulla")
    assert status == 200
    assert "l'appuntamento è annullato" in text.replace("&#39;", "'")
    await site.post(f"{site.page(mine['id'])}/annulla")
    history = await site.runtime.database.read(rows, booking_history)
    assert [line.what for line in history if line.appointment_id] == ["confirmed", "cancelled"]
    assert history[-1].channel == "link"


async def test_the_button_moves_to_a_free_slot_and_refuses_a_taken_one(site: Site) -> None:
    mine = await site.book()
    other = await site.book(rome("2026-11-26T11:00"))
    page = site.page(mine["id"])
    status, text = await site.get(f"{page}/sposta")
    assert status == 200
    assert 'value="2026-12-01T10:00"' in text
    assert f'value="{other["start"]}"' not in text
    for start, expected in (
        (other["start"], 409),
        ("2026-11-27T10:00", 409),
        ("domani", 400),
        ("", 400),
        ("2026-12-01T10:00+01:00", 400),
    ):
        assert (await site.post(f"{page}/sposta", start=start))[0] == expected, start
    status, text = await site.post(f"{page}/sposta", start="2026-12-01T10:00")
    assert status == 200
    assert "martedì 1º dicembre 2026 alle 10.00" in text


async def test_a_link_that_is_not_ours_opens_nothing(site: Site) -> None:
    mine = await site.book()
    other = await site.book(rome("2026-11-26T11:00"))
    token = site.runtime.links.token(mine["id"])
    signature = token.partition(".")[2]
    for wrong in (
        mine["id"],
        f"{other['id']}.{signature}",
        token[:-1],
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "x",
        "%00",
        "..%2f..%2fetc",
        "<script>alert(1)</script>",
    ):
        for method, path in (
            ("GET", ""),
            ("POST", "/annulla"),
            ("POST", "/sposta"),
            ("GET", "/calendario.ics"),
        ):
            url = f"{site.base}/appuntamenti/{wrong}{path}"
            async with site.session.request(method, url) as response:
                assert response.status in (400, 404, 405), (method, url)
                assert "<script>" not in await response.text()
    (row,) = await site.runtime.database.read(rows, appointments, appointments.c.id == mine["id"])
    assert row.status == "confirmed"


async def test_the_agenda_feed_has_a_secret_address(site: Site) -> None:
    await site.book()
    step = Step.at(site.runtime.clock, "cli", who="operator:x")
    secret = await site.runtime.database.write(agenda.make_feed, step)
    status, text = await site.get(f"{site.base}/agenda/{secret}.ics")
    assert status == 200
    assert text.startswith("BEGIN:VCALENDAR")
    assert (await site.get(f"{site.base}/agenda/sbagliato.ics"))[0] == 404
    await site.runtime.database.write(agenda.revoke_feed, step)
    assert (await site.get(f"{site.base}/agenda/{secret}.ics"))[0] == 404
