"""The address at which the scheduler of a cluster takes workers of other machines."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from geo.errors import BadInput


def refuse_unspecified(host: str) -> None:
    """Raise BadInput for a host that stands for all addresses of a machine, however it is spelled, or has none.

    Others could not reach it under that name: ``0``, ``0.0.0.0``, ``::``, ``::ffff:0.0.0.0``, or a name of one of them.
    """
    shown = ascii(host)[1:-1][:80]
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadInput(
            f"{shown} cannot be resolved", where="--listen", expected="the address of this machine"
        ) from None
    for *_, (address, *_) in found:
        ip = ip_address(str(address).partition("%")[0])
        if ip.is_unspecified or (ip.version == 6 and ip.ipv4_mapped is not None and ip.ipv4_mapped.is_unspecified):
            raise BadInput(
                f"{shown} is not the address of a machine", where="--listen", expected="that of this machine"
            )
