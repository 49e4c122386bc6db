"""The widget's modules and the demonstration pages: read once, compressed once, served with the headers of an embeddable file."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.channels.web.origins import cors_headers
from bot.keys import RUNTIME, SETTINGS

_FOLDER: Final = Path(__file__).resolve().parents[2] / "widget"
_PAGES: Final = {"/": "site/index.html", "/chat": "site/chat.html"}
_OFF_RETRY_AFTER_S: Final = "300"
_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_COMMENTS: Final = re.compile(r"^\s*(?:/\*.*?\*/|//[^\n]*)\s*?\n|^\s+", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    content_type: str
    body: bytes
    compressed: bytes
    tag: str


def without_comments(script: str) -> str:
    """A module of ours without the lines that are comments and without indentation: a third less to send."""
    return _COMMENTS.sub("", script)


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """All files by path."""
    found = {path: _FOLDER / name for path, name in _PAGES.items()}
    found |= {
        f"/static/{file.name}": file
        for file in (_FOLDER / "site").iterdir()
        if file.suffix != ".html"
    }
    for file in (*_FOLDER.glob("*.js"), *_FOLDER.glob("chat/*.js")):
        found[f"/widget/{file.relative_to(_FOLDER).as_posix()}"] = file
    return {path: _asset(file) for path, file in found.items()}


def add_asset_routes(app: web.Application) -> None:
    """Register a route for each file."""
    for path in assets():
        app.router.add_get(path, _send)


def _asset(file: Path) -> Asset:
    text = file.read_text(encoding="utf-8")
    body = (without_comments(text) if file.suffix == ".js" else text).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Asset(_TYPES[file.suffix], body, gzip.compress(body, 9, mtime=0), tag)


@lru_cache(maxsize=1)
def _off_page() -> Asset:
    """What the pages show while the chat is switched off; whom a person answers can go on there."""
    return _asset(_FOLDER / "site" / "off.html")


async def _send(request: web.Request) -> web.Response:
    if request.path in _PAGES and request.app[RUNTIME].chat_is_off:
        off = _off_page()
        headers = {"Retry-After": _OFF_RETRY_AFTER_S}
        return web.Response(
            status=503,
            body=off.body,
            headers=headers,
            content_type=off.content_type,
            charset="utf-8",
        )
    asset = assets()[request.path]
    headers = {
        **cors_headers(request, request.app[SETTINGS]),
        "Cache-Control": "no-cache",
        "ETag": asset.tag,
        "Vary": "Accept-Encoding, Origin",
    }
    if request.headers.get("If-None-Match", "").removeprefix("W/") == asset.tag:
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = asset.compressed
    else:
        body = asset.body
    return web.Response(
        body=body, headers=headers, content_type=asset.content_type, charset="utf-8"
    )
