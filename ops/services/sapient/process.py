"""The SAPIENT process: ``python -m ops.services.sapient.process``, a fusion node beside ingest that dials a middleware
or listens.

Reports of its nodes go through spools and the broker to ingest, like those of any sensor; tracks and alerts are read
from the store and sent. SAPIENT over TCP has neither passwords nor encryption: anyone who can reach the port is
trusted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE, IdentityFolder, Name
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import child_main, say
from ops.sector.layouts.file import layout_of
from ops.sector.settings import load_settings
from ops.services.sapient.connection import Address, dial, listen
from ops.services.sapient.database import SapientMemory
from ops.services.sapient.gateway import Gateway, Times
from ops.services.sapient.node_link import LinkContext
from ops.services.sapient.outgoing import ROUND_S, Reports
from ops.store.feed_release import FeedRelease
from ops.store.markings import MarkingReader
from ops.store.reader import Reader

log = logging.getLogger(__name__)

TICK_S: Final = 0.01
REGISTER_READ_S: Final = 1.5
"""Ingest reads a changed register every second, so a new key is used only after this time."""


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Serve until ``stop``. WatchlineError for an address, a layout or a file that cannot be used."""
    clock = ScenarioClock.from_arguments(arguments)
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    folder: Path = arguments.folder
    layout = layout_of(arguments.layout)  # only angles and distances near its sensors are needed, so no terrain
    with SapientMemory(folder) as memory:
        links = LinkContext(arguments.sector_id, url, folder, clock.now_ns, memory, _identities())
        own_id = memory.own_id(str(uuid4()))
        gateway = Gateway(layout, links, own_id, Times(arguments.future_s, arguments.late_s))
        release = FeedRelease(MarkingReader(arguments.store), load_settings(arguments.settings).releasability)
        reports = Reports(
            gateway, Reader(arguments.store), memory, name=arguments.sector_id, now_ns=clock.now_ns, release=release
        )
        try:
            asyncio.run(_serve(arguments, gateway, reports, clock.now_ns, stop))
        finally:
            gateway.close()
    return 0


async def _serve(
    arguments: argparse.Namespace, gateway: Gateway, reports: Reports, now_ns: Callable[[], int], stop: threading.Event
) -> None:
    dialling: asyncio.Task[None] | None = None
    if arguments.dial is not None:
        address = Address.parse(arguments.dial, where="--sapient")
        dialling = asyncio.create_task(dial(address, gateway.serve, now_ns=now_ns))
    server = None
    if arguments.listen is not None:
        address = Address.parse(arguments.listen, where="--sapient-listen")
        server = await listen(address, gateway.serve, now_ns=now_ns)
    say(ready=True, node_id=gateway.own_id)
    round_s, problem = time.monotonic(), None
    while not stop.is_set():
        await asyncio.sleep(TICK_S)
        gateway.tick()
        if gateway.disk.fatal is not None:
            raise gateway.disk.fatal
        if time.monotonic() >= round_s:
            round_s = time.monotonic() + ROUND_S
            reports.tick()
            failure = gateway.disk.failed or next(
                (link.problem for link in gateway.node_links.values() if link.problem), None
            )
            if failure != problem:
                problem = failure
                say(problem=problem)
        if dialling is not None and dialling.done():
            dialling.result()  # this task ends only with an error
    reports.goodbye()
    if dialling is not None:
        dialling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dialling
    if server is not None:
        server.close()
    await asyncio.gather(*(peer.finish() for peer in list(gateway.peers)), return_exceptions=True)


def _identities() -> Callable[[str], tuple[Identity, float]]:
    """Function that returns the identity with which to sign as a sensor, and the seconds until it is valid. If
    signatures are required, a sensor without a key receives a new one."""
    folder = os.environ.get(IDENTITY_VARIABLE, "")
    required = os.environ.get(SIGNATURES_VARIABLE) == "required"

    def identity_of(sensor: str) -> tuple[Identity, float]:
        if not folder:
            return Identity(), 0.0
        identities = IdentityFolder(Path(folder))
        known = identities.bundle(sensor).is_dir()
        if not known and not required:
            return Identity(), 0.0
        if not known:
            identities.prepare([Name("sensor", sensor)])
        return identities.identity(sensor), 0.0 if known else REGISTER_READ_S

    return identity_of


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.services.sapient.process", description=__doc__.splitlines()[0])
    parser.add_argument("--sector-id", required=True, help="the sector's name in topics")
    parser.add_argument("--layout", type=Path, required=True, help="layout file")
    parser.add_argument("--folder", type=Path, required=True, help="data folder: spools and sapient.db")
    parser.add_argument("--store", type=Path, required=True, help="fusion's store, read only")
    parser.add_argument("--settings", type=Path, help="settings file")
    parser.add_argument("--dial", metavar="HOST:PORT", help="a middleware to call")
    parser.add_argument("--listen", metavar="HOST:PORT", help="where to listen")
    parser.add_argument("--future-s", type=float, default=0.5, help="refuse what is dated further ahead (default 0.5)")
    parser.add_argument("--late-s", type=float, default=86_400.0, help="refuse what is older (default a day)")
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    return child_main(run, _parser().parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
