"""Who does something with appointments, and the append-only history of what was done (no personal data in it)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from bot.clock import Clock
from bot.storage.appointment_tables import booking_history

CITIZEN: Final = "citizen"
SYSTEM: Final = "system"

What = Literal[
    "held",
    "released",
    "confirmed",
    "moved",
    "cancelled",
    "completed",
    "no_show",
    "reminded",
    "erased",
    "closed",
    "reopened",
    "rules_changed",
    "feed_made",
    "feed_revoked",
    "exported",
]


@dataclass(frozen=True)
class Step:
    """One step of somebody: who, through which channel, in which conversation, when.

    Args:
        now: the time that rules look at (UTC; SPORTELLO_CLOCK moves it).
        timer: the time that holds and limits are measured with (UTC; nothing moves it but the system clock).
        who: "citizen", "system", or a member of staff as "staff:name" / "operator:login".
        conversation: id of the conversation; "" on the command line and in links.
    """

    now: datetime
    timer: datetime
    channel: str
    who: str = CITIZEN
    conversation: str = ""

    @classmethod
    def at(cls, clock: Clock, channel: str, *, who: str = CITIZEN, conversation: str = "") -> Step:
        """A step taken at the present moment."""
        return cls(clock.utc(), clock.timer(), channel, who, conversation)

    def later(self, **changes: Any) -> Step:
        """The same step with other fields."""
        return replace(self, **changes)


def record(
    connection: sa.Connection,
    step: Step,
    what: What,
    appointment_id: str | None = None,
    **detail: Any,
) -> None:
    """Add a line to the history, in the transaction of what it tells."""
    connection.execute(
        sa.insert(booking_history),
        {
            "at": step.now,
            "who": step.who,
            "channel": step.channel,
            "what": what,
            "appointment_id": appointment_id,
            "detail": json.dumps(detail, ensure_ascii=False),
        },
    )


def history_of(connection: sa.Connection, appointment_id: str) -> list[dict[str, Any]]:
    """What was done with an appointment, oldest first: ``at, who, channel, what, detail``."""
    rows = connection.execute(
        sa.select(booking_history)
        .where(booking_history.c.appointment_id == appointment_id)
        .order_by(booking_history.c.id)
        .limit(500)
    )
    return [
        {
            "at": row.at.isoformat(),
            "who": row.who,
            "channel": row.channel,
            "what": row.what,
            "detail": json.loads(row.detail),
        }
        for row in rows
    ]
