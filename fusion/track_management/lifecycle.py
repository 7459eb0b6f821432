"""From one bank to the next: thin the undetected targets, update tracks, recycle the closed, estimate biases."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np

from fusion.filter.track_bank import CLOSED, Rows, TrackBank, TrackColumns
from fusion.models.sensor_views import SensorModel
from fusion.models.tracker_model import TrackerModel
from fusion.models.undetected import flow, recycle
from fusion.registration.estimate import learn
from geo.arrays import Floats, Ints
from sensors.ground_sensor import HOLD_OFF_S
from sensors.scan_columns import ScanColumns


def sweep(model: TrackerModel, bank: TrackBank, sensor: SensorModel, now_ns: int) -> tuple[Floats, Floats]:
    """Undetected targets before the look and after it [1/m²]."""
    dt = max((now_ns - bank.intensity_ns) * 1e-9, 0.0) if bank.intensity_ns >= 0 else 0.0
    before = flow(model.births, bank.intensity, dt)
    return before, before * model.missed[sensor.id] if sensor.polled else before


def expected_new(model: TrackerModel, before: Floats, after: Floats) -> float:
    """Number of undetected targets that a look is expected to detect."""
    return 0.0 if after is before else float((before - after).sum()) * model.births.cell**2


def settle(
    model: TrackerModel,
    bank: TrackBank,
    scan: ScanColumns,
    tracks: TrackColumns,
    rows: Rows,
    undetected: Floats,
) -> TrackBank:
    """The bank after a look: the ``tracks`` that it left, what was undetected, and what its ``rows`` teach."""
    sensor = model.sensor(scan.sensor)
    closed = rows.status == CLOSED
    if len(rows) and closed.any():
        undetected = undetected.copy()
        east, north = np.ascontiguousarray(rows.centre[closed, :2].T)  # same type for one track as for many
        recycle(model.births, undetected, east, north, rows.existence[closed])
    newest, heard = max(rows.time_ns, bank.intensity_ns), _heard(bank, sensor, scan)
    return TrackBank(tracks, undetected, newest, heard, learn(model, bank.learnt, scan, rows))


def named(track: Ints, scan: ScanColumns) -> Ints:
    """The ids ``track`` (track,), those of new tracks (fusion.track_management.bank_update) by their founding plots."""
    new = np.flatnonzero(track < 0)
    if not len(new):
        return track
    ids = track.copy()
    ids[new] = [track_id(*scan.key, -1 - number) for number in track[new].tolist()]
    return ids


def _heard(bank: TrackBank, sensor: SensorModel, scan: ScanColumns) -> Ints:
    """Time at which each event-only sensor last reported; after a trigger it is inactive for a while, whatever
    passes."""
    if sensor.polled:
        return bank.heard_ns
    heard = bank.heard_ns.copy()
    heard[sensor.index] = scan.observed_ns + (round(HOLD_OFF_S * 1e9) if len(scan) else 0)
    return heard


@lru_cache(maxsize=8192)  # a scan that is run again founds the same tracks
def track_id(sensor: str, boot: int, sequence: int, plot: int) -> int:
    """40 bits of a hash of the founding plot; ``plot`` counts in canonical order."""
    return int.from_bytes(blake2b(f"{sensor}|{boot}|{sequence}|{plot}".encode(), digest_size=5).digest(), "big")
