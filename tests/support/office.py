"""What the office does in the only conversation of a visitor, as the command line or the console would."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.conversations import desk
from bot.storage import outbox
from bot.storage.tables import conversations
from tests.support.servers import Client


class Office:
    """Acts on the conversation that began last."""

    def __init__(self, client: Client) -> None:
        assert client.runtime is not None
        self._runtime = client.runtime

    async def conversation(self) -> str:
        """Id of the newest conversation."""
        newest = sa.select(conversations.c.id).order_by(conversations.c.created_at.desc()).limit(1)
        found = await self._runtime.database.read(lambda link: link.scalar(newest))
        assert found is not None
        return str(found)

    async def does(self, unit: Any, *arguments: Any) -> None:
        """A unit of `desk` on the newest conversation."""
        conversation_id = await self.conversation()
        now = self._runtime.clock.utc()
        await self._runtime.database.write(unit, conversation_id, *arguments, now)

    async def replies(self, staff: str, words: str) -> None:
        """A member of staff takes over, if need be, and writes."""
        await self.does(desk.claim, staff)
        await self.does(desk.reply, staff, words)

    async def says(self, text: str, author: str = outbox.ASSISTANT, **payload: Any) -> None:
        """A message with whatever a message may carry."""
        conversation_id = await self.conversation()
        message = {"text": text, **payload}
        message.setdefault("custom", {})
        now = self._runtime.clock.utc()

        def send(link: sa.Connection) -> None:
            outbox.send(
                link, conversation_id=conversation_id, author=author, message=message, now=now
            )

        await self._runtime.database.write(send)
