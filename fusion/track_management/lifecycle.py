"""From one bank to the next: thin the undetected targets, update tracks, recycle the closed, estimate biases."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from fusion.filter.existence import Newborn
from fusion.filter.track_bank import CLOSED, TENTATIVE, Rows, TrackBank
from fusion.models.bearing_contacts import Contacts
from fusion.models.densities import Densities, learn_traffic
from fusion.models.false_dead_ground import FalseDeadGround
from fusion.models.sensor_views import SensorModel
from fusion.models.terrain_speed import Doubt
from fusion.models.tracker_model import TrackerModel
from fusion.models.undetected import flow, recycle
from fusion.registration.estimate import learn
from fusion.track_management.bank_update import UpdatedTracks, deletion_rules, next_bank
from geo.arrays import Floats, Ints
from sensors.ground_sensor import HOLD_OFF_S
from sensors.scan_columns import ScanColumns


def sweep(model: TrackerModel, bank: TrackBank, sensor: SensorModel, now_ns: int) -> tuple[Floats, Floats, float]:
    """Undetected targets (before the look, after it) [1/m²], and the expected number of them that the look detects."""
    dt = max((now_ns - bank.intensity_ns) * 1e-9, 0.0) if bank.intensity_ns >= 0 else 0.0
    before = flow(model.births, bank.densities.traffic, bank.intensity, dt)
    if not sensor.polled:
        return before, before, 0.0
    after = before * model.missed[sensor.id]
    return before, after, float((before - after).sum()) * model.births.cell**2


def settle(
    model: TrackerModel,
    bank: TrackBank,
    updated: UpdatedTracks,
    born: Newborn,
    scan: ScanColumns,
    undetected: tuple[Floats, Floats],
    learnt_ground: tuple[Densities, Doubt, FalseDeadGround, Contacts],
    unused: tuple[int, int, int],
) -> tuple[TrackBank, Rows]:
    """The bank after a look, and its rows: old tracks rewritten, new ones added, terminated ones removed.

    ``undetected``: undetected targets before and after the look. ``learnt_ground``: densities with its evidence on
    false plots, the doubt in limits of speed, false dead ground, and the contacts of its bearings. ``unused``: the
    number of plots that were dropped, of those in a clutter burst, and of bearings that came from no track.
    """
    now, sensor = updated.now_ns, model.sensor(scan.sensor)
    ids = free_ids(scan.key, born.number, bank.tracks.track)
    polar = int(model.survey.column[sensor.index]) if len(bank.learnt) else -1
    tracks, sightings, rows = next_bank(
        bank.tracks, bank.sightings, updated, born, ids, sensor.index, polar, deletion_rules(model)
    )
    history = Rows(now, *rows, *unused)
    (before, after), (densities, doubt, exposed, contacts) = undetected, learnt_ground
    closed = history.status == CLOSED
    if closed.any():
        after = after.copy()
        east, north = np.ascontiguousarray(history.centre[closed, :2].T)  # same type for one track as for many
        recycle(model.births, after, east, north, history.existence[closed])
    if model.settings.learn_densities and sensor.polled and not sensor.trigger_only:
        confirmed = np.ascontiguousarray(tracks.centre[tracks.status != TENTATIVE, :2])
        traffic, after = learn_traffic(model.births, densities.traffic, before, after, confirmed)
        densities = densities._replace(traffic=traffic)
    newest, heard = max(now, bank.intensity_ns), _heard(bank, sensor, scan)
    learnt = learn(model, bank.learnt, scan, history)
    return TrackBank(
        tracks, after, newest, heard, learnt, densities, doubt, exposed, contacts, bank.poses, sightings
    ), history


def after_nothing(bank: TrackBank, sensor: SensorModel, scan: ScanColumns, undetected: Floats) -> TrackBank:
    """The bank after an empty scan that changed no track."""
    newest = max(scan.observed_ns, bank.intensity_ns)
    return replace(bank, intensity=undetected, intensity_ns=newest, heard_ns=_heard(bank, sensor, scan))


def _heard(bank: TrackBank, sensor: SensorModel, scan: ScanColumns) -> Ints:
    """Time at which each event-only sensor last reported; after a trigger it is inactive for a while, whatever
    passes."""
    if sensor.polled:
        return bank.heard_ns
    heard = bank.heard_ns.copy()
    heard[sensor.index] = scan.observed_ns + (round(HOLD_OFF_S * 1e9) if len(scan) else 0)
    return heard


def free_ids(key: tuple[str, int, int], numbers: Ints, taken: Ints) -> Ints:
    """(plot,) ids of the tracks that the plots ``numbers`` of a scan found, each once and none of ``taken``.

    By chance, or because a sensor chose its numbers so, the hashes of two plots may be equal; another one is then used.
    """
    ids = np.array([track_id(*key, number) for number in numbers.tolist()], np.int64)
    if not np.isin(ids, taken).any() and len(np.unique(ids)) == len(ids):
        return ids
    used = set(taken.tolist())
    for k, number in enumerate(numbers.tolist()):
        salt = 0
        while (identity := track_id(*key, number, salt)) in used:
            salt += 1
        used.add(identity)
        ids[k] = identity
    return ids


@lru_cache(maxsize=8192)  # a scan that is run again founds the same tracks
def track_id(sensor: str, boot: int, sequence: int, plot: int, salt: int = 0) -> int:
    """40 bits of a hash of the founding plot; ``plot`` counts in canonical order. Each ``salt`` gives another hash."""
    text = f"{sensor}|{boot}|{sequence}|{plot}" + (f"|{salt}" if salt else "")
    return int.from_bytes(blake2b(text.encode(), digest_size=5).digest(), "big")
