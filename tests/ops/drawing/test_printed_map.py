"""The relief below a printed map: pale, and empty where the ground is unknown."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from geo.terrain import cell_size
from ops.drawing.figures import detections_per_sensor
from ops.drawing.hillshade import shade
from ops.drawing.printed_map import DARKEST_GREY, plain_text, relief
from ops.sector.open_sector import OpenSector


def test_names_that_differ_at_their_end_differ_in_a_figure():
    names = ["Sector North 2027 high-tech, option A", "Sector North 2027 high-tech, option B"]
    first, second = (plain_text(name, 30) for name in names)
    assert first == "Sector North 20…tech, option A"
    assert second == "Sector North 20…tech, option B"
    assert len(first) == 30
    assert plain_text(names[0]) == names[0]
    svg = detections_per_sensor({"camera-border-post-01": 5, "camera-border-post-02": 7}).svg
    assert "camera-bo…-post-01" in svg
    assert "camera-bo…-post-02" in svg


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
