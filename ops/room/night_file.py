"""The files of a simulated scenario: each message with the time at which its sensor or unit sends it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.decode import decode, encode
from ingest.unit_messages import Position, decode_unit, encode_unit
from ops.governance.demonstration import SCENARIO_BEGINS
from sensors.scan import Scan
from sensors.timestamps import nanoseconds, utc_datetime

PATROLS: Final = ("patrol-1", "patrol-2", "patrol-3")
"""Names of the simulated units."""
SCENARIO_START: Final = SCENARIO_BEGINS


@dataclass(frozen=True, slots=True)
class SimulatedSender:
    """One sender: a sensor's name and kind, and the interval of its status messages [scenario seconds]."""

    sensor: str
    kind: str
    status_s: float


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
