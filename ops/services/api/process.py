"""The API process: serves pages, map, streams and operator actions, apart from the process that supervises the room.

The supervisor passes the listening socket, so that the port stays the same after a restart, and tells over stdin what
fusion knows of the sector, which parts of the room work, and whether the map process is needed.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ingest.mqtt.broker_url import BrokerUrl
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import UNIT, identity_of
from ops.runtime.child_process import child_main, say
from ops.runtime.clock import ScenarioClock
from ops.services.api.access_log import AccessLog
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.operator_actions import ActionSender
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.server import serving
from ops.services.map.supervisor import MapProcess

LOOK_EVERY_S: Final = 0.2
OPEN_FILES: Final = 1024
"""Enough for the connections (``connections.MOST_CONNECTIONS``); paho cannot wait for files beyond (select)."""


class ToldByRoom:
    """What the room tells this process: ``known`` (border, ground and layout), ``parts``, and ``map`` (a bool)."""

    def __init__(self) -> None:
        self.parts: Mapping[str, str | None] = {}
        self.map_wanted: bool | None = None
        self.known: Mapping[str, Any] | None = None

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take one message."""
        self.parts = message.get("parts", self.parts)
        self.map_wanted = message.get("map", self.map_wanted)
        self.known = message.get("known", self.known)


def run(arguments: argparse.Namespace, stop: threading.Event, told: ToldByRoom) -> int:
    """Serve until ``stop``."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, most_files), most_files))
    clock, folder = ScenarioClock.from_arguments(arguments), arguments.folder
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    while told.known is None:
        if stop.wait(0.05):
            return 0
    known = told.known
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket(fileno=arguments.listen_fd))
        actions = ActionSender(url, arguments.sector_id, folder, now_ns=clock.now_ns, identity=identity_of(UNIT))
        stack.enter_context(actions)
        log = folder / "logs" / "map.log"
        ground = stack.enter_context(MapProcess(sector=arguments.sector, layout=arguments.layout, log=log))
        access_log = AccessLog(folder / "access.db")
        stack.callback(access_log.close)
        plan = PlanRoutes(arguments.sector, folder / "logs" / "plan.log")
        stack.callback(plan.close)
        settings = ApiSettings(
            sector=arguments.sector_id,
            border=known["border"],
            ground=known["ground"],
            layout=known["layout"],
            stale_after_s=5.0 * clock.rate,
            demo=arguments.demo,
            clock_rate=clock.rate,
        )
        app = create_app(
            folder / "store.db",
            settings,
            act=actions.send,
            now_ns=clock.now_ns,
            access_log=access_log,
            ground=ground,
            plan=plan,
            parts=lambda: {**told.parts, "map": ground.problem},
        )
        stack.enter_context(serving(app, listening))
        say(ready=True)
        _follow(told, ground, stop)
    return 0


def _follow(told: ToldByRoom, ground: MapProcess, stop: threading.Event) -> None:
    """Start and end the map process as the room tells, until ``stop``."""
    wanted: bool | None = None
    while not stop.wait(LOOK_EVERY_S):
        if told.map_wanted != wanted:
            wanted = told.map_wanted
            if wanted:
                ground.start()
            else:
                ground.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.services.api.process", description=__doc__.splitlines()[0])
    parser.add_argument("--listen-fd", type=int, required=True, help="descriptor of the listening socket")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the journal and the store")
    parser.add_argument("--sector", required=True, help="sector file")
    parser.add_argument("--sector-id", required=True, help="the sector's name in topics")
    parser.add_argument("--layout", required=True, help="layout name or file")
    parser.add_argument("--demo", action="store_true", help="movements are simulated, and the page says so")
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    told = ToldByRoom()
    return child_main(lambda arguments, stop: run(arguments, stop, told), _parser().parse_args(), hear=told.hear)


if __name__ == "__main__":
    raise SystemExit(main())
