"""Ctrl-C while a command's processes of dask work: all of them end, and the next run continues what was kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import zarr

from geo.visibility.many_sites import viewshed_store
from ops.sector.open_sector import open_sector
from tests.patience import PATIENT_S

SITES = 2 * viewshed_store.BATCH_SITES
"""Two batches: one to be kept, one that is never done."""
WORKING = """
import hashlib, sys
from pathlib import Path

from geo.visibility.many_sites import executor, viewshed_store
from ops.cli import main

run_batches = viewshed_store.run_batches

def batches(*arguments):
    for batch, windows in run_batches(*arguments):
        yield batch, windows
        Path("kept").touch()  # the caller has stored the batch and asks for the next

def task(ground, batch, work):
    if batch.sites[0].number:  # all but the first batch
        Path("working").touch()
        hashlib.pbkdf2_hmac("sha512", b"", b"", 2**31 - 1)  # hours in C, where Python raises nothing
    return work(ground.window(batch.rows, batch.columns), batch)

viewshed_store.run_batches = batches
executor._task = task  # sent to the workers by value, as it belongs to the main module
if __name__ == "__main__":
    main()
"""


def done(store: Path) -> list[int]:
    """Return for each site whether its viewshed is kept."""
    group: Any = zarr.open_group(store, mode="r")
    return [int(one) for one in group["done"][:]]


def has_ended(process: psutil.Process) -> bool:
    """Whether the process is killed, be it that its end has not been collected."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    until_s = time.monotonic() + PATIENT_S
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until_s
        time.sleep(0.05)


def candidates(path: Path, sector: Path) -> Path:
    ground = open_sector(str(sector))
    middle = ground.border.point_at(0.5 * ground.border.length_m)
    lon, lat = ground.frame.to_lonlat(float(middle[0]), float(middle[1]))
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [point] * SITES}))
    return path


def test_ctrl_c_ends_the_workers_of_dask_and_the_next_run_goes_on(
    watchline: Callable[..., Any], hill_sector: Any, tmp_path: Path
) -> None:
    store, points = tmp_path / "views", candidates(tmp_path / "points.geojson", hill_sector.sector)
    arguments = ["sites", str(hill_sector.sector), str(points), "--range", "200", "--out", str(tmp_path / "out")]
    arguments += ["--viewsheds", str(store)]
    process = subprocess.Popen(
        [sys.executable, "-c", WORKING, *arguments, "--scheduler", "processes", "--workers", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for(lambda: (tmp_path / "working").exists() and (tmp_path / "kept").exists(), process)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
        out, err = process.communicate(timeout=PATIENT_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert (process.returncode, out, err) == (130, "", "watchline: stopped.\n")
    until_s = time.monotonic() + PATIENT_S
    while not all(map(has_ended, workers)):
        assert time.monotonic() < until_s
        time.sleep(0.05)
    assert done(store) == [1] * (SITES // 2) + [0] * (SITES // 2)

    group: Any = zarr.open_group(store, mode="r+")
    whole = group["visible"][0]
    group["visible"][0] = 9  # a value that no viewshed has: what is kept is not computed a second time
    assert watchline(*arguments).code == 0
    again: Any = zarr.open_group(store, mode="r")
    assert done(store) == [1] * SITES
    assert (again["visible"][0] == 9).all()
    assert (again["visible"][SITES - 1] == whole).all()
