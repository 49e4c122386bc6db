"""The agenda as staff and scripts see it: lists with personal data, CSV, calendar feed, erasure and copies."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.appointments import booking
from bot.appointments.calendar import CONFIRMED, HELD, LONGEST_HOLD, local_iso
from bot.appointments.calendar_files import agenda_file
from bot.appointments.history import Step, record
from bot.appointments.views import views_of
from bot.storage.app_state import read_state, write_state
from bot.storage.appointment_tables import appointments

FIELDS: Final = (
    "code",
    "office",
    "service",
    "start",
    "duration_minutes",
    "status",
    "name",
    "contact",
    "reason",
    "channel",
    "conversation",
)
"""Stable fields of `--json` and CSV, documented in docs/appointments.md."""

_LIST_MAX: Final = 10_000
_FEED_KEY: Final = "agenda_feed"
_FEED_PAST: Final = timedelta(days=30)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def listed(
    connection: sa.Connection,
    step: Step,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    statuses: Sequence[str] = (),
    office: str = "",
) -> list[dict[str, Any]]:
    """Appointments in order of time, each with FIELDS; holds that ran out are not there."""
    table = appointments.c
    conditions = [
        sa.or_(
            table.status != HELD, table.expires_at.between(step.timer, step.timer + LONGEST_HOLD)
        )
    ]
    if since is not None:
        conditions.append(table.starts_at >= since)
    if until is not None:
        conditions.append(table.starts_at < until)
    if statuses:
        conditions.append(table.status.in_(statuses))
    if office:
        conditions.append(table.office == office)
    rows = connection.execute(
        sa.select(appointments)
        .where(*conditions)
        .order_by(table.starts_at, table.code)
        .limit(_LIST_MAX)
    )
    return [as_record(row) for row in rows]


def as_record(row: Any) -> dict[str, Any]:
    """A row with the documented fields."""
    return {
        "code": row.code,
        "office": row.office,
        "service": row.service,
        "start": local_iso(row.starts_at),
        "duration_minutes": row.minutes,
        "status": row.status,
        "name": row.name,
        "contact": row.contact,
        "reason": row.reason,
        "channel": row.channel,
        "conversation": row.conversation or "",
    }


def as_csv(records: Iterable[dict[str, Any]]) -> str:
    """CSV with FIELDS; no cell is taken for a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(FIELDS)
    for one in records:
        writer.writerow([_harmless(one[name]) for name in FIELDS])
    return out.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def make_feed(connection: sa.Connection, step: Step) -> str:
    """A new secret for the agenda feed; the one before opens nothing any more."""
    secret = secrets.token_urlsafe(24)
    write_state(connection, _FEED_KEY, _digest(secret))
    record(connection, step, "feed_made")
    return secret


def revoke_feed(connection: sa.Connection, step: Step) -> None:
    """Close the feed."""
    write_state(connection, _FEED_KEY, "")
    record(connection, step, "feed_revoked")


def feed(connection: sa.Connection, step: Step, secret: str, organizer: str) -> bytes | None:
    """The agenda as a calendar (a month back, everything ahead), or None if the secret is wrong."""
    known = read_state(connection, _FEED_KEY)
    if not known or not hmac.compare_digest(known, _digest(secret)):
        return None
    rows = connection.execute(
        sa.select(appointments)
        .where(appointments.c.status == CONFIRMED, appointments.c.starts_at > step.now - _FEED_PAST)
        .order_by(appointments.c.starts_at)
        .limit(_LIST_MAX)
    ).all()
    views = views_of(connection, step, rows)
    named = [(view, row.name, row.reason) for view, row in zip(views, rows, strict=True)]
    return agenda_file(named, step.now, organizer)


def copy_of_conversation(connection: sa.Connection, conversation: str) -> list[dict[str, Any]]:
    """Everything that appointments know of the citizen of a conversation, with FIELDS."""
    rows = connection.execute(
        sa.select(appointments)
        .where(appointments.c.conversation == conversation)
        .order_by(appointments.c.starts_at)
        .limit(_LIST_MAX)
    )
    return [as_record(row) for row in rows]


def erase_conversation(connection: sa.Connection, step: Step, conversation: str) -> int:
    """Erase the personal data of a conversation's appointments; those to come are cancelled. Returns how many.

    The history keeps that something was booked, without a word about whom.
    """
    rows = connection.execute(
        sa.select(appointments)
        .where(appointments.c.conversation == conversation)
        .order_by(appointments.c.id)
        .with_for_update()
    ).all()
    for row in rows:
        if row.status == HELD:
            booking.release_hold(connection, step.later(conversation=conversation))
        elif row.status == CONFIRMED:
            # The row is nameless before the news of the cancellation could be queued.
            _make_nameless(connection, step, row.id)
            booking.cancel(connection, step, row.id)
        _make_nameless(connection, step, row.id)
    return len(rows)


def _make_nameless(connection: sa.Connection, step: Step, appointment_id: str) -> None:
    changed = connection.execute(
        sa.update(appointments)
        .where(appointments.c.id == appointment_id, appointments.c.conversation.is_not(None))
        .values(name="", person="", contact="", reason="", conversation=None, changed_at=step.now)
    )
    if changed.rowcount:
        record(connection, step, "erased", appointment_id)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
