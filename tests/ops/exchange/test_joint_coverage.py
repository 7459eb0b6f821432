"""Shared coverage: the joint formula and its bounds, and a package that depends on the agreed grid only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.frame import LocalFrame
from ops.exchange.format.geopackage import rows_of
from ops.exchange.format.package import opened
from ops.exchange.joint_coverage import joint, joint_table, on_grid
from ops.exchange.make import share
from ops.exchange.take import PackageReceiver
from tests.ops.exchange.partners import NOW, agreement, receiver, sender

FRAME = LocalFrame.from_epsg(32616)
EAST, NORTH = 748_000.0, 4_052_000.0
COVERAGE: dict[str, Any] = {"layers": {"coverage": ("probability",)}, "area": (-84.4, 36.4, -84.0, 36.8)}
probability = st.floats(0.0, 1.0)


def raster(values: np.ndarray, cell_m: float = 100.0) -> xr.DataArray:
    """A raster whose south-western corner is at EAST, NORTH, rows north to south."""
    rows, columns = values.shape
    return xr.DataArray(
        values,
        dims=("northing", "easting"),
        coords={
            "northing": NORTH + (rows - 0.5 - np.arange(rows)) * cell_m,
            "easting": EAST + (np.arange(columns) + 0.5) * cell_m,
        },
    )


def test_worked_example() -> None:
    """p = 0.6, q = 0.5: 1 − 0.4 · 0.5 = 0.8; between max = 0.6 and min(1, 1.1) = 1."""
    found = joint([0.6], [0.5])
    assert [float(one[0]) for one in found] == pytest.approx([0.8, 0.6, 1.0])
    assert float(joint([0.2], [0.3]).high[0]) == pytest.approx(0.5)
    assert float(joint([0.2], [0.3], step=0.1).high[0]) == pytest.approx(0.7), (
        "0.2 may be just below 0.3, 0.3 below 0.4"
    )


@given(probability, probability)
def test_the_independent_value_is_within_the_bounds_and_symmetric(p: float, q: float) -> None:
    found, other = joint(p, q), joint(q, p)
    assert 0.0 <= found.low <= found.independent + 1e-12
    assert found.independent <= found.high + 1e-12 <= 1.0 + 2e-12
    assert [float(one) for one in found] == pytest.approx([float(one) for one in other])


@given(
    st.lists(st.tuples(probability, probability, probability), min_size=1, max_size=50),
    st.sampled_from([0.05, 0.1, 0.5]),
)
def test_the_bounds_hold_for_any_dependence_at_each_place_of_a_cell(
    places: list[tuple[float, float, float]], step: float
) -> None:
    """The joint value of each place is drawn between its own bounds (Fréchet); after rounding, ours hold the mean."""
    p, q, where = (np.array(one) for one in zip(*places, strict=True))
    low, high = np.maximum(p, q), np.minimum(1.0, p + q)
    truth = float(np.mean(low + where * (high - low)))
    down = lambda value: np.floor(np.mean(value) / step + 1e-9) * step  # noqa: E731
    found = joint(down(p), down(q), step=step)
    assert found.low - 1e-9 <= truth <= found.high + 1e-9


def test_a_cell_is_the_mean_of_its_ground_rounded_down() -> None:
    """Cells of 1,000 m of 10 × 10 values: 36 of 100 at 1 are 0.36, in steps of 0.1 that is 0.3."""
    values = np.zeros((20, 20))
    values[0:6, 0:6] = 1.0  # the north-western cell
    values[10:, 10:] = np.nan  # the south-eastern one is unknown
    found = on_grid(raster(values), FRAME, agreement(**COVERAGE))
    by_id = dict(zip(found["id"], found["probability"], strict=True))
    assert by_id == {"cell_748_4053": pytest.approx(0.3), "cell_749_4053": 0.0, "cell_748_4052": 0.0}


def shared(folder: Path, values: np.ndarray) -> bytes:
    maker = sender(folder, **COVERAGE)
    layer = on_grid(raster(values), FRAME, maker.agreements.agreements[0])
    layer.insert(1, "source", "north")
    return share(maker, maker.agreements.agreements[0], {"coverage": layer}).content


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_moving_what_a_sensor_covers_within_a_cell_leaves_the_package_equal_to_the_bit(
    tmp_path: Path, shift: int
) -> None:
    """A sensor that covers 500 × 500 m is moved within its cell: same mean, same package; across the edge: another."""

    def covered(by: int) -> np.ndarray:
        values = np.zeros((20, 20))
        values[2:7, 1 + by : 6 + by] = 0.9
        return values

    first = shared(tmp_path / "first", covered(0))
    assert shared(tmp_path / "second", covered(shift)) == first
    assert shared(tmp_path / "third", covered(9)) != first


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_the_rows_depend_on_the_rounded_means_only(seed: int) -> None:
    """Values are permuted within their coarse cell, and changed by less than the step allows."""
    chance = np.random.default_rng(seed)
    values = chance.integers(0, 10, (2, 2))[:, :, None] / 10 + 0.05 + np.zeros((2, 2, 100))
    one = values + chance.uniform(-0.02, 0.02, values.shape)
    other = chance.permuted(values + chance.uniform(-0.02, 0.02, values.shape), axis=2)

    def flat(cells: np.ndarray) -> np.ndarray:
        return cells.reshape(2, 2, 10, 10).swapaxes(1, 2).reshape(20, 20)

    found = [on_grid(raster(flat(cells)), FRAME, agreement(**COVERAGE)) for cells in (one, other)]
    pd.testing.assert_frame_equal(pd.DataFrame(found[0]), pd.DataFrame(found[1]))


def test_coverage_is_received_and_joined_by_cell(tmp_path: Path) -> None:
    values = np.zeros((20, 20))
    values[:10, :10] = 0.65
    content = shared(tmp_path / "north", values)
    south: PackageReceiver = receiver(tmp_path / "south", **COVERAGE)
    assert south.receive(content, NOW)[1].stored == 4
    found = opened(content)
    rows = rows_of(found.product(), found.manifest, agreement("north", **COVERAGE))["coverage"]
    own = on_grid(raster(np.full((20, 10), 0.5)), FRAME, agreement(**COVERAGE))
    table = joint_table(own, pd.DataFrame(rows), agreement(**COVERAGE)).set_index("id")
    assert set(table.index) == {"cell_748_4052", "cell_748_4053"}, "beyond our terrain our coverage is unknown"
    north_west = table.loc["cell_748_4053"]
    assert north_west["joint_independent"] == pytest.approx(0.8)  # 1 − (1 − 0.5)(1 − 0.6)
    assert (north_west["joint_low"], north_west["joint_high"]) == pytest.approx((0.6, 1.0))
