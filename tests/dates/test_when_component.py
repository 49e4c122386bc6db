"""The Rasa component: one entity `quando` with its value, through Rasa's own interfaces."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.clock import ROME


@pytest.fixture(scope="module")
def extractor(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The component as Rasa makes it."""
    from rasa.engine.graph import ExecutionContext, GraphSchema
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.storage.resource import Resource

    from bot.nlu.when import WhenExtractor

    storage = LocalModelStorage(Path(tmp_path_factory.mktemp("model")))
    config = WhenExtractor.get_default_config()
    return WhenExtractor.create(
        config, storage, Resource("when"), ExecutionContext(GraphSchema({}))
    )


def parsed(extractor: Any, text: str, **data: Any) -> list[dict[str, Any]]:
    """The entities of a text after the component."""
    from rasa.shared.nlu.training_data.message import Message

    message = Message({"text": text, **data})
    (processed,) = extractor.process([message])
    entities: list[dict[str, Any]] = processed.get("entities", [])
    return entities


def test_the_entity_holds_the_resolved_value(extractor: Any) -> None:
    text = "vorrei venire giovedì dopo le 15, grazie"
    (entity,) = parsed(extractor, text, metadata={"now": "2026-11-24T10:30:00"})
    assert entity["value"] == {"options": [{"days": ["2026-11-26"], "times": ["15:00-24:00"]}]}
    assert (entity["entity"], entity["extractor"]) == ("quando", "WhenExtractor")
    assert text[entity["start"] : entity["end"]] == "giovedì dopo le 15"
    assert json.loads(json.dumps(entity)) == entity


def test_entities_of_others_stay_and_plain_texts_get_none(extractor: Any) -> None:
    other = {"entity": "comune", "value": "Pero"}
    assert parsed(extractor, "abito a Pero", entities=[other]) == [other]
    assert parsed(extractor, "") == []


def test_without_a_moment_the_clock_decides(extractor: Any) -> None:
    (entity,) = parsed(extractor, "oggi", metadata={"now": "boh"})
    assert entity["value"]["options"][0]["days"] == [datetime.now(ROME).date().isoformat()]


def test_rasa_knows_it_as_an_entity_extractor() -> None:
    from rasa.engine.recipes.default_recipe import DefaultV1Recipe

    from bot.nlu.when import WhenExtractor

    assert DefaultV1Recipe._registered_components["WhenExtractor"].clazz is WhenExtractor
