"""The least-detected crossing in space and time: the crosser chooses the path, the departure, and where to wait.

A node is a cell at a time step. A move to a neighbour takes its own number of steps; to wait takes one. The hazard of
a move is the mean over both its cells of their rates while it lasts, as for fixed sensors (``sensors.crossing``), times
its exact seconds; where the rates do not change, the search is therefore the same as that in space. From the last step
backwards it finds the least hazard from every cell at every step to the edge where the crossing ends (Bellman 1958;
Chabini 1998 for networks whose costs depend on time).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from geo.arrays import Bools, Floats, Ints, UInt8s
from geo.paths import kernel
from geo.paths.crossings import INWARD
from geo.paths.search import Steps
from sensors.crossing.watched_belt import WatchedBelt
from sensors.errors import TimetableError
from sensors.search_theory.fixed_searches import FixedSearches

TIE_PER_S: Final = 1e-12
"""Hazard [1/s] added in the comparison of paths, so that of two equal ones the shorter in time is taken."""
WAIT, NONE = 254, 255
LONGEST_MOVE_STEPS: Final = 250
"""Moves that take more time steps are closed (ground that is almost impassable)."""
ORDINARY_MOVE_S: Final = 900.0
"""Moves of at most this time must be possible; to wade a river takes 600 s."""


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """One move from all cells where it is possible: flat cells ``source`` and ``target``, the ``steps`` it takes, its
    exact ``seconds``, and the ``hazard`` of the fixed sensors on it (cell,)."""

    source: Ints
    target: Ints
    steps: Ints
    seconds: Floats
    hazard: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MovesInTime:
    """All moves of a crosser in steps of ``step_s``, from the cells ``start`` to the cells ``goal`` (cell,).

    ``waiting`` (cell,) is the rate [1/s] of the fixed sensors on someone who waits; ``row``/``column`` moves are those
    of ``geo.paths.kernel.pairs_of``. ``searches`` limits the fixed sensors that search on the paths that are found.
    """

    step_s: float
    shape: tuple[int, int]
    start: Bools
    goal: Bools
    waiting: Floats
    moves: tuple[Move, ...]
    searches: FixedSearches | None = None

    @classmethod
    def over(cls, watched: WatchedBelt, *, step_s: float, direction: str = INWARD, neighbours: int = 16) -> MovesInTime:
        """Build the moves over a belt, with the hazards of its fixed sensors.

        Parameters
        ----------
        watched : WatchedBelt
            The belt, the mobility, and the fixed sensors.
        step_s : float, s
            Time step; the time of a move is rounded to whole steps, at least one, its hazard is not.
        direction : {"inward", "outward"}
            Direction of the crossing.
        neighbours : int
            8, 16 or 32.

        Returns
        -------
        MovesInTime
            The moves.

        Raises
        ------
        TimetableError
            For a time step not above 0, and one so short that moves of at most ORDINARY_MOVE_S would be closed.
        """
        if not 0.0 < step_s < np.inf:
            raise TimetableError(f"a time step of {step_s:g} s", where="search in time", expected="above 0 s")
        belt, mobility = watched.belt, watched.on_belt
        times = Steps.over(mobility, neighbours=neighbours)
        hazards = Steps.over(mobility, weight=watched.per_s, toll=watched.per_m, neighbours=neighbours)
        rows, columns = np.nonzero(~mobility.closed)
        height, width = belt.inside.shape
        moves = []
        for number, (down, right) in enumerate(kernel.pairs_of(neighbours)):
            there = (rows + down >= 0) & (rows + down < height) & (columns + right >= 0) & (columns + right < width)
            r, c = rows[there], columns[there]
            seconds, hazard = times.costs(r, c, number), hazards.costs(r, c, number)
            count = np.maximum(np.rint(np.where(np.isfinite(seconds), seconds, 1e9) / step_s), 1.0)
            kept = np.isfinite(seconds) & np.isfinite(hazard) & (count <= LONGEST_MOVE_STEPS)
            if (lost := (count > LONGEST_MOVE_STEPS) & (seconds <= ORDINARY_MOVE_S)).any():
                raise TimetableError(
                    f"a move takes {seconds[lost].max():.0f} s, more than {LONGEST_MOVE_STEPS} time steps",
                    where="search in time",
                    expected=f"a time step of at least {ORDINARY_MOVE_S / LONGEST_MOVE_STEPS:g} s",
                )
            source = (r * width + c)[kept]
            moves.append(
                Move(source, source + down * width + right, count[kept].astype(np.int64), seconds[kept], hazard[kept])
            )
        start, goal = (belt.outer, belt.inner) if direction == INWARD else (belt.inner, belt.outer)
        waiting = watched.per_s.ravel()
        searches = FixedSearches.of(watched)
        return cls(step_s, (height, width), start.ravel(), goal.ravel(), waiting, tuple(moves), searches)

    def along(self, rows: Ints, columns: Ints) -> PathInTime:
        """Return the crossing along a given path without waiting, from time step 0.

        Parameters
        ----------
        rows : ndarray of int, shape (place,)
            Rows of its cells in the belt's window, such as those of ``geo.paths.crossings``.
        columns : ndarray of int, shape (place,)
            Columns.

        Returns
        -------
        PathInTime
            The crossing.

        Raises
        ------
        TimetableError
            For a step that is not one of these moves.
        """
        cells = np.asarray(rows, np.int64) * self.shape[1] + np.asarray(columns, np.int64)
        steps, taken, fixed = [0], [], 0.0
        for here, there in pairwise(cells.tolist()):
            for number, move in enumerate(self.moves):
                at = int(np.searchsorted(move.source, here))
                if at < len(move.source) and move.source[at] == here and move.target[at] == there:
                    steps.append(steps[-1] + int(move.steps[at]))
                    fixed += float(move.hazard[at])
                    taken.append(number)
                    break
            else:
                raise TimetableError(
                    f"no move from cell {here} to {there}", where="search in time", expected="a path over these moves"
                )
        path = PathInTime(cells, np.array(steps), np.array([*taken, -1]), fixed)
        return replace(path, fixed_hazard=fixed - float(self.beyond_limits([path])[0]))

    def beyond_limits(self, paths: Sequence[PathInTime]) -> Floats:
        """Hazard (path,) that fixed sensors which search would have on each path beyond their P∞."""
        if self.searches is None:
            return np.zeros(len(paths))
        waited = [np.append((path.moves[:-1] < 0) * np.diff(path.steps) * self.step_s, 0.0) for path in paths]
        return self.searches.beyond_limits([(path.cells, part) for path, part in zip(paths, waited, strict=True)])


@dataclass(frozen=True, slots=True, eq=False)
class PathInTime:
    """One crossing: flat cells and the time steps at which it is at them (place,), the index of the move by which it
    leaves each (−1: waits; of the last none), and the hazard of the fixed sensors on it, of a search at most that of
    its P∞."""

    cells: Ints
    steps: Ints
    moves: Ints
    fixed_hazard: float


@dataclass(frozen=True, slots=True, eq=False)
class CrossingsInTime:
    """Least hazards of crossings by their departure.

    ``hazard`` (step,) is the least over all starting cells of a crossing that leaves the edge in that step; infinite
    where none arrives before the last step; it adds up, searches too. ``start`` (step,) is its first cell, −1 without
    one.
    """

    moves: MovesInTime
    hazard: Floats
    start: Ints
    choice: UInt8s

    @property
    def least(self) -> int:
        """The departure step with the least hazard; −1 where no crossing arrives in time."""
        return int(np.argmin(self.hazard)) if np.isfinite(self.hazard).any() else -1

    def path(self, step: int) -> PathInTime:
        """Return the least-detected crossing that leaves in a step.

        Parameters
        ----------
        step : int
            The departure step.

        Returns
        -------
        PathInTime
            The crossing.

        Raises
        ------
        TimetableError
            Where no crossing that leaves then arrives in time.
        """
        path = self._path(step)
        return replace(path, fixed_hazard=path.fixed_hazard - float(self.moves.beyond_limits([path])[0]))

    def limited_hazard(self, steps: int) -> Floats:
        """Return the hazards (step,) of the found crossings that leave in the first steps, with the fixed sensors that
        search limited to their P∞."""
        hazard = self.hazard[:steps].copy()
        if self.moves.searches is None or not self.moves.searches.sensors:
            return hazard
        leaving = np.flatnonzero(np.isfinite(hazard))
        hazard[leaving] -= self.moves.beyond_limits([self._path(int(step)) for step in leaving])
        return np.maximum(hazard, 0.0)

    def _path(self, step: int) -> PathInTime:
        """The crossing that leaves in a step; the hazards of its searches add up."""
        if not 0 <= step < len(self.hazard) or self.start[step] < 0:
            raise TimetableError(f"no crossing leaves in step {step}", where="search in time", expected="a longer time")
        cell, now, fixed = int(self.start[step]), step, 0.0
        cells, steps, taken = [cell], [now], []
        while not self.moves.goal[cell]:
            by = int(self.choice[now, cell])
            if by == WAIT:
                fixed += float(self.moves.waiting[cell]) * self.moves.step_s
                now += 1
                taken.append(-1)
            else:
                move = self.moves.moves[by]
                at = int(np.searchsorted(move.source, cell))
                fixed += float(move.hazard[at])
                now += int(move.steps[at])
                cell = int(move.target[at])
                taken.append(by)
            cells.append(cell)
            steps.append(now)
        return PathInTime(np.array(cells), np.array(steps), np.array([*taken, -1]), fixed)


def search_in_time(moves: MovesInTime, rate: Callable[[int], Floats], steps: int) -> CrossingsInTime:
    """Find the least-detected crossings for every departure.

    Parameters
    ----------
    moves : MovesInTime
        The moves of the crosser.
    rate : callable
        ``rate(step)`` is the mean rate [1/s] (cell,) of the moving sensors in a time step, such as ``RatesInTime``.
    steps : int
        Number of time steps; a crossing must arrive by the end of the last.

    Returns
    -------
    CrossingsInTime
        The crossings. Memory is one byte per cell and step.

    Raises
    ------
    TimetableError
        For fewer than one step, or rates below 0.
    """
    if steps < 1:
        raise TimetableError(f"{steps} time steps", where="search in time", expected="at least 1")
    cells, dt = len(moves.goal), moves.step_s
    depth = 1 + max((int(move.steps.max(initial=1)) for move in moves.moves), default=1)
    value = np.full((depth, cells), np.inf)  # least hazard from each cell, of the last steps in a ring
    exposed = np.zeros((depth, cells))  # hazard of someone who stays from that step to the end
    choice = np.full((steps, cells), NONE, np.uint8)
    hazard, start = np.full(steps, np.inf), np.full(steps, -1, np.int64)
    value[steps % depth, moves.goal] = 0.0
    starts = np.flatnonzero(moves.start)
    fixed_wait = moves.waiting * dt + TIE_PER_S * dt
    shares = [move.seconds / (2.0 * move.steps * dt) for move in moves.moves]
    fixed = [move.hazard + TIE_PER_S * move.seconds for move in moves.moves]
    flat_value, flat_exposed = value.ravel(), exposed.ravel()
    for now in range(steps - 1, -1, -1):
        here, following = now % depth, (now + 1) % depth
        rates = rate(now)
        if (rates < 0.0).any():
            raise TimetableError("a rate is below 0", where="search in time", expected="rates from 0")
        staying = rates * dt
        exposed[here] = exposed[following] + staying
        best = value[following] + staying + fixed_wait
        chosen = np.where(np.isfinite(best), WAIT, NONE).astype(np.uint8)
        for number, move in enumerate(moves.moves):
            ahead = ((now + move.steps) % depth) * cells
            at_target = ahead + move.target
            onward = flat_value[at_target]
            seen = exposed[here][move.source] - flat_exposed[ahead + move.source]
            seen += exposed[here][move.target] - flat_exposed[at_target]
            cost = onward + fixed[number] + shares[number] * seen
            better = cost < best[move.source]
            best[move.source[better]] = cost[better]
            chosen[move.source[better]] = number
        best[moves.goal], chosen[moves.goal] = 0.0, NONE
        value[here], choice[now] = best, chosen
        if len(starts):
            first = int(np.argmin(best[starts]))
            if np.isfinite(best[starts[first]]):
                hazard[now], start[now] = best[starts[first]], starts[first]
    return CrossingsInTime(moves, hazard, start, choice)
