"""Patrols of a plan: the game on what its layout leaves open, and a roster drawn from a private seed."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Ints
from geo.errors import BadInput
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.response_times import travel_time
from ops.runtime.output import atomic_write
from sensors.interdiction.interception import ResponseSettings, tasks_of, three_ways
from sensors.patrols.border_sweeps import Sweeps
from sensors.patrols.game import Game, Shift, Solution, roster, solve_game

if TYPE_CHECKING:
    import xarray as xr

    from geo.border.belt import BorderLine
    from sensors.crossing.watched_belt import WatchedBelt

SEED_BITS: Final = 64
DETOUR_M: Final = 1500.0
"""How far ways from one segment to the next may stray (assumption)."""
ON_THE_SPOT_S: Final = 300.0
"""Response of a patrol to a crossing in the segment where it stays (assumption)."""
PATROL_FINDS: Final = 0.5
"""Probability that a patrol itself finds and stops who crosses the segment where it stays (assumption)."""


def game_of(
    seen: WatchedBelt, response: xr.DataArray, *, on_the_spot_s: float = ON_THE_SPOT_S, finds: float = PATROL_FINDS
) -> tuple[Game, Ints]:
    """The game over the segments that can be crossed, and their numbers on the border.

    Without a patrol a segment is worth the least probability of interruption on its three ways; with one the same, the
    response being no slower than ``on_the_spot_s``, or that the patrol itself finds the crosser (``finds``), which is
    taken as independent.
    """
    settings = ResponseSettings()
    tasks = [tasks_of(seen, ways, response, settings) for ways in three_ways(seen, response).values()]
    alone = np.min([t.interruption(settings) for t in tasks], axis=0)
    there = [replace(t, response_s=np.fmin(t.response_s, on_the_spot_s)) for t in tasks]
    helped = 1.0 - (1.0 - np.min([t.interruption(settings) for t in there], axis=0)) * (1.0 - finds)
    known = np.flatnonzero(~np.isnan(alone) & ~np.isnan(helped))
    if not len(known):
        raise BadInput("no segment can be crossed and reached", where="patrols", expected="ground with a way across")
    return Game(alone[known], np.maximum(helped, alone)[known]), known.astype(np.int64)


def sweeps_of(border: BorderLine, terrain: xr.Dataset, response: xr.DataArray, segments: Ints, shift: Shift) -> Sweeps:
    """Rounds along the line: driving from one segment's middle to the next where a vehicle can, else walking; out and
    back as the response."""
    middles = border.segment_spans_m.mean(axis=1)[segments]
    east, north = border.point_at(middles)
    places = np.column_stack([np.atleast_1d(east), np.atleast_1d(north)])
    walker, vehicle = on_foot(terrain), by_vehicle(terrain)
    hops = np.empty(len(places) - 1)
    for n in range(len(hops)):
        hops[n] = min(_seconds(mover, places[n], places[n + 1]) for mover in (vehicle, walker))
    out = np.array([float(response.sel(easting=e, northing=n, method="nearest")) for e, n in places])
    out = np.where(np.isnan(out), np.inf, out)
    return Sweeps(hops, out, out, shift)


def _seconds(mover: Mobility, start: Floats, goal: Floats) -> float:
    """Between two places near each other, by ways that stray at most DETOUR_M; infinite where there is none."""
    low, high = np.minimum(start, goal) - DETOUR_M, np.maximum(start, goal) + DETOUR_M
    columns = _span((mover.easting >= low[0]) & (mover.easting <= high[0]))
    rows = _span((mover.northing >= low[1]) & (mover.northing <= high[1]))
    near = mover.within(rows, columns, np.ones((rows.stop - rows.start, columns.stop - columns.start), bool))
    try:
        reached = travel_time(near, start, neighbours=8)
    except BadInput:  # the mover cannot be at the start
        return float("inf")
    found = float(reached.sel(easting=goal[0], northing=goal[1], method="nearest"))
    return found if found == found else float("inf")


def _span(inside: npt.NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(inside)
    return slice(int(places[0]), int(places[-1]) + 1)


def patrol_figures(solution: Solution, segments: Ints) -> dict[str, Any]:
    """The solution for JSON; segments by their numbers on the border."""
    numbers = [int(s) for s in segments]
    return {
        "value": round(solution.value, 6),
        "gap": round(solution.gap, 9),
        "attacker_best": round(solution.attacker_best, 6),
        "defender_best": round(solution.defender_best, 6),
        "segments": numbers,
        "coverage": [round(float(c), 6) for c in solution.coverage],
        "attacker": [round(float(a), 6) for a in solution.attacker],
        "rounds_in_the_lottery": len(solution.rounds),
    }


def write_roster(out: Path, solution: Solution, segments: Ints, shifts: int) -> list[str]:
    """Draw a roster from a new private seed into ``roster.json``, the seed beside it for the log; both for this user
    alone, since who has them knows where nobody will be. Returns the names of the files."""
    seed = secrets.randbits(SEED_BITS)
    drawn = roster(solution, shifts, seed=seed)
    numbers = [int(s) for s in segments]
    told = [[[numbers[s] for s in patrol] for patrol in one] for one in drawn]
    _private(out / "roster.json", {"shifts": told, "meaning": "for each shift and patrol, segments in order"})
    _private(out / "roster.seed.json", {"seed": str(seed), "generator": "numpy PCG64", "shifts": shifts})
    return ["roster.json", "roster.seed.json"]


def play(
    seen: WatchedBelt, border: BorderLine, terrain: xr.Dataset, response: xr.DataArray, shift: Shift
) -> tuple[Solution, Ints]:
    """The solved game on what is watched, and the numbers of its segments."""
    game, segments = game_of(seen, response)
    return solve_game(game, sweeps_of(border, terrain, response, segments, shift)), segments


def _private(path: Path, document: Any) -> None:
    with atomic_write(path, private=True) as partial:
        partial.write_text(json.dumps(document) + "\n", encoding="utf-8")
