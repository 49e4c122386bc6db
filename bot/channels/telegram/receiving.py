"""Updates of Telegram, one after the other of a chat: stored first, answered later."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import structlog
from telegram import Update

from actions.texts import text as sentence
from bot.channels.telegram.direct import Direct
from bot.channels.telegram.notice import Notice
from bot.channels.telegram.presses import Presses
from bot.channels.telegram.storing import NothingNew, StoreUpdate, let_go
from bot.channels.telegram.texts import all_texts, text
from bot.channels.telegram.throttle import Throttle
from bot.channels.telegram.topics import question_of
from bot.channels.telegram.updates import (
    Corrected,
    Event,
    InGroup,
    Pressed,
    Reach,
    Said,
    Showed,
    read_update,
)
from bot.conversations.turns import Incoming, refusal
from bot.errors import ChatOff, DuplicateMismatch, StorageUnavailable
from bot.limits import TELEGRAM_DECLINE_EVERY_S
from bot.storage import telegram
from bot.storage.inbox import Stored

if TYPE_CHECKING:
    from bot.runtime import Runtime

log = structlog.get_logger("sportello.telegram")

_ATTEMPTS: Final = 3
_MOST_GROUPS: Final = 1_000
_TOPIC: Final = "telegram"


class Receiver:
    """Takes updates in; once `receive` has returned, an update may be acknowledged."""

    def __init__(self, runtime: Runtime, direct: Direct, notice: Notice) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._direct = direct
        self._notice = notice
        self._throttle = Throttle(runtime.settings.telegram_messages_per_minute)
        self._presses = Presses(runtime, direct, notice, self._take)
        self._failures: Counter[int] = Counter()
        self._declined: dict[int, float] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self.bot_name = ""

    async def receive(self, update: Update) -> None:
        """Store what an update brings.

        Raises:
            StorageUnavailable: it is not stored, Telegram must send it again.
        """
        event = read_update(update)
        if event is None:
            return
        try:
            await self._receive(update.update_id, event)
        except (NothingNew, DuplicateMismatch):
            log.info("telegram.repeated", update=update.update_id)
        except StorageUnavailable:
            raise
        except Exception as error:
            self._failed(update.update_id, event.chat, error)

    def _failed(self, update_id: int, chat: int, error: Exception) -> None:
        """Have an update repeated that we could not bear; let it go in the end, or it would keep all others away."""
        log.error("telegram.update_failed", update=update_id, error=type(error).__name__)
        self._failures[update_id] += 1
        if self._failures[update_id] < _ATTEMPTS:
            raise StorageUnavailable("an update could not be stored") from error
        del self._failures[update_id]
        self._direct.say(chat, text("fault"))

    async def _receive(self, update_id: int, event: Event) -> None:
        if isinstance(event, Said):
            await self._said(update_id, event)
        elif isinstance(event, Corrected):
            say = _word(text("correction"))
            unit = StoreUpdate(update_id, event.message_id, self._notice, say=say, corrects=True)
            await self._take(event.chat, event.text, unit)
        elif isinstance(event, Showed):
            kind = all_texts()["kinds"][event.kind]
            say = _word(kind["answer"])
            unit = StoreUpdate(update_id, event.message_id, self._notice, say=say, settles=True)
            await self._take(event.chat, kind["label"], unit)
        elif isinstance(event, Pressed):
            await self._presses.press(update_id, event)
        elif isinstance(event, Reach):
            now = self._runtime.clock.utc()
            await self._database.write(
                telegram.reach, str(event.chat), now, reachable=event.reachable
            )
        else:
            await self._decline(update_id, event)

    async def _said(self, update_id: int, event: Said) -> None:
        words = event.text
        if event.payload:
            knowledge = self._runtime.knowledge_service.current
            words = question_of(event.payload, knowledge) or words
        say = None
        if event.kind:
            what = all_texts()["kinds"][event.kind]["what"]
            say = _word(text("caption_only", what=what))
        unit = StoreUpdate(update_id, event.message_id, self._notice, say=say)
        await self._take(event.chat, words, unit)

    async def _take(self, chat: int, words: str, unit: StoreUpdate) -> None:
        """Store a message and have it answered."""
        refused = refusal(words, self._runtime.settings.message_max_chars)
        if refused is not None:
            words = text("long_label")
            unit = StoreUpdate(
                unit.update_id, unit.message_id, self._notice, say=refused, settles=True
            )
        if self._throttle.is_over(chat, time.monotonic()):
            await self._let_go(chat, unit.update_id)
            return
        incoming = Incoming(telegram.CHANNEL, str(chat), words, unit.key)
        try:
            stored = await self._runtime.turns.receive(incoming, store=unit)
        except ChatOff:
            await self._say_off(chat, unit.update_id)
            return
        self._throttle.count(chat, time.monotonic())
        self._runtime.notifier.changed()
        if not unit.settles:
            task = asyncio.create_task(self._answer(chat, stored))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _let_go(self, chat: int, update_id: int) -> None:
        now = self._runtime.clock.utc()
        await self._database.write(let_go, update_id, str(chat), _word(text("too_fast")), now)
        self._runtime.notifier.changed()

    async def _say_off(self, chat: int, update_id: int) -> None:
        """The chat is switched off: say so, store nothing of the message."""
        now = self._runtime.clock.utc()
        if await self._database.write(telegram.take_update, update_id, now):
            self._direct.say(chat, sentence("chat_off"))

    async def _answer(self, chat: int, stored: Stored) -> None:
        typing = self._direct.typing(chat)
        try:
            await self._runtime.turns.answer(stored)
        except Exception as error:
            # The message is safe: the recovery answers it.
            log.warning("telegram.answer_later", error=type(error).__name__)
        finally:
            typing.cancel()

    async def _decline(self, update_id: int, event: InGroup) -> None:
        """Say where we can help, and leave. Nothing that is said in a group is looked at or stored."""
        now = time.monotonic()
        last = self._declined.get(event.chat)
        if not event.addressed or (last is not None and now - last < TELEGRAM_DECLINE_EVERY_S):
            return
        utc = self._runtime.clock.utc()
        if not await self._database.write(telegram.take_update, update_id, utc):
            return
        if len(self._declined) >= _MOST_GROUPS:
            self._declined.clear()
        self._declined[event.chat] = now
        link = f"https://t.me/{self.bot_name}"
        self._direct.say(event.chat, text("group", link=link), then_leave=True)


def _word(words: str) -> dict[str, Any]:
    """A message of the channel itself, in the shape of every channel."""
    return {"text": words, "custom": {"status": "notice", "topic": _TOPIC, "records": []}}
