"""What is new in a conversation, and who answers in it, as frames."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from actions.handoff import somebody_reads
from bot.channels.web import outgoing
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.texts import text
from bot.channels.web.visitors import Visitor
from bot.errors import UnknownConversation
from bot.limits import WEB_PAGE
from bot.storage import outbox, ownership, transcript

if TYPE_CHECKING:
    from bot.runtime import Runtime


@dataclass(frozen=True)
class News:
    """Frames of what came after a number, and the number up to which the client then knows everything."""

    frames: list[OutFrame]
    upto: int
    more: bool = False


class Feed:
    """Reads conversations for whoever shows them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._clock = runtime.clock
        self._own_address = runtime.settings.base_url

    async def news(self, visitor: Visitor, after: int, *, fresh: bool = False) -> News:
        """What came after a number, at most a page. What is returned counts as delivered.

        Args:
            fresh: the client knows nothing yet, so that nothing before the first message is missing.
        """
        if visitor.conversation_id is None:
            return News([], after)
        page = await self._database.write(
            _take_news, visitor.conversation_id, after, self._clock.utc()
        )
        found: list[OutFrame] = []
        known = after
        for message in page:
            if message.seq > known + 1 and not fresh:
                found.append(outgoing.gap(known + 1, message.seq - 1))
            if message.status != outbox.WITHDRAWN and message.text:
                found.append(outgoing.message(message, 0 if fresh else after, self._own_address))
                after = message.seq
            fresh = fresh and not found
            known = message.seq
        return News(found, known, more=len(page) == WEB_PAGE)

    async def state(self, visitor: Visitor) -> OutFrame:
        """Who answers now, in a frame of the type ``state``."""
        frame: OutFrame = {"type": "state", "owner": ownership.ASSISTANT}
        if visitor.conversation_id is None:
            return frame
        found = await self._database.read(_owner_and_place, visitor.conversation_id)
        if found is None:
            return frame
        conversation, place = found
        visitor.owner = frame["owner"] = conversation.owner
        if conversation.owner == ownership.WAITING:
            when = somebody_reads(self._runtime.knowledge.hours, self._clock.now())
            frame |= {"place": place, "text": text("state_waiting", place=place, when=when)}
        elif conversation.owner == ownership.STAFF and conversation.staff:
            name = self._runtime.settings.shown_name(conversation.staff)
            frame |= {"staff": name, "text": text("state_staff", name=name)}
        elif conversation.owner == ownership.CLOSED:
            frame["text"] = text("state_closed")
        return frame


def _take_news(
    connection: sa.Connection, conversation_id: str, after: int, now: datetime
) -> list[transcript.Message]:
    # In one transaction: what is handed over can no longer be withdrawn, and only that is shown.
    outbox.hand_over(connection, conversation_id, now)
    return transcript.messages(
        connection, conversation_id, after=after, limit=WEB_PAGE, with_withdrawn=True
    )


def _owner_and_place(
    connection: sa.Connection, conversation_id: str
) -> tuple[transcript.Conversation, int] | None:
    try:
        found = transcript.conversation(connection, conversation_id)
    except UnknownConversation:
        return None
    waits = found.owner == ownership.WAITING
    return found, ownership.place_in_queue(connection, conversation_id) if waits else 0
