"""What staff do with appointments: the units of `bot.appointments`, each with its line in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Concatenate, Final, ParamSpec

import sqlalchemy as sa

from bot.appointments import agenda, booking, calendar
from bot.appointments.codes import shown
from bot.appointments.contacts import masked
from bot.appointments.history import Step, history_of
from bot.appointments.rules import BookingRules
from bot.clock import ROME, Clock
from bot.storage import audit
from bot.storage.appointment_tables import appointments
from bot.storage.staff import Account

P = ParamSpec("P")

_SHOWN: Final = ("confirmed", "completed", "no_show")


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


@dataclass(frozen=True)
class Agenda:
    """What the page of a day or week shows."""

    rules: BookingRules
    office: str
    days: dict[date, list[Entry]]
    closures: list[dict[str, Any]]


def step_of(clock: Clock, account: Account, conversation: str = "") -> Step:
    """A step of this member of staff in the console."""
    return Step.at(clock, "console", who=f"operator:{account.id}", conversation=conversation)


def days(connection: sa.Connection, step: Step, *, office: str, first: date, count: int) -> Agenda:
    """The appointments of some days of an office; an unknown office is the first one."""
    rules = calendar.stored_rules(connection)
    chosen = rules.office(office) or rules.offices[0]
    since = datetime.combine(first, time.min, tzinfo=ROME)
    until = datetime.combine(first + timedelta(days=count), time.min, tzinfo=ROME)
    rows = connection.execute(
        sa.select(appointments)
        .where(
            appointments.c.office == chosen.id,
            appointments.c.starts_at >= since,
            appointments.c.starts_at < until,
            appointments.c.status.in_(_SHOWN),
        )
        .order_by(appointments.c.starts_at, appointments.c.desk)
        .limit(2_000)
    )
    by_day: dict[date, list[Entry]] = {first + timedelta(days=n): [] for n in range(count)}
    for row in rows:
        entry = _entry(row)
        by_day[entry.start.date()].append(entry)
    return Agenda(rules, chosen.id, by_day, calendar.closures(connection, step))


def find(connection: sa.Connection, appointment_id: str) -> Entry | None:
    """One appointment that was confirmed at some time."""
    row = connection.execute(
        sa.select(appointments).where(
            appointments.c.id == appointment_id, appointments.c.status != "held"
        )
    ).one_or_none()
    return _entry(row) if row else None


def opened(
    connection: sa.Connection, step: Step, account: Account, appointment_id: str
) -> tuple[Entry, list[dict[str, Any]]] | None:
    """One appointment with its history; looking goes into the log."""
    entry = find(connection, appointment_id)
    if entry is None:
        return None
    _audit(connection, account, "appointment_read", appointment_id, step.now)
    return entry, history_of(connection, appointment_id)


def of_conversation(connection: sa.Connection, conversation: str) -> list[Entry]:
    """The appointments of the citizen of a conversation, the next first."""
    rows = connection.execute(
        sa.select(appointments)
        .where(appointments.c.conversation == conversation, appointments.c.status.in_(_SHOWN))
        .order_by(appointments.c.starts_at.desc())
        .limit(10)
    )
    return [_entry(row) for row in rows]


def reveal_contact(
    connection: sa.Connection, step: Step, account: Account, appointment_id: str
) -> str | None:
    """The whole contact; reading it goes into the log."""
    contact = connection.execute(
        sa.select(appointments.c.contact).where(appointments.c.id == appointment_id)
    ).scalar()
    if contact is None:
        return None
    _audit(connection, account, "contact_revealed", appointment_id, step.now)
    return str(contact)


def audited(
    connection: sa.Connection,
    step: Step,
    account: Account,
    action: str,
    unit: Callable[Concatenate[sa.Connection, Step, P], booking.Outcome],
    *args: P.args,
    **kwargs: P.kwargs,
) -> booking.Outcome:
    """Run a change of an appointment with its line in the log, if it changed something."""
    outcome = unit(connection, step, *args, **kwargs)
    found = outcome.get("appointment")
    if found is not None and not outcome.get("again"):
        _audit(connection, account, action, found["id"], step.now)
    return outcome


def close(
    connection: sa.Connection,
    step: Step,
    account: Account,
    *,
    office: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> list[str]:
    """Close an office for a period; returns the codes of those who are booked then."""
    closed = calendar.close_period(connection, step, starts_at, ends_at, reason, office=office)
    _audit(connection, account, "agenda_closed", closed["id"], step.now)
    return [shown(code) for code in closed["conflicts"]]


def reopen(connection: sa.Connection, step: Step, account: Account, closure: int) -> bool:
    """Take a closure back; False if it is not there."""
    if not calendar.reopen(connection, step, closure):
        return False
    _audit(connection, account, "agenda_reopened", closure, step.now)
    return True


def affected(connection: sa.Connection, step: Step) -> list[Entry]:
    """Appointments to come that present rules and closures would not offer."""
    codes = [booked.code for booked in calendar.conflicts(connection, step)]
    rows = connection.execute(
        sa.select(appointments)
        .where(appointments.c.code.in_(codes))
        .order_by(appointments.c.starts_at)
    )
    return [_entry(row) for row in rows]


def make_feed(connection: sa.Connection, step: Step, account: Account) -> str:
    """A new secret address of the calendar feed; the old one ends."""
    secret = agenda.make_feed(connection, step)
    _audit(connection, account, "agenda_feed", "", step.now)
    return secret


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
    )


def _audit(
    connection: sa.Connection, account: Account, action: str, subject: object, now: datetime
) -> None:
    audit.record(
        connection,
        now=now,
        staff_id=account.id,
        action=action,
        subject_kind="appointment",
        subject_id=subject,
    )
