"""Rasters that are broken, misplaced or meant to harm: one sentence each, and memory that stays bounded."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.transform import from_origin

from geo.errors import TerrainError
from geo.terrain import open_terrain
from tests.patience import PATIENT_S

METRES = from_origin(400_000.0, 4_700_000.0, 25.0, 25.0)
DEGREES = from_origin(1.0, 42.0, 0.001, 0.001)
MEMORY_MB = 400  # of address space beyond what the libraries take; GDAL's cache is 64 MB of it

OPEN_EACH = """
import json, resource, sys
from geo.errors import BadInput
from geo.terrain import open_terrain
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + int(sys.argv[1]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for path in sys.argv[2:]:
    try:
        for chunks in (None, 1024):
            open_terrain(path, chunks=chunks)["elevation"][:64, :64].compute(scheduler="synchronous")
        print(json.dumps([path, "opened", ""]))
    except BadInput as error:
        print(json.dumps([path, "refused", str(error)]))
    except BaseException as error:
        print(json.dumps([path, type(error).__name__, str(error)]))
"""


def written(path: Path, values: np.ndarray, transform: Affine = METRES, crs: Any = "EPSG:25831", **more: Any) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=values.dtype,
        crs=crs,
        transform=transform,
        count=1,
        height=values.shape[0],
        width=values.shape[1],
        **more,
    ) as raster:
        raster.write(values, 1)
    return path


def sparse(path: Path, side: int, **more: Any) -> Path:
    """A file of a few kilobytes that says it has side × side cells."""
    size = {"count": 1, "height": side, "width": side, "dtype": "float32", "crs": "EPSG:25831", "transform": METRES}
    with rasterio.open(path, "w", driver="GTiff", SPARSE_OK=True, **size, **more):
        pass
    return path


def bare_tiff(path: Path, rows: int, columns: int) -> Path:
    """The smallest TIFF header of that size: one strip, of which nothing is there."""
    fields = [(256, columns), (257, rows), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, rows), (279, 100)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields)
    path.write_bytes(struct.pack("<2sHIH", b"II", 42, 8, len(fields)) + entries + bytes(204))
    return path


def interlaced_png(path: Path, side: int) -> Path:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 16, 0, 0, 0, 1)
    cells = chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + cells + chunk(b"IEND", b""))
    path.with_suffix(".pgw").write_text("30\n0\n0\n-30\n400000\n4700000\n")
    path.with_suffix(".png.aux.xml").write_text("<PAMDataset><SRS>EPSG:25831</SRS></PAMDataset>")
    return path


def virtual(path: Path, source: str, side: int = 50, head: str = "") -> Path:
    path.write_text(
        f'{head}<VRTDataset rasterXSize="{side}" rasterYSize="{side}"><SRS>EPSG:25831</SRS>'
        "<GeoTransform>400000,25,0,4700000,0,-25</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="1">{source}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return path


def chain(path: Path) -> Path:
    for n in range(12):
        virtual(path.with_name(f"link{n}.vrt"), f"link{n + 1}.vrt")
    return path.with_name("link0.vrt")


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("dem.tif", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))
    return path


def pair(path: Path) -> Path:
    virtual(path.with_name("other.vrt"), path.name)
    return virtual(path, "other.vrt")


def service(path: Path) -> Path:
    path.write_text(
        '<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:9/${z}</ServerUrl></Service><DataWindow>'
        "<UpperLeftX>0</UpperLeftX><UpperLeftY>9</UpperLeftY><LowerRightX>9</LowerRightX><LowerRightY>0</LowerRightY>"
        "<SizeX>50</SizeX><SizeY>50</SizeY></DataWindow><Projection>EPSG:25831</Projection><BandsCount>1</BandsCount>"
        "</GDAL_WMS>"
    )
    return path


def packed_under_virtual(path: Path) -> Path:
    """A virtual raster in small blocks over a file that is one packed strip."""
    sparse(path.with_name("under.tif"), 20_000, blockysize=20_000, compress="deflate")
    return virtual(path, "under.tif")


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def scaled(path: Path, scale: float) -> Path:
    written(path, ONES)
    with rasterio.open(path, "r+") as raster:
        raster.scales = (scale,)
    return path


def filled(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def packed(path: Path) -> Path:
    size = {"count": 1, "height": 8192, "width": 8192, "dtype": "int16", "crs": "EPSG:25831", "transform": METRES}
    with rasterio.open(
        path, "w", driver="GTiff", tiled=True, blockxsize=8192, blockysize=8192, compress="deflate", **size
    ) as raster:
        raster.write(np.full((8192, 8192), 7, np.int16), 1)
    return path


def bands(path: Path) -> Path:
    with rasterio.open(path, "w", driver="GTiff", dtype="uint8", count=3000, height=2, width=2):
        pass
    return path


def cut(path: Path, share: float) -> Path:
    written(path, np.random.default_rng(1).normal(size=(500, 500)).astype(np.float32), compress="deflate")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


ONES = np.ones((50, 50), np.int16)
PACKED = "packed.tif"
LOCAL = 'LOCAL_CS["site",UNIT["metre",1]]'
HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "huge.tif": (lambda p: bare_tiff(p, 2**31 - 1, 2**31 - 1), "cells; expected sides of at most"),
    "long.tif": (lambda p: bare_tiff(p, 2**31 - 1, 60_000), "cells; expected sides of at most"),
    "sparse.tif": (lambda p: sparse(p, 100_000, tiled=True), "10000000000 cells are too many"),
    "strip.tif": (
        lambda p: sparse(p, 20_000, blockysize=20_000, compress="deflate"),
        "blocks of 20000 × 20000 cells; expected blocks",
    ),
    "tile.tif": (
        lambda p: sparse(p, 16_384, tiled=True, blockxsize=16_384, blockysize=16_384),
        "blocks of 16384 × 16384 cells; expected blocks",
    ),
    "picture.png": (lambda p: interlaced_png(p, 30_000), "blocks of 30000 × 30000 cells; expected blocks"),
    "bands.tif": (bands, "3000 bands; expected one"),
    "bomb.zip": (zipped, "'dem.tif' unpacks from"),
    "self.vrt": (lambda p: virtual(p, p.name), "refers to itself"),
    "pair.vrt": (pair, "refers to itself"),
    "chain.vrt": (chain, "at most 8 deep"),
    "http.vrt": (lambda p: virtual(p, "http://127.0.0.1:9/x.tif"), "'http://127.0.0.1:9/x.tif' on a network"),
    "curl.vrt": (lambda p: virtual(p, "/vsicurl/http://127.0.0.1:9/x.tif"), "on a network"),
    "s3.vrt": (lambda p: virtual(p, "/vsis3/bucket/x.tif"), "on a network"),
    "entity.vrt": (lambda p: virtual(p, "x.tif", head='<!DOCTYPE a [<!ENTITY a "a">]>'), "declares entities"),
    "wide.vrt": (lambda p: virtual(p, "no_system.tif", side=2_000_000_000), "cells; expected sides of at most"),
    "lost.vrt": (lambda p: virtual(p, "x.tif"), "cannot be read"),
    "under.vrt": (packed_under_virtual, "blocks of 20000 × 20000 cells; expected blocks"),
    "pipe.tif": (pipe, "'pipe.tif' is not a file"),
    "pipe.vrt": (lambda p: virtual(p, pipe(p.with_name("end.tif")).name), "'end.tif' is not a file"),
    "zero.vrt": (lambda p: virtual(p, "/dev/zero"), "'zero' is not a file"),
    "scale.tif": (lambda p: scaled(p, 0.0), "scaled by 0.0"),
    "scale_nan.tif": (lambda p: scaled(p, float("nan")), "scaled by nan"),
    "service.xml": (service, "cannot be read"),
    "empty.tif": (lambda p: filled(p, b""), "cannot be read"),
    "noise.tif": (lambda p: filled(p, b"II*\0" + bytes(range(256)) * 9), "cannot be read"),
    "cut.tif": (lambda p: cut(p, 0.5), "cannot be read"),
    "stump.tif": (lambda p: cut(p, 0.0002), "cannot be read"),
    "no_system.tif": (lambda p: written(p, ONES, crs=None), "no coordinate system"),
    "local.tif": (lambda p: written(p, ONES, crs=LOCAL), "not on a map"),
    "geocentric.tif": (lambda p: written(p, ONES, crs="EPSG:4978"), "not on a map"),
    "metres_as_degrees.tif": (lambda p: written(p, ONES, crs="EPSG:4326"), "the wrong coordinate system?"),
    "degrees_as_metres.tif": (lambda p: written(p, ONES, DEGREES), "the wrong coordinate system?"),
    "far.tif": (lambda p: written(p, ONES, from_origin(1e12, 1e12, 25, 25)), "the wrong coordinate system?"),
    "nowhere.tif": (lambda p: written(p, ONES, Affine.identity()), "no place on the Earth"),
    "flat.tif": (lambda p: written(p, ONES, Affine(0, 0, 4e5, 0, 0, 4e6)), "no place on the Earth"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What each hostile file, and the packed one after them, came to, opened in one process of limited memory."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = {str(make(folder / name)): name for name, (make, _) in HOSTILE.items()}
    paths[str(packed(folder / PACKED))] = PACKED
    run = [sys.executable, "-c", OPEN_EACH, str(MEMORY_MB), *paths]
    one_arena = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # else the threads of a busy machine reserve 64 MB each
    done = subprocess.run(run, env=one_arena, capture_output=True, text=True, timeout=PATIENT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = (json.loads(line) for line in done.stdout.splitlines())
    return {paths[path]: (outcome, sentence.replace(str(folder), "")) for path, outcome, sentence in found}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_raster_is_one_sentence_within_bounded_memory(answers: dict[str, tuple[str, str]], name: str) -> None:
    outcome, sentence = answers[name]
    assert outcome == "refused", sentence
    assert HOSTILE[name][1] in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def storable(dtype: Any, void: float) -> float:
    """The void itself, or what stands for it in a type that cannot hold it."""
    if np.dtype(dtype).kind == "i" and not np.iinfo(dtype).min <= void <= np.iinfo(dtype).max:
        return float(np.iinfo(dtype).min)
    if dtype is np.float32:
        return float(np.clip(void, np.finfo(dtype).min, np.finfo(dtype).max))
    return void


VOIDS = (-9999.0, -32768.0, -99999.0, 9_999.0, 32767.0, 3.4028234663852886e38, -3.4e38, -1.7976931348623157e308)
STORED = dict.fromkeys(
    (dtype, storable(dtype, void)) for dtype in (np.float32, np.float64, np.int16, np.int32) for void in VOIDS
)


@pytest.mark.parametrize(("dtype", "void"), STORED)
@pytest.mark.parametrize(("transform", "crs"), [(METRES, "EPSG:25831"), (DEGREES, "EPSG:4326")])
def test_an_undeclared_void_is_refused_by_its_value_and_declared_it_is_a_void(
    tmp_path: Path, dtype: Any, void: float, transform: Affine, crs: str
) -> None:
    values = np.full((50, 50), 100, dtype)
    values[20:23, 30:34] = void
    path = written(tmp_path / "void.tif", values, transform, crs)
    named = repr(float(dtype(void))).removesuffix(".0")
    for chunks in (None, 16):
        with pytest.raises(TerrainError) as refused:
            open_terrain(path, chunks=chunks).compute()
        assert f"cells of {named}, which the file does not declare as void" in str(refused.value)
        assert f"nodata={named} to be given" in str(refused.value)
        heights = open_terrain(path, chunks=chunks, nodata=float(named))["elevation"].values
        assert np.nanmin(heights) == np.nanmax(heights) == 100.0
        assert 6 <= np.isnan(heights[3:-3, 3:-3]).sum() <= 20


def test_a_given_void_counts_besides_those_that_the_file_declares(tmp_path: Path) -> None:
    values = np.full((50, 50), 100.0, np.float32)
    values[3, 3], values[5, 5], values[7, 7] = -32768.0, -9999.0, np.nan
    path = written(tmp_path / "two.tif", values, nodata=-32768.0)
    with pytest.raises(TerrainError, match="cells of -9999,"):
        open_terrain(path)
    heights = open_terrain(path, nodata=-9999.0)["elevation"].values
    assert np.argwhere(np.isnan(heights)).tolist() == [[3, 3], [5, 5], [7, 7]]
    with pytest.raises(TerrainError, match="nodata=nan"):
        open_terrain(path, nodata=float("nan"))


def test_scaled_cells_are_judged_as_they_are_stored(tmp_path: Path) -> None:
    """-9999 in decimetres would be a plausible -999.9 m."""
    values = np.full((50, 50), 1000, np.int16)
    values[3, 3] = -9999
    path = written(tmp_path / "dm.tif", values)
    with rasterio.open(path, "r+") as raster:
        raster.scales = (0.1,)
    with pytest.raises(TerrainError, match="cells of -9999,"):
        open_terrain(path)
    assert np.nanmax(open_terrain(path, nodata=-9999.0)["elevation"]) == pytest.approx(100.0)


def test_infinite_heights_are_refused(tmp_path: Path) -> None:
    values = np.full((50, 50), 100.0, np.float32)
    values[3, 3] = np.inf
    with pytest.raises(TerrainError, match=r"cells of inf, .* to 9000 m\.$"):
        open_terrain(written(tmp_path / "inf.tif", values))


def test_a_block_that_unpacks_to_much_is_read_within_bounds(answers: dict[str, tuple[str, str]]) -> None:
    """A tile of 64 million cells in 260 kB may be read; a limit of 400 MB holds it and the libraries' own needs."""
    assert answers[PACKED] == ("opened", "")
