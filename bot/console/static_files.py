"""Style sheets, fonts and scripts of the console: our own, and those that ``npm ci`` fetched. A closed list of files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.settings import PROJECT_ROOT

_OWN: Final = Path(__file__).parent / "static"
_PACKAGES: Final = PROJECT_ROOT / "node_modules"
_VENDOR: Final = {
    "bootstrap-italia.css": "bootstrap-italia/dist/css/bootstrap-italia.min.css",
    "sprites.svg": "bootstrap-italia/dist/svg/sprites.svg",
    "htmx.js": "htmx.org/dist/htmx.min.js",
}
_FONTS: Final = ("titillium-web-v10-latin-ext_latin-regular.woff2", "titillium-web-v10-latin-ext_latin-600.woff2",
                 "titillium-web-v10-latin-ext_latin-700.woff2", "titillium-web-v10-latin-ext_latin-italic.woff2")  # fmt: skip
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}

routes = ConsoleRoutes()


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    files = {path.name: path for path in _OWN.iterdir() if path.suffix in _TYPES}
    files.update({name: _PACKAGES / path for name, path in _VENDOR.items()})
    fonts = _PACKAGES / "bootstrap-italia/dist/fonts/Titillium_Web"
    files.update({name: fonts / name for name in _FONTS})
    return files


def missing_packages() -> bool:
    """Whether what ``npm ci`` fetches is not there."""
    return not all((_PACKAGES / path).is_file() for path in _VENDOR.values())


@routes.get("/static/{name}", Permission.PUBLIC, counts_as_use=False)
async def static_file(request: web.Request) -> web.StreamResponse:
    """One of the listed files."""
    path = _files().get(request.match_info["name"])
    if path is None or not path.is_file():
        raise web.HTTPNotFound
    headers = {"Content-Type": _TYPES[path.suffix], "Cache-Control": "no-cache"}
    return web.FileResponse(path, headers=headers)
