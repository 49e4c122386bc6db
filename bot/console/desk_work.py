"""What staff do with conversations, each one unit of work with its line in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.conversations import desk
from bot.masking import mask
from bot.storage import audit, handoffs, ownership, staff_desk, transcript
from bot.storage.ownership import Ownership
from bot.storage.staff import Account
from bot.storage.staff_desk import Note
from bot.storage.tables import conversations
from bot.storage.transcript import Conversation, Message

_CONVERSATION: Final = "conversation"
LAST_MESSAGES: Final = 200
"""Messages that the page of a conversation shows; older ones are a click away."""


@dataclass(frozen=True)
class Desk:
    """Everything that the page of a conversation shows."""

    conversation: Conversation
    messages: list[Message]
    older: bool
    state: str | None
    handoff: handoffs.Request | None
    notes: list[Note]
    draft: str
    office: str


def look(
    connection: sa.Connection,
    conversation_id: str,
    account: Account,
    now: datetime,
    *,
    records_access: bool,
    before: int | None = None,
) -> Desk:
    """Read a conversation; opening its page is an access and goes into the log.

    Raises:
        UnknownConversation: there is none of that id, or it was erased.
    """
    found = transcript.conversation(connection, conversation_id)
    last = before - 1 if before else found.last_seq
    messages = transcript.messages(
        connection,
        conversation_id,
        after=max(0, last - LAST_MESSAGES),
        limit=LAST_MESSAGES,
        with_withdrawn=True,
    )
    state = connection.execute(
        sa.select(conversations.c.state).where(conversations.c.id == conversation_id)
    ).scalar()
    if records_access:
        _audit(connection, account, "conversation_read", conversation_id, now)
        if found.owner == ownership.STAFF and found.staff == account.name:
            desk.mark_seen(connection, conversation_id)
    return Desk(
        found,
        [message for message in messages if message.seq <= last],
        last > LAST_MESSAGES,
        state,
        handoffs.request_of(connection, conversation_id),
        staff_desk.notes_of(connection, conversation_id),
        staff_desk.draft(connection, conversation_id, account.id),
        staff_desk.office_of(connection, conversation_id),
    )


def shown_text(message: Message) -> str:
    """The words of a message as staff may read them: masked, also while its turn has not masked them yet."""
    return mask(message.text) if message.status == "received" else message.text


def claim(
    connection: sa.Connection, conversation_id: str, account: Account, now: datetime
) -> Ownership:
    """Take a conversation over. Raises AlreadyClaimed, UnknownConversation."""
    after = desk.claim(connection, conversation_id, account.name, now)
    _audit(connection, account, "conversation_claimed", conversation_id, now)
    return after


def reply(
    connection: sa.Connection,
    conversation_id: str,
    account: Account,
    words: str,
    now: datetime,
    *,
    key: str,
    shown_as: str,
    corrects: int | None,
    keeps_draft: bool = False,
) -> None:
    """Send a reply once, however often its form arrives; what was typed is no draft any more. Raises NotInCharge."""
    sent = desk.reply(
        connection,
        conversation_id,
        account.name,
        words,
        now,
        once_key=f"console:{key}",
        shown_as=shown_as,
        corrects=corrects,
    )
    if not keeps_draft:
        staff_desk.forget_draft(connection, conversation_id, account.id)
    if sent is not None:
        action = "reply_corrected" if corrects else "reply_sent"
        _audit(connection, account, action, conversation_id, now, message=sent)


def release(
    connection: sa.Connection, conversation_id: str, account: Account, now: datetime
) -> None:
    """Give a conversation back to the assistant. Raises NotInCharge."""
    desk.release(connection, conversation_id, account.name, now)
    _audit(connection, account, "conversation_released", conversation_id, now)


def close(
    connection: sa.Connection, conversation_id: str, account: Account, reason: str, now: datetime
) -> None:
    """End a conversation with a reason. Raises AlreadyClaimed."""
    desk.close(connection, conversation_id, account.name, now, reason=reason)
    _audit(connection, account, "conversation_closed", conversation_id, now, reason=reason)


def pass_to_colleague(
    connection: sa.Connection,
    conversation_id: str,
    account: Account,
    colleague: str,
    now: datetime,
) -> None:
    """Hand a conversation to somebody who is there. Raises NotInCharge."""
    ownership.pass_on(connection, conversation_id, account.name, colleague=colleague, now=now)
    _audit(connection, account, "conversation_passed", conversation_id, now, to=colleague)


def pass_to_office(
    connection: sa.Connection, conversation_id: str, account: Account, office: str, now: datetime
) -> None:
    """Put a conversation into the queue of an office ("" is the one of first contact). Raises NotInCharge."""
    ownership.pass_on(connection, conversation_id, account.name, colleague=None, now=now)
    staff_desk.set_office(connection, conversation_id, office)
    _audit(connection, account, "conversation_passed", conversation_id, now, office=office)


def add_note(
    connection: sa.Connection,
    conversation_id: str,
    account: Account,
    text: str,
    key: str,
    now: datetime,
) -> None:
    """Keep a private note. Raises UnknownConversation."""
    transcript.conversation(connection, conversation_id)
    staff_desk.add_note(
        connection,
        conversation_id=conversation_id,
        staff_id=account.id,
        text=text,
        once_key=key,
        now=now,
    )
    _audit(connection, account, "note_added", conversation_id, now)


def save_draft(
    connection: sa.Connection, conversation_id: str, account: Account, text: str, now: datetime
) -> None:
    """Keep what was typed. Raises UnknownConversation."""
    transcript.conversation(connection, conversation_id)
    staff_desk.save_draft(connection, conversation_id, account.id, text, now)


def reveal_contact(
    connection: sa.Connection, conversation_id: str, account: Account, now: datetime
) -> str:
    """The contact that the citizen left; reading it goes into the log. Raises UnknownConversation."""
    transcript.conversation(connection, conversation_id)
    found = handoffs.request_of(connection, conversation_id)
    _audit(connection, account, "contact_revealed", conversation_id, now)
    return (found.contact or "") if found else ""


def _audit(
    connection: sa.Connection,
    account: Account,
    action: str,
    conversation_id: str,
    now: datetime,
    **detail: object,
) -> None:
    audit.record(
        connection,
        now=now,
        staff_id=account.id,
        action=action,
        subject_kind=_CONVERSATION,
        subject_id=conversation_id,
        detail=dict(detail),
    )
