"""The privacy notice that comes with a citizen's first message, and again when its text has changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from bot.channels.telegram.texts import text
from bot.settings import Settings

TOPIC: Final = "privacy_notice"
_VERSION_CHARS: Final = 12


@dataclass(frozen=True)
class Notice:
    """The notice of this installation; ``version`` changes with every change of it."""

    message: dict[str, Any]
    version: str

    def once_key(self, conversation_id: str) -> str:
        """Key under which a conversation gets it once."""
        return f"{TOPIC}:{conversation_id}:{self.version}"


def notice_of(settings: Settings) -> Notice:
    """The settings' notice, or our own, with the link to the whole of it."""
    words = "\n".join(settings.privacy_points) or text("notice")
    if settings.privacy_url:
        words = f"{words}\n{text('notice_more', url=settings.privacy_url)}"
    custom = {"status": "notice", "topic": TOPIC, "records": []}
    version = hashlib.sha256(words.encode()).hexdigest()[:_VERSION_CHARS]
    return Notice({"text": words, "custom": custom}, version)
