from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import from_bounds, from_origin

from geo.errors import BadInput, FrameError, TerrainError
from geo.frame import LocalFrame
from geo.terrain import TERRAIN, aspect, bounds, cell_size, frame_of, open_terrain, sample, slope
from geo.terrain import open as terrain_module
from geo.terrain.header import read_header

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "terrain"
PYRENEES = SHARED / "srtm3_n42e001_pyrenees_ES-AD-FR.tif"
JUAN_DE_FUCA = SHARED / "srtm1_n48w125_juan_de_fuca_US-CA.tif"
shared_tiles = pytest.mark.skipif(not PYRENEES.exists(), reason="the shared terrain tiles are not here")

DEGREES = from_bounds(1.0, 42.0, 1.06, 42.04, 72, 48)  # 3 arc-seconds
METRES = from_origin(400_000.0, 4_700_000.0, 25.0, 25.0)
HILLS = np.random.default_rng(0).normal(0.0, 8.0, (48, 72)).cumsum(axis=0).cumsum(axis=1).clip(0, 3000)


def written(
    path: Path, values: np.ndarray, transform: Affine = DEGREES, crs: object = "EPSG:4326", **profile: object
) -> Path:
    """A raster of ``values``: (row, column), or (band, row, column)."""
    bands = values if values.ndim == 3 else values[None]
    size = {"count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    with rasterio.open(
        path, "w", driver="GTiff", dtype=values.dtype, crs=crs, transform=transform, **size, **profile
    ) as raster:
        raster.write(bands)
    return path


def bilinear_in_degrees(values: np.ndarray, terrain: xr.Dataset, transform: Affine = DEGREES) -> np.ndarray:
    """Oracle: each cell's centre taken to lon/lat, and the source's four centres around it weighted by hand."""
    lon, lat = frame_of(terrain).to_lonlat(*np.meshgrid(terrain["easting"], terrain["northing"]))
    column, row = (lon - transform.c) / transform.a - 0.5, (lat - transform.f) / transform.e - 0.5
    rows, columns = values.shape
    inside = (column >= 0) & (column <= columns - 1) & (row >= 0) & (row <= rows - 1)
    left = np.clip(np.floor(column).astype(int), 0, columns - 2)
    top = np.clip(np.floor(row).astype(int), 0, rows - 2)
    u, v = column - left, row - top
    upper = values[top, left] * (1 - u) + values[top, left + 1] * u
    lower = values[top + 1, left] * (1 - u) + values[top + 1, left + 1] * u
    return np.where(inside, upper * (1 - v) + lower * v, np.nan)


def test_a_metric_raster_in_the_frame_comes_through_to_the_bit(tmp_path: Path) -> None:
    values = HILLS.astype(np.float32)
    values[3, 4] = -9999.0
    path = written(tmp_path / "utm.tif", values, METRES, "EPSG:25831", nodata=-9999.0)
    terrain = open_terrain(path)
    assert TERRAIN.check(terrain, where="test") is terrain
    assert np.isnan(terrain["elevation"].values[3, 4])
    values[3, 4] = np.nan
    assert np.array_equal(terrain["elevation"].values, values, equal_nan=True)
    assert frame_of(terrain).crs.to_epsg() == 25831
    assert terrain.attrs["cell_m"] == 25.0
    assert bounds(terrain) == (400_000.0, 4_700_000.0 - 48 * 25.0, 400_000.0 + 72 * 25.0, 4_700_000.0)
    assert terrain["easting"].values[0] == 400_012.5
    assert terrain["northing"].values[0] == 4_699_987.5
    same = open_terrain(path, frame=LocalFrame.from_epsg(25831))
    assert np.array_equal(same["elevation"].values, values, equal_nan=True)


def test_a_raster_of_a_system_with_its_own_transformation_is_where_that_puts_it(tmp_path: Path) -> None:
    ed50 = "+proj=utm +zone=31 +ellps=intl +towgs84=-87,-98,-121,0,0,0,0 +units=m +no_defs +type=crs"
    values = np.zeros((40, 40), np.float32)
    values[12, 25] = 1000.0
    path = written(tmp_path / "ed50.tif", values, METRES, ed50)
    spike = Transformer.from_crs(ed50, 4326, always_xy=True).transform(*(METRES @ (25.5, 12.5)))
    for frame in (None, LocalFrame.from_epsg(25831)):
        terrain = open_terrain(path, frame=frame)
        elevation = terrain["elevation"]
        row, column = np.unravel_index(int(np.nanargmax(elevation.to_numpy())), elevation.shape)
        at = float(terrain["easting"][column]), float(terrain["northing"][row])
        assert np.hypot(*(np.subtract(frame_of(terrain).to_local(*spike), at))) < 20.0  # half a diagonal of a cell
        assert np.isnan(elevation.to_numpy()).mean() < 0.02
        assert (terrain.attrs["resampling"] == "none") is (frame is None)


def test_a_system_that_states_the_datum_of_its_heights_is_in_the_frame_all_the_same(tmp_path: Path) -> None:
    values = np.full((21, 21), 1000.0, np.float32)
    values[:, 10] = 1100.0  # a ridge that bilinear weights would lower
    plain = open_terrain(written(tmp_path / "plain.tif", values, METRES, "EPSG:25831"))
    path = written(tmp_path / "stated.tif", values, METRES, "EPSG:25831+5773")
    for frame in (None, LocalFrame.from_epsg(25831)):
        stated = open_terrain(path, frame=frame)
        assert stated.attrs["resampling"] == "none"
        assert np.array_equal(stated["elevation"], plain["elevation"])
        assert stated.attrs["datum"] == "EGM96 height"


def test_a_raster_in_degrees_is_bilinear_on_square_cells(tmp_path: Path) -> None:
    values = HILLS.astype(np.int16)
    terrain = open_terrain(written(tmp_path / "tile.tif", values))
    expected = bilinear_in_degrees(values.astype(float), terrain)
    inside = np.isfinite(expected)
    assert inside.mean() > 0.97
    assert np.abs(terrain["elevation"].values - expected)[inside].max() < 1e-3  # float32 in thousands of metres
    easting, northing = terrain["easting"].values, terrain["northing"].values
    cell = terrain.attrs["cell_m"]
    assert np.allclose(np.diff(easting), cell)
    assert np.allclose(np.diff(northing), -cell)
    assert cell == pytest.approx((69.02 * 92.56) ** 0.5, rel=2e-4)  # 3″ of longitude and of latitude at 42.02° N
    assert np.allclose(frame_of(terrain).to_local(1.03, 42.02), 0.0, atol=1e-6)
    assert terrain.attrs["datum"] == "unknown"


def test_a_void_is_void_and_never_enters_a_value(tmp_path: Path) -> None:
    values = np.full((48, 72), 1000, dtype=np.int16)
    values[20:24, 30:34] = -32768
    terrain = open_terrain(written(tmp_path / "void.tif", values, nodata=-32768))
    heights = terrain["elevation"].values
    assert np.nanmin(heights) == np.nanmax(heights) == 1000.0
    lon, lat = DEGREES @ (32.0, 22.0)  # the middle of the void
    easting, northing = frame_of(terrain).to_local(lon, lat)
    assert np.isnan(sample(terrain, easting, northing))
    assert 8 <= np.isnan(heights[3:-3, 3:-3]).sum() <= 24  # 16 source cells


@pytest.mark.parametrize("kind", ["mask", "nan"])
def test_voids_told_by_a_mask_or_by_nan_are_voids(tmp_path: Path, kind: str) -> None:
    values = np.full((48, 72), 700.0, dtype=np.float32)
    if kind == "nan":
        values[20:24, 30:34] = np.nan
    for name, transform, crs in (("degrees", DEGREES, "EPSG:4326"), ("metres", METRES, "EPSG:25831")):
        path = written(tmp_path / f"{name}.tif", values, transform, crs)
        if kind == "mask":
            mask = np.full(values.shape, 255, dtype=np.uint8)
            mask[20:24, 30:34] = 0
            with rasterio.open(path, "r+") as raster:
                raster.write_mask(mask)
        heights = open_terrain(path)["elevation"].values[3:-3, 3:-3]
        assert 8 <= np.isnan(heights).sum() <= 36
        assert (heights[np.isfinite(heights)] == 700.0).all()


@pytest.mark.parametrize("chunks", [17, (48, 20), {"easting": 13}, "auto"])
def test_dask_equals_numpy_to_the_bit(tmp_path: Path, chunks: object) -> None:
    values = HILLS.astype(np.int16)
    values[5:9, 60:] = -32768
    path = written(tmp_path / "tile.tif", values, nodata=-32768)
    lazy, eager = open_terrain(path, chunks=chunks), open_terrain(path)
    assert isinstance(lazy["elevation"].data, da.Array)
    assert np.array_equal(lazy["elevation"].values, eager["elevation"].values, equal_nan=True)
    easting = np.linspace(-2_600.0, 2_600.0, 101)
    assert np.array_equal(sample(lazy, easting, 0.3 * easting), sample(eager, easting, 0.3 * easting), equal_nan=True)
    assert np.array_equal(slope(lazy).values, slope(eager).values, equal_nan=True)


def test_rotated_and_upside_down_rasters_are_laid_north_up(tmp_path: Path) -> None:
    """A plane rising 2 m per km northward and 1 m per km eastward stays that plane whatever its raster's axes."""
    frame = LocalFrame.from_epsg(25831)
    row, column = np.mgrid[:60, :60] + 0.5
    for turn in (Affine.rotation(30.0), Affine.scale(1.0, -1.0), Affine.scale(1.0, 1.7)):
        transform = Affine.translation(400_000.0, 4_700_000.0) @ turn @ Affine.scale(25.0, -25.0)
        easting = transform.a * column + transform.b * row + transform.c
        northing = transform.d * column + transform.e * row + transform.f
        plane = 100.0 + 0.001 * (easting - 400_000.0) + 0.002 * (northing - 4_700_000.0)
        terrain = open_terrain(
            written(tmp_path / "t.tif", plane.astype(np.float32), transform, "EPSG:25831"), frame=frame
        )
        heights = terrain["elevation"]
        expected = 100.0 + 0.001 * (terrain["easting"] - 400_000.0) + 0.002 * (terrain["northing"] - 4_700_000.0)
        middle = np.abs(heights - expected).values[5:-5, 5:-5]
        assert np.nanmedian(middle) < 1e-4
        assert np.nanmax(middle) < 0.06  # up to half a cell beyond the outermost centres the height is held


def test_scaled_heights_and_the_recorded_datum(tmp_path: Path) -> None:
    path = written(tmp_path / "cm.tif", np.full((48, 72), 12_345, dtype=np.int32))
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.01,), (5.0,)
        raster.update_tags(datum="EGM96 geoid")
    terrain = open_terrain(path)
    assert np.nanmax(terrain["elevation"].values) == pytest.approx(128.45, abs=1e-4)
    assert terrain.attrs["datum"] == "EGM96 geoid"
    compound = written(tmp_path / "nn.tif", np.ones((48, 72), np.float32), METRES, "EPSG:25832+5773")
    assert open_terrain(compound).attrs["datum"] == "EGM96 height"


def test_land_cover_is_nearest_and_zero_where_unknown(tmp_path: Path) -> None:
    elevation = written(tmp_path / "tile.tif", HILLS.astype(np.int16))
    classes = np.full((48, 36), 10, dtype=np.uint8)
    classes[:, 18:] = 80
    cover = written(tmp_path / "cover.tif", classes)  # only the western half is mapped
    for chunks in (None, 20):
        found = open_terrain(elevation, land_cover=cover, chunks=chunks)["land_cover"]
        assert found.dtype == np.uint8
        middle = found.shape[0] // 2
        row = found.values[middle]
        assert set(row.tolist()) == {10, 80, 0}
        assert (np.diff(row[row > 0].astype(int)) >= 0).all()
        assert (row[len(row) // 2 + 1 :] == 0).all()


@pytest.mark.parametrize(
    ("values", "profile", "words"),
    [
        (np.ones((2, 48, 72), np.int16), {}, "2 bands"),
        (np.ones((48, 72), np.int16), {"crs": None}, "no coordinate system"),
        (np.full((48, 72), -9, np.int16), {"nodata": -9}, "every cell is void"),
        (np.where(HILLS > 9, 5, -32768).astype(np.int16), {}, "does not declare"),
        (np.ones((48, 72), np.complex64), {}, "complex"),
        (np.ones((1, 72), np.int16), {}, "at least 2"),
    ],
)
def test_a_raster_that_is_no_terrain_is_refused(tmp_path: Path, values: np.ndarray, profile: dict, words: str) -> None:
    with pytest.raises(TerrainError, match=words):
        open_terrain(written(tmp_path / "bad.tif", values, **profile))


@pytest.mark.parametrize(("unit", "metres"), [("ft", 304.8), ("us survey foot", 304.8006096), ("cm", 10.0), ("m", 1e3)])
def test_heights_in_other_units_become_metres(tmp_path: Path, unit: str, metres: float) -> None:
    """1000 feet are 304.8 m; 1000 US survey feet 1000 × 1200/3937 m."""
    path = written(tmp_path / "unit.tif", np.full((48, 72), 1000, np.int16), METRES, "EPSG:25831")
    with rasterio.open(path, "r+") as raster:
        raster.units = (unit,)
    assert np.allclose(open_terrain(path)["elevation"], metres, rtol=1e-6)


def test_the_unit_and_the_direction_of_a_vertical_system_count(tmp_path: Path) -> None:
    """EPSG:6360 is NAVD88 in US survey feet, EPSG:5715 depth below mean sea level in metres, downwards."""
    values = np.full((48, 72), 100, np.float32)
    feet = open_terrain(written(tmp_path / "feet.tif", values, METRES, "EPSG:26918+6360"))
    assert np.allclose(feet["elevation"], 100 * 1200 / 3937, rtol=1e-6)
    assert "NAVD88" in feet.attrs["datum"]
    depth = open_terrain(written(tmp_path / "depth.tif", values, METRES, "EPSG:26918+5715"))
    assert np.allclose(depth["elevation"], -100.0)


def test_unknown_units_of_height_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "fathoms.tif", np.ones((48, 72), np.int16))
    with rasterio.open(path, "r+") as raster:
        raster.units = ("fathom",)
    with pytest.raises(TerrainError, match="in 'fathom'; expected metres or feet"):
        open_terrain(path)


def test_heights_without_a_unit_on_a_map_in_feet_are_refused(tmp_path: Path) -> None:
    """EPSG:2227 is in US survey feet: the heights may be in feet or in metres."""
    values, at = np.full((48, 72), 1000, np.int16), Affine(100.0, 0.0, 6e6, 0.0, -100.0, 2.1e6)
    path = written(tmp_path / "feet.tif", values, at, "EPSG:2227")
    with pytest.raises(TerrainError, match="no unit of height is stated, and the map is in US survey foot"):
        open_terrain(path)
    for unit, metres in (("us survey foot", 1200 / 3937), ("m", 1.0)):
        with rasterio.open(path, "r+") as raster:
            raster.units = (unit,)
        assert read_header(path).scale == pytest.approx(metres)
    assert read_header(written(tmp_path / "compound.tif", values, at, "EPSG:2227+5703")).scale == 1.0
    assert read_header(written(tmp_path / "classes.tif", values, at, "EPSG:2227"), heights=False).scale == 1.0


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TerrainError, match="cannot be read"):
        open_terrain(tmp_path / "missing.tif")
    (tmp_path / "text.tif").write_text("not a raster")
    with pytest.raises(TerrainError, match="cannot be read"):
        open_terrain(tmp_path / "text.tif")
    with pytest.raises(TerrainError, match="no tile"):
        open_terrain([])
    broken = written(tmp_path / "cut.tif", HILLS.astype(np.float32), METRES, "EPSG:25831")
    broken.write_bytes(broken.read_bytes()[:4000])
    with pytest.raises(TerrainError, match="cannot be read"):
        open_terrain(broken)


def test_size_decides_between_memory_dask_and_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "tile.tif", HILLS.astype(np.int16))
    assert isinstance(open_terrain(path)["elevation"].data, np.ndarray)
    monkeypatch.setattr(terrain_module, "DASK_ABOVE_CELLS", 1_000)
    assert isinstance(open_terrain(path)["elevation"].data, da.Array)
    monkeypatch.setattr(terrain_module, "REFUSE_ABOVE_CELLS", 2_000)
    with pytest.raises(TerrainError, match="too many"):
        open_terrain(path)
    assert isinstance(open_terrain(path, chunks=64)["elevation"].data, da.Array)


def plane(eastward: float, northward: float) -> xr.Dataset:
    """A plane with its origin height 500 m at (0, 0), cells of 50 m."""
    easting, northing = np.arange(-500.0, 501.0, 50.0), np.arange(400.0, -401.0, -50.0)
    heights = 500.0 + eastward * easting[None] + northward * northing[:, None]
    return xr.Dataset(
        {"elevation": (("northing", "easting"), heights, {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": LocalFrame.from_epsg(25831).wkt, "datum": "unknown", "cell_m": 50.0},
    )


@pytest.mark.parametrize("chunks", ["many", 0.5j, {"northing": "x"}, (1, 2, 3), 0, {"row": 3}])
def test_chunks_that_are_none_are_refused(tmp_path: Path, chunks: object) -> None:
    path = written(tmp_path / "tile.tif", HILLS.astype(np.int16))
    with pytest.raises(BadInput, match="chunks"):
        open_terrain(path, chunks=chunks)  # type: ignore[arg-type]


def test_what_is_no_path_and_no_frame_is_refused(tmp_path: Path) -> None:
    for nothing in (None, 5):
        with pytest.raises(TerrainError, match="the path of a raster"):
            open_terrain(nothing)  # type: ignore[arg-type]
    path = written(tmp_path / "tile.tif", HILLS.astype(np.int16))
    with pytest.raises(BadInput, match="LocalFrame"):
        open_terrain(path, frame="EPSG:25831")  # type: ignore[arg-type]


@given(st.floats(-500.0, 500.0), st.floats(-400.0, 400.0), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_sampling_a_plane_gives_the_plane(easting: float, northing: float, eastward: float, northward: float) -> None:
    expected = 500.0 + eastward * easting + northward * northing
    assert sample(plane(eastward, northward), easting, northing) == pytest.approx(expected, abs=2e-5)


def test_sampling_at_centres_is_exact_and_off_the_map_is_nan() -> None:
    ground = plane(0.1, -0.3)
    ground["elevation"].values[:] = np.random.default_rng(1).normal(size=ground["elevation"].shape)
    easting, northing = np.meshgrid(ground["easting"], ground["northing"])
    assert np.array_equal(sample(ground, easting, northing), ground["elevation"].values)
    assert np.isnan(
        sample(ground, np.array([-500.1, 500.1, 0.0, 0.0, np.nan]), np.array([0, 0, 400.1, -400.1, 0]))
    ).all()
    assert isinstance(sample(ground, 3.0, 4.0), float)
    labelled = sample(ground, xr.DataArray([3.0, 4.0], dims="estimate"), 4.0)
    assert labelled.dims == ("estimate",)
    assert labelled.values[0] == sample(ground, 3.0, 4.0)


def test_the_cell_is_that_of_the_coordinates() -> None:
    """The design's attrs of a terrain are crs and datum; a thinned terrain still carries the old cell_m."""
    terrain = plane(0.3, -0.2)
    bare, thinned = terrain.drop_attrs(), terrain.isel(easting=slice(0, None, 2), northing=slice(0, None, 2))
    assert cell_size(bare) == cell_size(terrain) == cell_size(thinned) / 2
    easting, northing = float(terrain["easting"][2]) + 3.0, float(terrain["northing"][2]) - 4.0
    for other in (bare, thinned):
        assert sample(other, easting, northing) == pytest.approx(sample(terrain, easting, northing), abs=1e-4)
    assert bounds(bare) == bounds(terrain)
    with pytest.raises(TerrainError, match="at least 2"):
        bounds(terrain.isel(easting=[0]))


def test_a_void_counts_only_where_it_has_weight() -> None:
    ground = plane(0.0, 0.0)
    ground["elevation"].values[8, 10] = np.nan  # at (0, 0)
    assert np.isnan(sample(ground, 1.0, 1.0))
    assert np.isnan(sample(ground, 0.0, 49.0))
    assert sample(ground, 50.0, 1.0) == 500.0
    assert sample(ground, 0.0, 50.0) == 500.0


def test_slope_and_aspect_of_a_plane() -> None:
    """By hand: rising 3 to the east and 4 to the north per 10, so 0.5, and falling towards atan2(−3, −4)."""
    ground = plane(0.3, 0.4)
    assert np.allclose(slope(ground), 0.5)
    assert np.allclose(aspect(ground), np.arctan2(-3.0, -4.0) + 2.0 * np.pi)
    assert np.isnan(aspect(plane(0.0, 0.0))).all()
    assert slope(ground).attrs["units"] == "1"


def test_a_terrain_without_system_has_no_frame() -> None:
    ground = plane(0.0, 0.0)
    del ground.attrs["crs"]
    with pytest.raises(FrameError, match="crs"):
        frame_of(ground)


@shared_tiles
def test_the_pyrenees_open_with_their_heights() -> None:
    """349–3100 m and 0.5 % voids, as the tile's own note says; resampling only lowers summits and raises floors."""
    terrain = open_terrain(PYRENEES)
    heights = terrain["elevation"].values
    assert 349.0 <= np.nanmin(heights) < 360.0
    assert 3050.0 < np.nanmax(heights) <= 3100.0
    assert np.isnan(heights).mean() < 0.02
    assert 79.0 < terrain.attrs["cell_m"] < 80.5


@shared_tiles
def test_half_a_tile_of_void_stays_void() -> None:
    """Juan de Fuca: north of the border the 1″ data were never released."""
    terrain = open_terrain(JUAN_DE_FUCA, chunks=1024)
    easting, northing = frame_of(terrain).to_local(np.array([-124.3, -124.3]), np.array([48.05, 48.8]))
    heights = sample(terrain, easting, northing)
    assert np.isfinite(heights[0])
    assert np.isnan(heights[1])
