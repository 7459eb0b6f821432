"""Scoring: hand-worked sets, the laws of a metric, brute-force enumeration, and what counts as present."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.scoring import (
    continuity,
    false_confirmed_tracks,
    gospa,
    identity_switches,
    ospa,
    time_to_confirm,
)
from fusion.scoring.matching import ScoringError, scoring_cases
from geo.errors import SchemaError

T0 = np.datetime64("2026-03-01T00:00:00", "ns")


def at(seconds):
    return T0 + (np.asarray(seconds, np.float64) * 1e9).astype("timedelta64[ns]")


def truth_of(*rows):
    """(target, seconds, easting, northing) rows."""
    names, seconds, easting, northing = zip(*rows, strict=True) if rows else ((), (), (), ())
    return xr.Dataset(
        {
            "target": ("estimate", np.array(names, dtype=str)),
            "time": ("estimate", at(seconds)),
            "easting": ("estimate", np.array(easting, np.float64), {"units": "m"}),
            "northing": ("estimate", np.array(northing, np.float64), {"units": "m"}),
        }
    )


def tracks_of(*rows):
    """(track, seconds, easting, northing, status[, easting_rate, northing_rate]) rows."""
    rows = [(*row, 0.0, 0.0)[:7] for row in rows]
    names, seconds, easting, northing, status, rate_e, rate_n = zip(*rows, strict=True) if rows else ((),) * 7
    floats = {"easting": easting, "northing": northing, "easting_rate": rate_e, "northing_rate": rate_n}
    return xr.Dataset(
        {
            "track": ("estimate", np.array(names, dtype=str)),
            "time": ("estimate", at(seconds)),
            "status": ("estimate", np.array(status, dtype=str)),
            **{name: ("estimate", np.array(values, np.float64)) for name, values in floats.items()},
        }
    )


def sets(truth, tracks):
    return (
        truth_of(*[(f"t{i}", 0, e, n) for i, (e, n) in enumerate(truth)]),
        tracks_of(*[(f"T{i}", 0, e, n, "confirmed") for i, (e, n) in enumerate(tracks)]),
    )


@pytest.mark.filterwarnings("error")
def test_text_and_time_columns_of_pandas_are_scored_as_those_of_numpy():
    """Of a data frame that was read from a file, with times in UTC."""
    truth, tracks = sets([(0.0, 0.0), (300.0, 0.0)], [(3.0, 4.0)])
    names = {name: ("estimate", pd.Series(tracks[name].values.tolist(), dtype="str")) for name in ("track", "status")}
    time = ("estimate", pd.DatetimeIndex(truth["time"].values, tz="UTC"))
    framed = gospa(truth.assign(time=time), tracks.assign(names), times=np.array([T0]))
    xr.testing.assert_identical(framed, gospa(truth, tracks, times=np.array([T0])))


def gospa_of(truth, tracks, **keywords):
    return float(gospa(*sets(truth, tracks), times=np.array([T0]), **keywords).gospa[0])


points = st.lists(st.tuples(st.floats(-80, 80), st.floats(-80, 80)), max_size=5)


def test_gospa_of_a_hand_worked_scene():
    # One pair 3-4-5 apart, one target 200 m from all, two tracks far off; c = 50, p = 2, α = 2:
    # 25 + 1250·1 + 1250·2 = 3775.
    truth = [(0.0, 0.0), (1000.0, 0.0)]
    tracks = [(3.0, 4.0), (0.0, 5000.0), (0.0, 9000.0)]
    score = gospa(*sets(truth, tracks)).isel(time=0)
    assert float(score.gospa) == pytest.approx(np.sqrt(3775.0))
    assert float(score.localisation) == pytest.approx(5.0)
    assert float(score.missed) == pytest.approx(np.sqrt(1250.0))
    assert float(score["false"]) == pytest.approx(50.0)
    assert [int(score[n]) for n in ("n_truth", "n_tracks", "n_assigned", "n_missed", "n_false")] == [2, 3, 1, 1, 2]


def test_ospa_of_a_hand_worked_scene():
    # Same scene: (25 + 50² + 50²·1) / 3 with localisation (25 + 2500)/3 and cardinality 2500/3.
    score = ospa(*sets([(0.0, 0.0), (1000.0, 0.0)], [(3.0, 4.0), (0.0, 5000.0), (0.0, 9000.0)])).isel(time=0)
    assert float(score.ospa) == pytest.approx(np.sqrt(5025 / 3))
    assert float(score.localisation) == pytest.approx(np.sqrt(2525 / 3))
    assert float(score.cardinality) == pytest.approx(np.sqrt(2500 / 3))


def test_first_order_gospa_is_the_sum_of_its_parts():
    score = gospa(*sets([(0.0, 0.0), (500.0, 0.0)], [(7.0, 0.0)]), cutoff_m=20, order=1).isel(time=0)
    assert float(score.gospa) == pytest.approx(7.0 + 10.0)


def test_the_nearest_pair_is_given_up_when_the_whole_is_better():
    # Greedy would pair b with B (10 m) and leave a and A 45 m apart; together a–B, b–A cost less:
    (case,) = scoring_cases(*sets([(0.0, 0.0), (30.0, 0.0)], [(20.0, 0.0), (45.0, 0.0)]), 50.0, 2.0, None).matched()
    pairs = case.pairs
    assert dict(zip(pairs.truth.tolist(), pairs.track.tolist(), strict=True)) == {0: 0, 1: 1}


def test_empty_sets():
    assert gospa_of([], []) == 0.0
    assert gospa_of([(1.0, 2.0)], []) == pytest.approx(50 / np.sqrt(2))
    assert gospa_of([], [(1.0, 2.0)] * 2) == pytest.approx(50.0)
    nothing = gospa(truth_of(), tracks_of())
    assert nothing.sizes["time"] == 0
    assert nothing.attrs["gospa_mean_m"] == 0.0


def test_without_truth_every_track_is_false_at_its_own_times():
    score = gospa(truth_of(), tracks_of(("T", 1, 0, 0, "confirmed"), ("T", 2, 0, 0, "confirmed")))
    assert score.n_false.values.tolist() == [1, 1]


@given(points)
def test_identity(a):
    assert gospa_of(a, a) == 0.0


@given(points, points, st.sampled_from([1, 2, 3.5]))
def test_symmetry_swaps_missed_and_false(a, b, order):
    forward = gospa(*sets(a, b), times=np.array([T0]), order=order)
    back = gospa(*sets(b, a), times=np.array([T0]), order=order)
    np.testing.assert_allclose(forward.gospa, back.gospa, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(forward.n_missed, back.n_false)


@given(points, points, points, st.sampled_from([1, 2]))
def test_triangle(a, b, c, order):
    assert gospa_of(a, c, order=order) <= gospa_of(a, b, order=order) + gospa_of(b, c, order=order) + 1e-9


@given(points, points, st.sampled_from([1, 2]))
def test_parts_add_up_to_the_whole(a, b, order):
    score = gospa(*sets(a, b), times=np.array([T0]), order=order).isel(time=0)
    parts = sum(float(score[name]) ** order for name in ("localisation", "missed", "false"))
    assert float(score.gospa) ** order == pytest.approx(parts, rel=1e-9, abs=1e-9)
    assert int(score.n_assigned + score.n_missed) == len(a)
    assert int(score.n_assigned + score.n_false) == len(b)


def enumerated(truth, tracks, cutoff, order):
    """GOSPA (α = 2) and OSPA by trying every way to pair the smaller set with the larger: the bare definitions."""
    small, large = sorted((truth, tracks), key=len)
    least = min(
        sum(min(np.hypot(*np.subtract(x, y)), cutoff) ** order for x, y in zip(small, chosen, strict=True))
        for chosen in permutations(large, len(small))
    )
    extra = len(large) - len(small)
    gospa_p = least + cutoff**order / 2 * extra
    ospa_p = (least + cutoff**order * extra) / max(len(large), 1)
    return gospa_p ** (1 / order), ospa_p ** (1 / order)


@settings(max_examples=150)
@given(points, points, st.sampled_from([(50.0, 2), (30.0, 1), (120.0, 2)]))
def test_equals_enumeration_of_all_pairings(a, b, metric):
    cutoff, order = metric
    expected_gospa, expected_ospa = enumerated(a, b, cutoff, order)
    assert gospa_of(a, b, cutoff_m=cutoff, order=order) == pytest.approx(expected_gospa, rel=1e-9, abs=1e-6)
    score = ospa(*sets(a, b), times=np.array([T0]), cutoff_m=cutoff, order=order)
    assert float(score.ospa[0]) == pytest.approx(expected_ospa, rel=1e-9, abs=1e-6)


def test_tentative_and_closed_tracks_are_not_there():
    truth = truth_of(*[("a", t, 0, 0) for t in range(5)])
    tracks = tracks_of(
        ("T", 0, 0, 0, "tentative"),
        ("T", 1, 0, 0, "confirmed"),
        ("T", 2, 0, 0, "coasting"),
        ("T", 3, 0, 0, "closed"),
    )
    assert gospa(truth, tracks).n_tracks.values.tolist() == [0, 1, 1, 0, 0]


def test_coasting_before_confirmation_does_not_count():
    truth = truth_of(("a", 0, 0, 0), ("a", 2, 0, 0))
    assert gospa(
        truth, tracks_of(("T", 0, 0, 0, "coasting"), ("T", 2, 0, 0, "confirmed"))
    ).n_tracks.values.tolist() == [
        0,
        1,
    ]


def test_a_track_is_carried_forward_by_its_own_rate_and_never_looks_ahead():
    truth = truth_of(*[("a", t, 2.0 * t, -1.0 * t) for t in range(4)])
    tracks = tracks_of(("T", 0, 0, 0, "confirmed", 2.0, -1.0), ("T", 3, 6, -3, "confirmed", 0.0, 0.0))
    np.testing.assert_allclose(gospa(truth, tracks).gospa, 0.0, atol=1e-12)
    later = tracks_of(("T", 0, 0, 0, "confirmed", 2.0, -1.0), ("T", 3, 600, -3, "confirmed", 0.0, 0.0))
    np.testing.assert_allclose(gospa(truth, later).gospa[:3], 0.0, atol=1e-12)


def test_the_later_of_two_rows_at_one_time_wins():
    truth = truth_of(("a", 0, 0, 0))
    tracks = tracks_of(("T", 0, 30, 0, "confirmed"), ("T", 0, 4, 0, "confirmed"))
    assert float(gospa(truth, tracks).gospa[0]) == pytest.approx(4.0)


def test_a_target_is_there_only_between_its_first_and_last_rows():
    truth = truth_of(("a", 0, 0, 0), ("a", 4, 40, 0), ("b", 1, 0, 900), ("b", 2, 0, 900), ("c", 3, 0, -900))
    score = gospa(truth, tracks_of(*[("T", t, 10.0 * t, 0, "confirmed") for t in range(5)]))
    assert score.n_truth.values.tolist() == [1, 2, 2, 2, 1]
    np.testing.assert_allclose(score.localisation, 0.0, atol=1e-12)  # a is interpolated at the others' times


def test_row_order_does_not_matter():
    rng = np.random.default_rng(3)
    truth = truth_of(*[(name, t, 5.0 * t, 20.0 * i) for i, name in enumerate("abc") for t in range(8)])
    tracks = tracks_of(
        *[(f"T{i}", t, 5.0 * t + 3, 20.0 * i, "confirmed", 5.0, 0.0) for i in range(3) for t in range(8)]
    )
    shuffled = gospa(
        truth.isel(estimate=rng.permutation(truth.sizes["estimate"])),
        tracks.isel(estimate=rng.permutation(tracks.sizes["estimate"])),
    )
    xr.testing.assert_identical(gospa(truth, tracks), shuffled)


def walk(name, seconds, northing=0.0):
    return [(name, t, 10.0 * t, northing) for t in seconds]


def test_one_change_of_track_is_one_switch_and_halves_continuity():
    truth = truth_of(*walk("a", range(10)))
    tracks = tracks_of(
        *[(*row, "confirmed", 10.0, 0.0) for row in walk("A", range(5))],
        ("A", 5, 50, 0, "closed"),
        *[(*row, "confirmed", 10.0, 0.0) for row in walk("B", range(5, 10))],
    )
    assert identity_switches(truth, tracks).sel(target="a").item() == 1
    assert continuity(truth, tracks).sel(target="a").item() == pytest.approx(0.5)


def test_a_gap_breaks_continuity_but_is_no_switch_when_the_track_returns():
    truth = truth_of(*walk("a", range(10)))
    far = [(*row, "confirmed", 10.0, 0.0) for row in walk("A", [4, 5], northing=400.0)]
    near = [(*row, "confirmed", 10.0, 0.0) for row in walk("A", [0, 1, 2, 3, 6, 7, 8, 9])]
    tracks = tracks_of(*near, *far)
    assert identity_switches(truth, tracks).item() == 0
    assert continuity(truth, tracks).item() == pytest.approx(0.4)


def crossing_pair(swap):
    """Two targets that cross at 0 s; the tracks follow them with 4 m of alternating error, or swap there."""
    times = np.arange(-20, 21)
    truth = truth_of(*[("a", t, 10.0 * t, 2.0 * t) for t in times], *[("b", t, 10.0 * t, -2.0 * t) for t in times])
    rows = []
    for name, sign in (("A", 1), ("B", -1)):
        for t in times:
            after = -sign if swap and t > 0 else sign
            rows.append((name, t, 10.0 * t, after * 2.0 * t + sign * (4.0 if t % 2 else -4.0), "confirmed", 10.0, 0.0))
    return truth, tracks_of(*rows)


def test_noise_where_two_targets_cross_is_no_switch():
    assert identity_switches(*crossing_pair(swap=False)).values.tolist() == [0, 0]
    plain = identity_switches(*crossing_pair(swap=False), hysteresis_m=0.0)
    assert plain.sum() > 0  # what the hysteresis is for


def test_tracks_that_swap_targets_are_one_switch_each():
    assert identity_switches(*crossing_pair(swap=True)).values.tolist() == [1, 1]


def test_perfect_tracking_has_full_continuity_and_no_switch():
    truth = truth_of(*walk("a", range(6)), *walk("b", range(2, 5), northing=300.0))
    tracks = tracks_of(
        *[(*row, "confirmed", 10.0, 0.0) for row in walk("A", range(6))],
        *[(*row, "confirmed", 10.0, 0.0) for row in walk("B", range(2, 5), northing=300.0)],
    )
    assert continuity(truth, tracks).values.tolist() == [1.0, 1.0]
    assert continuity(truth, tracks).attrs["mean"] == 1.0
    assert identity_switches(truth, tracks).sum() == 0


def test_time_to_confirm_and_false_tracks():
    truth = truth_of(*walk("a", range(11)), *walk("b", range(11), northing=5000.0))
    tracks = tracks_of(
        *[(*row, "tentative" if row[1] < 3 else "confirmed", 10.0, 0.0) for row in walk("A", range(11))],
        ("clutter", 2, 0, 2000, "confirmed"),
        ("clutter", 6, 0, 2000, "closed"),
    )
    confirm = time_to_confirm(truth, tracks)
    assert confirm.sel(target="a").item() == 3.0
    assert np.isnan(confirm.sel(target="b").item())
    found = false_confirmed_tracks(truth, tracks)
    assert (int(found.false_confirmed_tracks), int(found.confirmed_tracks)) == (1, 2)
    assert float(found.false_per_hour) == pytest.approx(360.0)  # one in ten seconds


def test_a_track_is_false_while_no_target_is_there():
    """Clutter of 1,000 s between two movers; a track that outlives its target is no false one."""
    truth = truth_of(*walk("a", range(0, 601, 60)), *walk("b", range(3000, 3601, 60)))
    tracks = tracks_of(
        *[(*row, "confirmed", 10.0, 0.0) for row in walk("A", range(0, 781, 60))],
        ("A", 781, 7810, 0, "closed"),
        *[("clutter", second, 0, 2000, "confirmed") for second in range(1000, 2001, 10)],
        ("clutter", 2001, 0, 2000, "closed"),
        *[(*row, "confirmed", 10.0, 0.0) for row in walk("B", range(3000, 3601, 60))],
    )
    found = false_confirmed_tracks(truth, tracks)
    assert (int(found.false_confirmed_tracks), int(found.confirmed_tracks), float(found.hours)) == (1, 3, 1.0)


def test_a_second_track_on_one_target_is_false():
    truth = truth_of(*walk("a", range(6)))
    twice = [(name, *row[1:], "confirmed", 10.0, 0.0) for name in ("A", "B") for row in walk(name, range(6))]
    assert int(false_confirmed_tracks(truth, tracks_of(*twice)).false_confirmed_tracks) == 1


@pytest.mark.parametrize("keywords", [{"cutoff_m": 0}, {"cutoff_m": np.nan}, {"order": 0.5}, {"order": np.inf}])
def test_a_metric_that_is_none_is_refused(keywords):
    with pytest.raises(ScoringError, match="expected"):
        gospa(*sets([(0.0, 0.0)], []), **keywords)


def test_bad_histories_are_refused_by_name():
    truth, tracks = sets([(0.0, 0.0)], [(0.0, 0.0)])
    with pytest.raises(ScoringError, match="easting of row 0 is nan"):
        gospa(truth.assign(easting=("estimate", [np.nan])), tracks)
    with pytest.raises(ScoringError, match="northing_rate of row 0 is inf"):
        gospa(truth, tracks.assign(northing_rate=("estimate", [np.inf])))
    with pytest.raises(ScoringError, match="status 'lost' is unknown"):
        gospa(truth, tracks.assign(status=("estimate", ["lost"])))
    with pytest.raises(ScoringError, match="NaT"):
        gospa(truth.assign(time=("estimate", np.array(["NaT"], "datetime64[ns]"))), tracks)
    with pytest.raises(SchemaError, match="'target'"):
        gospa(tracks, tracks)
    with pytest.raises(ScoringError, match="hysteresis_m"):
        identity_switches(truth, tracks, hysteresis_m=60.0)


def test_histories_of_whole_numbers_score_as_those_of_floats():
    truth, tracks = truth_of(("A", 0, 0, 0), ("A", 1, 10, 0)), tracks_of(("x", 0, 3, 4, "confirmed", 10, 0))
    whole = (truth.assign(easting=truth["easting"].astype(int)), tracks.assign(northing=tracks["northing"].astype(int)))
    assert gospa(*whole).identical(gospa(truth, tracks))
    assert gospa(truth, tracks)["gospa"].values.tolist() == [5.0, 5.0]


@settings(max_examples=60, deadline=None)
@given(
    truth=st.lists(st.tuples(st.floats(-60.0, 60.0), st.floats(-60.0, 60.0)), min_size=1, max_size=6),
    tracks=st.lists(st.tuples(st.floats(-60.0, 60.0), st.floats(-60.0, 60.0)), max_size=6),
    order=st.sampled_from([1.0, 2.0]),
)
def test_gospa_equals_stone_soups_on_random_sets(truth, tracks, order):
    from stonesoup.metricgenerator.ospametric import GOSPAMetric
    from stonesoup.types.state import State

    now = datetime(2026, 3, 1, tzinfo=UTC)
    metric, _ = GOSPAMetric(p=order, c=50.0).compute_gospa_metric(
        [State(list(at), timestamp=now) for at in tracks], [State(list(at), timestamp=now) for at in truth]
    )
    theirs = metric.value
    ours = gospa(
        truth_of(*[(f"t{i}", 0.0, *at) for i, at in enumerate(truth)]),
        tracks_of(*[(f"k{i}", 0.0, *at, "confirmed") for i, at in enumerate(tracks)]),
        cutoff_m=50.0,
        order=order,
    )
    assert float(ours["gospa"][0]) == pytest.approx(float(theirs["distance"]), rel=1e-9, abs=1e-9)
    assert float(ours["missed"][0]) ** order == pytest.approx(abs(float(theirs["missed"])), rel=1e-9, abs=1e-9)
    assert float(ours["false"][0]) ** order == pytest.approx(abs(float(theirs["false"])), rel=1e-9, abs=1e-9)
