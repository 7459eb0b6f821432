"""Tiles: the ground is where it is, nothing is shown as seen that no sensor sees, and bad addresses are sentences."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis.extra import numpy as hnp
from PIL import Image
from rasterio.enums import Resampling

from geo.terrain import bounds
from geo.visibility import viewshed
from ops.analysis.night_report.dead_ground_fraction import dead_ground_fraction
from ops.drawing.tile_styles import OFF_THE_MAP, SEEN, UNKNOWN, UNSEEN, Elevation, Hillshade, Unseen
from ops.runtime.files.cache import FileCache
from ops.sector.open_sector import OpenSector
from ops.services.map.layers.viewsheds import BeltSegments, Overlays, Viewshed, union, viewshed_of
from ops.services.map.process import terrain_digest
from ops.services.map.tiles import COMPUTING, TILE_PX, Layer, NoTile, Raster, Tile, Tiles, over, raster_of
from sensors.coverage import look_probability
from sensors.layout import Layout
from tests.patience import PATIENT_S

RADIUS_M = 6_378_137.0


def pixel_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int, int]:
    """Tile x, y and column, row of a place: Web Mercator from its definition (EPSG:3857), not from the library."""
    world = TILE_PX * 2**zoom
    east = (lon + 180) / 360 * world
    south = (1 - math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) / math.pi) / 2 * world
    return int(east // TILE_PX), int(south // TILE_PX), int(east % TILE_PX), int(south % TILE_PX)


def pixels(body: bytes) -> np.ndarray:
    """(row, column, RGBA) of a PNG."""
    image = Image.open(io.BytesIO(body))
    assert image.format == "PNG"
    assert image.size == (TILE_PX, TILE_PX)
    return np.asarray(image.convert("RGBA"))


def at(tiles: Tiles, layer: str, ground: OpenSector, easting: float, northing: float, zoom: int = 13) -> np.ndarray:
    lon, lat = ground.frame.to_lonlat(easting, northing)
    x, y, column, row = pixel_of(lon, lat, zoom)
    return pixels(tiles.tile(layer, zoom, x, y)[0].body)[row, column]


def centre(ground: OpenSector) -> tuple[float, float]:
    west, south, east, north = bounds(ground.terrain)
    return (west + east) / 2, (south + north) / 2


def heights_layer(ground: OpenSector, elevation: xr.DataArray | None = None, **more: Any) -> Layer:
    elevation = ground.terrain["elevation"] if elevation is None else elevation
    raster = raster_of(elevation, ground.terrain.attrs["crs"], nodata=math.nan, resampling=Resampling.average)
    return Layer(
        **{"id": "elevation", "title": "", "raster": raster, "style": Elevation(0, 1000), "revision": "1"} | more
    )


@pytest.fixture(scope="module")
def tiles(hill_ground: OpenSector) -> Tiles:
    tiles = Tiles()
    tiles.put(heights_layer(hill_ground))
    tiles.put(heights_layer(hill_ground, id="hillshade", style=Hillshade()))
    return tiles


def test_a_height_is_painted_where_it_stands(hill_ground: OpenSector):
    """A tower of four by four cells in a plain: lighter than the plain at its place, and only there."""
    elevation = xr.zeros_like(hill_ground.terrain["elevation"])
    elevation[60:64, 80:84] = 1000.0
    tiles = Tiles()
    tiles.put(heights_layer(hill_ground, elevation))
    eastings, northings = elevation["easting"].to_numpy(), elevation["northing"].to_numpy()
    top = at(tiles, "elevation", hill_ground, eastings[81:83].mean(), northings[61:63].mean())
    plain = at(tiles, "elevation", hill_ground, eastings[90], northings[61])
    assert top[:3].min() > 200 > plain[:3].max()
    for row, column in ((61, 74), (54, 82), (70, 82), (61, 90)):
        assert (at(tiles, "elevation", hill_ground, eastings[column], northings[row]) == plain).all()


def test_beyond_the_map_and_on_voids_tiles_are_see_through(hill_ground: OpenSector, tiles: Tiles):
    far = pixels(tiles.tile("elevation", 9, 0, 0)[0].body)
    assert (far[..., 3] == 0).all()
    elevation = hill_ground.terrain["elevation"].copy(deep=True)
    elevation[40:80, 50:100] = math.nan
    voids = Tiles()
    voids.put(heights_layer(hill_ground, elevation))
    voids.put(heights_layer(hill_ground, elevation, id="hillshade", style=Hillshade()))
    eastings, northings = elevation["easting"].to_numpy(), elevation["northing"].to_numpy()
    for layer in ("elevation", "hillshade"):
        assert at(voids, layer, hill_ground, eastings[75], northings[60])[3] == 0
    assert at(voids, "elevation", hill_ground, eastings[20], northings[20])[3] == 255


@given(*[hnp.arrays(np.uint8, (4, 3, 5))] * 2)
def test_one_picture_on_another_is_that_of_pillow(below: np.ndarray, above: np.ndarray):
    """Oracle: Pillow's ``alpha_composite``, in integers; a colour counts for as much as there is of it."""
    images = [Image.fromarray(np.moveaxis(one, 0, -1), "RGBA") for one in (below, above)]
    theirs, ours = np.asarray(Image.alpha_composite(*images)).astype(int), np.moveaxis(over(below, above), 0, -1)
    assert np.abs(theirs[..., 3] - ours[..., 3]).max() <= 1
    assert (np.abs(theirs - ours)[..., :3] * theirs[..., 3:]).max() <= 1.5 * 255


def test_two_layers_in_one_tile_are_the_second_on_the_first(hill_ground: OpenSector, tiles: Tiles):
    lon, lat = hill_ground.frame.to_lonlat(*centre(hill_ground))
    x, y, _, _ = pixel_of(lon, lat, 13)
    apart = [Image.fromarray(pixels(tiles.tile(name, 13, x, y)[0].body)) for name in ("elevation", "hillshade")]
    together, revision = tiles.tile("elevation+hillshade", 13, x, y)
    assert np.abs(pixels(together.body).astype(int) - np.asarray(Image.alpha_composite(*apart))).max() <= 1
    assert not np.array_equal(pixels(together.body), np.asarray(apart[0])), "there is relief to see"
    assert revision == "1+1"
    tiles.put(heights_layer(hill_ground, id="hillshade", style=Hillshade(), revision="2"))
    assert tiles.tile("elevation+hillshade", 13, x, y)[1] == "1+2"
    for wrong in ("elevation+", "+elevation", "elevation+nothing", "elevation+elevation"):
        with pytest.raises(NoTile, match="no layer"):
            tiles.tile(wrong, 13, x, y)


def test_relief_runs_on_from_tile_to_tile(hill_ground: OpenSector):
    """Across the edge between two tiles the shadow changes no more than it does between columns inside them."""
    tiles = Tiles()
    tiles.put(heights_layer(hill_ground, hill_ground.terrain["elevation"] * 8, id="hillshade", style=Hillshade()))
    lon, lat = hill_ground.frame.to_lonlat(*centre(hill_ground))
    x, y, _, _ = pixel_of(lon, lat, 13)
    left, right = (pixels(tiles.tile("hillshade", 13, x + i, y)[0].body)[..., 3].astype(int) for i in (0, 1))
    whole = np.hstack([left, right])
    steps = np.abs(np.diff(whole, axis=1)).max(axis=0)
    assert whole.std() > 2, "there is something to see"
    assert steps[TILE_PX - 1] <= steps[TILE_PX - 20 : TILE_PX + 20].max()
    assert steps[TILE_PX - 1] <= 8


class Counted(Elevation):
    """Counts how often it paints."""

    painted = 0

    def paint(self, *arguments: Any) -> Any:
        Counted.painted += 1
        return super().paint(*arguments)


def test_a_lasting_tile_is_painted_once_for_all_starts(
    hill_ground: OpenSector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Another start, another revision, a layer that does not last, and a file that was damaged in between."""
    lon, lat = hill_ground.frame.to_lonlat(*centre(hill_ground))
    x, y, _, _ = pixel_of(lon, lat, 13)

    def started(**more: Any) -> tuple[Tile, int]:
        tiles = Tiles(kept=FileCache(tmp_path, 10**6, least_free_bytes=0))
        tiles.put(heights_layer(hill_ground, style=Counted(0, 1000), **{"lasting": True} | more))
        monkeypatch.setattr(Counted, "painted", 0)
        return tiles.tile("elevation", 13, x, y)[0], Counted.painted

    first = started()
    assert first[1] == 1
    assert started() == (first[0], 0)
    assert started(revision="2") == (first[0], 1)
    assert started(lasting=False) == (first[0], 1)
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(kept) == 2
    for file in kept:
        file.write_bytes(file.read_bytes()[:-1])
    assert started() == (first[0], 1)
    assert started() == (first[0], 0)


def test_the_revision_of_a_terrain_follows_every_height_and_its_place(hill_ground: OpenSector):
    terrain = hill_ground.terrain
    raised = terrain.copy(deep=True)
    raised["elevation"][3, 5] += 1.0
    moved = terrain.assign_coords(easting=terrain["easting"] + 1.0)
    digests = [terrain_digest(one).hexdigest() for one in (terrain, terrain.copy(deep=True), raised, moved)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (("nothing", 13, 0, 0), "There is no layer 'nothing'; there are elevation, hillshade."),
        (("elevation", 0, 0, 0), "There are no tiles of elevation at zoom 0; they go from"),
        (("elevation", 99, 0, 0), "There are no tiles of elevation at zoom 99"),
        (("elevation", -1, 0, 0), "There are no tiles of elevation at zoom -1"),
        (("elevation", 13, 2**13, 0), "There is no tile 8192, 0 at zoom 13; both count from 0 to 8191."),
        (("elevation", 13, 0, -1), "There is no tile 0, -1 at zoom 13"),
        (("elevation", 13, 10**30, 0), "There is no tile 1000"),
    ],
)
def test_what_is_no_tile_is_said_in_a_sentence(tiles: Tiles, place, sentence):
    with pytest.raises(NoTile) as refused:
        tiles.tile(*place)
    assert sentence in str(refused.value.args[0])


def test_the_cache_stays_within_its_bound_and_gives_the_same_bytes(hill_ground: OpenSector):
    tiles = Tiles(cache_bytes=20_000)
    tiles.put(heights_layer(hill_ground, style=Hillshade()))
    lon, lat = hill_ground.frame.to_lonlat(*centre(hill_ground))
    x, y, _, _ = pixel_of(lon, lat, 14)
    places = [(x + i, y + j) for i in range(-2, 3) for j in range(-2, 3)]
    first = [tiles.tile("elevation", 14, *place)[0] for place in places]
    assert sum(len(tile.body) for tile in first) > 40_000
    assert tiles._cached_bytes == sum(len(tile.body) for tile in tiles._cache.values()) <= 20_000
    again = [tiles.tile("elevation", 14, *place)[0] for place in places]
    assert first == again
    assert len({tile.etag for tile in first}) == len({tile.body for tile in first})


def test_a_layer_put_anew_is_shown_at_once(hill_ground: OpenSector):
    tiles = Tiles()
    tiles.put(heights_layer(hill_ground))
    before = at(tiles, "elevation", hill_ground, *centre(hill_ground))
    tiles.put(heights_layer(hill_ground, style=Elevation(-5000, 0), revision="2"))
    assert tiles.revisions() == {"elevation": "2"}
    assert (at(tiles, "elevation", hill_ground, *centre(hill_ground)) != before).any()


def test_a_terrain_of_many_cells_is_laid_out_in_strips(hill_ground: OpenSector, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ops.services.map.tiles.IN_MEMORY_CELLS", 10)
    lazy = hill_ground.terrain["elevation"].chunk({"northing": 40, "easting": 50})
    on_disk = raster_of(lazy, hill_ground.terrain.attrs["crs"], nodata=math.nan, resampling=Resampling.average)
    assert Path(on_disk.name).exists()
    tiles = Tiles()
    tiles.put(heights_layer(hill_ground, raster=on_disk))
    tiles.put(heights_layer(hill_ground, id="memory"))
    east, north = centre(hill_ground)
    for place in ((east, north), (east - 2000.0, north + 1500.0)):
        assert (at(tiles, "elevation", hill_ground, *place) == at(tiles, "memory", hill_ground, *place)).all()


# What is seen


@pytest.fixture(scope="module")
def viewsheds(hill_ground: OpenSector) -> dict[str, Viewshed]:
    layout = hill_ground.layout
    return {sensor.id: viewshed_of(layout.placement(sensor.id), hill_ground.terrain) for sensor in layout}


def known(ground: OpenSector) -> np.ndarray:
    return np.isfinite(ground.terrain["elevation"].to_numpy())


def test_a_union_is_what_the_look_of_each_sensor_says(hill_ground: OpenSector, viewsheds: dict[str, Viewshed]):
    visible = look_probability(hill_ground.layout, hill_ground.terrain)["visible"].to_numpy()
    states = union(viewsheds.values(), known(hill_ground))
    assert ((states == SEEN) == (visible == 1).any(axis=0)).all()
    assert 0 < (states == SEEN).mean() < 1


def test_one_more_working_sensor_never_hides_ground(hill_ground: OpenSector, viewsheds: dict[str, Viewshed]):
    every = list(viewsheds.values())
    before = union([], known(hill_ground))
    assert set(np.unique(before)) <= {UNSEEN, UNKNOWN}
    for count in range(1, len(every) + 1):
        after = union(every[:count], known(hill_ground))
        assert ((after == SEEN) >= (before == SEEN)).all()
        assert ((after == UNSEEN) <= (before == UNSEEN)).all()
        before = after


def test_a_void_is_unknown_and_what_lies_behind_it_too(hill_ground: OpenSector):
    terrain = hill_ground.terrain.copy(deep=True)
    terrain["elevation"][60:64, :] = math.nan  # north of every sensor
    place = hill_ground.layout.placement("radar-mid")
    states = union([viewshed_of(place, terrain)], np.isfinite(terrain["elevation"].to_numpy()))
    assert (states[60:64] == UNKNOWN).all()
    assert not (states[:60] == SEEN).any()
    assert (states[:60] == UNKNOWN).any()


def test_the_dead_ground_fraction_is_the_reports(hill_ground: OpenSector, viewsheds: dict[str, Viewshed]):
    states = union(viewsheds.values(), known(hill_ground))
    visible = look_probability(hill_ground.layout, hill_ground.terrain)["visible"]
    report = dead_ground_fraction(visible, hill_ground.border, belt_m=hill_ground.sector.belt_m)
    shares = BeltSegments(hill_ground).dead_ground_fraction(states)
    assert shares == pytest.approx(np.round(report.per_segment, 4).tolist())


def test_what_is_unknown_along_the_border_is_the_reports_and_follows_the_voids(hill_ground: OpenSector):
    belt = BeltSegments(hill_ground)
    complete = np.full(hill_ground.terrain["elevation"].shape, UNSEEN, np.uint8)
    assert set(belt.unknown_fraction(complete)) == {0.0}
    states = complete.copy()
    states.ravel()[belt.cells[::4]] = UNKNOWN
    shares = np.array(belt.unknown_fraction(states), float)
    counts = np.bincount(belt._segments, minlength=len(shares))
    assert float(shares @ counts / counts.sum()) == pytest.approx(0.25, abs=0.001)
    cells = xr.DataArray(
        np.where(states == UNKNOWN, 255, 0).astype(np.uint8)[None],
        coords=[["s"], hill_ground.terrain["northing"], hill_ground.terrain["easting"]],
        dims=["sensor", "northing", "easting"],
    )
    report = dead_ground_fraction(cells, hill_ground.border, belt_m=hill_ground.sector.belt_m)
    assert float(shares @ counts / counts.sum()) == pytest.approx(report.unknown, abs=1e-4)


def test_a_viewshed_is_packed_without_loss(hill_ground: OpenSector, viewsheds: dict[str, Viewshed]):
    place = hill_ground.layout.placement("radar-mid")
    sensor = place.sensor
    whole = viewshed(
        hill_ground.terrain, sensor.easting, sensor.northing, observer_height_m=sensor.mast_height_m,
        max_range_m=sensor.max_range_m, curvature_k=4 / 3,
    )  # fmt: skip
    packed = viewsheds["radar-mid"]
    assert (packed.states() == whole.to_numpy()).all()
    row, column = packed.first_row + 20, packed.first_column + 30
    assert packed.sees(row, column) is bool(whole.to_numpy()[20, 30] == 1)
    assert not packed.sees(-1, 5)
    assert not packed.sees(10**6, 5)


def until(true: Callable[[], bool], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found  # a second look may find it otherwise


@pytest.fixture
def overlays(hill_ground: OpenSector) -> tuple[Overlays, Tiles]:
    tiles = Tiles()
    overlays = Overlays(hill_ground, tiles.put, terrain_digest="t")
    overlays.start()
    return overlays, tiles


OK = dict.fromkeys(("radar-mid", "camera-west", "ground-1"), "ok")


def test_before_anything_is_computed_nothing_is_shown_as_seen(hill_ground: OpenSector):
    shown: list[Layer] = []
    overlays = Overlays(hill_ground, shown.append, terrain_digest="t")
    overlays._show_unknown(COMPUTING)
    assert [layer.id for layer in shown] == ["visible", "visible-camera", "visible-ground_sensor", "visible-radar"]
    tiles = Tiles()
    tiles.put(shown[0])
    lon, lat = hill_ground.frame.to_lonlat(*centre(hill_ground))
    x, y, _, _ = pixel_of(lon, lat, 15)
    assert (pixels(tiles.tile("visible", 15, x, y)[0].body)[..., 3] > 0).any()
    assert overlays.dead_ground_fraction == ("", [])
    assert overlays.seen_by(75, 100) is None


def test_a_silent_sensor_loses_its_ground_and_gets_it_back(overlays, hill_ground: OpenSector):
    overlays, tiles = overlays
    overlays.take_health(OK)
    assert until(lambda: overlays.ready and min(overlays.dead_ground_fraction[1]) < 1)
    assert until(lambda: COMPUTING not in tiles.revisions().values())
    working, before = tiles.revisions(), overlays.dead_ground_fraction
    radar = hill_ground.layout["radar-mid"]
    assert at(tiles, "visible", hill_ground, radar.easting, radar.northing)[3] == 0

    overlays.take_health(OK | {"radar-mid": "offline", "camera-west": "maintenance", "ground-1": "no_data"})
    assert until(lambda: set(overlays.dead_ground_fraction[1]) == {1.0})
    assert until(lambda: all(tiles.revisions()[name] != working[name] for name in working))
    assert at(tiles, "visible", hill_ground, radar.easting, radar.northing)[3] > 0
    row, column = 77, 100
    seen, lost = overlays.seen_by(row, column)
    assert seen == []
    assert "radar-mid" in lost

    overlays.take_health(OK)
    assert until(lambda: tiles.revisions() == working)  # the same picture has the same name
    assert overlays.dead_ground_fraction == before


def test_only_the_layers_of_the_silent_sensors_kind_change(overlays):
    overlays, tiles = overlays
    overlays.take_health(OK)
    assert until(lambda: overlays.ready and overlays.dead_ground_fraction[0] == tiles.revisions()["visible"])
    assert until(lambda: COMPUTING not in tiles.revisions().values())
    before = tiles.revisions()
    overlays.take_health(OK | {"camera-west": "offline"})
    assert until(lambda: tiles.revisions()["visible-camera"] != before["visible-camera"])
    assert tiles.revisions()["visible-radar"] == before["visible-radar"]


def test_a_sensor_whose_view_cannot_be_computed_is_named_and_sees_nothing(hill_ground: OpenSector):
    radar = hill_ground.layout["radar-mid"]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [radar.lon + 1.0, radar.lat]},
        "properties": {"id": "astray", "kind": "radar", "max_range_m": 1000},
    }
    layout = Layout.from_geojson({"type": "FeatureCollection", "features": [feature]}, hill_ground.frame, name="astray")
    ground = OpenSector(hill_ground.sector, hill_ground.terrain, hill_ground.frame, hill_ground.border, layout)
    tiles = Tiles()
    overlays = Overlays(ground, tiles.put, terrain_digest="t")
    overlays.start()
    overlays.take_health({"astray": "ok"})
    assert until(lambda: set(overlays.dead_ground_fraction[1]) == {1.0})
    assert "off the terrain" in overlays.problems["astray"]


def test_a_raster_of_states_keeps_the_edge_of_the_map(hill_ground: OpenSector):
    states = np.full(hill_ground.terrain["elevation"].shape, UNSEEN, np.uint8)
    values = xr.DataArray(states, coords=[hill_ground.terrain["northing"], hill_ground.terrain["easting"]])
    raster = raster_of(values, hill_ground.terrain.attrs["crs"], nodata=OFF_THE_MAP, resampling=Resampling.mode)
    assert isinstance(raster, Raster)
    tiles = Tiles()
    tiles.put(Layer("visible", "", raster, Unseen(), "1"))
    eastings, northings = values["easting"].to_numpy(), values["northing"].to_numpy()
    assert at(tiles, "visible", hill_ground, eastings[-3], northings[3])[3] > 0
    assert at(tiles, "visible", hill_ground, eastings[-1] + 200, northings[3])[3] == 0
