"""The map of notebooks: every sensor and base inside the frame, each kind in the legend, which is inside too."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ops.drawing.sector_map import sector_map
from ops.drawing.symbols import legend_of
from ops.sector.open_sector import OpenSector


@pytest.mark.parametrize("away_deg", [(0.3, 0.0), (-0.3, 0.0), (0.0, 0.2), (0.0, -0.2), (0.0, 0.0)])
def test_every_symbol_is_inside_the_frame_and_explained_there(
    hill_ground: OpenSector, tmp_path: Path, away_deg: tuple[float, float]
) -> None:
    first = next(iter(hill_ground.layout))
    at = [first.lon + away_deg[0], first.lat + away_deg[1]]
    base = {"type": "Feature", "properties": {"id": "far"}, "geometry": {"type": "Point", "coordinates": at}}
    bases = tmp_path / "bases.geojson"
    bases.write_text(json.dumps({"type": "FeatureCollection", "features": [base]}), encoding="utf-8")
    ground = replace(hill_ground, sector=replace(hill_ground.sector, bases=bases))
    figure = sector_map(ground)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes = figure.axes[0]
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    edge = 0.02 * max(east - west, north - south)
    places = [*((sensor.easting, sensor.northing) for sensor in ground.layout), ground.frame.to_local(*at)]
    for easting, northing in places:
        assert west + edge < easting < east - edge
        assert south + edge < northing < north - edge
    legend = axes.get_legend()
    assert legend is not None
    kinds = {sensor.kind for sensor in ground.layout} | {"base"}
    assert [text.get_text() for text in legend.get_texts()] == [name for _, name in legend_of(kinds)]
    frame, box = axes.get_window_extent(), legend.get_window_extent()
    assert frame.x0 <= box.x0
    assert frame.y0 <= box.y0
    assert box.x1 <= frame.x1
    assert box.y1 <= frame.y1
