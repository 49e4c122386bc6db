"""Long polling: asks Telegram for updates, and confirms them only after they are stored."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.api import UNREADABLE, pause_asked
from bot.channels.telegram.receiving import Receiver
from bot.channels.telegram.updates import ALLOWED
from bot.errors import StorageUnavailable
from bot.limits import (
    TELEGRAM_NO_TOKEN_RETRY_S,
    TELEGRAM_POLL_LONGEST_PAUSE_S,
    TELEGRAM_POLL_PAUSE_S,
    TELEGRAM_POLL_S,
)

log = structlog.get_logger("sportello.telegram")

_BATCH: Final = 100
"""Updates in one answer: the most that the Bot API gives."""


class Poller:
    """Brings updates in until cancelled. One process at a time: the Bot API refuses a second one."""

    def __init__(self, bot: Bot, receiver: Receiver) -> None:
        self._bot = bot
        self._receiver = receiver
        self._offset: int | None = None
        self._has_no_webhook = False

    async def run(self) -> None:
        """Poll for ever; survives a network and a database that come and go."""
        failures = 0
        while True:
            try:
                await self._once()
                failures = 0
            except (TelegramError, StorageUnavailable) as error:
                failures += 1
                self._has_no_webhook &= not isinstance(error, Conflict)
                pause_s = _pause_s(error, failures)
                log.warning("telegram.poll_failed", error=type(error).__name__, again_in_s=pause_s)
                await asyncio.sleep(pause_s)

    async def _once(self) -> None:
        if not self._has_no_webhook:
            # With a webhook nothing can be polled; what waits there stays. A wrong token is told by the next call.
            with suppress(InvalidToken):
                await self._bot.delete_webhook()
            self._has_no_webhook = True
        try:
            await self._next_batch()
        except UNREADABLE as error:
            log.error("telegram.unreadable", error=type(error).__name__)
            await self._one_by_one()

    async def _next_batch(self) -> None:
        updates = await self._bot.get_updates(
            offset=self._offset,
            limit=_BATCH,
            timeout=int(TELEGRAM_POLL_S),
            allowed_updates=ALLOWED,
        )
        await self._receive(updates)
        # Everything up to here is confirmed by the next request. Once nothing is left to confirm we ask for whatever
        # there is: after a week of silence Telegram begins at another number, which may be lower.
        self._offset = max(u.update_id for u in updates) + 1 if updates else None

    async def _one_by_one(self) -> None:
        """Read a batch in which something is unlike everything we know: only that is let go."""
        with warnings.catch_warnings():
            # The library prefers its own method, which reads all or nothing.
            warnings.simplefilter("ignore")
            found: list[dict[str, Any]] = await self._bot.do_api_request(
                "getUpdates",
                api_kwargs={"offset": self._offset, "limit": _BATCH, "allowed_updates": ALLOWED},
            )
        for data in found:
            try:
                await self._receiver.receive(Update.de_json(data, self._bot))
            except UNREADABLE as error:
                log.error("telegram.unreadable", error=type(error).__name__)
            self._offset = int(data["update_id"]) + 1

    async def _receive(self, updates: Sequence[Update]) -> None:
        """Store a batch: a chat's updates in their order, chats side by side."""
        by_chat: dict[int | None, list[Update]] = {}
        for update in updates:
            chat = update.effective_chat
            by_chat.setdefault(chat.id if chat else None, []).append(update)
        done = await asyncio.gather(*map(self._in_order, by_chat.values()), return_exceptions=True)
        for result in done:
            if isinstance(result, BaseException):
                raise result

    async def _in_order(self, updates: Sequence[Update]) -> None:
        for update in updates:
            await self._receiver.receive(update)


def _pause_s(error: Exception, failures: int) -> float:
    if isinstance(error, RetryAfter):
        return pause_asked(error)
    if isinstance(error, InvalidToken):
        return TELEGRAM_NO_TOKEN_RETRY_S
    if isinstance(error, Conflict):
        # Somebody else polls, or somebody has set a webhook.
        return TELEGRAM_POLL_LONGEST_PAUSE_S / 6
    doubled = TELEGRAM_POLL_PAUSE_S * 2.0 ** min(failures - 1, 10)
    return min(doubled, TELEGRAM_POLL_LONGEST_PAUSE_S)
