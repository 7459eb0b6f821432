"""The relief below a printed map: pale, and empty where the ground is unknown."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from geo.terrain import cell_size
from ops.drawing.hillshade import shade
from ops.drawing.printed_map import DARKEST_GREY, relief
from ops.sector.open_sector import OpenSector


def test_the_relief_is_the_hillshade_of_the_live_map_and_never_dark(hill_ground: OpenSector):
    terrain = hill_ground.terrain.copy(deep=True)
    terrain["elevation"][6, 4] = np.nan
    axes = Figure().subplots()
    relief(axes, terrain, 2, (0.0, 1.0, 0.0, 1.0))
    drawn = axes.images[0].get_array()
    light = shade(terrain["elevation"][::2, ::2].to_numpy().astype(np.float32), 2 * cell_size(terrain))
    assert drawn.min() >= DARKEST_GREY
    assert np.isnan(light).any()
    np.testing.assert_array_equal(np.ma.getmaskarray(drawn), np.isnan(light))
    np.testing.assert_allclose(
        (drawn.compressed() - DARKEST_GREY) / (1 - DARKEST_GREY), light[~np.isnan(light)], atol=1e-6
    )
