"""Appointments as the console shows them: read with the contact masked, by day, by number, by conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.appointments import calendar
from bot.appointments.codes import shown
from bot.appointments.contacts import masked
from bot.appointments.history import Step
from bot.clock import ROME
from bot.storage.appointment_tables import appointments

_SHOWN: Final = ("confirmed", "completed", "no_show")
_MOST: Final = 2_000
_OF_CONVERSATION: Final = 10


@dataclass(frozen=True)
class Entry:
    """An appointment as the agenda shows it; the contact is masked."""

    id: str
    code: str
    office: str
    desk: str
    service: str
    start: datetime
    minutes: int
    status: str
    name: str
    contact: str
    reason: str
    conversation: str
    channel: str


def between(connection: sa.Connection, office: str, first: date, count: int) -> list[Entry]:
    """The appointments of an office on some days, in order of time."""
    since = datetime.combine(first, time.min, tzinfo=ROME)
    until = datetime.combine(first + timedelta(days=count), time.min, tzinfo=ROME)
    rows = connection.execute(
        sa.select(appointments)
        .where(
            appointments.c.office == office,
            appointments.c.starts_at >= since,
            appointments.c.starts_at < until,
            appointments.c.status.in_(_SHOWN),
        )
        .order_by(appointments.c.starts_at, appointments.c.desk)
        .limit(_MOST)
    )
    return [_entry(row) for row in rows]


def find(connection: sa.Connection, appointment_id: str) -> Entry | None:
    """One appointment that was confirmed at some time."""
    row = connection.execute(
        sa.select(appointments).where(
            appointments.c.id == appointment_id, appointments.c.status != "held"
        )
    ).one_or_none()
    return _entry(row) if row else None


def of_conversation(connection: sa.Connection, conversation: str) -> list[Entry]:
    """The appointments of the citizen of a conversation, the latest first."""
    rows = connection.execute(
        sa.select(appointments)
        .where(appointments.c.conversation == conversation, appointments.c.status.in_(_SHOWN))
        .order_by(appointments.c.starts_at.desc())
        .limit(_OF_CONVERSATION)
    )
    return [_entry(row) for row in rows]


def affected(connection: sa.Connection, step: Step) -> list[Entry]:
    """Appointments to come that present rules and closures would not offer, the next first."""
    codes = [booked.code for booked in calendar.conflicts(connection, step)]
    rows = connection.execute(
        sa.select(appointments)
        .where(appointments.c.code.in_(codes))
        .order_by(appointments.c.starts_at)
    )
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    return Entry(
        row.id,
        shown(row.code),
        row.office,
        row.desk,
        row.service,
        row.starts_at.astimezone(ROME),
        row.minutes,
        row.status,
        row.name,
        masked(row.contact) if row.contact else "",
        row.reason,
        row.conversation or "",
        row.channel,
    )
