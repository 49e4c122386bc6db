"""What happens because time passes: sessions end, alerts that nobody reads, persons who are gone, old events.

Each unit picks its rows under lock and skips those that another replica holds: whoever is first does it, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from actions.danger import danger_text
from actions.handoff import somebody_reads
from actions.texts import text
from bot.clock import Clock
from bot.conversations import desk
from bot.conversations.notifier import Notifier
from bot.conversations.personal_data import purge_shells
from bot.errors import StorageUnavailable
from bot.limits import EVENTS_KEPT_H, UPKEEP_AT_ONCE, UPKEEP_INTERVAL_S
from bot.settings import Settings
from bot.storage import inbox, outbox, ownership
from bot.storage.database import Database
from bot.storage.events import prune_events
from bot.storage.tables import conversations, inbound
from knowledge.hours import OpeningHours

log = structlog.get_logger("sportello.upkeep")

_C: Final = conversations.c


class Upkeep:
    """Runs the units again and again until cancelled; every replica may."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        hours: Callable[[], OpeningHours],
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._hours = hours

    async def run(self) -> None:
        """Keep up until cancelled."""
        while True:
            try:
                await self.once()
            except StorageUnavailable as error:
                log.warning("storage.unavailable", reason=str(error))
            except Exception as error:
                log.error("upkeep.failed", error=type(error).__name__)
            await asyncio.sleep(UPKEEP_INTERVAL_S)

    async def once(self) -> None:
        """Run every unit once."""
        now, write = self._clock.utc(), self._database.write
        silence = timedelta(minutes=self._settings.session_silence_minutes)
        patience = timedelta(minutes=self._settings.staff_silence_minutes)
        idle = timedelta(hours=self._settings.staff_idle_hours)
        alert = timedelta(seconds=self._settings.danger_alert_s)
        when = somebody_reads(self._hours(), self._clock.now())
        done = [
            await write(give_unread_numbers, now - alert, now),
            await write(return_to_queue, now - patience, when, now),
            await write(end_sessions, ownership.ASSISTANT, now - silence, now),
            await write(end_sessions, ownership.STAFF, now - idle, now),
        ]
        if any(done):
            self._notifier.changed()
        await write(purge_shells, now)
        await write(prune_events, now - timedelta(hours=EVENTS_KEPT_H))


def give_unread_numbers(connection: sa.Connection, before: datetime, now: datetime) -> int:
    """Send the emergency numbers where a danger told to a person is unread since ``before``; returns how many."""
    alerted = connection.execute(
        sa.select(_C.id, _C.alert_kind)
        .where(_C.alert_at <= before)
        .limit(UPKEEP_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for row in alerted:
        message = {
            "text": f"{text('danger_unread')} {danger_text(row.alert_kind)}",
            "custom": {"status": "crisis", "topic": row.alert_kind, "records": []},
        }
        desk.mark_seen(connection, row.id)
        _say(connection, row.id, message, now)
    return len(alerted)


def return_to_queue(connection: sa.Connection, before: datetime, when: str, now: datetime) -> int:
    """Put conversations whose person has not answered since ``before`` back into the queue; returns how many."""
    waiting = _picked(connection, _C.owner == ownership.STAFF, _C.unanswered_since <= before)
    for conversation_id in waiting:
        desk.give_up(connection, conversation_id, now, when=when)
    return len(waiting)


def end_sessions(connection: sa.Connection, owner: str, before: datetime, now: datetime) -> int:
    """Close conversations of an owner in which nobody has said anything since ``before``; returns how many."""
    unanswered = sa.exists().where(
        inbound.c.conversation_id == _C.id, inbound.c.status == inbox.RECEIVED
    )
    silent = _picked(
        connection,
        _C.owner == owner,
        _C.last_message_at <= before,
        _C.unanswered_since.is_(None),
        _C.erased_at.is_(None),
        ~unanswered,
    )
    for conversation_id in silent:
        ownership.expire(connection, conversation_id, now)
        _say(connection, conversation_id, desk.notice("session_closed", "closed"), now)
    return len(silent)


def _picked(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[str]:
    rows = connection.execute(
        sa.select(_C.id)
        .where(*conditions)
        .order_by(_C.last_message_at)
        .limit(UPKEEP_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return [str(row.id) for row in rows]


def _say(
    connection: sa.Connection, conversation_id: str, message: dict[str, Any], now: datetime
) -> None:
    outbox.send(
        connection,
        conversation_id=conversation_id,
        author=outbox.SYSTEM,
        message=message,
        now=now,
    )
