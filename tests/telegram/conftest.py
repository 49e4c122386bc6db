"""The application with a bot, and a Bot API server of our own, both on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tests.support.dialogue import share_knowledge
from tests.support.servers import Client, serving
from tests.support.telegram_server import TOKEN, TelegramServer, telegram_server

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
    """Runs the application with its bot: ``async with office(database_url=…) as client``."""

    @asynccontextmanager
    async def run(**values: Any) -> AsyncIterator[Client]:
        # The second between two messages to a chat is measured where it matters; elsewhere it only takes time.
        values.setdefault("telegram_chat_pause_s", 0.02)
        values.setdefault("telegram_per_second", 1_000)
        settings = make_settings(
            telegram_token=TOKEN,
            telegram_api_url=telegram.url,
            clock=values.pop("clock", None),
            **values,
        )
        async with serving(settings, assistant) as client:
            yield client

    return run
