"""Cameras on made hills, whose searches end: a path found for one choice can be the crosser's best past another."""

from __future__ import annotations

import numpy as np
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.planning.choice.benefits import Case, OptionBenefits, option_benefits
from sensors.planning.choice.options import beside, options_of

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 50.0


def camera_scene(seed: int, candidates: int, *, standing: int = 0) -> OptionBenefits:
    """The benefits of ``candidates`` cameras in addition to ``standing`` ones."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[0:25, 0:37]
    height = 40.0 * np.sin(column / 3.0 + rng.uniform(0, 6)) * np.cos(row / 2.7 + rng.uniform(0, 6))
    hills = xr.Dataset(
        {"elevation": (("northing", "easting"), height, {"units": "m"})},
        coords={"northing": CELL_M * np.arange(25)[::-1], "easting": CELL_M * np.arange(37)},
        attrs={"crs": FRAME.wkt},
    )
    border = Border(FRAME, LineString([(100.0, 600.0), (1700.0, 600.0)]), segment_length_m=400.0)
    cameras = []
    for n in range(standing + candidates):
        east, north, reach = (float(rng.uniform(*span)) for span in ((200, 1600), (300, 900), (500, 1500)))
        seen, cost = float(rng.uniform(0.15, 0.45)), float(rng.integers(1, 4))
        values = {"max_range_m": reach, "detection_probability": seen, "mast_height_m": 12.0, "cost": cost}
        cameras.append(place(FRAME, east, north, id=f"p{n}", kind="camera", **values))
    present = Layout("now", FRAME, tuple(cameras[:standing])) if standing else None
    options = beside(options_of(Layout("c", FRAME, tuple(cameras[standing:]))), present)
    return option_benefits(options, hills, border, case=Case(belt_m=400.0), present=present)
