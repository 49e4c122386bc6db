"""Citizens' reports of wrong information: which answer, which records, in whose words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.storage.tables import inbound, outbound, reports
from bot.storage.upsert import insert

OPEN: Final = "open"
DONE: Final = "done"
_LOOKED_AT: Final = 20
"""Answers among which the last one that rests on records is looked for."""


@dataclass(frozen=True)
class Report:
    """A report. ``records`` are record ids and, after "#", fact ids; ``comment`` is masked."""

    id: int
    conversation_id: str
    seq: int
    topic: str
    records: tuple[str, ...]
    comment: str
    status: str
    created_at: datetime


def report_answer(
    connection: sa.Connection, conversation_id: str, seq: int, comment: str, now: datetime
) -> bool:
    """Report the answer with a number (a button under it); again only adds the comment.

    Args:
        comment: already masked; "" if none.

    Returns:
        Whether there is such an answer and it rests on records.
    """
    payload = connection.execute(
        sa.select(outbound.c.payload).where(
            outbound.c.conversation_id == conversation_id, outbound.c.seq == seq
        )
    ).scalar()
    custom = _custom(payload) if payload is not None else {}
    if not custom.get("records"):
        return False
    statement = insert(connection, reports).values(
        conversation_id=conversation_id,
        seq=seq,
        topic=custom["topic"],
        records=json.dumps(custom["records"]),
        comment=comment,
        status=OPEN,
        created_at=now,
    )
    again = {"comment": statement.excluded.comment, "status": OPEN} if comment else {"status": OPEN}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["conversation_id", "seq"], set_=again)
    )
    return True


def report_last_answer(
    connection: sa.Connection,
    *,
    conversation_id: str,
    inbound_id: int,
    has_comment: bool,
    now: datetime,
) -> bool:
    """Report the last answer that rests on records, before the message ``inbound_id`` that says so.

    The comment is that message as it is kept, without personal data.
    """
    row = connection.execute(
        sa.select(inbound.c.seq, inbound.c.text).where(inbound.c.id == inbound_id)
    ).one()
    answers = connection.execute(
        sa.select(outbound.c.seq, outbound.c.payload)
        .where(outbound.c.conversation_id == conversation_id, outbound.c.seq < row.seq)
        .order_by(outbound.c.seq.desc())
        .limit(_LOOKED_AT)
    )
    seq = next((a.seq for a in answers if _custom(a.payload).get("records")), None)
    if seq is None:
        return False
    comment = row.text if has_comment else ""
    return report_answer(connection, conversation_id, seq, comment, now)


def list_reports(connection: sa.Connection, status: str | None, limit: int) -> list[Report]:
    """Reports, the newest first; ``status`` None means all."""
    wanted = sa.select(reports).order_by(reports.c.id.desc()).limit(limit)
    if status is not None:
        wanted = wanted.where(reports.c.status == status)
    return [_report(row) for row in connection.execute(wanted)]


def reports_of(connection: sa.Connection, conversation_id: str) -> list[Report]:
    """Reports made in one conversation, the oldest first."""
    wanted = (
        sa.select(reports)
        .where(reports.c.conversation_id == conversation_id)
        .order_by(reports.c.id)
    )
    return [_report(row) for row in connection.execute(wanted)]


def close_report(connection: sa.Connection, report_id: int) -> bool:
    """Mark a report as dealt with; False if there is none of that id."""
    changed = connection.execute(
        sa.update(reports).where(reports.c.id == report_id).values(status=DONE)
    )
    return changed.rowcount == 1


def _report(row: Any) -> Report:
    return Report(
        int(row.id),
        row.conversation_id,
        row.seq,
        row.topic,
        tuple(json.loads(row.records)),
        row.comment,
        row.status,
        row.created_at,
    )


def _custom(payload: str) -> dict[str, Any]:
    custom: dict[str, Any] = json.loads(payload).get("custom") or {}
    return custom
