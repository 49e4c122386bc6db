"""The aiohttp application: wiring only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import web

from bot.channels import agenda_feed, appointment_links, health, metrics, rest
from bot.channels.http_errors import add_security_headers, errors_middleware
from bot.channels.web import config, fallback, socket
from bot.channels.web.assets import add_asset_routes
from bot.channels.web.parts import WEB, say_goodbye, web_life, web_parts
from bot.console.app import add_console
from bot.errors import SportelloError
from bot.feeds.schedule import Feeds
from bot.keys import DATABASE, METRICS, RUNTIME, SETTINGS
from bot.limits import SHUTDOWN_GRACE_S
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.settings import Settings
from bot.storage.database import Database
from bot.tasks import stop

log = structlog.get_logger("sportello.app")


def create_app(settings: Settings, *, runtime: Runtime | None = None) -> web.Application:
    """Build the application and start nothing; two of them can live in one process.

    Args:
        runtime: parts already prepared, with a model in charge (tests share one model between applications).
    """
    app = web.Application(
        middlewares=[errors_middleware], client_max_size=settings.request_max_bytes
    )
    database = runtime.database if runtime else Database(settings.effective_database_url)
    app[SETTINGS] = settings
    app[DATABASE] = database
    app[METRICS] = Metrics()
    app[RUNTIME] = runtime or Runtime(settings, database)
    app[WEB] = web_parts(app[RUNTIME])
    app[METRICS].turns_waiting.set_function(lambda: app[RUNTIME].turns.waiting)
    app[METRICS].web_connections.set_function(lambda: app[WEB].connections)
    doors = (rest, health, metrics, agenda_feed, appointment_links, socket, fallback, config)
    for door in doors:
        app.add_routes(door.routes)
    add_asset_routes(app)
    own = app[RUNTIME]
    add_console(app, settings, database, own.clock, own.notifier, lambda: own.known, own.mail_way())
    app.on_response_prepare.append(add_security_headers)
    app.cleanup_ctx.append(_database)
    app.cleanup_ctx.append(_answering)
    app.cleanup_ctx.append(web_life)
    app.on_shutdown.append(say_goodbye)
    if settings.telegram_token is not None:
        # Its library takes memory and time that an installation without a bot is spared.
        from bot.channels.telegram.channel import add_telegram

        add_telegram(app)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    await app[RUNTIME].prepare()
    yield
    await app[DATABASE].close()


async def _answering(app: web.Application) -> AsyncIterator[None]:
    runtime, settings = app[RUNTIME], app[SETTINGS]
    if runtime.assistants.is_ready:
        await runtime.load_knowledge()
    jobs: list[Coroutine[Any, Any, Any]] = [
        runtime.keep_answering(),
        runtime.knowledge_service.follow(),
        Feeds(settings, runtime.database, runtime.clock, app[METRICS]).run(),
        runtime.notifier.follow(),
        runtime.keep_up(),
    ]
    jobs.append(_model_life(runtime, watch=settings.watch_model))
    jobs.append(runtime.delivery().run())
    tasks = [asyncio.create_task(job) for job in jobs]
    yield
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(runtime.turns.settle(), SHUTDOWN_GRACE_S)
    await stop(tasks)


async def _model_life(runtime: Runtime, *, watch: bool) -> None:
    """Load today's model, then follow newer ones."""
    try:
        if not runtime.assistants.is_ready:
            await runtime.load()
    except SportelloError as error:
        # The process stays up and says why in /readyz; a model trained later is taken over.
        runtime.assistants.problem = str(error).splitlines()[0]
        log.error("start.incomplete", kind=type(error).__name__, reason=str(error))
    if watch:
        await runtime.assistants.watch()
