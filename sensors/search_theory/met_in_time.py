"""Probability that a crosser on a given path meets a look, by exact integration along the planned routes.

The crosser knows nothing of the time: the phase of each departure is uniform over the period. Then the answer is the
mean over phases of ``1 − exp(−H)``; for one who knows the timetable it is the least of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from geo.arrays import Floats
from sensors.crossing.watched_belt import most_hazard
from sensors.detection_model.hazard import probability_of
from sensors.search_theory.moving_sensor import MovingSensor
from sensors.search_theory.time_expanded import MovesInTime, PathInTime


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """Hazards of one path at several phases, ``hazard`` (sensor, phase), and that of the fixed sensors."""

    hazard: Floats
    fixed_hazard: float

    @property
    def probability(self) -> Floats:
        """Probability of at least one detection (phase,), fixed sensors included."""
        return probability_of(self.hazard.sum(axis=0) + self.fixed_hazard)

    @property
    def unknown_phase(self) -> float:
        """Probability for a crosser who leaves at a random time."""
        return float(self.probability.mean())

    @property
    def upper_bound(self) -> float:
        """What it would be if the same looks were spread evenly over time: ``1 − exp(−E H)``, by Jensen's inequality
        at least ``unknown_phase``."""
        return float(probability_of(self.hazard.sum(axis=0).mean() + self.fixed_hazard))


def meeting(
    path: PathInTime, moves: MovesInTime, sensors: Sequence[MovingSensor], departures_s: Floats, *, limited: bool = True
) -> Meeting:
    """Compute the detection of a crosser on a path who leaves at other times.

    Parameters
    ----------
    path : PathInTime
        The path; its own departure does not count.
    moves : MovesInTime
        The moves in which it was found.
    sensors : sequence of MovingSensor
        The moving sensors. All are shifted together: their phases to each other are part of the plan.
    departures_s : ndarray, shape (phase,), s
        Departures, such as evenly over the period.
    limited : bool
        Whether the hazard of a search (camera, observer) is limited to its P∞ in each pass, a time in view without
        interruption. Without it the hazard is that which the search in time adds up.

    Returns
    -------
    Meeting
        The hazards.
    """
    presence = _presence(path, moves)
    steps, dt = presence.shape[0], moves.step_s
    hazard = np.zeros((len(sensors), len(departures_s)))
    for number, sensor in enumerate(sensors):
        rate = (presence @ sensor.rates.T).toarray()  # (step, post)
        capped = limited and sensor.searches
        look = _best_looks(presence, sensor) if capped else None
        for k, there in enumerate(_occupancies(sensor, departures_s, steps, dt)):
            each = (there * rate).sum(axis=1) * dt
            if look is not None:
                each = _limited(each, np.where(there > 0.0, look, 0.0).max(axis=1, initial=0.0))
            hazard[number, k] = each.sum()
    return Meeting(hazard, path.fixed_hazard)


def _occupancies(sensor: MovingSensor, departures_s: Floats, steps: int, step_s: float) -> Iterator[Floats]:
    """Occupancy (step, post) after each departure; of departures in whole steps, parts of a single one."""
    offsets = np.rint(departures_s / step_s).astype(np.int64)
    if len(offsets) and np.abs(offsets * step_s - departures_s).max() < 1e-6 and offsets.min() >= 0:
        whole = sensor.posts.occupancy(int(offsets.max()) + steps, step_s, start_s=sensor.phase_s).toarray()
        for offset in offsets:
            yield whole[offset : offset + steps]
        return
    for departure in departures_s:
        yield sensor.posts.occupancy(steps, step_s, start_s=sensor.phase_s + float(departure)).toarray()


def _presence(path: PathInTime, moves: MovesInTime) -> sparse.csr_array:
    """How much the rate of each cell counts in each step of the path (step, cell): half of either end of a move, by
    its exact seconds."""
    steps = int(path.steps[-1] - path.steps[0])
    rows, cells, parts = [], [], []
    for n, by in enumerate(path.moves[:-1]):
        first, last = int(path.steps[n] - path.steps[0]), int(path.steps[n + 1] - path.steps[0])
        share = 1.0
        if by >= 0:
            move = moves.moves[int(by)]
            share = float(move.seconds[np.searchsorted(move.source, path.cells[n])]) / ((last - first) * moves.step_s)
        for cell in (path.cells[n], path.cells[n + 1]):
            rows += list(range(first, last))
            cells += [int(cell)] * (last - first)
            parts += [share / 2.0] * (last - first)
    return sparse.csr_array((parts, (rows, cells)), shape=(steps, len(moves.goal)))


def _best_looks(presence: sparse.csr_array, sensor: MovingSensor) -> Floats:
    """The highest P∞ (step, post) at the cells where the crosser is in each step."""
    looks = np.zeros((presence.shape[0], sensor.looks.shape[0]))
    columns = sparse.csc_array(sensor.looks)
    for step in range(presence.shape[0]):
        for cell in presence.indices[presence.indptr[step] : presence.indptr[step + 1]]:
            low, high = columns.indptr[cell], columns.indptr[cell + 1]
            at = columns.indices[low:high]
            looks[step, at] = np.maximum(looks[step, at], columns.data[low:high])
    return looks


def _limited(hazard: Floats, look: Floats) -> Floats:
    """Hazards (step,) with those of each run of steps in view scaled to at most that of its highest P∞."""
    seen = hazard > 0.0
    run = np.cumsum(seen & ~np.append(False, seen[:-1])) * seen  # 0 out of view, else the number of the pass
    total, best = np.bincount(run, weights=hazard), np.zeros(int(run.max(initial=0)) + 1)
    np.maximum.at(best, run, look)
    most = np.array([most_hazard(float(p)) for p in best])
    share = np.where(total > most, most / np.maximum(total, 1e-300), 1.0)
    return np.asarray(hazard * share[run])
