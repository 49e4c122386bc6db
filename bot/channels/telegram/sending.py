"""One stored message to one chat: its parts in order, each noted when it has gone out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import structlog
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.appointments import access
from bot.appointments.calendar_files import calendar_file
from bot.appointments.history import SYSTEM, Step
from bot.appointments.links import PATH
from bot.channels.telegram.api import UNREADABLE, entities_of, markup_of, outcome_of, pause_asked
from bot.channels.telegram.direct import NO_PREVIEW
from bot.channels.telegram.pacing import ANSWER, NOTICE, NoTurn, Pacer
from bot.channels.telegram.rendering import CalendarPart, Part, TextPart, parts_of
from bot.channels.telegram.texts import text
from bot.conversations import personal_data
from bot.conversations.delivery import Outcome, Refused, Sent, TryAgain
from bot.errors import UnknownConversation
from bot.limits import TELEGRAM_TURN_WAIT_S
from bot.storage import telegram
from bot.storage.outbox import Delivery

if TYPE_CHECKING:
    from bot.runtime import Runtime

log = structlog.get_logger("sportello.telegram")


class Sender:
    """Sends what the courier hands over; see `bot.conversations.delivery`."""

    def __init__(self, runtime: Runtime, bot: Bot, pacer: Pacer) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._bot = bot
        self._pacer = pacer

    async def send(self, delivery: Delivery) -> Outcome:
        """Send what is missing of a message."""
        parts = parts_of(delivery.id, delivery.message)
        if not parts:
            return Refused("empty")
        gone_out = 0
        if len(parts) > 1:
            gone_out = await self._database.read(telegram.parts_gone_out, delivery.id)
        ref = None
        for number, part in enumerate(parts[gone_out:], gone_out):
            try:
                message_id = await self._send_in_turn(delivery, part)
            except NoTurn:
                return TryAgain("no_turn", after_s=1.0)
            except TelegramError as error:
                return self._failed(delivery, error)
            ref = str(message_id) if message_id is not None else ref
            if number < len(parts) - 1:
                await self._database.write(telegram.note_part, delivery.id, number, message_id or 0)
        return Sent(ref)

    def recorded(self, delivery: Delivery) -> None:
        """How a message went is on record."""
        self._pacer.recorded(int(delivery.sender))

    def _failed(self, delivery: Delivery, error: TelegramError) -> Outcome:
        outcome = outcome_of(error)
        if isinstance(error, RetryAfter):
            self._pacer.hold(int(delivery.sender), pause_asked(error))
        log.info("telegram.not_sent", id=delivery.id, error=type(error).__name__)
        return outcome

    async def _send_in_turn(self, delivery: Delivery, part: Part) -> int | None:
        chat = int(delivery.sender)
        urgency = ANSWER if delivery.is_awaited else NOTICE
        async with self._pacer.turn(chat, urgency, TELEGRAM_TURN_WAIT_S):
            return await self._send_part(delivery, chat, part)

    async def _send_part(self, delivery: Delivery, chat: int, part: Part) -> int | None:
        if isinstance(part, TextPart):
            call = self._bot.send_message(
                chat,
                part.piece.text,
                entities=entities_of(part.piece),
                reply_markup=markup_of(part.rows),
                link_preview_options=NO_PREVIEW,
            )
        else:
            if isinstance(part, CalendarPart):
                content, name = await self._calendar(part.url), part.name
            else:
                content, name = await self._copy(delivery.conversation_id), text("export_file")
            if content is None:
                return None
            call = self._bot.send_document(chat, content, filename=name)
        try:
            return (await call).message_id
        except UNREADABLE as error:
            # Telegram has taken it and said so in words that we cannot read: once more would be twice.
            log.error("telegram.unreadable", error=type(error).__name__)
            return None

    async def _calendar(self, url: str) -> bytes | None:
        """The calendar file behind one of our own links; None if there is none any more."""
        token = url.partition(PATH)[2].partition("/")[0]
        appointment_id = self._runtime.links.appointment_id(token)
        if appointment_id is None:
            return None
        step = Step.at(self._runtime.clock, telegram.CHANNEL, who=SYSTEM)
        view = await self._database.read(access.find_by_id, step, appointment_id)
        if view is None:
            return None
        return calendar_file(view, step.now, self._runtime.settings.mail_from)

    async def _copy(self, conversation_id: str) -> bytes | None:
        now = self._runtime.clock.utc()
        try:
            copy = await self._database.read(personal_data.export, conversation_id, now)
        except UnknownConversation:
            return None
        return json.dumps(copy, ensure_ascii=False, indent=2).encode()
