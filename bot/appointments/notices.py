"""What must still be told about appointments: confirmations by mail and reminders, one row each, told once.

A notice is queued in the transaction of what it tells and holds no personal data: its text is made when it goes out,
from the appointment as it then is. If that has changed meanwhile, a newer notice says so and this one is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

import sqlalchemy as sa

from bot.appointments.calendar import CONFIRMED, stored_rules
from bot.appointments.contacts import kind_of
from bot.appointments.history import Step, record
from bot.appointments.rules import Reminders
from bot.appointments.slots import Agenda
from bot.clock import ROME
from bot.storage.appointment_tables import UNTOLD, appointments
from bot.storage.appointment_tables import notices as table

Kind = Literal["confirmed", "moved", "cancelled", "reminder"]
QUEUED: Final = "queued"
SENDING: Final = "sending"
SENT: Final = "sent"
FAILED: Final = "failed"
DROPPED: Final = "dropped"

EMAIL: Final = "email"
CHAT: Final = "chat"

_FINDS_ITS_CITIZEN: Final = frozenset({"telegram"})
"""Channels whose messages arrive although the citizen has gone away: they come before e-mail."""

_LEASE: Final = timedelta(minutes=2)
"""After this a notice that was being sent when its process died is sent again, with the same Message-ID."""

_RETRIES: Final = (1, 5, 15, 60, 180, 360)
"""Minutes between attempts; after the last the notice has failed."""

_RETRY_MAX: Final = timedelta(hours=7)
"""A retry further away than this was written before the clock was set back: it is due."""

_STILL_USEFUL: Final = timedelta(hours=1)
"""A reminder that could not be given is dropped when the appointment is nearer than this."""

_PEOPLE_S_DAY: Final = 14
"""Working days looked back for; longer closures do not exist."""


@dataclass(frozen=True)
class Due:
    """A notice to be told now, and the appointment it is about (a row of ``appointments``)."""

    id: int
    kind: Kind
    via: str
    sequence: int
    attempts: int
    lease: str
    appointment: Any


def queue_confirmed(connection: sa.Connection, step: Step, agenda: Agenda, row: Any) -> None:
    """Queue the confirmation and the reminder of a new appointment."""
    _queue(connection, [*_mail(step, row, "confirmed"), *_reminder(step, agenda, row)])


def queue_moved(connection: sa.Connection, step: Step, agenda: Agenda, row: Any) -> None:
    """Replace what was queued by the news of the move and a reminder for the new day."""
    _drop_queued(connection, step, row.id)
    _queue(connection, [*_mail(step, row, "moved"), *_reminder(step, agenda, row)])


def queue_cancelled(connection: sa.Connection, step: Step, row: Any) -> None:
    """Replace what was queued by the news of the cancellation."""
    _drop_queued(connection, step, row.id)
    _queue(connection, _mail(step, row, "cancelled"))


def reminder_moment(agenda: Agenda, start: datetime) -> datetime:
    """The chosen hour of the working day before an appointment."""
    day = start.astimezone(ROME).date()
    for _ in range(_PEOPLE_S_DAY):
        day -= timedelta(days=1)
        if agenda.is_working_day(day):
            break
    return datetime.combine(day, time.fromisoformat(agenda.reminders.at), ROME)


def may_disturb(reminders: Reminders, now: datetime) -> bool:
    """Whether reminders may go out at this moment: never at night."""
    opens, closes = (time.fromisoformat(part) for part in reminders.between.split("-"))
    return opens <= now.astimezone(ROME).time() < closes


def claim_due(connection: sa.Connection, step: Step, *, via: str, most: int = 20) -> list[Due]:
    """Take notices that are due, for this process alone, oldest first; those that are pointless are dropped.

    Replicas share the work: each row goes to one of them, for two minutes at a time.
    """
    conditions: list[sa.ColumnElement[bool] | sa.TextClause] = [
        table.c.via == via,
        UNTOLD,
        table.c.due_at <= step.now,
        sa.or_(
            table.c.retry_at.is_(None),
            sa.not_(table.c.retry_at.between(step.timer, step.timer + _RETRY_MAX)),
        ),
    ]
    if not may_disturb(stored_rules(connection).reminders, step.now):
        conditions.append(table.c.kind != "reminder")
    rows = connection.execute(
        sa.select(table)
        .where(*conditions)
        .order_by(table.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return []
    found = connection.execute(
        sa.select(appointments).where(appointments.c.id.in_([row.appointment_id for row in rows]))
    )
    about = {row.id: row for row in found}
    lease = uuid4().hex
    due, pointless = [], []
    for row in rows:
        if _is_pointless(step, row, about[row.appointment_id]):
            pointless.append(row.id)
        else:
            attempts = row.attempts + 1
            due.append(
                Due(row.id, row.kind, via, row.sequence, attempts, lease, about[row.appointment_id])
            )
    if pointless:
        _close(connection, step, pointless, DROPPED)
    if due:
        connection.execute(
            sa.update(table)
            .where(table.c.id.in_([one.id for one in due]))
            .values(
                status=SENDING,
                lease=lease,
                attempts=table.c.attempts + 1,
                retry_at=step.timer + _LEASE,
            )
        )
    return due


def mark_sent(connection: sa.Connection, step: Step, due: Due) -> None:
    """The notice has been told. A reminder leaves a line in the history."""
    _close(connection, step, [due.id], SENT)
    if due.kind == "reminder":
        record(connection, step, "reminded", due.appointment.id, via=due.via)


def mark_unsent(connection: sa.Connection, step: Step, due: Due, *, forever: bool = False) -> None:
    """The notice could not be told: later again, or (``forever``, or after the last attempt) never."""
    if forever or due.attempts > len(_RETRIES):
        _close(connection, step, [due.id], FAILED)
        return
    pause = timedelta(minutes=_RETRIES[due.attempts - 1])
    connection.execute(
        sa.update(table)
        .where(table.c.id == due.id, table.c.lease == due.lease)
        .values(status=QUEUED, lease=None, retry_at=step.timer + pause)
    )


def _is_pointless(step: Step, notice: Any, appointment: Any) -> bool:
    if notice.sequence != appointment.sequence:
        return True
    if notice.kind == "cancelled":
        return False
    too_late = appointment.starts_at - step.now < (
        _STILL_USEFUL if notice.kind == "reminder" else timedelta()
    )
    return bool(appointment.status != CONFIRMED or too_late)


def _mail(step: Step, row: Any, kind: Kind) -> list[dict[str, Any]]:
    by_mail = row.contact and kind_of(row.contact) == EMAIL
    return [_notice(row, kind, EMAIL, step.now)] if by_mail else []


def _reminder(step: Step, agenda: Agenda, row: Any) -> list[dict[str, Any]]:
    due_at = reminder_moment(agenda, row.starts_at)
    via = way_to(row)
    # Who books after that moment has just been told the day.
    return [_notice(row, "reminder", via, due_at)] if via and due_at > step.now else []


def way_to(row: Any) -> str:
    """How the citizen of an appointment is reached without being asked: CHAT, EMAIL, or "" (only by telephone)."""
    if row.conversation and row.channel in _FINDS_ITS_CITIZEN:
        return CHAT
    if row.contact and kind_of(row.contact) == EMAIL:
        return EMAIL
    return CHAT if row.conversation else ""


def _notice(row: Any, kind: Kind, via: str, due_at: datetime) -> dict[str, Any]:
    return {
        "appointment_id": row.id,
        "kind": kind,
        "sequence": row.sequence,
        "via": via,
        "due_at": due_at,
    }


def _queue(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _drop_queued(connection: sa.Connection, step: Step, appointment_id: str) -> None:
    connection.execute(
        sa.update(table)
        .where(table.c.appointment_id == appointment_id, table.c.status == QUEUED)
        .values(status=DROPPED, closed_at=step.now)
    )


def _close(connection: sa.Connection, step: Step, ids: list[int], status: str) -> None:
    connection.execute(
        sa.update(table)
        .where(table.c.id.in_(ids))
        .values(status=status, lease=None, retry_at=None, closed_at=step.now)
    )
