"""From which address a request comes: what a trusted proxy says, and nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aiohttp import web

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOME_PREFIX = 64
"""An IPv6 customer gets at least a /64: counting single addresses would count nothing."""


def client_address(request: web.Request, proxies: Sequence[Network]) -> str:
    """The address that limits are counted on: the right-most one that is not a trusted proxy's."""
    address = request.remote or ""
    if not _is_trusted(address, proxies):
        return _counted(address)
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    for hop in reversed([part.strip() for part in forwarded.split(",")]):
        if not hop:
            continue
        address = hop
        if not _is_trusted(hop, proxies):
            break
    return _counted(address)


def _is_trusted(address: str, proxies: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in proxies if network.version == parsed.version)


def _counted(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        # What a proxy wrote and we cannot read counts as one stranger.
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), _HOME_PREFIX), strict=False).network_address)
    return str(parsed)
