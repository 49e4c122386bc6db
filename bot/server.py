"""Running the application on a socket: progress for the installer, a clean stop on Ctrl-C and SIGTERM."""

from __future__ import annotations

import asyncio
import signal

import uvloop
from aiohttp import web
from rich.console import Console

from bot.app import create_app
from bot.errors import ConfigurationError
from bot.http_server import Runner
from bot.keys import RUNTIME
from bot.limits import SHUTDOWN_GRACE_S
from bot.settings import Settings


def run_server(settings: Settings, console: Console) -> int:
    """Serve until stopped; returns the exit code."""
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(_serve(settings, console))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _serve(settings: Settings, console: Console) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    application = create_app(settings)
    runner = Runner(application, access_log=None, shutdown_timeout=SHUTDOWN_GRACE_S)
    console.print("==> Carico le conoscenze e apro il database", highlight=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigurationError(
                f"non posso ascoltare su {settings.host}:{settings.port} ({error.strerror}); "
                "scegli un'altra porta con SPORTELLO_PORT"
            ) from None
        address = _address(runner)
        console.print(f"==> In ascolto su {address}; carico il modello", highlight=False)
        await _announce_ready(application, console, address, stop)
        await stop.wait()
        console.print("==> Mi fermo: finisco le risposte in corso", highlight=False)
    finally:
        await runner.cleanup()
    return 0


async def _announce_ready(
    application: web.Application, console: Console, address: str, stop: asyncio.Event
) -> None:
    ready = asyncio.create_task(application[RUNTIME].assistants.wait_until_ready())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({ready, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if ready.done():
        console.print(f"==> Pronto: apri {address}  (Ctrl-C per fermare)", highlight=False)
    for task in (ready, stopping):
        task.cancel()


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
