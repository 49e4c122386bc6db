"""Which addresses may be connected to: a feed must not become a way into the network of the office. Pure."""

from __future__ import annotations

import ipaddress
from typing import Final

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_EMBEDDED_BITS: Final = 0xFFFFFFFF
_SPECIAL: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "2001:db8::/32", "fec0::/10")
)
"""Not public, whatever the standard library of this Python says of them."""


def is_public_address(text: str) -> bool:
    """Whether an IP address belongs to the public Internet, also when it hides inside an IPv6 address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & _EMBEDDED_BITS)
        if inner is not None:
            return is_public_address(str(inner))
    special = any(address in network for network in _SPECIAL if network.version == address.version)
    return address.is_global and not address.is_multicast and not special


def is_ip_literal(host: str) -> bool:
    """Whether a host is an address rather than a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return True
