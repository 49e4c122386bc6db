"""The Bot API through python-telegram-bot: the client, our shapes in its words, its errors in ours."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bot.channels.telegram.formatting import Piece
from bot.channels.telegram.keyboards import Rows
from bot.conversations.delivery import Gone, Outcome, Refused, TryAgain
from bot.limits import (
    TELEGRAM_CALL_TIMEOUT_S,
    TELEGRAM_NO_NETWORK_RETRY_S,
    TELEGRAM_NO_TOKEN_RETRY_S,
    TELEGRAM_POLL_S,
)
from bot.settings import Settings

_NOBODY_THERE: Final = ("chat not found", "user not found", "deactivated", "peer_id_invalid")
"""Words of a 400 that say that nobody is at the other end."""

_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before a request has left: there is no doubt that nothing arrived."""


UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError)
"""What python-telegram-bot raises when it reads something that is not as the Bot API documents it."""

_TALKATIVE: Final = ("telegram", "httpx", "httpcore")
"""Libraries whose debug logs hold the token, the secret of the webhook and what people write."""

_SPARE: Final = 10
"""Connections for what goes beside the outbox: answers to presses, "is typing"."""


@dataclass(frozen=True)
class Client:
    """A bot and the connections that it uses. ``bot.get_updates`` waits on connections of its own."""

    bot: Bot
    requests: tuple[HTTPXRequest, HTTPXRequest]

    async def close(self) -> None:
        """Close all connections."""
        for request in self.requests:
            await request.shutdown()


def make_client(settings: Settings) -> Client:
    """A client for the bot of the settings; nothing is called yet."""
    if settings.telegram_token is None:
        raise ValueError("there is no token")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    calls = _connections(settings.telegram_per_second + _SPARE, TELEGRAM_CALL_TIMEOUT_S)
    waits = _connections(1, TELEGRAM_POLL_S + TELEGRAM_CALL_TIMEOUT_S)
    bot = Bot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=calls,
        get_updates_request=waits,
    )
    return Client(bot, (calls, waits))


def _connections(number: int, read_timeout_s: float) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=number,
        read_timeout=read_timeout_s,
        write_timeout=TELEGRAM_CALL_TIMEOUT_S,
        connect_timeout=TELEGRAM_CALL_TIMEOUT_S,
        pool_timeout=TELEGRAM_CALL_TIMEOUT_S,
    )


def entities_of(piece: Piece) -> list[MessageEntity]:
    """Styles as the Bot API takes them."""
    return [MessageEntity(span.kind, span.offset, span.length) for span in piece.spans]


def markup_of(rows: Rows) -> InlineKeyboardMarkup | None:
    """Buttons as the Bot API takes them."""
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(key.label, callback_data=key.data) for key in row] for row in rows]
    )


def pause_asked(error: RetryAfter) -> float:
    """Seconds for which a 429 asks us to wait."""
    asked = error._retry_after  # the public attribute warns that its type will change
    return asked.total_seconds()


def outcome_of(error: TelegramError) -> Outcome:
    """What an error of a sending call means for the message."""
    if isinstance(error, RetryAfter):
        return TryAgain("too_many_requests", after_s=pause_asked(error))
    if isinstance(error, Forbidden | ChatMigrated):
        return Gone()
    if isinstance(error, BadRequest):
        words = error.message.lower()
        return Gone() if any(sign in words for sign in _NOBODY_THERE) else Refused("bad_request")
    if isinstance(error, InvalidToken | Conflict):
        return TryAgain("token_refused", after_s=TELEGRAM_NO_TOKEN_RETRY_S)
    if isinstance(error.__cause__, _NOT_SENT):
        return TryAgain("no_network", after_s=TELEGRAM_NO_NETWORK_RETRY_S)
    if isinstance(error, TimedOut):
        return TryAgain("timeout")
    return TryAgain("network" if isinstance(error, NetworkError) else "telegram_error")
