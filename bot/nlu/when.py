"""Rasa component `WhenExtractor`: days and hours of a message as entities `quando`, also outside Rasa.

The value is what docs/dates.md calls the data of a reading. "Now" is the clock of the installation, or
``metadata: {now: …}`` of the message, so that a parse can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.appointments.dates import understand
from bot.appointments.dates.data import as_data
from bot.clock import Clock
from bot.settings import load_settings

ENTITY: Final = "quando"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class WhenExtractor(GraphComponent, EntityExtractorMixin):
    """Adds one entity `quando` to a message that names days or hours."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No options: the grammar is code, the moment comes from the settings."""
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> WhenExtractor:
        """Rasa's constructor."""
        return cls(Clock(load_settings().clock).now)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entity to each message that has one."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                found = when_entities(text, self._moment(message))
                message.set(
                    ENTITIES,
                    [*message.get(ENTITIES, []), *self.add_extractor_name(found)],
                    add_to_output=True,
                )
        return messages

    def _moment(self, message: Message) -> datetime:
        """The moment of the message if it carries one that can be read, else the clock's."""
        said = (message.get("metadata") or {}).get("now")
        try:
            return datetime.fromisoformat(said) if said else self._now()
        except (TypeError, ValueError):
            return self._now()


def when_entities(text: str, now: datetime) -> list[dict[str, Any]]:
    """The entity `quando` of a text in Rasa's shape: none or one, from the first word understood to the last."""
    when = understand(text, now)
    if not when:
        return []
    start = min(place.start for place in when.matched)
    end = max(place.end for place in when.matched)
    return [{"entity": ENTITY, "value": as_data(when), "start": start, "end": end}]
