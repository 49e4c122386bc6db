"""The assistant in the terminal: the same runtime as the server, without the web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

from rich.console import Console

from bot.conversations.turns import Incoming, refusal
from bot.runtime import Runtime
from bot.settings import Settings
from bot.storage.database import Database

_CHANNEL: Final = "terminal"


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Runtime]:
    """A runtime that is ready to answer."""
    database = Database(settings.effective_database_url)
    runtime = Runtime(settings, database)
    try:
        await runtime.prepare()
        await runtime.load()
        yield runtime
    finally:
        await database.close()


async def ask_once(settings: Settings, question: str) -> list[dict[str, Any]]:
    """Answer one question in a conversation of its own."""
    async with started(settings) as runtime:
        return await say(runtime, uuid4().hex, question)


async def say(runtime: Runtime, sender: str, message: str) -> list[dict[str, Any]]:
    """Answer one message of a terminal conversation."""
    refused = refusal(message, runtime.settings.message_max_chars)
    if refused is not None:
        return [refused]
    stored = await runtime.turns.receive(Incoming(_CHANNEL, sender, message))
    return await runtime.turns.answer(stored)


async def chat_in_terminal(
    settings: Settings, show: Callable[[dict[str, Any]], None], console: Console
) -> None:
    """Converse until end of input; a number chooses a button of the last answer."""
    async with started(settings) as runtime:
        sender = uuid4().hex
        console.print("Scrivi la tua domanda (Ctrl-D per uscire).", style="dim")
        buttons: list[dict[str, str]] = []
        while True:
            try:
                typed = await asyncio.get_running_loop().run_in_executor(None, input, "> ")
            except EOFError:
                return
            choice = typed.strip()
            if choice.isdigit() and 1 <= int(choice) <= len(buttons):
                typed = buttons[int(choice) - 1]["payload"]
            messages = await say(runtime, sender, typed)
            for message in messages:
                show(message)
            buttons = messages[-1].get("buttons", []) if messages else []
