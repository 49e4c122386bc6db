"""The job that tells what is due: mails, reminders in the chat; one among replicas takes each notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
import structlog

from bot.appointments import access, notices, rows
from bot.appointments.calendar import stored_rules
from bot.appointments.codes import shown
from bot.appointments.history import SYSTEM, Step
from bot.appointments.links import Links
from bot.appointments.mail import MailOut, MailRefused, message_about
from bot.appointments.texts import spoken_start, text
from bot.appointments.views import AppointmentView, viewed
from bot.clock import Clock
from bot.errors import StorageUnavailable
from bot.storage.database import Database

log = structlog.get_logger("sportello.appointments")

_PAUSE_S: Final = 5.0
"""How often due notices are looked for: a confirmation waits this long at most."""

_TIDY_EVERY: Final = 60
"""Rounds between two tidyings of holds that ran out and of old wrong codes."""


@dataclass(frozen=True)
class ChatReminder:
    """A reminder for the conversation in which the appointment was booked."""

    conversation: str
    text: str
    appointment: AppointmentView


ChatOut = Callable[[sa.Connection, ChatReminder], bool]
"""Queues a message of the office for a conversation, in the given transaction; False if nobody can be reached there."""


class Delivery:
    """Tells notices until it is cancelled.

    Args:
        mail: the way out for mails.
        sender: address that mails come from.
        chat: puts reminders into conversations; without it they wait.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        mail: MailOut,
        links: Links,
        sender: str,
        chat: ChatOut | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._mail = mail
        self._links = links
        self._sender = sender
        self._chat = chat

    async def run(self) -> None:
        """Work for ever; a database that is away is asked again."""
        rounds = 0
        while True:
            try:
                await self.tell_due()
                if rounds % _TIDY_EVERY == 0:
                    await self.tidy()
            except StorageUnavailable as error:
                log.warning("storage.unavailable", reason=str(error))
            except Exception as error:
                log.error("notices.failed", error=type(error).__name__)
            rounds += 1
            await asyncio.sleep(_PAUSE_S)

    async def tell_due(self) -> int:
        """Tell everything that is due now; returns how much was told."""
        told = 0
        while number := await self._mail_some() + await self._remind_some_in_chat():
            told += number
        return told

    async def tidy(self) -> None:
        """Remove holds that ran out and wrong codes that count no more."""
        step = self._step()
        await self._database.write(rows.drop_expired_holds, step)
        await self._database.write(access.forget_old_attempts, step)

    async def _mail_some(self) -> int:
        due = await self._database.write(notices.claim_due, self._step(), via=notices.EMAIL)
        return sum(await asyncio.gather(*map(self._mail_one, due)))

    async def _mail_one(self, due: notices.Due) -> int:
        try:
            view, contact = await self._database.read(self._seen, due)
            link = self._links.url(view["id"])
            await self._mail.send(
                message_about(due, view, sender=self._sender, link=link, contact=contact)
            )
        except MailRefused:
            log.warning("mail.refused", notice=due.id)
            await self._database.write(notices.mark_unsent, self._step(), due, forever=True)
            return 0
        except StorageUnavailable:
            raise
        except Exception as error:
            log.warning("mail.failed", notice=due.id, error=type(error).__name__)
            await self._database.write(notices.mark_unsent, self._step(), due)
            return 0
        await self._database.write(notices.mark_sent, self._step(), due)
        return 1

    async def _remind_some_in_chat(self) -> int:
        if self._chat is None:
            return 0
        return await self._database.write(_remind_in_chat, self._step(), self._chat)

    def _seen(self, connection: sa.Connection, due: notices.Due) -> tuple[AppointmentView, str]:
        return _view_and_contact(connection, self._step(), due)

    def _step(self) -> Step:
        return Step.at(self._clock, "job", who=SYSTEM)


def _remind_in_chat(connection: sa.Connection, step: Step, chat: ChatOut) -> int:
    """Claiming, queueing in the conversation and "sent" are one transaction: a reminder is neither lost nor doubled."""
    due = notices.claim_due(connection, step, via=notices.CHAT)
    for one in due:
        view, _ = _view_and_contact(connection, step, one)
        words = text(
            "chat_reminder",
            when=spoken_start(view["start"]),
            office=view["office_name"],
            address=view["address"],
            code=shown(view["code"]),
        )
        if chat(connection, ChatReminder(one.appointment.conversation, words, view)):
            notices.mark_sent(connection, step, one)
        else:
            notices.mark_unsent(connection, step, one, forever=True)
    return len(due)


def _view_and_contact(
    connection: sa.Connection, step: Step, due: notices.Due
) -> tuple[AppointmentView, str]:
    office = stored_rules(connection).office(due.appointment.office)
    return viewed(connection, step, due.appointment), office.contact if office else ""
