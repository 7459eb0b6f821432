"""What options would see of a border's belt, computed once: chances in each cell, rates along the ways across it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array

from geo.belt import Belt, Line, belt_of, fitting_belt_m
from geo.mobility_surface import by_vehicle, on_foot
from geo.mobility_ways import Ways
from geo.paths_along import Along
from geo.paths_crossing import INWARD, crossings
from sensors.assumptions import Assumptions, Situation
from sensors.conditions import conditions_of
from sensors.coverage_sight import refuse_without_ground
from sensors.coverage_tally import Task, contribution
from sensors.hazard import log_miss
from sensors.interception import head_start
from sensors.layout import Layout
from sensors.planning_cover import Cover
from sensors.planning_limits import PlanError
from sensors.planning_options import Option
from sensors.segment_detection import SECOND
from sensors.watched import DRIVEN, SensorRate, Watched, added_up, feels_steps, most_hazard, searches

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Progress = Callable[[int, int], None]
SEARCHED = 0.1
"""Share of a search's rate with which ways are sought a second time (assumption): on a way the search is soon over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Whom a plan is against and when: target, light and weather, dwell [s] in a cell, direction of the crossing, the
    belt [m] (None: what fits), and of a response the chance that an alarm is passed on."""

    target: str = "person"
    conditions: str = "day"
    dwell_s: float = 600.0
    direction: str = INWARD
    belt_m: float | None = None
    neighbours: int = 16
    communication: float = 0.95
    assumptions: Assumptions = field(default_factory=Assumptions)

    @property
    def task(self) -> Task:
        """What is computed for every sensor; raises BadInput for what is not known."""
        if not 0.0 <= self.communication <= 1.0:
            raise PlanError(f"{self.communication!r}", where="plan (communication)", expected="0 to 1")
        return Task(Situation(self.target, conditions_of(self.conditions)[1], self.assumptions), self.dwell_s)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The belt, what the present layout sees of it (``watched``), and what each option would see (``rates``).

    ``cover`` has a row for each option over the cells of the belt that belong to a segment, in groups by segment, with
    what the present layout gives them already.
    """

    case: Case
    options: tuple[Option, ...]
    watched: Watched
    rates: tuple[SensorRate, ...]
    cover: Cover

    def with_chosen(self, chosen: npt.ArrayLike) -> Watched:
        """The ground under the present layout and the chosen options."""
        return added_up(self.watched, (*self.watched.sensors, *(self.rates[n] for n in np.asarray(chosen, np.int64))))


def scene_of(
    options: Sequence[Option],
    terrain: xr.Dataset,
    border: Line,
    *,
    case: Case | None = None,
    present: Layout | None = None,
    ways: Ways | None = None,
    progress: Progress | None = None,
) -> Scene:
    """See what every option, and the ``present`` layout, would see; ``progress(done, total)`` sensor by sensor.

    The terrain is loaded into memory. Raises LayoutError for an option off the terrain or on a void.
    """
    chosen = case or Case()
    ground = terrain.compute()
    task = chosen.task
    width = fitting_belt_m(border, ground) if chosen.belt_m is None else chosen.belt_m
    belt = belt_of(border, ground, belt_m=width)
    have = () if present is None else present.sensors
    new = Layout("candidates", border.frame, tuple(option.sensor for option in options))
    refuse_without_ground((*have, *new), ground)
    placements = (
        [*(present.placement(s.id) for s in have), *(new.placement(s.id) for s in new)]
        if present
        else [new.placement(s.id) for s in new]
    )
    mover = by_vehicle if chosen.target in DRIVEN else on_foot
    nobody = np.zeros(belt.inside.shape)
    attrs = {
        "target": chosen.target,
        "conditions": chosen.conditions,
        "layout": "present" if present is None else present.name,
        "assumed_speed_mps": task.situation.speed_mps,
        "belt_m": width,
        "mover": "vehicle" if chosen.target in DRIVEN else "walker",
        "missing": "",
    }
    bare = Watched(belt, mover(ground, ways=ways), (), nobody, nobody, nobody > 0.0, attrs)
    seen: list[tuple[SensorRate, Floats]] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for one in pool.map(lambda place: _seen(place, ground, belt, task), placements):
            seen.append(one)
            if progress is not None:
                progress(len(seen), len(placements))
    watched = added_up(bare, tuple(rate for rate, _ in seen[: len(have)]))
    return Scene(
        chosen,
        tuple(options),
        replace(watched, attrs=attrs),
        tuple(rate for rate, _ in seen[len(have) :]),
        _cover(belt, seen, len(have)),
    )


def _seen(place: object, ground: xr.Dataset, belt: Belt, task: Task) -> tuple[SensorRate, Floats]:
    """One sensor's rates in the belt, and its chance in each of these cells with its availability."""
    part = contribution(place, ground, task, (belt.rows, belt.columns))  # type: ignore[arg-type]
    sensor = place.sensor  # type: ignore[attr-defined]
    inside = belt.inside.ravel()
    kept = inside[part.seen] & (part.rate > 0.0)
    cells = part.seen[kept]
    order = np.argsort(cells, kind="stable")
    rate = SensorRate(
        name=sensor.id,
        kind=sensor.kind,
        availability=sensor.availability,
        cells=cells[order],
        rate=part.rate[kept][order],
        look=part.look[kept][order],
        unknown=part.unknown[inside[part.unknown]],
    )
    return rate, -np.expm1(log_miss(part.hazard[kept][order], sensor.availability))


def _cover(belt: Belt, seen: Sequence[tuple[SensorRate, Floats]], present: int) -> Cover:
    counted = belt.inside.ravel() & (belt.segment.ravel() >= 0)
    number = np.where(counted, np.cumsum(counted) - 1, -1)
    cells = int(counted.sum())
    missed = np.ones(cells)
    for rate, chance in seen[:present]:
        at = number[rate.cells]
        missed[at[at >= 0]] *= 1.0 - chance[at >= 0]
    rows = []
    for rate, chance in seen[present:]:
        at = number[rate.cells]
        rows.append((at[at >= 0], chance[at >= 0]))
    start = np.concatenate([[0], np.cumsum([len(cell) for cell, _ in rows])]).astype(np.int64)
    return Cover.from_entries(
        start,
        np.concatenate([cell for cell, _ in rows]).astype(np.int64) if rows else np.zeros(0, np.int64),
        np.clip(np.concatenate([p for _, p in rows]) if rows else np.zeros(0), 0.0, 1.0),
        cells,
        group=belt.segment.ravel()[counted].astype(np.int64),
        seen=1.0 - missed,
    )


class WayOracle:
    """The least detected way as sums over options (``sensors.planning_choice.Oracle``), found anew for every choice.

    ``θ`` is the hazard of the way that is detected least, a search counted at most to what it finds at all; every way
    that was ever found is a cut, and remembered. With a ``response`` only what is detected early enough counts: while
    the crosser needs longer to the end than the response to that end. Exact but for searches that end on the way:
    then another way might be detected less.
    """

    def __init__(self, scene: Scene, response: xr.DataArray | None = None) -> None:
        self.scene = scene
        self.passed_on = 1.0 if response is None else scene.case.communication
        self._early: Bools | None = None
        if response is not None:
            spare = head_start(scene.watched, response, direction=scene.case.direction).to_numpy()
            self._early = np.nan_to_num(spare, nan=-1.0) >= 0.0
        size = scene.watched.belt.inside.size
        self._timed = _raster_rows([r if not feels_steps(r.kind) else None for r in scene.rates], size, 1.0)
        speed = scene.watched.attrs["assumed_speed_mps"]
        self._paced = _raster_rows([r if feels_steps(r.kind) else None for r in scene.rates], size, 1.0 / speed)
        self._known: dict[bytes, tuple[float, Floats]] = {}

    def value_at(self, theta: float) -> float:
        return float(-self.passed_on * np.expm1(-max(theta, 0.0)))

    def least(self, chosen: Ints) -> tuple[float, list[tuple[float, Floats]]]:
        """θ of a choice, and a cut for the way through each segment that is not known yet (or the least known)."""
        scene = self.scene
        seen = scene.with_chosen(chosen)
        early = np.ones(seen.belt.inside.shape, bool) if self._early is None else self._early
        cells = self._ways(seen, early)
        fresh = {key: way for key, way in cells.items() if key not in self._known}
        if fresh:
            along = Along.ways_over(seen.on_belt, list(fresh.values()))
            base, slopes = self._hazards(along, early)
            self._known |= {key: (float(base[n]), slopes[n]) for n, key in enumerate(fresh)}
        sums = {key: c + float(s[chosen].sum()) for key, (c, s) in self._known.items()}
        lowest = min(sums, key=sums.__getitem__)
        return sums[lowest], [self._known[key] for key in {**dict.fromkeys(fresh), lowest: None}]

    def _ways(self, seen: Watched, early: Bools) -> dict[bytes, tuple[Ints, Ints]]:
        """The least detected way through every segment, by their cells; where sensors search also those found when
        searches count for little, as a search that ends lets one stay in its view."""
        found: dict[bytes, tuple[Ints, Ints]] = {}
        short = [replace(s, rate=s.rate * SEARCHED) if searches(s.kind) else s for s in seen.sensors]
        watches = [seen, added_up(seen, tuple(short))] if any(searches(s.kind) for s in seen.sensors) else [seen]
        for watch in watches:
            ways = crossings(
                watch.belt,
                watch.mobility,
                weight=np.where(early, watch.per_s, 0.0) + SECOND,
                toll=np.where(early, watch.per_m, 0.0),
                direction=self.scene.case.direction,
                neighbours=self.scene.case.neighbours,
            )
            for segment in np.flatnonzero(np.isfinite(ways.cost)):
                way = ways.cells(int(segment))
                found[b"".join(axis.tobytes() for axis in way)] = way
        if not found:
            raise PlanError("nobody can cross", where="plan", expected="ground that leads from edge to edge")
        return found

    def _hazards(self, along: Along, early: Bools) -> tuple[Floats, Floats]:
        """Hazard of what stands there (way,) and of each option (way, option) along ways."""
        counted = early.ravel()[along.cells].astype(np.float64)
        time, length = (_weights(along, values, early.size, counted) for values in (along.seconds, along.metres))
        slopes = np.asarray((time @ self._timed.T + length @ self._paced.T).todense(), np.float64)
        scene = self.scene
        for n, rate in enumerate(scene.rates):
            if searches(rate.kind):
                slopes[:, n] = np.minimum(slopes[:, n], _most(along, rate, counted))
        base = np.zeros(along.ways)
        for rate in scene.watched.sensors:
            paced = feels_steps(rate.kind)
            factor = 1.0 / scene.watched.attrs["assumed_speed_mps"] if paced else 1.0
            row = _raster_rows([rate], early.size, factor)
            part = np.asarray(((length if paced else time) @ row.T).todense(), np.float64)[:, 0]
            base += np.minimum(part, _most(along, rate, counted)) if searches(rate.kind) else part
        return base, slopes


def _raster_rows(rates: Sequence[SensorRate | None], size: int, factor: float) -> csr_array:
    """Rates as a sparse matrix (sensor, cell), empty rows for None."""
    length = [0 if rate is None else len(rate.cells) for rate in rates]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    cells = [rate.cells for rate in rates if rate is not None]
    values = [rate.rate * factor for rate in rates if rate is not None]
    index = np.concatenate(cells) if cells else np.zeros(0, np.int64)
    data = np.concatenate(values) if values else np.zeros(0)
    return csr_array((data, index, start), shape=(len(rates), size))


def _weights(along: Along, pieces: Floats, size: int, counted: Floats) -> csr_array:
    """What a raster's cells count for on each way (way, cell) when it is summed over ``pieces``."""
    half = 0.5 * pieces
    knot = np.concatenate([along.begins, along.begins + 1])
    way, value = np.concatenate([along.way, along.way]), np.concatenate([half, half])
    share = along.share[knot]
    cell = np.concatenate([along.left[knot], along.right[knot]])
    weight = np.concatenate([value * (1.0 - share), value * share]) * counted[cell]
    return csr_array((weight, (np.concatenate([way, way]), along.cells[cell])), shape=(along.ways, size))


def _most(along: Along, rate: SensorRate, counted: Floats) -> Floats:
    """The most hazard that one search brings on each way (way,): ``−ln(1 − P∞)``, P∞ the best on the way."""
    at = np.searchsorted(rate.cells, along.cells)
    at = np.minimum(at, max(len(rate.cells) - 1, 0))
    look = np.zeros(len(along.cells))
    if len(rate.cells):
        here = rate.cells[at] == along.cells
        look[here] = rate.look[at[here]]
    knots = along.between(look * counted)
    best = np.zeros(along.ways)
    np.maximum.at(best, along.way, np.maximum(knots[along.begins], knots[along.begins + 1]))
    return np.array([most_hazard(p) for p in best])
