"""The patrol game of a plan: the times of its rounds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from geo.paths.response_times import response_time
from ops.analysis.plan.patrols import at_any_time, game_of, solved, sweeps_of, write_roster
from ops.runtime.output import say_in_english
from sensors.patrols import Game, Shift, Sweeps, solve_game
from tests.sensors.crossing.test_time_versus_detection import GROUND, seen

FRAME = LocalFrame.around(1.5, 42.5)


def steep_ground() -> xr.Dataset:
    """Ground of 30 m cells that rises by 1 in 2 towards the east: too steep to drive."""
    easting, northing = 15.0 + 30.0 * np.arange(80), 15.0 + 30.0 * np.arange(40)[::-1]
    height = np.broadcast_to(0.5 * easting, (40, 80)).copy()
    return xr.Dataset(
        {"elevation": (("northing", "easting"), height, {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": FRAME.wkt},
    )


def test_each_journey_of_a_patrol_takes_the_time_of_its_own_direction() -> None:
    """Uphill takes exp(0.35) times what downhill takes (Tobler, ± 0.5); the base is below, the border goes uphill."""
    border = Border(FRAME, LineString([(885.0, 615.0), (2_085.0, 615.0)]), segment_length_m=300.0)
    base = np.array([[315.0, 615.0]])
    rounds = sweeps_of(border, steep_ground(), base, np.arange(4), Shift())
    ratio = np.exp(0.35)
    assert rounds.out_s / rounds.back_s == pytest.approx(np.full((1, 4), ratio), rel=1e-6)
    assert rounds.hop_s / rounds._along_back_s == pytest.approx(np.full(3, ratio), rel=1e-6)
    up = rounds.out_s[0]
    assert np.diff(up) == pytest.approx(rounds.hop_s, rel=1e-6), "the same search: base to segment, then to the next"


def test_several_bases_have_journeys_of_their_own() -> None:
    border = Border(FRAME, LineString([(300.0, 615.0), (2_100.0, 615.0)]), segment_length_m=300.0)
    low, high = [315.0, 615.0], [2_085.0, 615.0]
    both = sweeps_of(border, steep_ground(), np.array([low, high]), np.arange(6), Shift())
    for number, base in enumerate((low, high)):
        alone = sweeps_of(border, steep_ground(), np.array([base]), np.arange(6), Shift())
        assert (both.out_s[number] == alone.out_s[0]).all()
        assert (both.back_s[number] == alone.back_s[0]).all()


def test_a_segment_that_no_patrol_reaches_does_not_make_the_roster_one_round() -> None:
    """By hand: the last segment is beyond a shift and never watched, so the value is 0 whatever patrols do. Among the
    other three, one patrol visits each with 1/3: 0.1 + 0.5/3."""
    rounds = Sweeps(
        np.array([100.0, 100.0, np.inf]),
        np.array([100.0, 100.0, 100.0, np.inf]),
        np.array([100.0, 100.0, 100.0, np.inf]),
        Shift(1, shift_s=3_600.0, stay_s=3_000.0),
    )
    game = Game(np.array([0.1, 0.1, 0.1, 0.0]), np.array([0.6, 0.6, 0.6, 0.5]))
    plan = solved(game, np.arange(10, 14), rounds)
    figures = plan.figures
    assert figures["value"] == figures["without_patrols"] == figures["attacker_best"] == figures["defender_best"] == 0.0
    assert figures["value_in_reach"] == pytest.approx(0.1 + 0.5 / 3.0, abs=1e-6)
    assert figures["out_of_reach"] == [13]
    assert figures["attacker"] == [0.0, 0.0, 0.0, 1.0]
    assert figures["routes_in_the_mixed_strategy"] == 3
    assert len(figures["warnings"]) == 2
    assert "segment 13" in figures["warnings"][0]
    plain = solve_game(game, rounds)
    assert plain.value == pytest.approx(0.0)
    assert len(plain.rounds) == 1, "the plain game leaves the rest to chance"


def test_the_value_of_the_border_is_that_of_the_plain_game() -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed)
        hops, out = draw.exponential(600.0, 4), draw.exponential(1_500.0, 5)
        rounds = Sweeps(hops, out, out, Shift(1 + seed % 2, shift_s=3_600.0, stay_s=900.0))
        uncovered = draw.uniform(0.0, 0.5, 5)
        game = Game(uncovered, uncovered + 0.4 * (draw.random(5) > 0.2))
        plan = solved(game, np.arange(5), rounds)
        assert plan.figures["value"] == pytest.approx(solve_game(game, rounds).value, abs=1e-6)
        reached = np.where(plan.in_reach, uncovered + 0.4 * plan.solution.coverage, uncovered)
        assert reached.min() == pytest.approx(plan.figures["value"], abs=1e-6)


def test_a_roster_that_is_one_round_is_warned_of(tmp_path: Path) -> None:
    rounds = Sweeps(np.zeros(0), np.zeros(1), np.zeros(1), Shift(1))
    plan = solved(Game(np.array([0.2]), np.array([0.7])), np.array([4]), rounds)
    assert [warning.id for warning in plan.warnings] == ["plan-patrols-one-route"]
    assert plan.figures["warnings"] == [say_in_english("plan-patrols-one-route")]
    write_roster(tmp_path, plan, 3)
    assert json.loads((tmp_path / "roster.json").read_text())["shifts"] == [[[4]]] * 3


def test_short_visits_do_not_make_a_border_safer() -> None:
    """By hand: 20 segments, 10 min from the base, 2 min from each other. A shift of 8 h holds 7 stays of 60 min, 14 of
    30 min, and one in each segment of 10 min or 1 min: 0.1 + 0.5 × stays/20 × stay/shift."""
    game, values = Game(np.full(20, 0.1), np.full(20, 0.6)), []
    for stay_min in (60.0, 30.0, 10.0, 1.0):
        shift = Shift(1, shift_s=8 * 3_600.0, stay_s=60.0 * stay_min)
        rounds = Sweeps(np.full(19, 120.0), np.full(20, 600.0), np.full(20, 600.0), shift)
        values.append(solve_game(at_any_time(game, shift), rounds).value)
    stays = np.array([7 * 60, 14 * 30, 20 * 10, 20 * 1])
    assert values == pytest.approx(0.1 + 0.5 * stays / 20.0 / 480.0, abs=1e-6)
    assert at_any_time(game, Shift(1, shift_s=600.0, stay_s=900.0)).covered == pytest.approx(game.covered)
    assert at_any_time(game, Shift(1, shift_s=0.0, stay_s=0.0)).covered == pytest.approx(game.uncovered)


def test_the_game_counts_a_visit_for_the_part_of_the_shift_that_it_lasts() -> None:
    watched, response = seen(0.01), response_time(GROUND, [[100.0, 5.0]])
    half, whole = (
        game_of(watched, response, Shift(1, shift_s=3_600.0, stay_s=seconds))[0] for seconds in (1_800.0, 3_600.0)
    )
    assert (whole.covered > whole.uncovered + 0.1).all()
    assert half.uncovered == pytest.approx(whole.uncovered)
    assert half.covered - half.uncovered == pytest.approx(0.5 * (whole.covered - whole.uncovered))


def test_patrols_are_sent_where_nothing_detects_also_behind_a_void() -> None:
    """Of the western segments the response is unknown. Where no sensor detects, none interrupts however soon it is, and
    a patrol that finds every second crosser there raises the probability from 0 to ½; where one detects, it is unknown.
    """
    wide = GROUND["easting"].to_numpy() < GROUND["easting"].to_numpy().mean()
    unknown = response_time(GROUND, [[100.0, 5.0]]).where(~np.broadcast_to(wide, seen(0.0).belt.inside.shape))
    one = Shift(1, shift_s=3_600.0, stay_s=3_600.0)
    game, segments = game_of(seen(0.0), unknown, one)
    assert segments.tolist() == [*range(seen(0.0).belt.border.segments)]
    assert game.uncovered == pytest.approx(0.0)
    assert game.covered == pytest.approx(0.5)
    _, known = game_of(seen(0.01), unknown, one)
    assert 0 < len(known) < len(segments)
    assert 0 not in known


def test_without_patrols_nothing_is_in_reach() -> None:
    rounds = Sweeps(np.zeros(1), np.zeros(2), np.zeros(2), Shift(0))
    figures = solved(Game(np.array([0.2, 0.3]), np.array([0.7, 0.8])), np.arange(2), rounds).figures
    assert figures["value"] == figures["without_patrols"] == 0.2
    assert figures["value_in_reach"] is None
