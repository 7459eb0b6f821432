"""``watchline terrain``: what it says of rasters, and the one file it makes of them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.transform import from_bounds, from_origin
from typer.testing import CliRunner

from geo.errors import BadInput
from geo.terrain import open_terrain, plan_terrain
from ops.analysis.terrain.import_cog import write_cog
from ops.cli.app import app
from tests.patience import PATIENT_S

DEGREES = from_bounds(1.0, 42.0, 1.06, 42.04, 72, 48)
METRES = from_origin(400_000.0, 4_700_000.0, 25.0, 25.0)
HILLS = np.random.default_rng(0).normal(0.0, 8.0, (48, 72)).cumsum(axis=0).cumsum(axis=1).clip(0, 3000).astype(np.int16)

KILLED = """
import os, signal, sys
from pathlib import Path
from geo.terrain import plan_terrain
from ops.analysis.terrain.import_cog import write_cog
write_cog(plan_terrain(sys.argv[1]), Path(sys.argv[2]), lambda *_: os.kill(os.getpid(), signal.SIGKILL), force=False)
"""
LIMITED = """
import resource, sys
from pathlib import Path
from geo.terrain import plan_terrain
from ops.analysis.terrain.import_cog import write_cog
limit = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() + 400 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
figures, _ = write_cog(plan_terrain(sys.argv[1]), Path(sys.argv[2]), lambda *_: None, force=False)
print(figures.cells, figures.lowest_m, figures.highest_m)
"""


def written(path: Path, values: np.ndarray, transform: Affine = DEGREES, crs: str = "EPSG:4326", **more: Any) -> Path:
    size = {"count": 1, "height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(
        path, "w", driver="GTiff", dtype=values.dtype, crs=crs, transform=transform, **size, **more
    ) as raster:
        raster.write(values, 1)
    return path


def run(*arguments: str | Path) -> dict[str, Any]:
    """The JSON of a command that goes well."""
    done = CliRunner().invoke(app, ["terrain", *map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def tiles(tmp_path: Path) -> list[Path]:
    values = HILLS.copy()
    values[5:9, 60:] = -32768
    west = written(tmp_path / "west.tif", values[:, :37], nodata=-32768)
    east = written(tmp_path / "east.tif", values[:, 36:], DEGREES @ Affine.translation(36, 0), nodata=-32768)
    return [west, east]


def test_info_says_what_the_rasters_are_and_what_they_make(tiles: list[Path]) -> None:
    found = run("info", *tiles)
    assert [raster["columns"] for raster in found["rasters"]] == [37, 36]
    assert found["rasters"][0]["crs"] == "EPSG:4326 WGS 84"
    assert found["rasters"][0]["nodata"] == "-32768"
    assert found["rasters"][1]["bounds"] == pytest.approx([1.03, 42.0, 1.06, 42.04])
    terrain, expected = found["terrain"], open_terrain(tiles)
    heights = expected["elevation"].values
    assert (terrain["rows"], terrain["columns"]) == heights.shape
    assert terrain["cell_m"] == expected.attrs["cell_m"]
    assert terrain["lowest_m"] == pytest.approx(np.nanmin(heights), abs=1e-3)
    assert terrain["highest_m"] == pytest.approx(np.nanmax(heights), abs=1e-3)
    assert terrain["voids_percent"] == pytest.approx(np.isnan(heights).mean() * 100, abs=1e-3)
    assert terrain["bounds_deg"] == pytest.approx([1.0, 42.0, 1.06, 42.04], abs=0.002)
    assert "lowest_m" not in run("info", *tiles, "--headers-only")["terrain"]


@pytest.mark.parametrize("more", [[], ["--frame", "EPSG:25831"], ["--bounds", "1.01,42.01,1.03,42.03"]])
def test_the_file_made_is_the_terrain_to_the_bit(tiles: list[Path], tmp_path: Path, more: list[str]) -> None:
    out = tmp_path / "made.tif"
    said = run("import", *tiles, "--out", out, *more)
    plan = {} if not more else {"frame": None}
    if "--frame" in more:
        from geo.frame import LocalFrame

        plan["frame"] = LocalFrame.from_epsg(25831)
    if "--bounds" in more:
        plan["bounds_deg"] = (1.01, 42.01, 1.03, 42.03)
    expected, made = open_terrain(tiles, **plan), open_terrain(out)
    assert np.array_equal(made["elevation"], expected["elevation"], equal_nan=True)
    assert np.allclose(made["easting"], expected["easting"], rtol=0, atol=1e-6)
    assert np.allclose(made["northing"], expected["northing"], rtol=0, atol=1e-6)
    assert made.attrs["resampling"] == "none"
    assert said["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert said["bytes"] == out.stat().st_size
    with rasterio.open(out) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["east.tif", "made.tif", "west.tif"]


def test_the_same_rasters_make_the_same_file(tiles: list[Path], tmp_path: Path) -> None:
    first, again = (run("import", *tiles, "--out", tmp_path / name)["sha256"] for name in ("a.tif", "b.tif"))
    assert first == again


def test_the_frame_of_a_sector_is_taken(tiles: list[Path], tmp_path: Path) -> None:
    said = run("import", *tiles, "--out", tmp_path / "auto.tif", "--sector", "cumberland")
    assert said["frame"].startswith("Watchline local frame around 42.02")  # the sample's frame is "auto"


def test_a_file_is_replaced_only_when_told(tiles: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "made.tif"
    out.write_text("precious")
    with pytest.raises(BadInput, match=r"already exists; expected a new name, or --force"):
        write_cog(plan_terrain(tiles), out, lambda *_: None, force=False)
    assert out.read_text() == "precious"
    write_cog(plan_terrain(tiles), out, lambda *_: None, force=True)
    assert open_terrain(out).sizes == open_terrain(tiles).sizes


def test_a_killed_import_leaves_no_file_and_the_next_begins_anew(tiles: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "made.tif"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tiles[0]), str(out)], timeout=PATIENT_S, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    assert any(path.name.startswith(".made.tif.part") for path in tmp_path.iterdir())
    write_cog(plan_terrain(tiles[0]), out, lambda *_: None, force=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["east.tif", "made.tif", "west.tif"]


def test_only_one_import_writes_a_file_at_a_time(tiles: list[Path], tmp_path: Path) -> None:
    with (tmp_path / ".made.tif.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BadInput, match="another import is writing this file"):
            write_cog(plan_terrain(tiles), tmp_path / "made.tif", lambda *_: None, force=False)


def test_a_large_import_takes_bounded_memory(tmp_path: Path) -> None:
    """64 million cells are 256 MB of heights; the process may take 400 MB beyond its libraries."""
    source = tmp_path / "large.tif"
    size = {"count": 1, "height": 8000, "width": 8000, "dtype": "int16", "crs": "EPSG:25831", "transform": METRES}
    with rasterio.open(source, "w", driver="GTiff", tiled=True, compress="deflate", **size) as raster:
        raster.write(np.full((1000, 8000), 250, np.int16), 1, window=((0, 1000), (0, 8000)))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(source), str(tmp_path / "out.tif")],
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # else the threads of a busy machine reserve 64 MB each
        capture_output=True,
        text=True,
        timeout=PATIENT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["64000000", "0.0", "250.0"]


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        (["--bounds", "1,2,3"], 2, "--bounds: '1,2,3'; expected west,south,east,north in degrees."),
        (["--bounds", "1,2,3,x"], 2, "--bounds: '1,2,3,x'; expected west,south,east,north in degrees."),
        (["--bounds", "9,42,10,43"], 1, "{file}: the bounds lie off the raster; expected bounds that meet it."),
        (["--frame", "utm"], 2, "--frame: 'utm'; expected auto, or an EPSG code such as 25831."),
        (
            ["--frame", "4326"],
            2,
            "--frame: 'WGS 84' is not projected; expected a projected system in metres, eastings and northings.",
        ),
        (
            ["--frame", "99999"],
            2,
            "--frame: EPSG has no coordinate system 99999; expected a projected metric EPSG code.",
        ),
        (["--frame", "25831", "--sector", "cumberland"], 2, "--frame: given beside --sector; expected one of the two."),
        (["--nodata", "nan"], 2, "--nodata: 'nan'; expected a number."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    watchline: Callable[..., Any], tiles: list[Path], tmp_path: Path, more: list[str], code: int, sentence: str
) -> None:
    out = tmp_path / "made.tif"
    for command in (["info", str(tiles[0])], ["import", str(tiles[0]), "--out", str(out)]):
        ended = watchline("terrain", *command, *more)
        assert (ended.code, ended.out) == (code, "")
        assert ended.err == f"watchline: {sentence.format(file=tiles[0])}\n"
    assert not out.exists()


def test_a_terrain_of_voids_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    voids = written(tmp_path / "voids.tif", np.full((20, 20), -9, np.int16), nodata=-9)
    for command in (["info"], ["import", "--out", str(tmp_path / "made.tif")]):
        done = CliRunner().invoke(app, ["terrain", *command, str(voids)])
        assert "every cell is void" in str(done.exception)
    with pytest.raises(BadInput, match="no such folder"):
        write_cog(plan_terrain(voids), tmp_path / "none" / "made.tif", lambda *_: None, force=False)


def test_a_sector_may_have_a_folder_of_tiles_a_canopy_and_a_void_value(tmp_path: Path) -> None:
    """The sample's sector, over tiles of its own terrain with an undeclared void, and with trees."""
    from ops.sector.open_sector import open_sector
    from ops.sector.samples import jacksboro_cog, samples_folder
    from ops.sector.sector_file import cache_folder, load_sector

    (tmp_path / "tiles").mkdir()
    with rasterio.open(jacksboro_cog(cache_folder())) as raster:
        values, transform = raster.read(1), raster.transform
    values[100:104, 100:104] = -32768
    written(tmp_path / "tiles" / "west.tif", values[:, :200], transform)
    written(tmp_path / "tiles" / "east.tif", values[:, 200:], transform @ Affine.translation(200, 0))
    written(tmp_path / "trees.tif", np.full(values.shape, 12, np.uint8), transform)
    sample = samples_folder() / "cumberland"
    text = (sample / "sector.toml").read_text().replace("sample:jacksboro", "tiles")
    text = text.replace("[layouts]", 'nodata = -32768\ncanopy_height = "trees.tif"\n\n[layouts]')
    for name in sample.iterdir():
        if name.name != "sector.toml":
            (tmp_path / name.name).write_bytes(name.read_bytes())
    (tmp_path / "sector.toml").write_text(text)
    ground = open_sector(load_sector(tmp_path / "sector.toml"))
    assert np.nanmin(ground.terrain["elevation"]) > 200.0
    assert 9 <= np.isnan(ground.terrain["elevation"].values[50:-50, 50:-50]).sum() <= 36
    assert float(ground.terrain["canopy_height"].median()) == 12.0
