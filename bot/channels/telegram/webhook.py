"""``POST /webhooks/telegram/<id>``: Telegram hands updates over. 200 is said only after the commit."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web
from telegram import Bot, Update

from bot.channels.http_errors import BadRequest
from bot.channels.json_body import read_json_object
from bot.channels.telegram.api import UNREADABLE
from bot.channels.telegram.receiving import Receiver
from bot.limits import TELEGRAM_UPDATE_MAX_BYTES

log = structlog.get_logger("sportello.telegram")

PATH: Final = "/webhooks/telegram/"
_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
_ID_CHARS: Final = 16


@dataclass(frozen=True)
class Door:
    """Where Telegram delivers and how it proves that it is Telegram: the same in every replica, nothing is stored."""

    id: str
    secret: str

    @classmethod
    def of(cls, installation_secret: str, token: str) -> Door:
        """The door of a bot of an installation."""

        def derived(purpose: str) -> str:
            message = f"{purpose}:{token}".encode()
            return hmac.new(installation_secret.encode(), message, hashlib.sha256).hexdigest()

        return cls(derived("telegram-path")[:_ID_CHARS], derived("telegram-secret"))

    def is_telegram(self, offered: str) -> bool:
        """Whether a header holds the secret; takes as long for every wrong one of whatever length."""
        return hmac.compare_digest(_digest(offered), _digest(self.secret))


class Webhook:
    """Answers Telegram's deliveries."""

    def __init__(self, bot: Bot, receiver: Receiver) -> None:
        self._bot = bot
        self._receiver = receiver

    async def deliver(self, request: web.Request, door: Door) -> web.Response:
        """Store an update. StorageUnavailable leaves as 503, and Telegram sends it again."""
        if not hmac.compare_digest(_digest(request.match_info["id"]), _digest(door.id)):
            raise web.HTTPNotFound
        if not door.is_telegram(request.headers.get(_HEADER, "")):
            raise web.HTTPForbidden
        data = await read_json_object(request.clone(client_max_size=TELEGRAM_UPDATE_MAX_BYTES))
        try:
            update = Update.de_json(data, self._bot)
        except UNREADABLE as error:
            # It would come again and again: better to let it go and say so.
            log.error("telegram.unreadable", error=type(error).__name__)
            return web.json_response({"ok": True})
        if not isinstance(data.get("update_id"), int):
            raise BadRequest("field 'update_id' is missing")
        await self._receiver.receive(update)
        return web.json_response({"ok": True})


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
