"""The audit log: one line for each access and change, which nobody can change; closed when the database is away (T38, T40)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.errors import StorageUnavailable
from bot.storage import sign_in_failures
from bot.storage.console_tables import audit_log
from tests.console.conftest import Office
from tests.console.test_claims import queue_of
from tests.support.console import PASSWORD


def lines(connection: sa.Connection) -> list[str]:
    """Names in the log, oldest first."""
    return list(
        connection.execute(sa.select(audit_log.c.action).order_by(audit_log.c.id)).scalars()
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET action = 'nothing'",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET staff_id = NULL WHERE id = 1",
    ],
)
async def test_nobody_can_change_the_log(office_on_both: Office, statement: str) -> None:
    """T40: not with the application's own connection either."""
    before = await office_on_both.database.read(lines)
    assert before
    with pytest.raises(Exception, match="append-only"):
        await office_on_both.database.write(lambda c: c.execute(sa.text(statement)))
    assert await office_on_both.database.read(lines) == before


async def test_every_access_and_change_leaves_one_line(office_on_both: Office) -> None:
    """T40: sign-in, reading, claiming, answering, noting, giving back, and what was refused."""
    office = office_on_both
    (conversation,) = await queue_of(office, 1)
    browser = await office.signed_in("operatore")
    path = f"/console/conversazioni/{conversation}"
    start = len(await office.database.read(lines))
    await browser.get(path)
    await browser.post(f"{path}/prendi")
    for _ in range(2):
        await browser.submit(
            f"{path}/rispondi", {"csrf": browser.token, "text": "Buongiorno", "key": "k1"}
        )
        await browser.submit(f"{path}/nota", {"csrf": browser.token, "text": "Nota", "key": "k2"})
    await browser.submit(f"{path}/contatto", {"csrf": browser.token})
    await browser.submit(f"{path}/restituisci", {"csrf": browser.token})
    await browser.get("/console/registro")
    found = (await office.database.read(lines))[start:]
    assert [action for action in found if action != "conversation_read"] == [
        "conversation_claimed",
        "reply_sent",
        "note_added",
        "note_added",
        "contact_revealed",
        "conversation_released",
        "refused",
    ]
    assert found[0] == "conversation_read"


async def test_the_responsabile_reads_the_log(office: Office) -> None:
    await office.signed_in("operatore")
    boss = await office.signed_in("responsabile")
    page = await boss.get("/console/registro")
    assert "Operatore Prova" in page.text
    assert "È entrato" in page.text
    only = await boss.get("/console/registro?azione=sign_in_failed")
    assert "Operatore Prova</td>" not in only.text


async def test_a_reply_that_arrives_twice_is_sent_once(office: Office) -> None:
    """Must-hold 2: a form that is sent again after a broken connection."""
    (conversation,) = await queue_of(office, 1)
    browser = await office.signed_in("operatore")
    path = f"/console/conversazioni/{conversation}"
    await browser.get(path)
    await browser.post(f"{path}/prendi")
    for _ in range(3):
        await browser.submit(
            f"{path}/rispondi", {"csrf": browser.token, "text": "Una volta sola", "key": "stessa"}
        )
    page = await browser.get(path)
    assert page.text.count('<p class="said">Una volta sola</p>') == 1


async def test_without_a_database_nobody_gets_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T38: closed for sign-in when failures cannot be counted; the page is plain and says so."""
    browser = office.browser()
    await browser.get("/console/accesso")

    def away(*_: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(sign_in_failures, "blocked_until", away)
    data = {"csrf": browser.token, "email": "operatore@urp.example.it", "password": PASSWORD}
    answer = await browser.submit("/console/accesso/entra", data)
    assert answer.status == 503
    assert "Il servizio è fermo per un momento" in answer.text
    assert "sportello-session" not in browser.cookies
