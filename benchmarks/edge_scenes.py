"""Scenes of the benchmark of sector edges, and how they are scored. A module; not run by itself.

See ``benchmarks/edges.py``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import xarray as xr

from fusion.scoring import gospa, identity_switches
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from ops.cluster.identity.combination import combined, together
from ops.cluster.identity.decision import national_id
from ops.cluster.identity.joining import Joining
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


@dataclass(frozen=True, slots=True)
class Scene:
    """One seed: the detections of both radars, and the truth within range of one of them."""

    layout: Layout
    scans: list[Any]
    truth: xr.Dataset
    seconds: int

    def of(self, names: Sequence[str]) -> Layout:
        """Return the layout of these sectors."""
        return Layout("-".join(names), FRAME, tuple(one for one in self.layout if one.id in names))


def scene(seed: int, *, crossers: int = 20, overlap_m: float = 1500.0, duration_s: float = 600.0) -> Scene:
    """Simulate one seed: the radar of each sector is so far from the edge (easting 0) that their ranges overlap."""
    chance = np.random.default_rng(seed)
    away = RANGE_M - 0.5 * overlap_m
    layout = Layout(
        "both",
        FRAME,
        tuple(
            place(
                FRAME, easting, 0.0, id=name, kind="radar", max_range_m=RANGE_M, period_s=3.0, range_sd_m=4.0,
                azimuth_sd_deg=0.4, detection_probability=0.9, false_alarms_per_scan=2.0,
            )
            for name, easting in zip(SECTORS, (-away, away), strict=True)
        ),
    )  # fmt: skip
    movers = tuple(mover for number in range(crossers) for mover in _crossing(number, chance, duration_s))
    detections, truth = simulate(layout, Scenario(movers, START, duration_s), None, seed=seed)
    inside = np.zeros(truth.sizes["estimate"], bool)
    for sensor in layout:
        reach = np.hypot(truth["easting"] - sensor.easting, truth["northing"] - sensor.northing)
        inside |= reach.to_numpy() < RANGE_M
    scans = sorted(split(detections, layout), key=lambda scan: (scan.received_ns, scan.observed_ns, scan.key))
    return Scene(layout, scans, truth.isel(estimate=np.flatnonzero(inside)), int(duration_s))


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


def pictures(layout: Layout, scans: Sequence[Any], seconds: int) -> list[tuple[int, list[TrackInPicture]]]:
    """Return the live picture at each second, as the fusion process publishes it."""
    tracker, found = Tracker(layout), []
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
    return found


def _names(layout: Layout) -> set[str]:
    return {one.id for one in layout}


def _none(*_: Any) -> str:
    return ""


def national(
    west: list[tuple[int, list[TrackInPicture]]], east: list[tuple[int, list[TrackInPicture]]], layout: Layout
) -> tuple[list[tuple[int, list[TrackInPicture]]], int]:
    """Return the picture by national identity at each second, and how many tracks took that of a neighbour."""
    joining = Joining({one.id: SensorReach(((one.lon, one.lat, one.max_range_m),)) for one in layout})
    identity: dict[tuple[str, str], str] = {}
    joined, found = 0, []
    for (stamp_ns, of_west), (_, of_east) in zip(west, east, strict=True):
        for sector, picture in zip(SECTORS, (of_west, of_east), strict=True):
            for one in joining.take(sector, stamp_ns, picture):
                identity[one.sector, one.track] = one.national
                joined += one.of is not None
        of_target: dict[str, list[tuple[str, TrackInPicture]]] = {}
        for sector, picture in zip(SECTORS, (of_west, of_east), strict=True):
            for entry in picture:
                name = identity.get((sector, entry.track))
                if name is not None and entry.status in KNOWN:
                    of_target.setdefault(name, []).append((sector, entry))
        found.append((stamp_ns, [one for each in of_target.items() for one in _as_one(*each, stamp_ns)]))
    return found, joined


def _as_one(name: str, tracks: list[tuple[str, TrackInPicture]], stamp_ns: int) -> Iterator[TrackInPicture]:
    """Yield the tracks of one identity as one, as the product combines them, and those that parted from it."""
    tracks = sorted(tracks, key=lambda one: national_id(one[0], one[1].track) != name)
    sightings = [sighting_of(one, stamp_ns) for _, one in tracks]
    kept = together(sightings)
    for number, (sector, entry) in enumerate(tracks):
        if number not in kept:
            yield msgspec.structs.replace(entry, track=f"{sector}/{entry.track}")
    entry = tracks[kept[0]][1]
    if len(kept) == 1:
        yield msgspec.structs.replace(entry, track=name)
        return
    at = combined([sightings[number] for number in kept], stamp_ns)
    speed, course = float(np.hypot(*at.velocity)), float(np.degrees(np.arctan2(*at.velocity))) % 360.0
    yield msgspec.structs.replace(
        entry, track=name, lon=at.lon, lat=at.lat, speed_mps=speed, course_deg=course, updated_ns=stamp_ns
    )


def history_of(found: list[tuple[int, list[TrackInPicture]]]) -> xr.Dataset:
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


@dataclass(frozen=True, slots=True)
class Result:
    """One seed: GOSPA [m] and identity switches of one tracker and of two with national identities.

    ``hand_overs``: targets that were in range of both radars; ``joined``: tracks that took an identity.
    """

    one_gospa_m: float
    national_gospa_m: float
    one_switches: int
    national_switches: int
    hand_overs: int
    joined: int
    cpu_ms_per_s: float


def measure(seed: int, **options: Any) -> Result:
    """Run one seed."""
    made = scene(seed, **options)
    both = pictures(made.layout, made.scans, made.seconds)
    west, east = (pictures(made.of([name]), made.scans, made.seconds) for name in SECTORS)
    began_s = time.process_time()
    joined, count = national(west, east, made.layout)
    spent_s = time.process_time() - began_s
    histories = history_of(both), history_of(joined)
    scores = [float(gospa(made.truth, one).attrs["gospa_mean_m"]) for one in histories]
    switches = [int(identity_switches(made.truth, one).sum()) for one in histories]
    ranges = [
        {
            str(name)
            for name in made.truth["target"].values[
                np.hypot(made.truth["easting"] - one.easting, made.truth["northing"] - one.northing).values < RANGE_M
            ]
        }
        for one in made.layout
    ]
    handed = len(ranges[0] & ranges[1])
    return Result(*scores, *switches, handed, count, 1e3 * spent_s / made.seconds)
