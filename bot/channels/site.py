"""Health, readiness, the demonstration page and its static files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

from bot.errors import StorageUnavailable
from bot.keys import DATABASE, RUNTIME
from bot.storage.app_state import read_state

_WIDGET: Final = Path(__file__).resolve().parent.parent / "widget"
_FILES: Final = {
    "/": ("index.html", "text/html"),
    "/static/chat.js": ("chat.js", "text/javascript"),
    "/static/chat.css": ("chat.css", "text/css"),
    "/static/icon.svg": ("icon.svg", "image/svg+xml"),
}

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


async def _file(request: web.Request) -> web.FileResponse:
    name, content_type = _FILES[request.path]
    headers = {"Content-Type": f"{content_type}; charset=utf-8", "Cache-Control": "no-cache"}
    return web.FileResponse(_WIDGET / name, headers=headers)


def add_site_routes(app: web.Application) -> None:
    """Register the routes of this module."""
    app.add_routes(routes)
    for path in _FILES:
        app.router.add_get(path, _file)
