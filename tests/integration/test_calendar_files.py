"""The calendar file opens in a strict parser; after a move there is one event, after a cancellation none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from icalendar import Calendar

from bot.appointments import agenda, booking
from bot.appointments.calendar_files import calendar_file
from bot.clock import ROME
from tests.support.booking import MARIO, booking_database, rome, step

STAMP = datetime(2026, 11, 24, 8, 30, tzinfo=timezone.utc)


class CalendarApp:
    """Merges files as RFC 5546 says: by UID, the higher SEQUENCE wins, CANCEL removes."""

    def __init__(self) -> None:
        self.events: dict[str, Any] = {}
        self._sequences: dict[str, int] = {}

    def open(self, file: bytes) -> None:
        calendar = Calendar.from_ical(file)
        for event in calendar.walk("VEVENT"):
            assert not event.errors
            uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
            if sequence < self._sequences.get(uid, 0):
                continue
            self._sequences[uid] = sequence
            if calendar["METHOD"] == "CANCEL":
                self.events.pop(uid, None)
            else:
                self.events[uid] = event


def strictly_parsed(file: bytes) -> Any:
    lines = file.decode().split("\r\n")
    assert lines[-1] == ""
    assert all(len(line.encode()) <= 75 for line in lines)
    assert b"\n" not in file.replace(b"\r\n", b"")
    calendar = Calendar.from_ical(file)
    for name in ("PRODID", "VERSION", "METHOD"):
        assert name in calendar
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Rome"
    (event,) = calendar.walk("VEVENT")
    for name in ("UID", "DTSTAMP", "SEQUENCE", "ORGANIZER", "SUMMARY", "LOCATION", "STATUS"):
        assert name in event
    assert event["DTSTART"].params["TZID"] == "Europe/Rome"
    return event


@pytest.mark.parametrize("start", ["2026-11-26T10:30", "2027-01-12T14:00"])
async def test_move_updates_and_cancel_removes(sqlite_url: str, start: str) -> None:
    app = CalendarApp()
    async with booking_database(sqlite_url) as database:
        mine = (await database.write(booking.book, step(), rome(start), **MARIO))["appointment"]
        app.open(calendar_file(mine, STAMP, "urp@example.it"))
        moved = await database.write(booking.move, step(), mine["id"], rome("2026-12-01T11:00"))
        file = calendar_file(moved["appointment"], STAMP, "urp@example.it")
        event = strictly_parsed(file)
        app.open(file)
        app.open(calendar_file(mine, STAMP, "urp@example.it"))  # an old mail opened again
        assert [e["DTSTART"].dt for e in app.events.values()] == [rome("2026-12-01T11:00")]
        assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=30)
        gone = await database.write(booking.cancel, step(), mine["id"])
        app.open(calendar_file(gone["appointment"], STAMP, "urp@example.it"))
        assert app.events == {}


async def test_times_are_right_in_summer_and_winter(sqlite_url: str) -> None:
    async with booking_database(sqlite_url) as database:
        for start, offset in (("2026-11-26T10:30", 1), ("2027-04-01T10:30", 2)):
            now = rome(start) - timedelta(days=20)
            mine = (await database.write(booking.book, step(now=now), rome(start), **MARIO))[
                "appointment"
            ]
            begin = strictly_parsed(calendar_file(mine, STAMP, "urp@example.it"))["DTSTART"].dt
            assert begin == rome(start)
            assert begin.utcoffset() == timedelta(hours=offset)
            assert begin.astimezone(ROME).hour == 10


async def test_the_agenda_feed_opens_with_its_secret_only(database_url: str) -> None:
    async with booking_database(database_url) as database:
        await database.write(booking.book, step(), rome("2026-11-26T10:30"), **MARIO)
        old = await database.write(agenda.make_feed, step())
        secret = await database.write(agenda.make_feed, step())
        assert await database.read(agenda.feed, step(), old, "urp@example.it") is None
        assert await database.read(agenda.feed, step(), "", "urp@example.it") is None
        file = await database.read(agenda.feed, step(), secret, "urp@example.it")
        assert file is not None
        assert strictly_parsed(file)["SUMMARY"].startswith("Mario Rossi")
        await database.write(agenda.revoke_feed, step())
        assert await database.read(agenda.feed, step(), secret, "urp@example.it") is None


async def test_csv_holds_no_formula(sqlite_url: str) -> None:
    async with booking_database(sqlite_url) as database:
        evil = {
            "name": "Mario Rossi",
            "contact": "+393351234567",
            "reason": '=HYPERLINK("http://x")',
        }
        await database.write(booking.book, step(), rome("2026-11-26T10:30"), **evil)
        text = agenda.as_csv(await database.read(agenda.listed, step()))
    heading, line = text.splitlines()
    assert heading == ",".join(agenda.FIELDS)
    assert "'+393351234567" in line
    assert "\"'=HYPERLINK" in line
