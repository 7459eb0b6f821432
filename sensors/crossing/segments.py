"""Detection of crossings in each segment of a border: the minimum over all paths through it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.border.belt import BorderLine
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings, crossings, crossings_of_the_whole
from geo.paths.search import OVERLENGTH
from sensors.crossing.detection import Detection, detection_along
from sensors.crossing.watched_belt import WatchedBelt

CROSSED, UNREACHABLE, UNKNOWN = "crossed", "unreachable", "unknown"
SECOND: Final = 1e-12  # hazard per second without a sensor: among paths detected equally, time decides
LIMITS: Final = (
    "at least one detection, misses independent; ways run between centres of cells, those of the edges too, which "
    "leaves out up to a cell at either end, and are up to `overlength` too long, and hazards with them; where "
    "unknown_m > 0 values are lower bounds, certain_probability an upper one"
)
MEANING: Final[dict[str, tuple[str, str]]] = {
    "detection_probability": ("1", "least P_detect of a crossing through the segment, all sensors working"),
    "detection_probability_low": ("1", "its lower end under a random phase of the scans"),
    "expected_probability": (
        "1",
        "that way with each sensor up or down for the whole crossing by its availability",
    ),
    "certain_probability": ("1", "least P_detect of a crossing that keeps to ground whose sight is known"),
    "hazard": ("1", "expected detections on that way, a search's at most to what it finds at all"),
    "seconds": ("s", "time on that way"),
    "metres": ("m", "length of that way"),
    "unknown_m": ("m", "length of that way over which some sensor's sight is unknown"),
}


def least_ways(watched: WatchedBelt, *, direction: str = INWARD, neighbours: int = 16) -> Crossings:
    """The minimum-hazard path through every segment, the fastest if several are equal; a camera's search is taken as
    endless.
    """
    weight = watched.per_s + SECOND
    return crossings(
        watched.belt, watched.mobility, weight=weight, toll=watched.per_m, direction=direction, neighbours=neighbours
    )


def least_ways_of_the_whole(
    watched: WatchedBelt,
    own_segments: Ints,
    *,
    slack: float,
    direction: str = INWARD,
    neighbours: int = 16,
) -> tuple[Crossings, Bools]:
    """``least_ways`` on a part of a border, and for its ``own_segments`` whether no path of the whole border has less
    hazard by more than ``slack``; see ``geo.paths.crossings.crossings_of_the_whole``."""
    return crossings_of_the_whole(
        watched.belt,
        watched.mobility,
        own_segments,
        least_per_s=SECOND,
        slack=slack,
        weight=watched.per_s + SECOND,
        toll=watched.per_m,
        direction=direction,
        neighbours=neighbours,
    )


def over_segments(watched: WatchedBelt, ways: Crossings) -> xr.Dataset:
    """Describe the detection of the path through each segment, (segment,).

    NaN, never 0, for a segment that cannot be crossed (``state`` unreachable) or is unknown (``state`` unknown).
    ``ways`` are those of ``least_ways``, or any other crossings of the same belt. The minimum is exact over the paths
    of the search if no camera's search ends on the path; otherwise the value holds for the path that was found, and
    another path might be detected less.
    """
    segments = np.arange(ways.cost.size)
    along = Along.over_paths(watched.on_belt, [ways.cells(int(segment)) for segment in segments])
    detection = detection_along(watched, along)
    certain = _certain(watched, ways, detection)
    state = _states(ways, detection, certain)
    data: dict[str, Floats] = {
        "detection_probability": detection.probability,
        "detection_probability_low": detection.probability_low,
        "expected_probability": detection.expected,
        "certain_probability": certain,
        "hazard": detection.hazard.sum(axis=1),
        "seconds": detection.seconds,
        "metres": detection.metres,
        "unknown_m": detection.unknown_m,
    }
    crossed = state == CROSSED
    spans = watched.belt.border.segment_spans_m
    coords: dict[str, Any] = {
        "segment": segments,
        "start_m": ("segment", spans[:, 0], {"units": "m"}),
        "end_m": ("segment", spans[:, 1], {"units": "m"}),
        "state": ("segment", state),
    }
    attrs = dict(watched.attrs) | {
        "direction": ways.direction,
        "overlength": OVERLENGTH[ways.before.neighbours],
        "limits": LIMITS,
    }
    variables = {
        name: ("segment", np.where(crossed, values, np.nan), {"units": MEANING[name][0], "long_name": MEANING[name][1]})
        for name, values in data.items()
    }
    return xr.Dataset(variables, coords, attrs)


def unknown_segments_in(watched: WatchedBelt, ways: Crossings) -> Bools:
    """Whether each segment (segment,) is UNKNOWN in ``over_segments``, by its minimum-detection ``ways``.

    A segment is unknown where its ground is, or where every path through it leads over ground on which the line of
    sight of some sensor is unknown. Nothing that depends on detection is known there: neither detection nor
    interruption.
    """
    if not (watched.unknown & watched.belt.inside).any():
        return np.isnan(ways.cost)
    along = Along.over_paths(watched.on_belt, [ways.cells(segment) for segment in range(ways.cost.size)])
    detection = detection_along(watched, along)
    unknown: Bools = _states(ways, detection, _certain(watched, ways, detection)) == UNKNOWN
    return unknown


def undecided(detection: xr.Dataset, required_probability: float) -> Bools:
    """Whether it is unknown in each segment (segment,) of ``over_segments`` if P_detect meets a requirement.

    That is so in segments that are UNKNOWN, and where P_detect is below the requirement, but only as a lower bound over
    ground of unknown sight, and paths over known ground meet it.
    """
    unknown: Bools = detection["state"].to_numpy() == UNKNOWN
    if "certain_probability" not in detection:
        return unknown
    least, certain, unknown_m = (
        detection[name].to_numpy() for name in ("detection_probability", "certain_probability", "unknown_m")
    )
    return unknown | ((least < required_probability) & (certain >= required_probability) & (unknown_m > 0.0))


def _states(ways: Crossings, detection: Detection, certain: Floats) -> npt.NDArray[np.str_]:
    state = np.full(ways.cost.size, CROSSED, dtype="<U11")
    state[np.isinf(ways.cost)] = UNREACHABLE
    state[np.isnan(ways.cost)] = UNKNOWN
    state[(state == CROSSED) & (detection.unknown_m > 0.0) & np.isnan(certain)] = UNKNOWN
    return state


def unknown_segments(border: BorderLine) -> xr.Dataset:
    """The result of ``over_segments`` for unknown segments: NaN, state unknown."""
    spans, nothing = border.segment_spans_m, np.full(border.segments, np.nan)
    coords: dict[str, Any] = {
        "segment": np.arange(border.segments),
        "start_m": ("segment", spans[:, 0], {"units": "m"}),
        "end_m": ("segment", spans[:, 1], {"units": "m"}),
        "state": ("segment", np.full(border.segments, UNKNOWN, dtype="<U11")),
    }
    variables = {
        name: ("segment", nothing, {"units": unit, "long_name": words}) for name, (unit, words) in MEANING.items()
    }
    return xr.Dataset(variables, coords)


def _certain(watched: WatchedBelt, ways: Crossings, detection: Detection) -> Floats:
    """P_detect of the minimum path over ground with known visibility; NaN if there is none. Equal if all is known."""
    if not (watched.unknown & watched.belt.inside).any():
        return detection.probability
    known = np.where(watched.unknown, np.nan, watched.per_s + SECOND)
    others = crossings(
        watched.belt,
        watched.mobility,
        weight=known,
        toll=watched.per_m,
        direction=ways.direction,
        neighbours=ways.before.neighbours,
    )
    along = Along.over_paths(watched.on_belt, [others.cells(segment) for segment in range(others.cost.size)])
    probability = detection_along(watched, along).probability
    return np.where(np.isfinite(others.cost), probability, np.nan)
