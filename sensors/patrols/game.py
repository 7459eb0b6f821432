"""The patrol game: how patrols should be drawn by lot when the crosser knows the lottery, but not the draw.

Zero-sum: a crosser picks a segment, the defender a *round*, the segments that patrols visit in one shift. What the
defender wins is the probability of interruption in the segment picked, ``covered`` where the round visits it, else
``uncovered``. Feasible rounds are far too many to list, so the linear program over them grows by columns: the round
that is worth most against the crosser's present lottery comes in, until none is worth more than the value. Both best
responses are then computed anew, not read off the duals. Jain et al. (2010), Security games with arbitrary schedules;
Dantzig and Wolfe (1960).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import highspy
import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from sensors.errors import GameError

Round = tuple[tuple[int, ...], ...]
"""What patrols do in one shift: for each patrol its segments in the order of travel."""
MOST_COLUMNS: Final = 2000
EXACT: Final = 1e-9


class Rounds(Protocol):
    """Feasible rounds: the best for given prizes of the segments (segment,), from 0, each counted once.

    ``best`` gives a round and a limit on what any round collects; where the two meet the round is the best. ``quick``
    gives a good one.
    """

    def best(self, prizes: Floats) -> tuple[Round, float]: ...
    def quick(self, prizes: Floats) -> Round: ...


@dataclass(frozen=True, slots=True, eq=False)
class Game:
    """Probability of interruption by segment (segment,), with nobody there and with a patrol there.

    Raises GameError for values outside 0 to 1, of different lengths, or less with a patrol than without.
    """

    uncovered: Floats
    covered: Floats

    def __post_init__(self) -> None:
        for name in ("uncovered", "covered"):
            values = _numbers(getattr(self, name), name)
            if values.ndim != 1 or not len(values) or not ((values >= 0.0) & (values <= 1.0)).all():
                raise GameError(
                    f"{name} is not of probabilities", where="patrol game", expected="0 to 1 for each segment"
                )
            object.__setattr__(self, name, values)
        if len(self.covered) != len(self.uncovered):
            raise GameError(
                f"{len(self.covered)} covered, {len(self.uncovered)} uncovered",
                where="patrol game",
                expected="one of each a segment",
            )
        if (self.covered < self.uncovered).any():
            worse = int(np.argmax(self.covered < self.uncovered))
            raise GameError(
                f"a patrol makes segment {worse} worse", where="patrol game", expected="covered at least uncovered"
            )

    def __len__(self) -> int:
        return len(self.covered)

    def payoff(self, visited: npt.NDArray[np.bool_]) -> Floats:
        """What the defender wins in each segment (..., segment) by visits of that shape."""
        return np.where(visited, self.covered, self.uncovered)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """``value`` of the game; the defender's lottery over ``rounds`` with ``probability`` (round,); ``coverage``
    (segment,) by it; the crosser's lottery ``attacker`` (segment,).

    ``attacker_best`` is the least that a crosser can hold the defender to against this lottery, ``defender_best`` the
    most that any round wins against the crosser's (a limit on it where the search for one was cut short). At the
    solution both are the value; ``gap`` is what they are apart.
    """

    value: float
    rounds: tuple[Round, ...]
    probability: Floats
    coverage: Floats
    attacker: Floats
    attacker_best: float
    defender_best: float

    @property
    def gap(self) -> float:
        return max(self.defender_best - self.attacker_best, 0.0)


@dataclass(frozen=True, slots=True)
class Listed:
    """Rounds that are listed one by one; raises GameError where there is none."""

    rounds: tuple[Round, ...]

    def __post_init__(self) -> None:
        if not len(self.rounds):
            raise GameError("there are no rounds", where="patrol game", expected="at least one, which may be empty")

    def best(self, prizes: Floats) -> tuple[Round, float]:
        known = range(len(prizes))
        if strangers := sorted(set().union(*map(_segments, self.rounds)).difference(known)):
            raise GameError(
                f"a round visits segment {strangers[0]}", where="patrol game", expected=f"0 to {len(prizes) - 1}"
            )
        worth = [_worth(one, prizes) for one in self.rounds]
        n = int(np.argmax(worth))
        return self.rounds[n], worth[n]

    def quick(self, prizes: Floats) -> Round:
        return self.best(prizes)[0]

    @classmethod
    def one_segment_each(cls, segments: int) -> Listed:
        """One patrol, which stays in one segment."""
        return cls(tuple(((n,),) for n in range(segments)))


def solve_game(
    game: Game, rounds: Rounds, *, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
) -> Solution:
    """The defender's best lottery over feasible rounds, by column generation, for at most ``seconds``.

    The value is unique, the lottery often is not. What was not proved in time shows as a ``gap``.
    """
    began = clock()
    gain = game.covered - game.uncovered
    columns: list[Round] = [(), rounds.best(gain)[0]]
    known = {_segments(one) for one in columns}
    late = False
    while True:
        value, probability, attacker = _program(game, columns)
        prizes, ground = attacker * gain, float((attacker * game.uncovered).sum())
        late = clock() - began > seconds or len(columns) >= MOST_COLUMNS
        found = rounds.quick(prizes)
        if late or _segments(found) in known or ground + _worth(found, prizes) <= value + EXACT:
            found, most = rounds.best(prizes)
            if late or _segments(found) in known or ground + _worth(found, prizes) <= value + EXACT:
                break
        columns.append(found)
        known.add(_segments(found))
    visits = _visits(columns, len(game))
    coverage = np.asarray(probability @ visits, np.float64)
    reached = game.uncovered + gain * coverage
    used = np.flatnonzero(probability > 1e-12)
    return Solution(
        value=value,
        rounds=tuple(columns[n] for n in used),
        probability=probability[used] / probability[used].sum(),
        coverage=coverage,
        attacker=attacker,
        attacker_best=float(reached.min()),
        defender_best=float(ground + most),
    )


def roster(solution: Solution, shifts: int, *, seed: int) -> list[Round]:
    """A round for each of ``shifts`` shifts, drawn by the lottery; the same seed gives the same roster.

    Who knows the seed knows where no patrol will be: draw it where nobody sees it, and keep it with the roster.
    """
    if shifts < 1:
        raise GameError(f"{shifts} shifts", where="roster", expected="at least 1")
    if seed < 0:
        raise GameError(f"seed {seed}", where="roster", expected="a whole number from 0")
    draw = np.random.Generator(np.random.PCG64(seed))
    return [solution.rounds[n] for n in draw.choice(len(solution.rounds), size=shifts, p=solution.probability)]


@dataclass(frozen=True, slots=True, eq=False)
class Commitment:
    """The best lottery (round,) of a defender whom the crosser watches, where their interests are not opposite:
    ``attacked`` the segment that then is best for the crosser, ``value`` and ``attacker_value`` what both get."""

    probability: Floats
    attacked: int
    value: float
    attacker_value: float


def commitment(defender: npt.ArrayLike, attacker: npt.ArrayLike) -> Commitment:
    """The general-sum game (strong Stackelberg equilibrium): payoffs of both (segment, round), rounds listed.

    One linear program for each attacked segment: the best lottery under which no other segment is better for the
    crosser; of those the best for the defender (Conitzer and Sandholm 2006). Raises GameError for other shapes.
    """
    ours, theirs = _numbers(defender, "defender"), _numbers(attacker, "attacker")
    if ours.ndim != 2 or ours.shape != theirs.shape or ours.size == 0 or not np.isfinite([ours, theirs]).all():
        raise GameError(
            f"payoffs of shapes {ours.shape} and {theirs.shape}",
            where="general-sum patrol game",
            expected="finite numbers (segment, round) for both",
        )
    best: Commitment | None = None
    for segment in range(len(ours)):
        others = [n for n in range(len(ours)) if n != segment]
        rows = [(theirs[other] - theirs[segment], -highspy.kHighsInf, 0.0) for other in others]
        rows.append((np.ones(ours.shape[1]), 1.0, 1.0))
        solved = _linear(ours[segment], rows)
        if solved is not None and (best is None or solved[0] > best.value + EXACT):
            value, lottery, _ = solved
            best = Commitment(lottery, segment, value, float(theirs[segment] @ lottery))
    assert best is not None  # the lottery that makes some segment best for the crosser is feasible there
    return best


def _numbers(given: npt.ArrayLike, name: str) -> Floats:
    try:
        return np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise GameError(f"{name} is not of numbers", where="patrol game", expected="an array of numbers") from None


def _segments(one: Round) -> frozenset[int]:
    return frozenset(segment for patrol in one for segment in patrol)


def _worth(one: Round, prizes: Floats) -> float:
    return float(prizes[sorted(_segments(one))].sum())


def _visits(rounds: Sequence[Round], segments: int) -> npt.NDArray[np.bool_]:
    visits = np.zeros((len(rounds), segments), np.bool_)
    for n, one in enumerate(rounds):
        visits[n, sorted(_segments(one))] = True
    return visits


def _program(game: Game, columns: Sequence[Round]) -> tuple[float, Floats, Floats]:
    """max v with v ≤ Σ_r p_r payoff_rs for every segment s: the value, p (round,), and the crosser's lottery."""
    payoff = game.payoff(_visits(columns, len(game)))
    rows = [(np.append(-payoff[:, s], 1.0), -highspy.kHighsInf, 0.0) for s in range(len(game))]
    rows.append((np.append(np.ones(len(columns)), 0.0), 1.0, 1.0))
    cost = np.append(np.zeros(len(columns)), 1.0)
    solved = _linear(cost, rows)
    assert solved is not None  # payoffs are finite, so there is a value
    value, x, duals = solved
    attacker = np.maximum(duals[: len(game)], 0.0)
    return value, np.maximum(x[:-1], 0.0), attacker / attacker.sum()


def _linear(cost: Floats, rows: Sequence[tuple[Floats, float, float]]) -> tuple[float, Floats, Floats] | None:
    """Maximise cost·x, x from 0, rows (coefficients, low, high): value, x, duals of the rows; None: infeasible."""
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    count = len(cost)
    model.addVars(count, np.zeros(count), np.full(count, highspy.kHighsInf))
    for column, price in enumerate(cost):
        model.changeColCost(column, float(price))
    for values, low, high in rows:
        used = np.flatnonzero(values)
        model.addRow(low, high, len(used), used.astype(np.int32), values[used])
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    found = model.getSolution()
    value = float(model.getInfo().objective_function_value)
    return value, np.asarray(found.col_value, np.float64), np.asarray(found.row_dual, np.float64)


@dataclass(frozen=True, slots=True)
class Shift:
    """What patrols can do in one shift: how many there are, how long it is [s], how long one stays in a segment [s];
    ``seconds`` are for one search for the best round."""

    patrols: int = 1
    shift_s: float = 8 * 3600.0
    stay_s: float = 3600.0
    seconds: float = 20.0

    def __post_init__(self) -> None:
        if isinstance(self.patrols, bool) or not isinstance(self.patrols, (int, np.integer)) or self.patrols < 0:
            raise GameError(f"{self.patrols!r} patrols", where="patrol game", expected="a whole number from 0")
        for name in ("shift_s", "stay_s"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not (np.isfinite(value) and value >= 0.0):
                raise GameError(f"{name} is {value!r}", where="patrol game", expected="seconds from 0")
