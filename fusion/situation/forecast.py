"""Forecast of where and when a track may cross the border, as a distribution.

Particles are drawn from the track's state and moved by modes like the tracker's (``fusion.models.motion``): velocities
decay, people stop, continue and turn. They are steadier than the tracker's modes, which must allow for every turn by
the next look; a forecast is for minutes, in which most bends of a path cancel. Each particle's path is intersected with
the actual border, not with a straight line. The samples are the same for every track, so the same track gives exactly
the same forecast.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString

from fusion.models.motion import FOOT, VEHICLE, Mode, motion_model, transition
from fusion.situation.facts import Forecast
from geo.arrays import Bools, Floats, Ints
from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame

QUANTILES = (0.1, 0.5, 0.9)
ON_THEIR_WAY = (
    Mode("stand", FOOT, 0, 0.05, 5.0, 0.03, 60.0),
    Mode("walk", FOOT, 1, 0.55, 3000.0, 0.94, 2000.0),
    Mode("wander", FOOT, 1, 0.66, 12.0, 0.03, 12.0),
    Mode("park", VEHICLE, 0, 0.05, 5.0, 0.03, 60.0),
    Mode("drive", VEHICLE, 1, 4.4, 1000.0, 0.94, 2000.0),
    Mode("turn", VEHICLE, 1, 4.4, 12.0, 0.03, 12.0),
)
"""Spread, correlation time and fraction of steady motion as measured on simulated traffic of the sample sector (tuning
seeds 11 to 13): change of velocity over 4 to 8 minutes, fraction of time in motion. An assumption elsewhere, hence a
setting."""


SHARES = ("resume_share", "turning_on_foot", "turning_vehicles")


class ForecastError(BadInput):
    """Invalid settings of the forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSettings:
    """Settings of the forecast; all are assumptions.

    horizon_s: time span. modes: motion over minutes. particles, steps: resolution; steps are short at first and grow.
    resume_share: fraction of targets that stopped or turned aside and then continue as before; with the tracker's modes
    alone, a target's destination is lost. steady_s: modes with at least this correlation time are steady. least_share:
    with a smaller fraction of crossings no quantiles are given. turning_on_foot, turning_vehicles: fraction of those
    heading to the border that live there and turn before it; turning_m: mean distance that they go toward it before
    turning. They lower the probability of a crossing, not its time and position.
    """

    horizon_s: float = 600.0
    particles: int = 512
    steps: int = 48
    modes: tuple[Mode, ...] = ON_THEIR_WAY
    resume_share: float = 0.9
    steady_s: float = 100.0
    least_share: float = 0.05
    turning_on_foot: float = 0.05
    turning_vehicles: float = 0.5
    turning_m: float = 100.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            least = 0.0 if item.name in SHARES else 1e-9
            if isinstance(value, int | float) and not (isfinite(value) and value >= least):
                raise ForecastError(
                    f"{value}", where=f"forecast setting {item.name}", expected="a finite number above 0"
                )
        for name in SHARES:
            if getattr(self, name) > 1.0:
                raise ForecastError(f"{getattr(self, name)}", where=f"forecast setting {name}", expected="0 to 1")
        kinds = {mode.kind for mode in self.modes}
        if not {FOOT, VEHICLE} <= kinds:
            raise ForecastError("no mode of some kind", where="forecast setting modes", expected="foot and vehicle")


class _Tables(NamedTuple):
    """Tables for the kernel, by step and mode: ``passage`` (step, mode, mode) cumulative, ``moves`` (step, mode, 5) of
    ``_steps``; by mode its speed, gait, and whether it is steady."""

    passage: Floats
    moves: Floats
    speed_sd: Floats
    gait: Ints
    steady: Bools


class Forecaster:
    """Forecasts for one border. Immutable after it is built; a forecast takes some milliseconds."""

    def __init__(self, border: Border, settings: ForecastSettings | None = None) -> None:
        self._border = border
        self.settings = chosen = settings or ForecastSettings()
        self._model = motion_model(chosen.modes, 0.5)
        share = np.arange(chosen.steps + 1) / chosen.steps
        self._times = chosen.horizon_s * share**1.5
        m, steps = chosen.particles, chosen.steps
        draw = np.random.Generator(np.random.PCG64(20_260_101))
        half = draw.standard_normal(((m + 1) // 2, 4))
        self._start = np.concatenate([half, -half])[:m]  # antithetic: means are exact
        self._kicks = draw.standard_normal((steps, m, 4))
        self._change = draw.random((steps, m))
        self._mode_draw = draw.random(m)
        self._resumes = draw.random((steps, m)) < chosen.resume_share
        self._kind_draw = (draw.permutation(m) + 0.5) / m
        rows = len(chosen.modes)
        passage = np.empty((steps, rows, rows))
        steady = self._model.correlation >= chosen.steady_s
        moves = np.empty((steps, rows, 5))
        for k, dt in enumerate(np.diff(self._times)):
            transition(float(dt), self._model.rate, passage[k])
            moves[k] = np.column_stack(_steps(float(dt), self._model.correlation, self._model.speed_sd))
        self._tables = _Tables(np.cumsum(passage, axis=2), moves, self._model.speed_sd, self._model.gait, steady)

    def of(self, mean: npt.ArrayLike, cov: npt.ArrayLike, *, vehicle: float) -> Forecast | None:
        """The forecast of a state (4,) [m, m/s] with its covariance (4, 4); ``vehicle`` [1]: probability that it is a
        vehicle.

        None if the position is beyond the ends of the border. Raises ForecastError for values that are not finite.
        """
        x, p = np.asarray(mean, np.float64), np.asarray(cov, np.float64)
        if x.shape != (4,) or p.shape != (4, 4) or not (np.isfinite(x).all() and np.isfinite(p).all()):
            raise ForecastError("is not finite, or not of four dimensions", where="state", expected="4 and 4 × 4")
        here, _, distance_m = self._border.locate(x[0], x[1])
        if int(np.asarray(here)) < 0:
            return None
        vehicle = min(max(vehicle, 0.0), 1.0)
        paths = self._paths(x, p, vehicle)
        segment, chainage, offset = self._border.locate(paths[..., 0], paths[..., 1])
        goes_on = self._goes_on(abs(float(np.asarray(distance_m))), vehicle)
        return self._summary(np.asarray(segment), np.asarray(chainage), np.asarray(offset), goes_on)

    def _goes_on(self, distance_m: float, vehicle: float) -> float:
        """Fraction of those heading to the border that do not live there and turn before it. A local turns anywhere on
        the path with the same probability per metre."""
        chosen = self.settings
        lives_here = (1.0 - vehicle) * chosen.turning_on_foot + vehicle * chosen.turning_vehicles
        return 1.0 + lives_here * float(np.expm1(-distance_m / chosen.turning_m))

    def _paths(self, x: Floats, p: Floats, vehicle: float) -> Floats:
        """Positions (step, particle, 2) [m] at the forecast's times, the first of them now."""
        state = x + self._start @ _root(p).T
        mode = self._first_modes(state[:, 2:], self._kind_draw < vehicle)
        paths = np.empty((len(self._times), len(state), 2))
        _move(state, mode, np.diff(self._times), self._kicks, self._change, self._resumes, self._tables, paths)
        return paths

    def _first_modes(self, velocity: Floats, drives: Bools) -> Ints:
        """Draw the present mode of each particle, by its fraction and the fit of its velocity."""
        model = self._model
        speed2 = (velocity**2).sum(axis=1)[:, None]
        fit = -0.5 * speed2 / model.speed_sd**2 - 2.0 * np.log(model.speed_sd) + np.log(model.prior)
        wanted = np.where(drives, VEHICLE, FOOT)[:, None]
        fit = np.where(model.kind[None, :] == wanted, fit, -np.inf)
        weight = np.exp(fit - fit.max(axis=1, keepdims=True))
        heap = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
        mode: Ints = np.minimum((self._mode_draw[:, None] > heap).sum(axis=1), model.modes - 1)
        return mode

    def _summary(self, segment: Ints, chainage: Floats, offset: Floats, goes_on: float) -> Forecast:
        """Summarise the paths; ``goes_on`` [1]: fraction of the crossers that do not turn before."""
        inside = (segment >= 0) & np.isfinite(offset)
        side = np.where(offset >= 0.0, 1, -1)
        met = (side[1:] != side[:-1]) & inside[1:] & inside[:-1]
        crosses = met.any(axis=0)
        probability = float(crosses.mean())
        crossers = np.flatnonzero(crosses)
        step = met[:, crossers].argmax(axis=0)
        before, after = offset[step, crossers], offset[step + 1, crossers]
        share = np.divide(before, before - after, out=np.zeros(len(crossers)), where=before != after)
        time = self._times[step] + share * (self._times[step + 1] - self._times[step])
        place = chainage[step, crossers] + share * (chainage[step + 1, crossers] - chainage[step, crossers])
        where = np.where(share < 0.5, segment[step, crossers], segment[step + 1, crossers])
        enough = probability >= self.settings.least_share
        toward = int(np.sign(side[step + 1, crossers].sum())) if len(crossers) else 0
        return Forecast(
            horizon_s=self.settings.horizon_s,
            crossing_probability=goes_on * probability,
            direction=toward,
            time_s=_quantiles(time) if enough else (),
            chainage_m=_quantiles(place) if enough else (),
            segments=_likeliest(where, crosses.size / goes_on) if enough else (),
        )


@numba.njit(cache=True, nogil=True)
def _move(
    state: Floats,
    mode: Ints,
    durations: Floats,
    kicks: Floats,
    change: Floats,
    resumes: Bools,
    tables: _Tables,
    paths: Floats,
) -> None:
    """Fill ``paths`` (step + 1, particle, 2) with positions of particles ``state`` (particle, 4) that begin in
    ``mode``.

    A change of gait moves half the time at the old velocity and then redraws it or, when resuming, takes the course:
    the velocity of the last steady mode.
    """
    last = len(tables.speed_sd) - 1
    for i in range(len(state)):
        x, y, u, v = state[i]
        now = mode[i]
        known = tables.steady[now]
        course_u, course_v = u, v
        paths[0, i, 0], paths[0, i, 1] = x, y
        for k in range(len(durations)):
            dt, after = durations[k], 0
            while after < last and change[k, i] > tables.passage[k, now, after]:
                after += 1
            a, b, own, shared, sd = tables.moves[k, after]
            on = tables.steady[after] and not tables.steady[now] and known and resumes[k, i]
            if on or tables.gait[after] != tables.gait[now]:
                to_u = course_u if on else tables.speed_sd[after] * kicks[k, i, 0]
                to_v = course_v if on else tables.speed_sd[after] * kicks[k, i, 1]
                x += 0.5 * dt * (u + to_u)
                y += 0.5 * dt * (v + to_v)
                u, v = to_u, to_v
            else:
                x += b * u + shared * kicks[k, i, 0] + own * kicks[k, i, 2]
                y += b * v + shared * kicks[k, i, 1] + own * kicks[k, i, 3]
                u = a * u + sd * kicks[k, i, 0]
                v = a * v + sd * kicks[k, i, 1]
            if tables.steady[after]:
                course_u, course_v, known = u, v, True
            now = after
            paths[k + 1, i, 0], paths[k + 1, i, 1] = x, y


def compile_kernels() -> None:
    """Compile the kernel, or load it from the disk: a track beside a short line."""
    border = Border(LocalFrame.around(0.0, 0.0), LineString([(-100.0, 0.0), (100.0, 0.0)]), 100.0, "left")
    Forecaster(border, ForecastSettings(particles=4, steps=2)).of([0.0, 5.0, 0.0, -1.0], np.eye(4), vehicle=0.5)


def _quantiles(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 1) for value in np.quantile(values, QUANTILES))


def _likeliest(segment: Ints, total: float, most: int = 3) -> tuple[tuple[int, float], ...]:
    numbers, count = np.unique(segment, return_counts=True)
    order = np.lexsort((numbers, -count))[:most]
    return tuple((int(numbers[i]), round(float(count[i] / total), 4)) for i in order)


def _root(cov: Floats) -> Floats:
    """A square root of a covariance; of the nearest positive one where it is not quite positive."""
    values, vectors = np.linalg.eigh(0.5 * (cov + cov.T))
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _steps(dt: float, correlation: Floats, speed: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """(a, b, own, shared, sd) of an Ornstein-Uhlenbeck velocity over ``dt``, see fusion.models.motion.

    ``sd`` scales the velocity's noise, ``shared`` the position noise correlated with it, ``own`` the independent rest.
    """
    x = dt / correlation
    a = np.exp(-x)
    b = correlation * -np.expm1(-x)
    variance = speed * speed
    exact = variance * correlation**2 * (2.0 * x - 3.0 + 4.0 * a - a * a)
    q_pp = np.where(x < 1e-3, variance * dt * dt * x * (2.0 / 3.0 - 0.5 * x), exact)
    q_pv, q_vv = variance * correlation * np.expm1(-x) ** 2, variance * -np.expm1(-2.0 * x)
    sd = np.sqrt(q_vv)
    shared = q_pv / sd
    return a, b, np.sqrt(np.maximum(q_pp - shared**2, 0.0)), shared, sd
