"""Must-hold 4 of the appointments: scripted conversations end in the right state of the database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from bot.appointments import booking
from bot.appointments.agenda import listed
from bot.appointments.calendar import HELD, free_slots
from bot.appointments.codes import shown
from bot.appointments.history import Step
from bot.clock import ROME
from bot.runtime import Runtime
from tests.support.chat import running, texts
from tests.support.conversations import Talk
from tests.support.dialogue import share_knowledge

pytestmark = pytest.mark.model

BOOKINGS = yaml.safe_load(Path(__file__).with_name("bookings.yml").read_text(encoding="utf-8"))
CLOCK = "2026-11-23T10:30"
FLOOR = 0.92


def _step(runtime: Runtime, conversation: str = "") -> Step:
    return Step.at(runtime.clock, "test", who="staff:test", conversation=conversation)


def _book(connection: sa.Connection, step: Step, start: datetime, number: int) -> dict[str, Any]:
    outcome = booking.book(
        connection, step, start, name=f"Altra Persona{number}", contact=f"+3933300{number:05}"
    )
    return dict(outcome["appointment"])


async def _prepare(runtime: Runtime, person: Talk, dialogue: dict[str, Any]) -> list[str]:
    """Bring about what exists before the conversation; codes of the given appointments."""
    if any(given.get("own") for given in dialogue.get("given", ())):
        await person.say("ciao")
    codes = []
    for number, given in enumerate(dialogue.get("given", ())):
        step = _step(runtime, person.id if given.get("own") else "")
        start = datetime.fromisoformat(given["start"]).replace(tzinfo=ROME)
        codes.append((await runtime.database.write(_book, step, start, number))["code"])
    starts = [
        datetime.fromisoformat(taken).replace(tzinfo=ROME) for taken in dialogue.get("taken", ())
    ]
    for day in map(date.fromisoformat, dialogue.get("full", ())):
        starts += await runtime.database.read(free_slots, _step(runtime), first=day, last=day)
    for number, start in enumerate(starts, 100):
        await runtime.database.write(_book, _step(runtime), start, number)
    return codes


async def _state(runtime: Runtime) -> dict[str, dict[str, Any]]:
    since = runtime.clock.now() - timedelta(days=1)
    rows = await runtime.database.read(listed, _step(runtime), since=since)
    # A hold ends by itself.
    return {row["code"]: row for row in rows if row["status"] != HELD}


async def held(dialogue: dict[str, Any], runtime: Runtime) -> tuple[bool, list[str]]:
    """Hold a conversation; whether the database ends as it must, and what was said."""
    person = Talk(runtime, dialogue["id"])
    codes = await _prepare(runtime, person, dialogue)
    before = await _state(runtime)
    lines = [dialogue["id"]]
    for message in dialogue["says"]:
        message = message.format(code=shown(codes[0])) if codes else message
        lines += [f"  > {message}", f"    {texts(await person.say(message))}"]
    after = await _state(runtime)
    changed = [row for code, row in after.items() if before.get(code) != row]
    expected = sorted(dialogue["ends"], key=lambda row: row.get("start", ""))
    lines.append(
        f"  !! {[{k: r[k] for k in ('start', 'status', 'name', 'contact', 'service')} for r in changed]}"
    )
    is_right = len(changed) == len(expected) and all(
        wanted.items() <= row.items() for wanted, row in zip(expected, changed, strict=True)
    )
    return is_right, lines


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    share_knowledge(monkeypatch)


async def test_conversations_end_in_the_right_state(
    make_settings: Any, assistant: Any, shared: None, tmp_path: Path
) -> None:
    failed: dict[str, list[str]] = {}
    for dialogue in BOOKINGS:
        folder = tmp_path / dialogue["id"]
        folder.mkdir()
        async with running(make_settings(clock=CLOCK, data_dir=folder), assistant) as runtime:
            is_right, lines = await held(dialogue, runtime)
        if not is_right:
            failed[dialogue["id"]] = lines
    share = 1 - len(failed) / len(BOOKINGS)
    print("\n\n".join("\n".join(lines) for lines in failed.values()))
    print(f"{len(BOOKINGS) - len(failed)} of {len(BOOKINGS)} conversations end right")
    assert share >= FLOOR, sorted(failed)


def test_there_are_enough_conversations() -> None:
    ids = [dialogue["id"] for dialogue in BOOKINGS]
    assert len(set(ids)) == len(ids) >= 60
    assert sum(bool(dialogue.get("blind")) for dialogue in BOOKINGS) >= len(ids) / 2
