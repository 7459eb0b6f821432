"""Which connections come from one place, so that one place cannot take all of them."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address
from typing import Any, Final

THIS_COMPUTER: Final = ""
_SITE_BITS: Final = 64


def place_of(peer: Any) -> str:
    """The place of a peer by its address as the socket states it: the IPv4 address, or the first 64 bits of an IPv6
    address, which one site has for itself. ``THIS_COMPUTER`` for loopback, where a reverse proxy may be, and for a
    peer without an IP address."""
    try:
        address = ip_address(peer[0])
    except (TypeError, IndexError, ValueError):
        return THIS_COMPUTER
    if not isinstance(address, IPv4Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return THIS_COMPUTER
    return str(address) if isinstance(address, IPv4Address) else f"{int(address) >> _SITE_BITS:x}"
