"""Off switch, erasure, export, retention through the console (T70, T71, T73, T84)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.appointments import booking
from bot.appointments.history import Step
from bot.clock import ROME
from bot.console.upkeep import delete_what_is_due, return_cases_of_absent
from bot.conversations import retention
from bot.demo_data import fill
from bot.storage import office_mails, ownership, search_words, staff_desk
from bot.storage.appointment_tables import appointments
from bot.storage.console_tables import conversation_words, drafts, notes, reviews
from bot.storage.staff_desk import Filter
from bot.storage.tables import conversations, handoffs, inbound, reports
from tests.console.conftest import Office
from tests.console.test_claims import queue_of
from tests.support.console import everything_stored
from tests.support.servers import eventually

MARKERS = ("marcatore-zaffiro", "marcatore-quarzo", "marcatore-ametista")


async def say(office: Office, sender: str, message: str) -> tuple[int, Any]:
    """What a citizen writes, through the REST door."""
    async with office.session.post(
        office.base + "/webhooks/rest/webhook", json={"sender": sender, "message": message}
    ) as response:
        return response.status, await response.json()


async def id_of(office: Office, sender: str) -> str:
    """The conversation with somebody."""
    query = sa.select(conversations.c.id).where(conversations.c.sender == sender)
    return str(await office.database.read(lambda c: c.execute(query).scalar_one()))


async def test_the_off_switch_is_told_at_once_and_staff_finish_their_cases(
    office_on_both: Office,
) -> None:
    """T84: 503 and a sentence within 5 s, whom a person answers may go on, one line in the log."""
    office = office_on_both
    await say(office, "anna", "voglio parlare con una persona")
    boss = await office.signed_in("responsabile")
    conversation = await id_of(office, "anna")
    await boss.get("/console/servizio")
    await boss.submit(f"/console/conversazioni/{conversation}/prendi", {"csrf": boss.token})
    answer = await boss.post("/console/servizio/chat", {"off": "yes", "reason": "manutenzione"})
    assert "La chat è spenta" in answer.text

    async def refused() -> bool:
        return (await say(office, "bruno", "ciao"))[0] == 503

    await eventually(refused, 5)
    status, body = await say(office, "bruno", "che orari fate?")
    assert status == 503
    assert "800.88.33.11" in body["message"]
    assert (await say(office, "anna", "sono ancora qui"))[0] == 200
    await boss.post("/console/servizio/chat", {"off": "no"})

    async def answered() -> bool:
        return (await say(office, "bruno", "che orari fate?"))[0] == 200

    await eventually(answered, 5)


PLANTED = ("marcatore-topazio", "marcatore-opale", "marcatore-giada", "marcatore-perla")


def _leave_markers(connection: sa.Connection, conversation: str, now: datetime) -> None:
    """A message for the office, an appointment, a report and a review of the same person."""
    common = {"conversation_id": conversation}
    rows: list[tuple[sa.Table, dict[str, Any]]] = [
        (handoffs, {**common, "message": PLANTED[0], "contact": "+39000", "created_at": now}),
        (
            reports,
            {
                **common,
                "seq": 1,
                "topic": "urp",
                "records": "[]",
                "comment": PLANTED[2],
                "created_at": now,
            },
        ),
        (reviews, {**common, "reason": "not_found", "note": PLANTED[3], "found_at": now}),
    ]
    for table, row in rows:
        connection.execute(sa.insert(table).values(**row))
    step = Step(now, now, "rest", conversation=conversation)
    outcome = booking.book(
        connection,
        step,
        datetime(2026, 11, 26, 10, 30, tzinfo=ROME),
        name="Anna Bianchi",
        contact="+390277402000",
        reason=PLANTED[1],
    )
    assert outcome["outcome"] == "confirmed"


async def test_a_person_is_exported_and_erased_everywhere(office_on_both: Office) -> None:
    """T71, must-hold 6: messages, notes, drafts, search words; the log keeps that it was done."""
    office = office_on_both
    await say(office, "anna", f"la mia domanda {MARKERS[0]}")
    await say(office, "anna", "voglio parlare con una persona")
    conversation = await id_of(office, "anna")
    boss = await office.signed_in("responsabile")
    path = f"/console/conversazioni/{conversation}"
    await boss.get(path)
    await boss.post(f"{path}/prendi")
    fields = {"csrf": boss.token, "key": "chiave"}
    await boss.submit(f"{path}/nota", {**fields, "text": f"nota {MARKERS[1]}"})
    await boss.submit(f"{path}/bozza", {**fields, "text": f"bozza {MARKERS[2]}"})
    await office.database.write(_leave_markers, conversation, office.clock.utc())
    while await office.database.write(search_words.index_new_messages):
        pass
    stored = json.dumps(await everything_stored(office.database, but=set()))
    assert all(marker in stored for marker in (*MARKERS, *PLANTED))
    assert "zaffiro" in stored
    copy = await boss.submit(f"{path}/esporta", {"csrf": boss.token})
    assert copy.status == 200
    assert MARKERS[0] in copy.text
    assert MARKERS[1] in copy.text
    # What the citizen left and had is theirs; what colleagues noted for the review is about the assistant.
    assert [marker in copy.text for marker in PLANTED] == [True, True, True, False]
    unsure = await boss.submit(f"{path}/cancella", {"csrf": boss.token, "sure": "sì"})
    assert unsure.status == 422
    erased = await boss.submit(f"{path}/cancella", {"csrf": boss.token, "sure": "CANCELLA"})
    assert erased.status == 303
    left = json.dumps(await everything_stored(office.database, but=set()))
    gone = (*MARKERS, *PLANTED, "zaffiro", "quarzo", "ametista")
    assert not [word for word in gone if word in left]
    assert "person_erased" in left
    if office.database.is_sqlite:
        for file in office.runtime.settings.data_dir.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            assert not [word for word in gone if word.encode() in content], file
    again = await boss.submit(f"{path}/cancella", {"csrf": boss.token, "sure": "CANCELLA"})
    assert again.status == 404


@pytest.mark.parametrize("days", [364, 365])
async def test_retention_deletes_exactly_what_its_preview_says(
    office_on_both: Office, days: int
) -> None:
    """T73: one day before and after the term; linked rows go too, others stay."""
    office = office_on_both
    (old,) = await queue_of(office, 1)
    office.clock.pass_by(days=days, minutes=1)
    (fresh,) = await queue_of(office, 1)
    now, settings = office.clock.utc(), office.runtime.settings
    due = await office.database.read(retention.due, settings, now)
    assert due == {kind.name: 0 for kind in retention.KINDS} | {"conversations": int(days >= 365)}
    done = await delete_what_is_due(office.database, settings, now, by=None)
    assert done == _but_zeros(due)
    ids = await office.database.read(
        lambda c: set(c.execute(sa.select(conversations.c.id)).scalars())
    )
    assert ids == ({fresh} if days >= 365 else {old, fresh})
    left = await office.database.read(
        lambda c: set(c.execute(sa.select(inbound.c.conversation_id)).scalars())
    )
    assert left == ids


def _but_zeros(due: retention.Due) -> retention.Due:
    return {name: number for name, number in due.items() if number}


async def test_every_kind_has_its_own_term(office_on_both: Office) -> None:
    """T73: for each kind, one minute before and after its term, with something of every kind there."""
    for kind in retention.KINDS:
        await _check_term(office_on_both, kind)
        for table in (appointments, conversations):
            await office_on_both.database.write(lambda c, t=table: c.execute(sa.delete(t)))


async def _check_term(office: Office, kind: retention.Kind) -> None:
    (conversation,) = await queue_of(office, 1)
    begun = office.clock.utc()
    await office.database.write(_something_of_every_kind, conversation, office.people, begun)
    term = kind.days(office.runtime.settings)
    # A conversation in which somebody goes on writing does not take its old notes with it.
    lasting = sa.update(conversations).values(last_message_at=begun + timedelta(days=5_000))
    if kind.name != "conversations":
        await office.database.write(lambda c: c.execute(lasting))
    settings = office.runtime.settings
    before = begun + timedelta(days=term, minutes=-1)
    assert (await office.database.read(retention.due, settings, before))[kind.name] == 0
    after = begun + timedelta(days=term, minutes=1)
    due = await office.database.read(retention.due, settings, after)
    assert due[kind.name] == 1
    done = await delete_what_is_due(office.database, settings, after, by=None)
    assert done == _but_zeros(due)


def _something_of_every_kind(
    connection: sa.Connection, conversation: str, people: dict[str, int], at: datetime
) -> None:
    staff_id, insert = people["operatore"], sa.insert
    common = {"conversation_id": conversation}
    rows: list[tuple[sa.Table, dict[str, Any]]] = [
        (handoffs, {**common, "message": "chiamatemi", "contact": "+39000", "created_at": at}),
        (
            notes,
            {**common, "staff_id": staff_id, "text": "n", "once_key": "n", "created_at": at},
        ),
        (drafts, {**common, "staff_id": staff_id, "text": "bozza", "saved_at": at}),
        (reports, {**common, "seq": 1, "topic": "urp", "records": "[]", "created_at": at}),
        (
            appointments,
            {
                "id": "a",
                "code": "A",
                "office": "urp",
                "desk": "sportello-1",
                "service": "informazioni",
                "starts_at": at,
                "minutes": 30,
                "status": "completed",
                "name": "Mario Rossi",
                "channel": "desk",
                "created_at": at,
                "changed_at": at,
            },
        ),
    ]
    for table, row in rows:
        connection.execute(insert(table).values(**row))


async def test_retention_of_many_rows(office_on_both: Office) -> None:
    """T73: thousands of messages and appointments, in batches, as the preview said."""
    office = office_on_both
    sizes = {
        "how_many_conversations": 900,
        "how_many_messages": 5_400,
        "how_many_appointments": 700,
    }
    await fill(office.database, office.clock.utc(), progress=lambda count: None, **sizes)

    def ended(connection: sa.Connection) -> None:
        # Else the server, which runs beside, would say goodbye in some of them while they are counted.
        connection.execute(sa.update(conversations).values(owner=ownership.CLOSED))

    await office.database.write(ended)
    office.clock.pass_by(days=300)
    now, settings = office.clock.utc(), office.runtime.settings
    due = await office.database.read(retention.due, settings, now)
    assert due["conversations"] > 200
    done = await delete_what_is_due(office.database, settings, now, by=None)
    assert done == _but_zeros(due)
    assert not any((await office.database.read(retention.due, settings, now)).values())

    def left(connection: sa.Connection) -> tuple[int, int, int]:
        old = now - timedelta(days=365)
        count = sa.func.count()
        return (
            connection.execute(
                sa.select(count)
                .select_from(conversations)
                .where(conversations.c.last_message_at < old)
            ).scalar_one(),
            connection.execute(
                sa.select(count).where(
                    conversation_words.c.conversation_id.not_in(sa.select(conversations.c.id))
                )
            ).scalar_one(),
            connection.execute(
                sa.select(count).where(appointments.c.starts_at < old, appointments.c.name != "")
            ).scalar_one(),
        )

    assert await office.database.read(left) == (0, 0, 0)


async def test_mails_leave_by_themselves(office_on_both: Office) -> None:
    """The job runs in the server; the mail is a file of the data folder, and the queue is empty."""
    office = office_on_both
    await office.database.write(
        office_mails.queue,
        subject="Prova",
        body="Una riga.",
        once_key="prova",
        now=office.clock.utc(),
        staff_id=office.people["operatore"],
    )
    folder = office.runtime.settings.data_dir / "mails"

    async def arrived() -> bool:
        return any("operatore@urp.example.it" in path.read_text() for path in folder.glob("*.eml"))

    await eventually(arrived, 15)


async def test_search_finds_words_and_parts_and_only_masked_text(office_on_both: Office) -> None:
    """T70: what was masked cannot be found either."""
    office = office_on_both
    await say(office, "anna", "la caldaia perde, il mio codice è RSSMRA85M01H501Z")
    conversation = await id_of(office, "anna")
    while await office.database.write(search_words.index_new_messages):
        pass

    async def found(*words: str) -> list[str]:
        narrowed = Filter(words=words)
        rows = await office.database.read(staff_desk.listed, "assistente", "x", narrowed)
        return [row.id for row in rows]

    assert await found("caldaia") == [conversation]
    assert await found("cald", "perde") == [conversation]
    assert await found("caldaia", "zebra") == []
    assert await found("rssmra85m01h501z") == []


async def test_lists_are_narrowed_to_a_topic_by_words_of_its_title(office: Office) -> None:
    """Nobody knows the ids of records; words that name none find nothing."""
    await say(office, "anna", "ogni quanto si controlla la caldaia?")
    conversation = await id_of(office, "anna")
    browser = await office.signed_in("operatore")
    for words, is_there in (
        ("caldaie", True),
        ("CALDAIE", True),
        ("impianti-termici", True),
        ("zebre", False),
    ):
        page = await browser.get(f"/console/conversazioni/elenco/assistente?argomento={words}")
        assert (conversation in page.text) == is_there, words


async def test_cases_of_somebody_who_is_gone_return_to_the_queue(office: Office) -> None:
    """T66: at sign-out, and when the session runs out; the citizen is told."""
    one, two = await queue_of(office, 2)
    for conversation, way in ((one, "sign out"), (two, "run out")):
        browser = await office.signed_in("operatore")
        await browser.get("/console/profilo")
        await browser.submit(
            f"/console/conversazioni/{conversation}/prendi", {"csrf": browser.token}
        )
        if way == "sign out":
            await browser.post("/console/uscita")
        else:
            office.clock.pass_by(minutes=31)
            now = office.clock.utc()
            seen_after = now - timedelta(minutes=30)
            assert await office.database.write(return_cases_of_absent, now, seen_after) == 1
        query = sa.select(conversations.c.owner).where(conversations.c.id == conversation)
        assert await office.database.read(lambda c, q=query: c.execute(q).scalar_one()) == "waiting"


async def test_a_conversation_that_went_badly_is_listed_and_marked(office_on_both: Office) -> None:
    """The start of the review: found by itself, read without contacts, marked with a note."""
    office = office_on_both
    await say(office, "anna", "qwrtz plmk zxcvb")
    conversation = await id_of(office, "anna")
    while await office.database.write(search_words.index_new_messages):
        pass
    editor = await office.signed_in("redattore")
    page = await editor.get("/console/revisione")
    assert f"/console/revisione/{conversation}" in page.text
    assert "qwrtz" in (await editor.get(f"/console/revisione/{conversation}")).text
    fields = {"status": "done", "note": "parole a caso"}
    marked = await editor.post(f"/console/revisione/{conversation}/segna", fields)
    assert conversation not in marked.text
    done = await editor.get("/console/revisione?stato=done")
    assert "parole a caso" in done.text
