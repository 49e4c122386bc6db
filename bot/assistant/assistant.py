"""One loaded model and what a turn does with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import structlog
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from actions.context import ActionContext, set_context
from actions.conversation_state import EMPTY
from actions.focus import read_in_context
from bot.assistant.live import Answered, fault_message
from bot.assistant.processor import (
    AnswerChannel,
    InProcessActions,
    SportelloProcessor,
    failed_actions,
)
from bot.assistant.questions import corrected, split_questions
from bot.assistant.snapshots import (
    LiveDialogue,
    forget_cleared,
    mask_messages,
    pruned,
    restore,
    snapshot_of,
)
from bot.assistant.tracker_store import TurnTrackerStore
from bot.errors import ModelError

log = structlog.get_logger("sportello.assistant")

_CLEAR_PART: Final = 0.5
"""Confidence from which a part of a message counts as a question of its own."""

_OWN_QUESTIONS: Final = frozenset(
    [
        "ask_urp_hours",
        "ask_urp_contacts",
        "ask_urp_reception",
        "ask_zones",
        "ask_zone_of_comune",
        "ask_comuni_of_zone",
        "ask_comune",
        "ask_metro_city",
        "ask_service",
        "ask_project",
        "ask_governance",
        "ask_work",
        "ask_other_body",
        "search_job_offers",
        "make_complaint",
    ]
)
"""Intents that can stand beside another question in one message."""


class Assistant:
    """Answers messages with one model. Immutable after loading; a hot swap replaces the whole object."""

    def __init__(self, model: Path, actions: InProcessActions) -> None:
        try:
            # The store needs the model's domain, the processor needs a store: the domain is set right after.
            self._processor = SportelloProcessor(
                model_path=str(model),
                tracker_store=None,
                lock_store=InMemoryLockStore(),
                generator=TemplatedNaturalLanguageGenerator({}),
                action_endpoint=actions,
            )
        except Exception as error:
            # Truncated, of another version, damaged inside: Rasa and its readers raise a dozen kinds.
            raise ModelError(f"{model.name} cannot be loaded ({type(error).__name__})") from error
        self.domain = self._processor.domain
        self._processor.nlg = TemplatedNaturalLanguageGenerator(self.domain.responses)
        self._store = TurnTrackerStore(self.domain)
        self._processor.tracker_store = self._store
        self.model_id: str = self._processor.model_metadata.model_id
        self.model_name = model.name

    async def parse(self, message: str) -> dict[str, Any]:
        """Rasa's parse result of a text."""
        parsed = await self._processor.parse_message(UserMessage(text=_unslashed(message)))
        parsed["text"] = message
        return dict(parsed)

    def restore(self, conversation_id: str, snapshot: str | None) -> LiveDialogue:
        """Rebuild a dialogue on this model."""
        return restore(conversation_id, self.domain, snapshot)

    async def answer(
        self, dialogue: LiveDialogue, message: str, masked: str, context: ActionContext
    ) -> Answered:
        """Answer one message. ``dialogue`` is used up: keep the returned one.

        Args:
            masked: the message without personal data; it replaces the message in the state that is kept.
        """
        set_context(context)
        failures: list[str] = []
        failed_actions.set(failures)
        tracker = dialogue.tracker
        channel = AnswerChannel(lambda: _intent(tracker))
        with self._store.opened(tracker):
            in_form = bool(tracker.active_loop_name)
            for part, parsed in await self._parts(message, tracker):
                if not in_form:
                    parsed = _in_context(parsed, tracker, context)
                await self._processor.handle_message(
                    UserMessage(
                        text=part,
                        output_channel=channel,
                        sender_id=tracker.sender_id,
                        input_channel="sportello",
                        parse_data=parsed,
                    )
                )
                mask_messages(dialogue, {part: context.without_private(masked)})
        messages = channel.messages
        if failures or not messages:
            log.error("turn.without_answer", failed_actions=failures)
            messages = [*messages, fault_message()]
        forget_cleared(dialogue)
        kept = pruned(dialogue, self.domain)
        return Answered(messages, snapshot_of(kept), kept)

    async def _parts(
        self, message: str, tracker: DialogueStateTracker
    ) -> list[tuple[str, dict[str, Any]]]:
        """The message, or its questions where each is clear by itself and they differ."""
        plain = _unslashed(message)
        if tracker.active_loop_name:
            return [(plain, await self._parse_part(plain))]
        meant = corrected(plain)
        if meant:
            for reading in (meant, f"{_last_text(tracker)} {meant}".strip()):
                parsed = await self._parse_part(reading)
                if _is_clear(parsed) or parsed.get("entities"):
                    return [(reading, parsed)]
        parts = split_questions(plain)
        if len(parts) > 1:
            parses = [await self._parse_part(part) for part in parts]
            subjects = {_subject(p) for p in parses}
            if all(_is_clear(p) for p in parses) and len(subjects) == len(parts):
                return list(zip(parts, parses, strict=True))
        return [(plain, await self._parse_part(plain))]

    async def _parse_part(self, part: str) -> dict[str, Any]:
        return dict(await self._processor.parse_message(UserMessage(text=part)))


def _in_context(parsed: dict[str, Any], tracker: Any, context: ActionContext) -> dict[str, Any]:
    """What was read, with the intent that it has in this conversation."""
    memory = {**EMPTY, **(tracker.get_slot("context") or {})}
    knowledge = context.knowledge
    record = knowledge.record(memory["topic"])
    today = context.clock.now().date()
    return read_in_context(parsed, memory, record, knowledge.folded_names, today)


def _unslashed(message: str) -> str:
    """Rasa executes a text that begins with a slash as an intent; typed by a person it is only text."""
    return message.strip().lstrip("/").strip() or "…"


def _last_text(tracker: DialogueStateTracker) -> str:
    """What the person said before, as it is kept: without personal data."""
    texts = (e.text for e in reversed(tracker.events) if isinstance(e, UserUttered) and e.text)
    return str(next(texts, ""))


def _intent(tracker: Any) -> str:
    latest = tracker.latest_message
    return str((latest.intent or {}).get("name") or "") if latest else ""


def _subject(parsed: dict[str, Any]) -> tuple[str, str]:
    topics = parsed.get("topic_ranking") or [{}]
    return str(parsed["intent"].get("name")), str(topics[0].get("name", ""))


def _is_clear(parsed: dict[str, Any]) -> bool:
    intent = parsed["intent"]
    confident = float(intent.get("confidence") or 0) >= _CLEAR_PART
    return confident and intent.get("name") in _OWN_QUESTIONS
