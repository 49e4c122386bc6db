"""Processes under measurement and the figures taken from them."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

import aiohttp
import psutil

WEBHOOK: Final = "/webhooks/rest/webhook"
"""Rasa's path, the same on both sides."""

_START_TIMEOUT_S: Final = 240
_REQUEST_TIMEOUT: Final = aiohttp.ClientTimeout(total=120)


@dataclass(frozen=True)
class Speed:
    """What people experience under one load."""

    conversations: int
    messages_per_s: float
    p50_ms: float
    p95_ms: float


@dataclass
class Server:
    """A server process that answers Rasa's REST contract on 127.0.0.1."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: dict[str, str]
    port: int
    log: Path
    cold_start_s: float = 0.0
    memory_ready_mb: float = 0.0
    memory_loaded_mb: float = 0.0
    speeds: list[Speed] = field(default_factory=list)
    late_ratio: float = 0.0
    late_ms: tuple[float, float] = (0.0, 0.0)
    _process: subprocess.Popen[bytes] | None = None
    _launched: float = 0.0

    def launch(self) -> None:
        """Start the process."""
        self._launched = time.perf_counter()
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def first_answer(self) -> None:
        """Wait for the first answer: what counts as started."""
        async with self._session() as session:
            while not await self._greets(session):
                if self._process is None or self._process.poll() is not None:
                    raise RuntimeError(f"{self.name} ended:\n{self.log.read_text()[-2000:]}")
                if time.perf_counter() - self._launched > _START_TIMEOUT_S:
                    raise RuntimeError(f"{self.name} did not start in {_START_TIMEOUT_S} s")
                await asyncio.sleep(0.05)
        self.cold_start_s = time.perf_counter() - self._launched
        self.memory_ready_mb = self.memory_mb()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def memory_mb(self) -> float:
        """Resident memory of the process and its children."""
        if self._process is None:
            return 0.0
        process = psutil.Process(self._process.pid)
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_info().rss for member in family) / 2**20

    async def load(
        self, conversations: int, messages: int, rounds: int, texts: Sequence[str]
    ) -> Speed:
        """So many conversations at once, each sending its next message when it has its answer."""
        times: list[float] = []
        async with self._session() as session:
            began = time.perf_counter()
            for turn in range(rounds):
                seeds = range(turn * conversations, (turn + 1) * conversations)
                talks = (self._talk(session, seed, messages, texts) for seed in seeds)
                for talk in await asyncio.gather(*talks):
                    times += talk
            lasted = time.perf_counter() - began
        return Speed(conversations, len(times) / lasted, *_percentiles(times))

    async def grow(self, length: int, texts: Sequence[str]) -> None:
        """T6: how much slower the end of a long conversation is than its beginning."""
        window = 15
        async with self._session() as session:
            talk = await self._talk(session, length, length, texts)
        early, late = median(talk[1 : 1 + window]), median(talk[-window:])
        self.late_ms = (early * 1000, late * 1000)
        self.late_ratio = late / early

    async def _talk(
        self, session: aiohttp.ClientSession, seed: int, messages: int, texts: Sequence[str]
    ) -> list[float]:
        """Seconds that each answer of one conversation took."""
        chance = random.Random(seed)
        sender = uuid4().hex
        times = []
        for _ in range(messages):
            began = time.perf_counter()
            body = await self._ask(session, sender, chance.choice(texts))
            times.append(time.perf_counter() - began)
            if not body:
                raise RuntimeError(f"{self.name} gave an empty answer")
        return times

    async def _ask(self, session: aiohttp.ClientSession, sender: str, text: str) -> object:
        async with session.post(
            f"http://127.0.0.1:{self.port}{WEBHOOK}", json={"sender": sender, "message": text}
        ) as response:
            response.raise_for_status()
            return await response.json()

    async def _greets(self, session: aiohttp.ClientSession) -> bool:
        try:
            return bool(await self._ask(session, "first", "ciao"))
        except (aiohttp.ClientError, OSError):
            return False

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0)
        return aiohttp.ClientSession(connector=connector, timeout=_REQUEST_TIMEOUT)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain_environment(**values: str) -> dict[str, str]:
    """The environment without settings of ours, plus ``values``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SPORTELLO_")}
    return {**kept, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", **values}


def _percentiles(times: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.95)] * 1000
