"""Fetching one file from a sensor: only from allowed networks, without redirects, within limits of size and time.

The address to which a name resolves is checked, and the connection is made to that address and to no other, so that a
name that resolves differently the next time (DNS rebinding) leads nowhere else. No proxy of the environment is used.
"""

from __future__ import annotations

import errno
import http.client
import os
import re
import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from geo.errors import WatchlineError
from ops.sector.setting_tables.media import MediaSettings, PictureNetwork
from ops.services.media.check import Unusable

_DROP: Final = "drop:"
_NAME: Final = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]{0,199}")
PASSING: Final = (408, 425, 429)
"""HTTP client errors that may pass (RFC 9110, RFC 8470, RFC 6585); every other one is final."""
PORTS: Final = {"http": 80, "https": 443}
ResolveHost = Callable[[str, int], Sequence[str]]


class NotNow(WatchlineError):
    """The file could not be fetched now, and is asked for again."""


class Fetcher:
    """Fetches files by the rules of the settings. ``resolve`` returns the addresses of a host."""

    def __init__(self, settings: MediaSettings, *, resolve: ResolveHost | None = None) -> None:
        self._settings = settings
        self._allowed: tuple[PictureNetwork, ...] = settings.allowed
        self._resolve = resolve or addresses_of

    def fetch(self, uri: str, size: int) -> bytes:
        """Return the file at ``uri``, of ``size`` bytes; 0: of any size that is allowed.

        Raises NotNow, or Unusable for one that is refused.
        """
        if size > self._settings.max_bytes:
            raise Unusable("too_large", f"{size}")
        if uri.startswith(_DROP):
            return self._dropped(uri.removeprefix(_DROP), size)
        return self._over_http(uri, size)

    def _dropped(self, name: str, size: int) -> bytes:
        if not self._settings.drop:
            raise Unusable("no_drop")
        if not _NAME.fullmatch(name):
            raise Unusable("address")
        try:
            descriptor = os.open(
                Path(self._settings.drop) / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            )
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Unusable("address") from None
            raise NotNow(error.strerror or type(error).__name__) from None  # it may be put there later
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Unusable("address")
        with open(descriptor, "rb") as file:
            data = file.read((size or self._settings.max_bytes) + 1)
        if len(data) < max(size, 1):
            raise NotNow("not yet complete")
        return self._bounded(data)

    def _bounded(self, data: bytes) -> bytes:
        if len(data) > self._settings.max_bytes:
            raise Unusable("too_large")
        return data

    def _over_http(self, uri: str, size: int) -> bytes:
        try:
            parts = urlsplit(uri)
            host, port = parts.hostname, parts.port or PORTS.get(parts.scheme, 0)
        except ValueError:
            raise Unusable("address") from None
        if not host or not port or parts.username is not None or parts.password is not None:
            raise Unusable("address")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        address = checked_address(host, port, self._allowed, self._resolve)
        with self._connected(address, host, port, secure=parts.scheme == "https") as connection:
            try:
                connection.request("GET", target, headers={"Accept-Encoding": "identity", "User-Agent": "watchline"})
                answer = connection.getresponse()
                self._check_status(answer.status)
                return self._bounded(_body(answer, size, most=self._settings.max_bytes))
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise NotNow(_reason(error)) from None

    @staticmethod
    def _check_status(status: int) -> None:
        if status == 200:
            return
        if 300 <= status < 400:
            raise Unusable("redirect")
        if 400 <= status < 500 and status not in PASSING:
            raise Unusable("refused", f"{status}")
        raise NotNow(f"HTTP {status}")

    @contextmanager
    def _connected(self, address: str, host: str, port: int, *, secure: bool) -> Iterator[http.client.HTTPConnection]:
        """A connection to this very address, which is cut when the time for one file is over."""
        timeout_s = self._settings.timeout_s
        opened = [_opened(address, port, timeout_s)]
        cut = threading.Timer(timeout_s, lambda: _shut(opened[0]))
        cut.daemon = True
        cut.start()
        try:
            if secure:
                context = ssl.create_default_context()
                try:
                    opened[0] = context.wrap_socket(opened[0], server_hostname=host, do_handshake_on_connect=False)
                    opened[0].do_handshake()
                except (OSError, ValueError) as error:
                    raise NotNow(_reason(error)) from None
            connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
            connection.sock = opened[0]
            yield connection
        finally:
            cut.cancel()
            opened[0].close()


def checked_address(host: str, port: int, allowed: Sequence[PictureNetwork], resolve: ResolveHost) -> str:
    """Return the first address of a host. NotNow without one, Unusable where any is in no allowed network."""
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise NotNow(_reason(error)) from None
    if not found:
        raise NotNow("no address")
    if not all(_is_allowed(address, allowed) for address in found):
        raise Unusable("network")
    return found[0]


def _is_allowed(text: str, allowed: Sequence[PictureNetwork]) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in network for network in allowed)


def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _body(answer: http.client.HTTPResponse, size: int, *, most: int) -> bytes:
    """The body, of which at most one byte more is read than is stated, or than is allowed where no size is stated."""
    length = answer.getheader("Content-Length")
    stated = int(length[:20]) if length is not None and length.isdecimal() else None
    if size and stated is not None and stated != size:
        raise Unusable("size", f"{stated}")
    parts, left = [], (size or most) + 1
    while left > 0 and (part := answer.read(min(left, 1 << 16))):
        parts.append(part)
        left -= len(part)
    data = b"".join(parts)
    if len(data) < min(size or stated or 1, most):
        raise NotNow("the connection ended early")
    return data


def _opened(address: str, port: int, timeout_s: float) -> Any:
    try:
        return socket.create_connection((address, port), timeout_s)
    except OSError as error:
        raise NotNow(_reason(error)) from None


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
