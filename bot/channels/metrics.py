"""``GET /metrics`` for Prometheus; needs the API token."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.channels.api_token import authorise
from bot.keys import METRICS

routes = web.RouteTableDef()


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Numbers about this process and the feeds."""
    authorise(request, open_on_loopback=False)
    body = request.app[METRICS].text()
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
