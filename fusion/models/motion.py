"""How people and vehicles move: an interacting-multiple-model prediction, batched over tracks.

State (easting, northing, easting_rate, northing_rate) in m and m/s. In every mode the velocity is an
Ornstein-Uhlenbeck process: it decays over a correlation time and keeps a stationary spread, so that speed stays
plausible and the position of an undetected track spreads like a diffusion. Modes belong to a *kind* (on foot, vehicle),
which a track never changes, and to a *gait* within it; a change of gait redraws the velocity.

Covariances are packed, the upper triangle row by row: (0,0) (0,1) (0,2) (0,3) (1,1) (1,2) (1,3) (2,2) (2,3) (3,3).

IMM: Blom & Bar-Shalom (1988). Integrated Ornstein-Uhlenbeck process: Singer (1970) with velocity for acceleration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp

import numba
import numpy as np

from geo.arrays import Bools, Floats, Ints

FOOT, VEHICLE = 0, 1
"""Kinds of motion."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode of motion: ``speed_sd_mps`` is the stationary spread of each velocity component, ``correlation_s`` the
    correlation time of the velocity, ``share`` the fraction of targets of this kind in this mode, ``dwell_s`` the mean
    time in it. ``free``: whether terrain never limits its speed (fusion.models.terrain_speed)."""

    name: str
    kind: int
    gait: int
    speed_sd_mps: float
    correlation_s: float
    share: float
    dwell_s: float
    free: bool = False


PEOPLE_AND_VEHICLES = (
    Mode("stand", FOOT, 0, 0.05, 5.0, 0.15, 40.0),
    Mode("walk", FOOT, 1, 1.05, 800.0, 0.70, 100.0),
    Mode("wander", FOOT, 1, 1.3, 12.0, 0.15, 12.0),
    Mode("park", VEHICLE, 0, 0.05, 5.0, 0.15, 40.0),
    Mode("drive", VEHICLE, 1, 7.5, 800.0, 0.70, 100.0),
    Mode("turn", VEHICLE, 1, 7.5, 12.0, 0.15, 12.0),
)
"""Walkers near 1.4 m/s and vehicles near 10 m/s that turn, stop and start. An assumption, hence a setting."""


@dataclass(frozen=True, slots=True)
class MotionModel:
    """Modes as columns for the kernels. ``rate`` (mode, mode) [1/s] leaves a mode after its mean dwell, towards the
    other modes of its kind in proportion to their share; ``prior`` (mode,) is the share at birth; ``free`` (mode,):
    whether terrain never limits its speed."""

    speed_sd: Floats
    correlation: Floats
    rate: Floats
    gait: Ints
    kind: Ints
    prior: Floats
    free: Bools

    @property
    def modes(self) -> int:
        return len(self.prior)


def motion_model(modes: tuple[Mode, ...], vehicle_probability: float) -> MotionModel:
    """Columns of ``modes``; ``vehicle_probability`` is the probability that a new target is a vehicle."""
    kind = np.array([mode.kind for mode in modes], np.int64)
    share = np.array([mode.share for mode in modes])
    of_kind = np.array([1.0 - vehicle_probability, vehicle_probability])
    prior = share * of_kind[kind]
    rate = np.zeros((len(modes), len(modes)))
    for i, mode in enumerate(modes):
        others = np.where((kind == mode.kind) & (np.arange(len(modes)) != i), share, 0.0)
        if others.sum() > 0.0:
            rate[i] = others / others.sum() / mode.dwell_s
    return MotionModel(
        speed_sd=np.array([mode.speed_sd_mps for mode in modes]),
        correlation=np.array([mode.correlation_s for mode in modes]),
        rate=rate,
        gait=np.array([mode.gait for mode in modes], np.int64),
        kind=kind,
        prior=prior / prior.sum(),
        free=np.array([mode.free for mode in modes], np.bool_),
    )


def with_free_modes(modes: tuple[Mode, ...], share: float) -> tuple[Mode, ...]:
    """``modes``, and for each kind its commonest again, free of limits by terrain, for ``share`` of its targets."""
    added = []
    for kind in sorted({mode.kind for mode in modes}):
        commonest = max((mode for mode in modes if mode.kind == kind), key=lambda mode: mode.share)
        of_kind = sum(mode.share for mode in modes if mode.kind == kind)
        added.append(replace(commonest, name=f"{commonest.name}, free", share=share * of_kind, free=True))
    return (*(replace(mode, share=(1.0 - share) * mode.share) for mode in modes), *added)


@numba.njit(cache=True)
def ornstein_uhlenbeck(dt: float, correlation: float, speed_sd: float) -> tuple[float, float, float, float, float]:
    """(a, b, q_pp, q_pv, q_vv) of one axis: v' = a v, x' = x + b v, and the noise added over ``dt`` seconds."""
    x = dt / correlation
    a = exp(-x)
    b = correlation * (1.0 - a)
    variance = speed_sd * speed_sd
    if x < 1e-3:  # the closed form is inaccurate here; its series is not
        q_pp = variance * dt * dt * x * (2.0 / 3.0 - 0.5 * x)
    else:
        q_pp = variance * correlation * correlation * (2.0 * x - 3.0 + 4.0 * a - a * a)
    return a, b, q_pp, variance * correlation * (1.0 - a) * (1.0 - a), variance * (1.0 - a * a)


@numba.njit(cache=True)
def transition(dt: float, rate: Floats, out: Floats) -> None:
    """Mode transition probabilities over ``dt``, at most one change of mode: rows of ``out`` sum to 1."""
    for i in range(rate.shape[0]):
        total = 0.0
        for j in range(rate.shape[0]):
            total += rate[i, j]
        stay = exp(-total * dt)
        for j in range(rate.shape[0]):
            out[i, j] = rate[i, j] / total * (1.0 - stay) if total > 0.0 else 0.0
        out[i, i] = stay


@numba.njit(cache=True)
def _mix(
    mean: Floats, cov: Floats, share: Floats, j: int, gait: Ints, dt: float, speed_sd: Floats, x: Floats, p: Floats
) -> None:
    """Moments in mode ``j`` after mixing with weights ``share``. A change of gait moves half the time at the old
    velocity (variance dt²/12 of the time of change) and then redraws it from the mode's stationary spread."""
    x[:] = 0.0
    p[:] = 0.0
    half = 0.5 * dt
    variance = speed_sd[j] * speed_sd[j]
    for i in range(len(share)):
        if share[i] == 0.0:
            continue
        if gait[i] == gait[j]:
            for k in range(4):
                x[k] += share[i] * mean[i, k]
        else:
            x[0] += share[i] * (mean[i, 0] + half * mean[i, 2])
            x[1] += share[i] * (mean[i, 1] + half * mean[i, 3])
    for i in range(len(share)):
        w = share[i]
        if w == 0.0:
            continue
        if gait[i] == gait[j]:
            d0, d1, d2, d3 = mean[i, 0] - x[0], mean[i, 1] - x[1], mean[i, 2] - x[2], mean[i, 3] - x[3]
            p[0] += w * (cov[i, 0] + d0 * d0)
            p[1] += w * (cov[i, 1] + d0 * d1)
            p[2] += w * (cov[i, 2] + d0 * d2)
            p[3] += w * (cov[i, 3] + d0 * d3)
            p[4] += w * (cov[i, 4] + d1 * d1)
            p[5] += w * (cov[i, 5] + d1 * d2)
            p[6] += w * (cov[i, 6] + d1 * d3)
            p[7] += w * (cov[i, 7] + d2 * d2)
            p[8] += w * (cov[i, 8] + d2 * d3)
            p[9] += w * (cov[i, 9] + d3 * d3)
        else:
            d0 = mean[i, 0] + half * mean[i, 2] - x[0]
            d1 = mean[i, 1] + half * mean[i, 3] - x[1]
            d2, d3 = -x[2], -x[3]
            u, v = mean[i, 2], mean[i, 3]
            t2 = dt * dt / 12.0
            quarter = half * half + t2
            p[0] += w * (cov[i, 0] + dt * cov[i, 2] + quarter * cov[i, 7] + t2 * u * u + d0 * d0)
            p[1] += w * (cov[i, 1] + half * (cov[i, 3] + cov[i, 5]) + quarter * cov[i, 8] + t2 * u * v + d0 * d1)
            p[2] += w * d0 * d2
            p[3] += w * d0 * d3
            p[4] += w * (cov[i, 4] + dt * cov[i, 6] + quarter * cov[i, 9] + t2 * v * v + d1 * d1)
            p[5] += w * d1 * d2
            p[6] += w * d1 * d3
            p[7] += w * (variance + d2 * d2)
            p[8] += w * d2 * d3
            p[9] += w * (variance + d3 * d3)


@numba.njit(cache=True)
def predict(
    mean: Floats, cov: Floats, mode: Floats, dt: Floats, speed_sd: Floats, correlation: Floats, rate: Floats, gait: Ints
) -> tuple[Floats, Floats, Floats]:
    """Carry tracks ``dt`` (track,) seconds ahead: mean (track, mode, 4), cov (track, mode, 10), mode (track, mode).

    dt = 0 changes nothing. Returns new arrays.
    """
    tracks, modes = mode.shape
    new_mean = mean.copy()
    new_cov = cov.copy()
    new_mode = mode.copy()
    change = np.zeros((modes, modes))
    share = np.zeros(modes)
    x = np.zeros(4)
    p = np.zeros(10)
    flow = np.zeros((modes, 5))
    last_dt = -1.0
    for t in range(tracks):
        step = dt[t]
        if step <= 0.0:
            continue
        if step != last_dt:
            transition(step, rate, change)
            for j in range(modes):
                flow[j] = ornstein_uhlenbeck(step, correlation[j], speed_sd[j])
            last_dt = step
        for j in range(modes):
            total = 0.0
            for i in range(modes):
                share[i] = change[i, j] * mode[t, i]
                total += share[i]
            new_mode[t, j] = total
            if total <= 1e-300:
                for i in range(modes):
                    share[i] = 1.0 if i == j else 0.0
            else:
                for i in range(modes):
                    share[i] /= total
            _mix(mean[t], cov[t], share, j, gait, step, speed_sd, x, p)
            a, b, q_pp, q_pv, q_vv = flow[j]
            new_mean[t, j, 0] = x[0] + b * x[2]
            new_mean[t, j, 1] = x[1] + b * x[3]
            new_mean[t, j, 2] = a * x[2]
            new_mean[t, j, 3] = a * x[3]
            c = new_cov[t, j]
            c[0] = p[0] + 2.0 * b * p[2] + b * b * p[7] + q_pp
            c[1] = p[1] + b * (p[3] + p[5]) + b * b * p[8]
            c[2] = a * (p[2] + b * p[7]) + q_pv
            c[3] = a * (p[3] + b * p[8])
            c[4] = p[4] + 2.0 * b * p[6] + b * b * p[9] + q_pp
            c[5] = a * (p[5] + b * p[8])
            c[6] = a * (p[6] + b * p[9]) + q_pv
            c[7] = a * a * p[7] + q_vv
            c[8] = a * a * p[8]
            c[9] = a * a * p[9] + q_vv
    return new_mean, new_cov, new_mode


@numba.njit(cache=True)
def combine(mean: Floats, cov: Floats, mode: Floats) -> tuple[Floats, Floats]:
    """Moments over modes: mean (track, 4), cov (track, 10)."""
    tracks, modes = mode.shape
    x = np.zeros((tracks, 4))
    p = np.zeros((tracks, 10))
    for t in range(tracks):
        for j in range(modes):
            for k in range(4):
                x[t, k] += mode[t, j] * mean[t, j, k]
        for j in range(modes):
            w = mode[t, j]
            index = 0
            for k in range(4):
                for m in range(k, 4):
                    d = (mean[t, j, k] - x[t, k]) * (mean[t, j, m] - x[t, m])
                    p[t, index] += w * (cov[t, j, index] + d)
                    index += 1
    return x, p


def unpack(cov: Floats) -> Floats:
    """(…, 10) packed to (…, 4, 4)."""
    rows, columns = np.triu_indices(4)
    full = np.zeros((*cov.shape[:-1], 4, 4))
    full[..., rows, columns] = cov
    full[..., columns, rows] = cov
    return full
