"""Bad days never help, and a zone loses its guard as its posts are withdrawn."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.equipment.catalogue import shipped
from sensors.layout import Layout, place
from sensors.planning import CompareSettings, study
from sensors.planning.comparison.degradation import BufferZone, degraded, posts_withdrawn

FRAME = LocalFrame.around(-84.2, 36.6)


@pytest.fixture(scope="module")
def bad_days() -> xr.Dataset:
    east, north = np.arange(-1500.0, 1501.0, 60.0), np.arange(1020.0, -1021.0, -60.0)
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((len(north), len(east))), {"units": "m"})},
        {"northing": north, "easting": east},
        {"crs": FRAME.crs.to_wkt(), "datum": "test"},
    )
    border = Border(FRAME, LineString([(-1400.0, 0.0), (1400.0, 0.0)]), segment_length_m=400.0, home_side="right")

    def of(name: str, item: str, *eastings: float) -> Layout:
        values = shipped()[item].layout_values() | {"field_of_view_deg": 360.0}
        sensors = [place(FRAME, x, 0.0, id=f"{name}{i}", catalogue=item, **values) for i, x in enumerate(eastings)]
        return Layout(name, FRAME, tuple(sensors))

    layouts = [of("posts", "handheld_thermal", -900.0, 0.0, 900.0), of("radars", "portable_radar", -700.0, 700.0)]
    case = CompareSettings(
        belt_m=600.0, samples=20, residual_item=None, weather={"day": 0.5, "night": 0.3, "night,fog": 0.2}
    )
    return degraded(study(layouts, terrain, border, settings=case))


def test_no_bad_day_is_better_than_the_plan(bad_days: xr.Dataset) -> None:
    for name in ("mean_detection", "least_detection"):
        plan = bad_days[name].sel(scenario="as_planned")
        for scenario in bad_days["scenario"].to_numpy():
            if scenario != "week_of_fog":  # another mixture of weathers
                left = bad_days[name].sel(scenario=scenario)
                assert (left.isnull() | (left <= plan + 1e-12)).all(), scenario


def test_more_losses_leave_less(bad_days: xr.Dataset) -> None:
    found = bad_days["mean_detection"]
    assert (found.sel(scenario="three_parts_stolen") <= found.sel(scenario="one_part_stolen") + 1e-12).all()
    posts = found.sel(layout="posts")
    assert posts.sel(scenario="all_posts_withdrawn") <= posts.sel(scenario="one_post_withdrawn")
    assert posts.sel(scenario="all_posts_withdrawn") < 0.2 * posts.sel(scenario="as_planned")


def test_what_a_layout_does_not_have_cannot_be_lost(bad_days: xr.Dataset) -> None:
    found = bad_days["mean_detection"]
    assert np.isnan(found.sel(scenario="jammed", layout="posts"))
    assert np.isnan(found.sel(scenario="all_posts_withdrawn", layout="radars"))
    assert found.sel(scenario="jammed", layout="radars") < 1e-9
    assert found.sel(scenario="week_of_fog", layout="posts") < found.sel(scenario="as_planned", layout="posts")


def test_a_buffer_zone_loses_its_guard_with_its_posts() -> None:
    """The same spacings as in Cyprus (1.2, 3.5, 8.6 km) on a shorter zone; both directions alike on made-up swells."""
    short = BufferZone(length_m=18_000.0)
    found = posts_withdrawn(shipped()["observation_post"], (15, 5, 2), ground=short)
    assert found["spacing_m"].to_numpy() == pytest.approx([1200.0, 3600.0, 9000.0])
    guarded = found["meets_requirement_fraction"]
    assert (guarded.diff("posts") <= 0.0).all()
    assert (guarded.sel(posts=15) > 0.9).all()
    assert (guarded.sel(posts=2) < 0.2).all()
    assert abs(found["mean_detection"].diff("direction")).max() < 0.1


def test_zones_that_cannot_be() -> None:
    with pytest.raises(BadInput, match="0 posts"):
        posts_withdrawn(shipped()["observation_post"], (0,), ground=BufferZone(length_m=5000.0))
    with pytest.raises(BadInput, match="width_m"):
        BufferZone(width_m=-1.0)
