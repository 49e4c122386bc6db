"""From a code to an appointment: the one door through which somebody else's could be seen, so it counts the wrong tries.

Codes are 32 random bits with a check. A sender may be wrong a few times, all senders together a few times more (only
codes with a right check count there: a typing error of a citizen closes no door). Behind a closed door nothing is
looked up, right or wrong; who wrote in the conversation that booked needs no code at all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal, TypedDict

import sqlalchemy as sa

from bot.appointments.calendar import HELD, stored_rules
from bot.appointments.codes import is_plausible, normalised
from bot.appointments.history import CITIZEN, Step
from bot.appointments.views import AppointmentView, viewed
from bot.storage.appointment_tables import appointments, code_attempts
from bot.storage.locks import lock_names

_KEPT: Final = timedelta(days=1)


class Found(TypedDict, total=False):
    """What came of a code: "found" with the appointment, "unknown", or "wait" so many ``seconds``."""

    outcome: Literal["found", "unknown", "wait"]
    appointment: AppointmentView
    seconds: int


def find_by_code(connection: sa.Connection, step: Step, text: str, *, sender: str = "") -> Found:
    """The appointment of a code as a citizen typed it. A unit that writes: wrong tries are counted.

    Args:
        sender: who tries; the conversation if it is empty. Staff (any ``who`` but a citizen) are not counted.
    """
    code = normalised(text)
    plausible = is_plausible(code)
    row = row_of_code(connection, code) if plausible else None
    if step.who != CITIZEN or (row is not None and step.conversation == row.conversation):
        return _answer(connection, step, row)
    sender = (sender or step.conversation)[:64]
    lock_names(connection, ["codes"])
    wait = _wait_s(connection, step, sender, plausible=plausible)
    if wait:
        return {"outcome": "wait", "seconds": wait}
    if row is None:
        attempt = {"sender": sender, "plausible": plausible, "at": step.timer}
        connection.execute(sa.insert(code_attempts), attempt)
    return _answer(connection, step, row)


def row_of_code(connection: sa.Connection, code: str) -> Any:
    """The row of an exact code, whoever asks; None if there is none that was ever confirmed."""
    return connection.execute(
        sa.select(appointments).where(appointments.c.code == code, appointments.c.status != HELD)
    ).one_or_none()


def find_by_id(
    connection: sa.Connection, step: Step, appointment_id: str
) -> AppointmentView | None:
    """The appointment of an id that a signed link or staff gave; None if it is gone or was never confirmed."""
    row = connection.execute(
        sa.select(appointments).where(
            appointments.c.id == appointment_id, appointments.c.status != HELD
        )
    ).one_or_none()
    return viewed(connection, step, row) if row is not None else None


def forget_old_attempts(connection: sa.Connection, step: Step) -> None:
    """Remove tries that count no more."""
    connection.execute(sa.delete(code_attempts).where(code_attempts.c.at < step.timer - _KEPT))


def _answer(connection: sa.Connection, step: Step, row: Any) -> Found:
    if row is None:
        return {"outcome": "unknown"}
    return {"outcome": "found", "appointment": viewed(connection, step, row)}


def _wait_s(connection: sa.Connection, step: Step, sender: str, *, plausible: bool) -> int:
    """Seconds until this sender may try again; 0 is now."""
    limits = stored_rules(connection).limits
    window = timedelta(minutes=limits.wrong_codes_minutes)
    own = code_attempts.c.sender == sender
    waits = [_until_fewer(connection, step, own, limits.wrong_codes_per_sender, window)]
    if plausible:
        everybody = code_attempts.c.plausible
        waits.append(_until_fewer(connection, step, everybody, limits.wrong_codes_overall, window))
    return max(waits)


def _until_fewer(
    connection: sa.Connection,
    step: Step,
    which: sa.ColumnElement[bool],
    most: int,
    window: timedelta,
) -> int:
    # The most-th youngest try must leave the window. Tries of the future belong to a clock that was set back.
    moment = connection.execute(
        sa.select(code_attempts.c.at)
        .where(which, code_attempts.c.at.between(step.timer - window, step.timer))
        .order_by(code_attempts.c.at.desc())
        .offset(most - 1)
        .limit(1)
    ).scalar()
    if moment is None:
        return 0
    return int((moment + window - step.timer).total_seconds()) + 1
