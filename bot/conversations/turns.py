"""Answering: every stored message gets exactly one stored answer, in order, whoever dies in between.

A turn reads the conversation, runs the assistant, and commits answers, dialogue state and "done" in one
transaction guarded by the conversation's version. If another process was faster, it reads again and goes on with
what is left. The lock per conversation only keeps the order inside this process; the version gives the safety.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from actions.context import ActionContext, Unit
from actions.texts import text as sentence
from bot.assistant.live import Answered, LiveDialogues, fault_message
from bot.clock import Clock
from bot.conversations.by_owner import (
    TAKES_ANSWERS_ALONG,
    also_at_commit,
    left_for_staff,
    topic_of,
    with_queue_notice,
)
from bot.conversations.commands import in_words
from bot.conversations.lanes import Lanes
from bot.conversations.personal_data import erase_but_farewell
from bot.errors import ChatOff, DuplicateMismatch, StorageUnavailable, UnknownConversation
from bot.limits import (
    LIVE_TRACKERS,
    MESSAGE_MAX_CHARS,
    RECOVERY_AT_ONCE,
    TURN_ATTEMPTS,
    TURNS_AT_ONCE,
)
from bot.masking import mask
from bot.storage import inbox, outbox, ownership
from bot.storage.database import Database
from knowledge.base import KnowledgeBase

if TYPE_CHECKING:
    from bot.assistant.assistant import Assistant
    from bot.assistant.snapshots import LiveDialogue

log = structlog.get_logger("sportello.turn")

ERASED_MEANWHILE: Final = {
    "text": sentence("erased_meanwhile"),
    "custom": {"status": "answered", "topic": "erasure", "records": []},
}
"""Answer to a message whose conversation was erased before its turn."""


@dataclass(frozen=True)
class Incoming:
    """A message as a channel hands it over. ``key`` is the channel's own id of the message, if it has one."""

    channel: str
    sender: str
    text: str
    key: str | None = None


class Turns:
    """Receives and answers messages.

    Args:
        assistant: gives the assistant in charge now; waits while none is loaded.
        knowledge: gives the knowledge in charge now.
        changed: called when this process has committed something that others want to know.
        appointment_link: gives the address of the page of an appointment.
        is_off: whether the chat is switched off; whom a person answers may go on writing.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secret: str,
        assistant: Callable[[], Awaitable[Assistant]],
        knowledge: Callable[[], KnowledgeBase],
        live_conversations: int = LIVE_TRACKERS,
        changed: Callable[[], None] = lambda: None,
        appointment_link: Callable[[str], str] = lambda _: "",
        is_off: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret.encode()
        self._assistant = assistant
        self._knowledge = knowledge
        self._lanes = Lanes()
        self._places = asyncio.Semaphore(TURNS_AT_ONCE)
        self._changed = changed
        self._appointment_link = appointment_link
        self._is_off = is_off
        self._capacity = live_conversations
        self._live = LiveDialogues(live_conversations)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Messages that are being stored or answered by this process, or wait for it."""
        return len(self._lanes)

    async def receive(
        self, incoming: Incoming, *, store: Callable[..., inbox.Stored] | None = None
    ) -> inbox.Stored:
        """Store a message. From here on it cannot be lost.

        Args:
            store: the unit of work that does it, instead of `inbox.store_message`; a channel may store more with it.

        Raises:
            DuplicateMismatch: its key came before with another text.
            StorageUnavailable: it could not be stored; the sender must try again.
            ChatOff: the chat is switched off; nothing is stored.
        """
        if self._is_off() and not await self._database.read(
            ownership.staff_answers, incoming.channel, incoming.sender
        ):
            raise ChatOff("the chat is switched off")
        digest = self._digest(incoming.text) if incoming.key is not None else None
        # One sender's messages are stored one after the other, so that their numbers follow their arrival.
        async with self._lanes.hold(f"{incoming.channel}:{incoming.sender}"):
            stored = await self._store(incoming, digest, store)
        self._remember(incoming, stored.conversation_id)
        if not stored.is_new and not hmac.compare_digest(stored.digest or "", digest or ""):
            raise DuplicateMismatch("this message id was used for another text")
        return stored

    async def _store(
        self, incoming: Incoming, digest: str | None, store: Callable[..., inbox.Stored] | None
    ) -> inbox.Stored:
        return await self._database.write(
            store or inbox.store_message,
            channel=incoming.channel,
            sender=incoming.sender,
            text=incoming.text,
            key=incoming.key,
            digest=digest,
            now=self._clock.utc(),
            conversation_id=self._known.get((incoming.channel, incoming.sender)),
        )

    def _remember(self, incoming: Incoming, conversation_id: str) -> None:
        self._known[incoming.channel, incoming.sender] = conversation_id
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    async def answer(self, stored: inbox.Stored) -> list[dict[str, Any]]:
        """The stored answers of a message, made now if they are not there yet.

        The work goes on in a task of its own: a caller that hangs up does not cancel it.

        Raises:
            StorageUnavailable: the message is safe, its answer comes when the database is back.
        """
        made: dict[int, list[dict[str, Any]]] = {}
        if stored.is_new:
            await self._in_background(self.drain(stored.conversation_id, made))
            if stored.inbound_id in made:
                return made[stored.inbound_id]
        found = await self._database.read(inbox.stored_answers, stored.inbound_id)
        if found is None:
            await self._in_background(self.drain(stored.conversation_id, made))
            found = await self._database.read(inbox.stored_answers, stored.inbound_id)
        if found is None:
            if await self._database.read(inbox.is_gone, stored.inbound_id):
                return [ERASED_MEANWHILE]
            raise StorageUnavailable("the answer is not there yet")
        return found

    async def recover(self) -> int:
        """Answer what was received and never answered; returns how many conversations were waiting."""
        waiting = await self._database.read(inbox.conversations_waiting)
        places = asyncio.Semaphore(RECOVERY_AT_ONCE)

        async def one(conversation_id: str) -> None:
            async with places:
                if conversation_id not in self._lanes:
                    await self._in_background(self.drain(conversation_id, {}))

        results = await asyncio.gather(*map(one, waiting), return_exceptions=True)
        for conversation_id, result in zip(waiting, results, strict=True):
            if isinstance(result, Exception):
                kind = type(result).__name__
                log.error("recovery.failed", conversation=conversation_id, error=kind)
        return len(waiting)

    async def settle(self) -> None:
        """Wait for the turns that are running."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def forget_live(self) -> None:
        """Rebuild every dialogue from its snapshot at its next message."""
        self._live.clear()

    def forget(self, conversation_id: str) -> None:
        """Keep nothing of an erased conversation in memory."""
        self._live.drop(conversation_id)

    async def drain(self, conversation_id: str, made: dict[int, list[dict[str, Any]]]) -> None:
        """Answer all waiting messages of a conversation, oldest first; answers made here go into ``made``."""
        async with self._lanes.hold(conversation_id):
            lost_races = 0
            while lost_races < TURN_ATTEMPTS:
                try:
                    opened = await self._database.read(inbox.open_conversation, conversation_id)
                except UnknownConversation:
                    log.info("turn.erased", conversation=conversation_id)
                    return
                while opened.pending:
                    after = await self._turn(conversation_id, opened, made)
                    if after is None:
                        lost_races += 1
                        log.info("turn.lost_race", conversation=conversation_id, times=lost_races)
                        break
                    opened = after
                else:
                    return

    async def _turn(
        self,
        conversation_id: str,
        opened: inbox.OpenConversation,
        made: dict[int, list[dict[str, Any]]],
    ) -> inbox.OpenConversation | None:
        """Answer the oldest waiting message; the conversation after it, or None if something else was faster."""
        message, *waiting = opened.pending
        made_turn, model_id, dialogue = await self._make(conversation_id, opened, message)
        committed = await self._database.write(
            inbox.commit_turn,
            conversation_id=conversation_id,
            read_version=opened.version,
            owner=opened.owner,
            inbound_id=message.inbound_id,
            turn=made_turn,
            now=self._clock.utc(),
        )
        if not committed:
            return None
        self._changed()
        made[message.inbound_id] = list(made_turn.messages)
        version = opened.version + 1
        if made_turn.also:
            # Owner or state may have changed with the commit: what waits is read again.
            return await self._database.read(inbox.open_conversation, conversation_id)
        if dialogue is not None:
            self._live.keep(conversation_id, version, model_id, dialogue)
        return replace(opened, version=version, state=made_turn.state, pending=tuple(waiting))

    async def _make(
        self, conversation_id: str, opened: inbox.OpenConversation, message: inbox.Pending
    ) -> tuple[inbox.Turn, str, LiveDialogue | None]:
        """What the owner of the conversation makes of a message, with the dialogue to keep and its model."""
        masked = mask(message.text)
        if opened.owner == ownership.STAFF:
            now = self._clock.utc()
            turn = left_for_staff(conversation_id, message.text, masked, opened.state, now)
            return turn, "", None
        assistant = await self._assistant()
        live = self._live.take(conversation_id, opened.version, assistant.model_id)
        context = self._context(conversation_id, opened, message.inbound_id)
        answered: Answered | None
        try:
            async with self._places:
                dialogue = live or assistant.restore(conversation_id, opened.state)
                words = in_words(message.text)
                answered = await assistant.answer(dialogue, words, masked, context)
        except StorageUnavailable:
            raise
        except Exception as error:
            # The message must not block the conversation for ever: it gets the fault sentence, the state stays.
            log.error("turn.failed", conversation=conversation_id, error=type(error).__name__)
            answered = None
            context.at_commit.clear()
        messages = answered.messages if answered else [fault_message()]
        if opened.owner == ownership.WAITING:
            messages = await with_queue_notice(messages, context)
        turn = inbox.Turn(
            context.without_private(masked),
            answered.snapshot if answered else opened.state,
            messages,
            topic=topic_of(messages),
            delivery=outbox.SENT if opened.channel in TAKES_ANSWERS_ALONG else outbox.QUEUED,
            also=also_at_commit(context),
        )
        return turn, assistant.model_id, answered.dialogue if answered else None

    def _context(
        self, conversation_id: str, opened: inbox.OpenConversation, inbound_id: int
    ) -> ActionContext:
        async def once(effect: str, unit: Unit) -> Any:
            return await self._database.write(
                inbox.run_effect, inbound_id, effect, unit, self._clock.utc()
            )

        return ActionContext(
            self._knowledge(),
            self._clock,
            once,
            self._database.read,
            opened.channel,
            conversation_id,
            inbound_id,
            owner=opened.owner,
            erase=partial(
                erase_but_farewell,
                conversation_id=conversation_id,
                inbound_id=inbound_id,
                now=self._clock.utc(),
            ),
            appointment_link=self._appointment_link,
        )

    async def _in_background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    def _digest(self, text: str) -> str:
        return hmac.new(
            self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()


def refusal(text: str, max_chars: int = MESSAGE_MAX_CHARS) -> dict[str, Any] | None:
    """The polite answer to a text that is not looked at, or None if it is fine."""
    key = ""
    if not text.strip():
        key = "message_empty"
    elif len(text) > max_chars:
        key = "message_too_long"
    if not key:
        return None
    shown = f"{max_chars:,}".replace(",", ".")
    return {
        "text": sentence(key, max_chars=shown),
        "custom": {"status": "refused", "topic": key, "records": []},
    }
