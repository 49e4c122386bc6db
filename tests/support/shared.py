"""Servers that the tests of a module share: their settings, and a quick start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.assistant.assistant import Assistant
from bot.settings import PROJECT_ROOT, Settings
from tests.support.dialogue import share_knowledge
from tests.support.servers import Client, serving


def settings_in(folder: Path, **values: Any) -> Settings:
    """Settings of a server that keeps its data in ``folder``, whatever the environment says."""
    values.setdefault("models_dir", PROJECT_ROOT / "models")
    return Settings(_env_file=None, data_dir=folder, watch_model=False, **values)


@asynccontextmanager
async def quickly_serving(settings: Settings, assistant: Assistant | None) -> AsyncIterator[Client]:
    """Like ``serving``, with the knowledge that other tests have built."""
    with pytest.MonkeyPatch.context() as patch:
        share_knowledge(patch)
        async with serving(settings, assistant) as client:
            yield client
