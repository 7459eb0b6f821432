"""The simulated cameras of a demonstration: ``python -m ops.room.turning_camera.process``, one SAPIENT node for each.

A node registers with the gateway, states where it looks, takes look-at tasks, turns at its rate, and sends what it sees
with a thermal still. It knows the scenario, and Watchline learns nothing of that but through the gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import math
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from ingest.standards.sapient.decode import read
from ingest.standards.sapient.outgoing import ulid
from ops.room.turning_camera.messages import STATUS_S, SimulatedNode
from ops.room.turning_camera.motion import Turn
from ops.room.turning_camera.still import ShownStill, StillFailed, Studio
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import child_main, say
from ops.services.sapient.connection import Address, Peer, dial

log = logging.getLogger(__name__)

TICK_S: Final = 0.2
MOVING_EVERY_S: Final = 0.5
"""Interval of status reports while a camera turns, scenario seconds."""


class PreparedShot(Protocol):
    """A still that is being made (``ops.room.turning_camera.still``)."""

    def take(self, azimuth_deg: float, at_ns: int) -> ShownStill: ...

    def close(self) -> None: ...


class TurningCamera:
    """One camera and its connection. ``prepare`` begins a still of a camera."""

    def __init__(
        self, node: SimulatedNode, azimuth_deg: float, prepare: Callable[[str], PreparedShot], now_ns: Callable[[], int]
    ) -> None:
        self.node, self._prepare, self._now_ns = node, prepare, now_ns
        self._turn = Turn(azimuth_deg, 0.0, azimuth_deg, 0.0)
        self._task: str | None = None
        self._shot: PreparedShot | None = None
        self._taken = list[PreparedShot]()
        self._peer: Peer | None = None
        self._gateway = ""
        self._stated_s = -math.inf
        self._working: set[asyncio.Task[None]] = set()

    async def serve(self, peer: Peer) -> None:
        """Register, and take tasks until the connection ends."""
        self._peer, self._stated_s = peer, -math.inf
        peer.send(self.node.registration())
        try:
            async for raw in peer.packets():
                message = read(raw).message
                if message.WhichOneof("content") == "task":
                    self._gateway = message.node_id
                    self._accept(message.task)
        finally:
            self._peer = None

    def tick(self) -> None:
        """State where the camera looks, more often while it turns, and do what its task requires."""
        now_s = self._now_s()
        turning = now_s < self._turn.steady_s
        if self._peer is not None and now_s - self._stated_s >= (MOVING_EVERY_S if turning else STATUS_S):
            self._state(now_s)
        if self._task is not None and self._shot is not None and not turning:
            self._state(now_s)
            shot, self._shot = self._shot, None
            self._working.add(work := asyncio.create_task(self._look(self._task, shot)))
            work.add_done_callback(self._working.discard)

    def close(self) -> None:
        """Give up all stills: an orderly end waits for none."""
        self._give_up()
        for shot in self._taken:
            shot.close()

    def _give_up(self) -> None:
        """Give up the still that was prepared."""
        if self._shot is not None:
            self._shot.close()
            self._shot = None

    def _accept(self, task: Any) -> None:
        command = task.command
        if command.WhichOneof("command") != "look_at" or command.look_at.WhichOneof("fov_oneof") != "range_bearing":
            self._answer(task.task_id, "REJECTED", reason="only look-at tasks with a direction")
            return
        if self._task is not None:
            self._answer(self._task, "FAILED", reason="another task came")
        self._give_up()
        self._shot = self._prepare(self.node.camera)
        cone = command.look_at.range_bearing
        elevation = cone.elevation if cone.HasField("elevation") else None
        self._task = task.task_id
        self._turn = self._turn.towards(cone.azimuth, elevation, self._now_s())
        self._answer(task.task_id, "ACCEPTED")

    async def _look(self, task: str, shot: PreparedShot) -> None:
        """Take a still, and send what it shows, unless another task came."""
        azimuth, at_ns = self._turn.at(self._now_s())[0], self._now_ns()
        self._taken.append(shot)
        try:
            shown = await asyncio.to_thread(shot.take, azimuth, at_ns)
        except StillFailed as error:
            log.warning("%s: %s", self.node.camera, error)
            if task == self._task:
                self._answer(task, "FAILED", reason="no picture")
        else:
            if task == self._task:
                self._send_found(task, shown)
        finally:
            self._taken.remove(shot)
        if task == self._task:
            self._task = None

    def _send_found(self, task: str, shown: ShownStill) -> None:
        still = f"drop:{shown.file}"
        if shown.classes and self._peer is not None:
            self._peer.send(self.node.detection(self._new_id(), self._new_id(), shown, task=task, still=still))
            self._answer(task, "COMPLETED")
        else:
            self._answer(task, "COMPLETED", reason="nothing detected", still=still)

    def _answer(self, task: str, state: str, *, reason: str = "", still: str = "") -> None:
        if self._peer is not None:
            self._peer.send(self.node.answer(self._gateway, task, state, reason=reason, still=still))

    def _state(self, now_s: float) -> None:
        if self._peer is not None:
            azimuth, elevation = self._turn.at(now_s)
            self._peer.send(self.node.status(self._new_id(), azimuth, elevation, task=self._task or ""))
            self._stated_s = now_s

    def _now_s(self) -> float:
        return self._now_ns() / 1e9

    def _new_id(self) -> str:
        return ulid(self._now_ns() // 1_000_000, secrets.token_bytes(10))


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Serve the gateway until ``stop``."""
    clock = ScenarioClock.from_arguments(arguments)
    studio = Studio(arguments.layout, arguments.folder, arguments.weather)
    cameras = [
        TurningCamera(node, azimuth, studio.prepare, clock.now_ns)
        for node, azimuth in _nodes(Path(arguments.layout), arguments.cameras)
    ]
    asyncio.run(_serve(cameras, Address.parse(arguments.gateway, where="--gateway"), clock, stop))
    return 0


async def _serve(cameras: list[TurningCamera], gateway: Address, clock: ScenarioClock, stop: threading.Event) -> None:
    links = [asyncio.create_task(dial(gateway, one.serve, now_ns=clock.now_ns)) for one in cameras]
    say(ready=True)
    while not stop.is_set():
        for one in cameras:
            one.tick()
        await asyncio.sleep(TICK_S)
    for one in cameras:
        one.close()
    for link in links:
        link.cancel()
    await asyncio.gather(*links, return_exceptions=True)


def _nodes(layout: Path, cameras: list[str]) -> list[tuple[SimulatedNode, float]]:
    """Each camera of the layout file with the azimuth at which it begins."""
    found = []
    for feature in json.loads(layout.read_text(encoding="utf-8"))["features"]:
        about = feature["properties"]
        if about.get("id") in cameras:
            lon, lat = feature["geometry"]["coordinates"][:2]
            view = float(about.get("field_of_view_deg", 360.0))
            found.append((SimulatedNode(about["id"], lon, lat, view), float(about.get("azimuth_deg", 0.0))))
    return found


def main() -> int:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.room.turning_camera.process", description="Simulate cameras that turn."
    )
    parser.add_argument("--layout", required=True, help="layout file")
    parser.add_argument("--folder", type=Path, required=True, help="data folder of the demonstration")
    parser.add_argument("--gateway", required=True, metavar="HOST:PORT")
    parser.add_argument("cameras", nargs="+", help="ids of cameras in the layout")
    parser.add_argument("--weather", default="day", help="state of light and weather, such as 'night,fog'")
    ScenarioClock.add_arguments(parser)
    return child_main(run, parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
