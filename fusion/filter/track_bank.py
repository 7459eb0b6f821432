"""The track bank: every live track at one moment, as columns; and rows of track history.

The first axis is the track. Arrays are never changed once a bank holds them: a step makes new ones, so a bank kept from
a minute ago remains valid, and late data are processed by going back to it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import exp, sqrt
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from fusion.filter.sightings import Sightings, no_sightings
from fusion.models.bearing_contacts import Contacts, no_contacts
from fusion.models.bias import Learnt, nothing_learnt
from fusion.models.contradictions import no_doubt
from fusion.models.densities import Densities, nothing_known
from fusion.models.false_dead_ground import FalseDeadGround, no_false_dead_ground
from fusion.models.sensor_views import SensorView, holds, probability, spread_probability
from fusion.models.terrain_speed import Doubt
from fusion.models.tracker_model import TrackerModel
from fusion.poses.known import Poses, no_poses
from geo.arrays import Bools, Floats, Int32s, Ints
from sensors.scan import CLASSES

UNEVEN = 0.005
TENTATIVE, CONFIRMED, COASTING, CLOSED = 0, 1, 2, 3
STATUS = np.array(["tentative", "confirmed", "coasting", "closed"])

Bits = npt.NDArray[np.uint64]


class TrackColumns(NamedTuple):
    """n tracks with m modes of motion, as columns.

    ``track`` (n,) 40-bit ids; ``time_ns`` (n,) the time of each state (a scan does not touch tracks out of its reach);
    ``mean`` (n, m, 4), ``cov`` (n, m, 10 packed), ``mode`` (n, m) the mixture; ``centre`` (n, 4), ``spread`` (n, 10)
    its moments; ``existence`` (n,); ``status`` (n,); ``label`` (n, class) class probability from reports alone;
    ``founded_ns``, ``updated_ns`` (n,); ``evidence`` (n, word) one bit for each sensor of the layout that updated the
    track; ``unobservable`` (n,) the probability that an existing target cannot be detected
    (fusion.models.unobservable).
    """

    track: Ints
    time_ns: Ints
    mean: Floats
    cov: Floats
    mode: Floats
    centre: Floats
    spread: Floats
    existence: Floats
    status: npt.NDArray[np.int8]
    label: Floats
    founded_ns: Ints
    updated_ns: Ints
    evidence: Bits
    unobservable: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TrackBank:
    """All live ``tracks`` and the other state that the next scan depends on.

    ``intensity`` (row, column) [1/m²] is the density of undetected targets at ``intensity_ns``; ``heard_ns``
    (sensor,) the time at which each event-only sensor last reported and was ready again, 0 before its first report;
    ``learnt`` the sensor biases as estimated from common tracks; ``densities`` those of targets and false plots;
    ``doubt`` where the ground's limits of speed were contradicted; ``exposed`` where dead ground was; ``contacts``
    the directions of bearings that are on no track; ``poses`` those of mobile sensors; ``sightings`` which sensors
    updated each track, and when.
    """

    tracks: TrackColumns
    intensity: Floats
    intensity_ns: int
    heard_ns: Ints
    learnt: Learnt
    densities: Densities
    doubt: Doubt
    exposed: FalseDeadGround
    contacts: Contacts
    poses: Poses
    sightings: Sightings

    def __len__(self) -> int:
        return len(self.tracks.track)


def empty_bank(model: TrackerModel, *, aligning: bool = True) -> TrackBank:
    """A bank before the first scan: no tracks, undetected targets at the density of traffic.

    Without ``aligning`` sensor biases are never estimated.
    """
    births, survey = model.births, model.survey
    modes, words = model.motion.modes, max(1, -(-len(model.sensors) // 64))
    learnt = nothing_learnt(survey.prior if aligning else survey.prior[:0, :0])
    none = np.zeros(0)
    tracks = TrackColumns(
        track=none.astype(np.int64),
        time_ns=none.astype(np.int64),
        mean=np.zeros((0, modes, 4)),
        cov=np.zeros((0, modes, 10)),
        mode=np.zeros((0, modes)),
        centre=np.zeros((0, 4)),
        spread=np.zeros((0, 10)),
        existence=none,
        status=none.astype(np.int8),
        label=np.zeros((0, len(CLASSES))),
        founded_ns=none.astype(np.int64),
        updated_ns=none.astype(np.int64),
        evidence=np.zeros((0, words), np.uint64),
        unobservable=none,
    )
    return TrackBank(
        tracks=tracks,
        intensity=np.full((births.rows, births.columns), births.density),
        intensity_ns=np.iinfo(np.int64).min,
        heard_ns=np.zeros(len(model.sensors), np.int64),
        learnt=learnt,
        densities=nothing_known(births, len(model.sensors)),
        doubt=no_doubt(),
        exposed=no_false_dead_ground(),
        contacts=no_contacts(),
        poses=no_poses(),
        sightings=no_sightings(),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Result of one scan: a row for each track within its range and field of view, or changed by it.

    ``event`` (k,) is a bit set (fusion.filter.existence). ``plot`` (k,) is the canonical number of the scan's plot that
    most probably came from the track, −1 if none is more probable than not. ``dropped`` plots had no usable
    measurement; ``flooded`` ones were in a clutter burst (fusion.filter.clutter); ``bearings`` that came from no track
    were of no position.
    """

    time_ns: int
    track: Ints
    centre: Floats
    spread: Floats
    existence: Floats
    status: npt.NDArray[np.int8]
    event: npt.NDArray[np.int8]
    plot: Int32s
    dropped: int
    flooded: int
    bearings: int = 0

    def __len__(self) -> int:
        return len(self.track)


PER_ROW = tuple(field.name for field in fields(Rows))[1:-3]
NO_IDS, NO_PLOTS, NO_NUMBERS = np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0)
NO_CENTRES, NO_SPREADS, NO_BITS = np.zeros((0, 4)), np.zeros((0, 10)), np.zeros(0, np.int8)


def no_rows(time_ns: int) -> Rows:
    """The result of a scan that reached no track."""
    return Rows(time_ns, NO_IDS, NO_CENTRES, NO_SPREADS, NO_NUMBERS, NO_BITS, NO_BITS, NO_PLOTS, 0, 0)


class TrackView(NamedTuple):
    """Tracks before a look: existence, Pd, whether in range and field of view, whether Pd varies over the track's
    uncertainty, and the probability that the target is unobservable, in which case no look detects it."""

    existence: Floats
    seen: Floats
    held: Bools
    uneven: Bools
    unobservable: Floats


@numba.njit(cache=True)
def within_reach(centre: Floats, spread: Floats, time_ns: Ints, now_ns: int, view: SensorView) -> tuple[Ints, Floats]:
    """Tracks that the sensor may detect at ``now_ns``, as rows, and the age of each state [s]."""
    rows, age = np.empty(len(time_ns), np.int64), np.empty(len(time_ns))
    count = 0
    for t in range(len(time_ns)):
        dt = (now_ns - time_ns[t]) * 1e-9
        if in_reach(centre, spread, t, dt, view):
            rows[count], age[count] = t, dt
            count += 1
    return rows[:count].copy(), age[:count].copy()


@numba.njit(cache=True)
def in_reach(centre: Floats, spread: Floats, t: int, dt: float, view: SensorView) -> bool:
    """Whether the sensor may detect track ``t`` when its state is ``dt`` seconds old."""
    d_e = centre[t, 0] + dt * centre[t, 2] - view.east
    d_n = centre[t, 1] + dt * centre[t, 3] - view.north
    margin = 3.0 * (sqrt(spread[t, 0] + spread[t, 4]) + dt * sqrt(spread[t, 7] + spread[t, 9])) + 50.0
    limit = view.max_range + margin
    return bool(d_e * d_e + d_n * d_n <= limit * limit)


@numba.njit(cache=True)
def track_view(
    centre: Floats, spread: Floats, existence: Floats, dt: Floats, lifetime: float, view: SensorView
) -> TrackView:
    """Existence predicted over ``dt`` [s], and Pd averaged over each track's uncertainty."""
    tracks = len(existence)
    carried, seen, held, uneven = (
        np.empty(tracks),
        np.empty(tracks),
        np.empty(tracks, np.bool_),
        np.empty(tracks, np.bool_),
    )
    for t in range(tracks):
        carried[t] = existence[t] * exp(-max(dt[t], 0.0) / lifetime)
        e, n = centre[t, 0], centre[t, 1]
        seen[t] = spread_probability(view, e, n, spread[t, 0], spread[t, 1], spread[t, 4])
        held[t] = holds(view, e, n)
        uneven[t] = abs(seen[t] - probability(view, e, n)) > UNEVEN
    return TrackView(carried, seen, held, uneven, np.zeros(tracks))


@numba.njit(cache=True)
def with_unobservable(sight: TrackView, unobservable: Floats) -> TrackView:
    """The tracks' views where targets are ``unobservable`` (track,) with that probability; reduces Pd."""
    return TrackView(sight.existence, sight.seen * (1.0 - unobservable), sight.held, sight.uneven, unobservable)


def track_name(track: int) -> str:
    """The track's name: the letter T and ten hexadecimal digits."""
    return f"T{track:010x}"


def track_names(tracks: Ints) -> npt.NDArray[np.str_]:
    """The names of many ids (row,)."""
    distinct, place = np.unique(tracks, return_inverse=True)
    names = np.array([track_name(track) for track in distinct.tolist()], dtype="U11")
    return names[place] if len(names) else np.zeros(0, "U11")
