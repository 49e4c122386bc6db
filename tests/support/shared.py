"""Servers that many tests share: their settings, and a knowledge that is built once (it takes three seconds)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import bot.runtime
from bot.assistant.assistant import Assistant
from bot.settings import PROJECT_ROOT, Settings
from knowledge.base import KnowledgeBase
from knowledge.content_files import load_content
from tests.support.servers import Client, serving


def settings_in(folder: Path, **values: Any) -> Settings:
    """Settings of a server that keeps its data in ``folder``, whatever the environment says."""
    values.setdefault("models_dir", PROJECT_ROOT / "models")
    return Settings(_env_file=None, data_dir=folder, watch_model=False, **values)


@lru_cache(maxsize=2)
def _knowledge(sample_offers: bool) -> KnowledgeBase:
    return KnowledgeBase(load_content(), sample_offers=sample_offers)


@contextmanager
def shared_knowledge() -> Iterator[None]:
    """Let servers that start in the block use one knowledge, made of the content files."""
    real = bot.runtime.KnowledgeBase
    bot.runtime.KnowledgeBase = lambda _content, *, sample_offers: _knowledge(sample_offers)  # type: ignore
    try:
        yield
    finally:
        bot.runtime.KnowledgeBase = real  # type: ignore[misc]


@asynccontextmanager
async def quickly_serving(settings: Settings, assistant: Assistant | None) -> AsyncIterator[Client]:
    """Like ``serving``, without building the knowledge again."""
    with shared_knowledge():
        async with serving(settings, assistant) as client:
            yield client
