"""A spider over every page of every role, on a database in which every text that people write is hostile (T33, T45)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pytest
import sqlalchemy as sa

from bot.storage import audit, search_words
from bot.storage.appointment_tables import appointments, booking_closures
from bot.storage.console_tables import (
    drafts,
    notes,
    reviews,
    saved_replies,
    staff,
)
from bot.storage.tables import conversations, handoffs, inbound, outbound, reports
from tests.console.conftest import ROLES, Office
from tests.console.test_claims import queue_of
from tests.support.console import Browser

HOSTILE: Final = '<img src=x onerror=alert(1)><script>alert(2)</script>" onfocus="alert(3)\' {{7*7}}\n${8*8} javascript:alert(4)'
_LINK: Final = re.compile(r'(?:href|hx-get)="([^"]+)"')
_MOST_PAGES: Final = 150


def _fill(connection: sa.Connection, ids: list[str], people: dict[str, int], now: datetime) -> None:
    """Hostile text in every column that somebody can write."""
    mine, _, closed = ids
    insert = sa.insert
    me = people["operatore"]
    boss = people["responsabile"]
    for column in (staff.c.presence_reason, staff.c.office):
        connection.execute(sa.update(staff).values({column: HOSTILE[:60]}))
    connection.execute(sa.update(staff).where(staff.c.id == boss).values(name=HOSTILE[:100]))
    connection.execute(sa.update(inbound).values(text=HOSTILE))
    connection.execute(
        sa.update(conversations).values(
            topic=HOSTILE[:100], reason=HOSTILE[:30], office=HOSTILE[:60], channel=HOSTILE[:16]
        )
    )
    name = connection.execute(sa.select(staff.c.name).where(staff.c.id == me)).scalar_one()
    for conversation, values in (
        (mine, {"owner": "staff", "staff": name}),
        (closed, {"owner": "closed"}),
    ):
        change = sa.update(conversations).where(conversations.c.id == conversation)
        connection.execute(change.values(**values))
    for conversation in ids:
        common: dict[str, Any] = {"conversation_id": conversation}
        payload = json.dumps(
            {"text": HOSTILE, "custom": {"status": HOSTILE, "topic": HOSTILE, "records": [HOSTILE]}}
        )
        rows: list[tuple[sa.Table, dict[str, Any]]] = [
            (handoffs, {"message": HOSTILE, "contact": HOSTILE, "created_at": now}),
            (reviews, {"reason": HOSTILE[:30], "note": HOSTILE, "found_at": now}),
            (drafts, {"staff_id": me, "text": HOSTILE, "saved_at": now}),
            (
                notes,
                {"staff_id": boss, "text": HOSTILE, "once_key": conversation, "created_at": now},
            ),
            (
                reports,
                {
                    "seq": 1,
                    "topic": HOSTILE[:100],
                    "records": json.dumps([HOSTILE]),
                    "comment": HOSTILE,
                    "created_at": now,
                },
            ),
            (
                outbound,
                {
                    "seq": 2,
                    "channel": "web",
                    "author": "assistant",
                    "staff": HOSTILE,
                    "payload": payload,
                    "created_at": now,
                    "status": HOSTILE[:16],
                    "due_at": now,
                },
            ),
        ]
        for table, row in rows:
            connection.execute(insert(table).values(**common, **row))
    connection.execute(
        insert(saved_replies).values(
            shortcut="brutta", title=HOSTILE[:100], text=HOSTILE, changed_at=now
        )
    )
    for number, status in enumerate(("confirmed", "completed", "cancelled")):
        connection.execute(
            insert(appointments).values(
                id=f"a{number}",
                code=f"CODE{number}",
                office="urp",
                desk=HOSTILE[:60],
                service=HOSTILE[:60],
                starts_at=now,
                minutes=30,
                status=status,
                name=HOSTILE[:120],
                contact=HOSTILE,
                reason=HOSTILE[:200],
                channel=HOSTILE[:16],
                conversation=mine,
                created_at=now,
                changed_at=now,
            )
        )
    connection.execute(
        insert(booking_closures).values(
            office="urp",
            starts_at=now,
            ends_at=now.replace(hour=23),
            reason=HOSTILE[:120],
            created_at=now,
        )
    )
    audit.record(
        connection,
        now=now,
        staff_id=me,
        action=HOSTILE[:48],
        subject_kind=HOSTILE[:24],
        subject_id=HOSTILE[:64],
        detail={HOSTILE: HOSTILE},
    )


def _links(page: str, path: str) -> Iterator[str]:
    for found in _LINK.findall(page):
        target = urljoin(path, html.unescape(found))
        assert not target.lower().startswith("javascript:"), (path, target)
        if urlsplit(target).path.startswith("/console"):
            yield target.partition("#")[0]


def _assert_harmless(page: str, path: str) -> None:
    text = re.sub(r"<meta name=\"htmx-config\".*?>", "", page)
    assert "<img src=x" not in text, path
    assert "alert(2)</script>" not in text, path
    assert '" onfocus="' not in text, path
    assert "49\n64" not in text, path
    for tag in re.findall(r"<[a-z][^>]*>", text):
        assert not re.search(r"\son[a-z]+=", re.sub(r'"[^"]*"', '""', tag)), (path, tag)


async def _visit(browser: Browser, role: str) -> set[str]:
    todo, seen = ["/console/"], {"/console/"}
    while todo and len(seen) < _MOST_PAGES:
        path = todo.pop(0)
        answer = await browser.request("GET", path)
        # A record that an answer rested on may have been taken out since.
        expected = (404,) if path.startswith("/console/schede/") else (200, 303)
        assert answer.status in expected, (role, path, answer.status)
        assert "Content-Security-Policy" in answer.headers
        if answer.status == 303:
            found = [answer.headers["Location"]]
        else:
            _assert_harmless(answer.text, path)
            found = list(_links(answer.text, path)) if answer.status == 200 else []
        for link in found:
            if link not in seen and not link.startswith("/console/static"):
                seen.add(link)
                todo.append(link)
    return seen


@pytest.mark.parametrize("role", ROLES)
async def test_a_spider_finds_no_error_and_nothing_that_would_run(
    office: Office, role: str
) -> None:
    """T45, must-hold 3: every page that links lead to answers, with its headers, and shows hostile text as text."""
    ids = await queue_of(office, 3)
    while await office.database.write(search_words.index_new_messages):
        pass
    await office.database.write(_fill, ids, office.people, office.clock.utc())
    browser = await office.signed_in(role)
    seen = await _visit(browser, role)
    pages = {re.sub(r"/[0-9a-f]{32}|/a\d$", "/…", urlsplit(path).path) for path in seen}
    if role in ("operatore", "responsabile"):
        assert {"/console/conversazioni/…", "/console/agenda/…", "/console/profilo"} <= pages
    if role in ("redattore", "responsabile"):
        assert {"/console/revisione/…", "/console/risposte"} <= pages
