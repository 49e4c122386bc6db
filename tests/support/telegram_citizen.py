"""The Bot API server alone, with a citizen at the keyboard: what an installer tries before asking @BotFather for a bot."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any, Final

from tests.support.telegram_server import TOKEN, TelegramServer, telegram_server

CHAT: Final = 1
_HELP: Final = """\
Scrivi come un cittadino. Comandi di questa finestra:
  !2        premi il pulsante numero 2 dell'ultimo messaggio
  !foto     manda una foto        !posizione   manda la posizione
  !blocca   blocca il bot         !sblocca     torna
  !esci     fine
"""


def main() -> None:
    """Run until the citizen leaves."""
    parser = argparse.ArgumentParser(description="Un finto server di Telegram, per provare il bot.")
    parser.add_argument("--port", type=int, default=8081)
    try:
        asyncio.run(_run(parser.parse_args().port))
    except (KeyboardInterrupt, EOFError):
        print()


async def _run(port: int) -> None:
    async with telegram_server(port) as server:
        server.chat(CHAT)
        print("In un'altra finestra avvia l'assistente con:\n")
        print(f"  SPORTELLO_TELEGRAM_TOKEN={TOKEN} \\")
        print(f"  SPORTELLO_TELEGRAM_API_URL={server.url} make run\n")
        print(_HELP)
        showing = asyncio.create_task(_show(server))
        try:
            while (line := await asyncio.to_thread(sys.stdin.readline)) and line.strip() != "!esci":
                if line.strip():
                    await _act(server, line.strip())
        finally:
            showing.cancel()


async def _act(server: TelegramServer, line: str) -> None:
    if line == "!foto":
        await server.show(
            CHAT, photo=[{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}]
        )
    elif line == "!posizione":
        await server.show(CHAT, location={"latitude": 45.46, "longitude": 9.19})
    elif line in ("!blocca", "!sblocca"):
        await server.block(CHAT, back=line == "!sblocca")
    elif line.startswith("!") and line[1:].isdigit():
        await _press(server, int(line[1:]))
    else:
        await server.say(CHAT, line)


async def _press(server: TelegramServer, number: int) -> None:
    for message in reversed(server.chat(CHAT).from_bot):
        buttons = _buttons(message)
        if buttons:
            if 1 <= number <= len(buttons):
                await server.press(
                    CHAT, message["message_id"], buttons[number - 1]["callback_data"]
                )
            else:
                print("  (non c'è)")
            return


async def _show(server: TelegramServer) -> None:
    """Print what the bot writes and changes."""
    shown: dict[int, Any] = {}
    while True:
        for message in server.chat(CHAT).from_bot:
            now = (message.get("text"), str(message.get("keyboard")))
            if shown.get(message["message_id"]) != now:
                shown[message["message_id"]] = now
                _print(message)
        await asyncio.sleep(0.1)


def _print(message: dict[str, Any]) -> None:
    print("\n" + (message.get("text") or f"[file: {message['document']['file_name']}]"))
    for number, button in enumerate(_buttons(message), 1):
        print(f"  [{number}] {button['text']}")


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [button for row in message.get("keyboard") or () for button in row]
