"""The channel of one process: every replica takes webhooks in, one of them polls and sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiohttp import web
from telegram import BotCommand
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram import webhook
from bot.channels.telegram.api import make_client
from bot.channels.telegram.direct import Direct
from bot.channels.telegram.notice import notice_of
from bot.channels.telegram.pacing import Pacer
from bot.channels.telegram.polling import Poller
from bot.channels.telegram.receiving import Receiver
from bot.channels.telegram.sending import Sender
from bot.channels.telegram.texts import all_texts
from bot.channels.telegram.updates import ALLOWED
from bot.channels.telegram.webhook import Door, Webhook
from bot.conversations.delivery import Courier
from bot.errors import StorageUnavailable
from bot.keys import RUNTIME
from bot.limits import (
    TELEGRAM_AT_ONCE,
    TELEGRAM_CALL_TIMEOUT_S,
    TELEGRAM_LEASE_BEAT_S,
    TELEGRAM_LEASE_TERM_S,
    TELEGRAM_NO_NETWORK_RETRY_S,
    TELEGRAM_NO_TOKEN_RETRY_S,
    TELEGRAM_OVERLAP_S,
    TELEGRAM_UPDATES_KEPT_H,
)
from bot.storage import outbox, telegram
from bot.storage.app_state import installation_secret
from bot.storage.events import TYPING, Event
from bot.storage.leases import Lease
from bot.tasks import stop

if TYPE_CHECKING:
    from bot.runtime import Runtime

log = structlog.get_logger("sportello.telegram")

_TIDY_EVERY_S: Final = 3_600.0
_INTRODUCE_EVERY_S: Final = 600.0


class TelegramChannel:
    """The parts of the channel and their life."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._client = make_client(settings)
        self._bot = self._client.bot
        self._pacer = Pacer(
            settings.telegram_per_second, settings.telegram_chat_pause_s, TELEGRAM_OVERLAP_S
        )
        self._direct = Direct(self._bot, self._pacer)
        self._receiver = Receiver(runtime, self._direct, notice_of(settings))
        self._webhook = Webhook(self._bot, self._receiver)
        self._door: Door | None = None
        self._running: asyncio.Task[None] | None = None
        self._leading: list[asyncio.Task[Any]] = []
        self._telling: set[asyncio.Task[None]] = set()
        runtime.notifier.handle(self._notice_typing)

    async def start(self) -> None:
        """Begin to play for the lease; with a public address, open the door for deliveries."""
        settings = self._runtime.settings
        if settings.public_url and settings.telegram_token is not None:
            secret = await self._runtime.database.write(installation_secret)
            self._door = Door.of(secret, settings.telegram_token.get_secret_value())
        self._running = asyncio.create_task(self._run())

    async def deliver(self, request: web.Request) -> web.Response:
        """Take a delivery of Telegram."""
        if self._door is None:
            raise web.HTTPNotFound
        return await self._webhook.deliver(request, self._door)

    async def _run(self) -> None:
        """Play for the lease until cancelled; who has it polls and sends."""
        lease = Lease(self._runtime.database, telegram.CHANNEL, TELEGRAM_LEASE_TERM_S)
        held_at = 0.0
        try:
            while True:
                try:
                    is_mine = await lease.beat()
                    held_at = time.monotonic() if is_mine else 0.0
                except StorageUnavailable:
                    # Nobody else can have taken over before the term is over.
                    is_mine = time.monotonic() - held_at < TELEGRAM_LEASE_TERM_S
                await self._lead(is_mine)
                await asyncio.sleep(TELEGRAM_LEASE_BEAT_S)
        finally:
            await self._lead(False)
            await lease.release()

    async def close(self) -> None:
        """Let another replica take over and close what is open; calls under way may end."""
        if self._running is not None:
            await _end([self._running])
        await self._direct.close()
        await self._client.close()

    async def _lead(self, is_mine: bool) -> None:
        if is_mine and not self._leading:
            log.info("telegram.leading")
            self._leading = [asyncio.create_task(job) for job in self._jobs()]
        elif self._leading and not is_mine:
            log.info("telegram.not_leading")
            tasks, self._leading = self._leading, []
            self._pacer.send_away()
            await _end(tasks)

    def _jobs(self) -> list[Coroutine[Any, Any, None]]:
        jobs = [self._send, self._introduce, self._tidy]
        if self._door is None:
            jobs.append(Poller(self._bot, self._receiver).run)
        return [_kept_up(job) for job in jobs]

    async def _send(self) -> None:
        runtime = self._runtime
        # We are the only sender now: whoever had begun something is gone.
        resumed = await runtime.database.write(telegram.resume_claims, runtime.clock.utc())
        if resumed:
            log.info("telegram.resumed", messages=resumed)
        sender = Sender(runtime, self._bot, self._pacer)
        courier = Courier(
            telegram.CHANNEL,
            sender.send,
            runtime.database,
            runtime.clock,
            runtime.notifier,
            at_once=TELEGRAM_AT_ONCE,
            recorded=sender.recorded,
        )
        await courier.run()

    async def _introduce(self) -> None:
        """Tell Telegram our commands and where to deliver; again now and then, should somebody have changed it."""
        while True:
            pause_s = _INTRODUCE_EVERY_S
            try:
                await self._introduce_once()
            except InvalidToken:
                log.error("telegram.token_refused", remedy="check SPORTELLO_TELEGRAM_TOKEN")
                pause_s = TELEGRAM_NO_TOKEN_RETRY_S
            except TelegramError as error:
                log.warning("telegram.not_introduced", error=type(error).__name__)
                pause_s = TELEGRAM_NO_NETWORK_RETRY_S
            await asyncio.sleep(pause_s)

    async def _introduce_once(self) -> None:
        settings = self._runtime.settings
        if self._door is not None:
            await self._bot.set_webhook(
                f"{settings.public_url}{webhook.PATH}{self._door.id}",
                max_connections=settings.telegram_connections,
                allowed_updates=ALLOWED,
                secret_token=self._door.secret,
            )
        commands = [BotCommand(name, words) for name, words in all_texts()["commands"].items()]
        await self._bot.set_my_commands(commands)
        me = await self._bot.get_me()
        self._receiver.bot_name = me.username or ""
        log.info("telegram.introduced", bot=me.username, webhook=self._door is not None)

    def _notice_typing(self, event: Event) -> None:
        """Staff in charge of a chat are writing: the replica that speaks with Telegram shows it."""
        about = event.payload
        if event.kind != TYPING or about["channel"] != telegram.CHANNEL or not self._leading:
            return
        if about["author"] == outbox.STAFF:
            task = asyncio.create_task(self._show_typing(about["conversation"]))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _show_typing(self, conversation_id: str) -> None:
        try:
            chat = await self._runtime.database.read(telegram.chat_of, conversation_id)
        except StorageUnavailable:
            return
        if chat is not None:
            self._direct.staff_types(chat)

    async def _tidy(self) -> None:
        while True:
            before = self._runtime.clock.utc() - timedelta(hours=TELEGRAM_UPDATES_KEPT_H)
            await self._runtime.database.write(telegram.forget_updates, before)
            await asyncio.sleep(_TIDY_EVERY_S)


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """End tasks, with time for calls under way: what is cut off in the middle is sent twice."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=TELEGRAM_CALL_TIMEOUT_S)
    await stop(tasks)


async def _kept_up(job: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a job; begin it again if it fails."""
    while True:
        try:
            await job()
        except StorageUnavailable as error:
            log.warning("storage.unavailable", reason=str(error))
        except Exception as error:
            log.error("telegram.job_failed", error=type(error).__name__)
        await asyncio.sleep(TELEGRAM_NO_NETWORK_RETRY_S)


TELEGRAM: Final = web.AppKey("telegram", TelegramChannel)

routes = web.RouteTableDef()


@routes.post(webhook.PATH + "{id}")
async def deliver(request: web.Request) -> web.Response:
    """Take a delivery of Telegram."""
    return await request.app[TELEGRAM].deliver(request)


def add_telegram(app: web.Application) -> None:
    """Add the channel; the settings hold a token."""
    app[TELEGRAM] = TelegramChannel(app[RUNTIME])
    app.add_routes(routes)
    app.cleanup_ctx.append(_life)


async def _life(app: web.Application) -> AsyncIterator[None]:
    await app[TELEGRAM].start()
    yield
    await app[TELEGRAM].close()
