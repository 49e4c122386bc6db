"""A colleague at the console and a citizen at the widget's protocol: typing, names, ratings, the off switch (T84)."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa

from bot.console.keys import CONSOLE, Console
from bot.storage.console_tables import reviews
from bot.storage.tables import conversations
from tests.console.conftest import Office
from tests.support.console import Browser
from tests.support.servers import Client, eventually
from tests.support.web import WebClient, visiting

PERSON = "voglio parlare con una persona"


def client_of(office: Office) -> Client:
    """The citizens' side of the same server."""
    return Client(office.base, office.session, office.runtime)


async def taken(office: Office, browser: Browser) -> str:
    """The only conversation, taken over by a colleague."""
    query = sa.select(conversations.c.id)
    conversation = str(await office.database.read(lambda c: c.execute(query).scalar_one()))
    await browser.get("/console/profilo")
    path = f"/console/conversazioni/{conversation}"
    answer = await browser.submit(f"{path}/prendi", {"csrf": browser.token})
    assert answer.status == 303
    return path


async def test_typing_and_names_go_both_ways(office_on_both: Office) -> None:
    """The citizen reads the first name only, and sees that it is a person who writes."""
    office = office_on_both
    async with visiting(client_of(office)) as web:
        await web.send(type="typing")
        await web.say(PERSON)
        browser = await office.signed_in("operatore")
        path = await taken(office, browser)
        state = await web.of("state", owner="staff")
        assert state["staff"] == "Operatore"
        await browser.submit(f"{path}/scrive", {"csrf": browser.token})
        await web.of("typing", author="staff", on=True)
        fields = {"csrf": browser.token, "text": "Buongiorno", "key": "k"}
        await browser.submit(f"{path}/rispondi", fields)
        reply = await web.of("message", author="staff")
        assert (reply["text"], reply["name"]) == ("Buongiorno", "Operatore")
        assert "Prova" not in str(web.frames)
        await web.send(type="typing")
        conversation = path.rpartition("/")[2]

        async def seen() -> bool:
            return _console(office).pulse.is_writing(conversation)

        await eventually(seen, 10)


def _console(office: Office) -> Console:
    (found,) = [app[CONSOLE] for app in office.app._subapps if CONSOLE in app]
    return found


async def test_a_low_rating_is_a_conversation_to_review(office_on_both: Office) -> None:
    """A good one is not; the reason is shown to the redattore."""
    office = office_on_both
    async with visiting(client_of(office)) as web:
        await web.say("ogni quanto si controlla la caldaia?")
        await web.send(type="rating", score=4, comment="")
        await web.of("rated")
        assert not await office.database.read(lambda c: list(c.execute(sa.select(reviews))))
        web.frames.clear()
        await web.send(type="rating", score=1, comment="non ho capito")
        await web.of("rated")
    editor = await office.signed_in("redattore")
    page = await editor.get("/console/revisione")
    assert "Giudizio basso del cittadino" in page.text
    (row,) = await office.database.read(lambda c: list(c.execute(sa.select(reviews))))
    shown = await editor.get(f"/console/revisione/{row.conversation_id}")
    assert "1 su 5" in shown.text
    assert "non ho capito" in shown.text


async def test_the_off_switch_on_the_web(office: Office) -> None:
    """T84: the page is a 503 with the telephone, a message is refused with a sentence, who is with a person goes on."""
    async with visiting(client_of(office)) as busy, visiting(client_of(office)) as other:
        await busy.say(PERSON)
        boss = await office.signed_in("responsabile")
        path = await taken(office, boss)
        await boss.get("/console/servizio")
        await boss.post("/console/servizio/chat", {"off": "yes", "reason": "manutenzione"})

        async def closed() -> bool:
            page = await office.browser().request("GET", "/")
            return page.status == 503

        await eventually(closed, 5)
        for address in ("/", "/chat"):
            page = await office.browser().request("GET", address)
            assert page.status == 503
            assert "800.88.33.11" in page.text
            assert "Set-Cookie" not in page.headers
            assert int(page.headers["Retry-After"]) > 0
        await other.send(type="message", id=uuid4().hex, text="che orari fate?")
        refused = await other.of("error", code="off")
        assert "800.88.33.11" in refused["message"]
        assert await _is_acknowledged(busy, "sono ancora qui")
        fields = {"csrf": boss.token, "text": "Anche noi", "key": "k"}
        assert (await boss.submit(f"{path}/rispondi", fields)).status == 303
        await busy.of("message", author="staff")
        await boss.get("/console/servizio")
        await boss.post("/console/servizio/chat", {"off": "no"})

        async def open_again() -> bool:
            return (await office.browser().request("GET", "/")).status == 200

        await eventually(open_again, 5)
        assert (await other.say("che orari fate?"))["author"] == "assistant"


async def _is_acknowledged(web: WebClient, words: str) -> bool:
    message_id = uuid4().hex
    await web.send(type="message", id=message_id, text=words)
    return (await web.of("ack", id=message_id))["type"] == "ack"
