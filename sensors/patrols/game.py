"""The patrol game: how to randomise patrols if the crosser knows the probabilities, but not the route that is drawn.

Zero-sum: a crosser picks a segment, the defender a *round*, the segments that patrols visit in one shift. The defender
gains the probability of interruption in that segment: ``covered`` if the round visits it, else ``uncovered``. There are
far too many feasible rounds to list, so the linear program over them is solved by column generation: the round with the
highest value against the crosser's present mixed strategy is added until none exceeds the value of the game. Both best
responses are then computed directly, not read from the duals. Jain et al. (2010), Security games with arbitrary
schedules; Dantzig and Wolfe (1960).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import highspy
import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats
from sensors.errors import GameError

Round = tuple[tuple[int, ...], ...]
"""Patrol routes of one shift: for each patrol, its segments in the order of travel."""
MOST_COLUMNS: Final = 2000
EXACT: Final = 1e-9


class Rounds(Protocol):
    """Feasible rounds: the best for given prizes (segment,), which are at least 0, each counted once.

    ``best`` returns a round and an upper bound on the prizes of any round; if the two are equal, the round is optimal.
    ``quick`` returns a good round.
    """

    def best(self, prizes: Floats) -> tuple[Round, float]: ...
    def quick(self, prizes: Floats) -> Round: ...


@dataclass(frozen=True, slots=True, eq=False)
class Game:
    """Probability of interruption by segment, without and with a patrol there.

    Parameters
    ----------
    uncovered : ndarray, shape (segment,)
        Probability of interruption [1] without a patrol.
    covered : ndarray, shape (segment,)
        Probability of interruption [1] in a shift in which a patrol visits the segment, at least ``uncovered``. Of
        crossings at any time of the shift, the visit meets ``Shift.present``.

    Raises
    ------
    GameError
        For values outside 0 to 1, different lengths, or less with a patrol than without.
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

    def payoff(self, visited: Bools) -> Floats:
        """Return the defender's gain in each segment.

        Parameters
        ----------
        visited : ndarray of bool, shape (..., segment)
            Whether a patrol visits the segment.

        Returns
        -------
        ndarray, shape (..., segment)
            Probability of interruption [1].
        """
        return np.where(visited, self.covered, self.uncovered)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Solution of a patrol game.

    Parameters
    ----------
    value : float
        Value of the game: probability of interruption [1] against the best crosser.
    rounds : tuple of Round
        Rounds of the defender's mixed strategy.
    probability : ndarray, shape (round,)
        Probability [1] of each round.
    coverage : ndarray, shape (segment,)
        Probability [1] that a patrol visits each segment.
    attacker : ndarray, shape (segment,)
        The crosser's mixed strategy.
    attacker_best : float
        The least to which a crosser can hold the defender against this strategy.
    defender_best : float
        The most that any round gains against the crosser's strategy (an upper bound where the search was cut short).
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
        """Optimality gap: how far the two best responses are apart."""
        return max(self.defender_best - self.attacker_best, 0.0)


@dataclass(frozen=True, slots=True)
class Listed:
    """Feasible rounds that are listed one by one.

    Parameters
    ----------
    rounds : tuple of Round
        At least one round, which may be empty.

    Raises
    ------
    GameError
        Where there is none.
    """

    rounds: tuple[Round, ...]

    def __post_init__(self) -> None:
        if not len(self.rounds):
            raise GameError("no routes", where="patrol game", expected="at least one route, which may be empty")

    def best(self, prizes: Floats) -> tuple[Round, float]:
        """Find the round that collects the most prizes.

        Parameters
        ----------
        prizes : ndarray, shape (segment,)
            Prize of each segment, counted once.

        Returns
        -------
        round : Round
            The best round.
        most : float
            What it collects.

        Raises
        ------
        GameError
            For a round that visits a segment without a prize.
        """
        known = range(len(prizes))
        if strangers := sorted(set().union(*map(_segments, self.rounds)).difference(known)):
            raise GameError(
                f"a round visits segment {strangers[0]}", where="patrol game", expected=f"0 to {len(prizes) - 1}"
            )
        worth = [_worth(round_, prizes) for round_ in self.rounds]
        n = int(np.argmax(worth))
        return self.rounds[n], worth[n]

    def quick(self, prizes: Floats) -> Round:
        """Find the round that collects the most prizes.

        Parameters
        ----------
        prizes : ndarray, shape (segment,)
            Prize of each segment, counted once.

        Returns
        -------
        Round
            The best round.
        """
        return self.best(prizes)[0]


def solve_game(
    game: Game, rounds: Rounds, *, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
) -> Solution:
    """Solve a patrol game: the defender's best mixed strategy over feasible rounds.

    Parameters
    ----------
    game : Game
        Probability of interruption without and with patrols.
    rounds : Rounds
        Feasible rounds: ``Listed``, ``Sweeps`` or ``FromBases``.
    seconds : float, s
        Time limit. A search of ``rounds`` that has begun is finished, and after the column generation one more gives
        the bound, so that up to twice ``Shift.seconds`` is added.
    clock : callable
        Clock of the time limit.

    Returns
    -------
    Solution
        Its value, mixed strategies, and both best responses.

    Raises
    ------
    GameError
        As ``rounds``.

    Examples
    --------
    >>> from sensors.patrols import Game, Listed, solve_game
    >>> game = Game([0.2, 0.4, 0.5], [0.8, 0.7, 0.9])
    >>> round(solve_game(game, Listed((((0,),), ((1,),), ((2,),)))).value, 4)
    0.5222
    """
    began = clock()
    gain = game.covered - game.uncovered
    columns: list[Round] = [(), rounds.best(gain)[0]]
    known = {_segments(column) for column in columns}
    late = False
    while True:
        value, probability, attacker = _program(game, columns)
        prizes, ground = attacker * gain, float((attacker * game.uncovered).sum())
        late = clock() - began > seconds or len(columns) >= MOST_COLUMNS
        candidate = rounds.quick(prizes)
        if late or _segments(candidate) in known or ground + _worth(candidate, prizes) <= value + EXACT:
            candidate, most = rounds.best(prizes)
            if late or _segments(candidate) in known or ground + _worth(candidate, prizes) <= value + EXACT:
                break
        columns.append(candidate)
        known.add(_segments(candidate))
    mixed: dict[Round, float] = {}
    for n in np.flatnonzero(probability > 1e-12):
        full = columns[n] if clock() - began > seconds else _completed(columns[n], gain, rounds)
        mixed[full] = mixed.get(full, 0.0) + float(probability[n])
    chances = np.array(list(mixed.values())) / sum(mixed.values())
    coverage = np.asarray(chances @ _visits(tuple(mixed), len(game)), np.float64)
    reached = game.uncovered + gain * coverage
    return Solution(
        value=value,
        rounds=tuple(mixed),
        probability=chances,
        coverage=coverage,
        attacker=attacker,
        attacker_best=float(reached.min()),
        defender_best=float(ground + most),
    )


def _completed(column: Round, gain: Floats, rounds: Rounds) -> Round:
    """The round with further segments in which patrols gain, if there is time for any beside its own: the program
    values only those that the crosser may pick. A segment of its own counts for more than all others together."""
    own = sorted(_segments(column))
    prizes = gain / max(float(gain.max()), EXACT)
    prizes[own] = len(gain) + 1.0
    full, _ = rounds.best(prizes)
    return full if _segments(full) >= _segments(column) else column


def roster(solution: Solution, shifts: int, *, seed: int) -> list[Round]:
    """Draw a round for each of several shifts from the mixed strategy.

    Parameters
    ----------
    solution : Solution
        The solved game.
    shifts : int
        Number of shifts, at least 1.
    seed : int
        Seed of the random numbers, from 0; the same seed gives the same roster.

    Returns
    -------
    list of Round
        One round per shift.

    Raises
    ------
    GameError
        For fewer than 1 shift or a negative seed.

    Notes
    -----
    The seed reveals where no patrol will be: draw it in private and keep it with the roster.
    """
    if shifts < 1:
        raise GameError(f"{shifts} shifts", where="roster", expected="at least 1")
    if seed < 0:
        raise GameError(f"seed {seed}", where="roster", expected="a whole number from 0")
    draw = np.random.Generator(np.random.PCG64(seed))
    return [solution.rounds[n] for n in draw.choice(len(solution.rounds), size=shifts, p=solution.probability)]


@dataclass(frozen=True, slots=True, eq=False)
class Commitment:
    """The defender's best mixed strategy in a general-sum game that the crosser observes.

    Parameters
    ----------
    probability : ndarray, shape (round,)
        Probability [1] of each round.
    attacked : int
        Segment that is then best for the crosser.
    value : float
        The defender's payoff.
    attacker_value : float
        The crosser's payoff.
    """

    probability: Floats
    attacked: int
    value: float
    attacker_value: float


def commitment(defender: npt.ArrayLike, attacker: npt.ArrayLike) -> Commitment:
    """Solve the general-sum patrol game: the strong Stackelberg equilibrium over listed rounds.

    Parameters
    ----------
    defender : array_like, shape (segment, round)
        The defender's payoff.
    attacker : array_like, shape (segment, round)
        The crosser's payoff.

    Returns
    -------
    Commitment
        The defender's best mixed strategy and the crosser's response.

    Raises
    ------
    GameError
        For other shapes or numbers that are not finite.

    Notes
    -----
    One linear program per attacked segment: the best strategy under which no other segment is better for the crosser;
    of those the best for the defender (Conitzer and Sandholm 2006).
    """
    defender_payoff, attacker_payoff = _numbers(defender, "defender"), _numbers(attacker, "attacker")
    if (
        defender_payoff.ndim != 2
        or defender_payoff.shape != attacker_payoff.shape
        or defender_payoff.size == 0
        or not np.isfinite([defender_payoff, attacker_payoff]).all()
    ):
        raise GameError(
            f"payoffs of shapes {defender_payoff.shape} and {attacker_payoff.shape}",
            where="general-sum patrol game",
            expected="finite numbers (segment, round) for both",
        )
    best: Commitment | None = None
    for segment in range(len(defender_payoff)):
        others = [n for n in range(len(defender_payoff)) if n != segment]
        rows = [(attacker_payoff[other] - attacker_payoff[segment], -highspy.kHighsInf, 0.0) for other in others]
        rows.append((np.ones(defender_payoff.shape[1]), 1.0, 1.0))
        solved = _linear(defender_payoff[segment], rows)
        if solved is not None and (best is None or solved[0] > best.value + EXACT):
            value, lottery, _ = solved
            best = Commitment(lottery, segment, value, float(attacker_payoff[segment] @ lottery))
    assert best is not None  # the strategy that makes some segment best for the crosser is feasible there
    return best


def _numbers(given: npt.ArrayLike, name: str) -> Floats:
    try:
        return np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise GameError(f"{name} is not of numbers", where="patrol game", expected="an array of numbers") from None


def _segments(round_: Round) -> frozenset[int]:
    return frozenset(segment for patrol in round_ for segment in patrol)


def _worth(round_: Round, prizes: Floats) -> float:
    return float(prizes[sorted(_segments(round_))].sum())


def _visits(rounds: Sequence[Round], segments: int) -> Bools:
    visits = np.zeros((len(rounds), segments), np.bool_)
    for n, round_ in enumerate(rounds):
        visits[n, sorted(_segments(round_))] = True
    return visits


def _program(game: Game, columns: Sequence[Round]) -> tuple[float, Floats, Floats]:
    """max v with v ≤ Σ_r p_r payoff_rs for every segment s: the value, p (round,), and the crosser's mixed strategy."""
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
    """Maximise cost·x with x ≥ 0, rows (coefficients, low, high): value, x, duals of the rows; None: infeasible."""
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
    solution = model.getSolution()
    value = float(model.getInfo().objective_function_value)
    return value, np.asarray(solution.col_value, np.float64), np.asarray(solution.row_dual, np.float64)


@dataclass(frozen=True, slots=True)
class Shift:
    """Resources of the patrols in one shift.

    Parameters
    ----------
    patrols : int
        Number of patrols.
    shift_s : float, s
        Length of the shift.
    stay_s : float, s
        Time that a patrol stays in a segment.
    seconds : float, s
        Time limit of one search for the best round.

    Raises
    ------
    GameError
        For a negative number of patrols or negative times.
    """

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

    @property
    def present(self) -> float:
        """Fraction [1] of the shift for which a patrol is in a segment that it visits."""
        return min(self.stay_s / self.shift_s, 1.0) if self.shift_s > 0.0 else 0.0
