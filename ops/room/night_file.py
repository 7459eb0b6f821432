"""The files of a simulated scenario: each message with the time at which its sensor or unit sends it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ingest.decode import decode, encode
from ingest.unit_messages import Position, decode_unit, encode_unit
from ingest.wire import ReportedState, WireBox, WireMedia, WirePose
from ops.governance.demonstration import SCENARIO_BEGINS
from sensors.mobile import Pose
from sensors.scan import Scan
from sensors.timestamps import nanoseconds, utc_datetime

if TYPE_CHECKING:
    from sensors.simulate.stills import Still

PATROLS: Final = ("patrol-1", "patrol-2", "patrol-3")
"""Names of the simulated units."""
TURNING_CAMERAS: Final = ("ptz-divide", "ptz-crest")
"""Names of the simulated cameras that turn, in a layout that has them: SAPIENT nodes, which send for themselves."""
SCENARIO_START: Final = SCENARIO_BEGINS
STILLS: Final = "stills"
"""Folder of the simulated pictures, and the name of the file that assigns them to messages."""


@dataclass(frozen=True, slots=True)
class SimulatedSender:
    """One sender: a sensor's name and kind, and the interval of its status messages [scenario seconds]."""

    sensor: str
    kind: str
    status_s: float


class _Assigned(msgspec.Struct):
    """A picture and the message that refers to it."""

    scan: tuple[str, int, int]
    media: WireMedia


def write_night(path: Path, scans: Iterable[Scan]) -> None:
    """Write one line per scan: ``send_ns<TAB>message``, the sending time (its ``received_at``) and the wire message."""
    with path.open("wb") as file:
        for scan in scans:
            file.write(b"%d\t%s\n" % (nanoseconds(scan.received_at), encode(scan)))


def read_night(path: Path) -> Iterator[Scan]:
    """Read the scans that ``write_night`` wrote, in the same order."""
    with path.open("rb") as file:
        for line in file:
            send_ns, _, message = line.partition(b"\t")
            yield decode(message, received_at=utc_datetime(int(send_ns)))


def write_stills(folder: Path, found: Iterable[Still]) -> int:
    """Write simulated pictures into the drop folder, and which message refers to which; return their number."""
    from PIL import Image

    (folder / STILLS).mkdir(parents=True, exist_ok=True)
    lines = []
    for one in found:
        made = io.BytesIO()
        Image.fromarray(one.grey).save(made, "JPEG", quality=80)
        digest = sha256(made.getvalue()).hexdigest()
        (folder / STILLS / f"{digest}.jpg").write_bytes(made.getvalue())
        box = WireBox(*(round(side, 4) for side in one.box))
        media = WireMedia(f"drop:{digest}.jpg", "image/jpeg", digest, made.tell(), plot=one.plot, box=box)
        lines.append(msgspec.json.encode(_Assigned(one.scan, media)) + b"\n")
    (folder / f"{STILLS}.jsonl").write_bytes(b"".join(lines))
    return len(lines)


def read_stills(folder: Path) -> dict[tuple[str, int, int], WireMedia]:
    """Read which message (sensor, boot, seq) of the scenario refers to which picture; empty without the file."""
    path = folder / f"{STILLS}.jsonl"
    if not path.exists():
        return {}
    rows = (msgspec.json.decode(line, type=_Assigned) for line in path.read_bytes().splitlines())
    return {row.scan: row.media for row in rows}


def read_senders(path: Path) -> list[SimulatedSender]:
    """Read the senders of a simulated scenario."""
    return [SimulatedSender(*entry) for entry in json.loads(path.read_text())]


def write_positions(path: Path, positions: Iterable[Position]) -> None:
    """Write the positions of units, one wire message per line, in the order of their times."""
    with path.open("wb") as file:
        for position in sorted(positions, key=lambda one: (one.observed_at, one.unit)):
            file.write(encode_unit(position) + b"\n")


def read_positions(path: Path) -> Iterator[Position]:
    """Read the positions that ``write_positions`` wrote, in the same order."""
    with path.open("rb") as file:
        for line in file:
            position = decode_unit(line.strip(), "position")
            if isinstance(position, Position):
                yield position


class StatedState(msgspec.Struct, frozen=True, array_like=True):
    """From ``at_ns`` on a sensor reports a state with a note."""

    at_ns: int
    sensor: str
    state: ReportedState
    note: str = ""


def write_states(path: Path, states: Iterable[StatedState]) -> None:
    """Write what sensors report of themselves, one state per line, in the order of their times."""
    with path.open("wb") as file:
        for one in sorted(states, key=lambda each: (each.at_ns, each.sensor)):
            file.write(msgspec.json.encode(one) + b"\n")


def read_states(path: Path) -> Iterator[StatedState]:
    """Read what ``write_states`` wrote, in the same order; none without the file."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            yield msgspec.json.decode(line, type=StatedState)


def write_poses(path: Path, poses: Iterable[Pose]) -> None:
    """Write the poses of mobile sensors, one per line: ``sensor<TAB>pose``, the pose as on the wire."""
    with path.open("wb") as file:
        for pose in poses:
            stated = {name: getattr(pose, name) for name in WirePose.__struct_fields__}
            file.write(b"%s\t%s\n" % (pose.sensor.encode(), msgspec.json.encode(WirePose(**stated))))


def read_poses(path: Path) -> Iterator[tuple[str, WirePose]]:
    """Read (sensor, pose) as ``write_poses`` wrote them, in the same order; none without the file."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            sensor, _, pose = line.partition(b"\t")
            yield sensor.decode(), msgspec.json.decode(pose, type=WirePose)
