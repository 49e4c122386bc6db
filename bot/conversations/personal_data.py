"""All that is kept about a person: a copy of it, and its erasure.

Who stores personal data anywhere adds a `Holder` to `HOLDERS`. What hangs on the conversation's row (messages,
dialogue state, hand-off, reports, effects) goes with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from actions.statuses import EXPORT
from bot.appointments import agenda
from bot.appointments.history import Step
from bot.clock import ROME
from bot.limits import ERASED_SHELL_S
from bot.masking import mask
from bot.storage import (
    console_tables,
    events,
    handoffs,
    outbox,
    ownership,
    reports,
    staff_desk,
    transcript,
    web_sessions,
)
from bot.storage.tables import conversations, effects, inbound, outbound
from bot.storage.tables import handoffs as handoffs_table
from bot.storage.tables import ratings as ratings_table
from bot.storage.tables import reports as reports_table

_MESSAGES_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Holder:
    """A place where personal data of a conversation is kept.

    Attributes:
        name: key of its part of a copy.
        export: JSON-able data of one conversation, None if there is nothing.
        erase: removes it, at a moment; called again it does nothing.
    """

    name: str
    export: Callable[[sa.Connection, str], Any]
    erase: Callable[[sa.Connection, str, datetime], None]


def _exported_handoff(connection: sa.Connection, conversation_id: str) -> Any:
    request = handoffs.request_of(connection, conversation_id)
    return {"message": request.message, "contact": request.contact} if request else None


def _exported_reports(connection: sa.Connection, conversation_id: str) -> Any:
    return [
        {"records": list(r.records), "comment": r.comment, "at": _local(r.created_at)}
        for r in reports.reports_of(connection, conversation_id)
    ] or None


def _exported_rating(connection: sa.Connection, conversation_id: str) -> Any:
    rating = web_sessions.rating_of(connection, conversation_id)
    return {"score": rating.score, "comment": rating.comment} if rating else None


def _exported_notes(connection: sa.Connection, conversation_id: str) -> Any:
    notes = staff_desk.notes_of(connection, conversation_id)
    return [{"text": note.text, "at": _local(note.at)} for note in notes] or None


def _nothing(_connection: sa.Connection, _conversation_id: str) -> Any:
    return None


def _exported_appointments(connection: sa.Connection, conversation_id: str) -> Any:
    return agenda.copy_of_conversation(connection, conversation_id) or None


def _erased_appointments(connection: sa.Connection, conversation_id: str, now: datetime) -> None:
    agenda.erase_conversation(connection, Step(now, now, "erasure"), conversation_id)


def _erased_rows(
    table: sa.Table, connection: sa.Connection, conversation_id: str, _: datetime
) -> None:
    connection.execute(sa.delete(table).where(table.c.conversation_id == conversation_id))


HOLDERS: Final[tuple[Holder, ...]] = (
    Holder("handoff", _exported_handoff, partial(_erased_rows, handoffs_table)),
    Holder("appointments", _exported_appointments, _erased_appointments),
    Holder("reports", _exported_reports, partial(_erased_rows, reports_table)),
    Holder("rating", _exported_rating, partial(_erased_rows, ratings_table)),
    Holder("notes", _exported_notes, partial(_erased_rows, console_tables.notes)),
    Holder("drafts", _nothing, partial(_erased_rows, console_tables.drafts)),
    Holder("reviews", _nothing, partial(_erased_rows, console_tables.reviews)),
    # What the search of the staff knows: it is in the messages, which are exported.
    Holder("words", _nothing, partial(_erased_rows, console_tables.conversation_words)),
)


def export(connection: sa.Connection, conversation_id: str, now: datetime) -> dict[str, Any]:
    """A copy of everything that is kept about whoever writes in a conversation. Raises UnknownConversation."""
    found = transcript.conversation(connection, conversation_id)
    said: list[dict[str, Any]] = []
    after = 0
    while page := transcript.messages(
        connection, conversation_id, after=after, limit=_MESSAGES_AT_ONCE
    ):
        said += [_exported_message(message) for message in page]
        after = page[-1].seq
    copy: dict[str, Any] = {
        "exported_at": _local(now),
        "channel": found.channel,
        "messages": said,
    }
    for holder in HOLDERS:
        part = holder.export(connection, conversation_id)
        if part is not None:
            copy[holder.name] = part
    return copy


def is_export(message: dict[str, Any]) -> bool:
    """Whether a channel must attach a copy of the person's data to a message when it delivers it."""
    custom = message.get("custom") or {}
    return bool(custom.get("topic") == EXPORT and custom.get("status") == "answered")


def with_copy(message: dict[str, Any], copy: dict[str, Any]) -> dict[str, Any]:
    """The message with the copy as ``custom.export``, if it asks for one; the stored message never holds it."""
    if not is_export(message):
        return message
    return {**message, "custom": {**message["custom"], "export": copy}}


def erase(connection: sa.Connection, conversation_id: str, now: datetime) -> bool:
    """Erase a conversation and all that belongs to it; False if there was none. Call `Database.scrub` afterwards."""
    for holder in HOLDERS:
        holder.erase(connection, conversation_id, now)
    gone = connection.execute(sa.delete(conversations).where(conversations.c.id == conversation_id))
    if gone.rowcount:
        _tell_erased(connection, conversation_id, now)
    return gone.rowcount == 1


def erase_but_farewell(
    connection: sa.Connection, *, conversation_id: str, inbound_id: int, now: datetime
) -> None:
    """Erase all but the answer to the message that asked for it, which must still reach the person.

    What is left is an empty shell: `purge_shells` removes it soon, or the next message of the person fills it anew.
    """
    for holder in HOLDERS:
        holder.erase(connection, conversation_id, now)
    if ownership.current(connection, conversation_id).owner == ownership.WAITING:
        ownership.withdraw_request(connection, conversation_id, now)
    mine = outbound.c.conversation_id == conversation_id
    not_the_answer = outbound.c.inbound_id.is_distinct_from(inbound_id)
    connection.execute(sa.delete(outbound).where(mine, not_the_answer))
    connection.execute(
        sa.delete(inbound).where(
            inbound.c.conversation_id == conversation_id, inbound.c.id != inbound_id
        )
    )
    connection.execute(sa.delete(effects).where(effects.c.inbound_id == inbound_id))
    connection.execute(sa.update(inbound).where(inbound.c.id == inbound_id).values(text=""))
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            state=None,
            version=conversations.c.version + 1,
            topic=None,
            reason=None,
            indexed_seq=conversations.c.last_seq,
            erased_at=now,
        )
    )
    _tell_erased(connection, conversation_id, now)


def purge_shells(connection: sa.Connection, now: datetime) -> int:
    """Remove what `erase_but_farewell` left, once the farewell is delivered; returns how many."""
    c = conversations.c
    undelivered = sa.exists().where(
        outbound.c.conversation_id == c.id,
        outbound.c.status.in_((outbox.QUEUED, outbox.SENDING)),
    )
    old = c.erased_at < now - timedelta(seconds=ERASED_SHELL_S)
    gone = connection.execute(sa.delete(conversations).where(old, ~undelivered))
    return int(gone.rowcount)


def _tell_erased(connection: sa.Connection, conversation_id: str, now: datetime) -> None:
    payload = {"conversation": conversation_id}
    events.publish(connection, events.CONVERSATION_ERASED, payload, now)


def _exported_message(message: transcript.Message) -> dict[str, Any]:
    text = mask(message.text) if message.author == transcript.CITIZEN else message.text
    return {"author": message.author, "text": text, "at": _local(message.at)}


def _local(moment: datetime) -> str:
    return moment.astimezone(ROME).isoformat(timespec="seconds")
