"""Calls beside the outbox whose loss does no harm: answers to presses, changed keyboards, "is typing", a word to a group."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog
from telegram import Bot, LinkPreviewOptions
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram.api import entities_of, markup_of
from bot.channels.telegram.formatting import Piece, pieces
from bot.channels.telegram.keyboards import Rows
from bot.channels.telegram.pacing import NOTICE, NoTurn, Pacer
from bot.limits import TELEGRAM_TYPING_AFTER_S
from bot.tasks import stop

log = structlog.get_logger("sportello.telegram")

_TYPING_LASTS_S: Final = 4.5
"""Telegram shows "is typing" for five seconds."""

NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


class Direct:
    """Calls the Bot API in the background, and lets a call go that fails."""

    def __init__(self, bot: Bot, pacer: Pacer) -> None:
        self._bot = bot
        self._pacer = pacer
        self._tasks: set[asyncio.Task[None]] = set()

    def answer_press(self, query_id: str, words: str = "", *, alert: bool = False) -> None:
        """End the waiting that a phone shows after a press, with a word."""
        self._start(self._bot.answer_callback_query(query_id, words or None, show_alert=alert))

    def show_keyboard(self, chat: int, message_id: int, rows: Rows) -> None:
        """Replace the buttons under a message of ours."""
        self._start(
            self._bot.edit_message_reply_markup(chat, message_id, reply_markup=markup_of(rows))
        )

    def show_text(self, chat: int, message_id: int, piece: Piece, rows: Rows) -> None:
        """Replace a message of ours and its buttons."""
        self._start(
            self._bot.edit_message_text(
                piece.text,
                chat,
                message_id,
                entities=entities_of(piece),
                reply_markup=markup_of(rows),
                link_preview_options=NO_PREVIEW,
            )
        )

    def say(self, chat: int, words: str, *, then_leave: bool = False) -> None:
        """Say something outside every conversation; nothing of it is stored."""
        self._start(self._say(chat, words, then_leave))

    def staff_types(self, chat: int) -> None:
        """Show that a person is writing."""
        self._start(self._bot.send_chat_action(chat, ChatAction.TYPING))

    def typing(self, chat: int) -> asyncio.Task[None]:
        """Show "is typing" if it takes long, until cancelled."""
        return self._start(self._type(chat))

    async def close(self) -> None:
        """Stop what is still running."""
        await stop(list(self._tasks))

    def _start(self, call: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._quietly(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _quietly(self, call: Coroutine[Any, Any, Any]) -> None:
        try:
            await call
        except (TelegramError, NoTurn) as error:
            log.info("telegram.call_lost", error=type(error).__name__)

    async def _say(self, chat: int, words: str, then_leave: bool) -> None:
        for piece in pieces(words):
            try:
                async with self._pacer.turn(chat, NOTICE):
                    await self._bot.send_message(chat, piece.text, entities=entities_of(piece))
            finally:
                self._pacer.recorded(chat)
        if then_leave:
            await self._bot.leave_chat(chat)

    async def _type(self, chat: int) -> None:
        await asyncio.sleep(TELEGRAM_TYPING_AFTER_S)
        while True:
            await self._bot.send_chat_action(chat, ChatAction.TYPING)
            await asyncio.sleep(_TYPING_LASTS_S)
