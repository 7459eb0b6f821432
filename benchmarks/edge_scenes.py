"""Scenes of the benchmark of sector edges, and how they are scored. A module; not run by itself.

See ``benchmarks/edges.py``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.scoring import gospa, identity_switches
from fusion.scoring.matching import scoring_cases
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from ops.cluster.identity.combination import combined, together
from ops.cluster.identity.decision import national_id
from ops.cluster.identity.joining import Joining
from ops.cluster.identity.revision import Revising
from ops.cluster.identity.sighting import KNOWN, SensorReach, TrackInPicture, sighting_of
from ops.services.fusion.live_picture import tracks_live
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
FRAME = LocalFrame.around(10.0, 45.0)
RANGE_M = 3000.0
SECTORS = ("west", "east")
CUTOFF_M, ORDER, HYSTERESIS_M = 50.0, 2.0, 10.0
ONE_TRACKER_S, SECTOR_TRACKER_S = 15, 20

Pictures = list[tuple[int, list[TrackInPicture]]]
"""The tracks at each second, with its time [UTC ns]."""
Assigned = dict[str, npt.NDArray[np.str_]]
"""For each target the name of its track at each second; empty without one."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One seed: the detections of both radars, and the truth within range of one of them."""

    layout: Layout
    scans: list[Any]
    truth: xr.Dataset
    seconds: int

    def of(self, sector: str) -> Layout:
        """Return the layout of one sector."""
        return Layout(sector, FRAME, tuple(one for one in self.layout if _sector(one.id) == sector))

    def heard_by(self, sector: str) -> Layout:
        """Return the layout of one sector with the sensors of the other that reach over the edge."""
        heard = (one for one in self.layout if _sector(one.id) == sector or abs(one.easting) < RANGE_M)
        return Layout(f"{sector}-with-neighbours", FRAME, tuple(heard))


def _sector(sensor: str) -> str:
    return sensor.partition("-")[0]


def scene(
    seed: int, *, crossers: int = 20, overlap_m: float = 1500.0, duration_s: float = 600.0, radars: int = 1
) -> Scene:
    """Simulate one seed: the radar of each sector is so far from the edge (easting 0) that their ranges overlap.

    ``radars``: how many each sector has; each further one stands one range behind the one before.
    """
    chance = np.random.default_rng(seed)
    away = RANGE_M - 0.5 * overlap_m
    places = [
        (name if number == 0 else f"{name}-{number + 1}", side * (away + number * RANGE_M))
        for name, side in zip(SECTORS, (-1.0, 1.0), strict=True)
        for number in range(radars)
    ]
    layout = Layout(
        "both",
        FRAME,
        tuple(
            place(
                FRAME, easting, 0.0, id=name, kind="radar", max_range_m=RANGE_M, period_s=3.0, range_sd_m=4.0,
                azimuth_sd_deg=0.4, detection_probability=0.9, false_alarms_per_scan=2.0,
            )
            for name, easting in places
        ),
    )  # fmt: skip
    movers = tuple(mover for number in range(crossers) for mover in _crossing(number, chance, duration_s))
    detections, truth = simulate(layout, Scenario(movers, START, duration_s), None, seed=seed)
    scans = sorted(split(detections, layout), key=lambda scan: (scan.received_ns, scan.observed_ns, scan.key))
    return Scene(layout, scans, within(truth, layout), int(duration_s))


def _crossing(number: int, chance: np.random.Generator, duration_s: float) -> Iterator[Mover]:
    """One target that crosses the edge in the middle of the time; every fourth has another that comes towards it."""
    vehicle = chance.random() < 0.3
    speed = 10.0 if vehicle else 1.4
    side = 1.0 if chance.random() < 0.5 else -1.0
    times = np.arange(-0.5, 0.5, 2.0 / duration_s) * duration_s
    middle = duration_s * chance.uniform(0.35, 0.65)
    bend = np.cumsum(chance.normal(0.0, 0.02, len(times)))
    bend -= bend[len(times) // 2]
    step = speed * 2.0 * np.stack([np.cos(bend), np.sin(bend)], axis=1)
    path = np.cumsum(step, axis=0)
    path -= path[len(times) // 2]
    north = chance.uniform(-1500.0, 1500.0)
    for twin in range(2 if number % 4 == 0 else 1):
        way = side if twin == 0 else -side
        yield Mover(
            f"M{number:03d}{'ab'[twin]}", "vehicle" if vehicle else "person", times + middle,
            way * path[:, 0], north + 25.0 * twin + path[:, 1],
        )  # fmt: skip


def pictures(layout: Layout, scans: Sequence[Any], seconds: int) -> tuple[Pictures, float]:
    """Return the live picture at each second, as the fusion process publishes it, and the CPU time spent [s]."""
    began_s = time.process_time()
    tracker, found = Tracker(layout), Pictures()
    begin_ns, waiting = int(START.timestamp()) * 10**9, iter([one for one in scans if one.sensor in _names(layout)])
    following = next(waiting, None)
    for second in range(seconds + 1):
        stamp_ns = begin_ns + second * 10**9
        while following is not None and following.received_ns <= stamp_ns:
            tracker.take_in(following)
            following = next(waiting, None)
        nothing = SimpleNamespace(
            tracks=tracker.tracks(), radio_name=_none, seen_by=_none, doubtful=_none, evidence_of=_none,
            marking_of_track=_none,
        )  # fmt: skip
        found.append((stamp_ns, msgspec.convert(tracks_live(nothing, FRAME), list[TrackInPicture])))  # type: ignore[arg-type]
    return found, time.process_time() - began_s


def _names(layout: Layout) -> set[str]:
    return {one.id for one in layout}


def _none(*_: Any) -> str:
    return ""


def national(
    west: Pictures,
    east: Pictures,
    reaches: dict[str, SensorReach],
    *,
    revised: bool = True,
) -> tuple[Pictures, int]:
    """Return the picture by national identity at each second, and how many tracks took that of a neighbour.

    ``revised``: whether a track may follow another target later than was decided of it.
    """
    joining, revising = Joining(reaches), Revising(reaches)
    joined, found = 0, []
    for (stamp_ns, of_west), (_, of_east) in zip(west, east, strict=True):
        for sector, picture in zip(SECTORS, (of_west, of_east), strict=True):
            decisions = joining.take(sector, stamp_ns, picture)
            revising.take(sector, stamp_ns, picture, decisions)
            joined += sum(one.of is not None for one in decisions)
        of_target: dict[str, list[tuple[str, TrackInPicture]]] = {}
        for sector, picture in zip(SECTORS, (of_west, of_east), strict=True):
            for entry in picture:
                key = sector, entry.track
                name = revising.identity_now(key) if revised else joining.identities.get(key)
                if name is not None and entry.status in KNOWN:
                    of_target.setdefault(name, []).append((sector, entry))
        found.append((stamp_ns, [_as_one(*each, stamp_ns) for each in of_target.items()]))
    return found, joined


def _as_one(name: str, tracks: list[tuple[str, TrackInPicture]], stamp_ns: int) -> TrackInPicture:
    """Return the tracks of one identity as one, as the product combines them; what parted from it is left out."""
    tracks = sorted(tracks, key=lambda one: national_id(one[0], one[1].track) != name)
    sightings = [sighting_of(one, stamp_ns) for _, one in tracks]
    kept = together(sightings)
    entry = tracks[kept[0]][1]
    if len(kept) == 1:
        return msgspec.structs.replace(entry, track=name)
    at = combined([sightings[number] for number in kept], stamp_ns)
    speed, course = float(np.hypot(*at.velocity)), float(np.degrees(np.arctan2(*at.velocity))) % 360.0
    return msgspec.structs.replace(
        entry, track=name, lon=at.lon, lat=at.lat, speed_mps=speed, course_deg=course, updated_ns=stamp_ns
    )


def history_of(found: Pictures) -> xr.Dataset:
    """Return pictures as a track history: a row for each track each second, and one where it is gone."""
    rows, before = [], dict[str, TrackInPicture]()
    for stamp_ns, picture in found:
        now = {one.track: one for one in picture if one.status in KNOWN}
        rows += [(stamp_ns, one, "closed") for name, one in before.items() if name not in now]
        rows += [(stamp_ns, one, "confirmed") for one in now.values()]
        before = now
    east, north = FRAME.to_local([one.lon for _, one, _ in rows], [one.lat for _, one, _ in rows])
    course = np.radians([one.course_deg or 0.0 for _, one, _ in rows])
    speed = np.array([one.speed_mps if one.course_deg is not None else 0.0 for _, one, _ in rows])
    late_s = np.array([(stamp_ns - one.updated_ns) * 1e-9 for stamp_ns, one, _ in rows])
    row = ("estimate",)
    return xr.Dataset(
        {
            "track": (row, np.array([one.track for _, one, _ in rows], dtype=np.str_)),
            "time": (row, np.array([stamp_ns for stamp_ns, _, _ in rows], np.int64).astype("datetime64[ns]")),
            "easting": (row, east + late_s * speed * np.sin(course), {"units": "m"}),
            "northing": (row, north + late_s * speed * np.cos(course), {"units": "m"}),
            "easting_rate": (row, speed * np.sin(course), {"units": "m/s"}),
            "northing_rate": (row, speed * np.cos(course), {"units": "m/s"}),
            "status": (row, np.array([status for _, _, status in rows], dtype=np.str_)),
        }
    )


def causes_of_switches(
    truth: xr.Dataset, national: xr.Dataset, one: xr.Dataset, sectors: Sequence[tuple[xr.Dataset, xr.Dataset]]
) -> Counter[str]:
    """Count the switches by cause; for each sector the truth within its reach, and its tracks.

    Each switch of a target has the first of these causes that holds:

    - ``one_tracker``: the tracker with the sensors of both sectors has a switch of this target within 15 s too;
    - ``sector_tracker``: a sector's own tracker gave this target another track, within its reach, within 20 s;
    - ``taken_over``: a track that follows this target now followed another one before, which left the sector's reach;
    - ``joining``: none of these: tracks were joined wrongly, late, or not at all.
    """
    times = np.unique(truth["time"].values)
    of_one = _assigned(truth, one, times)
    of_sector = [_assigned(*each, times) for each in sectors]
    causes: Counter[str] = Counter()
    for target, names in _assigned(truth, national, times).items():
        for at in _switches(names):
            causes[_cause(target, at, of_one, of_sector)] += 1
    return causes


def _cause(target: str, at: int, one: Assigned, sectors: Sequence[Assigned]) -> str:
    if any(abs(other - at) <= ONE_TRACKER_S for other in _switches(one[target])):
        return "one_tracker"
    known = [sector for sector in sectors if target in sector]
    if any(abs(other - at) <= SECTOR_TRACKER_S for sector in known for other in _switches(sector[target])):
        return "sector_tracker"
    for sector in known:
        track = sector[target][at]
        if track and any(np.any(names[:at] == track) for name, names in sector.items() if name != target):
            return "taken_over"
    return "joining"


def _assigned(truth: xr.Dataset, tracks: xr.Dataset, times: npt.NDArray[np.datetime64]) -> Assigned:
    cases = scoring_cases(truth, tracks, CUTOFF_M, ORDER, times)
    found = {str(name): np.full(len(times), "", dtype="<U32") for name in cases.truth.names}
    for second, case in enumerate(cases.matched(HYSTERESIS_M)):
        for row, track in zip(case.target[case.pairs.truth], case.track[case.pairs.track], strict=True):
            found[str(cases.truth.names[row])][second] = cases.tracks.names[track]
    return found


def _switches(names: npt.NDArray[np.str_]) -> list[int]:
    """Return the seconds at which a target has another track than it had last."""
    shown = np.flatnonzero(names != "")
    return [int(now) for before, now in pairwise(shown) if names[before] != names[now]]


@dataclass(frozen=True, slots=True)
class Score:
    """GOSPA [m], its squared parts [m²], and identity switches of one picture."""

    gospa_m: float
    localisation_m2: float
    missed_m2: float
    false_m2: float
    switches: int


def score(truth: xr.Dataset, found: Pictures) -> Score:
    """Score a picture at each second."""
    history = history_of(found)
    metric = gospa(truth, history)
    localisation, missed, false = (float((metric[name] ** 2).mean()) for name in ("localisation", "missed", "false"))
    switches = int(identity_switches(truth, history).sum())
    return Score(float(metric.attrs["gospa_mean_m"]), localisation, missed, false, switches)


@dataclass(frozen=True, slots=True)
class Result:
    """One seed: the scores of one tracker with the sensors of both sectors, and of two with national identities.

    ``decided``: with what was decided of each track only; ``national``: and with what changed of it; ``shared``: and
    with trackers that also have the neighbour's sensors which reach over the edge. ``hand_overs``: targets that were
    in range of sensors of both sectors; ``joined``: tracks that took an identity. CPU time in milliseconds per second
    of the scene: ``identity_ms`` of ``national``, ``tracker_ms`` of all trackers of each picture.
    """

    one: Score
    decided: Score
    national: Score
    shared: Score
    hand_overs: int
    joined: int
    identity_ms: float
    tracker_ms: dict[str, float]
    causes_decided: Counter[str]
    causes_national: Counter[str]


def measure(seed: int, **options: Any) -> Result:
    """Run one seed."""
    made = scene(seed, **options)
    both, of_one_s = pictures(made.layout, made.scans, made.seconds)
    own = {sector: made.of(sector) for sector in SECTORS}
    heard = {sector: made.heard_by(sector) for sector in SECTORS}
    (west, of_west_s), (east, of_east_s) = (pictures(own[one], made.scans, made.seconds) for one in SECTORS)
    (west_of_all, of_west_all_s), (east_of_all, of_east_all_s) = (
        pictures(heard[one], made.scans, made.seconds) for one in SECTORS
    )
    began_s = time.process_time()
    found, count = national(west, east, reaches_of(own))
    spent_s = time.process_time() - began_s
    before, _ = national(west, east, reaches_of(own), revised=False)
    shared, _ = national(west_of_all, east_of_all, reaches_of(heard))
    targets = [set(within(made.truth, own[sector])["target"].values.tolist()) for sector in SECTORS]
    sectors = [
        (within(made.truth, own[name]), history_of(each)) for name, each in zip(SECTORS, (west, east), strict=True)
    ]
    causes = [causes_of_switches(made.truth, history_of(each), history_of(both), sectors) for each in (before, found)]
    tracker_s = {"one": of_one_s, "national": of_west_s + of_east_s, "shared": of_west_all_s + of_east_all_s}
    return Result(
        score(made.truth, both), score(made.truth, before), score(made.truth, found), score(made.truth, shared),
        len(targets[0] & targets[1]), count, 1e3 * spent_s / made.seconds,
        {name: 1e3 * each / made.seconds for name, each in tracker_s.items()}, *causes,
    )  # fmt: skip


def reaches_of(own: dict[str, Layout]) -> dict[str, SensorReach]:
    """Return how far the sensors of each sector reach."""
    return {name: SensorReach(tuple((one.lon, one.lat, one.max_range_m) for one in each)) for name, each in own.items()}


def within(truth: xr.Dataset, layout: Layout) -> xr.Dataset:
    """Return the truth as far as sensors of a layout reach."""
    inside = np.zeros(truth.sizes["estimate"], bool)
    for sensor in layout:
        reach = np.hypot(truth["easting"] - sensor.easting, truth["northing"] - sensor.northing)
        inside |= reach.to_numpy() < RANGE_M
    return truth.isel(estimate=np.flatnonzero(inside))
