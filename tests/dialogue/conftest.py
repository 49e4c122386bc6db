"""Fixtures of the dialogue tests: the real knowledge, and conversations with the shared assistant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from knowledge.base import KnowledgeBase
from tests.support.chat import WORKING_TUESDAY, Chat


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeBase:
    """The knowledge of the content files (read-only, so it is shared)."""
    return KnowledgeBase.from_files()


@pytest.fixture
def chat(assistant: Any, knowledge: KnowledgeBase) -> Callable[..., Chat]:
    """Begins a conversation: ``chat()`` on a working day, ``chat(datetime(…))`` at a chosen moment."""

    def begin(now: datetime = WORKING_TUESDAY) -> Chat:
        return Chat(assistant, knowledge, now)

    return begin
