"""What the console does by itself: the search index, cases of people who are gone, untaken requests, retention."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.console.keys import PREFIX
from bot.console.untaken import somebody_should_have_read, tell_untaken
from bot.conversations import desk, retention
from bot.errors import StorageUnavailable
from bot.limits import CONSOLE_UPKEEP_S, INDEX_INTERVAL_S
from bot.settings import Settings
from bot.storage import ownership, search_words, sign_in_failures, staff_desk, staff_sessions
from bot.storage.console_tables import staff
from bot.storage.database import Database
from bot.storage.tables import conversations
from knowledge.base import KnowledgeBase

_NIGHT_HOUR: Final = 3
"""Hour in Rome of the nightly run; it finds nothing more to do when it runs again in that hour."""

log = structlog.get_logger("sportello.console")


async def keep_up(
    database: Database,
    clock: Clock,
    settings: Settings,
    knowledge: Callable[[], KnowledgeBase | None],
) -> None:
    """Do it again and again, until cancelled; survives a database that comes and goes."""
    rounds = int(CONSOLE_UPKEEP_S / INDEX_INTERVAL_S)
    turn = 0
    while True:
        try:
            while await database.write(search_words.index_new_messages):
                pass
            if turn % rounds == 0:
                await _once(database, clock, settings, knowledge())
        except StorageUnavailable as error:
            log.warning("storage.unavailable", reason=str(error))
        except Exception as error:
            log.error("console.upkeep_failed", error=type(error).__name__)
        turn += 1
        await asyncio.sleep(INDEX_INTERVAL_S)


async def _once(
    database: Database, clock: Clock, settings: Settings, knowledge: KnowledgeBase | None
) -> None:
    now = clock.utc()
    idle = timedelta(minutes=settings.staff_session_idle_minutes)
    returned = await database.write(return_cases_of_absent, now, now - idle)
    if returned:
        log.info("console.cases_returned", conversations=returned)
    await database.write(_forget_ended, now)
    patience = timedelta(minutes=settings.untaken_mail_minutes)
    if (
        patience
        and knowledge is not None
        and somebody_should_have_read(knowledge.hours, clock.now(), patience)
    ):
        link = f"{settings.base_url}{PREFIX}/"
        untaken = await database.write(tell_untaken, patience=patience, link=link, now=now)
        if untaken:
            log.warning("console.untaken", conversations=untaken)
    if clock.now().hour == _NIGHT_HOUR:
        await delete_what_is_due(database, settings, now, by=None)


async def delete_what_is_due(
    database: Database, settings: Settings, now: datetime, *, by: int | None
) -> retention.Due:
    """Delete in batches what is past its term, and note how much it was; others' units run in between."""
    done: Counter[str] = Counter()
    while batch := await database.write(retention.delete_batch, settings, now):
        done.update(batch)
    if done:
        await database.write(retention.record_run, dict(done), by=by, now=now)
        await database.scrub()
    return dict(done)


def return_cases_of_absent(connection: sa.Connection, now: datetime, seen_after: datetime) -> int:
    """Cases of accounts without a living session go back to the queue, and the citizens are told; how many.

    Names that are no account (whoever claims from the command line) keep theirs.
    """
    online = [one.name for one in staff_desk.colleagues_online(connection, seen_after=seen_after)]
    absent = connection.execute(
        sa.select(conversations.c.staff)
        .join(staff, staff.c.name == conversations.c.staff)
        .where(
            conversations.c.owner == ownership.STAFF,
            conversations.c.staff.not_in(online),
            staff.c.presence != staff_desk.AWAY,
        )
        .distinct()
    ).scalars()
    return sum(len(desk.leave(connection, name, now)) for name in list(absent))


def _forget_ended(connection: sa.Connection, now: datetime) -> None:
    week = now - timedelta(days=7)
    staff_sessions.forget_ended(connection, seen_before=week, created_before=week)
    sign_in_failures.forget_old(connection, week)
