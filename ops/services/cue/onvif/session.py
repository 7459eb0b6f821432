"""HTTP to one camera: to checked addresses of allowed networks only, without redirects and proxies, within limits.

The rules are those of pictures (``ops.services.media.fetch``): all addresses of a name must be allowed, and the
connection is made to one that was checked. Certificates of cameras are always verified. An answer that is not complete
in time is cut off, also one that comes byte by byte.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from urllib.request import parse_http_list

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth
from requests.utils import parse_dict_header
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from geo.errors import WatchlineError
from ops.sector.setting_tables.media import PictureNetwork
from ops.sector.setting_tables.onvif import OnvifCamera
from ops.services.media.check import Unusable
from ops.services.media.fetch import PORTS, NotNow, ResolveHost, addresses_of, checked_address

PIECE: Final = 1 << 14
LONGEST_CHALLENGE: Final = 4096
"""Characters of a header ``WWW-Authenticate`` that are read; a camera may be hostile."""


class CameraFault(WatchlineError):
    """A camera that cannot be reached or does not do what it is asked; ``code`` is that of a look."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class CameraSession:
    """Requests to one camera; ``digest``: HTTP authentication with the camera's name and password, for pictures."""

    def __init__(
        self,
        camera: OnvifCamera,
        allowed: tuple[PictureNetwork, ...],
        digest: HTTPDigestAuth | None,
        *,
        resolve: ResolveHost = addresses_of,
    ) -> None:
        self._camera, self._allowed, self._resolve = camera, allowed, resolve
        self._digest: Any = digest  # its challenge has no public name
        self._session = requests.Session()
        self._session.trust_env = False
        self._line = _Line()
        self._session.mount("http://", _LineAdapter(self._line))
        self._session.mount("https://", _NamedAdapter(self._line, urlsplit(camera.address).hostname or ""))
        self._session.verify = camera.authority or True

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._line.close()

    def at(self, url: str) -> str:
        """The address of a service or picture: path and query as the camera states them, at the configured address.

        A camera behind a translated address states its own, and a hostile one any other.
        """
        stated, here = urlsplit(url), urlsplit(self._camera.address)
        return urlunsplit((here.scheme, here.netloc, stated.path or "/", stated.query, ""))

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, most: int) -> requests.Response:
        """Send a message; the answer has at most ``most`` bytes. CameraFault without one."""
        return self._send("POST", url, body, headers, most)

    def get(self, url: str, *, most: int) -> bytes:
        """Fetch a file of at most ``most`` bytes. CameraFault if the camera does not give it."""
        answer = self._send("GET", url, None, {}, most)
        if answer.status_code == 401:
            answer = self._send("GET", url, None, self._proof(url, answer), most)
        if answer.status_code in (401, 403):
            raise CameraFault("credentials", f"HTTP {answer.status_code}")
        if answer.status_code != 200:
            raise CameraFault("by_camera", f"HTTP {answer.status_code}")
        return bytes(answer.content)

    def _proof(self, url: str, refusal: requests.Response) -> dict[str, str]:
        """The header that answers a challenge; nothing where there is none that requests understands.

        Left to itself, requests reads the refusal without a limit.
        """
        terms = digest_terms(refusal.headers.get("WWW-Authenticate", ""))
        if self._digest is None or not terms:
            return {}
        self._digest.init_per_thread_state()
        self._digest._thread_local.chal = parse_dict_header(terms)  # type: ignore[no-untyped-call]
        try:
            proof = self._digest.build_digest_header("GET", self.at(url))
        except KeyError:
            proof = None
        return {} if proof is None else {"Authorization": proof}

    def _send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], most: int
    ) -> requests.Response:
        parts = urlsplit(self.at(url))
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            address = checked_address(host, port, self._allowed, self._resolve)
        except (NotNow, Unusable) as error:
            raise CameraFault("unreachable", str(error)) from None
        there = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        target = urlunsplit((parts.scheme, there, parts.path, parts.query, ""))
        stated = {**headers, "Host": parts.netloc, "User-Agent": "watchline", "Accept-Encoding": "identity"}
        try:
            with (
                self._line.cut_after(self._camera.call_s),
                self._session.request(
                    method, target, data=body, headers=stated, timeout=self._camera.call_s,
                    allow_redirects=False, stream=True,
                ) as answer,
            ):  # fmt: skip
                answer._content = _bounded(answer, most)
        except requests.exceptions.Timeout as error:
            raise CameraFault("no_answer", type(error).__name__) from None
        except (requests.exceptions.RequestException, OSError) as error:
            code = "no_answer" if self._line.is_cut else "unreachable"
            raise CameraFault(code, type(error).__name__) from None
        if self._line.is_cut:  # what has come without a length looks complete
            raise CameraFault("no_answer", "the answer takes too long")
        return answer


class _Line:
    """The newest connection to the camera, which is cut by a thread of its own when the time for an answer is over.

    The time limit of requests is for each part of an answer that arrives.
    """

    def __init__(self) -> None:
        self._twin: socket.socket | None = None
        self._lock = threading.Lock()
        self.is_cut = False

    def opened(self, connection: socket.socket) -> socket.socket:
        """Take note of a connection, which TLS may replace by another object; return it."""
        with self._lock:
            if self._twin is not None:
                self._twin.close()
            self._twin = connection.dup()
            if self.is_cut:
                _shut(self._twin)
        return connection

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Cut the connection if the block takes longer."""
        self.is_cut = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _cut(self) -> None:
        with self._lock:
            self.is_cut = True
            if self._twin is not None:
                _shut(self._twin)

    def close(self) -> None:
        """Forget the connection."""
        with self._lock:
            if self._twin is not None:
                self._twin.close()
                self._twin = None


class _LineAdapter(HTTPAdapter):
    """Connections that are noted in a line."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _pools(self._line)


class _NamedAdapter(_LineAdapter):
    """TLS to a numerical address, with the certificate of the camera's name."""

    def __init__(self, line: _Line, host: str) -> None:
        self._host = host
        super().__init__(line)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named, assert_hostname=self._host, server_hostname=self._host)


def digest_terms(challenges: str) -> str:
    """The terms of the first challenge of Digest among those of a header, in any order (RFC 9110, 11.6.1)."""
    terms: list[str] = []
    for item in parse_http_list(challenges[:LONGEST_CHALLENGE]):
        scheme, _, rest = item.partition(" ")
        if "=" in rest and "=" not in scheme and not rest.lstrip().startswith("="):  # a challenge begins
            if terms:
                break
            terms = [rest.strip()] if scheme.lower() == "digest" else []
        elif terms:
            terms.append(item)
    return ", ".join(terms)


def _pools(line: _Line) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return line.opened(super()._new_conn())

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return line.opened(super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _bounded(answer: requests.Response, most: int) -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(PIECE):
        parts.append(part)
        size += len(part)
        if size > most:
            raise CameraFault("by_camera", f"an answer of more than {most} bytes")
    return b"".join(parts)
