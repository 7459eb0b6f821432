"""Between one bank and the next: thin the undetected, write back what a look changed, add the born, drop the dead."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fusion import existence, motion
from fusion.existence import CLOSING, STARTED, UPDATED, Newborn, Posterior
from fusion.motion import Floats, Ints
from fusion.registration import learn
from fusion.scene import Scene
from fusion.tracks import CLOSED, PER_TRACK, TENTATIVE, Rows, TrackBank
from fusion.undetected import flow, recycle
from fusion.views import Watch
from sensors.columns import ScanColumns
from sensors.ground_sensor import HOLD_OFF_S

LEAST_NARROW = 0.25
"""A track ends when the modes in which its place is still known hold less than this probability."""


WRITTEN = ("updated_ns", "evidence", "status")
"""Columns of a bank of which a look writes single tracks; of the others it replaces all that it looked at."""


class Looked(NamedTuple):
    """The tracks ``rows`` of a bank after a look at ``now_ns``; ``held`` (row,) marks those in range and view."""

    rows: Ints
    now_ns: int
    mean: Floats
    cov: Floats
    mode: Floats
    held: npt.NDArray[np.bool_]
    posterior: Posterior


def sweep(scene: Scene, bank: TrackBank, watch: Watch, now_ns: int) -> tuple[Floats, Floats, float]:
    """Undetected targets (before the look, after it) [1/m²], and how many of them the look should report."""
    dt = max((now_ns - bank.intensity_ns) * 1e-9, 0.0) if bank.intensity_ns >= 0 else 0.0
    before = flow(scene.births, bank.intensity, dt)
    if not watch.polled:
        return before, before, 0.0
    after = before * scene.missed[watch.id]
    return before, after, float((before - after).sum()) * scene.births.cell**2


def settle(
    scene: Scene,
    bank: TrackBank,
    looked: Looked,
    born: Newborn,
    scan: ScanColumns,
    undetected: Floats,
    unused: tuple[int, int],
) -> tuple[TrackBank, Rows]:
    """The bank after a look, and its rows: old tracks rewritten, new ones added, those given up taken out.
    ``unused``: how many plots were dropped, and how many lay in a flood."""
    now = looked.now_ns
    old, events, recorded = _rewrite(scene, bank, looked, scene.watch(scan.sensor))
    new = _newborn(scene, born, scan, now, len(bank.learnt))
    joined = {name: np.concatenate([old[name], new[name]]) for name in PER_TRACK}
    events = np.concatenate([events, np.full(len(born.number), STARTED | UPDATED, np.int8)])
    recorded = np.concatenate([recorded, np.ones(len(born.number), np.bool_)])
    plot = np.full(len(bank), -1, np.int32)
    plot[looked.rows] = looked.posterior.plot
    plot = np.concatenate([plot, born.number.astype(np.int32)])

    closing = _given_up(scene, joined, now)
    events[closing] |= CLOSING
    rows = np.flatnonzero(recorded | closing)
    status = joined["status"][rows]
    status[closing[rows]] = CLOSED
    history = Rows(
        now, joined["track"][rows], joined["centre"][rows], joined["spread"][rows], joined["existence"][rows], status,
        events[rows], plot[rows], *unused,
    )  # fmt: skip
    if closing.any():
        east, north = np.ascontiguousarray(joined["centre"][closing, :2].T)  # of one type, be it one track or many
        undetected = undetected.copy()
        recycle(scene.births, undetected, east, north, joined["existence"][closing])
        left = np.flatnonzero(~closing)
        joined = {name: values.take(left, axis=0) for name, values in joined.items()}
    newest = max(now, bank.intensity_ns)
    heard = _heard(bank, scene.watch(scan.sensor), scan)
    after = TrackBank(**joined, intensity=undetected, intensity_ns=newest, heard_ns=heard, learnt=bank.learnt)
    return replace(after, learnt=learn(scene, bank.learnt, scan, history)), history


def _heard(bank: TrackBank, watch: Watch, scan: ScanColumns) -> Ints:
    """When each event-only sensor last spoke; after a trigger it rests for a while, whoever passes."""
    if watch.polled:
        return bank.heard_ns
    heard = bank.heard_ns.copy()
    heard[watch.index] = scan.observed_ns + (round(HOLD_OFF_S * 1e9) if len(scan) else 0)
    return heard


def _rewrite(
    scene: Scene, bank: TrackBank, looked: Looked, watch: Watch
) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Columns of the bank with the looked-at rows replaced; the events of all tracks, and which are recorded."""
    rows, now, posterior, settings = looked.rows, looked.now_ns, looked.posterior, scene.settings
    columns = {name: getattr(bank, name) for name in PER_TRACK}
    for name in WRITTEN:
        columns[name] = columns[name].copy()
    seen = rows[posterior.updated > 0.5]
    columns["updated_ns"][seen] = now
    column = scene.survey.column[watch.index]
    if column >= 0 and len(bank.learnt):
        columns["seen_ns"][seen, column] = now
    columns["evidence"][seen, watch.index // 64] |= np.uint64(1) << np.uint64(watch.index % 64)
    centre, spread = motion.combine(looked.mean, looked.cov, looked.mode)
    for name, values in (
        ("time_ns", np.full(len(rows), now)),
        ("mean", looked.mean),
        ("cov", looked.cov),
        ("mode", looked.mode),
        ("centre", centre),
        ("spread", spread),
        ("existence", posterior.existence),
        ("label", posterior.label),
    ):
        columns[name] = values if len(rows) == len(bank) else _replaced(columns[name], rows, values)
    unseen_s = (now - columns["updated_ns"][rows]) * 1e-9
    status, event = existence.stand(
        bank.status[rows],
        posterior.existence,
        posterior.updated,
        unseen_s,
        _needed(scene, columns["evidence"][rows]),
        settings.coast_after_s,
    )
    columns["status"][rows] = status
    events = np.zeros(len(bank), np.int8)
    events[rows] = event
    recorded = np.zeros(len(bank), np.bool_)
    recorded[rows] = looked.held | (event != 0)
    return columns, events, recorded


def _replaced(column: npt.NDArray[Any], rows: Ints, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``column`` with other ``values`` in ``rows``."""
    new = column.copy()
    new[rows] = values
    return new


def _needed(scene: Scene, evidence: npt.NDArray[np.uint64]) -> Floats:
    """Existence at which each track is confirmed; infinite for one that only one sensor's triggers tell of."""
    settings = scene.settings
    measured = (evidence & ~scene.trigger_bits).any(axis=1)
    sensors = np.bitwise_count(evidence).sum(axis=1)
    return np.where(measured, settings.confirm_existence, np.where(sensors >= 2, settings.confirm_by_event, np.inf))


def _newborn(scene: Scene, born: Newborn, scan: ScanColumns, now_ns: int, polar: int) -> dict[str, npt.NDArray[Any]]:
    """Columns of the tracks that a scan starts."""
    count = len(born.number)
    watch = scene.watch(scan.sensor)
    centre, spread = motion.combine(born.mean, born.cov, born.mode)
    evidence = np.zeros((count, len(scene.trigger_bits)), np.uint64)
    evidence[:, watch.index // 64] = np.uint64(1) << np.uint64(watch.index % 64)
    moment = np.full(count, now_ns, np.int64)
    seen = np.zeros((count, polar), np.int64)
    if polar and scene.survey.column[watch.index] >= 0:
        seen[:, scene.survey.column[watch.index]] = now_ns
    return {
        "track": np.array([track_id(*scan.key, number) for number in born.number.tolist()], np.int64),
        "time_ns": moment,
        "mean": born.mean,
        "cov": born.cov,
        "mode": born.mode,
        "centre": centre,
        "spread": spread,
        "existence": born.existence,
        "status": np.full(count, TENTATIVE, np.int8),
        "label": born.label,
        "founded_ns": moment,
        "updated_ns": moment,
        "evidence": evidence,
        "seen_ns": seen,
    }


def track_id(sensor: str, boot: int, sequence: int, plot: int) -> int:
    """40 bits of a hash of the founding plot; ``plot`` counts in canonical order."""
    return int.from_bytes(blake2b(f"{sensor}|{boot}|{sequence}|{plot}".encode(), digest_size=5).digest(), "big")


def _patience_s(scene: Scene, columns: dict[str, npt.NDArray[Any]]) -> Floats:
    """How long each track may go unseen. Most that are founded where hardly anything is seen, and seen once, are false:
    a faint tentative track gives its remains back to the undetected soon, as no look would ever tell. People do not
    look again by a clock."""
    settings = scene.settings
    measured = (columns["evidence"] & ~scene.trigger_bits).any(axis=1)
    faint = (columns["status"] == TENTATIVE) & (columns["existence"] < settings.lose_existence) & measured
    patience = np.where(faint, min(scene.faint_limit_s, settings.coast_limit_s), settings.coast_limit_s)
    return np.where(_only_told(scene, columns), settings.told_limit_s, patience)


def _only_told(scene: Scene, columns: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.bool_]:
    """Tracks that only people told of: their places are as wide as a compass word from the beginning."""
    return np.asarray(~(columns["evidence"] & ~scene.people_bits).any(axis=1), np.bool_)


def _given_up(scene: Scene, columns: dict[str, npt.NDArray[Any]], now_ns: int) -> npt.NDArray[np.bool_]:
    """Tracks that end: hardly existing, unseen for too long, or anywhere by now."""
    settings = scene.settings
    least = np.where(columns["status"] == TENTATIVE, settings.drop_existence, settings.lose_existence)
    unseen = now_ns - columns["updated_ns"] > _patience_s(scene, columns) * 1e9
    known = np.where(columns["status"] == TENTATIVE, settings.tentative_sd_m, settings.coast_sd_m)
    narrow = columns["cov"][:, :, 0] + columns["cov"][:, :, 4] <= 2.0 * known[:, None] ** 2
    lost: npt.NDArray[np.bool_] = (columns["mode"] * narrow).sum(axis=1) < LEAST_NARROW
    spread = columns["spread"]
    wide = (columns["status"] != TENTATIVE) & (spread[:, 0] + spread[:, 4] > 2.0 * settings.coast_sd_m**2)
    faint: npt.NDArray[np.bool_] = columns["existence"] < least
    return np.asarray(faint | unseen | ((lost | wide) & ~_only_told(scene, columns)), np.bool_)
