"""Quality of the live stream for a consumer, against the truth: updates, age of data, false tracks.

The whole demonstration runs (broker, ingest, fusion, server, simulated sensors); this process is one client of its
event stream, and everything is counted from what arrived there. For each radar period of each target while a radar can
see it (its single-look Pd there is above ``--seen-at``): was a confirmed or coasting track within 50 m of it renewed or
marked as coasting in that period (probability of update, ED-142: 97 %), and how long were the gaps (longer than three
periods, 0.1 %), counted from the target's first confirmed track; also the time to confirm. Data age is delivery minus
the observation of the newest plot, at each renewal. A confirmed track is false when it was never within 50 m of a
target. With one radar of Pd 0.9, a miss of three consecutive looks has probability 0.001: the lower limit of the gaps.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from machine import report, table
from scipy.spatial import cKDTree

from ops.journal.reader import JournalReader
from ops.room.night_file import read_night
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.store.track_history import load_history
from sensors.coverage import look_probability
from sensors.timestamps import nanoseconds

Picture = tuple[float, list[dict[str, Any]]]
"""Scenario seconds since 1970 at its delivery, and the tracks that it shows."""

WITHIN_M = 50.0
LIVE = ("confirmed", "coasting")


@dataclass(slots=True)
class Feed:
    """The data received: (scenario s of delivery, tracks) of each picture; clock offsets from heartbeats."""

    pictures: list[tuple[int, list[dict[str, Any]]]] = field(default_factory=list)
    offsets_ns: list[int] = field(default_factory=list)

    def listen(self, port: int, running: subprocess.Popen[bytes]) -> None:
        """Read the stream until the server ends; first wait for the server to start."""
        while running.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/stream", timeout=20.0) as stream:
                    self._read(stream)
            except OSError:
                time.sleep(0.1)

    def _read(self, stream: Any) -> None:
        event = ""
        for line in stream:
            if line.startswith(b"event: "):
                event = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                at_ns, body = time.time_ns(), json.loads(line[6:])
                if event == "heartbeat":
                    self.offsets_ns.append(at_ns - round(datetime.fromisoformat(body["at"]).timestamp() * 1e9))
                elif event == "tracks":
                    self.pictures.append((at_ns, body["tracks"]))

    def in_scenario(self) -> list[Picture]:
        """Return pictures by scenario seconds since 1970; the smallest clock offset had the least delay."""
        offset = min(self.offsets_ns)
        return [((at_ns - offset) / 1e9, tracks) for at_ns, tracks in self.pictures]


def truth_of(folder: Path) -> xr.Dataset:
    """Return the demonstration's truth at the actual sending times: shifted as each sensor's first scan was."""
    first: dict[str, int] = {}
    for scan in read_night(folder / "night.jsonl"):
        first.setdefault(scan.sensor, nanoseconds(scan.observed_at))
    with JournalReader(folder / "journal.db") as journal:
        row = next(row for row in journal.read() if row.kind == "detections")
    truth = load_history(folder / "truth.npz")
    return truth.assign(time=truth["time"] + np.timedelta64(row.observed_ns - first[row.sensor], "ns"))


def seen_by_radar(truth: xr.Dataset, sector: str, seen_at: float) -> tuple[np.ndarray, float]:
    """Return the truth rows that a radar can see, and the longest radar period [s]."""
    ground = open_sector(load_sector(sector))
    looks = look_probability(ground.layout, ground.terrain)["probability"]
    radars = [s for s in ground.layout if s.kind == "radar"]
    at = {name: xr.DataArray(truth[name].values, dims="row") for name in ("northing", "easting")}
    there = looks.sel(sensor=[s.id for s in radars]).sel(at, method="nearest")
    return (there.max("sensor").to_numpy() >= seen_at), max(s.period_s for s in radars)


def figures_of(feed: Feed, truth: xr.Dataset, seen: np.ndarray, period_s: float) -> dict[str, Any]:
    """Compute all figures from the pictures as they arrived."""
    pictures = feed.in_scenario()
    begin, hours = pictures[0][0], (pictures[-1][0] - pictures[0][0]) / 3600.0
    held, visible = by_period(pictures, truth, seen, period_s)
    was_found = (held & visible).any(axis=1)
    first = np.where(was_found, np.argmax(held & visible, axis=1), held.shape[1])
    counted = visible & (np.arange(held.shape[1]) >= first[:, None])
    waited = (first - np.argmax(visible, axis=1))[was_found & visible.any(axis=1)] * period_s
    long_gaps = sum(length > 3 for row in range(len(held)) for length in misses(held[row], counted[row]))
    ages, false = data_ages(pictures), false_tracks(pictures, truth)
    periods = int(counted.sum())
    return {
        "minutes": round(hours * 60.0, 2),
        "update_probability": round(float((held & counted).sum() / max(periods, 1)), 4),
        "periods": periods,
        "gaps_over_3_periods": round(long_gaps / max(periods, 1), 5),
        "targets_seen": int(visible.any(axis=1).sum()),
        "never_confirmed": int((visible.any(axis=1) & ~was_found).sum()),
        "to_confirm_s": {f"p{p}": round(float(np.percentile(waited, p)), 1) for p in (50, 95)} if len(waited) else None,
        "data_age_s": {f"p{p}": round(float(np.percentile(ages, p)), 3) for p in (50, 95, 99)} if ages else None,
        "renewals": len(ages),
        "false_confirmed": false,
        "false_per_hour": round(false / hours, 2),
        "began": str(np.datetime64(int(begin), "s")),
    }


def by_period(
    pictures: list[Picture], truth: xr.Dataset, seen: np.ndarray, period_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return (target, period) flags: a live track within 50 m in that period; visible to a radar throughout.

    Only periods observed completely are included.
    """
    begin, end = pictures[0][0], pictures[-1][0]
    seconds = np.rint(truth["time"].values.astype("datetime64[ns]").astype(np.int64) / 1e9).astype(np.int64)
    names, target = np.unique(truth["target"].values, return_inverse=True)
    count = int((end - begin) // period_s)
    held, hidden = np.zeros((len(names), count), bool), np.zeros((len(names), count), bool)
    rows_in = np.zeros((len(names), count), int)
    live = live_places(pictures)
    for second in np.unique(seconds):
        window = int((second - begin) // period_s)
        if not 0 <= window < count:
            continue
        rows = np.flatnonzero(seconds == second)
        at = np.column_stack([truth[name].values[rows] for name in ("easting", "northing")])
        there = live.get(int(second))
        near = there is not None and there.query(at)[0] <= WITHIN_M
        held[target[rows], window] |= near
        hidden[target[rows], window] |= ~seen[rows]
        rows_in[target[rows], window] += 1
    return held, ~hidden & (rows_in >= int(period_s))


def live_places(pictures: list[Picture]) -> dict[int, cKDTree]:
    """Return the positions of confirmed and coasting tracks in the pictures that arrived in each second."""
    by_second: dict[int, list[tuple[float, float]]] = {}
    for at_s, tracks in pictures:
        positions = [(track["easting"], track["northing"]) for track in tracks if track["status"] in LIVE]
        by_second.setdefault(round(at_s), []).extend(positions)
    return {second: cKDTree(np.array(positions)) for second, positions in by_second.items() if positions}


def misses(held: np.ndarray, counted: np.ndarray) -> list[int]:
    """Return the lengths of the runs of counted periods without the target's track."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], counted & ~held, [False]])))
    return (edges[1::2] - edges[::2]).tolist()


def data_ages(pictures: list[Picture]) -> list[float]:
    """Return seconds from the newest plot to the picture's delivery, at each renewal of a live track."""
    newest: dict[str, int] = {}
    ages = []
    for number, (at_s, tracks) in enumerate(pictures):
        for track in tracks:
            if track["status"] in LIVE and track["updated_ns"] > newest.get(track["track"], 0):
                newest[track["track"]] = track["updated_ns"]
                if number:  # the first picture shows older tracks
                    ages.append(at_s - track["updated_ns"] / 1e9)
    return ages


def false_tracks(pictures: list[Picture], truth: xr.Dataset) -> int:
    """Count tracks that were confirmed and never within 50 m of any target."""
    seconds = np.rint(truth["time"].values.astype("datetime64[ns]").astype(np.int64) / 1e9).astype(np.int64)
    at = np.column_stack([truth[name].values for name in ("easting", "northing")])
    targets = {int(second): cKDTree(at[seconds == second]) for second in np.unique(seconds)}
    confirmed, true = set(), set()
    for at_s, tracks in pictures:
        there = targets.get(round(at_s))
        for track in tracks:
            if track["status"] == "confirmed" and there is not None:
                confirmed.add(track["track"])
                if there.query((track["easting"], track["northing"]))[0] <= WITHIN_M:
                    true.add(track["track"])
    return len(confirmed - true)


def main() -> None:
    """Run the demonstration, listen, count; print a table, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sector", default="cumberland")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--port", type=int, default=18321)
    parser.add_argument("--seen-at", type=float, default=0.5, help="look probability from which a radar sees a target")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as folder:
        command = ["demo", options.sector, "--headless", "--json", "--out", folder]
        command += ["--duration", str(60.0 * options.minutes), "--port", str(options.port), "--seed", str(options.seed)]
        feed = Feed()
        with subprocess.Popen([sys.executable, "-m", "ops.cli", *command], stdout=subprocess.PIPE) as running:
            feed.listen(options.port, running)
        if running.returncode or not feed.pictures:
            raise SystemExit("the demonstration did not run; its own words are above")
        truth = truth_of(Path(folder))
    seen, period_s = seen_by_radar(truth, options.sector, options.seen_at)
    figures = figures_of(feed, truth, seen, period_s)
    table(["at the stream", "figure"], [[name, str(value)] for name, value in figures.items()])
    report("service", {"period_s": period_s, "seen_at": options.seen_at, **figures})


if __name__ == "__main__":
    main()
