"""The track history: rows of every track at every scan, as one Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.filter.existence import CLOSING
from fusion.filter.track_bank import CLOSED, PER_ROW, STATUS, Rows, TrackBank, TrackColumns, track_names
from fusion.models.motion import VEHICLE, unpack
from geo.arrays import Bools, Floats, Ints
from sensors.scan import CLASSES


class Locator(Protocol):
    """Interface to a border that the track history requires, such as geo.border.Border."""

    def locate(self, easting: Any, northing: Any) -> tuple[Any, Any, Any]:
        """(segment, chainage_m, offset_m) of points [m]."""


def class_probability(bank: TrackBank, kind: Ints, compatible: Floats) -> Floats:
    """(n, class) class probability from reports and motion. ``kind`` (mode,) and ``compatible`` (kind, class) link
    them."""
    vehicle = bank.tracks.mode[:, kind == VEHICLE].sum(axis=1)
    result = np.zeros_like(bank.tracks.label)
    for number, share in enumerate((1.0 - vehicle, vehicle)):
        given = bank.tracks.label * compatible[number]
        result += share[:, None] * given / np.maximum(given.sum(axis=1, keepdims=True), 1e-300)
    return np.asarray(result / np.maximum(result.sum(axis=1, keepdims=True), 1e-300))


def history_dataset(blocks: Sequence[Rows], border: Locator | None) -> xr.Dataset:
    """Track history (design §4a) of the blocks, in their order; cov is (estimate, state, state_)."""
    columns: dict[str, npt.NDArray[Any]] = {
        "track": np.concatenate([np.zeros(0, np.int64), *(block.track for block in blocks)]),
        "centre": np.concatenate([np.zeros((0, 4)), *(block.centre for block in blocks)]),
        "spread": np.concatenate([np.zeros((0, 10)), *(block.spread for block in blocks)]),
        "existence": np.concatenate([np.zeros(0), *(block.existence for block in blocks)]),
        "status": np.concatenate([np.zeros(0, np.int8), *(block.status for block in blocks)]),
    }
    time_ns = np.repeat([block.time_ns for block in blocks], [len(block) for block in blocks])
    return estimates(columns, time_ns.astype(np.int64), border)


def estimates(columns: Mapping[str, npt.NDArray[Any]], time_ns: Ints, border: Locator | None) -> xr.Dataset:
    """Dataset of estimates, the form of both the track history and the current picture."""
    centre = columns["centre"]
    segment = np.full(len(centre), -1, np.int32)
    offset = np.full(len(centre), np.nan)
    if border is not None and len(centre):
        segment, _, offset = (np.asarray(part) for part in border.locate(centre[:, 0], centre[:, 1]))
    row = ("estimate",)
    return xr.Dataset(
        {
            "track": (row, track_names(columns["track"])),
            "time": (row, time_ns.astype("datetime64[ns]")),
            "easting": (row, centre[:, 0], {"units": "m"}),
            "northing": (row, centre[:, 1], {"units": "m"}),
            "easting_rate": (row, centre[:, 2], {"units": "m/s"}),
            "northing_rate": (row, centre[:, 3], {"units": "m/s"}),
            "cov": (("estimate", "state", "state_"), unpack(columns["spread"])),
            "existence": (row, columns["existence"], {"units": "1"}),
            "status": (row, STATUS[columns["status"]]),
            "segment": (row, segment.astype(np.int32)),
            "offset_m": (row, offset, {"units": "m"}),
        },
        coords={"state": ["easting", "northing", "easting_rate", "northing_rate"]},
    )


def picture(
    bank: TrackBank, kind: Ints, compatible: Floats, sensors: Sequence[str], border: Locator | None
) -> xr.Dataset:
    """Every live track at its last look: the history's columns and class_probability, updated_at, founded_at, and
    ``sensors``, the names of the sensors that updated it, joined by commas."""
    columns = {"track": bank.tracks.track, "centre": bank.tracks.centre, "spread": bank.tracks.spread}
    dataset = estimates(
        {**columns, "existence": bank.tracks.existence, "status": bank.tracks.status}, bank.tracks.time_ns, border
    )
    words, shifts = np.divmod(np.arange(len(sensors)), 64)
    bits = (bank.tracks.evidence[:, words] >> shifts.astype(np.uint64)) & np.uint64(1)
    names = [",".join(name for name, bit in zip(sensors, row, strict=True) if bit) for row in bits.tolist()]
    return dataset.assign(
        class_probability=(("estimate", "class"), class_probability(bank, kind, compatible)),
        updated_at=("estimate", bank.tracks.updated_ns.astype("datetime64[ns]")),
        founded_at=("estimate", bank.tracks.founded_ns.astype("datetime64[ns]")),
        sensors=("estimate", np.array(names, dtype=np.str_)),
    ).assign_coords({"class": list(CLASSES)})


def open_rows(track: npt.NDArray[Any], closed: Bools) -> Ints:
    """The last row of each track whose last row is not ``closed``, in ascending order; both arguments are (row,)."""
    last = np.array(sorted({name: row for row, name in enumerate(track.tolist())}.values()), np.int64)
    return last[~closed[last]]


def closing_rows(blocks: Sequence[Rows]) -> list[Rows]:
    """A closing row for each track that is still open at the end of ``blocks``: its last row again, one nanosecond
    later."""
    track = np.concatenate([np.zeros(0, np.int64), *(block.track for block in blocks)])
    status = np.concatenate([np.zeros(0, np.int8), *(block.status for block in blocks)])
    left_open = open_rows(track, status == CLOSED)
    edges = np.cumsum([0, *(len(block) for block in blocks)])
    closing = []
    for block, start, end in zip(blocks, edges[:-1], edges[1:], strict=True):
        rows = left_open[np.searchsorted(left_open, start) : np.searchsorted(left_open, end)] - start
        if len(rows):
            columns = {name: getattr(block, name)[rows] for name in PER_ROW}
            columns["status"] = np.full(len(rows), CLOSED, np.int8)
            closing.append(Rows(time_ns=block.time_ns + 1, dropped=0, flooded=0, **columns))
    return closing


def terminated(tracks: TrackColumns, time_ns: int) -> Rows:
    """A closing row for each of ``tracks`` at its last state."""
    count = len(tracks.track)
    status, event = np.full(count, CLOSED, np.int8), np.full(count, CLOSING, np.int8)
    return Rows(
        time_ns, tracks.track, tracks.centre, tracks.spread, tracks.existence, status, event,
        np.full(count, -1, np.int32), dropped=0, flooded=0,
    )  # fmt: skip


def closed_at_the_end(history: xr.Dataset) -> xr.Dataset:
    """``history`` with a closing row for each track that is still open: its last row again, one nanosecond later."""
    left_open = open_rows(history["track"].values, history["status"].values == STATUS[CLOSED])
    if not len(left_open):
        return history
    ends = history.isel(estimate=left_open)
    ends = ends.assign(
        time=ends["time"] + np.timedelta64(1, "ns"), status=("estimate", np.full(len(left_open), STATUS[CLOSED]))
    )
    return xr.concat([history, ends], dim="estimate", coords="minimal", compat="override")
