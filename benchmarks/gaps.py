"""Crossings and the geography challenge: the path search beside its peers, and whole borders end to end.

Search: least costs over generated ground from its northern edge, CPU-seconds, the best of several runs. scikit-image's
MCP_Geometric uses 8 neighbours without direction, and is compared with Watchline on the same costs. scipy's dijkstra
covers everything (16 neighbours and Tobler's direction) over an explicit graph, with and without building it from costs
that Watchline's kernel computed. Accuracy: the largest relative difference. Memory is measured in a separate process.

Borders: a jagged line over a generated fractal at 30 m in dask blocks, with a radar every 5 km; coverage, detection by
segment and challenge by stretches; wall and CPU seconds, peak memory, and a straight line fitted to cost against
length. ``--folder`` keeps finished stretches, so that a killed run can be resumed. A sector: the waiting time for
analysis results when its coverage exists. A table to stderr and one JSON line to stdout:
``python benchmarks/gaps.py [--size N] [--lengths KM ...] [--belt KM] [--cell M] [--sector KM] [--folder DIR]``
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
import psutil
import xarray as xr

from geo.arrays import Floats

CELL_M, REPEAT_CELLS, STRETCH_BELTS = 30.0, 3000, 2.0


def fractal(rows: int, columns: int, relief_m: float, seed: int) -> Floats:
    """Return ground by spectral synthesis, with a Hurst exponent of 0.9."""
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(rows, columns)))
    z = np.fft.irfft2(noise / frequency**1.9, s=(rows, columns))
    return z / z.std() * relief_m


def best_of(runs: int, call: Any) -> tuple[float, Any]:
    """Return the least CPU-seconds of several runs, and the last result."""
    least, answer = np.inf, None
    for _ in range(runs):
        start = time.process_time()
        answer = call()
        least = min(least, time.process_time() - start)
    return least, answer


def ground(size: int, law: Any) -> Any:
    from geo.mobility.speed_surface import Mobility

    coordinates = CELL_M * np.arange(size)
    z = fractal(size, size, 300.0, 1)
    return Mobility(law, CELL_M, coordinates, coordinates[::-1], z, np.ones(z.shape))


def weights(size: int) -> Floats:
    return np.exp(fractal(size, size, 1.5, 2))


def from_the_north(size: int) -> Floats:
    labels = np.full((size, size), np.inf)
    labels[0] = 0.0
    return labels


def beside_mcp(size: int, runs: int) -> dict[str, float]:
    """Compare on the same costs: 8 neighbours, no direction."""
    from skimage.graph import MCP_Geometric

    from geo.mobility.speed_surface import SpeedLaw
    from geo.paths.search import spread

    level, weight, labels = ground(size, SpeedLaw(CELL_M, 0.0)), weights(size), from_the_north(size)
    our_s, cost = best_of(runs, lambda: spread(level, labels, weight=weight, neighbours=8).cost)
    starts = [(0, column) for column in range(size)]
    peer_s, expected = best_of(runs, lambda: MCP_Geometric(weight).find_costs(starts)[0])
    return {"ours_s": our_s, "peer_s": peer_s, "ratio": peer_s / our_s, "difference": _difference(cost, expected)}


def beside_scipy(size: int, runs: int) -> dict[str, float]:
    """Compare with Tobler's direction-dependent times: 16 neighbours."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    from geo.mobility.speed_surface import WALKING
    from geo.paths.kernel import pairs_of
    from geo.paths.search import Steps

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
    our_s, times = best_of(runs, lambda: Steps.over(walker, weight=weight).spread(labels).cost)
    peer_s, expected = best_of(
        runs, lambda: dijkstra(graph, indices=np.arange(size), min_only=True).reshape(size, size)
    )
    answer = {"ours_s": our_s, "peer_s": peer_s, "ratio": peer_s / our_s, "difference": _difference(times, expected)}
    graph_bytes = (graph.data.nbytes + graph.indices.nbytes + graph.indptr.nbytes) / size**2
    return answer | {
        "build_s": build,
        "ratio_with_build": (peer_s + build) / our_s,
        "graph_bytes_per_cell": graph_bytes,
    }


def _difference(a: Floats, b: Floats) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def peak_of_one(size: int) -> dict[str, float]:
    """Search once with 16 neighbours in this process: seconds and peak memory [MB], with and without the ground."""
    from geo.mobility.speed_surface import WALKING
    from geo.paths.search import spread

    walker, weight, labels = ground(size, WALKING), weights(size), from_the_north(size)
    small = ground(50, WALKING)
    spread(small, from_the_north(50))
    before = psutil.Process().memory_info().rss / 1e6
    seconds, _ = best_of(1, lambda: spread(walker, labels, weight=weight))
    after = peak_mb()
    return {"cpu_s": seconds, "peak_mb": after, "before_mb": before, "bytes_per_cell": (after - before) * 1e6 / size**2}


def peak_mb() -> float:
    """Return the peak memory of this process [MB], as counted by the kernel."""
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) * 1024.0 / 1e6


def generated(length_km: float, belt_km: float, cell_m: float) -> tuple[xr.Dataset, Any, Any]:
    """Return lazy ground in dask blocks, a jagged border along its middle, and a radar every 5 km beside it."""
    import dask.array as da
    from shapely.geometry import LineString

    from geo.border import Border
    from geo.frame import LocalFrame
    from sensors.layout import Layout, place

    frame, belt_m = LocalFrame.around(10.0, 45.0), belt_km * 1e3
    high, wide = int((2.0 * belt_m + 16_000.0) / cell_m), int((length_km * 1e3 + 2_000.0) / cell_m)
    repeated = fractal(high, min(wide, REPEAT_CELLS), 300.0, 3).astype(np.float32)  # periodic, so without a seam
    block = da.from_array(repeated, chunks=(1024, 1024))  # type: ignore[no-untyped-call]
    heights = da.concatenate([block] * -(-wide // repeated.shape[1]), axis=1)[:, :wide]  # type: ignore[no-untyped-call]
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), heights, {"units": "m"})},
        coords={"northing": cell_m * np.arange(high)[::-1], "easting": cell_m * np.arange(wide)},
        attrs={"crs": frame.wkt, "datum": "generated", "source": f"fractal 3 {length_km} {belt_km} {cell_m}"},
    )
    chance, middle = np.random.default_rng(4), high * cell_m / 2.0
    vertices = np.arange(1_000.0, wide * cell_m - 1_000.0, 1_000.0)
    wander = np.clip(chance.normal(0.0, 300.0, len(vertices)).cumsum(), -5_000.0, 5_000.0)
    line = Border(frame, LineString(np.column_stack([vertices, middle + wander])))
    radars = tuple(
        place(frame, e, middle + 500.0, id=f"radar-{i}", kind="radar", max_range_m=6_000.0, mast_height_m=12.0,
              period_s=3.0, detection_probability=0.3)
        for i, e in enumerate(np.arange(2_500.0, vertices[-1], 5_000.0))
    )  # fmt: skip
    return terrain, line, Layout("bench", frame, radars)


def border_run(length_km: float, belt_km: float, cell_m: float = CELL_M, folder: str = "") -> dict[str, float]:
    """Run a border of that length end to end in this process: coverage, detection by segment, challenge.

    With a ``folder``, finished stretches are stored there and reused by the next run.
    """
    from geo.border.stretch_store import StretchStore
    from geo.challenge import ChallengeSettings, challenge_by_stretches
    from sensors.gaps import detection_by_stretches, runs_below

    terrain, line, layout = generated(length_km, belt_km, cell_m)
    belt_m = belt_km * 1e3
    stretch = {"belt_m": belt_m, "length_m": STRETCH_BELTS * belt_m}
    start, cpu = time.perf_counter(), time.process_time()
    watched_in = Path(folder) / "detection" if folder else None
    detection = detection_by_stretches(
        layout, terrain, line, **stretch, folder=watched_in, progress=_progress("detection", start)
    )
    watched = time.perf_counter() - start
    yard = ChallengeSettings(sight_m=5_000.0)
    done = StretchStore.at(Path(folder) / "challenge", terrain=terrain, line=line, yard=yard) if folder else None
    hard = challenge_by_stretches(
        terrain,
        line,
        **stretch,
        settings=yard,
        done=done,
        keep=None if done is None else done.keep,
        progress=_progress("challenge", start),
    )
    return {
        "length_km": line.length_m / 1e3,
        "belt_cells": line.length_m * 2.0 * belt_m / cell_m**2,
        "segments": line.segments,
        "below_0.9_runs": len(runs_below(detection, 0.9)),
        "challenge_known": float(hard["crossing_ease"].notnull().mean()),
        "detection_s": watched,
        "wall_s": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": peak_mb(),
    }


def sector_run(length_km: float, belt_km: float, cell_m: float = CELL_M) -> dict[str, float]:
    """Measure the waiting time for each analysis of a sector with known coverage: gaps, paths, interruption, depth.

    In seconds of wall time, ``_s``, and of CPU time, ``_cpu_s``; two searches run at once.
    """
    from geo.paths.response_times import response_time
    from sensors.coverage import coverage
    from sensors.crossing.segments import least_ways, over_segments
    from sensors.gaps import barrier, runs_below, trade_offs, watch_belt
    from sensors.interdiction.interception import interruptions

    terrain, line, layout = generated(length_km, belt_km, cell_m)
    terrain = terrain.compute()
    seconds, belt_m = {}, belt_km * 1e3
    start, cpu = time.perf_counter(), time.process_time()

    def lap(name: str, answer: Any) -> Any:
        nonlocal start, cpu
        seconds[name], start = time.perf_counter() - start, time.perf_counter()
        seconds[name.removesuffix("_s") + "_cpu_s"], cpu = time.process_time() - cpu, time.process_time()
        print(f"  {name} {seconds[name]:.1f}", file=sys.stderr)
        return answer

    seen = coverage(layout, terrain, None)
    ground = lap("coverage_s", watch_belt(seen, terrain, line, belt_m=belt_m))
    paths = lap("least_ways_s", least_ways(ground))
    detection = lap("gaps_s", over_segments(ground, paths))
    curve = lap("trade_offs_s", trade_offs(ground, segment=paths.cheapest, most=4))
    bases = [(e, line.point_at(0.0)[1] - belt_m / 2.0) for e in np.arange(5e3, length_km * 1e3, 20e3)]
    response = lap("response_s", response_time(terrain, bases))
    late = lap("interruptions_s", interruptions(ground, response, slower=(1.0, 1.5)))
    depth, _ = lap("barrier_s", barrier(layout, seen, line, belt_m=belt_m))
    return seconds | {
        "length_km": length_km,
        "belt_cells": float(ground.belt.inside.sum()),
        "after_coverage_s": sum(
            value for name, value in seconds.items() if "cpu" not in name and "coverage" not in name
        ),
        "after_coverage_cpu_s": sum(
            value for name, value in seconds.items() if "cpu" in name and "coverage" not in name
        ),
        "below_0.9_runs": len(runs_below(detection, 0.9)),
        "ways_on_the_curve": len(curve),
        "least_interruption": float(late["least_interruption"].min()),
        "depth": depth,
        "peak_mb": peak_mb(),
    }


def _progress(name: str, start: float) -> Any:
    def told(done: int, total: int) -> None:
        print(f"  {name}: stretch {done} of {total}, {time.perf_counter() - start:.0f} s", file=sys.stderr)

    return told


def in_a_process(kind: str, *case: float | str) -> dict[str, float]:
    """Run one part in a separate process, so that its peak memory is measured separately."""
    command = [sys.executable, __file__, "--part", kind, *(str(value) for value in case)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def fitted(runs: list[dict[str, float]]) -> dict[str, float]:
    """Fit CPU-seconds per kilometre by least squares; also return the fraction of the variance explained."""
    km, seconds = (np.array([run[name] for run in runs]) for name in ("length_km", "cpu_s"))
    slope, start = np.polyfit(km, seconds, 1)
    rest = seconds - (slope * km + start)
    return {"s_per_km": float(slope), "start_s": float(start), "r2": float(1.0 - rest.var() / seconds.var())}


def beside_peers(largest: int, runs: int) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Run the searches beside their peers and measure the memory of the largest; show their tables."""
    searches: dict[str, dict[str, float]] = {}
    for size in sorted({min(1000, largest), min(2000, largest), largest}):
        searches[f"MCP, 8 neighbours, {size}²"] = beside_mcp(size, runs)
    graph_size = min(1400, largest)
    searches[f"csgraph, 16 neighbours, {graph_size}²"] = beside_scipy(graph_size, runs)
    shown = ("ours_s", "peer_s", "ratio", "difference", "build_s", "ratio_with_build")
    head = ("ours CPU-s", "peer CPU-s", "ratio", "largest difference", "its graph CPU-s", "ratio with it")
    rows = [(name, *(case.get(column) for column in shown)) for name, case in searches.items()]
    machine.table(("search beside", *head), rows)
    memory = in_a_process("search", largest)
    machine.table(
        ("one search, 16 neighbours", "CPU-s", "peak MB"), [(f"{largest}²", memory["cpu_s"], memory["peak_mb"])]
    )
    return searches, memory


def main() -> None:
    """Run all parts and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4000, help="cells along a side of the largest search; 0: none")
    parser.add_argument("--lengths", type=float, nargs="*", default=[25.0, 50.0, 100.0], help="borders [km]")
    parser.add_argument("--belt", type=float, default=5.0, help="belt on either side [km]")
    parser.add_argument("--cell", type=float, default=CELL_M, help="cell of the borders' ground [m]")
    parser.add_argument("--sector", type=float, default=100.0, help="a sector as somebody asks about it [km]; 0: none")
    parser.add_argument("--folder", help="keep finished stretches here, and go on from those that are there")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        kind, *case = chosen.part
        numbers = [float(value) for value in case[:3]]
        if kind == "search":
            part = peak_of_one(int(numbers[0]))
        else:
            part = sector_run(*numbers) if kind == "sector" else border_run(*numbers, *case[3:])
        sys.stdout.write(json.dumps(part))
        return
    searches, memory = beside_peers(chosen.size, chosen.runs) if chosen.size else ({}, {})
    borders = [
        in_a_process("border", km, chosen.belt, chosen.cell, *([f"{chosen.folder}/{km:g}"] if chosen.folder else []))
        for km in chosen.lengths
    ]
    if borders:
        machine.table(
            ("border km", "belt cells", "wall s", "CPU s", "peak MB", "segments"),
            [
                [run[n] for n in ("length_km", "belt_cells", "wall_s", "cpu_s", "peak_mb", "segments")]
                for run in borders
            ],
        )
    sector = in_a_process("sector", chosen.sector, chosen.belt, chosen.cell) if chosen.sector else {}
    if sector:
        machine.table(
            ("a sector, wall s after its coverage", ""),
            [(name, value) for name, value in sector.items() if name.endswith("_s")],
        )
    figures = {"searches": searches, "memory": memory, "borders": borders, "sector": sector, "belt_km": chosen.belt}
    machine.report("gaps", figures | ({"fit": fitted(borders)} if len(borders) > 2 else {}))


if __name__ == "__main__":
    main()
