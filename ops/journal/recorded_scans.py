"""The scans of a journal, for analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from geo.errors import BadInput
from ops.journal.decode_row import columns_of_row, learn, pose_of_row, scan_of_row
from ops.journal.reader import JournalRow
from ops.journal.stores.place import read_journal
from ops.journal.stores.protocol import FollowedJournal
from sensors.layout import Layout
from sensors.scan import Scan
from sensors.scan_columns import ScanColumns

ROWS_A_STEP: Final = 5_000
ScanForm = TypeVar("ScanForm", Scan, ScanColumns)


def each_scan(
    reader: FollowedJournal,
    layout: Layout,
    decode: Callable[[JournalRow, Layout, bytes | None], ScanForm],
    left_out: dict[str, int],
    note: Callable[[int], None] | None = None,
    *,
    chosen: Callable[[JournalRow], bool] | None = None,
    pose_of: Callable[[JournalRow, Layout, bytes | None], ScanForm | None] | None = None,
) -> Iterator[ScanForm]:
    """Decode the scans of a journal one by one, in order of receipt, as ``scan_of_row`` or ``columns_of_row`` does.

    Counts in ``left_out`` what is not yielded: ``unknown_sensor``, ``unreadable``. ``note`` is called with the number
    of rows after each step. Detections that are not ``chosen`` (by default all are) are neither decoded nor counted.
    With ``pose_of`` (``pose_of_row``) the poses of mobile sensors are among them.
    """
    sensor_contexts: dict[str, bytes] = {}
    at = 0
    while rows := reader.read(at, ROWS_A_STEP):
        for row in rows:
            if pose_of is not None and (chosen is None or chosen(row)):
                pose = None
                with suppress(BadInput):
                    pose = pose_of(row, layout, sensor_contexts.get(row.sensor))
                if pose is not None:
                    yield pose
            learn(row, sensor_contexts)
            if row.kind != "detections" or (chosen is not None and not chosen(row)):
                continue
            if row.sensor not in layout:
                left_out["unknown_sensor"] += 1
                continue
            scan = None
            with suppress(BadInput):
                scan = decode(row, layout, sensor_contexts.get(row.sensor))
            if scan is None:
                left_out["unreadable"] += 1
            else:
                yield scan
        at = rows[-1].id
        if note is not None:
            note(len(rows))


def recorded_scans(journal: Path, layout: Layout) -> tuple[list[Scan], dict[str, int]]:
    """Return the scans of a journal in order of receipt, and how many were left out, by reason.

    ``unknown_sensor`` are scans of sensors outside the layout, ``unreadable`` rows that cannot be decoded. Heartbeats,
    unit messages and actions are not scans. Raises BadInput for a journal without any scan of the layout.
    """
    left_out = {"unknown_sensor": 0, "unreadable": 0}
    with read_journal(journal) as reader:
        scans = list(each_scan(reader, layout, scan_of_row, left_out))
    if not scans:
        raise BadInput("no scans of the layout's sensors", where=str(journal), expected="a journal of this sector")
    return scans, left_out


def recorded_poses(journal: Path, layout: Layout) -> list[ScanColumns]:
    """Return the poses that the layout's mobile sensors stated in a journal, in order of receipt."""
    with read_journal(journal) as reader:
        status = each_scan(
            reader, layout, columns_of_row, {}, chosen=lambda row: row.kind == "status", pose_of=pose_of_row
        )
        return list(status)
