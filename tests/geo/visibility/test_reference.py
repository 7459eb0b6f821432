"""The exact viewshed on many grounds, against sight lines worked out by other means, and its least heights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.arrays import Float32s
from geo.visibility import viewshed_array
from geo.visibility.kernels.sight_line import ground_at, sight_states
from geo.visibility.view import View, drop_per_cell
from geo.visibility.window import needed_from, view_from
from tests.drills.sizes import sized

EARTH_M = 6_371_008.8


def fractal(rows: int, columns: int, hurst: float, relief_m: float, seed: int) -> npt.NDArray[np.float64]:
    size = max(rows, columns)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(size, size)))
    z = np.fft.irfft2(noise / frequency ** (hurst + 1.0), s=(size, size))
    return z[:rows, :columns] / z.std() * relief_m


def ground(kind: str, rows: int, columns: int, seed: int) -> Float32s:
    random = np.random.default_rng(seed)
    x, y = np.mgrid[:rows, :columns].astype(float)
    made = {
        "smooth": lambda: fractal(rows, columns, 1.4, 150.0, seed),
        "rough": lambda: fractal(rows, columns, 0.6, 100.0, seed),
        "noise on a plain": lambda: random.normal(size=(rows, columns)) * 0.3,
        "steps": lambda: np.round(fractal(rows, columns, 1.0, 20.0, seed)),
        "walls": lambda: (random.random((rows, columns)) < 0.01) * 25.0,
        "bowl": lambda: np.hypot(x - rows / 2, y - columns / 2) ** 1.5 * 0.05 + random.normal(size=x.shape) * 1e-3,
        "waves": lambda: 8.0 * np.sin(x / 7.0) * np.cos(y / 11.0) + 0.2 * x,
        "flat": lambda: np.zeros((rows, columns)),
    }
    return made[kind]().astype(np.float32)


KINDS = ("smooth", "rough", "noise on a plain", "steps", "walls", "bowl", "waves", "flat")


def clearances(z: Float32s, cell_m: float, pairs: npt.NDArray[np.float64], masts: float, targets: float, k: float):
    """Least height [m] by which each sight line of ``pairs`` (n, 4) clears the bilinear surface, in closed form.

    Between two crossings of grid lines the surface along a line is a quadratic: here it goes through its heights at
    both crossings and half way, all taken by the definition of bilinear interpolation.
    """
    start, stop = pairs[:, :2], pairs[:, 2:]
    run = stop - start
    longest = int(np.abs(run).max()) + 2
    crossings = [np.zeros((len(pairs), 1)), np.ones((len(pairs), 1))]
    for axis in (0, 1):
        first = np.floor(np.minimum(start[:, axis], stop[:, axis]))[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (first + np.arange(longest)[None] - start[:, axis, None]) / run[:, axis, None]
        crossings.append(np.where((t > 0) & (t < 1), t, 1.0))
    t = np.sort(np.concatenate(crossings, axis=1), axis=1)

    def surface(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        r, c = (start[:, i, None] + at * run[:, i, None] for i in (0, 1))
        i, j = np.clip(np.floor(r), 0, z.shape[0] - 2).astype(int), np.clip(np.floor(c), 0, z.shape[1] - 2).astype(int)
        p, q = r - i, c - j
        corner = z.astype(np.float64)
        near = corner[i, j] * (1 - q) + corner[i, j + 1] * q
        return near * (1 - p) + (corner[i + 1, j] * (1 - q) + corner[i + 1, j + 1] * q) * p

    distance = np.hypot(run[:, 0], run[:, 1])[:, None] * cell_m
    eye = surface(np.zeros((len(pairs), 1))) + masts
    top = surface(np.ones((len(pairs), 1))) + targets

    def above(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        bulge = 0.0 if np.isinf(k) else distance**2 * at * (1 - at) / (2 * k * EARTH_M)
        return eye * (1 - at) + top * at - surface(at) - bulge

    t0, t1 = t[:, :-1], t[:, 1:]
    a, m, b = above(t0), above((t0 + t1) / 2), above(t1)
    bend, slope = 2 * (a + b) - 4 * m, 4 * m - 3 * a - b  # of the parabola a + slope s + bend s² through all three
    with np.errstate(divide="ignore", invalid="ignore"):
        lowest_at = np.where(bend > 0, -slope / (2 * bend), 0.0)
    lowest_at = np.clip(np.nan_to_num(lowest_at), 0.0, 1.0)
    least = np.minimum(np.minimum(a, b), a + slope * lowest_at + bend * lowest_at**2)
    return np.where(t1 > t0, least, np.inf).min(axis=1)


@pytest.mark.parametrize("kind", ["smooth", "rough"])
def test_random_pairs_agree_with_the_closed_form(kind: str) -> None:
    z = ground(kind, 260, 240, seed=17)
    random = np.random.default_rng(5)
    checked = seen = near = 0
    places = sized(30, 100)
    for _ in range(places):
        row, column = (int(random.integers(0, count)) for count in z.shape)
        row0, column0, states = viewshed_array(
            z, 30.0, row, column, observer_height_m=20.0, target_height_m=1.7, max_range_m=12_000.0
        )
        r, c = random.integers(0, 260, 205), random.integers(0, 240, 205)
        there = (r != row) | (c != column)
        r, c = r[there], c[there]
        pairs = np.column_stack([np.full(len(r), row), np.full(len(c), column), r, c]).astype(float)
        least = clearances(z, 30.0, pairs, 20.0, 1.7, 4 / 3)
        state = states[r - row0, c - column0]
        clear_cut = np.abs(least) > 1e-6  # closer than that rounding decides
        assert np.array_equal(state[clear_cut] == 1, least[clear_cut] > 0)
        checked, seen, near = checked + len(r), seen + int((state == 1).sum()), near + int((~clear_cut).sum())
    assert checked >= 200 * places
    assert 0.02 < seen / checked < 0.9
    assert near < 3


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_of_a_wide_window_is_its_sight_line(kind: str) -> None:
    # wide enough for sectors of two cells, groups of sectors and many blocks of rings
    z = ground(kind, 300, 210, seed=23)
    for row, column, mast_m, k in ((150.0, 100.0, 10.0, 4 / 3), (3.25, 207.5, 2.0, np.inf), (299.0, 0.0, 0.0, 1.15)):
        view = View(mast_m, 30.0 * 400, 1.7, curvature_k=k)
        row0, column0, states = view_from(z, 30.0, row, column, view)
        assert (row0, column0, *states.shape) == (0, 0, 300, 210)
        assert np.array_equal(states, by_lines(z, 30.0, row, column, view))


def by_lines(z: Float32s, cell_m: float, row: float, column: float, view: View) -> npt.NDArray[np.uint8]:
    r, c = np.mgrid[: z.shape[0], : z.shape[1]]
    pairs = np.column_stack([np.full(z.size, row), np.full(z.size, column), r.ravel(), c.ravel()]).astype(float)
    states = np.empty(z.size, np.uint8)
    masts, targets = np.full(z.size, view.observer_height_m), np.full(z.size, view.target_height_m)
    sight_states(z.ravel(), *z.shape, pairs, masts, targets, drop_per_cell(cell_m, view.curvature_k), states)
    return states.reshape(z.shape)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 1_000),
    shape=st.tuples(st.integers(2, 90), st.integers(2, 90)),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    mast_m=st.sampled_from([0.3, 2.0, 30.0]),
    k=st.sampled_from([4 / 3, np.inf, 0.05]),
    voids=st.booleans(),
)
def test_a_target_of_the_least_height_is_just_seen(kind, seed, shape, place, mast_m, k, voids) -> None:
    z = ground(kind, *shape, seed)
    if voids:
        z[np.random.default_rng(seed).random(shape) < 0.01] = np.nan
    row, column = (round(p * (n - 1) * 2**20) / 2**20 for p, n in zip(place, shape, strict=True))
    if np.isnan(ground_at(z.ravel(), *shape, row, column)):
        return
    _, _, needed = needed_from(z, 30.0, row, column, View(mast_m, 1e5, curvature_k=k))
    r, c = np.mgrid[: shape[0], : shape[1]]
    pairs = np.column_stack([np.full(z.size, row), np.full(z.size, column), r.ravel(), c.ravel()]).astype(float)
    masts, drop, least = np.full(z.size, mast_m), drop_per_cell(30.0, k), needed.ravel().astype(float)

    def seen_at(heights_m: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
        states = np.empty(z.size, np.uint8)
        sight_states(z.ravel(), *shape, pairs, masts, heights_m, drop, states)
        return states

    step = 1e-3 + 1e-5 * least
    assert np.array_equal(np.isnan(least), seen_at(np.full(z.size, 1e6)) == 255)  # over any ridge, a void remains
    known = np.isfinite(least)
    assert (seen_at(np.nan_to_num(least + step))[known] == 1).all()
    raised = known & (least > step)
    assert (seen_at(np.nan_to_num(least - step))[raised] != 1).all()


def test_the_least_height_behind_a_ridge_by_similar_triangles() -> None:
    # Eye 5 m, a ridge of 10 m ten cells away: over it the line stands (10 - 5) / 10 m higher with every cell.
    z = np.zeros((9, 61), np.float32)
    z[:, 10] = 10.0
    _, _, needed = needed_from(z, 30.0, 4.0, 0.0, View(5.0, 1e4, curvature_k=np.inf))
    assert needed[4, :11] == pytest.approx(0.0, abs=1e-6)
    assert needed[4, 11:] == pytest.approx(5.0 + 0.5 * np.arange(11, 61), abs=1e-4)


def test_the_least_height_beyond_the_horizon_of_a_calm_sea() -> None:
    # From 20 m the horizon is sqrt(2 k R 20) away; what stands d beyond must be d² / (2 k R) high.
    z = np.zeros((3, 400), np.float32)
    _, _, needed = needed_from(z, 100.0, 1.0, 0.0, View(20.0, 1e6))
    beyond = np.arange(400) * 100.0 - np.sqrt(2 * 4 / 3 * EARTH_M * 20.0)
    expected = np.maximum(beyond, 0.0) ** 2 / (2 * 4 / 3 * EARTH_M)
    assert needed[1] == pytest.approx(expected, abs=2e-3)  # the surface is straight between centres


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_least_heights_keep_to_range_and_azimuths(mode: str) -> None:
    z = ground("rough", 101, 101, seed=3)
    view = View(10.0, 1_200.0, 0.0, 300.0, (6.0, 1.0), None, 4 / 3, mode)  # over north
    row0, column0, needed = needed_from(z, 30.0, 50.0, 50.0, view)
    south, east = np.mgrid[row0 : row0 + needed.shape[0], column0 : column0 + needed.shape[1]] - 50.0
    distance, azimuth = np.hypot(south, east) * 30.0, np.arctan2(east, -south) % (2 * np.pi)
    inside = (distance >= 300.0) & (distance <= 1_200.0) & ((azimuth >= 6.0) | (azimuth <= 1.0))
    assert np.array_equal(np.isfinite(needed), inside)


def test_fast_least_heights_decide_as_the_fast_viewshed_does_and_are_near_the_exact_ones() -> None:
    z = ground("smooth", 300, 300, seed=8)
    exact = needed_from(z, 30.0, 150.0, 150.0, View(20.0, 4_000.0))[2]
    fast = needed_from(z, 30.0, 150.0, 150.0, View(20.0, 4_000.0, mode="fast"))[2]
    states = view_from(z, 30.0, 150.0, 150.0, View(20.0, 4_000.0, 1.7, mode="fast"))[2]
    known = np.isfinite(exact)
    assert np.array_equal(np.isfinite(fast), known)
    clear_cut = known & (np.abs(fast - 1.7) > 1e-3)
    assert np.array_equal(fast[clear_cut] <= 1.7, states[clear_cut] == 1)
    hidden = known & (exact > 1.0)
    assert np.median(np.abs(fast - exact)[hidden]) < 0.02 * np.median(exact[hidden])
