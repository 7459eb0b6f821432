"""The what-if of trusted lanes: hand-worked, its invariants, texts, and refusals."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.analysis.lanes.command import _short, answer_of
from ops.analysis.lanes.what_if import CrossingPoint, compare_lanes
from ops.runtime.output import speaking
from ops.sector.samples import samples_folder
from ops.sector.toml_record import ConfigError, record_from
from ops.words import MessageCatalogue

POINT = CrossingPoint(
    title="Bridge", source="made up", lanes=3, trusted_lanes=1, arrivals_per_hour=90.0, check_minutes=1.0,
    trusted_minutes=1.0, enrolled_fraction=1 / 3, sampled_fraction=0.1, ordinary_checks=1000, ordinary_finds=100,
    trusted_checks=100, trusted_finds=0,
)  # fmt: skip


def test_by_hand() -> None:
    """1.5 arrivals per minute on 3 lanes: C(3, 1.5) = 0.23684, so 0.23684/1.5 min. Own: M/M/1, M/M/2, half full."""
    found = compare_lanes(POINT)
    everyone, own, first = found.arrangements
    assert everyone.mean_min == pytest.approx(0.2368421 / 1.5)
    assert own.enrolled_min == pytest.approx(1.0)
    assert own.others_min == pytest.approx(1 / 3)
    assert own.mean_min == pytest.approx((1.0 + 2 / 3) / 3)
    # as all take the same time, priority does not change the mean: Cobham with loads 1/6 and 1/3
    assert first.enrolled_min == pytest.approx(0.2368421 / 3 / (5 / 6))
    assert first.others_min == pytest.approx(0.2368421 / 3 / (5 / 6 * 0.5))
    assert first.mean_min == pytest.approx(everyone.mean_min)
    assert all(one.exact for one in found.arrangements)
    # 30 enrolled per hour, of which 27 pass without a full check; 60 others find 0.1 each
    assert found.checks_saved_per_hour == pytest.approx(27.0)
    assert found.checks_per_hour == pytest.approx(63.0)
    assert found.finds_all_checked.value == pytest.approx(6.0)
    assert found.finds_trusted.value == pytest.approx(6.0)
    # none in 100 checks: Wilson's upper end is 0.0370
    assert (found.finds_missed.value, found.finds_missed.low) == (0.0, 0.0)
    assert found.finds_missed.high == pytest.approx(27 * 0.036995, rel=1e-3)
    assert found.misuse_met == pytest.approx(1 - 0.9**20)


CROWDED = replace(
    POINT, lanes=2, arrivals_per_hour=60.0, check_minutes=5.0, trusted_minutes=0.2, enrolled_fraction=0.8,
    sampled_fraction=0.05, ordinary_checks=10_000, ordinary_finds=200, trusted_checks=1000, trusted_finds=5,
)  # fmt: skip


@pytest.mark.parametrize("minutes", [5.0, 5.0 * (1.0 - 1e-12), 5.0 * (1.0 + 1e-12)])
def test_a_lane_that_is_full_has_no_steady_state_and_does_not_grow(minutes: float) -> None:
    """12 others per hour on one lane that makes 12 full checks per hour."""
    own = compare_lanes(replace(CROWDED, check_minutes=minutes)).arrangements[1]
    assert (own.others_min, own.mean_min, own.growth_per_hour) == (math.inf, math.inf, 0.0)
    assert own.enrolled_min < math.inf


def test_checks_and_finds_that_cannot_all_be_made_are_unknown() -> None:
    """Two lanes make 24 of 60 full checks per hour; with trusted lanes all are made: 12 · 0.02 + 2.4 · 0.005 finds."""
    found = compare_lanes(CROWDED)
    assert found.arrangements[0].growth_per_hour == pytest.approx(36.0)
    assert math.isnan(found.finds_all_checked.value)
    assert math.isnan(found.checks_saved_per_hour)
    assert found.finds_trusted.value == pytest.approx(0.252)
    assert found.checks_per_hour == pytest.approx(14.4)
    assert found.as_dict()["finds_per_hour_all_checked"] == {"value": None, "low": None, "high": None}
    assert "not all checks are made" in " ".join(answer_of(found))
    more = compare_lanes(replace(CROWDED, arrivals_per_hour=600.0))
    assert math.isnan(more.checks_per_hour)
    assert math.isnan(more.finds_trusted.low)
    assert more.as_dict()["checks_per_hour"] is None
    assert "not all checks" not in " ".join(answer_of(compare_lanes(POINT)))


def test_which_formulas_are_exact() -> None:
    """Two lanes or more with mixed checks are approximate; one lane, or one service time, is exact."""
    shorter = replace(POINT, trusted_minutes=0.5)
    assert [one.exact for one in compare_lanes(shorter).arrangements] == [True, True, False]
    two = replace(shorter, trusted_lanes=2)
    assert [one.exact for one in compare_lanes(two).arrangements] == [True, False, False]
    all_short = replace(two, enrolled_fraction=1.0, sampled_fraction=0.0)
    assert [one.exact for one in compare_lanes(all_short).arrangements] == [True, True, True]


def test_without_checks_of_enrolled_ones_the_finds_are_unknown_and_the_interval_is_all() -> None:
    found = compare_lanes(replace(POINT, trusted_checks=0, trusted_finds=0))
    assert math.isnan(found.finds_missed.value)
    assert (found.finds_missed.low, found.finds_missed.high) == pytest.approx((0.0, 27.0))
    assert found.as_dict()["finds_per_hour_missed"]["value"] is None


def test_a_queue_that_grows_is_stated() -> None:
    """4 arrivals per minute for 3 lanes of 1 per minute: 60 per hour too many."""
    everyone, own, first = compare_lanes(replace(POINT, arrivals_per_hour=240.0)).arrangements
    assert (everyone.mean_min, everyone.growth_per_hour) == (math.inf, pytest.approx(60.0))
    # own lanes: 80 enrolled on a lane for 60, 160 others on two lanes for 120
    assert own.growth_per_hour == pytest.approx(20.0 + 40.0)
    assert (first.others_min, first.growth_per_hour) == (math.inf, pytest.approx(60.0))
    assert first.enrolled_min < 1.0


def test_no_one_enrolled_has_no_part_in_the_mean() -> None:
    found = compare_lanes(replace(POINT, enrolled_fraction=0.0))
    assert found.arrangements[1].mean_min == pytest.approx(1.5 / 2 * (1.5 / 2) / (1 - (1.5 / 2) ** 2))
    assert found.checks_saved_per_hour == 0.0


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(1.0, 150.0), st.floats(0.1, 1.0))
def test_invariants(enrolled: float, sampled: float, arrivals: float, short: float) -> None:
    """Finds made and missed add up, checks never exceed arrivals, and shorter checks never raise the load."""
    point = replace(
        POINT, enrolled_fraction=enrolled, sampled_fraction=sampled, arrivals_per_hour=arrivals, trusted_minutes=short,
        trusted_finds=4,
    )  # fmt: skip
    found = compare_lanes(point)
    everyone, _, first = found.arrangements
    assert first.busy <= everyone.busy + 1e-12
    assert first.growth_per_hour == pytest.approx(0.0, abs=1e-9)
    made = found.finds_trusted.value + found.finds_missed.value
    if any(one.growth_per_hour for one in found.arrangements):
        assert math.isnan(made) or math.isnan(found.finds_all_checked.value)
        assert math.isnan(found.checks_saved_per_hour)
        return
    assert made == pytest.approx(found.finds_all_checked.value)
    assert found.checks_per_hour + found.checks_saved_per_hour == pytest.approx(arrivals)
    for one in (found.finds_all_checked, found.finds_trusted, found.finds_missed):
        assert one.low <= one.value <= one.high


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("trusted_lanes", 3, "fewer than lanes"),
        ("lanes", 1, ">= 2"),
        ("enrolled_fraction", 1.2, "<= 1"),
        ("arrivals_per_hour", 0.0, ">= "),
        ("arrivals_per_hour", 5e-324, ">= "),  # would divide by 0
        ("trusted_minutes", 1e-200, ">= "),
        ("arrivals_per_hour", math.nan, ">= "),
        ("trusted_minutes", 2.0, "at most the time of a full check"),
        ("trusted_finds", 101, "at most trusted_checks"),
        ("title", "a\u202eb", "line"),
        ("speed", 1, "unknown key"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(key: str, value: Any, expected: str) -> None:
    stated = {name: getattr(POINT, name) for name in CrossingPoint.__dataclass_fields__} | {key: value}
    with pytest.raises(ConfigError) as caught:
        record_from(CrossingPoint, stated, where="crossing.toml")
    assert expected in str(caught.value)
    assert key in str(caught.value)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_sample_is_marked_as_made_up(watchline: Callable[..., Any], tmp_path: Path, language: str) -> None:
    sample = samples_folder() / "cumberland" / "crossing.toml"
    with speaking(MessageCatalogue.of(language)):
        ending = watchline("lanes", str(sample), "--out", str(tmp_path / "out"), "--json")
    figures = json.loads(ending.out)
    assert figures["illustrative"]
    assert {"en": "Illustrative data", "fr": "Données illustratives"}[language] in ending.err
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["checks_saved_per_hour"] == pytest.approx(39.9)
    assert "lanes-" not in ending.err


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.15789473, "0.16"), (1.0, "1"), (3.4567, "3.5"), (9.96, "10"), (27.0, "27"), (103.7, "104"), (0.0, "0"),
     (1234.5, "1,234"), (0.036995, "0.037"), (math.nan, "–"), (math.inf, "–")],
)  # fmt: skip
def test_figures_of_a_model_have_two_digits_or_are_whole(value: float, said: str) -> None:
    assert _short(value) == said


def test_no_sentence_has_more_digits_than_the_model_knows() -> None:
    sentences = answer_of(compare_lanes(POINT))
    assert sentences[0].startswith("Mean wait of all arrivals: 0.16 min if everyone is checked")
    for number in re.findall(r"\d[\d,.]*\d|\d", " ".join(sentences)):
        assert len(number.replace(",", "").replace(".", "").lstrip("0")) <= 2 or float(number.replace(",", "")) >= 10.0
