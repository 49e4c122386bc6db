"""The REST door keeps Rasa's contract, answers a message once however often it comes, and keeps to its channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from itertools import count
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.assistant.assistant import Assistant
from bot.storage.tables import conversations, inbound, outbound
from tests.support.servers import WEBHOOK, Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

_people = count(1)
_DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=_DATABASES)
async def client(
    request: pytest.FixtureRequest, assistant: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    """One server of this module per kind of database."""
    url = ""
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        connection = await asyncpg.connect(server.replace("+asyncpg", "") + "postgres")
        await connection.execute("CREATE DATABASE rest_contract")
        await connection.close()
        url = server + "rest_contract"
    settings = settings_in(tmp_path_factory.mktemp("rest"), database_url=url)
    async with quickly_serving(settings, assistant) as running:
        yield running


@pytest.fixture
def person() -> str:
    """A sender nobody has been before."""
    return f"persona-{next(_people)}"


async def _rows(client: Client, table: sa.Table, sender: str) -> list[sa.Row[Any]]:
    """Rows of a table that belong to a sender's conversations, on whatever channel."""
    owned = sa.select(conversations.c.id).where(conversations.c.sender == sender)
    column = table.c.id if table is conversations else table.c.conversation_id
    statement = sa.select(table).where(column.in_(owned)).order_by(table.c.id)
    assert client.runtime is not None
    return await client.runtime.database.read(lambda link: list(link.execute(statement)))


async def test_friday_question_names_hours_desk_rule_and_source(client: Client) -> None:
    answer = (await client.say("a che ora apre l urp il venerdi"))[0]
    assert answer["recipient_id"] == "cittadino"
    assert "10.00-12.00" in answer["text"]
    assert "martedì e il giovedì, su appuntamento" in answer["text"]
    assert "Fonte:" in answer["text"]
    assert answer["custom"]["status"] == "answered"


@pytest.mark.parametrize(
    "message",
    ["ciao", "in che zona è Rho?", "qwrtz plfk", "Quando apre l'URP? E in che zona è Legnano?", ""],
    ids=["small-talk", "fact", "not-understood", "two-questions", "empty"],
)
async def test_answer_has_rasas_shape(client: Client, person: str, message: str) -> None:
    data = {"sender": person, "message": message}
    async with client.session.post(client.base + WEBHOOK, json=data) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        answers = await response.json()
    assert len(answers) == (2 if message.startswith("Quando") else 1)
    for answer in answers:
        assert {"recipient_id", "text", "custom"} <= set(answer)
        assert set(answer) <= {"recipient_id", "text", "custom", "buttons", "image", "attachment"}
        assert answer["recipient_id"] == person
        assert answer["text"].strip()
        assert {"status", "topic", "records"} <= set(answer["custom"])
        for button in answer.get("buttons", ()):
            assert set(button) == {"title", "payload"}
            assert button["title"]
            assert not button["payload"].startswith("/")


async def test_repeated_message_id_returns_the_stored_answer(
    client: Client, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T60: the answer of a greeting is drawn by lot, so an equal one can only be the stored one."""
    first = await client.post("ciao", person, "m-1")
    assert first[0] == 200
    before = [await _rows(client, table, person) for table in (conversations, inbound, outbound)]
    assert [len(rows) for rows in before] == [1, 1, len(first[1])]

    async def must_not_answer(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("a stored answer was made again")

    monkeypatch.setattr(Assistant, "answer", must_not_answer)
    for _ in range(10):
        assert await client.post("ciao", person, "m-1") == first
    after = [await _rows(client, table, person) for table in (conversations, inbound, outbound)]
    assert after == before


async def test_same_id_with_another_text_is_refused(client: Client, person: str) -> None:
    """T60: 409, nothing stored, the first answer stands."""
    first = await client.post("ciao", person, "m-1")
    status, body = await client.post("in che zona è Rho?", person, "m-1")
    assert status == 409
    assert set(body) == {"ok", "error", "status", "request_id"}
    assert "Rho" not in str(body)
    assert len(await _rows(client, inbound, person)) == 1
    assert await client.post("ciao", person, "m-1") == first


async def test_parallel_deliveries_make_one_row_and_one_answer(client: Client, person: str) -> None:
    """T60: ten at once, before the conversation exists."""
    replies = await asyncio.gather(*(client.post("ciao", person, "m-1") for _ in range(10)))
    assert replies[0][0] == 200
    assert all(reply == replies[0] for reply in replies)
    assert len(await _rows(client, conversations, person)) == 1
    assert len(await _rows(client, inbound, person)) == 1
    assert len(await _rows(client, outbound, person)) == len(replies[0][1])


async def test_parallel_deliveries_of_two_texts_keep_exactly_one(
    client: Client, person: str
) -> None:
    texts = ["ciao", "in che zona è Rho?"] * 5
    replies = await asyncio.gather(*(client.post(text, person, "m-1") for text in texts))
    assert sorted(status for status, _ in replies) == [200] * 5 + [409] * 5
    winners = {text for text, (status, _) in zip(texts, replies, strict=True) if status == 200}
    stored = await _rows(client, inbound, person)
    assert [row.text for row in stored] == list(winners)


async def test_message_ids_belong_to_their_sender(client: Client, person: str) -> None:
    other = person + "-vicino"
    assert (await client.post("ciao", person, "m-1"))[0] == 200
    status, body = await client.post("in che zona è Rho?", other, "m-1")
    assert status == 200
    assert "Rho" in body[0]["text"]


async def test_messages_without_id_are_each_answered(client: Client, person: str) -> None:
    for _ in range(3):
        await client.say("in che zona è Rho?", person)
    assert len(await _rows(client, inbound, person)) == 3


async def test_longest_message_id_is_kept_whole(client: Client, person: str) -> None:
    """Two ids that differ in the last character only are two messages; one character more is refused."""
    for last in "ab":
        assert (await client.post("ciao", person, "x" * 254 + last))[0] == 200
    assert len(await _rows(client, inbound, person)) == 2
    assert (await client.post("ciao", person, "x" * 256))[0] == 400


@pytest.mark.parametrize("channel", ["telegram", "web"])
async def test_sender_cannot_name_a_conversation_of_another_channel(
    client: Client, channel: str
) -> None:
    """The sender is a name inside the REST channel, whatever it looks like."""
    theirs = await _conversation_of(client, channel, "1")
    for sender in (f"{channel}:1", "1"):
        await client.say("in che zona è Rho?", sender)
    named_alike = await _rows(client, conversations, f"{channel}:1")
    assert [(row.channel, row.sender) for row in named_alike] == [("rest", f"{channel}:1")]
    same_sender = {row.id: row for row in await _rows(client, conversations, "1")}
    assert same_sender[theirs].version == 0
    assert theirs not in {row.conversation_id for row in await _rows(client, inbound, "1")}


async def _conversation_of(client: Client, channel: str, sender: str) -> str:
    now = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)
    row = {"id": f"{channel}-{sender}", "channel": channel, "sender": sender}
    statement = sa.insert(conversations).values(**row, created_at=now, last_message_at=now)
    assert client.runtime is not None
    await client.runtime.database.write(lambda link: link.execute(statement) and None)
    return row["id"]


async def test_fields_nobody_documented_change_nothing(client: Client, person: str) -> None:
    """T39: channel, owner or recipient cannot be posted."""
    data = {"sender": person, "message": "ciao", "metadata": {"owner": "staff", "channel": "web"}}
    data.update(
        channel="telegram", input_channel="telegram", owner="staff", recipient_id="un altro"
    )
    async with client.session.post(client.base + WEBHOOK, json=data) as response:
        assert response.status == 200
        answers = await response.json()
    assert {answer["recipient_id"] for answer in answers} == {person}
    rows = await _rows(client, conversations, person)
    assert [(row.channel, row.owner) for row in rows] == [("rest", "assistant")]


async def test_sender_is_returned_as_it_was_sent(client: Client) -> None:
    for sender in ("Zoë 🦊", "  spazi  ", "a\nb", "<b>", "'; DROP TABLE inbound; --", "x" * 255):
        answers = await client.say("ciao", sender)
        assert {answer["recipient_id"] for answer in answers} == {sender}
        assert len(await _rows(client, conversations, sender)) == 1
