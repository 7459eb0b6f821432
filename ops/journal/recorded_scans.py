"""The scans of a recorded night, read from a journal for analysis."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from geo.errors import BadInput
from ops.journal.decode_row import learn, scan_of_row
from ops.journal.reader import JournalReader
from sensors.layout import Layout
from sensors.scan import Scan

ROWS_A_STEP = 5_000


def recorded_scans(journal: Path, layout: Layout) -> tuple[list[Scan], dict[str, int]]:
    """Return the scans of a journal in order of receipt, and how many were left out, by reason.

    ``unknown_sensor`` are scans of sensors outside the layout, ``unreadable`` rows that cannot be decoded. Heartbeats,
    units and actions are no scans. Raises BadInput for a journal without any scan of the layout.
    """
    scans: list[Scan] = []
    left_out = {"unknown_sensor": 0, "unreadable": 0}
    sensor_contexts: dict[str, bytes] = {}
    at = 0
    with JournalReader(journal) as reader:
        while rows := reader.read(at, ROWS_A_STEP):
            for row in rows:
                learn(row, sensor_contexts)
                if row.kind != "detections":
                    continue
                if row.sensor not in layout:
                    left_out["unknown_sensor"] += 1
                    continue
                scan = None
                with suppress(BadInput):
                    scan = scan_of_row(row, layout, sensor_contexts.get(row.sensor))
                if scan is None:
                    left_out["unreadable"] += 1
                else:
                    scans.append(scan)
            at = rows[-1].id
    if not scans:
        raise BadInput("holds no scan of the layout's sensors", where=str(journal), expected="a journal of this sector")
    return scans, left_out
