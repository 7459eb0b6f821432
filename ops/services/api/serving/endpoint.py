"""Where the web server listens: an address, a port, and TLS; beyond this machine only with TLS and accounts."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import BadInput
from ops.services.api.serving.local_port import LOOPBACK, listen, listen_on

if TYPE_CHECKING:
    from ops.services.api.serving.tls import Tls

_EVERY = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``port`` None: 8447, or any. ``tls``: use TLS; without ``certificate`` and ``key`` with one made at first start.

    ``accounts``: whether people must log in.
    """

    host: str = LOOPBACK
    port: int | None = None
    tls: bool = False
    certificate: Path | None = None
    key: Path | None = None
    accounts: bool = True

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            missing = "--key" if self.key is None else "--certificate"
            raise BadInput("is missing", where=missing, expected="both --certificate FILE and --key FILE")
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            expected = "an IP address of this machine, such as 192.0.2.10 or 0.0.0.0"
            raise BadInput(f"{self.host[:80]!r} is not an IP address", where="--host", expected=expected) from None
        if not address.is_loopback and not self.accounts:
            expected = f"{LOOPBACK}, because a demonstration has no accounts"
            raise BadInput(f"{self.host} can be reached by other machines", where="--host", expected=expected)
        if not address.is_loopback and not self.encrypted:
            expected = "--tls, or --certificate and --key, with it"
            raise BadInput(f"{self.host} can be reached by other machines", where="--host", expected=expected)

    @property
    def encrypted(self) -> bool:
        """Whether the server uses TLS."""
        return self.tls or self.certificate is not None

    def check(self) -> None:
        """Raise BadInput, before any process starts, if the port is in use or the certificate is unusable."""
        if self.port is not None:
            listen(self.port, self.host).close()
        if self.certificate is not None and self.key is not None:
            from ops.services.api.serving.tls import Tls, now_utc

            Tls(self.certificate, self.key).check(now_utc())

    def listen(self) -> socket.socket:
        """A listening socket."""
        return listen_on(self.port, self.host)

    def prepared_tls(self, folder: Path, hosts: Iterable[str] = ()) -> Tls | None:
        """The files of the certificate, which is made in ``folder`` if the site has none; None without TLS."""
        if not self.encrypted:
            return None
        from ops.services.api.serving.tls import Tls, now_utc, own_certificate

        if self.certificate is not None and self.key is not None:
            return Tls(self.certificate, self.key)
        own = [] if self.host in _EVERY else [f"[{self.host}]" if ":" in self.host else self.host]
        return own_certificate(folder, [*own, *(host.lower() for host in hosts)], now_utc())

    def address(self, listening: socket.socket) -> str:
        """The address for a browser."""
        host = socket.gethostname() if self.host in _EVERY else self.host
        scheme = "https" if self.encrypted else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
