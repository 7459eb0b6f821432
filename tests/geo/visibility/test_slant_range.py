"""The slant range against straight distances in geocentric coordinates (PROJ, EPSG:4979 to EPSG:4978)."""

from __future__ import annotations

import numpy as np
import pyproj
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.visibility.slant_range import slant_range

GEOD = pyproj.Geod(ellps="WGS84")
TO_SPACE = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
heights = st.floats(-100.0, 4_000.0)


@settings(deadline=None, max_examples=60)
@given(st.floats(-70.0, 70.0), st.floats(0.0, 360.0), st.floats(1.0, 20_000.0), heights, heights)
def test_it_is_the_straight_distance_in_space(
    lat: float, azimuth: float, distance: float, low: float, high: float
) -> None:
    lon, far_lat, _ = GEOD.fwd(7.0, lat, azimuth, distance)
    first, second = TO_SPACE.transform(7.0, lat, low), TO_SPACE.transform(lon, far_lat, high)
    straight = float(np.linalg.norm(np.subtract(first, second)))
    assert abs(float(slant_range(distance, low, high)) - straight) < 0.05 + 3e-6 * distance


def test_by_hand() -> None:
    """3 : 4 : 5 at sea level; at 1,900 m 5,000 m of the map are 1.49 m more."""
    assert abs(float(slant_range(4_000.0, 0.0, 3_000.0)) - 5_000.0) < 0.8  # the other end is 3,000 m up
    assert abs(float(slant_range(5_000.0, 1_900.0, 1_900.0)) - 5_001.49) < 0.01
