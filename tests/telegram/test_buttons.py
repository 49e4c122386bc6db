"""Buttons: suggestions, days and hours of an appointment, wrong information, the notice; pressed twice, late, by others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.storage import outbox, reports
from bot.storage.appointment_tables import appointments
from bot.storage.tables import outbound
from tests.support.servers import Client, eventually
from tests.support.telegram_server import TelegramServer
from tests.telegram.conftest import Office, calls, texts
from tests.telegram.test_updates import rows
from tests.telegram.test_whole import conversation_of, database_of

pytestmark = pytest.mark.model

CITIZEN = 31_415
OTHER = 27_182
OPEN = datetime(2026, 11, 24, 10, 30)


def labels(telegram: TelegramServer, chat: int = CITIZEN) -> list[str]:
    """Labels under the newest message that has buttons."""
    for message in reversed(telegram.chat(chat).from_bot):
        if message.get("keyboard"):
            return [button["text"] for row in message["keyboard"] for button in row]
    return []


async def labels_with(telegram: TelegramServer, beginning: str) -> list[str]:
    async def there() -> list[str] | None:
        found = labels(telegram)
        return found if any(label.startswith(beginning) for label in found) else None

    return list(await eventually(there))


def told(telegram: TelegramServer) -> list[str]:
    """What was shown after presses."""
    return [str(params.get("text") or "") for params in telegram.answered_presses.values()]


async def send(client: Client, chat: int, author: str, message: dict[str, Any]) -> None:
    conversation = str(await conversation_of(client, chat))
    assert client.runtime is not None
    now = client.runtime.clock.utc()
    await database_of(client).write(
        lambda c: outbox.send(
            c, conversation_id=conversation, author=author, message=message, now=now
        )
    )
    client.runtime.notifier.changed()


async def test_an_appointment_is_booked_with_buttons_and_comes_as_a_file(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T56: days, then hours; the choice is shown; the calendar file is a document."""
    async with office(database_url=database_url, clock=OPEN) as client:
        await telegram.say(CITIZEN, "/prenota")
        await texts(telegram, CITIZEN, 2)
        days = [label for label in await labels_with(telegram, "Giovedì") if "alle" not in label]
        await telegram.press_label(CITIZEN, days[0])
        hours = await labels_with(telegram, "‹ Altri giorni")
        assert any(label[0].isdigit() for label in hours), hours
        await telegram.press_label(CITIZEN, "‹ Altri giorni")
        await labels_with(telegram, days[0])
        await telegram.press_label(CITIZEN, days[0])
        hours = await labels_with(telegram, "‹ Altri giorni")
        await telegram.press_label(CITIZEN, hours[0])
        written = await texts(telegram, CITIZEN, 3)
        chosen = telegram.chat(CITIZEN).from_bot[1]

        async def shown() -> bool:
            return "✓ Hai scelto: Giovedì" in chosen["text"]

        await eventually(shown)
        number = 3
        for words in ("zone omogenee", "Maria Bianchi", "maria.bianchi@example.it", "sì, confermo"):
            await telegram.say(CITIZEN, words)
            number += 1
            written = await texts(telegram, CITIZEN, number)
        await calls(telegram, "sendDocument", 1)
        (document,) = [m for m in telegram.chat(CITIZEN).from_bot if "document" in m]
        booked = await database_of(client).read(
            lambda c: c.execute(sa.select(appointments.c.status)).scalars().all()
        )
    assert "giovedì" in written[-1].lower()
    assert document["document"]["file_name"] == "appuntamento.ics"
    assert b"BEGIN:VCALENDAR" in document["content"]
    assert booked == ["confirmed"]


async def test_a_suggestion_is_asked_once(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """The second press, and one after the conversation has gone on, are answered kindly."""
    async with office(database_url=database_url) as client:
        await telegram.say(CITIZEN, "Che cosa fa la Città metropolitana?")
        await texts(telegram, CITIZEN, 2)
        offered = next(label for label in labels(telegram) if not label.startswith("⚠"))
        shown = telegram.chat(CITIZEN).from_bot[-1]
        data = shown["keyboard"][0][0]["callback_data"]
        await telegram.press(CITIZEN, shown["message_id"], data)
        await texts(telegram, CITIZEN, 3)
        before = await rows(client)
        await telegram.press(CITIZEN, shown["message_id"], data)

        async def kindly() -> bool:
            return any("siamo andati avanti" in words for words in told(telegram))

        await eventually(kindly)
        assert await rows(client) == before
    assert f"✓ Hai scelto: {offered}" in shown["text"]


async def test_buttons_live_through_a_restart_and_expire(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    """T56."""
    message = {
        "text": "Che cosa vuoi fare?",
        "buttons": [
            {"title": "È un'etichetta lunghissima, più di quanto serva: " * 3, "payload": "In che zona è Rho? " + "perché sì " * 30},
            {"title": "Quale?", "payload": "In che zona è Legnano?"},
        ],
    }  # fmt: skip
    async with office(database_url=sqlite_url) as client:
        await telegram.say(CITIZEN, "ciao")
        await texts(telegram, CITIZEN, 2)
        await send(client, CITIZEN, "system", message)
        await texts(telegram, CITIZEN, 3)
    async with office(database_url=sqlite_url) as client:
        await telegram.press_label(CITIZEN, "Quale?")
        assert "Legnano" in (await texts(telegram, CITIZEN, 4))[3]
        await send(client, CITIZEN, "system", message)
        await texts(telegram, CITIZEN, 5)

        def age(connection: sa.Connection) -> None:
            long_ago = OPEN.astimezone() - timedelta(days=30)
            connection.execute(sa.update(outbound).values(created_at=long_ago))

        await database_of(client).write(age)
        await telegram.press_label(CITIZEN, "È un'etichetta")

        async def expired() -> bool:
            return any("scaduto" in words for words in told(telegram))

        await eventually(expired)
    assert len(telegram.chat(CITIZEN).texts()) == 5


async def test_a_button_of_somebody_else_is_worth_nothing(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """Must-hold 5: data of buttons can be made up by a client."""
    async with office(database_url=database_url) as client:
        await telegram.say(CITIZEN, "Che cosa fa la Città metropolitana?")
        await texts(telegram, CITIZEN, 2)
        data = telegram.chat(CITIZEN).from_bot[-1]["keyboard"][0][0]["callback_data"]
        await telegram.say(OTHER, "ciao")
        await texts(telegram, OTHER, 2)
        before = await rows(client)
        mine = telegram.chat(OTHER).from_bot[-1]["message_id"]
        for made_up in (data, "b999999.0", "n1", "n2", "r1", "pippo", "b1.99", "x", ""):
            await telegram.press(OTHER, mine, made_up)

        async def all_answered() -> bool:
            return len(told(telegram)) == 9

        await eventually(all_answered)
        assert await rows(client) == before
        listed = await database_of(client).read(reports.list_reports, None, 10)
    assert listed == []


async def test_wrong_information_is_reported_by_a_button(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    async with office(database_url=database_url) as client:
        await telegram.say(CITIZEN, "ciao")
        await texts(telegram, CITIZEN, 2)
        assert not any(label.startswith("⚠") for label in labels(telegram))
        await telegram.say(CITIZEN, "In che zona è Rho?")
        await texts(telegram, CITIZEN, 3)
        await telegram.press_label(CITIZEN, "⚠ Questa informazione")
        await labels_with(telegram, "✓ Segnalata")
        (report,) = await database_of(client).read(reports.list_reports, None, 10)
        await telegram.press_label(CITIZEN, "✓ Segnalata")

        async def answered() -> bool:
            return len(told(telegram)) == 2

        await eventually(answered)
    assert report.records
    assert "abbiamo segnalato" in told(telegram)[0]


async def test_who_refuses_the_notice_leaves_no_row(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T75; once the conversation goes on, erasing has its own command."""
    async with office(database_url=database_url) as client:
        for chat in (CITIZEN, OTHER):
            await telegram.say(chat, "ciao")
            await texts(telegram, chat, 2)
        await telegram.press_label(CITIZEN, "Non mi va bene")

        async def gone() -> bool:
            return (await rows(client))["conversations"] == 1

        await eventually(gone)
        assert await rows(client) == {"conversations": 1, "inbound": 1, "outbound": 2}
        notice = telegram.chat(CITIZEN).from_bot[0]

        async def said() -> bool:
            return "non conservo nulla" in notice["text"] and not notice["keyboard"]

        await eventually(said)
        await telegram.say(OTHER, "In che zona è Rho?")
        await texts(telegram, OTHER, 3)
        first = telegram.chat(OTHER).from_bot[0]
        await telegram.press(OTHER, first["message_id"], first["keyboard"][0][0]["callback_data"])

        async def pointed_to_the_command() -> bool:
            return any("/cancella" in words for words in told(telegram))

        await eventually(pointed_to_the_command)
        assert (await rows(client))["conversations"] == 1


async def test_the_notice_links_to_the_whole_of_it_and_comes_again_when_it_changes(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    """T75."""
    url = "https://www.ente.invalid/privacy"
    async with office(database_url=sqlite_url, privacy_url=url):
        await telegram.say(CITIZEN, "ciao")
        assert url in (await texts(telegram, CITIZEN, 2))[0]
    async with office(database_url=sqlite_url, privacy_notice="Primo punto | Secondo punto"):
        await telegram.say(CITIZEN, "ciao")
        written = await texts(telegram, CITIZEN, 4)
        await telegram.say(CITIZEN, "ciao")
        await texts(telegram, CITIZEN, 5)
    assert written[2] == "Primo punto\nSecondo punto"


async def test_a_reminder_is_pushed_and_answered(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    """Staff replies and reminders reach the chat in which nobody has written for days."""
    async with office(database_url=sqlite_url) as client:
        await telegram.say(CITIZEN, "ciao")
        await texts(telegram, CITIZEN, 2)
        await send(client, CITIZEN, "system", {"text": "Ti ricordiamo l'appuntamento di domani."})
        assert "domani" in (await texts(telegram, CITIZEN, 3))[2]
