"""One bounded, conditional fetch of a configured address.

Names are resolved once, by a resolver that refuses addresses inside, and the connection goes to what was resolved: a
name cannot point elsewhere between check and use. Redirects are followed by hand, only to configured hosts.
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.errors import SportelloError
from bot.feeds.addresses import is_ip_literal, is_public_address
from bot.limits import FEED_ATTEMPTS, FEED_BACKOFF_S, FEED_MAX_REDIRECTS

_CHUNK_BYTES: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_GZIP_OR_ZLIB: Final = 47
"""Window bits with which zlib recognises both wrappings."""

_HEADERS: Final = {
    "User-Agent": "Sportello (assistente URP)",
    "Accept": "application/ld+json, application/json, text/csv, text/html;q=0.8",
    "Accept-Encoding": "gzip",
}
_MAX_VALIDATOR_CHARS: Final = 500


class FeedError(SportelloError):
    """A feed cannot be used now; the text says why, in Italian, without the address."""


class _TryAgain(FeedError):
    """What may pass by itself."""


class _AddressRefused(OSError):
    """A name leads to an address inside."""


@dataclass(frozen=True)
class Fetched:
    """Answer of a feed. ``body`` is None when nothing has changed since the validators that were sent."""

    body: bytes | None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class FetchRules:
    """What a fetch may do.

    ``hosts`` may be contacted; ``private_hosts`` of them may have addresses that are not public. ``max_bytes`` bounds
    the body before and after unpacking.
    """

    hosts: frozenset[str]
    private_hosts: frozenset[str]
    timeout_s: float
    max_bytes: int


class _PublicResolver(AbstractResolver):
    """Resolves names to public addresses only."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = private_hosts
        self._inner = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        """Addresses of a host. Raises OSError if any of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if host.lower() not in self._private_hosts and not all(
            is_public_address(result["host"]) for result in found
        ):
            raise _AddressRefused("address inside")
        return found

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def feed_session(rules: FetchRules) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that keeps neither cookies nor connections and obeys no proxy of the environment."""
    connector = aiohttp.TCPConnector(
        resolver=_PublicResolver(rules.private_hosts),
        use_dns_cache=False,
        force_close=True,
        limit=2,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers=_HEADERS,
        timeout=aiohttp.ClientTimeout(total=rules.timeout_s),
    ) as session:
        yield session


async def fetch(
    url: str,
    rules: FetchRules,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> Fetched:
    """Fetch an address, trying again after what may pass by itself.

    Raises:
        FeedError: it cannot be fetched, is too large, or leads where it must not.
    """
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {name: value for name, value in conditions.items() if value}
    async with feed_session(rules) as session:
        for attempt in range(1, FEED_ATTEMPTS + 1):
            try:
                return await _attempt(session, URL(url), rules, headers)
            except _TryAgain:
                if attempt == FEED_ATTEMPTS:
                    raise
                # Spread, so that many installations do not come back in the same second.
                await sleep(FEED_BACKOFF_S * 4 ** (attempt - 1) * random.uniform(0.7, 1.3))  # noqa: S311
    raise AssertionError("unreachable")


async def _attempt(
    session: aiohttp.ClientSession, url: URL, rules: FetchRules, headers: dict[str, str]
) -> Fetched:
    try:
        for _ in range(FEED_MAX_REDIRECTS + 1):
            _refuse_elsewhere(url, rules)
            async with session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status in _REDIRECTS:
                    url = _redirected(url, response.headers.get("Location", ""))
                    continue
                return await _received(response, rules.max_bytes)
    except asyncio.TimeoutError:
        raise _TryAgain("non risponde in tempo") from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, _AddressRefused):
            raise FeedError("il nome porta a un indirizzo interno: rifiutato") from None
        raise _TryAgain("non si riesce a collegarsi") from None
    except (aiohttp.ClientError, ValueError) as error:
        raise _TryAgain(f"la risposta si interrompe ({type(error).__name__})") from None
    raise FeedError("troppi rinvii da un indirizzo all'altro")


def _refuse_elsewhere(url: URL, rules: FetchRules) -> None:
    host = (url.host or "").lower()
    if url.scheme not in ("http", "https") or host not in rules.hosts:
        raise FeedError("rinvia a un sito che non è fra quelli configurati: rifiutato")
    if is_ip_literal(host) and host not in rules.private_hosts and not is_public_address(host):
        raise FeedError("è un indirizzo interno: rifiutato")


def _redirected(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError:
        raise FeedError("rinvia a un indirizzo che non si legge") from None
    if not location or (url.scheme == "https" and target.scheme != "https"):
        raise FeedError("rinvia a un indirizzo non sicuro: rifiutato")
    return target


async def _received(response: aiohttp.ClientResponse, max_bytes: int) -> Fetched:
    if response.status == 304:
        return Fetched(None)
    if response.status != 200:
        kind = _TryAgain if response.status in _AGAIN else FeedError
        raise kind(f"risponde con l'errore {response.status}")
    body = await _body(response, max_bytes)
    return Fetched(
        body,
        etag=_validator(response.headers.get("ETag")),
        last_modified=_validator(response.headers.get("Last-Modified")),
    )


def _validator(value: str | None) -> str | None:
    return value if value and len(value) <= _MAX_VALIDATOR_CHARS else None


async def _body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The body, unpacked; reading stops as soon as it is too large, packed or not."""
    too_large = FeedError(f"supera {max_bytes} byte")
    if (response.content_length or 0) > max_bytes:
        raise too_large
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise FeedError("usa una compressione che non conosco")
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB) if packing not in ("identity", "") else None
    body = bytearray()
    received = 0
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        received += len(chunk)
        try:
            body += unpacker.decompress(chunk, max_bytes - len(body) + 1) if unpacker else chunk
        except zlib.error:
            raise FeedError("la compressione è rovinata") from None
        if received > max_bytes or len(body) > max_bytes:
            raise too_large
    if unpacker is not None and not unpacker.eof:
        raise _TryAgain("la risposta compressa si interrompe")
    return bytes(body)
