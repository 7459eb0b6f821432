"""Where the map draws dead ground: within the belt along the border, or of the zone, however far the sensors reach."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import shapely
from PIL import Image

from geo.border import Zone
from geo.border.zone import belt_outline
from ops.sector.open_sector import OpenSector
from ops.services.map.layers.viewsheds import BeltSegments, Overlays, area_of_interest
from ops.services.map.tiles import COMPUTING, FAILED, Layer, Tiles


def alpha_at(tiles: Tiles, ground: OpenSector, easting: float, northing: float, zoom: int = 14) -> int:
    """Greatest opacity of the dead ground in 9 by 9 pixels around a place of the frame, or what is left in its tile."""
    lon, lat = ground.frame.to_lonlat(easting, northing)
    across = (lon + 180.0) / 360.0 * 2**zoom
    down = (1.0 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2.0 * 2**zoom
    body = tiles.tile("visible", zoom, int(across), int(down))[0].body
    alpha = np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))[..., 3]
    row, column = int(down % 1.0 * 256), int(across % 1.0 * 256)
    return int(alpha[max(row - 4, 0) : row + 5, max(column - 4, 0) : column + 5].max())


def all_dead(ground: OpenSector) -> Tiles:
    """The layer of a sector none of whose sensors works."""
    tiles = Tiles()
    overlays = Overlays(ground, tiles.put, terrain_digest="t")
    overlays._compute_all()
    overlays._show(frozenset())
    return tiles


def middle(ground: OpenSector) -> tuple[float, float]:
    place = ground.border.line.interpolate(0.5, normalized=True)
    return float(place.x), float(place.y)


def zoned(ground: OpenSector, width_m: float) -> OpenSector:
    """The sector with a zone of this width on the far side of its border."""
    (west, south, east, _), (_, north) = ground.border.line.bounds, middle(ground)
    inner = shapely.LineString([(west, south), (east, south)])
    outer = shapely.LineString([(west, south + width_m), (east, south + width_m)])
    assert north >= south
    zone = Zone.from_lines(inner, outer, ground.frame)
    return replace(ground, border=zone.inner, zone=zone)


def test_dead_ground_is_drawn_within_the_belt_and_nowhere_else_in_the_range_of_a_sensor(hill_ground: OpenSector):
    radar, belt_m = hill_ground.layout["radar-mid"], hill_ground.sector.belt_m
    east, north = middle(hill_ground)
    tiles = all_dead(hill_ground)
    assert alpha_at(tiles, hill_ground, east, north) > 0
    for beside_m in (-belt_m - 300.0, belt_m + 300.0):
        assert abs(north + beside_m - radar.northing) < radar.max_range_m, "the radar reaches there"
        assert alpha_at(tiles, hill_ground, east, north + beside_m) == 0


@pytest.mark.parametrize("zone_m", [0.0, 900.0])
def test_the_area_of_interest_is_the_belt_or_the_zone_with_its_belts(hill_ground: OpenSector, zone_m: float):
    ground = zoned(hill_ground, zone_m) if zone_m else hill_ground
    area = area_of_interest(ground, BeltSegments(ground))
    outline = belt_outline(ground.crossed, ground.sector.belt_m)
    terrain = ground.terrain
    places = np.meshgrid(terrain["easting"].to_numpy(), terrain["northing"].to_numpy())
    cell_m = float(terrain["easting"][1] - terrain["easting"][0])
    sure_in = shapely.contains_xy(outline.buffer(-2 * cell_m), *places)
    sure_out = ~shapely.contains_xy(outline.buffer(2 * cell_m), *places)
    west, _, east, _ = ground.border.line.bounds
    beside = (places[0] > west + 700.0) & (places[0] < east - 700.0)  # its ends are cut off, those of the outline round
    assert area[sure_in & beside].all()
    assert not area[sure_out].any()
    assert (sure_in & beside).any()
    assert sure_out.any()


def test_a_page_can_tell_a_layer_that_is_being_computed_from_one_that_failed(
    hill_ground: OpenSector, monkeypatch: pytest.MonkeyPatch
):
    shown: list[Layer] = []

    def broken(self: Overlays) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(Overlays, "_compute_all", broken)
    overlays = Overlays(hill_ground, shown.append, terrain_digest="t")
    overlays._show_unknown(COMPUTING)
    assert {layer.revision for layer in shown} == {COMPUTING}
    shown.clear()
    with pytest.raises(RuntimeError, match="no memory"):
        overlays._run()
    assert {layer.revision for layer in shown} == {FAILED}
