from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.stats import rankdata, spearmanr

from geo.challenge import (
    ChallengeSettings,
    DemError,
    ReferenceTable,
    composite,
    percentiles,
    scores,
    terrain_ruggedness_index,
)
from geo.errors import BadInput


def test_percentiles_by_hand() -> None:
    """(mid-rank − ½)/n: of 4 known values, the tied two share ranks 2 and 3."""
    assert percentiles([7.0, 3.0, 3.0, 1.0]).tolist() == [0.875, 0.5, 0.5, 0.125]
    assert percentiles([5.0]).tolist() == [0.5]
    found = percentiles([np.nan, np.inf, 2.0])
    assert np.isnan(found[0])
    assert found[1:].tolist() == [0.75, 0.25]
    assert np.isnan(percentiles([np.nan, np.nan])).all()


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_percentiles_keep_the_order_and_average_one_half(values: list[float]) -> None:
    found = percentiles(values)
    assert ((found > 0.0) & (found < 1.0)).all()
    assert found.mean() == pytest.approx(0.5)
    order = np.argsort(values)
    assert (np.diff(found[order]) >= 0.0).all()


@pytest.mark.parametrize("ties", [3, 40, 10_000])
def test_percentiles_and_rank_correlation_are_those_of_scipy(ties: int) -> None:
    """Ranks to the bit, Spearman's correlation to within the rounding of its sums."""
    chance = np.random.default_rng(7)
    one, other = chance.integers(0, ties, 200).astype(float), chance.integers(0, ties, 200).astype(float)
    one[:9], other[4:11] = np.inf, -np.inf
    assert percentiles(one).tolist() == ((rankdata(one) - 0.5) / 200).tolist()
    assert scores._spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-14)


def test_the_rank_correlation_with_equal_ranks_is_unknown() -> None:
    assert np.isnan(scores._spearman(np.array([0.5, 0.5, 0.5]), np.array([0.1, 0.5, 0.9])))


def test_rounding_makes_no_ranks() -> None:
    values = 1000.0 * (1.0 + 1e-13 * np.array([3.0, 1.0, 2.0]))
    assert percentiles(values).tolist() == [0.5, 0.5, 0.5]


def table(**changes: object) -> ReferenceTable:
    settings_: dict = {
        "name": "hills",
        "version": "1",
        "cell_m": 30.0,
        "source": "by hand",
        "yardstick": {"window": 3, "target_heights_m": [0.5, 1.7]},
        "quantiles": np.array([0.0, 0.5, 1.0]),
        "measures": {"ruggedness": np.array([10.0, 20.0, 60.0])},
    }
    return ReferenceTable(**(settings_ | changes))


def test_a_reference_ranks_within_its_range_and_flags_what_lies_outside() -> None:
    rank, outside = table().percentiles("ruggedness", [5.0, 10.0, 15.0, 40.0, 61.0, np.nan])
    assert rank[:5].tolist() == [0.0, 0.0, 0.25, 0.75, 1.0]
    assert np.isnan(rank[5])
    assert outside.tolist() == [True, False, False, False, True, False]
    rank, outside = table().percentiles("slope", [1.0])
    assert np.isnan(rank).all()
    assert not outside.any()


def test_a_reference_says_why_it_does_not_fit() -> None:
    same = ChallengeSettings().yardstick()
    assert table().misfit(31.0, same) == ""
    assert "cells of 90 m" in table().misfit(90.0, same)
    assert "another window" in table().misfit(30.0, ChallengeSettings(window=5).yardstick())


def test_a_reference_comes_back_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "table.json"
    file.write_text(table().to_json(), encoding="utf-8")
    again = ReferenceTable.from_file(file)
    assert again.measures["ruggedness"].tolist() == [10.0, 20.0, 60.0]
    assert (again.name, again.version, again.cell_m) == ("hills", "1", 30.0)
    told = json.loads(file.read_text())
    for spoilt in ({**told, "quantiles": [0.0, 1.0]}, {"name": "x"}, {**told, "measures": {"slope": [3.0, 2.0, 1.0]}}):
        file.write_text(json.dumps(spoilt))
        with pytest.raises(BadInput, match=r"table\.json"):
            ReferenceTable.from_file(file)
    with pytest.raises(BadInput, match="cannot be read"):
        ReferenceTable.from_file(tmp_path / "none.json")


def scored(ease: list[float], watching: list[float], response: list[float]) -> xr.Dataset:
    names = ("crossing_ease", "surveillance_difficulty", "response_difficulty")
    return xr.Dataset({name: ("segment", v) for name, v in zip(names, (ease, watching, response), strict=True)})


EQUAL = {"crossing_ease": 1.0, "surveillance_difficulty": 1.0, "response_difficulty": 1.0}


def test_a_composite_of_scores_that_agree_is_stable() -> None:
    ranks = [0.1, 0.3, 0.5, 0.7, 0.9]
    found = composite(scored(ranks, ranks, ranks), EQUAL)
    assert found.value.tolist() == pytest.approx(ranks)
    assert found.rank_correlation == pytest.approx(1.0)
    assert np.array_equal(found.rank_low, found.rank_high)


def test_a_composite_of_scores_that_contradict_each_other_is_not() -> None:
    """Two scores that rank the segments opposite ways: any change of weights turns the ranking over."""
    up, down = [0.1, 0.3, 0.5, 0.7, 0.9], [0.9, 0.7, 0.5, 0.3, 0.1]
    weights = {"crossing_ease": 1.01, "surveillance_difficulty": 1.0}
    found = composite(scored(up, down, up), weights)
    assert found.rank_correlation == pytest.approx(-1.0)
    assert found.stable_top == 0.0 or math.isnan(found.stable_top)
    assert found.rank_low[0] == pytest.approx(0.1)
    assert found.rank_high[0] == pytest.approx(0.9)


def test_a_composite_by_hand_and_with_unknown_scores() -> None:
    weights = {"crossing_ease": 3.0, "response_difficulty": 1.0, "surveillance_difficulty": 0.0}
    found = composite(scored([0.2, 0.8], [np.nan, 0.1], [0.6, np.nan]), weights)
    assert found.value[0] == pytest.approx(0.3)
    assert np.isnan(found.value[1])
    assert not math.isnan(found.rank_correlation)


@pytest.mark.parametrize(
    ("weights", "change", "words"),
    [
        ({"beauty": 1.0}, 0.5, "beauty"),
        ({"crossing_ease": -1.0}, 0.5, "weights"),
        ({"crossing_ease": 0.0}, 0.5, "weights"),
        ({"crossing_ease": 1.0}, 1.5, "change"),
    ],
)
def test_weights_that_make_no_sense_are_refused(weights: dict, change: float, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        composite(scored([0.2, 0.8], [0.1, 0.2], [0.6, 0.1]), weights, change=change)


@pytest.mark.parametrize("correlation_m", [0.0, 100.0, 600.0])
def test_errors_have_their_deviation_and_their_correlation(correlation_m: float) -> None:
    """Over 400 × 400 cells of 30 m: the sd within 5 %, and exp(−1) at the correlation length."""
    error = DemError(sd_m=3.0, correlation_m=correlation_m)
    field = np.concatenate([error.field(draw, (400, 400), 30.0)[None] for draw in range(4)])
    assert field.std() == pytest.approx(3.0, rel=0.08)
    apart = max(1, round(correlation_m / 30.0))
    found = (field[:, :, apart:] * field[:, :, :-apart]).mean() / field.var()
    expected = math.exp(-((30.0 * apart / correlation_m) ** 2)) if correlation_m else 0.0
    assert found == pytest.approx(expected, abs=0.08)
    assert np.array_equal(error.field(1, (400, 400), 30.0), field[1])
    assert not np.array_equal(field[0], field[1])


def test_white_noise_makes_a_plane_rugged_by_four_deviations() -> None:
    """TRI's root mean square is 4σ; errors that correlate over many cells make it hardly so."""
    plane = np.zeros((400, 400))
    white, smooth = DemError(sd_m=2.0, correlation_m=0.0), DemError(sd_m=2.0, correlation_m=900.0)
    index = [terrain_ruggedness_index(plane + error.field(0, plane.shape, 30.0)) for error in (white, smooth)]
    assert np.sqrt(np.nanmean(index[0] ** 2)) == pytest.approx(8.0, rel=0.02)
    assert np.sqrt(np.nanmean(index[1] ** 2)) < 1.0


def test_the_smoothing_is_scaled_by_its_own_kernel() -> None:
    """Independent check of the scale: the energy of the two-dimensional impulse response."""
    sigma = 300.0 / 2.0 / 30.0
    impulse = np.zeros((101, 101))
    impulse[50, 50] = 1.0
    energy = (ndimage.gaussian_filter(impulse, sigma) ** 2).sum()
    noise = np.random.default_rng([0, 0]).standard_normal((101, 101))
    expected = ndimage.gaussian_filter(noise, sigma, mode="wrap") / math.sqrt(energy)
    assert np.allclose(DemError(sd_m=1.0, correlation_m=300.0).field(0, (101, 101), 30.0), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "words"),
    [({"sd_m": -1.0}, "sd_m"), ({"correlation_m": float("nan")}, "correlation_m"), ({"draws": 1}, "draws")],
)
def test_errors_that_cannot_be_are_refused(values: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        DemError(**values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"openness_radius_m": 0.0}, "openness_radius_m"),
        ({"window": 2}, "window"),
        ({"sites": 0}, "sites"),
        ({"target_heights_m": ()}, "target_heights_m"),
        ({"sight_m": float("inf")}, "sight_m"),
    ],
)
def test_a_yardstick_that_cannot_be_is_refused(values: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        ChallengeSettings(**values)
