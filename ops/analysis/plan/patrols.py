"""Patrols of a plan: the security game on the coverage gaps of its layout, and a roster drawn from a private seed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geo.arrays import Bools, Floats, Ints
from geo.errors import BadInput
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.response_times import travel_time
from ops.runtime.output import atomic_write
from sensors.crossing.segments import unknown_segments_in
from sensors.interdiction.interception import LEAST, ResponseSettings, tasks_of, three_ways
from sensors.patrols.border_sweeps import Sweeps
from sensors.patrols.game import Game, Shift, Solution, roster, solve_game

if TYPE_CHECKING:
    import xarray as xr

    from geo.border.belt import BorderLine
    from sensors.crossing.watched_belt import WatchedBelt

SEED_BITS: Final = 64
DETOUR_M: Final = 1500.0
"""Maximum deviation of paths from one segment to the next [m] (assumption)."""
ON_THE_SPOT_S: Final = 300.0
"""Response time of a patrol to a crossing in its current segment [s] (assumption)."""
PATROL_FINDS: Final = 0.5
"""Probability that a patrol itself detects and stops a crosser in its current segment (assumption)."""


@dataclass(frozen=True, slots=True, eq=False)
class PatrolPlan:
    """The solved game for a number of ``patrols``; ``segments`` (segment of the game,) are numbers on the border."""

    solution: Solution
    segments: Ints
    patrols: int

    @property
    def figures(self) -> dict[str, Any]:
        """Return the solution for JSON, with segments by their numbers on the border."""
        solution = self.solution
        return {
            "value": round(solution.value, 6),
            "gap": round(solution.gap, 9),
            "attacker_best": round(solution.attacker_best, 6),
            "defender_best": round(solution.defender_best, 6),
            "segments": [int(s) for s in self.segments],
            "coverage": [round(float(c), 6) for c in solution.coverage],
            "attacker": [round(float(a), 6) for a in solution.attacker],
            "rounds_in_the_lottery": len(solution.rounds),
            "patrols": self.patrols,
        }


def game_of(
    watched: WatchedBelt, response: xr.DataArray, *, on_the_spot_s: float = ON_THE_SPOT_S, finds: float = PATROL_FINDS
) -> tuple[Game, Ints]:
    """Return the game over the crossable segments, and their numbers on the border.

    The value of a segment without a patrol is the least probability of interruption on its three paths. With a patrol,
    the response takes at most ``on_the_spot_s``, or the patrol itself finds the crosser (probability ``finds``,
    independent).
    """
    settings = ResponseSettings()
    paths = three_ways(watched, response)
    tasks = [tasks_of(watched, each, response, settings) for each in paths.values()]
    alone = np.min([t.interruption(settings) for t in tasks], axis=0)
    on_the_spot = [replace(t, response_s=np.fmin(t.response_s, on_the_spot_s)) for t in tasks]
    helped = 1.0 - (1.0 - np.min([t.interruption(settings) for t in on_the_spot], axis=0)) * (1.0 - finds)
    known = np.flatnonzero(~np.isnan(alone) & ~np.isnan(helped) & ~unknown_segments_in(watched, paths[LEAST]))
    if not len(known):
        raise BadInput("no segment can be crossed and reached", where="patrols", expected="ground with a way across")
    return Game(alone[known], np.maximum(helped, alone)[known]), known.astype(np.int64)


def sweeps_of(
    border: BorderLine,
    terrain: xr.Dataset,
    response: xr.DataArray,
    segments: Ints,
    shift: Shift,
    *,
    ways: Ways | None = None,
) -> Sweeps:
    """Return patrol routes along the line, between midpoints of segments, by vehicle where drivable, otherwise on foot.

    The journeys out and back take as long as the response.
    """
    middles = border.segment_spans_m.mean(axis=1)[segments]
    east, north = border.point_at(middles)
    midpoints = np.column_stack([np.atleast_1d(east), np.atleast_1d(north)])
    walker, vehicle = on_foot(terrain, ways=ways), by_vehicle(terrain, ways=ways)
    hops = np.empty(len(midpoints) - 1)
    for n in range(len(hops)):
        hops[n] = min(_seconds(mover, midpoints[n], midpoints[n + 1]) for mover in (vehicle, walker))
    out = np.array([float(response.sel(easting=e, northing=n, method="nearest")) for e, n in midpoints])
    out = np.where(np.isnan(out), np.inf, out)
    return Sweeps(hops, out, out, shift)


def _seconds(mover: Mobility, start: Floats, goal: Floats) -> float:
    """Return the seconds between nearby positions on paths deviating at most DETOUR_M; infinite without a path."""
    low, high = np.minimum(start, goal) - DETOUR_M, np.maximum(start, goal) + DETOUR_M
    columns = _span((mover.easting >= low[0]) & (mover.easting <= high[0]))
    rows = _span((mover.northing >= low[1]) & (mover.northing <= high[1]))
    window = mover.within(rows, columns, np.ones((rows.stop - rows.start, columns.stop - columns.start), bool))
    try:
        reached = travel_time(window, start, neighbours=8)
    except BadInput:  # the mover cannot be at the start
        return float("inf")
    seconds = float(reached.sel(easting=goal[0], northing=goal[1], method="nearest"))
    return seconds if seconds == seconds else float("inf")


def _span(inside: Bools) -> slice:
    indices = np.flatnonzero(inside)
    return slice(int(indices[0]), int(indices[-1]) + 1)


def write_roster(out: Path, plan: PatrolPlan, shifts: int) -> list[str]:
    """Draw a roster from a new private seed into ``roster.json``, and write the seed beside it for the log.

    Both files are readable by this user only, because they show where there will be no patrol. Returns the file names.
    """
    seed = secrets.randbits(SEED_BITS)
    drawn = roster(plan.solution, shifts, seed=seed)
    numbers = [int(s) for s in plan.segments]
    rounds = [[[numbers[s] for s in patrol] for patrol in shift] for shift in drawn]
    _private(out / "roster.json", {"shifts": rounds, "meaning": "for each shift and patrol, segments in order"})
    _private(out / "roster.seed.json", {"seed": str(seed), "generator": "numpy PCG64", "shifts": shifts})
    return ["roster.json", "roster.seed.json"]


def play(
    watched: WatchedBelt,
    border: BorderLine,
    terrain: xr.Dataset,
    response: xr.DataArray,
    shift: Shift,
    *,
    ways: Ways | None = None,
) -> PatrolPlan:
    """Solve the game on the watched belt; patrols move over the terrain and its ``ways``."""
    game, segments = game_of(watched, response)
    return PatrolPlan(
        solve_game(game, sweeps_of(border, terrain, response, segments, shift, ways=ways)), segments, shift.patrols
    )


def _private(path: Path, document: Any) -> None:
    with atomic_write(path, private=True) as partial:
        partial.write_text(json.dumps(document) + "\n", encoding="utf-8")
