"""A tracker's timeline as bytes: one npz file, arrays and JSON, no pickle."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fusion.timeline import Entry, Timeline
from fusion.tracks import PER_TRACK, Rows, TrackBank
from geo.errors import BadInput
from sensors.columns import ScanColumns

VERSION = 1
ROW_ARRAYS = ("track", "centre", "spread", "existence", "status", "event")
SCAN_ARRAYS = tuple(field.name for field in fields(ScanColumns))[6:]
SCAN_FIELDS = tuple(field.name for field in fields(ScanColumns))[:6]
Arrays = dict[str, npt.NDArray[Any]]


class SnapshotError(BadInput):
    """Bytes that are no snapshot, or of another version, or of another layout or motion model."""


def pack(timeline: Timeline, counts: tuple[int, int, int]) -> bytes:
    """The timeline and the tracker's ``counts`` as an uncompressed npz."""
    arrays: Arrays = {}
    meta = {
        "version": VERSION,
        "counts": counts,
        "newest_ns": timeline.newest_ns,
        "count": timeline.count,
        "bank_ns": _put_bank(arrays, "bank", timeline.bank),
        "finished": [_put_rows(arrays, f"done{i}", rows) for i, rows in enumerate(timeline.finished)],
        "entries": [_put_entry(arrays, f"entry{i}", entry) for i, entry in enumerate(timeline.entries)],
    }
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def unpack(saved: bytes, timeline: Timeline) -> tuple[int, int, int]:
    """Fill an empty ``timeline`` from ``saved``; return the counts. Raises SnapshotError."""
    try:
        with np.load(io.BytesIO(saved), allow_pickle=False) as archive:
            arrays: Arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(arrays["meta"].tobytes())
        if meta["version"] != VERSION:
            raise SnapshotError(f"is of version {meta['version']}", where="snapshot", expected=f"version {VERSION}")
        bank = _get_bank(arrays, "bank", meta["bank_ns"])
        if bank.mean.shape[1:] != timeline.bank.mean.shape[1:] or bank.intensity.shape != timeline.bank.intensity.shape:
            raise SnapshotError(
                "belongs to another layout or motion model", where="snapshot", expected="those it was taken with"
            )
        timeline.bank = bank
        timeline.newest_ns, timeline.count = meta["newest_ns"], meta["count"]
        timeline.finished = [_get_rows(arrays, f"done{i}", about) for i, about in enumerate(meta["finished"])]
        timeline.entries = [_get_entry(arrays, f"entry{i}", about) for i, about in enumerate(meta["entries"])]
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise SnapshotError(f"cannot be read ({error})", where="snapshot", expected="what snapshot() gave") from error
    timeline.keys = {entry.scan.key for entry in timeline.entries}
    first, second, third = meta["counts"]
    return first, second, third


def _put_bank(arrays: Arrays, name: str, bank: TrackBank) -> int:
    for field in (*PER_TRACK, "intensity"):
        arrays[f"{name}_{field}"] = getattr(bank, field)
    return bank.intensity_ns


def _get_bank(arrays: Arrays, name: str, intensity_ns: int) -> TrackBank:
    columns = {field: arrays[f"{name}_{field}"] for field in (*PER_TRACK, "intensity")}
    return TrackBank(**columns, intensity_ns=intensity_ns)


def _put_rows(arrays: Arrays, name: str, rows: Rows) -> list[int]:
    for field in ROW_ARRAYS:
        arrays[f"{name}_{field}"] = getattr(rows, field)
    return [rows.time_ns, rows.dropped]


def _get_rows(arrays: Arrays, name: str, about: list[int]) -> Rows:
    columns = {field: arrays[f"{name}_{field}"] for field in ROW_ARRAYS}
    return Rows(time_ns=about[0], dropped=about[1], **columns)


def _put_entry(arrays: Arrays, name: str, entry: Entry) -> dict[str, Any]:
    for field in SCAN_ARRAYS:
        arrays[f"{name}_{field}"] = getattr(entry.scan, field)
    return {
        "scan": {field: getattr(entry.scan, field) for field in SCAN_FIELDS},
        "rows": _put_rows(arrays, f"{name}_rows", entry.rows),
        "taken": entry.taken,
        "before": None if entry.before is None else _put_bank(arrays, f"{name}_before", entry.before),
    }


def _get_entry(arrays: Arrays, name: str, about: dict[str, Any]) -> Entry:
    columns: dict[str, Any] = {field: arrays[f"{name}_{field}"] for field in SCAN_ARRAYS}
    before = None if about["before"] is None else _get_bank(arrays, f"{name}_before", about["before"])
    rows = _get_rows(arrays, f"{name}_rows", about["rows"])
    return Entry(ScanColumns(**about["scan"], **columns), rows, about["taken"], before)
