"""Another user of this machine, who knocks at every port while dask works."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import psutil
from distributed.core import connect
from distributed.security import Security

from tests.patience import PATIENT_S

PAGES = ("/health", "/metrics", "/info/main/workers.html")


def open_ports() -> set[int]:
    """TCP ports on which this process and its children listen."""
    own, found = psutil.Process(), set[int]()
    for process in (own, *own.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            found |= {c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    return found


def entered_by_a_stranger(port: int) -> list[str]:
    """Addresses at a port that a stranger gets into: pages, or dask's with no certificate or one of another's."""
    if page_of(port, "/"):
        return [f"http://127.0.0.1:{port}{path}" for path in PAGES if page_of(port, path) != b"HTTP/1.1 404 Not Found"]
    tried = (("tcp", None), ("tls", Security.temporary()))
    addresses = [(f"{scheme}://127.0.0.1:{port}", security) for scheme, security in tried]
    return [address for address, security in addresses if asyncio.run(enters(address, security))]


async def enters(address: str, security: Security | None) -> bool:
    """Whether a stranger's dask gets as far as the exchange of greetings, after which it may have code run."""
    arguments = (security or Security()).get_connection_args("client")
    try:
        comm = await asyncio.wait_for(connect(address, timeout=2.0, **arguments), 5.0)
    except (OSError, TimeoutError, RuntimeError, ValueError):  # the last: bytes came before the greeting
        return False
    comm.abort()
    return True


def page_of(port: int, path: str) -> bytes:
    """First line of what a web server answers here; empty where none listens."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S) as talk:
        talk.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        with suppress(OSError):  # what is no web server hangs up on these bytes, or greets
            answer = talk.recv(4096).splitlines()
            return answer[0] if answer and answer[0].startswith(b"HTTP/") else b""
    return b""
