"""The application with a bot, and a Bot API server of our own, both on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.dialogue import share_knowledge
from tests.support.servers import Client, eventually, serving
from tests.support.telegram_server import TOKEN, TelegramServer, telegram_server

PUBLIC = "https://urp.invalid"
Office = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(autouse=True)
def _fast_start(monkeypatch: pytest.MonkeyPatch) -> None:
    share_knowledge(monkeypatch)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    """Telegram."""
    async with telegram_server() as server:
        yield server


@pytest.fixture
def office(make_settings: Any, assistant: Any, telegram: TelegramServer) -> Office:
    """Runs the application with its bot: ``async with office(database_url=…) as client``; webhook=True for deliveries."""

    @asynccontextmanager
    async def run(*, webhook: bool = False, **values: Any) -> AsyncIterator[Client]:
        # The second between two messages to a chat is measured where it matters; elsewhere it only takes time.
        values.setdefault("telegram_chat_pause_s", 0.02)
        values.setdefault("telegram_per_second", 1_000)
        if webhook:
            values["public_url"] = PUBLIC
        else:
            # A Tuesday on which the office is open.
            values.setdefault("clock", datetime(2026, 11, 24, 10, 30))
        settings = make_settings(telegram_token=TOKEN, telegram_api_url=telegram.url, **values)
        async with serving(settings, assistant) as client:
            telegram.route = lambda url: client.base + urlsplit(url).path
            if webhook:
                await eventually(lambda: _has_webhook(telegram))
            yield client

    return run


async def _has_webhook(telegram: TelegramServer) -> bool:
    return bool(telegram.webhook["url"])


async def texts(telegram: TelegramServer, chat: int, number: int) -> list[str]:
    """What the bot has written in a chat, once it is so many messages."""

    async def enough() -> list[str] | None:
        written = telegram.chat(chat).texts()
        return written if len(written) >= number else None

    return list(await eventually(enough))


async def calls(telegram: TelegramServer, method: str, number: int) -> list[dict[str, Any]]:
    """Parameters of the calls of a method that succeeded, once there are so many."""

    async def enough() -> list[dict[str, Any]] | None:
        made = [c.params for c in telegram.calls if c.method == method and c.code == 200]
        return made if len(made) >= number else None

    return list(await eventually(enough))
