"""What became of crossers, and what a recording that ends too soon unclear."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import xarray as xr

from geo.border import Border, Zone
from geo.frame import LocalFrame
from sensors.interdiction import InterdictionError, at_crosser, modelled_outcomes

NAN = float("nan")


@pytest.mark.parametrize(
    ("confirmed_s", "head_start_s", "to_go_s", "recorded_s", "outcome"),
    [
        (60.0, 120.0, 300.0, 900.0, "apprehended"),
        (60.0, -5.0, 300.0, 900.0, "got away"),
        (60.0, NAN, 300.0, 900.0, "got away"),
        (899.0, 120.0, 300.0, 900.0, "open"),  # confirmed a second before the end: the response has not met anybody
        (899.0, -5.0, 300.0, 900.0, "open"),
        (720.0, 120.0, 300.0, 900.0, "apprehended"),  # to the second: the response takes 300 − 120 s
        (721.0, 120.0, 300.0, 900.0, "open"),
        (600.0, -120.0, 300.0, 900.0, "got away"),  # to the second: the crosser takes 300 s, the response 420 s
        (601.0, -120.0, 300.0, 900.0, "open"),
        (850.0, NAN, NAN, 900.0, "got away"),  # confirmed on the own side beyond the belt
        (NAN, NAN, 300.0, 900.0, "open"),  # still in the belt at the end, and may yet be detected
        (NAN, NAN, NAN, 900.0, "undetected"),
        (NAN, NAN, 0.0, 900.0, "undetected"),
    ],
)
def test_by_hand(confirmed_s: float, head_start_s: float, to_go_s: float, recorded_s: float, outcome: str) -> None:
    assert modelled_outcomes([confirmed_s], [head_start_s], [to_go_s], [recorded_s]).tolist() == [outcome]


def test_a_longer_recording_decides_more_and_changes_nothing_that_was_decided() -> None:
    draw = np.random.default_rng(3)
    confirmed = np.where(draw.random(200) < 0.3, np.nan, draw.uniform(0.0, 900.0, 200))
    margin, to_go = draw.normal(0.0, 300.0, 200), draw.uniform(1.0, 900.0, 200)
    seen = np.isfinite(confirmed)
    short, long = (modelled_outcomes(confirmed, margin, to_go, np.full(200, end)) for end in (900.0, 1800.0))
    decided = short != "open"
    assert (long[decided] == short[decided]).all()
    assert (long[seen] != "open").all(), "everybody who was seen is over the edge by then"
    assert (short[seen] == "open").sum() > 0


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InterdictionError, match="lengths differ"):
        modelled_outcomes([1.0, 2.0], [1.0], [1.0], [1.0])


FRAME = LocalFrame.from_epsg(32631)


def _edge(northing: float) -> Border:
    """From west to east, with the own side in the south."""
    line = shapely.LineString([(0.0, northing), (10_000.0, northing)])
    return Border(FRAME, line, segment_length_m=500.0, home_side="right")


@pytest.mark.parametrize(("border", "width_m"), [(_edge(0.0), 0.0), (Zone(_edge(0.0), _edge(1000.0)), 1000.0)])
def test_a_crosser_confirmed_beyond_the_belt_still_has_to_come_to_it(border: Border | Zone, width_m: float) -> None:
    """The margin on the far side is that of the belt's edge; on the own side the crossing is over."""
    northing = np.arange(3950.0, -4000.0, -100.0)
    inside = (northing < 2000.0 + width_m) & (northing > -2000.0)
    to_go = np.where(inside, northing + 2000.0, np.nan)[:, None] * np.ones(100)
    place = {"northing": northing, "easting": np.arange(50.0, 10_000.0, 100.0)}
    values = xr.DataArray(to_go, place, ("northing", "easting"))

    def at(offset_m: float) -> float:
        return at_crosser(values, border, 2000.0, (5000.0, offset_m))

    edge = at(1950.0 + width_m)
    assert at(2500.0 + width_m) == at(20_000.0 + width_m) == edge == 3950.0 + width_m
    assert at(50.0) == 2050.0
    assert np.isnan(at(-2500.0))
    outcomes = [modelled_outcomes([60.0], [at(offset)], [at(offset)], [36_000.0])[0] for offset in (3000.0, -3000.0)]
    assert outcomes == ["apprehended", "got away"]
