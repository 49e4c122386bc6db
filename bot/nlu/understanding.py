"""Rasa components: `GazetteerExtractor` reads entities, `TopicClassifier` names intent and topic.

One linear model has a label per (intent, topic): a block of training examples may carry ``metadata: {topic: …}``.
The intent's confidence is the sum over its topics; the topics go along as ``topic_ranking``, each with ``learnt``, the
share of the message's words that its examples use.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_RANKING_KEY,
    METADATA,
    METADATA_INTENT,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.augment import noisy_variants
from bot.nlu.gazetteers import gazetteer_data
from bot.nlu.linear import LinearModel, train
from bot.nlu.reading import Reader
from knowledge.content_files import load_content
from knowledge.danger import danger_in
from knowledge.features import is_placeholder
from knowledge.places import PlaceFinder
from knowledge.schema import Comune, OutsideTowns, Zone
from knowledge.search.lexicon import STOP_WORDS
from knowledge.text import fold
from knowledge.words import ItalianWords, italian_words

WORDS: Final = "sportello_words"
"""Message key under which the extractor leaves the words for the classifier."""

TOPIC_RANKING: Final = "topic_ranking"
RANKING_LENGTH: Final = 6
ASKED_RECORD: Final = "sportello_record"
"""Message key of the record that a button of ours asks about."""

BUTTON_INTENT: Final = "ask_service"
DANGER_INTENT: Final = "report_danger"
_SHORT_ANSWER: Final = 5
"""Longer messages that hold a "no" are seldom just a no."""

_YES_OR_NO: Final = frozenset({"si", "no"})
_KNOWN_WORDS_NEEDED: Final = 0.34
"""Below this share of known words a text is noise or another language."""


@DefaultV1Recipe.register(
    [
        # A featurizer too, so that Rasa runs it over the training data before the classifier learns.
        DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER,
        DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR,
    ],
    is_trainable=True,
)
class GazetteerExtractor(GraphComponent, EntityExtractorMixin):
    """Entities from the knowledge: comune, zona_omogenea, servizio, mestiere, contratto, livello."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        self._reader: Reader | None = None
        self._buttons: dict[str, str] = {}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No options: the gazetteers come from ``knowledge/content``."""
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GazetteerExtractor:
        """Rasa's constructor for training."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Take the gazetteers into the model, so that a model always reads with what it was trained on."""
        data = gazetteer_data(load_content())
        with self._storage.write_to(self._resource) as folder:
            (folder / "gazetteers.json").write_text(json.dumps(data, ensure_ascii=False))
        self._use(data)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GazetteerExtractor:
        """Rasa's constructor for serving."""
        extractor = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            data = json.loads((folder / "gazetteers.json").read_text())
        extractor._use(data)
        return extractor

    def _use(self, data: dict[str, Any]) -> None:
        self._reader = _reader(data, italian_words())
        self._buttons = {fold(asking): record for record, asking in data["buttons"].items()}

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Read every training example."""
        for message in training_data.intent_examples:
            message.set(WORDS, self._read(message).words)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Read messages: entities for everybody, words for the classifier."""
        for message in messages:
            reading = self._read(message)
            message.set(WORDS, reading.words)
            message.set(ASKED_RECORD, self._buttons.get(fold(message.get(TEXT) or "")))
            entities = self.add_extractor_name([dict(entity) for entity in reading.entities])
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages

    def _read(self, message: Message) -> Any:
        if self._reader is None:
            raise RuntimeError("GazetteerExtractor used before it was trained or loaded")
        return self._reader.read(message.get(TEXT) or "")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent, IntentClassifier):
    """Linear intent and topic classifier over words and pieces of words."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._noise = int(config["noisy_copies"])
        self._storage = storage
        self._resource = resource
        self._model: LinearModel | None = None

    @classmethod
    def required_components(cls) -> list[type]:
        """Needs the words that the extractor leaves."""
        return [GazetteerExtractor]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``noisy_copies``: mistyped copies of each training example."""
        return {"noisy_copies": 2}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        """Rasa's constructor for training."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all examples and their mistyped copies, then persist as JSON and NumPy arrays."""
        examples = sorted(
            ((list(m.get(WORDS)), _label(m)) for m in training_data.intent_examples),
            key=lambda pair: (pair[1], pair[0]),
        )
        texts: list[Sequence[str]] = []
        labels: list[str] = []
        groups: list[int] = []
        for group, (words, label) in enumerate(examples):
            for variant in (words, *noisy_variants(words, self._noise)):
                texts.append(variant)
                labels.append(label)
                groups.append(group)
        if len(set(labels)) > 1:
            self._model = train(texts, labels, groups)
            self._persist(self._model)
        return self._resource

    def _persist(self, model: LinearModel) -> None:
        with self._storage.write_to(self._resource) as folder:
            meta = {"labels": model.labels, "vocabulary": model.vocabulary, "scale": model.scale}
            (folder / "model.json").write_text(json.dumps(meta, ensure_ascii=False))
            np.savez_compressed(
                folder / "model.npz", idf=model.idf, weights=model.weights, bias=model.bias
            )

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TopicClassifier:
        """Rasa's constructor for serving."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            if not (folder / "model.json").exists():
                return classifier
            meta = json.loads((folder / "model.json").read_text())
            with np.load(folder / "model.npz", allow_pickle=False) as arrays:
                classifier._model = LinearModel(
                    tuple(meta["labels"]),
                    meta["vocabulary"],
                    arrays["idf"],
                    arrays["weights"],
                    arrays["bias"],
                    meta["scale"],
                )
        return classifier

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, intent ranking and topic ranking."""
        for message in messages:
            intents, topics = self.rank(message.get(WORDS) or ())
            asked = message.get(ASKED_RECORD)
            if asked:
                intents = [{"name": BUTTON_INTENT, "confidence": 1.0}]
                topics = [
                    {"name": asked, "intent": BUTTON_INTENT, "confidence": 1.0, "learnt": 1.0}
                ]
            elif intents and intents[0]["name"] in ("affirm", "deny") and message.get(ENTITIES):
                # "no scusa, volevo dire Rho": the correction is what matters.
                intents = [{"name": "follow_up", "confidence": 1.0}, *intents]
            danger = danger_in(message.get(TEXT) or "")
            if danger:
                sure = {"name": DANGER_INTENT, "confidence": 1.0}
                intents = [sure, *(i for i in intents if i["name"] != DANGER_INTENT)]
                topics = [{"name": danger, "intent": DANGER_INTENT, "confidence": 1.0}]
            best = intents[0] if intents else {"name": None, "confidence": 0.0}
            message.set(INTENT, best, add_to_output=True)
            message.set(INTENT_RANKING_KEY, intents[:RANKING_LENGTH], add_to_output=True)
            message.set(TOPIC_RANKING, topics, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Classify the training data (used by components that learn from predictions)."""
        self.process(training_data.training_examples)
        return training_data

    def rank(self, words: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Intents and topics with their probabilities, best first."""
        if self._model is None or not words:
            return [], []
        probabilities = self._model.probabilities(words)
        known = self._model.known_share(words)
        if known < _KNOWN_WORDS_NEEDED:
            probabilities = probabilities * math.sqrt(known)
        if len(words) > _SHORT_ANSWER and words[0] not in _YES_OR_NO:
            probabilities = probabilities * self._not_yes_or_no()
        content = [word for word in words if word not in STOP_WORDS and not is_placeholder(word)]
        intents: dict[str, float] = {}
        topics: list[dict[str, Any]] = []
        for at in np.argsort(-probabilities):
            intent, _, topic = self._model.labels[at].partition("/")
            intents[intent] = intents.get(intent, 0.0) + float(probabilities[at])
            if topic and len(topics) < RANKING_LENGTH:
                topics.append(
                    {
                        "name": topic,
                        "intent": intent,
                        "confidence": float(probabilities[at]),
                        "learnt": self._model.learnt_share(content, int(at)),
                    }
                )
        ranked = sorted(intents.items(), key=lambda pair: -pair[1])
        return [{"name": name, "confidence": p} for name, p in ranked], topics

    def _not_yes_or_no(self) -> npt.NDArray[np.float32]:
        labels = self._model.labels if self._model else ()
        return np.array(
            [0.2 if label in ("affirm", "deny") else 1.0 for label in labels], np.float32
        )


def _label(message: Message) -> str:
    metadata = (message.get(METADATA) or {}).get(METADATA_INTENT) or {}
    topic = metadata.get("topic") if isinstance(metadata, dict) else None
    intent = str(message.get(INTENT))
    return f"{intent}/{topic}" if topic else intent


def _reader(data: dict[str, Any], is_word: ItalianWords) -> Reader:
    places = PlaceFinder(
        [Comune(**item) for item in data["comuni"]],
        [Zone(**item) for item in data["zones"]],
        [OutsideTowns(**item) for item in data["outside"]],
        is_word.__contains__,
    )
    return Reader(places, data["terms"])
