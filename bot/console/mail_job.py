"""The job that sends the office's own mails; replicas share the work."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

import structlog

from bot.appointments.mail import MailOut, MailRefused
from bot.clock import Clock
from bot.errors import StorageUnavailable
from bot.storage import office_mails
from bot.storage.database import Database
from bot.storage.office_mails import Mail

log = structlog.get_logger("sportello.console")

_PAUSE_S: Final = 5.0
"""How often mails that are due are looked for."""


async def send_mails(database: Database, clock: Clock, way_out: MailOut, sender: str) -> None:
    """Send what is due, again and again, until cancelled; survives a database that comes and goes."""
    while True:
        try:
            while await send_due(database, clock, way_out, sender):
                pass
        except StorageUnavailable as error:
            log.warning("storage.unavailable", reason=str(error))
        except Exception as error:
            log.error("mails.failed", error=type(error).__name__)
        await asyncio.sleep(_PAUSE_S)


async def send_due(database: Database, clock: Clock, way_out: MailOut, sender: str) -> int:
    """Send some mails that are due; returns how many were looked at.

    Args:
        sender: address that mails come from.
    """
    due = await database.write(office_mails.claim_due, clock.utc())
    for mail in due:
        try:
            if mail.address:
                await way_out.send(_message(mail, sender))
        except MailRefused:
            log.warning("mail.refused", mail=mail.id)
        except Exception as error:
            log.warning("mail.failed", mail=mail.id, error=type(error).__name__)
            if not await database.write(office_mails.postpone, mail, clock.utc()):
                log.error("mail.given_up", mail=mail.id)
            continue
        await database.write(office_mails.forget, mail.id)
    return len(due)


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = mail.address
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    # The same at every try: who gets it twice, because a process died in between, can tell.
    own = sha256(mail.once_key.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{own}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{mail.body}\n")
    return message
