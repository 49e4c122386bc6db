"""Appointments as they are shown to whom they belong, and those of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, TypedDict

import sqlalchemy as sa

from bot.appointments.calendar import CONFIRMED, HELD, UnknownChoice, agenda_of, local_iso
from bot.appointments.contacts import masked
from bot.appointments.history import Step
from bot.appointments.rules import Office, Service
from bot.appointments.slots import Agenda
from bot.storage.appointment_tables import appointments
from knowledge.hours import OpeningHours

_OWN_MAX: Final = 20


class AppointmentView(TypedDict):
    """What may be shown to whom the appointment belongs; times are local ISO, the contact is masked."""

    id: str
    code: str
    office: str
    office_name: str
    address: str
    service: str
    service_name: str
    bring: list[str]
    start: str
    duration_minutes: int
    status: str
    sequence: int
    contact: str


def open_appointments(connection: sa.Connection, step: Step) -> list[AppointmentView]:
    """Confirmed appointments to come of the conversation, the next first."""
    rows = connection.execute(
        sa.select(appointments)
        .where(
            appointments.c.conversation == step.conversation,
            appointments.c.status == CONFIRMED,
            appointments.c.starts_at > step.now,
        )
        .order_by(appointments.c.starts_at)
        .limit(_OWN_MAX)
    ).all()
    return views_of(connection, step, rows)


def held_start(connection: sa.Connection, step: Step) -> datetime | None:
    """The start that the conversation holds: free to it, though to nobody else."""
    starts_at: datetime | None = connection.execute(
        sa.select(appointments.c.starts_at).where(
            appointments.c.conversation == step.conversation,
            appointments.c.status == HELD,
            appointments.c.starts_at > step.now,
        )
    ).scalar()
    return starts_at


def viewed(connection: sa.Connection, step: Step, row: Any) -> AppointmentView:
    """The view of a row of ``appointments``; the caller has checked whose it is."""
    return view_of(row, agenda_of_row(connection, step, row))


def views_of(connection: sa.Connection, step: Step, rows: Sequence[Any]) -> list[AppointmentView]:
    """The views of several rows, in their order; each office is read once."""
    by_office = {row.office: row for row in rows}
    agendas = {key: agenda_of_row(connection, step, row) for key, row in by_office.items()}
    return [view_of(row, agendas[row.office]) for row in rows]


def agenda_of_row(connection: sa.Connection, step: Step, row: Any) -> Agenda:
    """The agenda of the office of a row; an office that the rules no longer name is shown by its id."""
    try:
        return agenda_of(connection, row.office, step)
    except UnknownChoice:
        return Agenda(Office.unknown(row.office), OpeningHours.none())


def service_of_row(agenda: Agenda, row: Any) -> Service:
    """The service of a row; one that the rules no longer name keeps its length and is shown by its id."""
    return agenda.office.service(row.service) or Service.unknown(row.service, row.minutes)


def view_of(row: Any, agenda: Agenda) -> AppointmentView:
    """The view of a row whose office is known."""
    service = service_of_row(agenda, row)
    return {
        "id": row.id,
        "code": row.code,
        "office": row.office,
        "office_name": agenda.office.name,
        "address": agenda.office.address,
        "service": row.service,
        "service_name": service.name,
        "bring": list(service.bring),
        "start": local_iso(row.starts_at),
        "duration_minutes": row.minutes,
        "status": row.status,
        "sequence": row.sequence,
        "contact": masked(row.contact),
    }
