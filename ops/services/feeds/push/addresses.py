"""The addresses to which alerts may be posted: public ones, and the networks that the settings allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

IpAddress = IPv4Address | IPv6Address
_NAT64: Final = IPv6Network("64:ff9b::/96")
_MORE_SPECIAL: Final = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
)
"""Entries of the IANA registries that ``ipaddress`` takes for public in some versions of Python."""


@dataclass(frozen=True, slots=True)
class AddressRule:
    """``networks``: those that the settings allow, besides public addresses. ``listed_only``: no others."""

    networks: Sequence[IPv4Network | IPv6Network] = ()
    listed_only: bool = False

    def allows(self, address: str) -> bool:
        """Whether a connection to this IP address may be made."""
        try:
            found = _unwrapped(ip_address(address))
        except ValueError:
            return False
        return self._is_listed(found) or (not self.listed_only and _is_public(found))

    def _is_listed(self, address: IpAddress) -> bool:
        return any(address.version == one.version and address in one for one in self.networks)


def _is_public(address: IpAddress) -> bool:
    """Whether an address is one of the public internet, none of its special ones (IANA registries, RFC 6890)."""
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (isinstance(address, IPv6Address) and address.is_site_local)
        or any(address.version == one.version and address in one for one in _MORE_SPECIAL)
    )
    return address.is_global and not special


def _unwrapped(address: IpAddress) -> IpAddress:
    """The IPv4 address within one of IPv6 that leads to it: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (None if teredo is None else teredo[1]) or address
