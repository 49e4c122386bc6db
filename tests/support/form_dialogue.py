"""A long dialogue with a form, event by event, and a rule policy trained on its rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.generator import TrainingDataGenerator
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph

FORM: Final = "appointment_form"
SLOTS: Final = """
slots:
  context: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  comune: {type: text, influence_conversation: true, mappings: [{type: custom}]}
  giorno: {type: text, influence_conversation: true, mappings: [{type: custom}]}
  ora: {type: text, influence_conversation: false, mappings: [{type: custom}]}
"""
FORMS: Final = f"forms: {{{FORM}: {{required_slots: [giorno, ora]}}}}\n"
BASE: Final = """
version: "3.1"
intents: [ask, book, inform, stop]
entities: [comune]
actions: [action_answer, action_done, action_stop]
"""
RULES: Final = f"""
version: "3.1"
rules:
- rule: question
  steps: [{{intent: ask}}, {{action: action_answer}}]
- rule: begin
  steps: [{{intent: book}}, {{action: {FORM}}}, {{active_loop: {FORM}}}]
- rule: question in the middle
  condition: [{{active_loop: {FORM}}}]
  steps: [{{intent: ask}}, {{action: action_answer}}, {{action: {FORM}}}, {{active_loop: {FORM}}}]
- rule: stop
  condition: [{{active_loop: {FORM}}}]
  steps: [{{intent: stop}}, {{action: action_stop}}, {{active_loop: null}}]
- rule: submit
  condition: [{{active_loop: {FORM}}}]
  steps: [{{action: {FORM}}}, {{active_loop: null}}, {{slot_was_set: [requested_slot: null]}}, {{action: action_done}}]
"""


def said(text: str, intent: str, comune: str | None = None) -> UserUttered:
    """A message with all that the pipeline adds to it."""
    entities = [{"entity": "comune", "value": comune, "start": 0, "end": 3}] if comune else []
    ranking = [{"name": f"topic-{n}", "confidence": 0.1} for n in range(10)]
    return UserUttered(
        text,
        {"name": intent, "confidence": 0.98},
        entities,
        {"text": text, "intent": {"name": intent}, "intent_ranking": ranking, "entities": entities},
        metadata={"secret": "not kept"},
    )


def did(name: str) -> ActionExecuted:
    """An action that a rule chose."""
    return ActionExecuted(name, policy="RulePolicy_0", confidence=1.0)


LISTEN: Final = did(ACTION_LISTEN_NAME)


def conversation() -> list[list[Event]]:
    """Turns that ask, begin the form, interrupt it, fill it, are refused, submit, stop; each ends listening."""
    ask = [
        said("in che zona è Rho?", "ask", "Rho"),
        SlotSet("comune", "Rho"),
        did("action_answer"),
        SlotSet("context", {"topic": "zona-del-comune"}),
        BotUttered("Rho è nel Nord Ovest."),
        LISTEN,
    ]
    begin = [
        said("vorrei un appuntamento", "book"),
        did(FORM),
        ActiveLoop(FORM),
        SlotSet("requested_slot", "giorno"),
        BotUttered("Che giorno?"),
        LISTEN,
    ]
    question = [
        said("ma quanto costa?", "ask"),
        ActionExecutionRejected(FORM),
        did("action_answer"),
        BotUttered("È gratuito."),
        did(FORM),
        SlotSet("requested_slot", "giorno"),
        LISTEN,
    ]
    day = [
        said("martedì", "inform"),
        did(FORM),
        SlotSet("giorno", "2026-11-24"),
        SlotSet("requested_slot", "ora"),
        BotUttered("A che ora?"),
        LISTEN,
    ]
    refused = [
        said("boh", "inform"),
        ActionExecutionRejected(FORM),
        did("action_answer"),
        BotUttered("Non ho capito."),
        LISTEN,
    ]
    interrupted = [
        said("e domani?", "ask"),
        LoopInterrupted(True),
        did("action_answer"),
        BotUttered("Domani no."),
        LISTEN,
    ]
    hour = [
        said("alle dieci", "inform"),
        did(FORM),
        SlotSet("ora", "10:00"),
        ActiveLoop(None),
        SlotSet("requested_slot", None),
        did("action_done"),
        BotUttered("Fatto."),
        LISTEN,
    ]
    stop = [said("basta", "stop"), did("action_stop"), ActiveLoop(None), AllSlotsReset(), LISTEN]
    return [ask, begin, question, day, hour, ask, begin, refused, interrupted, day, refused, stop]  # fmt: skip


def form_domain() -> Domain:
    """A small domain with a form and slots that do and do not influence predictions."""
    return Domain.from_yaml(BASE + SLOTS + FORMS)


def trained_rules(folder: Path, domain: Domain) -> RulePolicy:
    """Rasa's rule policy, trained on the rules of the form."""
    graph = StoryGraph(YAMLStoryReader().read_from_string(RULES))
    trackers = TrainingDataGenerator(graph, domain, augmentation_factor=0).generate()
    context = ExecutionContext(GraphSchema({}))
    defaults: dict[str, Any] = RulePolicy.get_default_config()
    policy = RulePolicy.create(defaults, LocalModelStorage(folder), Resource("rules"), context)
    policy.train(trackers, domain)
    return policy
