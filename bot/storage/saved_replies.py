"""Changes of saved replies, each with its line in the audit log."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.storage import audit
from bot.storage.console_tables import saved_replies as table
from bot.storage.upsert import insert


def add(
    connection: sa.Connection, *, shortcut: str, title: str, text: str, by: int, now: datetime
) -> bool:
    """A new reply; False if the shortcut is taken."""
    added = connection.execute(
        insert(connection, table)
        .values(shortcut=shortcut, title=title, text=text, changed_at=now)
        .on_conflict_do_nothing(index_elements=["shortcut"])
        .returning(table.c.id)
    ).scalar()
    if added is None:
        return False
    _audit(connection, by, "saved_reply_changed", int(added), now)
    return True


def change(
    connection: sa.Connection, reply_id: int, *, title: str, text: str, by: int, now: datetime
) -> bool:
    """New title and text; False if it is not there any more."""
    values = {"title": title, "text": text, "changed_at": now}
    changed = connection.execute(sa.update(table).where(table.c.id == reply_id).values(**values))
    if changed.rowcount != 1:
        return False
    _audit(connection, by, "saved_reply_changed", reply_id, now)
    return True


def delete(connection: sa.Connection, reply_id: int, *, by: int, now: datetime) -> bool:
    """Take a reply away; False if it was gone already."""
    deleted = connection.execute(sa.delete(table).where(table.c.id == reply_id))
    if deleted.rowcount != 1:
        return False
    _audit(connection, by, "saved_reply_deleted", reply_id, now)
    return True


def _audit(connection: sa.Connection, by: int, action: str, reply_id: int, now: datetime) -> None:
    audit.record(
        connection,
        now=now,
        staff_id=by,
        action=action,
        subject_kind="saved_reply",
        subject_id=reply_id,
    )
