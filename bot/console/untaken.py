"""Requests for a person that nobody takes: colleagues who want to know are told by mail, once for each request."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from actions.opening_hours import PHONE
from bot.console.pages import text
from bot.console.preferences import wants_mail
from bot.storage import office_mails, ownership, staff
from bot.storage.console_tables import untaken_told
from bot.storage.tables import conversations
from bot.storage.upsert import insert
from knowledge.hours import OpeningHours


def somebody_should_have_read(hours: OpeningHours, now: datetime, patience: timedelta) -> bool:
    """Whether the office has been open for as long as a request may wait: at night nobody can take it."""
    return hours.is_open(PHONE, now) and hours.is_open(PHONE, now - patience)


def tell_untaken(
    connection: sa.Connection, *, patience: timedelta, link: str, now: datetime
) -> int:
    """Queue a mail about requests that have waited for too long and were not told of yet; returns how many they are."""
    c = conversations.c
    told = sa.exists().where(
        untaken_told.c.conversation_id == c.id, untaken_told.c.waiting_since == c.waiting_since
    )
    waiting = connection.execute(
        sa.select(c.id, c.waiting_since)
        .where(c.owner == ownership.WAITING, c.waiting_since <= now - patience, ~told)
        .order_by(c.waiting_since)
        .with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return 0
    added = insert(connection, untaken_told).values(
        [{"conversation_id": row.id, "waiting_since": row.waiting_since} for row in waiting]
    )
    connection.execute(
        added.on_conflict_do_update(
            index_elements=["conversation_id"],
            set_={"waiting_since": added.excluded.waiting_since},
        )
    )
    key = "mail_untaken_one" if len(waiting) == 1 else "mail_untaken"
    minutes = int(patience.total_seconds() // 60)
    for account in staff.everybody(connection):
        if not wants_mail(account):
            continue
        office_mails.queue(
            connection,
            staff_id=account.id,
            subject=text("mail_untaken_subject"),
            body=text(key, name=account.name, count=len(waiting), minutes=minutes, link=link),
            once_key=f"untaken:{account.id}:{waiting[-1].id}:{now.isoformat()}",
            now=now,
        )
    return len(waiting)
