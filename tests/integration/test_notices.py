"""Confirmations and reminders: told once, at the right time, never at night, whatever dies or jumps (T83)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.appointments import booking, notices
from bot.appointments.delivery import ChatReminder, Delivery
from bot.appointments.links import Links
from bot.appointments.mail import MailFiles, MailOut, SmtpMail
from bot.clock import Clock
from bot.storage.appointment_tables import notices as table
from bot.storage.database import Database
from tests.support.booking import MARIO, TIMER, TUESDAY, booking_database, rome, rows, step
from tests.support.smtp import mail_server

THURSDAY = rome("2026-11-26T10:30")


class ChosenClock(Clock):
    """Shows the time it is told."""

    def __init__(self, now: datetime = TUESDAY) -> None:
        super().__init__()
        self.shown = now.astimezone(timezone.utc)
        self.elapsed = timedelta()

    def utc(self) -> datetime:
        return self.shown

    def timer(self) -> datetime:
        return TIMER + self.elapsed

    def pass_time(self, by: timedelta) -> None:
        """Both times go on."""
        self.shown += by
        self.elapsed += by


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with booking_database(database_url) as opened:
        yield opened


@pytest.fixture
def clock() -> ChosenClock:
    return ChosenClock()


def delivery(
    database: Database, clock: Clock, mail: MailOut, chat: list[ChatReminder] | None = None
) -> Delivery:
    def remember(connection: sa.Connection, reminder: ChatReminder) -> bool:
        assert chat is not None
        chat.append(reminder)
        return True

    links = Links("segreto", "http://127.0.0.1:8080")
    out = remember if chat is not None else None
    return Delivery(database, clock, mail, links, "urp@example.it", out)


async def booked(database: Database, start: Any = THURSDAY, **values: Any) -> Any:
    who = {**MARIO, **values.pop("who", {})}
    outcome = await database.write(booking.book, step(**values), start, **who)
    assert outcome["outcome"] == "confirmed", outcome
    return outcome["appointment"]


def mails(folder: Path) -> list[Any]:
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    ]


async def kinds(database: Database, status: str) -> list[str]:
    return [row.kind for row in await database.read(rows, table, table.c.status == status)]


async def test_a_confirmation_is_one_mail_with_everything_in_it(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    mine = await booked(database)
    job = delivery(database, clock, MailFiles(tmp_path))
    assert await job.tell_due() == 1
    assert await job.tell_due() == 0
    (mail,) = mails(tmp_path)
    body = mail.get_body().get_content()
    assert mail["To"] == "mario.rossi@example.it"
    assert mail["Subject"] == "Il tuo appuntamento: giovedì 26 novembre 2026 alle 10.30"
    for part in (
        "giovedì 26 novembre 2026 alle 10.30",
        "via Vivaio 1",
        "documento d'identità",
        "/appuntamenti/",
    ):
        assert part in body
    assert f"{mine['code'][:4]}-{mine['code'][4:]}" in body
    (file,) = mail.iter_attachments()
    assert file.get_content_type() == "text/calendar"
    assert file.get_param("method") == "PUBLISH"


async def test_the_reminder_goes_out_on_the_working_day_before_once(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    await booked(database, rome("2026-12-10T10:00"))  # Tuesday 8 is a holiday, Wednesday 9 is not
    job = delivery(database, clock, MailFiles(tmp_path))
    await job.tell_due()
    for moment, told in (
        ("2026-12-08T12:00", 0),
        ("2026-12-09T09:59", 0),
        ("2026-12-09T10:00", 1),
        ("2026-12-09T10:01", 0),
        ("2026-12-10T09:30", 0),
    ):
        clock.shown = rome(moment).astimezone(timezone.utc)
        assert await job.tell_due() == told, moment
    assert [mail["Subject"].split(":")[0] for mail in mails(tmp_path)] == [
        "Il tuo appuntamento",
        "Promemoria",
    ]


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-12-01T10:00", "2026-11-30T10:00"),
        ("2026-12-10T10:00", "2026-12-09T10:00"),
        ("2027-01-07T10:00", "2027-01-05T10:00"),  # the 6th is a holiday
        ("2026-12-15T14:00", "2026-12-14T10:00"),
    ],
)
async def test_the_day_of_the_reminder(database: Database, start: str, due: str) -> None:
    await booked(database, rome(start))
    (row,) = await database.read(rows, table, table.c.kind == "reminder")
    assert row.due_at == rome(due)


async def test_reminders_late_in_the_night_wait_for_the_morning(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    await booked(database)
    job = delivery(database, clock, MailFiles(tmp_path))
    await job.tell_due()
    for moment, told in (("2026-11-25T20:00", 0), ("2026-11-26T03:00", 0), ("2026-11-26T09:00", 1)):
        clock.shown = rome(moment).astimezone(timezone.utc)
        assert await job.tell_due() == told, moment


async def test_a_reminder_that_comes_too_late_is_dropped(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    await booked(database)
    job = delivery(database, clock, MailFiles(tmp_path))
    await job.tell_due()
    clock.shown = rome("2026-11-26T09:45").astimezone(timezone.utc)
    assert await job.tell_due() == 0
    assert await kinds(database, "dropped") == ["reminder"]


async def test_clock_jumps_double_no_reminder(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    """T83."""
    await booked(database)
    chosen = delivery(database, clock, MailFiles(tmp_path))
    await chosen.tell_due()
    clock.shown = rome("2026-11-25T10:00").astimezone(timezone.utc)
    told = 0
    for jump in (0, -1, 1, -1, 1, 0):
        clock.pass_time(timedelta(hours=jump))
        told += await chosen.tell_due()
    assert told == 1


async def test_moving_and_cancelling_stop_what_was_queued(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    mine = await booked(database)
    await database.write(booking.move, step(), mine["id"], rome("2026-12-01T10:00"))
    assert await kinds(database, "queued") == ["moved", "reminder"]
    job = delivery(database, clock, MailFiles(tmp_path))
    await job.tell_due()
    await database.write(booking.cancel, step(), mine["id"])
    clock.shown = rome("2026-11-30T10:00").astimezone(timezone.utc)
    await job.tell_due()
    assert [mail["Subject"].split(":")[0] for mail in mails(tmp_path)] == [
        "Appuntamento spostato",
        "Appuntamento annullato",
    ]
    assert await kinds(database, "queued") == []


async def test_the_chat_is_reminded_in_the_transaction_that_says_so(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    phone = {"contact": "+393351234567"}
    await booked(database, conversation="c1", channel="telegram", who=phone)
    clock.shown = rome("2026-11-25T10:00").astimezone(timezone.utc)
    quiet = delivery(database, clock, MailFiles(tmp_path))
    assert await quiet.tell_due() == 0

    said: list[ChatReminder] = []
    jobs = [delivery(database, clock, MailFiles(tmp_path), said) for _ in range(4)]
    await asyncio.gather(*(job.tell_due() for job in jobs))
    assert [(one.conversation, one.appointment["start"]) for one in said] == [
        ("c1", "2026-11-26T10:30")
    ]
    assert "non posso venire" in said[0].text


async def test_replicas_share_the_work_and_double_nothing(
    database: Database, database_url: str, clock: ChosenClock, tmp_path: Path
) -> None:
    free = [
        rome(f"2026-12-{day}T{hour}:00") for day in ("01", "03", "10") for hour in (10, 11, 14, 15)
    ]
    for number, start in enumerate(free):
        await booked(database, start, who={"contact": f"p{number}@example.it"})
    others = [Database(database_url) for _ in range(3)]
    async with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        jobs = [delivery(each, clock, SmtpMail(url)) for each in (database, *others)]
        await asyncio.gather(*(job.tell_due() for job in jobs))
        assert sorted(server.recipients) == sorted(f"p{n}@example.it" for n in range(len(free)))
    for other in others:
        await other.close()


async def test_mails_are_tried_again_and_given_up_when_the_server_says_never(
    database: Database, clock: ChosenClock
) -> None:
    await booked(database)
    async with mail_server() as server:
        job = delivery(database, clock, SmtpMail(f"smtp://127.0.0.1:{server.port}"))
        server.answers = ["451 later", "250 ok"]
        assert await job.tell_due() == 0
        assert await job.tell_due() == 0, "not before the pause is over"
        clock.pass_time(timedelta(minutes=1, seconds=1))
        assert await job.tell_due() == 1
        assert len(server.mails) == 1
        await booked(database, rome("2026-11-26T11:00"), who={"name": "Anna Bo"})
        server.answers = ["554 never"]
        assert await job.tell_due() == 0
        clock.pass_time(timedelta(hours=12))
    assert await kinds(database, "failed") == ["confirmed"]


async def test_a_server_that_is_away_is_asked_later(database: Database, clock: ChosenClock) -> None:
    await booked(database)
    job = delivery(database, clock, SmtpMail("smtp://127.0.0.1:9"))
    assert await job.tell_due() == 0
    assert await kinds(database, "queued") == ["confirmed", "reminder"]


async def test_what_a_dead_process_was_sending_is_sent_with_the_same_id(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    await booked(database)
    taken = await database.write(notices.claim_due, step(), via="email")
    assert len(taken) == 1
    job = delivery(database, clock, MailFiles(tmp_path))
    assert await job.tell_due() == 0
    clock.pass_time(timedelta(minutes=2, seconds=1))
    assert await job.tell_due() == 1
    assert len(mails(tmp_path)) == 1


async def test_booked_after_the_moment_of_the_reminder_there_is_none(database: Database) -> None:
    late = rome("2026-11-25T10:01")
    await booked(database, now=late)
    assert await kinds(database, "queued") == ["confirmed"]


async def test_a_name_can_write_no_header(
    database: Database, clock: ChosenClock, tmp_path: Path
) -> None:
    """T45: whatever is stored, the mail has its own headers only."""
    hostile = {"name": "A\r\nBcc: tutti@example.it", "reason": "x\r\nSubject: altro"}
    await booked(database, who=hostile)
    await delivery(database, clock, MailFiles(tmp_path)).tell_due()
    (mail,) = mails(tmp_path)
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Il tuo appuntamento")
