"""Viewsheds on disk: equal to the stack, continued after a kill, and never mixed with others."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geo.errors import BadInput
from geo.visibility import open_viewsheds, viewsheds, write_viewsheds
from geo.visibility.many_sites import viewshed_store
from tests.patience import PATIENT_S

VIEW: dict[str, Any] = {"observer_height_m": 6.0, "max_range_m": 700.0}

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import test_viewshed_store as store
from geo.visibility.many_sites import viewshed_store
viewshed_store.BATCH_SITES = 2
def stop(done, total):
    if done >= 8:
        os.kill(os.getpid(), signal.SIGKILL)
viewshed_store.write_viewsheds(store.ground(), store.places(), sys.argv[2], progress=stop, **store.VIEW)
"""


def ground() -> xr.Dataset:
    z = np.random.default_rng(7).normal(size=(90, 80)).cumsum(0).cumsum(1) * 3.0
    z[40:43, 60:64] = np.nan
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z.astype(np.float32), {"units": "m"})},
        coords={"northing": 9_000.0 - 30.0 * np.arange(90), "easting": 30.0 * np.arange(80)},
        attrs={"crs": "EPSG:32631", "datum": "test"},
    )


def places() -> np.ndarray:
    return np.random.default_rng(1).uniform([0.0, 6_400.0], [1_600.0, 9_000.0], (20, 2))


@pytest.fixture(scope="module")
def expected() -> xr.DataArray:
    return viewsheds(ground(), places(), **VIEW).compute(scheduler="synchronous")


@pytest.mark.parametrize("chunks", [None, 33])
def test_the_store_is_the_stack(
    tmp_path: Path, expected: xr.DataArray, chunks: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewshed_store, "CHUNK_CELLS", 32)
    terrain = ground() if chunks is None else ground().chunk(chunks)
    stored = write_viewsheds(terrain, places(), tmp_path / "seen.zarr", **VIEW)
    assert stored.chunks is not None
    assert stored.dtype == np.uint8
    for found in (stored, open_viewsheds(tmp_path / "seen.zarr")):
        assert np.array_equal(found, expected)
        for coordinate in ("northing", "easting", "site", "site_easting", "site_northing"):
            assert np.array_equal(found[coordinate], expected[coordinate])
        assert list(found.attrs["flag_values"]) == [0, 1, 255]
    chunk_files = [path for path in (tmp_path / "seen.zarr" / "visible" / "c").rglob("*") if path.is_file()]
    assert len(chunk_files) < 0.9 * 20 * 3 * 3  # what nobody sees takes no room


def test_a_kill_costs_what_was_under_way_and_the_rest_is_continued(tmp_path: Path, expected: xr.DataArray) -> None:
    path = tmp_path / "seen.zarr"
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(path)]
    assert subprocess.run(command, timeout=PATIENT_S, check=False).returncode == -signal.SIGKILL
    with pytest.raises(BadInput, match="of 20 sites are missing"):
        open_viewsheds(path)
    said: list[int] = []
    found = write_viewsheds(ground(), places(), path, progress=lambda done, total: said.append(total), **VIEW)
    assert np.array_equal(found, expected)
    assert 0 < said[-1] <= 12  # eight or more were there
    write_viewsheds(ground(), places(), path, progress=lambda *_: pytest.fail("nothing is left to do"), **VIEW)


def test_a_store_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "seen.zarr"
    write_viewsheds(ground(), places(), path, **VIEW)
    higher = ground()
    higher["elevation"].values[3, 3] += 1.0
    for terrain, sites, view in (
        (higher, places(), VIEW),
        (ground(), places()[::-1], VIEW),
        (ground(), places(), VIEW | {"target_height_m": 0.5}),
    ):
        with pytest.raises(BadInput, match="another terrain, other sites or other views"):
            write_viewsheds(terrain, sites, path, **view)
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match="holds something else"):
        write_viewsheds(ground(), places(), other, **VIEW)
    assert (other / "letter.txt").read_text() == "dear"
    for nothing in (other, tmp_path / "none"):
        with pytest.raises(BadInput, match="no viewsheds are there"):
            open_viewsheds(nothing)
