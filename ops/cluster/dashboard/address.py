"""Where the pages of dask are served: a port of this machine. Light to import; nothing of dask or bokeh is loaded."""

from __future__ import annotations

from geo.errors import BadInput
from ops.services.api.serving.local_port import LOOPBACK

OPTION = "--dashboard"


def dashboard_port(text: str) -> int:
    """Return the port of ``PORT`` or ``127.0.0.1:PORT``; BadInput for any other form, and any other address."""
    host, colon, port = text.rpartition(":")
    shown = ascii(text)[1:-1][:80]
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536) or (colon and not host):
        raise BadInput(f"{shown!r} is not a port", where=OPTION, expected="PORT or 127.0.0.1:PORT")
    if colon and host not in (LOOPBACK, "localhost"):
        raise BadInput(
            f"{ascii(host)[1:-1][:80]} is not {LOOPBACK}, and the pages of dask have no login",
            where=OPTION,
            expected=f"{LOOPBACK}:{port}, which other machines reach through an SSH tunnel",
        )
    return int(port)


def require_packages() -> None:
    """Raise BadInput, before anything starts, without the packages that dask's pages need."""
    try:
        import distributed.dashboard.scheduler  # noqa: F401
    except ImportError:
        raise BadInput(
            "needs packages that are not installed", where=OPTION, expected="pip install '.[dashboard]'"
        ) from None
