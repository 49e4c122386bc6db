"""The append-only audit log: who did what to what, when. Triggers refuse changes; ids only, no personal data of citizens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.storage.console_tables import audit_log, staff

PAGE_ROWS: Final = 50


@dataclass(frozen=True)
class AuditRow:
    """One line of the log. ``who`` is empty when nobody had signed in (a failed attempt, the command line)."""

    id: int
    at: datetime
    who: str
    action: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any]


def record(
    connection: sa.Connection,
    *,
    now: datetime,
    staff_id: int | None,
    action: str,
    subject_kind: str = "",
    subject_id: object = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Add a line, in the transaction of the change that it tells about."""
    connection.execute(
        sa.insert(audit_log).values(
            at=now,
            staff_id=staff_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            detail=json.dumps(detail or {}, ensure_ascii=False),
        )
    )


def page(
    connection: sa.Connection,
    *,
    before_id: int | None = None,
    staff_id: int | None = None,
    action: str = "",
    subject_id: str = "",
) -> Sequence[AuditRow]:
    """The newest lines first, ``PAGE_ROWS`` at most, older than ``before_id`` when given."""
    query = (
        sa.select(audit_log, staff.c.name)
        .outerjoin(staff, staff.c.id == audit_log.c.staff_id)
        .order_by(audit_log.c.id.desc())
        .limit(PAGE_ROWS)
    )
    if before_id is not None:
        query = query.where(audit_log.c.id < before_id)
    if staff_id is not None:
        query = query.where(audit_log.c.staff_id == staff_id)
    if action:
        query = query.where(audit_log.c.action == action)
    if subject_id:
        query = query.where(audit_log.c.subject_id == subject_id)
    return [
        AuditRow(
            row.id,
            row.at,
            row.name or "",
            row.action,
            row.subject_kind,
            row.subject_id,
            json.loads(row.detail),
        )
        for row in connection.execute(query)
    ]
