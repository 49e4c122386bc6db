"""Rasa's message processor with our runner, our actions and our one message per answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import structlog
from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.actions.forms import FormAction
from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.constants import ACTION_EXTRACT_SLOTS
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection as SDKRejection

from bot.assistant.runner import SequentialGraphRunner
from bot.limits import ACTION_TIMEOUT_S

log = structlog.get_logger("sportello.assistant")

failed_actions: ContextVar[list[str]] = ContextVar("failed_actions")
"""Names of the actions that failed in the turn of the current task; Rasa itself only logs them."""


class InProcessActions:
    """Stands where Rasa expects an action server: runs the actions in this process, within a time bound."""

    url = "in-process"

    def __init__(self, package: str = "actions", timeout_s: float = ACTION_TIMEOUT_S) -> None:
        self.kwargs = {"enable_selective_domain": True}
        self._timeout_s = timeout_s
        self.executor = ActionExecutor()
        self.executor.register_package(package)

    async def request(self, json: dict[str, Any], **_: Any) -> Any:
        """Run one action call; ``json`` is what Rasa would have posted."""
        name = str(json.get("next_action"))
        try:
            return await asyncio.wait_for(self.executor.run(json), self._timeout_s)
        except SDKRejection as rejection:
            raise ActionExecutionRejection(rejection.action_name, rejection.message) from None
        except Exception as error:
            failed_actions.get([]).append(name)
            # The error's own text may quote the citizen: its kind is enough to find it.
            log.error("action.failed", action=name, error=type(error).__name__)
            raise ActionFailed(name) from None


class ActionFailed(Exception):
    """An action raised or took too long."""


class InProcessAction(RemoteAction):
    """A custom action whose result is ours: validating it against a schema costs 17 ms and proves nothing."""

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        return isinstance(result, dict)


class InProcessForm(FormAction):
    """A form whose validation and questions are actions of ours."""

    async def validate_slots(
        self,
        slot_candidates: dict[str, Any],
        tracker: DialogueStateTracker,
        domain: Domain,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
    ) -> list[Any]:
        """Ask the form's validation action, if the domain has one."""
        name = f"validate_{self.name()}"
        if name not in domain.action_names_or_texts:
            return []
        candidates = [SlotSet(slot, value) for slot, value in slot_candidates.items()]
        seen = self._temporary_tracker(tracker, candidates, domain)
        action = InProcessAction(name, self.action_endpoint)
        return list(await action.run(output_channel, nlg, seen, domain))

    async def _ask_for_slot(
        self,
        domain: Domain,
        nlg: NaturalLanguageGenerator,
        output_channel: OutputChannel,
        slot_name: str,
        tracker: DialogueStateTracker,
    ) -> list[Event]:
        name = self._name_of_utterance(domain, slot_name)
        if name is None or name in domain.responses:
            return list(
                await super()._ask_for_slot(domain, nlg, output_channel, slot_name, tracker)
            )
        action = InProcessAction(name, self.action_endpoint)
        return list(await action.run(output_channel, nlg, tracker, domain))


class AnswerChannel(CollectingOutputChannel):
    """Collects answers, one message each: text, buttons and custom data stay together."""

    def __init__(self, default_topic: Callable[[], str]) -> None:
        super().__init__()
        self._default_topic = default_topic

    @classmethod
    def name(cls) -> str:
        """Channel name that responses may be conditioned on."""
        return "sportello"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one answer."""
        said = message.get("text")
        answer: dict[str, Any] = {"text": said if isinstance(said, str) else ""}
        buttons = message.get("buttons") or []
        if buttons:
            answer["buttons"] = [{"title": b["title"], "payload": b["payload"]} for b in buttons]
        custom = message.get("custom") or {}
        answer["custom"] = custom or {
            "status": "small_talk",
            "topic": self._default_topic(),
            "records": [],
        }
        if answer["text"] or buttons:
            self.messages.append(answer)


class SportelloProcessor(MessageProcessor):
    """Processes one message on a tracker that the turn has opened."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._actions: dict[str, Action] = {}

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, SequentialGraphRunner
            )
        return os.path.basename(model_path), metadata, runner

    def _get_action(self, action_name: str) -> Action | None:
        action = self._actions.get(action_name)
        if action is None:
            action = super()._get_action(action_name)
            if type(action) is RemoteAction:
                action = InProcessAction(action_name, self.action_endpoint)
            elif type(action) is FormAction:
                action = InProcessForm(action_name, self.action_endpoint)
            if action is not None and action_name not in self.domain.form_names:
                self._actions[action_name] = action
        return action

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Intents and entities come from our own components, checked when the model is trained."""

    def predict_next_with_tracker_if_should(
        self, tracker: DialogueStateTracker
    ) -> tuple[Action, PolicyPrediction]:
        """Rasa's choice of the next action, run by our kind of action."""
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return self._get_action(action.name()) or action, prediction

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Fill slots from the message with the one cached extraction action."""
        action = self._get_action(ACTION_EXTRACT_SLOTS)
        if action is None:
            raise RuntimeError("Rasa has no slot extraction action")
        events = await action.run(output_channel, self.nlg, tracker, self.domain)
        await self._send_bot_messages(events, tracker, output_channel)
        tracker.update_with_events(events, self.domain)
        return tracker
