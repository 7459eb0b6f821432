"""Crossings and the geography challenge: the path search beside its peers, and whole borders end to end.

Search: least costs over generated ground from its northern edge, CPU-seconds, the best of several runs. scikit-image's
MCP_Geometric does 8 neighbours without direction, so that is compared with ours on the same costs. scipy's dijkstra
does all that ours does, 16 neighbours and Tobler's direction, over an explicit graph; with and without building it from
costs that our kernel computed. Accuracy: the largest relative difference. Memory is that of a process of its own.

Borders: a jagged line over a generated fractal at 30 m, watched by a radar every 5 km; coverage, detection by segment
and challenge by stretches; seconds of wall and CPU, peak memory, and a straight line fitted to cost against length.
A table to stderr and one JSON line to stdout: ``python benchmarks/gaps.py [--size N] [--lengths KM ...] [--belt KM]``
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np
import numpy.typing as npt
import psutil
import xarray as xr

CELL_M, REPEAT_CELLS, STRETCH_BELTS = 30.0, 3000, 4.0
Floats = npt.NDArray[np.float64]


def fractal(rows: int, columns: int, relief_m: float, seed: int) -> Floats:
    """Ground by spectral synthesis, of a Hurst exponent of 0.9."""
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(rows, columns)))
    z = np.fft.irfft2(noise / frequency**1.9, s=(rows, columns))
    return z / z.std() * relief_m


def best_of(runs: int, call: Any) -> tuple[float, Any]:
    """Least CPU-seconds of several runs, and the last answer."""
    least, answer = np.inf, None
    for _ in range(runs):
        start = time.process_time()
        answer = call()
        least = min(least, time.process_time() - start)
    return least, answer


def ground(size: int, law: Any) -> Any:
    from geo.mobility_surface import Mobility

    place = CELL_M * np.arange(size)
    z = fractal(size, size, 300.0, 1)
    return Mobility(law, CELL_M, place, place[::-1], z, np.ones(z.shape))


def weights(size: int) -> Floats:
    return np.exp(fractal(size, size, 1.5, 2))


def from_the_north(size: int) -> Floats:
    labels = np.full((size, size), np.inf)
    labels[0] = 0.0
    return labels


def beside_mcp(size: int, runs: int) -> dict[str, float]:
    """Both on the same costs: 8 neighbours, no direction."""
    from skimage.graph import MCP_Geometric

    from geo.mobility_surface import SpeedLaw
    from geo.paths_search import spread

    level, weight, labels = ground(size, SpeedLaw(CELL_M, 0.0)), weights(size), from_the_north(size)
    ours, found = best_of(runs, lambda: spread(level, labels, weight=weight, neighbours=8).cost)
    starts = [(0, column) for column in range(size)]
    theirs, expected = best_of(runs, lambda: MCP_Geometric(weight).find_costs(starts)[0])
    return {"ours_s": ours, "peer_s": theirs, "ratio": theirs / ours, "difference": _difference(found, expected)}


def beside_scipy(size: int, runs: int) -> dict[str, float]:
    """Both with Tobler's direction-dependent times: 16 neighbours."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    from geo.mobility_surface import WALKING
    from geo.paths_kernel import pairs_of
    from geo.paths_search import Steps

    walker, weight, labels = ground(size, WALKING), weights(size), from_the_north(size)
    steps = Steps.over(walker, weight=weight)
    began = time.process_time()
    rows, columns = np.divmod(np.arange(size * size), size)
    origin, target, cost = [], [], []
    for move, (down, right) in enumerate(pairs_of(16)):
        there = (rows + down >= 0) & (rows + down < size) & (columns + right >= 0) & (columns + right < size)
        step = steps.costs(rows[there], columns[there], move)
        known = np.isfinite(step)
        origin.append(np.flatnonzero(there)[known])
        target.append(origin[-1] + down * size + right)
        cost.append(step[known])
    graph = coo_array((np.concatenate(cost), (np.concatenate(origin), np.concatenate(target)))).tocsr()
    build = time.process_time() - began
    ours, found = best_of(runs, lambda: Steps.over(walker, weight=weight).spread(labels).cost)
    theirs, expected = best_of(
        runs, lambda: dijkstra(graph, indices=np.arange(size), min_only=True).reshape(size, size)
    )
    answer = {"ours_s": ours, "peer_s": theirs, "ratio": theirs / ours, "difference": _difference(found, expected)}
    graph_bytes = (graph.data.nbytes + graph.indices.nbytes + graph.indptr.nbytes) / size**2
    return answer | {"build_s": build, "ratio_with_build": (theirs + build) / ours, "graph_bytes_per_cell": graph_bytes}


def _difference(a: Floats, b: Floats) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def peak_of_one(size: int) -> dict[str, float]:
    """One search with 16 neighbours in this process: seconds and peak memory [MB], with and without the ground."""
    from geo.mobility_surface import WALKING
    from geo.paths_search import spread

    walker, weight, labels = ground(size, WALKING), weights(size), from_the_north(size)
    small = ground(50, WALKING)
    spread(small, from_the_north(50))
    before = psutil.Process().memory_info().rss / 1e6
    seconds, _ = best_of(1, lambda: spread(walker, labels, weight=weight))
    after = peak_mb()
    return {"cpu_s": seconds, "peak_mb": after, "before_mb": before, "bytes_per_cell": (after - before) * 1e6 / size**2}


def peak_mb() -> float:
    """Most memory that this process ever had [MB], as the kernel counted since it was started."""
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) * 1024.0 / 1e6


def border_run(length_km: float, belt_km: float) -> dict[str, float]:
    """A border of that length end to end: coverage, detection by segment, challenge; in this process."""
    from shapely.geometry import LineString

    from geo.border import Border
    from geo.challenge import ChallengeSettings, challenge_by_stretches
    from geo.frame import LocalFrame
    from geo.stretches import by_stretches, joined, stretches
    from sensors.coverage import coverage
    from sensors.gaps import runs_below, segment_detection
    from sensors.layout import Layout, place

    frame, belt_m = LocalFrame.around(10.0, 45.0), belt_km * 1e3
    high = int((2.0 * belt_m + 16_000.0) / CELL_M)
    wide = int((length_km * 1e3 + 2_000.0) / CELL_M)
    repeated = fractal(high, min(wide, REPEAT_CELLS), 300.0, 3).astype(np.float32)  # periodic, so without a seam
    heights = np.tile(repeated, (1, -(-wide // repeated.shape[1])))[:, :wide]
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), heights, {"units": "m"})},
        coords={"northing": CELL_M * np.arange(high)[::-1], "easting": CELL_M * np.arange(wide)},
        attrs={"crs": frame.wkt, "datum": "generated"},
    )
    chance, middle = np.random.default_rng(4), high * CELL_M / 2.0
    vertices = np.arange(1_000.0, wide * CELL_M - 1_000.0, 1_000.0)
    wander = np.clip(chance.normal(0.0, 300.0, len(vertices)).cumsum(), -5_000.0, 5_000.0)
    line = Border(frame, LineString(np.column_stack([vertices, middle + wander])))
    radars = tuple(
        place(frame, e, middle + 500.0, id=f"radar-{i}", kind="radar", max_range_m=6_000.0, mast_height_m=12.0,
              period_s=3.0, detection_probability=0.3)
        for i, e in enumerate(np.arange(2_500.0, vertices[-1], 5_000.0))
    )  # fmt: skip
    start, cpu = time.perf_counter(), time.process_time()

    def detection(stretch: Any) -> xr.Dataset:
        near = stretch.around(terrain, belt_m)
        inside = tuple(s for s in radars if _inside(near, s.easting, s.northing))
        seen = coverage(Layout("bench", frame, inside), near, None)
        return stretch.own_part(segment_detection(seen, near, stretch.border, belt_m=belt_m), line)

    todo = stretches(line, belt_m=belt_m, length_m=STRETCH_BELTS * belt_m)
    found = joined([part for _, part in by_stretches(todo, detection, progress=_progress("detection"))])
    watched = time.perf_counter() - start
    yard = ChallengeSettings(sight_m=5_000.0)
    hard = challenge_by_stretches(
        terrain, line, belt_m=belt_m, length_m=STRETCH_BELTS * belt_m, settings=yard, progress=_progress("challenge")
    )
    cells = float(terrain.sizes["easting"] * 2.0 * belt_m / CELL_M)
    return {
        "length_km": line.length_m / 1e3,
        "belt_cells": cells,
        "segments": line.segments,
        "below_0.9_runs": len(runs_below(found, 0.9)),
        "challenge_known": float(hard["crossing_ease"].notnull().mean()),
        "detection_s": watched,
        "wall_s": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": peak_mb(),
    }


def _inside(terrain: xr.Dataset, easting: float, northing: float) -> bool:
    e, n = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    return bool(e[0] <= easting <= e[-1] and n[-1] <= northing <= n[0])


def _progress(name: str) -> Any:
    return lambda done, total: print(f"  {name}: stretch {done} of {total}", file=sys.stderr)


def in_a_process(kind: str, *numbers: float) -> dict[str, float]:
    """Run one part in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--part", kind, *(str(number) for number in numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def fitted(runs: list[dict[str, float]]) -> dict[str, float]:
    """Seconds a kilometre by least squares, and the share of the variance that the straight line explains."""
    km, seconds = (np.array([run[name] for run in runs]) for name in ("length_km", "wall_s"))
    slope, start = np.polyfit(km, seconds, 1)
    rest = seconds - (slope * km + start)
    return {"s_per_km": float(slope), "start_s": float(start), "r2": float(1.0 - rest.var() / seconds.var())}


def main() -> None:
    """Run all parts and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4000, help="cells along a side of the largest search")
    parser.add_argument("--lengths", type=float, nargs="*", default=[25.0, 50.0, 100.0], help="borders [km]")
    parser.add_argument("--belt", type=float, default=5.0, help="belt on either side [km]")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        kind, *numbers = chosen.part
        part = peak_of_one(int(float(numbers[0]))) if kind == "search" else border_run(*map(float, numbers))
        sys.stdout.write(json.dumps(part))
        return
    searches: dict[str, dict[str, float]] = {}
    for size in sorted({min(1000, chosen.size), min(2000, chosen.size), chosen.size}):
        searches[f"MCP, 8 neighbours, {size}²"] = beside_mcp(size, chosen.runs)
    graph_size = min(1400, chosen.size)
    searches[f"csgraph, 16 neighbours, {graph_size}²"] = beside_scipy(graph_size, chosen.runs)
    shown = ("ours_s", "peer_s", "ratio", "difference", "build_s", "ratio_with_build")
    machine.table(
        (
            "search beside",
            "ours CPU-s",
            "peer CPU-s",
            "ratio",
            "largest difference",
            "its graph CPU-s",
            "ratio with it",
        ),
        [(name, *(case.get(column) for column in shown)) for name, case in searches.items()],
    )
    memory = in_a_process("search", chosen.size)
    machine.table(
        ("one search, 16 neighbours", "CPU-s", "peak MB"), [(f"{chosen.size}²", memory["cpu_s"], memory["peak_mb"])]
    )
    borders = [in_a_process("border", length, chosen.belt) for length in chosen.lengths]
    if borders:
        machine.table(
            ("border km", "belt cells", "wall s", "CPU s", "peak MB", "segments"),
            [
                [run[n] for n in ("length_km", "belt_cells", "wall_s", "cpu_s", "peak_mb", "segments")]
                for run in borders
            ],
        )
    figures = {"searches": searches, "memory": memory, "borders": borders, "belt_km": chosen.belt}
    machine.report("gaps", figures | ({"fit": fitted(borders)} if len(borders) > 2 else {}))


if __name__ == "__main__":
    main()
