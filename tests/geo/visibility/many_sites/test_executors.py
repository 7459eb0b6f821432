"""Who sees what, reduced while it is computed: equal to the serial stack to the bit, whoever works and whoever dies."""

from __future__ import annotations

import logging
import os
import signal
import time
import tracemalloc
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from geo.errors import BadInput, TerrainError
from geo.terrain import open_terrain
from geo.visibility import sites_seeing, viewsheds
from geo.visibility.many_sites import height_source
from geo.visibility.many_sites import sites as sites_module
from geo.visibility.many_sites.executor import Executor, client_of
from geo.visibility.many_sites.sites import batches_of, sites_of
from tests.dask_workers import WITHOUT_PAGES
from tests.patience import PATIENT_S
from tests.strangers import entered_by_a_stranger, open_ports

WEST, NORTH, CELL_M = 500_000.0, 4_600_000.0, 30.0
VIEW: dict[str, Any] = {"observer_height_m": 10.0, "max_range_m": 700.0}
NAMES = ["sites_seeing", "sites_unknown", "first_site", "visible"]


def heights() -> np.ndarray:
    z = np.random.default_rng(7).normal(size=(150, 160)).cumsum(0).cumsum(1) * 3.0
    z[40:43, 60:64] = np.nan
    return z.astype(np.float32)


@pytest.fixture(scope="module")
def terrain() -> xr.Dataset:
    return xr.Dataset(
        {"elevation": (("northing", "easting"), heights(), {"units": "m"})},
        coords={"northing": NORTH - CELL_M * np.arange(150), "easting": WEST + CELL_M * np.arange(160)},
        attrs={"crs": "EPSG:32631", "datum": "test"},
    )


@pytest.fixture(scope="module")
def sites() -> np.ndarray:
    """25 sites; the voids lie at rows 40–42, columns 60–63."""
    random = np.random.default_rng(8)
    found = random.uniform([WEST, NORTH - 4_400.0], [WEST + 4_700.0, NORTH], (60, 2))
    row, column = (NORTH - found[:, 1]) / CELL_M, (found[:, 0] - WEST) / CELL_M
    near_void = (row > 38) & (row < 44) & (column > 58) & (column < 65)
    return found[~near_void][:25]


@pytest.fixture(scope="module")
def expected(terrain: xr.Dataset, sites: np.ndarray) -> dict[str, np.ndarray]:
    """Reductions of the whole stack, computed in one thread."""
    stack = viewsheds(terrain, sites, **VIEW).compute(scheduler="synchronous").values
    seen, unknown = stack == 1, stack == 255
    return {
        "sites_seeing": seen.sum(0),
        "sites_unknown": unknown.sum(0),
        "first_site": np.where(seen.any(0), seen.argmax(0), -1),
        "visible": np.where(seen.any(0), 1, np.where(unknown.any(0), 255, 0)),
    }


def assert_same(found: xr.Dataset, expected: dict[str, np.ndarray]) -> None:
    for name in NAMES:
        assert np.array_equal(found[name].values, expected[name]), name


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("chunks", [None, {"northing": 50, "easting": 37}])
def test_threads_equal_the_serial_stack_to_the_bit(
    terrain: xr.Dataset, sites: np.ndarray, expected: dict[str, np.ndarray], scheduler: str, workers: int, chunks: Any
) -> None:
    ground = terrain if chunks is None else terrain.chunk(chunks)
    assert_same(sites_seeing(ground, sites, scheduler=scheduler, workers=workers, **VIEW), expected)
    assert expected["sites_unknown"].any()
    assert (expected["sites_seeing"] > 3).any()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", **WITHOUT_PAGES) as cluster,
        Client(cluster) as found,
    ):
        yield found


def test_processes_of_our_own_serve_no_pages() -> None:
    """dask's pages need no password; it serves them wherever bokeh is installed."""
    with client_of(Executor("processes", 1)) as own:
        address = f"http://127.0.0.1:{own.cluster.scheduler.http_server.port}/status"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(address)


def test_a_cluster_equals_the_serial_stack_to_the_bit(
    terrain: xr.Dataset, sites: np.ndarray, expected: dict[str, np.ndarray], client: Client, tmp_path: Path
) -> None:
    """By a client and by the scheduler's address; from memory, from chunks, and from a file that workers open."""
    path = tmp_path / "z.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype="float32",
        count=1,
        height=150,
        width=160,
        crs="EPSG:32631",
        transform=from_origin(WEST - 15.0, NORTH + 15.0, CELL_M, CELL_M),
    ) as raster:
        raster.write(heights(), 1)
    for ground in (terrain, terrain.chunk({"northing": 50, "easting": 37}), open_terrain(path, chunks=64)):
        assert_same(sites_seeing(ground, sites, scheduler=client, **VIEW), expected)
    assert_same(sites_seeing(terrain, sites, scheduler=client.scheduler.address, **VIEW), expected)
    stack = viewsheds(terrain.chunk(70), sites, **VIEW)
    serial = stack.compute(scheduler="synchronous")
    assert np.array_equal(stack.compute(scheduler=client), serial)


def test_processes_of_our_own_equal_the_serial_stack_to_the_bit(
    terrain: xr.Dataset, sites: np.ndarray, expected: dict[str, np.ndarray]
) -> None:
    assert_same(sites_seeing(terrain, sites, scheduler="processes", workers=2, **VIEW), expected)
    assert not logging.getLogger("distributed.core").isEnabledFor(logging.INFO), "people read what it notes as errors"


def test_nobody_else_enters_processes_of_our_own(
    terrain: xr.Dataset, sites: np.ndarray, expected: dict[str, np.ndarray]
) -> None:
    """Another user of the machine knocks at every port while we work: as dask does, with and without a certificate."""
    tried: list[int] = []
    entered: list[str] = []
    before = open_ports()  # those of the fixture's cluster, which has no secrets

    def attack(done: int, total: int) -> None:
        if tried:
            return
        for port in sorted(open_ports() - before):
            tried.append(port)
            entered.extend(entered_by_a_stranger(port))

    found = sites_seeing(terrain, sites, scheduler="processes", workers=1, progress=attack, **VIEW)
    assert entered == []
    assert len(tried) >= 3, "scheduler, nanny and worker listen"
    assert_same(found, expected)


def test_a_killed_worker_costs_its_share_only(
    terrain: xr.Dataset,
    sites: np.ndarray,
    expected: dict[str, np.ndarray],
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sites_module, "FEW_CELLS", 1)
    found, _, _ = sites_of(terrain, sites, **VIEW)
    assert len(batches_of(found)) >= 6  # more than may be under way at the first progress
    workers = client.run(os.getpid)
    victim = next(iter(workers.values()))
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if not killed and done < total:
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    assert_same(sites_seeing(terrain, sites, scheduler=client, progress=kill_one, **VIEW), expected)
    assert killed == [victim]
    until_s = time.monotonic() + PATIENT_S
    while victim in client.run(os.getpid, on_error="ignore").values():  # its end may not have been noticed yet
        assert time.monotonic() < until_s
        time.sleep(0.1)


def weight(number: int, easting: np.ndarray, northing: np.ndarray) -> np.ndarray:
    """A rate that depends on the site and on the place, and whose sum depends on its order."""
    distance = np.hypot(easting - WEST, northing[:, None] - NORTH)
    return (0.1 + number) / (1.0 + 1e-3 * distance)


def test_rates_are_summed_in_the_order_of_the_sites_whoever_works(
    terrain: xr.Dataset, sites: np.ndarray, client: Client, expected: dict[str, np.ndarray]
) -> None:
    stack = viewsheds(terrain, sites, **VIEW).compute(scheduler="synchronous").values
    by_hand = np.zeros(stack.shape[1:])
    for number, layer in enumerate(stack):
        by_hand += np.where(layer == 1, weight(number, terrain["easting"].values, terrain["northing"].values), 0.0)
    for scheduler in ("synchronous", "threads", client):
        found = sites_seeing(terrain, sites, rate=weight, scheduler=scheduler, **VIEW)
        assert np.array_equal(found["rate"], by_hand)
        assert_same(found, expected)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 24), min_size=1, max_size=25, unique=True), st.integers(0, 24))
def test_the_union_is_monotone_and_the_order_of_sites_only_renames_them(some: list[int], more: int) -> None:
    """A site more never hides a cell nor takes a site from one; sites in another order give the same counts."""
    ground = xr.Dataset(
        {"elevation": (("northing", "easting"), heights()[60:110, 40:100], {"units": "m"})},
        coords={"northing": NORTH - CELL_M * np.arange(50), "easting": WEST + CELL_M * np.arange(60)},
        attrs={"crs": "EPSG:32631", "datum": "test"},
    )
    places = np.random.default_rng(3).uniform([WEST, NORTH - 1_400.0], [WEST + 1_700.0, NORTH], (25, 2))
    view: dict[str, Any] = {"observer_height_m": 4.0, "max_range_m": 500.0, "scheduler": "synchronous"}
    few, wide = (sites_seeing(ground, places[chosen], **view) for chosen in (some, [*some, more]))
    assert (wide["sites_seeing"] >= few["sites_seeing"]).all()
    assert not ((few["visible"] == 1) & (wide["visible"] != 1)).any()
    again = sites_seeing(ground, places[some[::-1]], **view)
    assert again["sites_seeing"].equals(few["sites_seeing"])
    last = np.where(few["first_site"] < 0, -1, 0)
    assert np.array_equal(np.where(again["first_site"] < 0, -1, 0), last)


def test_every_site_is_in_one_batch_whose_window_holds_all_it_needs(terrain: xr.Dataset) -> None:
    random = np.random.default_rng(4)
    places = random.uniform([WEST, NORTH - 4_400.0], [WEST + 4_700.0, NORTH], (300, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sites_module, "FEW_CELLS", 100)
        view = {"observer_height_m": 3.0, "max_range_m": random.uniform(50.0, 900.0, 300)}
        found, _, _ = sites_of(terrain.fillna(0.0), places, **view)
        batches = batches_of(found)
    numbers = [site.number for batch in batches for site in batch.sites]
    assert sorted(numbers) == list(range(300))
    assert all(list(numbers) == sorted(numbers) for numbers in ([s.number for s in b.sites] for b in batches))
    assert max(len(batch.sites) for batch in batches) <= sites_module.MOST_IN_A_BATCH
    for batch in batches:
        for site in batch.sites:
            reach = site.view.max_range_m / CELL_M
            assert batch.rows.start <= max(site.row - reach, 0)
            assert batch.rows.stop > min(site.row + reach, 149)
            assert batch.columns.start <= max(site.column - reach, 0)
            assert batch.columns.stop > min(site.column + reach, 159)


def test_a_lazy_terrain_is_read_in_windows_and_each_chunk_once(terrain: xr.Dataset, sites: np.ndarray) -> None:
    read: list[tuple[int, int]] = []
    values = terrain["elevation"].values

    def block(block_info: Any = None) -> np.ndarray:
        (top, bottom), (left, right) = block_info[None]["array-location"]
        read.append((top, left))
        return values[top:bottom, left:right]

    import dask.array as da

    lazy = terrain.copy()
    lazy["elevation"] = (
        ("northing", "easting"),
        da.map_blocks(block, chunks=((50,) * 3, (40,) * 4), dtype=np.float32, meta=np.empty((0, 0), np.float32)),
    )
    west = sites[sites[:, 0] < WEST + 1_500.0]
    assert len(west) > 3
    sites_seeing(lazy, west, workers=2, **VIEW)
    reach = VIEW["max_range_m"] / CELL_M + 2.0
    furthest = (west[:, 0].max() - WEST) / CELL_M + reach
    assert set(read) <= {(top, left) for top in (0, 50, 100) for left in (0, 40, 80, 120) if left <= furthest}
    assert (0, 120) not in read
    assert len(read) == len(set(read)) <= height_source.CACHED_CHUNKS


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_memory_does_not_grow_with_the_sites(scheduler: str) -> None:
    """80 sites take what 20 take, far less than their layers, and no more than the docstring says."""
    side = 300
    z = np.random.default_rng(5).normal(size=(side, side)).cumsum(0).cumsum(1).astype(np.float32)
    ground = xr.Dataset(
        {"elevation": (("northing", "easting"), z, {"units": "m"})},
        coords={"northing": NORTH - CELL_M * np.arange(side), "easting": WEST + CELL_M * np.arange(side)},
        attrs={"crs": "EPSG:32631", "datum": "test"},
    )
    places = np.random.default_rng(6).uniform([WEST, NORTH - 8_900.0], [WEST + 8_900.0, NORTH], (80, 2))
    peaks = []
    sites_seeing(ground, places[:1], observer_height_m=10.0, max_range_m=np.inf, scheduler=scheduler)  # compiles
    for count in (20, 80):
        tracemalloc.start()
        sites_seeing(ground, places[:count], observer_height_m=10.0, max_range_m=np.inf, scheduler=scheduler, workers=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 1e6
    assert peaks[1] < 13 * side**2 + 2 * (3 * 3 + 8) * side**2 + 4e6


def test_progress_counts_every_site(terrain: xr.Dataset, sites: np.ndarray) -> None:
    said: list[tuple[int, int]] = []
    sites_seeing(terrain, sites, progress=lambda done, total: said.append((done, total)), **VIEW)
    assert said[-1] == (25, 25)
    assert [done for done, _ in said] == sorted({done for done, _ in said})


def test_no_sites_see_nothing(terrain: xr.Dataset) -> None:
    found = sites_seeing(terrain, np.empty((0, 2)), **VIEW)
    assert not found["sites_seeing"].any()
    assert (found["first_site"] == -1).all()
    assert not found["visible"].any()


def test_a_site_on_a_void_of_a_lazy_terrain_is_named(terrain: xr.Dataset, sites: np.ndarray, client: Client) -> None:
    on_void = [*sites[:2], (WEST + 61.5 * CELL_M, NORTH - 41.2 * CELL_M)]
    for scheduler in ("threads", client):
        with pytest.raises(TerrainError, match=r"^site 2: .* void"):
            sites_seeing(terrain.chunk(40), on_void, scheduler=scheduler, **VIEW)
    with pytest.raises(TerrainError, match=r"^site 2: .* void"):
        sites_seeing(terrain, on_void, **VIEW)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scheduler": "fast"}, "scheduler: 'fast'"),
        ({"scheduler": "tcp://127.0.0.1:1"}, "no dask scheduler answers"),
        ({"workers": 0}, "workers: 0"),
        ({"max_range_m": -1.0}, "max_range_m"),
        ({"max_range_m": [1.0, 2.0]}, "2 values for 25 sites"),
    ],
)
def test_what_cannot_work_is_one_sentence(
    terrain: xr.Dataset, sites: np.ndarray, change: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.visibility.many_sites.executor.CONNECT_S", 1.0)
    with pytest.raises(BadInput, match=words):
        sites_seeing(terrain, sites, **VIEW | change)
