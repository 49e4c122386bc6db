"""The REST door keeps Rasa's contract and refuses what is not a message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.servers import serving

pytestmark = pytest.mark.model


async def test_friday_question_names_hours_desk_rule_and_source(
    make_settings: Any, assistant: Any, database_url: str
) -> None:
    async with serving(make_settings(database_url=database_url), assistant) as client:
        answer = (await client.say("a che ora apre l urp il venerdi"))[0]
    assert answer["recipient_id"] == "cittadino"
    assert "10.00-12.00" in answer["text"]
    assert "martedì e il giovedì, su appuntamento" in answer["text"]
    assert "Fonte:" in answer["text"]
    assert answer["custom"]["status"] == "answered"
