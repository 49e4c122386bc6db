"""The whole way: an update, the inbox, a turn, the outbox, a message; by long polling and by webhook."""

from __future__ import annotations

import pytest

from tests.support.servers import eventually
from tests.support.telegram_server import TelegramServer
from tests.telegram.conftest import Office

pytestmark = pytest.mark.model

CITIZEN = 4_242


async def test_a_question_is_answered_with_the_notice_before(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    async with office(database_url=sqlite_url):
        await telegram.say(CITIZEN, "In che zona è Rho?")

        async def answered() -> bool:
            return len(telegram.chat(CITIZEN).texts()) >= 2

        await eventually(answered)
    notice, answer = telegram.chat(CITIZEN).texts()
    assert notice.startswith("Prima di cominciare")
    assert "Rho è nella Zona omogenea" in answer
    assert telegram.undelivered == 0
