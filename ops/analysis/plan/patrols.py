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
from geo.message import Message
from geo.mobility.roads_and_rivers import Ways
from geo.paths.crossings import INWARD
from ops.runtime.output import atomic_write, say_in_english
from sensors.crossing.segments import unknown_segments_in
from sensors.interdiction.interception import LEAST, ResponseSettings, least_over_ways, tasks_of, three_ways
from sensors.patrols.border_sweeps import Sweeps
from sensors.patrols.game import Game, Shift, Solution, roster, solve_game
from sensors.planning.mobile.line_times import DETOUR_M, line_times

if TYPE_CHECKING:
    import xarray as xr

    from geo.border.belt import BorderLine
    from sensors.crossing.watched_belt import WatchedBelt

SEED_BITS: Final = 64
ON_THE_SPOT_S: Final = 300.0
"""Response time of a patrol to a crossing in its current segment [s] (assumption)."""
PATROL_FINDS: Final = 0.5
"""Probability that a patrol itself detects and stops a crosser in its current segment (assumption)."""


@dataclass(frozen=True, slots=True, eq=False)
class PatrolPlan:
    """The solved game for a number of ``patrols``; ``segments`` (segment of the game,) are numbers on the border.

    ``solution`` is the game over the segments that patrols can change (``in_reach``); in the others a crosser meets
    ``uncovered`` whatever the patrols do. The mixed strategy is optimal for the border, and for the segments that it
    can change. With ``plain``, the game without the losses of segments, all values are 1 − loss × probability that a
    crossing is not interrupted (``with_losses``).
    """

    solution: Solution
    segments: Ints
    patrols: int
    uncovered: Floats
    in_reach: Bools
    assumptions: tuple[str, ...] = ()
    plain: Game | None = None

    @property
    def least_out_of_reach(self) -> float:
        """Minimum probability of interruption where patrols change nothing; infinite if there is no such segment."""
        return float(self.uncovered[~self.in_reach].min(initial=np.inf))

    @property
    def _safest_out_of_reach(self) -> int:
        return int(np.argmin(np.where(self.in_reach, np.inf, self.uncovered)))

    @property
    def unweighted(self) -> tuple[float, float]:
        """Minimum probability of interruption of the border without patrols and with them, whatever the losses."""
        game = self.plain
        if game is None:
            return float(self.uncovered.min()), min(self.solution.value, self.least_out_of_reach)
        covered = np.where(self.in_reach, self.solution.coverage, 0.0)
        gained = game.uncovered + covered * (game.covered - game.uncovered)
        return float(game.uncovered.min()), float(gained.min())

    @property
    def figures(self) -> dict[str, Any]:
        """Return the solution for JSON, with segments by their numbers on the border.

        ``value`` is that of the border, ``value_in_reach`` that of the segments which patrols can change.
        """
        solution, fixed = self.solution, self.least_out_of_reach
        attacker = solution.attacker
        if fixed < solution.value:
            attacker = np.zeros(len(self.segments))
            attacker[self._safest_out_of_reach] = 1.0
        return {
            "value": round(min(solution.value, fixed), 6),
            "without_patrols": round(float(self.uncovered.min()), 6),
            "value_in_reach": round(solution.value, 6) if self.in_reach.any() else None,
            "gap": round(solution.gap, 9) if fixed > solution.attacker_best else 0.0,
            "gap_in_reach": round(solution.gap, 9),
            "attacker_best": round(min(solution.attacker_best, fixed), 6),
            "defender_best": round(min(solution.defender_best, fixed), 6),
            "segments": [int(s) for s in self.segments],
            "out_of_reach": [int(s) for s in self.segments[~self.in_reach]],
            "coverage": [round(float(c), 6) for c in solution.coverage],
            "attacker": [round(float(a), 6) for a in attacker],
            "routes_in_the_mixed_strategy": len(solution.rounds),
            "patrols": self.patrols,
            "assumptions": list(self.assumptions),
            "warnings": [say_in_english(warning) for warning in self.warnings],
            "warning_messages": [warning.as_dict() for warning in self.warnings],
        }

    @property
    def warnings(self) -> list[Message]:
        """Return what a planner must know before using the roster, one sentence each; empty where there is nothing."""
        solution, told = self.solution, []
        value, alone = min(solution.value, self.least_out_of_reach), float(self.uncovered.min())
        if value <= alone + 1e-9:
            best = int(self.segments[self._safest_out_of_reach])
            told.append(Message("plan-patrols-no-gain", {"value": value, "segment": str(best)}))
            if self.in_reach.any():
                reach = {"count": int(self.in_reach.sum()), "value": solution.value}
                told.append(Message("plan-patrols-elsewhere", reach))
        if len(solution.rounds) == 1:
            told.append(Message("plan-patrols-one-route"))
        return told


def game_of(
    watched: WatchedBelt,
    response: xr.DataArray,
    shift: Shift,
    *,
    direction: str = INWARD,
    on_the_spot_s: float = ON_THE_SPOT_S,
    finds: float = PATROL_FINDS,
    settings: ResponseSettings | None = None,
) -> tuple[Game, Ints]:
    """Return the game over the crossable segments, and their numbers on the border.

    The value of a segment without a patrol is the least probability of interruption on its three paths. With a patrol
    there, the response takes at most ``on_the_spot_s``, or the patrol itself finds the crosser (probability ``finds``,
    independent). A visit counts for the part of the ``shift`` for which it lasts (``at_any_time``).
    """
    settings = settings or ResponseSettings()
    paths = three_ways(watched, response, direction=direction)
    tasks = [tasks_of(watched, each, response, settings) for each in paths.values()]
    alone = least_over_ways(np.stack([t.interruption(settings) for t in tasks], axis=1))
    on_the_spot = [replace(t, response_s=np.fmin(t.response_s, on_the_spot_s)) for t in tasks]
    helped = 1.0 - (1.0 - np.min([t.interruption(settings) for t in on_the_spot], axis=0)) * (1.0 - finds)
    known = np.flatnonzero(~np.isnan(alone) & ~np.isnan(helped) & ~unknown_segments_in(watched, paths[LEAST]))
    if not len(known):
        raise BadInput(
            "no segment can be both crossed and reached by the response",
            where="patrols",
            expected="ground with a path across the border",
        )
    return at_any_time(Game(alone[known], np.maximum(helped, alone)[known]), shift), known.astype(np.int64)


def at_any_time(game: Game, shift: Shift) -> Game:
    """Return the game of a crosser who crosses at any time of the shift alike, from that of one whom a patrol meets.

    A patrol that visits a segment is there for ``Shift.present`` of the shift, so a round that visits it interrupts
    ``uncovered + present × (covered − uncovered)``. The crosser knows the probabilities of the rounds, but neither the
    round that is drawn nor its times; a crosser who knew these would do better. A segment counts once in a round, also
    where several patrols visit it, which is pessimistic.
    """
    return Game(game.uncovered, game.uncovered + shift.present * (game.covered - game.uncovered))


def with_losses(game: Game, losses: Floats) -> Game:
    """Return the game in which a crossing that is not interrupted costs the loss of its segment, (segment,) [1].

    The defender gains 1 − loss × (1 − probability of interruption). With equal losses of 1 it is the game itself. A
    security game with values of targets: Tambe (2011), Security and Game Theory.
    """
    return Game(1.0 - losses * (1.0 - game.uncovered), 1.0 - losses * (1.0 - game.covered))


def sweeps_of(
    border: BorderLine,
    terrain: xr.Dataset,
    bases: Floats,
    segments: Ints,
    shift: Shift,
    *,
    ways: Ways | None = None,
) -> Sweeps:
    """Return patrol routes along the line, between midpoints of segments, by vehicle where drivable, otherwise on foot.

    All times are of the same search over the same ground (``sensors.planning.mobile.line_times``), each in its own
    direction: out of each of the ``bases`` (base, 2) [m], back to it, and between neighbouring midpoints.
    """
    times = line_times(border, terrain, bases, segments, ways=ways)
    return Sweeps(times.forth_s, times.out_s, times.home_s, shift, times.back_s)


def write_roster(out: Path, plan: PatrolPlan, shifts: int) -> list[str]:
    """Draw a roster from a new private seed into ``roster.json``, and write the seed beside it for the log.

    Both files are readable by this user only, because they show where there will be no patrol. Returns the file names.
    """
    seed = secrets.randbits(SEED_BITS)
    drawn = roster(plan.solution, shifts, seed=seed)
    numbers = [int(s) for s in plan.segments]
    rounds = [[[numbers[s] for s in patrol] for patrol in shift] for shift in drawn]
    _private(
        out / "roster.json",
        {"shifts": rounds, "meaning": "for each shift and patrol, the segments of its route in order"},
    )
    _private(out / "roster.seed.json", {"seed": str(seed), "generator": "numpy PCG64", "shifts": shifts})
    return ["roster.json", "roster.seed.json"]


def play(
    watched: WatchedBelt,
    border: BorderLine,
    terrain: xr.Dataset,
    response: xr.DataArray,
    bases: Floats,
    shift: Shift,
    *,
    ways: Ways | None = None,
    direction: str = INWARD,
    losses: Floats | None = None,
    settings: ResponseSettings | None = None,
) -> PatrolPlan:
    """Solve the game on the watched belt for patrols from ``bases`` (base, 2) [m].

    Where a crosser may choose a segment that patrols cannot change, every mixed strategy has the same value for the
    border. The strategy is therefore computed over the other segments; it is optimal there and for the border.
    ``losses`` (segment of the border,) [1]: see ``with_losses``.
    """
    game, segments = game_of(watched, response, shift, direction=direction, settings=settings)
    rounds = sweeps_of(border, terrain, bases, segments, shift, ways=ways)
    assumptions = (
        *(settings or ResponseSettings()).words(watched.belt, response),
        f"a patrol in the segment responds within {ON_THE_SPOT_S:g} s, or detects a crosser itself with probability "
        f"{PATROL_FINDS:g}",
        "patrols drive and walk as the response does, each journey in its own direction; drivers stay with the vehicle",
        f"paths from one segment to the next deviate by at most {DETOUR_M:g} m",
        f"shifts of {shift.shift_s / 3600.0:g} h, stays of {shift.stay_s / 60.0:g} min in each segment",
        "crossers know the probabilities of the routes, but neither the route of the shift nor the times of patrols: "
        f"all times of a shift are equally likely, so a patrol is there for {shift.present:.3g} of the crossings in a "
        "segment that it visits",
    )
    if losses is None:
        return replace(solved(game, segments, rounds), assumptions=assumptions)
    weighted = solved(with_losses(game, losses[segments]), segments, rounds)
    return replace(weighted, assumptions=assumptions, plain=game)


def solved(game: Game, segments: Ints, rounds: Sweeps) -> PatrolPlan:
    """Solve the game over the segments that some patrol route can change; see ``play``."""
    in_reach = rounds.within_reach & (game.covered > game.uncovered) & (rounds.shift.patrols > 0)
    over = Game(np.where(in_reach, game.uncovered, 1.0), np.where(in_reach, game.covered, 1.0))
    return PatrolPlan(solve_game(over, rounds), segments, rounds.shift.patrols, game.uncovered, in_reach)


def _private(path: Path, document: Any) -> None:
    with atomic_write(path, private=True) as partial:
        partial.write_text(json.dumps(document) + "\n", encoding="utf-8")
