"""How many appointments to come one person, one contact and one conversation may have."""

from __future__ import annotations

from typing import Any, Final, Literal

import sqlalchemy as sa

from bot.appointments.calendar import CONFIRMED
from bot.appointments.contacts import person_key
from bot.appointments.history import Step
from bot.appointments.rules import Limits
from bot.storage.appointment_tables import OPEN, appointments
from bot.storage.locks import lock_names

LimitKind = Literal["person", "contact", "sender"]


def _open_and(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.count())
        .select_from(appointments)
        .where(
            condition,
            OPEN,
            appointments.c.status == CONFIRMED,
            appointments.c.starts_at > sa.bindparam("now"),
        )
        .scalar_subquery()
    )


_MINE: Final = appointments.c.contact == sa.bindparam("contact")
_OPEN_OF: Final = sa.select(
    _open_and(sa.and_(_MINE, appointments.c.person == sa.bindparam("person"))),
    _open_and(_MINE),
    _open_and(
        sa.and_(appointments.c.conversation == sa.bindparam("sender"), sa.bindparam("sender") != "")
    ),
)
"""Confirmed appointments to come of a person, of a contact, of a conversation."""


def lock_person(connection: sa.Connection, step: Step, contact: str) -> None:
    """Nobody else books for this contact or from this conversation until the transaction ends."""
    lock_names(connection, [f"contact:{contact}", f"conversation:{step.conversation}"])


def limit_reached(
    connection: sa.Connection, step: Step, limits: Limits, *, name: str, contact: str
) -> tuple[LimitKind, int] | None:
    """The limit that one more appointment would exceed, and how many it allows; None if there is room."""
    numbers = connection.execute(
        _OPEN_OF,
        {
            "contact": contact,
            "person": person_key(name),
            "sender": step.conversation,
            "now": step.now,
        },
    ).one()
    most: list[tuple[LimitKind, int]] = [
        ("person", limits.open_per_person),
        ("contact", limits.open_per_contact),
        ("sender", limits.open_per_sender),
    ]
    for number, (kind, allowed) in zip(numbers, most, strict=True):
        if number >= allowed:
            return kind, allowed
    return None
