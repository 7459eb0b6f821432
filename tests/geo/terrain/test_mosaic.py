"""Several rasters as one terrain: which files a path means, exact seams, overlaps, differing voids and grids."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from rasterio.transform import from_bounds, from_origin

from geo.errors import BadInput, TerrainError
from geo.frame import LocalFrame
from geo.terrain import frame_of, open_terrain, plan_terrain, sample

DEGREES = from_bounds(1.0, 42.0, 1.06, 42.04, 72, 48)  # 3 arc-seconds
METRES = from_origin(400_000.0, 4_700_000.0, 25.0, 25.0)
HILLS = np.random.default_rng(0).normal(0.0, 8.0, (48, 72)).cumsum(axis=0).cumsum(axis=1).clip(0, 3000)


def written(
    path: Path, values: np.ndarray, transform: Affine = DEGREES, crs: object = "EPSG:4326", **profile: Any
) -> Path:
    size = {"count": 1, "height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(
        path, "w", driver="GTiff", dtype=values.dtype, crs=crs, transform=transform, **size, **profile
    ) as raster:
        raster.write(values, 1)
    return path


def same(a: xr.Dataset, b: xr.Dataset) -> bool:
    return a["easting"].equals(b["easting"]) and np.array_equal(a["elevation"], b["elevation"], equal_nan=True)


def voided(values: np.ndarray, void: float) -> np.ndarray:
    with_void = values.copy()
    with_void[10:12, 35:37] = void
    return with_void


@pytest.mark.parametrize("chunks", [None, 19])
@pytest.mark.parametrize(("transform", "crs"), [(DEGREES, "EPSG:4326"), (METRES, "EPSG:25831")])
def test_tiles_join_to_what_they_were_cut_from(tmp_path: Path, chunks: int | None, transform: Affine, crs: str) -> None:
    values = HILLS.astype(np.int16)
    whole = open_terrain(written(tmp_path / "whole.tif", voided(values, -32768), transform, crs, nodata=-32768))
    west = written(tmp_path / "west & more.tif", voided(values, -32768)[:, :37], transform, crs, nodata=-32768)
    further_east = transform @ Affine.translation(36, 0)
    east = written(tmp_path / "east.tif", voided(values, -9999)[:, 36:], further_east, crs, nodata=-9999)
    for tiles in ([east, west], [west, east]):
        assert same(open_terrain(tiles, chunks=chunks), whole)


def test_tiles_of_other_types_and_ways_to_say_void_join_too(tmp_path: Path) -> None:
    values = HILLS.astype(np.int16)
    whole = open_terrain(written(tmp_path / "whole.tif", voided(values, -32768), METRES, "EPSG:25831", nodata=-32768))
    west = written(tmp_path / "west.tif", voided(values.astype(np.float32), np.nan)[:, :37], METRES, "EPSG:25831")
    east = written(tmp_path / "east.tif", values[:, 36:], METRES @ Affine.translation(36, 0), "EPSG:25831")
    mask = np.full((48, 36), 255, np.uint8)
    mask[10:12, 0] = 0
    with rasterio.open(east, "r+") as raster:
        raster.write_mask(mask)
    for tiles in ([west, east], [east, west]):
        assert same(open_terrain(tiles), whole)


def test_where_tiles_overlap_the_later_valid_cell_counts(tmp_path: Path) -> None:
    low = written(tmp_path / "low.tif", np.full((10, 10), 100, np.int16), METRES, "EPSG:25831", nodata=-1)
    high_values = np.full((10, 10), 200, np.int16)
    high_values[:, 5] = -1
    high = written(tmp_path / "high.tif", high_values, METRES, "EPSG:25831", nodata=-1)
    assert np.unique(open_terrain([high, low])["elevation"]).tolist() == [100.0]
    top = open_terrain([low, high])["elevation"].values
    assert (top[:, 5] == 100.0).all()
    assert (np.delete(top, 5, axis=1) == 200.0).all()


def test_a_folder_and_a_glob_mean_their_rasters_by_name(tmp_path: Path) -> None:
    for name, height in (("b.tif", 200), ("a.tif", 100)):
        written(tmp_path / name, np.full((10, 10), height, np.int16), METRES, "EPSG:25831")
    (tmp_path / "readme.txt").write_text("about the tiles")
    for path in (tmp_path, str(tmp_path / "*.tif"), [str(tmp_path / "?.tif")]):
        assert (open_terrain(path)["elevation"] == 200.0).all()
    with pytest.raises(TerrainError, match=r"no raster is there; expected a pattern"):
        open_terrain(str(tmp_path / "*.hgt"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(TerrainError, match=r"no raster is there; expected files"):
        open_terrain(tmp_path / "empty")
    with pytest.raises(TerrainError, match="no tile"):
        open_terrain([])


def test_a_zip_means_the_rasters_in_it(tmp_path: Path) -> None:
    """As tiles are handed out: heights of a degree by name, packed, with a note beside."""
    values = np.random.default_rng(1).integers(0, 3000, (1201, 1201)).astype(">i2")
    with zipfile.ZipFile(tmp_path / "N42E001.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("N42E001.hgt", values.tobytes())
        archive.writestr("readme.txt", "about the tile")
    (tmp_path / "N42E001.hgt").write_bytes(values.tobytes())
    assert same(open_terrain(tmp_path / "N42E001.zip"), open_terrain(tmp_path / "N42E001.hgt"))
    with zipfile.ZipFile(tmp_path / "nothing.zip", "w") as archive:
        archive.writestr("readme.txt", "about nothing")
    with pytest.raises(TerrainError, match="cannot be read"):
        open_terrain(tmp_path / "nothing.zip")


def test_a_virtual_raster_is_its_tiles(tmp_path: Path) -> None:
    written(tmp_path / "a.tif", HILLS.astype(np.float32), METRES, "EPSG:25831")
    (tmp_path / "all.vrt").write_text(
        f'<VRTDataset rasterXSize="72" rasterYSize="48"><SRS>EPSG:25831</SRS>'
        f"<GeoTransform>{', '.join(map(repr, METRES.to_gdal()))}</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename relativeToVRT="1">a.tif'
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert same(open_terrain(tmp_path / "all.vrt"), open_terrain(tmp_path / "a.tif"))
    assert same(open_terrain(tmp_path), open_terrain(tmp_path / "a.tif"))  # the index beside the tiles is not a tile


@pytest.mark.parametrize(
    ("transform", "crs"),
    [
        (DEGREES @ Affine.translation(36.5, 0), "EPSG:4326"),
        (DEGREES @ Affine.translation(36, 0) @ Affine.scale(2.0, 1.0), "EPSG:4326"),
        (DEGREES @ Affine.translation(36, 0), "EPSG:4258"),
    ],
)
def test_tiles_of_different_grids_meet_on_the_cells_of_the_frame(tmp_path: Path, transform: Affine, crs: str) -> None:
    """A plane in longitude and latitude stays that plane across tiles shifted, oblong or of another system."""
    row, column = np.mgrid[:48, :72] + 0.5

    def plane(t: Affine) -> np.ndarray:
        lon, lat = t.a * column + t.c, t.e * row + t.f
        return (1000.0 + 5000.0 * (lon - 1.0) + 3000.0 * (lat - 42.0)).astype(np.float32)

    west = written(tmp_path / "west.tif", plane(DEGREES)[:, :40], DEGREES)
    east = written(tmp_path / "east.tif", plane(transform), transform, crs)
    joined = open_terrain([west, east])
    lazy = open_terrain([west, east], chunks=31)
    assert same(joined, lazy)
    lon, lat = frame_of(joined).to_lonlat(*np.meshgrid(joined["easting"], joined["northing"]))
    expected = 1000.0 + 5000.0 * (lon - 1.0) + 3000.0 * (lat - 42.0)
    heights = joined["elevation"].values
    inside = (lat > 42.001) & (lat < 42.039) & (lon > 1.001) & (lon < 1.058)
    assert not np.isnan(heights[inside]).any()
    assert (
        np.abs(heights - expected)[inside].max() < 5000.0 * 0.001
    )  # held for half a cell beyond a tile's last centres


@pytest.mark.parametrize("chunks", [57, 62, 64])
def test_a_fine_tile_beside_a_coarse_one_leaves_no_strip_whatever_the_windows(tmp_path: Path, chunks: int) -> None:
    """A coarse tile reaches half of its own cell, here 15 m, beyond its outermost centres."""
    fine, coarse = np.full((60, 60), 10.0, np.float32), np.full((20, 20), 10.0, np.float32)
    west = written(tmp_path / "fine.tif", fine, from_origin(500_000, 4_600_000, 2, 2), "EPSG:25831")
    east = written(tmp_path / "coarse.tif", coarse, from_origin(500_120, 4_600_000, 30, 30), "EPSG:25831")
    whole = open_terrain([west, east])
    assert not np.isnan(whole["elevation"].values[:60]).any()
    assert same(whole, open_terrain([west, east], chunks=chunks))


@pytest.mark.parametrize(("kind", "void"), [("float32", -9999), ("int16", -32768), ("uint16", 65535)])
@pytest.mark.parametrize("unit", ["m", "cm"])
def test_an_undeclared_void_is_found_in_a_joined_tile_too(tmp_path: Path, kind: str, void: float, unit: str) -> None:
    """Also where the tiles differ in scale, so that the joined heights are not the values of the cells."""
    values = np.full((10, 10), 300, kind)
    values[3, 3] = void
    spoilt = written(tmp_path / "a.tif", values, METRES, "EPSG:25831")
    good = written(tmp_path / "b.tif", np.full((10, 10), 300, kind), METRES @ Affine.translation(10, 0), "EPSG:25831")
    for path, own in ((spoilt, "cm"), (good, unit)):
        with rasterio.open(path, "r+") as raster:
            raster.units = (own,)
    with pytest.raises(TerrainError, match=f"cells of {void}, .* or nodata={void} to be given"):
        open_terrain([spoilt, good])
    joined = open_terrain([spoilt, good], nodata=void)["elevation"].values
    assert np.isnan(joined).sum() == 1
    assert joined[0, -1] == 300.0 * (1.0 if unit == "m" else 0.01)


def test_tiles_above_different_datums_are_refused(tmp_path: Path) -> None:
    first = written(tmp_path / "a.tif", HILLS.astype(np.int16))
    second = written(tmp_path / "b.tif", HILLS.astype(np.int16))
    with rasterio.open(second, "r+") as raster:
        raster.update_tags(datum="EGM2008")
    with pytest.raises(TerrainError, match=r"b\.tif: heights above 'EGM2008', not 'unknown'"):
        open_terrain([first, second])


def test_bounds_keep_the_cells_within(tmp_path: Path) -> None:
    path = written(tmp_path / "tile.tif", HILLS.astype(np.int16))
    frame = LocalFrame.around(1.03, 42.02)
    part = open_terrain(path, frame=frame, bounds_deg=(1.01, 42.01, 1.02, 42.03))
    lon, lat = frame.to_lonlat(*np.meshgrid(part["easting"], part["northing"]))
    assert (lon.min(), lat.min()) == pytest.approx((1.01, 42.01), abs=0.001)
    assert (lon.max(), lat.max()) == pytest.approx((1.02, 42.03), abs=0.001)
    whole = open_terrain(path, frame=frame)
    expected = [sample(whole, e, part["northing"].values) for e in part["easting"].values]
    assert np.abs(part["elevation"].values.T - expected).max() < 0.5 * HILLS.std()  # of other cells, interpolated twice
    around = open_terrain(path, bounds_deg=(1.01, 42.01, 1.02, 42.03))
    assert frame_of(around).to_local(1.015, 42.02) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_bounds_on_a_raster_of_the_frame_keep_its_own_cells(tmp_path: Path) -> None:
    path = written(tmp_path / "utm.tif", HILLS.astype(np.float32), METRES, "EPSG:25831")
    whole = open_terrain(path)
    west, north = frame_of(whole).to_lonlat(whole["easting"].values[20], whole["northing"].values[10])
    east, south = frame_of(whole).to_lonlat(whole["easting"].values[50], whole["northing"].values[30])
    for chunks in (None, 7):
        part = open_terrain(path, bounds_deg=(west, south, east, north), chunks=chunks).compute()
        cut = whole.sel(northing=part["northing"], easting=part["easting"])
        assert part["elevation"].identical(cut["elevation"])
        assert 19 <= part.sizes["northing"] <= 24
        assert 29 <= part.sizes["easting"] <= 34


@pytest.mark.parametrize("west", [358.0, 179.98, -180.02, -190.0, -179.99])
def test_longitudes_may_run_to_360_and_across_the_180th_meridian(tmp_path: Path, west: float) -> None:
    """The same raster at any longitude is the same terrain around its centre."""
    here, there = (from_bounds(w, 42.0, w + 0.06, 42.04, 72, 48) for w in (0.0, west))
    expected = open_terrain(written(tmp_path / "here.tif", HILLS.astype(np.float32), here))
    found = open_terrain(written(tmp_path / "there.tif", HILLS.astype(np.float32), there))
    assert np.allclose(found["elevation"], expected["elevation"], atol=0.01, equal_nan=True)
    lon, lat = frame_of(found).to_lonlat(0.0, 0.0)
    assert (lon - west - 0.03) % 360.0 == pytest.approx(0.0, abs=1e-9) or (west + 0.03 - lon) % 360.0 < 1e-9
    assert lat == pytest.approx(42.02)


@pytest.mark.parametrize("order", [1, -1])
def test_tiles_on_both_sides_of_the_180th_meridian_are_one_terrain(tmp_path: Path, order: int) -> None:
    """Two tiles, 180° apart in name only, are the terrain that they are elsewhere; land cover and bounds as well."""
    halves = HILLS[:, :36].astype(np.float32), HILLS[:, 36:].astype(np.float32)
    codes = np.full((48, 36), 10, np.uint8), np.full((48, 36), 60, np.uint8)

    def tiles(name: str, values: Any, wests: tuple[float, float]) -> list[Path]:
        pairs = zip(values, wests, strict=True)
        places = [(half, from_bounds(w, 42.0, w + 0.03, 42.04, 36, 48)) for half, w in pairs]
        return [written(tmp_path / f"{name}{i}.tif", half, place) for i, (half, place) in enumerate(places)][::order]

    found = open_terrain(tiles("z", halves, (179.97, -180.0)), land_cover=tiles("c", codes, (179.97, -180.0)))
    expected = open_terrain(tiles("y", halves, (1.0, 1.03)), land_cover=tiles("d", codes, (1.0, 1.03)))
    assert found.sizes == expected.sizes
    assert np.allclose(found["elevation"], expected["elevation"], atol=0.01, equal_nan=True)
    assert (found["land_cover"] == expected["land_cover"].to_numpy()).mean() > 0.999
    assert set(np.unique(found["land_cover"])) >= {10, 60}
    part = open_terrain(tiles("z", halves, (179.97, -180.0)), bounds_deg=(179.98, 42.01, -179.99, 42.03))
    lon, _ = frame_of(part).to_lonlat(*np.meshgrid(part["easting"], part["northing"]))
    assert (lon % 360.0).min() == pytest.approx(179.98, abs=0.001)
    assert (lon % 360.0).max() == pytest.approx(180.01, abs=0.001)
    assert np.isfinite(part["elevation"]).all()


def test_a_raster_of_the_whole_globe_serves_within_bounds_only(tmp_path: Path) -> None:
    lat = 89.5 - np.arange(180.0)
    values = np.repeat(10.0 * lat[:, None], 360, axis=1).astype(np.float32)
    path = written(tmp_path / "globe.tif", values, from_origin(-180.0, 90.0, 1.0, 1.0))
    with pytest.raises(TerrainError, match="the frame cannot show this raster"):
        open_terrain(path)
    part = open_terrain(path, bounds_deg=(10.0, 40.0, 15.0, 45.0))
    _, latitudes = frame_of(part).to_lonlat(*np.meshgrid(part["easting"], part["northing"]))
    assert np.allclose(part["elevation"], 10.0 * latitudes, atol=0.02)


@pytest.mark.parametrize(
    "bounds", [(1.0, 42.0, 1.0, 42.1), (1.0, 42.0, 1.1), (1.0, -91.0, 1.1, 42.0), (np.nan, 1, 2, 3)]
)
def test_bounds_that_are_none_are_refused(tmp_path: Path, bounds: Any) -> None:
    path = written(tmp_path / "tile.tif", HILLS.astype(np.int16))
    with pytest.raises(BadInput, match="bounds_deg"):
        open_terrain(path, bounds_deg=bounds)
    with pytest.raises(TerrainError, match="off the raster"):
        open_terrain(path, bounds_deg=(1.5, 42.0, 1.6, 42.1))


def test_a_plan_reads_headers_only_and_its_windows_are_the_terrain(tmp_path: Path) -> None:
    path = written(tmp_path / "tile.tif", HILLS.astype(np.int16))
    plan, terrain = plan_terrain(path), open_terrain(path)
    assert (plan.grid.rows, plan.grid.columns) == terrain["elevation"].shape
    assert np.array_equal(plan.heights(5, 7, 11, 13), terrain["elevation"].values[5:16, 7:20], equal_nan=True)


def test_land_cover_and_canopy_are_laid_on_a_terrain_that_keeps_its_own_cells(tmp_path: Path) -> None:
    """The layers lie on other cells than the terrain: each cell takes the one its centre is in."""
    elevation = written(tmp_path / "z.tif", HILLS.astype(np.float32), METRES, "EPSG:25831")
    twice = METRES @ Affine.scale(2.0)
    codes = np.arange(24 * 36, dtype=np.uint16).reshape(24, 36).astype(np.uint8)
    trees = np.full((24, 36), np.nan, np.float32)
    trees[:, :9] = 12.5
    cover = written(tmp_path / "cover.tif", codes, twice, "EPSG:25831")
    canopy = written(tmp_path / "canopy.tif", trees, twice, "EPSG:25831")
    legend = {10: "tree cover", 80: "water"}
    for chunks in (None, 17):
        terrain = open_terrain(
            elevation, land_cover=cover, land_cover_legend=legend, canopy_height=canopy, chunks=chunks
        )
        assert np.array_equal(terrain["land_cover"], codes.repeat(2, 0).repeat(2, 1))
        assert np.array_equal(terrain["canopy_height"], trees.repeat(2, 0).repeat(2, 1), equal_nan=True)
        assert terrain["land_cover"].attrs["flag_values"] == [10, 80]
        assert terrain["land_cover"].attrs["flag_meanings"] == "tree_cover water"
        assert terrain["canopy_height"].attrs["units"] == "m"


def test_the_unit_of_a_canopy_counts(tmp_path: Path) -> None:
    elevation = written(tmp_path / "z.tif", HILLS.astype(np.float32), METRES, "EPSG:25831")
    canopy = written(tmp_path / "canopy.tif", np.full((48, 72), 100.0, np.float32), METRES, "EPSG:25831")
    with rasterio.open(canopy, "r+") as raster:
        raster.units = ("ft",)
    assert np.allclose(open_terrain(elevation, canopy_height=canopy)["canopy_height"], 30.48)


def test_a_layer_that_is_none_is_refused(tmp_path: Path) -> None:
    elevation = written(tmp_path / "z.tif", HILLS.astype(np.float32), METRES, "EPSG:25831")
    bad = written(tmp_path / "bad.tif", np.full((48, 72), 255, np.uint8), METRES, "EPSG:25831")
    with pytest.raises(TerrainError, match="a canopy of 255 m"):
        open_terrain(elevation, canopy_height=bad)
    halves = written(tmp_path / "half.tif", np.full((48, 72), 0.5, np.float32), METRES, "EPSG:25831")
    with pytest.raises(TerrainError, match="not a whole number"):
        open_terrain(elevation, land_cover=halves)
    with pytest.raises(BadInput, match="land_cover_legend"):
        open_terrain(elevation, land_cover=bad, land_cover_legend={300: "sea"})


def test_voids_stay_voids_between_tiles(tmp_path: Path) -> None:
    west = written(tmp_path / "west.tif", np.full((48, 30), 100, np.int16), nodata=-9999)
    east = written(
        tmp_path / "east.tif", np.full((48, 30), 100, np.int16), DEGREES @ Affine.translation(42, 0), nodata=-9999
    )
    terrain = open_terrain([west, east])
    frame = frame_of(terrain)
    assert np.isnan(sample(terrain, *frame.to_local(1.03, 42.02)))
    assert sample(terrain, *frame.to_local(1.01, 42.02)) == pytest.approx(100.0)
