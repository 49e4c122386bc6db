"""The web server with our error shape for what never reaches the application: bytes that are not HTTP as we speak it."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest

from bot.channels.http_errors import SECURITY_HEADERS, error_response
from bot.limits import KEEPALIVE_S


class Runner(web.AppRunner):
    """`web.AppRunner` whose connections answer malformed requests in JSON, and end when no request comes."""

    def __init__(self, app: web.Application, **kwargs: Any) -> None:
        kwargs.setdefault("keepalive_timeout", KEEPALIVE_S)
        super().__init__(app, **kwargs)

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        # aiohttp offers no way to choose the handler class; the layout of ours is the same.
        server.__class__ = _Server
        return server


class _Server(web.Server):
    def __call__(self) -> Any:
        handler = super().__call__()
        handler.__class__ = _Handler
        return handler


class _Handler(RequestHandler):
    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, for a while if it sends no whole request (a byte now and then is none)."""
        super().connection_made(transport)
        # aiohttp's own timer closes only connections that have had a request before.
        self._loop.call_later(KEEPALIVE_S, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self._request_count == 0:
            self.force_close()

    def handle_error(
        self,
        request: Any,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that could not be parsed."""
        response = error_response(status, "not a request that this server understands")
        response.headers.update(SECURITY_HEADERS)
        response.headers["Cache-Control"] = "no-store"
        response.force_close()
        return response

    async def finish_response(
        self, request: BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response; errors raised before our middleware (an unknown `Expect`) get its shape."""
        if isinstance(resp, web.HTTPError):
            resp = error_response(resp.status, resp.reason)
        return await super().finish_response(request, resp, start_time)
