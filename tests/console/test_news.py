"""Who writes is shown to the other side; requests that nobody takes are told by mail; each person chooses how."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
import yaml

from bot.console.handoff_card import SHOWN_SLOTS
from bot.console.live import Pulse
from bot.console.mail_job import send_due
from bot.console.pages import label, text
from bot.console.preferences import PREFERENCES
from bot.console.untaken import somebody_should_have_read, tell_untaken
from bot.conversations.typing import citizen_types, staff_type
from bot.limits import TYPING_SHOWN_S
from bot.settings import PROJECT_ROOT
from bot.storage import events, ownership
from bot.storage.console_tables import office_mails
from bot.storage.events import Event
from bot.storage.tables import events as events_table
from knowledge.content_files import load_content
from knowledge.hours import OpeningHours
from tests.console.conftest import Office
from tests.console.test_claims import queue_of
from tests.support.booking import rome
from tests.support.console import Browser

pytestmark = pytest.mark.usefixtures("mails_wait")

PATIENCE = timedelta(minutes=10)


async def take(office: Office, browser: Browser) -> str:
    """A conversation that this colleague has."""
    (conversation,) = await queue_of(office, 1)
    await browser.get("/console/profilo")
    await browser.submit(f"/console/conversazioni/{conversation}/prendi", {"csrf": browser.token})
    return conversation


async def told_of(office: Office, kind: str) -> list[str]:
    """Payloads of the events of a kind."""
    query = sa.select(events_table.c.payload).where(events_table.c.kind == kind)
    return list(await office.database.read(lambda c: c.execute(query).scalars().all()))


async def test_the_citizen_sees_that_the_person_in_charge_is_writing(office: Office) -> None:
    browser = await office.signed_in("operatore")
    conversation = await take(office, browser)
    path = f"/console/conversazioni/{conversation}/scrive"
    assert (await browser.submit(path, {"csrf": browser.token})).status == 204
    (payload,) = await told_of(office, events.TYPING)
    assert '"author":"staff"' in payload
    assert conversation in payload
    other = await office.signed_in("responsabile")
    await other.get("/console/profilo")
    assert (await other.submit(path, {"csrf": other.token})).status == 404
    assert len(await told_of(office, events.TYPING)) == 1


async def test_a_colleague_sees_that_the_citizen_is_writing(office_on_both: Office) -> None:
    """Through the stream of the conversation's page, and only there."""
    office = office_on_both
    browser = await office.signed_in("operatore")
    conversation = await take(office, browser)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    async def lines(query: str) -> list[str]:
        found = []
        url = f"{office.base}/console/novita{query}"
        timeout = aiohttp.ClientTimeout(total=20)
        headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
        async with office.session.get(url, headers=headers, timeout=timeout) as stream:
            async for raw in stream.content:
                line = raw.decode().strip()
                if line.startswith("event:"):
                    found.append(line)
                if line == "event: news" and len(found) == 1:
                    write = office.database.write
                    assert await write(citizen_types, conversation, office.clock.utc())
                    office.runtime.notifier.changed()
                if line == "event: writing" or (not query and len(found) > 1):
                    return found
        return found

    assert (await lines(f"?conversazione={conversation}"))[-1] == "event: writing"
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(lines(""), 2)


async def test_nobody_is_told_of_typing_while_no_person_answers(office_on_both: Office) -> None:
    (conversation,) = await queue_of(office_on_both, 1)
    now, write = office_on_both.clock.utc(), office_on_both.database.write
    assert not await write(citizen_types, conversation, now)
    assert not await write(staff_type, conversation, "Operatore Prova", now)
    assert await told_of(office_on_both, events.TYPING) == []


def test_writing_is_forgotten_after_a_while() -> None:
    now = [100.0]
    pulse = Pulse(lambda: now[0])
    pulse.hear(
        Event(1, events.TYPING, {"conversation": "a", "channel": "web", "author": "citizen"})
    )
    pulse.hear(Event(2, events.TYPING, {"conversation": "b", "channel": "web", "author": "staff"}))
    assert pulse.is_writing("a")
    assert not pulse.is_writing("b")
    assert pulse.changes == 0
    now[0] += TYPING_SHOWN_S
    assert not pulse.is_writing("a")
    pulse.hear(Event(3, events.MESSAGE_ADDED, {"conversation": "a"}))
    assert pulse.changes == 1


async def test_requests_that_nobody_takes_are_told_once_by_mail(office_on_both: Office) -> None:
    """To those who want it; again only if the request waits again; a request that is taken in time is not told."""
    office = office_on_both
    taken, *left = await queue_of(office, 3)
    await office.database.write(ownership.claim, taken, "Operatore Prova", office.clock.utc())

    async def tell() -> int:
        return await office.database.write(
            tell_untaken, patience=PATIENCE, link="http://x/console/", now=office.clock.utc()
        )

    office.clock.pass_by(minutes=9)
    assert await tell() == 0
    office.clock.pass_by(minutes=2)
    assert await tell() == len(left)
    assert await tell() == 0
    mails = await office.database.read(lambda c: list(c.execute(sa.select(office_mails))))
    assert [mail.staff_id for mail in mails] == [office.people["responsabile"]]
    assert "2 cittadini aspettano" in mails[0].body
    assert not re.search("|".join(left), mails[0].body)
    await office.database.write(ownership.claim, left[0], "Operatore Prova", office.clock.utc())
    await office.database.write(ownership.release, left[0], "Operatore Prova", office.clock.utc())
    await office.database.write(
        ownership.request_person, left[0], reason="asked", now=office.clock.utc()
    )
    office.clock.pass_by(minutes=11)
    assert await tell() == 1


class _Refusing:
    """A way out for mails that fails so many times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        """Fail, or keep the mail."""
        if self.failures:
            self.failures -= 1
            raise OSError("no server")
        self.sent.append(message)


async def test_a_mail_that_fails_is_tried_again_and_sent_once(office: Office) -> None:
    await queue_of(office, 1)
    office.clock.pass_by(minutes=11)
    await office.database.write(
        tell_untaken, patience=PATIENCE, link="http://x/console/", now=office.clock.utc()
    )
    way = _Refusing(2)
    for _ in range(10):
        await send_due(office.database, office.clock, way, "urp@example.it")
        office.clock.pass_by(minutes=6)
    assert [message["To"] for message in way.sent] == ["responsabile@urp.example.it"]
    lost = _Refusing(1_000)
    await queue_of(office, 1)
    office.clock.pass_by(minutes=11)
    await office.database.write(
        tell_untaken, patience=PATIENCE, link="http://x/console/", now=office.clock.utc()
    )
    for _ in range(10):
        await send_due(office.database, office.clock, lost, "urp@example.it")
        office.clock.pass_by(hours=7)
    assert not await office.database.read(lambda c: list(c.execute(sa.select(office_mails))))
    assert 1_000 - lost.failures == 7


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T10:05", False),
        ("2026-11-24T10:15", True),
        ("2026-11-24T11:59", True),
        ("2026-11-24T12:05", False),
        ("2026-11-24T22:00", False),
        ("2026-11-22T11:00", False),
    ],
)
def test_at_night_nobody_is_blamed(now: str, expected: bool) -> None:
    """Requests of the night count from the opening on."""
    hours = OpeningHours(load_content().hours)
    assert somebody_should_have_read(hours, rome(now), PATIENCE) == expected


async def test_each_person_chooses_how_to_be_told(office: Office) -> None:
    browser = await office.signed_in("operatore")
    page = await browser.get("/console/profilo")
    assert re.search(r'id="p-title"[^>]*checked', page.text)
    await browser.post("/console/profilo/preferenze", {"sound": "yes", "mail": "yes"})
    page = await browser.get("/console/profilo")
    chosen = [name for name in PREFERENCES if re.search(f'id="p-{name}"[^>]*checked', page.text)]
    assert chosen == ["sound", "mail"]
    assert "&#34;sound&#34;: true" in page.text


async def test_presence_returns_to_the_page_that_it_was_set_on(office: Office) -> None:
    """And to no other place (no open redirect)."""
    browser = await office.signed_in("operatore")
    await browser.get("/console/profilo")
    for back, expected in (
        ("/console/agenda", "/console/agenda?fatto=done_presence"),
        ("https://cattivo.example/", "/console/?fatto=done_presence"),
        ("//cattivo.example/", "/console/?fatto=done_presence"),
        ("", "/console/profilo?fatto=done_presence"),
    ):
        data = {"csrf": browser.token, "presence": "busy", "reason": "sportello", "back": back}
        answer = await browser.submit("/console/presenza", data)
        assert answer.headers["Location"] == expected


def test_everything_that_a_card_names_has_italian_words() -> None:
    """Intents, forms and slots of the domain: nobody of the office reads their names."""
    domain: dict[str, set[str]] = {"intents": set(), "forms": set()}
    for path in (PROJECT_ROOT / "domain.yml", *(PROJECT_ROOT / "domain").glob("*.yml")):
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for kind, names in domain.items():
            names |= {
                one if isinstance(one, str) else next(iter(one)) for one in loaded.get(kind) or ()
            }
    assert [name for name in domain["intents"] if label("intent", name) == name] == []
    assert [name for name in domain["forms"] if label("form", name) == name] == []
    assert all(text(f"slot_{name}") for name in SHOWN_SLOTS)
