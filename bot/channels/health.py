"""Whether the process lives, and whether it answers questions."""

from __future__ import annotations

from aiohttp import web

from bot.errors import StorageUnavailable
from bot.keys import DATABASE, RUNTIME
from bot.storage.app_state import read_state

routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(request: web.Request) -> web.Response:
    """The process lives."""
    return web.json_response({"ok": True})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Whether questions are answered now, and if not, why."""
    runtime = request.app[RUNTIME]
    assistants = runtime.assistants
    problem = "" if runtime.is_ready else assistants.problem
    if not problem:
        try:
            await request.app[DATABASE].read(read_state, "secret")
        except StorageUnavailable:
            problem = "il database non risponde"
    model = assistants.current.model_name if assistants.current else None
    body = {"ok": not problem, "model": model, "problem": problem}
    return web.json_response(body, status=503 if problem else 200)
