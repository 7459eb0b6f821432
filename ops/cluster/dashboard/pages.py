"""The pages of dask about a scheduler, for the browsers of this machine.

They have no login, so they are served on 127.0.0.1 only, and a web page of another origin can neither read them nor
open their stream of changes, also if its name is resolved to this machine. No page makes a browser ask another host.
"""

from __future__ import annotations

import re
from socket import socket
from typing import Any, Final
from urllib.parse import urlsplit

import bokeh.settings
import dask
from distributed.dashboard.core import BokehApplication
from distributed.dashboard.scheduler import applications, template_variables
from distributed.http.routing import RoutingApplication
from distributed.http.utils import get_handlers
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.web import ErrorHandler, OutputTransform, RedirectHandler

ROUTES: Final = ["distributed.http.scheduler.info", "distributed.http.statics"]
"""dask's lists of workers and tasks. Its figures for programs are not served, nor its requests that change something,
nor the pages of workers, which have none."""
PLOTS: Final = {path: plot for path, plot in applications.items() if not re.search("hardware|profile", path)}
"""dask's plots, without the one that measures the workers' disks and memory whenever it is opened, and those of a
profile, which is not recorded."""
MOST_PLOTS: Final = 16
"""Pages with plots that are open at the same time; a closed one counts for 15 s more. Each is drawn again up to ten
times per second, by the process that watches the sectors."""
SETTINGS: Final = {"distributed.scheduler.dashboard.bokeh-application.allow_websocket_origin": ["*"]}
"""``_Pages`` compares the origin of a stream with the host that was asked, which a tunnel gives another port."""
_HOST: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
_ELSEWHERE: Final = re.compile(rb"""\s(?:href|src)=(["'])(?:(?:https?:)?//|(?:\.\./)*proxy/).*?\1""")
"""A reference to another host, which are a style sheet that dask's lists would load and links to dask's own site, or to
the pages of a worker."""
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws://127.0.0.1:*"
        " ws://localhost:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _Pages(RoutingApplication):
    """Answers requests for this machine that no page of another origin has caused, and opens no plots without limit."""

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        hosts, origins = request.headers.get_list("Host"), request.headers.get_list("Origin")
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 421})
        if any(urlsplit(origin).netloc != hosts[0] for origin in origins):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 403})
        if request.path.rstrip("/") in PLOTS and self._open_plots() >= MOST_PLOTS:
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 503})
        return super().find_handler(request, **kwargs)

    def _open_plots(self) -> int:
        return sum(len(plots.get_sessions(path)) for plots in self.applications for path in plots.app_paths)


class _OnlyThisMachine(OutputTransform):
    """Takes references to other hosts out of a page, and forbids the browser to follow those that a script makes."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        for name, value in _HEADERS.items():
            headers[name] = value
        if finishing and headers.get("Content-Type", "").startswith("text/html"):
            chunk = _ELSEWHERE.sub(b"", chunk)
            if "Content-Length" in headers:
                headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk


def _menu(scheduler: Any) -> dict[str, Any]:
    """Return what the menu of each page lists."""
    menu: dict[str, Any] = dict(template_variables(scheduler))
    menu["pages"] = [page for page in menu["pages"] if page == "info" or f"/{page}" in PLOTS]
    menu["plots"] = [plot for plot in menu["plots"] if f"/{plot['url']}" in PLOTS]
    return menu


class DashboardServer:
    """Serves the pages of a scheduler at a listening socket, which it closes. Its methods run in dask's loop."""

    def __init__(self, scheduler: Any, listening: socket) -> None:
        self._scheduler, self._listening = scheduler, listening

    async def serve(self) -> None:
        """Serve until ``close``."""
        bokeh.settings.settings.resources = "server"  # scripts and styles from here, whatever the environment says
        pages = _Pages(get_handlers(self._scheduler, ROUTES))  # type: ignore[no-untyped-call]
        self._server = HTTPServer(pages)
        with dask.config.set(SETTINGS):
            self._plots = BokehApplication(  # type: ignore[no-untyped-call]
                PLOTS, self._scheduler, template_variables=_menu(self._scheduler)
            )
        self._plots.initialize(IOLoop.current())
        self._plots.add_handlers(r".*", [(r"/", RedirectHandler, {"url": "/status"})])
        self._plots.start()
        pages.add_application(self._plots)
        for application in (pages, self._plots):
            application.add_transform(_OnlyThisMachine)
        self._listening.setblocking(False)
        self._server.add_sockets([self._listening])

    async def close(self) -> None:
        """Serve no more, and end the connections of browsers."""
        self._server.stop()
        self._plots.stop()
        await self._server.close_all_connections()
