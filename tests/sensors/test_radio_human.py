"""Radio finders and observers: what their records promise, by hand, and that the whole chain takes them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.coverage import CURVATURE_K
from sensors.crossing.watched_belt import searches
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.weather import Conditions
from sensors.errors import LayoutError
from sensors.human import Human
from sensors.layout import KINDS, Layout, place
from sensors.radio import Radio
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(8.0, 47.0)


def radio(**values: object) -> Radio:
    made = place(FRAME, 0.0, 0.0, id="r", kind="radio", max_range_m=8000.0, **values)
    assert isinstance(made, Radio)
    return made


def human(**values: object) -> Human:
    made = place(FRAME, 0.0, 0.0, id="h", kind="human", max_range_m=4000.0, **values)
    assert isinstance(made, Human)
    return made


def test_an_eye_sees_half_of_the_walkers_where_they_span_a_minute_and_a_half() -> None:
    """0.75 m across 1.5 minutes of arc is 0.75/(1.5·π/10 800) m = 1719 m; twice as far with twice the magnification."""
    half_m = 0.75 / (1.5 * math.pi / 10_800)
    assert half_m == pytest.approx(1718.9, abs=0.1)
    assert human(detection_probability=1.0).look_probability(half_m) == pytest.approx(0.5)
    assert human(detection_probability=0.8, magnification=2.0).look_probability(2 * half_m) == pytest.approx(0.4)
    assert human().look_probability(4000.1) == 0.0


@settings(deadline=None)
@given(st.floats(1.0, 4000.0), st.floats(0.0, 1000.0), st.sampled_from(["person", "group", "vehicle"]))
def test_farther_or_in_haze_or_at_night_an_observer_sees_no_more(range_m: float, more_m: float, target: str) -> None:
    watcher = human()
    clear, haze = Situation(target), Situation(target, Conditions(visibility_m=2000.0))
    look = watcher.look_and_rate(range_m, clear)[0]
    assert watcher.look_and_rate(range_m + more_m, clear)[0] <= look
    assert watcher.look_and_rate(range_m, haze)[0] <= look <= watcher.detection_probability
    assert watcher.look_and_rate(range_m, Situation(target, Conditions(daylight=False)))[0] == 0.0
    assert human(night=True).look_and_rate(range_m, Situation(target, Conditions(daylight=False)))[0] == look


def test_who_carries_no_transmitter_is_never_heard_however_long() -> None:
    finder = radio(detection_probability=0.4, duty=0.1, search_s=300.0)
    situation = Situation()
    look, rate = finder.look_and_rate(np.array([10.0, 5000.0]), situation)
    found = [1.0 - np.exp(-rate * finder.exposure_s(dwell_s, situation)) for dwell_s in (300.0, 86_400.0)]
    np.testing.assert_allclose(found, 0.4)
    np.testing.assert_allclose(look, 0.4)
    np.testing.assert_allclose(finder.look_probability([10.0, 5000.0, 8000.1]), [0.04, 0.04, 0.0])
    assert radio().exposure_s(1e6, situation) == situation.assumptions.radio_search_s


def test_each_kind_has_its_own_file_and_all_that_is_asked_of_a_kind() -> None:
    for kind, record in KINDS.items():
        assert record.__module__ == f"sensors.{kind}"
        made = place(FRAME, 0.0, 0.0, id="x", kind=kind, max_range_m=500.0)
        assert made.kind == kind
        look, rate = made.look_and_rate(np.array([100.0]), Situation())
        assert 0.0 < look[0] <= 1.0
        assert rate[0] > 0.0
        assert CURVATURE_K[kind] > 1.0
    assert [kind for kind in KINDS if searches(kind)] == ["camera", "radio", "human"]


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [("radio", "duty", 0.0), ("radio", "duty", 1.1), ("human", "magnification", 0.0), ("human", "night", 1)],
)
def test_values_that_no_such_sensor_has_are_refused_by_their_key(kind: str, key: str, value: float) -> None:
    with pytest.raises(LayoutError, match=key):
        place(FRAME, 0.0, 0.0, id="x", kind=kind, max_range_m=500.0, **{key: value})


def test_simulated_bearings_of_a_finder_and_an_observer_point_at_the_walker() -> None:
    """Radio: azimuth alone, in a binomial share of the looks. Observer: azimuth and a guessed range."""
    layout = Layout(
        "x",
        FRAME,
        (
            radio(period_s=1.0, azimuth_sd_deg=2.0, detection_probability=0.8, duty=0.25),
            human(period_s=10.0, azimuth_sd_deg=5.0, range_sd_m=200.0),
        ),
    )
    walker = Mover.straight("a", (0.0, 500.0), (1.0, 0.0), 600.0)
    scenario = Scenario((walker,), datetime(2026, 3, 14, 21, 0, tzinfo=UTC), 600.0)
    detections, _ = simulate(layout, scenario, None, seed=4)
    sensor = detections["sensor_id"].to_numpy()
    heard, seen = sensor == "r", sensor == "h"
    share, sd = 0.8 * 0.25, math.sqrt(600 * 0.2 * 0.8)
    assert abs(heard.sum() - 600 * share) < 4.0 * sd
    assert seen.sum() > 30
    assert np.isnan(detections["range"].to_numpy()[heard]).all()
    assert np.isfinite(detections["range"].to_numpy()[seen]).all()
    azimuth = (np.degrees(detections["azimuth"].to_numpy()) + 90.0) % 360.0 - 90.0
    assert azimuth.min() > -5.0 * 5.0, "it walks from north of us to 50° east of that"
    assert azimuth.max() < 50.2 + 5.0 * 5.0
