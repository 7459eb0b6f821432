"""The operations centres of the sectors, each a process with a port of its own, started when someone opens it."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.errors import WatchlineError
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE
from ops.postgres.address import STORE_VARIABLE
from ops.runtime.processes.child_process import Child
from ops.sector.geojson import border_view, layout_view, sector_view
from ops.sector.sector_file import Sector, layout_path
from ops.services.api.serving.local_port import listen

if TYPE_CHECKING:
    from ops.services.api.serving.tls import Tls

log = logging.getLogger(__name__)

START_S: Final = 300.0
STOP_S: Final = 10.0
IDLE_S: Final = 600.0
"""A centre without an open stream or a request for so long is ended."""
GRACE_S: Final = 60.0
"""The same where another one needs its place: the page of one that was just opened has no stream yet."""


@dataclass(frozen=True, slots=True)
class CentreOptions:
    """``host`` and ``tls`` as of the national page, whose ``login_port`` and accounts count in each centre.

    ``broker`` returns the address of the cluster's broker, which is another one after each start of a cluster with an
    embedded broker; None where none is known. ``identity``: keys for a broker of one's own, None: those in the sector's
    folder. ``store``: in PostgreSQL. ``most``: centres at once.
    """

    data: Path
    broker: Callable[[], str | None] = field(repr=False)
    host: str
    login_port: int
    most: int
    tls: Tls | None = None
    settings: Path | None = None
    identity: Path | None = None
    store: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Centre:
    child: Child
    listening: socket.socket
    used_s: float
    broker: str
    requests: int | None = None

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def close(self) -> None:
        self.child.stop(timeout_s=STOP_S)
        self.listening.close()


class TooManyCentres(WatchlineError):
    """As many centres are open as may be: ``most``."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} are open and in use, as many as --centres allows")
        self.most = most


class NoBroker(WatchlineError):
    """There is no broker to which a person's actions could be sent."""


class Centres:
    """Opens the centres; any thread may call it. ``look`` ends those without use."""

    def __init__(
        self,
        sectors: Mapping[str, Sector],
        options: CentreOptions,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sectors, self._options, self._monotonic_s = sectors, options, monotonic_s
        self._open: dict[str, _Centre] = {}
        self._lock = threading.Lock()
        self._starts = {name: threading.Lock() for name in sectors}
        self._starting: set[str] = set()
        self._closed = False

    def open(self, name: str) -> int:
        """Return the port of a sector's centre once it answers; start it if it does not run.

        Raises WatchlineError if it does not start, ``NoBroker`` and ``TooManyCentres``. One that starts delays no
        other.
        """
        with self._starts[name]:
            broker = self._options.broker()
            if broker is None:
                raise NoBroker("no broker is known to which actions could be sent")
            with self._lock:
                centre = self._open.get(name)
                if centre is not None and centre.child.alive and centre.broker == broker:
                    centre.used_s = self._monotonic_s()
                    return centre.port
                full = len(self._open) + len(self._starting) >= self._options.most
                ended = self._without_use(GRACE_S if full else IDLE_S, broker)
                if len(self._open) + len(self._starting) >= self._options.most:
                    raise TooManyCentres(self._options.most)
                self._starting.add(name)
            started: _Centre | None = None
            try:
                for one in ended:
                    one.close()
                started = self._start(self._sectors[name], broker)
            finally:
                with self._lock:  # both at once: no other is admitted in its place meanwhile
                    self._starting.discard(name)
                    if started is not None and not self._closed:
                        self._open[name] = started
                    closed = self._closed
            if closed:
                started.close()
                raise WatchlineError("the server is stopping")
            return started.port

    def look(self) -> None:
        """End the centres that were not used for ``IDLE_S``, and those whose process, or whose broker, is no more."""
        broker = self._options.broker()
        with self._lock:
            ended = self._without_use(IDLE_S, broker)
        for centre in ended:
            centre.close()

    @property
    def running(self) -> list[str]:
        """Names of the sectors whose centre runs."""
        with self._lock:
            return sorted(self._open)

    def _without_use(self, idle_s: float, broker: str | None) -> list[_Centre]:
        """Take out the centres whose process has ended, that send to another broker, or that were not used so long."""
        now_s = self._monotonic_s()
        found: list[_Centre] = []
        for name, centre in list(self._open.items()):
            requests = centre.child.last("requests")
            if centre.child.last("streams") or requests != centre.requests:
                centre.used_s, centre.requests = now_s, requests
            moved = broker is not None and centre.broker != broker
            if now_s - centre.used_s >= idle_s or moved or not centre.child.alive:
                found.append(self._open.pop(name))
        return found

    def _start(self, sector: Sector, broker: str) -> _Centre:
        from ops.sector.open_sector import open_sector
        from ops.services.fusion.process import published_language

        options, layout = self._options, layout_path(sector, None)
        folder, ground = options.data / sector.name, open_sector(sector)
        tls = None if options.tls is None else replace(options.tls, own=False)  # the national page renews it
        with ExitStack() as started:
            listening = started.enter_context(listen(0, options.host))
            child = Child(
                f"centre-{sector.name}",
                "ops.services.api.process",
                [
                    f"--listen-fd={listening.fileno()}",
                    f"--folder={folder}",
                    f"--sector={sector.path}",
                    f"--sector-id={sector.name}",
                    f"--layout={layout}",
                    f"--accounts={options.data}",
                    f"--login-port={options.login_port}",
                    *([] if options.settings is None else [f"--settings={options.settings}"]),
                    *([] if tls is None else tls.arguments()),
                ],
                log=folder / "logs" / "api.log",
                secrets={
                    URL_VARIABLE: broker,
                    IDENTITY_VARIABLE: str(options.identity or folder / "identity"),
                    **({} if options.store is None else {STORE_VARIABLE: options.store}),
                },
                pass_fds=[listening.fileno()],
            )
            started.callback(child.stop, timeout_s=STOP_S)
            known: dict[str, Any] = {
                "border": border_view(ground), "ground": sector_view(ground), "layout": layout_view(ground, {}),
                "language": published_language(sector),
            }  # fmt: skip
            child.tell(known=known, parts={}, map=True)
            child.wait_for("ready", timeout_s=START_S)
            started.pop_all()
        return _Centre(child, listening, self._monotonic_s(), broker)

    def close(self) -> None:
        """End all centres."""
        with self._lock:
            self._closed = True
            ended = list(self._open.values())
            self._open.clear()
        for centre in ended:
            centre.close()
