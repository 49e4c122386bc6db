"""T71, T72: what is erased is gone from every table, file and memory; a copy holds one person's data and nobody else's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.conversations import personal_data
from bot.conversations.upkeep import Upkeep
from bot.errors import UnknownConversation
from bot.storage import reports
from bot.storage.database import Database
from bot.storage.tables import conversations, metadata
from tests.support.conversations import Talk
from tests.support.dialogue import share_knowledge
from tests.support.servers import Client, eventually, serving

pytestmark = pytest.mark.model

AUDIT = {"ownership_changes", "events"}
"""They keep the fact without the data."""

MARKERS = ("pinguino verde", "rosa.verdi@esempio.it", "3471234567")
NIGHT = "2026-11-24T20:30"


@pytest.fixture
async def client(
    make_settings: Any, assistant: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    share_knowledge(monkeypatch)
    settings = make_settings(database_url=database_url, clock=NIGHT)
    async with serving(settings, assistant) as client:
        yield client


def everything(connection: sa.Connection) -> dict[str, str]:
    """Content of every table but the knowledge, as text."""
    return {
        table.name: json.dumps(
            [list(row) for row in connection.execute(sa.select(table))], default=str
        )
        for table in metadata.sorted_tables
        if not table.name.startswith("knowledge")
    }


async def tables_with(database: Database, marker: str) -> list[str]:
    found = await database.read(everything)
    return sorted(name for name, content in found.items() if marker in content)


async def leave_traces(client: Client, sender: str = "rosa") -> None:
    """A question, a report, a hand-off with message and contact."""
    for message in (
        "in che zona è Rho?",
        "è sbagliato perché il pinguino verde non abita a Rho",
        "vorrei parlare con una persona",
        "vorrei sapere del pinguino verde e chi devo sentire in ufficio",
        "rosa.verdi@esempio.it",
    ):
        await client.say(message, sender)


async def test_erasing_in_the_dialogue_reaches_everything(
    client: Client, tmp_path: Path, sqlite_url: str
) -> None:
    database = client.runtime.database
    await leave_traces(client)
    await client.say("scrivimi al 347 1234567, pinguino verde", "rosa")
    await client.say("che orari fate?", "altro")
    assert await tables_with(database, "pinguino verde")
    assert await tables_with(database, "rosa.verdi@esempio.it") == ["handoffs"]
    (question,) = await client.say("/cancella", "rosa")
    assert question["custom"]["status"] == "confirm"
    (farewell,) = await client.say("sì", "rosa", "m-last")
    assert farewell["custom"]["topic"] == "erasure"
    for marker in MARKERS:
        assert await tables_with(database, marker) == []
    (again,) = await client.say("sì", "rosa", "m-last")
    assert again == farewell, "a repetition gets the stored answer"
    # Not a stranger's thread, and not the old one.
    (fresh,) = await client.say("e Legnano?", "rosa")
    assert fresh["custom"]["topic"] != "comune-dati"
    assert [m["custom"]["topic"] for m in await client.say("e domani?", "altro")] == ["urp-orari"]


async def test_erasing_by_staff_leaves_nothing_but_the_audit_even_in_the_files(
    client: Client, tmp_path: Path
) -> None:
    database, clock = client.runtime.database, client.runtime.clock
    await leave_traces(client)
    person = Talk(client.runtime, "rosa")
    await person.say("ciao")
    await person.claim()
    await person.reply("Buongiorno, il pinguino verde la saluta.")
    assert await database.write(personal_data.erase, person.id, clock.utc())
    assert not await database.write(personal_data.erase, person.id, clock.utc())
    await database.scrub()
    assert set(await tables_with(database, person.id)) == AUDIT
    for marker in MARKERS:
        assert await tables_with(database, marker) == []
        for path in tmp_path.glob("sportello.db*"):
            assert marker.encode() not in path.read_bytes(), path.name

    async def forgotten() -> bool:
        return person.id not in client.runtime.turns._live._kept

    await eventually(forgotten)
    assert await client.say("in che zona è Rho?", "rosa")


async def test_the_shell_of_an_erased_conversation_goes_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = client.runtime
    await leave_traces(client)
    for message in ("cancella i miei dati", "sì"):
        await client.say(message, "rosa")
    monkeypatch.setattr(personal_data, "ERASED_SHELL_S", -1)
    upkeep = Upkeep(
        runtime.settings,
        runtime.database,
        runtime.clock,
        runtime.notifier,
        lambda: runtime.knowledge.hours,
    )
    await upkeep.once()
    left = await runtime.database.read(
        lambda c: c.execute(sa.select(conversations.c.sender)).scalars().all()
    )
    assert "rosa" not in left


async def test_refusing_to_erase_leaves_everything(client: Client) -> None:
    await leave_traces(client)
    await client.say("cancella i miei dati", "rosa")
    await client.say("no", "rosa")
    assert await tables_with(client.runtime.database, "rosa.verdi@esempio.it") == ["handoffs"]
    (answer, *_) = await client.say("sì", "rosa")
    assert answer["custom"]["topic"] != "erasure", "the question was answered before"


async def test_a_copy_holds_the_persons_data_and_nobody_elses(client: Client) -> None:
    """T72: on the door where it was asked for, and never in what is stored."""
    await leave_traces(client)
    await client.say("voglio sapere del gatto azzurro", "altro")
    (answer, *_) = await client.say("/esporta", "rosa")
    copy = answer["custom"]["export"]
    assert copy["handoff"]["contact"] == "rosa.verdi@esempio.it"
    assert "pinguino verde" in copy["reports"][0]["comment"]
    assert copy["messages"][0]["text"] == "in che zona è Rho?"
    assert "gatto azzurro" not in json.dumps(copy, ensure_ascii=False)
    assert await tables_with(client.runtime.database, "exported_at") == []
    (stranger,) = await client.say("/esporta", "nuovo")
    assert [m["author"] for m in stranger["custom"]["export"]["messages"]] == [
        "citizen",
        "assistant",
    ]


async def test_a_guessed_id_gets_nothing(client: Client) -> None:
    """T72."""
    await leave_traces(client)
    database, now = client.runtime.database, client.runtime.clock.utc()
    with pytest.raises(UnknownConversation):
        await database.read(personal_data.export, "0" * 32, now)
    assert not await database.write(personal_data.erase, "0" * 32, now)


async def test_what_a_form_has_given_away_is_not_in_the_dialogue_state(client: Client) -> None:
    """Slots that are emptied leave no trace in the stored events."""
    await leave_traces(client)
    assert await tables_with(client.runtime.database, "rosa.verdi@esempio.it") == ["handoffs"]


async def test_a_report_names_the_records_and_keeps_the_comment_masked(client: Client) -> None:
    await client.say("in che zona è Rho?", "rosa")
    await client.say("questa informazione è sbagliata", "rosa")
    await client.say("è sbagliato perché me l'ha detto uno al 347 1234567", "rosa")
    (report,) = await client.runtime.database.read(reports.list_reports, "open", 10)
    assert report.records == ("zona-del-comune",)
    assert report.comment == "è sbagliato perché me l'ha detto uno al [telefono]"
    assert await client.runtime.database.write(reports.close_report, report.id)
    assert await client.runtime.database.read(reports.list_reports, "open", 10) == []
