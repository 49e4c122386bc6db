"""People who write at the same time and send again, with the same id, what was not answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.support.dialogue import assert_remembers, talk
from tests.support.servers import Client


@dataclass
class Crowd:
    """A number of conversations of some messages each; ``base`` says where the server is now."""

    base: Callable[[], str]
    people: int
    messages: int
    answers: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    resent: int = 0
    _waiting: list[tuple[int, asyncio.Event]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Sender ids."""
        return [f"persona-{number}" for number in range(self.people)]

    async def talk(self) -> None:
        """Everybody says everything, each message until it is answered."""
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(self._person(session, name) for name in self.names))

    async def answered(self, number: int) -> None:
        """Wait until so many messages have been answered."""
        event = asyncio.Event()
        self._waiting.append((number, event))
        self._wake()
        await event.wait()

    async def assert_same_answers_again(self) -> None:
        """Sending every message once more gives the answers that were given."""
        async with aiohttp.ClientSession() as session:
            client = Client(self.base(), session)
            for (name, number), answer in self.answers.items():
                again = await client.say(talk(number + 1)[number], name, f"m{number}")
                assert again == answer, (name, number)

    async def _person(self, session: aiohttp.ClientSession, name: str) -> None:
        for number, message in enumerate(talk(self.messages)):
            answer = await self._until_answered(session, name, number, message)
            assert_remembers(message, answer)
            self.answers[name, number] = answer
            self._wake()

    async def _until_answered(
        self, session: aiohttp.ClientSession, name: str, number: int, message: str
    ) -> list[dict[str, Any]]:
        while True:
            try:
                status, body = await Client(self.base(), session).post(message, name, f"m{number}")
            except (aiohttp.ClientError, OSError):
                status, body = 0, None
            if status == 200:
                assert body, "an empty answer"
                return list(body)
            assert status in (0, 503), (status, body)
            self.resent += 1
            await asyncio.sleep(0.02)

    def _wake(self) -> None:
        for number, event in self._waiting:
            if len(self.answers) >= number:
                event.set()
