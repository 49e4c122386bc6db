"""Mails about appointments: their words, and the two ways out (an SMTP server, or files in a folder)."""

from __future__ import annotations

import os
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.appointments.calendar_files import bring_lines, calendar_file
from bot.appointments.codes import shown
from bot.appointments.notices import Due
from bot.appointments.texts import spoken_start, text
from bot.appointments.views import AppointmentView

_TIMEOUT_S: Final = 30.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MailRefused(Exception):
    """The server will never take this mail (a permanent answer)."""


class MailOut(Protocol):
    """A way out for mails. ``send`` raises MailRefused for ever, anything else for now."""

    async def send(self, message: EmailMessage) -> None:
        """Hand one mail over."""


def message_about(
    due: Due, view: AppointmentView, *, sender: str, link: str, contact: str
) -> EmailMessage:
    """The mail that tells a notice.

    Args:
        sender: address of the office, which is also the organizer of the event.
        link: address of the page of the appointment.
        contact: how the office is reached otherwise.
    """
    when = spoken_start(view["start"])
    values = {
        "when": when,
        "office": view["office_name"],
        "address": view["address"],
        "service": view["service_name"],
        "code": shown(view["code"]),
        "bring": bring_lines(view),
        "link": link,
    }
    body = text(f"mail_{due.kind}", **values, details=text("details", **values))
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = due.appointment.contact
    message["Subject"] = text(f"subject_{due.kind}", when=when)
    message["Date"] = format_datetime(due.appointment.changed_at)
    # The same at every attempt: who gets it twice, because a process died in between, can tell.
    message["Message-ID"] = f"<{view['id']}.{due.kind}.{due.sequence}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{body}\n{text('footer_no_reply', contact=contact)}\n")
    if due.kind != "reminder":
        file = calendar_file(view, due.appointment.changed_at, sender)
        method = "CANCEL" if due.kind == "cancelled" else "PUBLISH"
        message.add_attachment(
            file,
            maintype="text",
            subtype="calendar",
            filename="appuntamento.ics",
            params={"charset": "utf-8", "method": method},
        )
    return message


class MailFiles:
    """Mails as files of a folder, for development: one per Message-ID, whole or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        """Write the mail."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = str(message["Message-ID"]).strip("<>").replace("/", "_")
        unfinished = self._folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(bytes(message))
        unfinished.replace(self._folder / f"{name}.eml")


class SmtpMail:
    """Mails through a server: ``smtp://user:password@host:587`` (STARTTLS where offered) or ``smtps://host:465``.

    A password never travels in the clear, except to this machine.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._use_tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._use_tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, message: EmailMessage) -> None:
        """Hand the mail to the server."""
        needs_tls = self._user is not None and self._host not in _LOOPBACK
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._use_tls,
            start_tls=True if needs_tls and not self._use_tls else None,
            timeout=_TIMEOUT_S,
        )
        try:
            async with client:
                await client.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(500 <= refused.code < 600 for refused in error.recipients):
                raise MailRefused from None
            raise
        except aiosmtplib.SMTPResponseException as error:
            if isinstance(error, aiosmtplib.SMTPDataError) and 500 <= error.code < 600:
                raise MailRefused from None
            raise
