"""Light and weather: names and numbers, and that worse weather never helps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.camera import extinction_per_m, sight_left
from sensors.detection_model.assumptions import TARGETS, Assumptions, Situation
from sensors.detection_model.weather import NAMED, Conditions, conditions_of
from sensors.errors import ConditionsError
from sensors.layout import place

FRAME = LocalFrame.around(-84.2, 36.6)
RANGES = np.array([1.0, 10.0, 100.0, 500.0, 1_000.0, 3_000.0, 8_000.0])


def sensor(kind: str, **keys):
    return place(FRAME, 0.0, 0.0, id="s", kind=kind, **({"max_range_m": 10_000.0} | keys))


SENSORS = {
    "radar by range": sensor("radar", reference_range_m=6_000.0, period_s=3.0),
    "radar": sensor("radar", detection_probability=0.8),
    "radar without an echo": sensor("radar", detection_probability=0.0),
    "thermal camera": sensor("camera", pitch_m=12e-6, focal_length_m=0.1),
    "day camera": sensor("camera", pitch_m=5e-6, focal_length_m=0.1, night=False),
    "camera without optics": sensor("camera"),
    "ground sensor": sensor("ground_sensor", elfes_lambda=0.001),
}
states = st.builds(
    Conditions,
    daylight=st.booleans(),
    visibility_m=st.one_of(st.just(math.inf), st.floats(1.0, 60_000.0)),
    rain_mm_h=st.floats(0.0, 200.0),
    absolute_humidity_g_m3=st.floats(0.0, 40.0),
    wind_mps=st.floats(0.0, 60.0),
)


@pytest.mark.parametrize("name", SENSORS)
@given(states, states, st.sampled_from(TARGETS))
@settings(max_examples=60, deadline=None)
def test_worse_weather_never_raises_look_or_rate(name, one, other, target):
    before = SENSORS[name].look_and_rate(RANGES, Situation(target, one))
    after = SENSORS[name].look_and_rate(RANGES, Situation(target, one.and_also(other)))
    for better, worse in zip(before, after, strict=True):
        assert (worse <= better * (1.0 + 1e-9) + 1e-15).all()
        assert (worse >= 0.0).all()
        assert np.isfinite(worse).all()


@pytest.mark.parametrize("name", SENSORS)
@given(states, st.sampled_from(TARGETS))
@settings(max_examples=30, deadline=None)
def test_a_larger_or_faster_target_is_never_missed_more(name, state, target):
    small = SENSORS[name].look_and_rate(RANGES, Situation("person", state))
    large = SENSORS[name].look_and_rate(RANGES, Situation(target, state))
    for less, more in zip(small, large, strict=True):
        assert (more >= less * (1.0 - 1e-12)).all()


def test_a_day_camera_is_blind_at_night_and_a_thermal_one_is_not():
    night = Situation("person", NAMED["night"])
    assert not SENSORS["day camera"].look_and_rate(RANGES, night)[0].any()
    thermal = SENSORS["thermal camera"]
    np.testing.assert_array_equal(thermal.look_and_rate(RANGES, night), thermal.look_and_rate(RANGES, Situation()))


def test_each_weather_harms_what_it_should():
    harmed = {
        "fog": {"thermal camera", "day camera", "camera without optics"},
        "humid": {"thermal camera", "camera without optics"},
        "wind": {"radar by range", "radar", "ground sensor"},
        "rain": set(SENSORS) - {"radar without an echo"},
    }
    for weather, names in harmed.items():
        for name, one in SENSORS.items():
            clear, worse = (one.look_and_rate(2_000.0, Situation("person", NAMED[w]))[1] for w in ("day", weather))
            assert (float(worse) < float(clear)) == (name in names), (weather, name)


def test_at_its_own_visibility_the_air_leaves_two_percent_of_the_contrast():
    # Koschmieder: V is where exp(−σ V) = .02, so σ = 3.912/V
    sigma = extinction_per_m(Conditions(visibility_m=2_000.0), Assumptions(), thermal=False)
    assert sigma == pytest.approx(3.912 / 2_000.0, rel=1e-4)
    black = Assumptions(day_contrast=1.0)  # black against the sky is seen to the visibility and no farther
    left = sight_left(np.array([0.0, 1_000.0, 2_000.0]), Conditions(visibility_m=2_000.0), black, thermal=False)
    np.testing.assert_allclose(left, [1.0, 0.5, 0.0], atol=1e-12)


def test_thermal_light_passes_haze_and_not_fog():
    known = Assumptions()
    for metres, share in ((5_000.0, 18.18**-1.14), (1_000.0, 18.18**-0.5), (200.0, 1.0)):
        weather = Conditions(visibility_m=metres)
        by_day, by_heat = (extinction_per_m(weather, known, thermal=heat) for heat in (False, True))
        assert by_heat / by_day == pytest.approx(share, rel=1e-3)  # (10 µm / .55 µm)^−q, Kim et al.


def test_rain_weakens_light_as_carbonneau_says():
    # 1.076 R^.67 dB/km: 10 mm/h → 5.033 dB/km = 1.159/km
    sigma = extinction_per_m(NAMED["rain"], Assumptions(), thermal=False)
    assert sigma * 1_000.0 == pytest.approx(1.076 * 10.0**0.67 * math.log(10.0) / 10.0, rel=1e-9)
    assert sigma * 1_000.0 == pytest.approx(1.159, abs=5e-4)


def test_names_go_together_and_the_worse_counts():
    both = Conditions.named("night, fog,visibility_m=800,wind_mps=3")
    assert both == Conditions(daylight=False, visibility_m=200.0, wind_mps=3.0)
    assert Conditions.named("fog,night") == Conditions.named("night,fog")
    assert Conditions.named("day") == Conditions()
    assert conditions_of("night,fog,night")[0] == "night,fog"
    assert conditions_of(["night", "fog"]) == conditions_of("night,fog")
    assert conditions_of(NAMED["rain"])[0] == "rain"
    assert conditions_of(Conditions(daylight=False, rain_mm_h=3.0))[0] == "night,rain_mm_h=3"


@given(states, states)
def test_together_is_the_same_in_any_order_and_once_is_enough(one, other):
    assert one.and_also(other) == other.and_also(one)
    assert one.and_also(one) == one


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "''"),
        ("night,,fog", "''"),
        ("snow", "'snow'"),
        ("Night", "'Night'"),
        ("day,night", "day and night"),
        ("wind_mps=strong", "'strong'"),
        ("wind_mps=nan", "nan"),
        ("wind_mps=-1", "-1"),
        ("visibility_m=0", "0.0"),
        ("daylight=0", "'daylight=0'"),
        ("{{7*7}}", "{{7*7}}"),
        (7, "7"),
    ],
)
def test_weather_that_cannot_be_is_one_sentence(text, word):
    with pytest.raises(ConditionsError, match=r"expected .+\.$") as refused:
        Conditions.named(text)
    assert word in str(refused.value)


@pytest.mark.parametrize("given", [None, 7, [], ["night", 7], {"night": 1}])
def test_what_names_no_weather_is_refused(given):
    with pytest.raises(ConditionsError, match="conditions"):
        conditions_of(given)


@pytest.mark.parametrize("keys", [{"rain_mm_h": -1.0}, {"visibility_m": math.nan}, {"daylight": 1}, {"wind_mps": True}])
def test_numbers_that_no_weather_has_are_refused(keys):
    with pytest.raises(ConditionsError, match=next(iter(keys))):
        Conditions(**keys)
