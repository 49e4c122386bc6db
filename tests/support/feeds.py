"""A real HTTP server on loopback that plays a site with job offers, well or badly."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def postings(number: int, *, first: int = 0, expires: str = "2027-01-31") -> bytes:
    """A JSON-LD list of offers in Rho."""
    return json.dumps(
        [
            {
                "@type": "JobPosting",
                "identifier": f"F{n}",
                "title": "Barista",
                "datePosted": "2026-11-20",
                "validThrough": expires,
                "jobLocation": {"address": {"addressLocality": "Rho"}},
                "hiringOrganization": {"name": "Bar di prova"},
            }
            for n in range(first, first + number)
        ]
    ).encode()


class FeedSite:
    """Answers ``/offerte`` with whatever `answer` is set to, and counts."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.answer: Answer = sent(postings(10))
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.answer(request)


@asynccontextmanager
async def feed_site() -> AsyncIterator[FeedSite]:
    """The site on a free port."""
    site = FeedSite()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}/offerte"
    try:
        yield site
    finally:
        await runner.cleanup()


def sent(body: bytes, status: int = 200, **headers: str) -> Answer:
    """Answer with a body."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return answer


def redirected(location: str) -> Answer:
    """Answer with a redirect."""
    return sent(b"", 302, Location=location)


def validated(body: bytes, etag: str) -> Answer:
    """Answer 304 to who has this version."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": etag})

    return answer


def endless(total: int, *, announced: bool, packed: bool = False) -> Answer:
    """Answer with ``total`` bytes of nothing, announced or not, or packed into very few."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if packed:
            body = gzip.compress(bytes(total))
            return web.Response(body=body, headers={"Content-Encoding": "gzip"})
        response = web.StreamResponse(headers={"Content-Length": str(total)} if announced else {})
        await response.prepare(request)
        chunk = b" " * 1_000_000
        for _ in range(total // len(chunk)):
            await response.write(chunk)
        return response

    return answer


def cut_short(body: bytes) -> Answer:
    """Announce more than is sent, then hang up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response: Any = web.StreamResponse(headers={"Content-Length": str(len(body) * 2)})
        await response.prepare(request)
        await response.write(body)
        request.transport.close()  # type: ignore[union-attr]
        return response  # type: ignore[no-any-return]

    return answer
