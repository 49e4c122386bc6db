"""Mails that the office sends besides the notices of appointments: queued with what causes them, deleted when sent.

A row holds no address: it is looked up when the mail goes out, so that whoever was erased or disabled meanwhile gets none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.storage.appointment_tables import appointments
from bot.storage.console_tables import office_mails as table
from bot.storage.console_tables import staff
from bot.storage.upsert import insert

_LEASE: Final = timedelta(minutes=2)
"""After this a mail whose process died while sending is sent again, with the same Message-ID."""

_PAUSES: Final = (1, 5, 15, 60, 180, 360)
"""Minutes between tries; after the last the mail is given up."""


@dataclass(frozen=True)
class Mail:
    """A mail to be sent now. ``address`` is "" when there is nobody any more to send it to."""

    id: int
    address: str
    subject: str
    body: str
    once_key: str
    attempts: int
    created_at: datetime


def queue(
    connection: sa.Connection,
    *,
    subject: str,
    body: str,
    once_key: str,
    now: datetime,
    staff_id: int | None = None,
    appointment_id: str | None = None,
) -> None:
    """Queue a mail to a colleague or to whom an appointment belongs; a second one with the same key is none."""
    connection.execute(
        insert(connection, table)
        .values(
            staff_id=staff_id,
            appointment_id=appointment_id,
            subject=subject,
            body=body,
            once_key=once_key,
            created_at=now,
            due_at=now,
        )
        .on_conflict_do_nothing(index_elements=["once_key"])
    )


def claim_due(connection: sa.Connection, now: datetime, *, most: int = 20) -> list[Mail]:
    """Take mails that are due, for this process alone, oldest first."""
    ids = list(
        connection.execute(
            sa.select(table.c.id)
            .where(table.c.due_at <= now)
            .order_by(table.c.due_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        ).scalars()
    )
    if not ids:
        return []
    connection.execute(
        sa.update(table)
        .where(table.c.id.in_(ids))
        .values(due_at=now + _LEASE, attempts=table.c.attempts + 1)
    )
    active = sa.and_(staff.c.id == table.c.staff_id, staff.c.disabled_at.is_(None))
    address = sa.func.coalesce(staff.c.email, appointments.c.contact, "")
    rows = connection.execute(
        sa.select(
            table.c.id,
            address,
            table.c.subject,
            table.c.body,
            table.c.once_key,
            table.c.attempts,
            table.c.created_at,
        )
        .select_from(
            table.outerjoin(staff, active).outerjoin(
                appointments, appointments.c.id == table.c.appointment_id
            )
        )
        .where(table.c.id.in_(ids))
        .order_by(table.c.id)
    )
    return [Mail(*row) for row in rows]


def forget(connection: sa.Connection, mail_id: int) -> None:
    """It was sent, or never can be."""
    connection.execute(sa.delete(table).where(table.c.id == mail_id))


def postpone(connection: sa.Connection, mail: Mail, now: datetime) -> bool:
    """Try again later; False if that was the last try, and the mail is given up."""
    if mail.attempts > len(_PAUSES):
        forget(connection, mail.id)
        return False
    pause = timedelta(minutes=_PAUSES[mail.attempts - 1])
    connection.execute(sa.update(table).where(table.c.id == mail.id).values(due_at=now + pause))
    return True
