"""How a look reaches a camera. A driver starts it and says what became of it: SAPIENT here, ONVIF in ``onvif``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec

from geo.errors import WatchlineError
from ingest.standards.sapient.outgoing import Order, task
from ingest.wire import WireMedia
from ops.services.sapient.database import FILE_NAME, NodeTask, SapientMemory
from ops.services.sapient.sensor_names import node_of

STATES: Final = {
    "accepted": "accepted",
    "completed": "done",
    "rejected": "refused",
    "failed": "failed",
}
"""Status of a SAPIENT task (BSI Flex 335 v2, TaskAck) → state of the look."""


class LookOutcome(NamedTuple):
    """State of a look (``ops.incidents.looks.LOOK_STATES``), and why it is not done; empty otherwise.

    ``still``: a picture that the driver itself took when it was done.
    """

    state: str
    code: str = ""
    still: WireMedia | None = None


class Direction(NamedTuple):
    """Where a camera is to look [degrees]: azimuth from true north, elevation angle positive up; None: as it is."""

    azimuth_deg: float
    elevation_deg: float | None = None


class CannotLook(WatchlineError):
    """A camera that cannot be asked; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CameraDriver(Protocol):
    """Turns cameras. The same look may be started again after the process was killed; it is then sent once."""

    def reaches(self, camera: str) -> bool:
        """Whether this driver knows the camera."""

    def start(self, look: str, camera: str, there: Direction, now_ns: int) -> None:
        """Send the look, or leave it to be sent. Raises CannotLook."""

    def outcome(self, look: str) -> LookOutcome | None:
        """Return the state of a look; None while nothing is known."""

    def withdraw(self, look: str) -> None:
        """Do not send a look any more that has not been sent yet."""


class SapientDriver:
    """Queues look-at tasks for the SAPIENT gateway, in the data folder, and reads the nodes' answers there."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def reaches(self, camera: str) -> bool:
        """Whether a node that is this camera has registered."""
        return self._node(camera) is not None

    def start(self, look: str, camera: str, there: Direction, now_ns: int) -> None:
        """Queue the task under the id of the look."""
        node = self._node(camera)
        if node is None:
            raise CannotLook("not_registered")
        with SapientMemory(self._data) as memory:
            if any(one.task_id == look for one in memory.tasks()):
                return  # queued before this process was killed
            body = task("", node, look, Order(look_at=(there.azimuth_deg, there.elevation_deg))).SerializeToString()
            memory.add_task(NodeTask(look, node, body, now_ns, None, "", ""))

    def outcome(self, look: str) -> LookOutcome | None:
        """Return what the node answered, or that the task was sent."""
        if not (self._data / FILE_NAME).exists():
            return None
        with SapientMemory(self._data) as memory:
            found = next((one for one in memory.tasks() if one.task_id == look), None)
        if found is None:
            return None
        if found.answer in STATES:
            state = STATES[found.answer]
            still = msgspec.json.decode(found.file, type=WireMedia) if found.file and state == "done" else None
            return LookOutcome(state, "by_camera" if state in ("refused", "failed") else "", still)
        return None if found.sent_ns is None else LookOutcome("sent")

    def withdraw(self, look: str) -> None:
        """Remove the task from the queue, unless it was sent: no node gets it once it connects again."""
        if (self._data / FILE_NAME).exists():
            with SapientMemory(self._data) as memory:
                memory.withdraw_task(look)

    def _node(self, camera: str) -> str | None:
        if not (self._data / FILE_NAME).exists():
            return None
        with SapientMemory(self._data) as memory:
            return node_of(camera, memory.nodes(), self._data)


class CameraDrivers:
    """Several drivers as one: the first that reaches a camera turns it."""

    def __init__(self, drivers: Sequence[CameraDriver]) -> None:
        self._drivers = drivers

    def reaches(self, camera: str) -> bool:
        """Whether any driver knows the camera."""
        return any(one.reaches(camera) for one in self._drivers)

    def start(self, look: str, camera: str, there: Direction, now_ns: int) -> None:
        """Send the look by the driver that knows the camera. Raises CannotLook."""
        found = next((one for one in self._drivers if one.reaches(camera)), None)
        if found is None:
            raise CannotLook("not_registered")
        found.start(look, camera, there, now_ns)

    def outcome(self, look: str) -> LookOutcome | None:
        """Return the state of a look from the driver that has it."""
        return next((found for one in self._drivers if (found := one.outcome(look)) is not None), None)

    def withdraw(self, look: str) -> None:
        """Do not send a look any more."""
        for one in self._drivers:
            one.withdraw(look)
