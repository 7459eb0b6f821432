"""Scrubbing: how long a moment of the past takes to be answered, over a store that is full, and what keeping it costs.

Part of ``operations.py``. Target of the issue: 24 h at 2,000 detections/s scrub without a stall, a moment ≤ 1 s. The
picture has 500 tracks that are seen four times a second; all of them change from each moment to the next, which no real
night does. A minute of such pictures is written by the store itself and then repeated through the hours, each moment
encrypted anew; 20 alerts are revised every 30 s. The history of tracks, for what is known now, has 2,000 rows a second
around the times that are asked for, and none between.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.store.encryption import about
from ops.store.moment_reader import ESTIMATE_HOLDS_NS
from ops.store.moments import moment_name
from ops.store.writer import Store

S: Final = 10**9
MOMENT_MS: Final = 1000.0
MINUTE_S: Final = 60
ALERTS, REVISED_EVERY_S = 20, 30
CLASSES: Final = ("person", "group", "vehicle", "animal", "other")


def pictures(count: int, tracks: int) -> Iterator[list[dict[str, Any]]]:
    """Pictures in which every track moves, as ops.services.fusion.live_picture writes them."""
    chance = np.random.default_rng(1)
    places = chance.normal(0.0, 8000.0, (tracks, 2))
    for number in range(count):
        places += chance.normal(0.0, 1.4, (tracks, 2))
        figures = chance.random((tracks, 12)).round(3).tolist()
        yield [
            {
                "track": f"T{name:06x}", "name": f"Cedar {name}", "status": "confirmed",
                "lon": round(-84.2 + east / 89_000, 7), "lat": round(36.6 + north / 111_000, 7),
                "easting": round(east, 2), "northing": round(north, 2), "speed_mps": round(3 * f[0], 2),
                "course_deg": round(360 * f[1], 1), "ellipse_m": [round(30 * f[2], 1), round(9 * f[3], 1)],
                "ellipse_azimuth_deg": round(180 * f[4], 1), "existence": f[5], "label": "person",
                "label_probability": f[6], "class_probability": dict(zip(CLASSES, f[7:], strict=True)), "segment": 28,
                "offset_m": round(north, 1), "updated_ns": 1_774_000_000_000_000_000 + number * S,
                "sensors": ["radar-1", "radar-2"], "revoked_sources": [],
                "evidence": [["radar-1", 7, 1000 + number]] * 3,
            }
            for name, ((east, north), f) in enumerate(zip(places.tolist(), figures, strict=True))
        ]  # fmt: skip


def one_minute(path: Path, tracks: int) -> tuple[list[tuple[int, int, bytes]], float]:
    """Moments of a minute as stored, without encryption, with their seconds; and the CPU time of storing one [ms]."""
    start_ns, spent = 1_774_000_020 * S, 0.0
    with closing(Store(path)) as store, closing(Store(path.with_name("without.db"))) as without:
        without._moments.cursor = 10**9  # takes no moments
        for second, picture in enumerate(pictures(MINUTE_S, tracks)):
            for one, sign in ((store, 1.0), (without, -1.0)):
                began = time.process_time()
                one.commit(second + 1, stamp_ns=start_ns + second * S, tracks_live=picture)
                spent += sign * (time.process_time() - began)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT stamp_ns, base_ns, body FROM moments ORDER BY stamp_ns").fetchall()
    assert len(rows) == MINUTE_S
    return [((at - start_ns) // S, (base - start_ns) // S, body) for at, base, body in rows], 1e3 * spent / MINUTE_S


def fill(folder: Path, hours: float, tracks: int, asked: list[int], start_ns: int) -> dict[str, Any]:
    """A full store; what keeping its moments costs."""
    minute, cpu_ms = one_minute(folder / "minute.db", tracks)
    store = Store(folder / "store.db", encrypted=True)
    keys, run = store.keys, store._connection.execute
    run("PRAGMA synchronous = OFF")
    run("BEGIN")
    text, outbox = "x" * 2500, 0
    for number in range(round(hours * 60)):
        for half in range(MINUTE_S // REVISED_EVERY_S):
            for alert in range(ALERTS):
                outbox += 1
                revision = number * 2 + half
                body = b'{"id":"A%d","revision":%d,"status":"active","text":"%s"}' % (alert, revision, text.encode())
                sealed = keys.seal("alerts", start_ns, body, about("alerts", f"A{alert}", revision))
                run(
                    "INSERT INTO outbox VALUES (?, 'alert', ?, ?, 'high', ?, NULL)",
                    (outbox, f"A{alert}", revision, sealed),
                )
        for second, base, body in minute:
            at_ns, base_ns = (start_ns + (number * MINUTE_S + one) * S for one in (second, base))
            sealed = keys.seal("tracks", at_ns, body, moment_name("tracks", at_ns))
            run("INSERT INTO moments VALUES (?, ?, 0, ?, ?, x'')", (at_ns, base_ns, outbox, sealed))
    run("COMMIT")
    for at_ns in sorted(asked):
        write_history(store, at_ns, tracks)
    store.close()
    size = sum(len(body) for _, _, body in minute)
    return {
        "keeping_a_moment_cpu_ms": round(cpu_ms, 1),
        "moments_mb_per_hour": round(size * 60 / 1e6),
        "whole_pictures_per_minute": sum(second == base for second, base, _ in minute),
    }


def write_history(store: Store, until_ns: int, tracks: int) -> None:
    """The history of all tracks for as long as a picture of it needs, four rows a second each."""
    seconds = ESTIMATE_HOLDS_NS / S
    count = round(tracks * 4 * seconds)
    times = until_ns - np.linspace(ESTIMATE_HOLDS_NS - 1, 0, count).astype(np.int64)
    zero = np.zeros(count)
    names = np.array([f"T{name:06x}" for name in range(tracks)])[np.arange(count) % tracks]
    columns = {
        "track": names, "time": times.astype("datetime64[ns]"), "easting": zero, "northing": zero, "easting_rate": zero,
        "northing_rate": zero, "cov": np.zeros((count, 4, 4)), "existence": zero, "status": np.full(count, "confirmed"),
        "segment": np.zeros(count, np.int32), "offset_m": zero,
    }  # fmt: skip
    store.commit(store.cursor, stamp_ns=0, history=columns)


@contextmanager
def client_of(path: Path) -> Iterator[httpx.Client]:
    """A client of a server over the store."""
    frame = {"bounds": [-84.5, 36.4, -84.0, 36.8], "frame": {"name": "UTM", "epsg": 32616}}
    app = create_app(
        path, ApiSettings("bench", guard=GuardSettings(bearer=True), ground=frame), act=print, now_ns=time.time_ns
    )
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client


def scrubbing(folder: Path, *, hours: float, tracks: int, moments: int) -> dict[str, Any]:
    """Milliseconds of an answer at times all over the store, without and with what is known now."""
    chance = np.random.default_rng(2)
    # From the start of a day, so that a minute never reaches into another one.
    start_ns = 1_774_051_200 * S
    times = [start_ns + int(second) * S for second in chance.integers(120, max(hours * 3600, 180) - 1, moments)]
    compared = times[: max(moments // 5, 1)]
    figures = fill(folder, hours, tracks, compared, start_ns)
    with client_of(folder / "store.db") as client:

        def ask_ms(at_ns: int, now: bool) -> tuple[float, float]:
            """Milliseconds of an answer, and CPU time of this process but for the thread that asks."""
            query = {"at": datetime.fromtimestamp(at_ns // S, UTC).isoformat(), "now": str(now).lower()}
            began, cpu = time.perf_counter(), time.process_time() - time.thread_time()
            answer = client.get("/v1/history/moment", params=query)
            took = 1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - time.thread_time() - cpu)
            body = answer.json()
            assert len(body["tracks"]) == tracks, answer.text[:500]
            assert len(body["alerts"]) == ALERTS
            assert not now or len(body["now"]["tracks"]) == tracks
            return took

        ask_ms(times[0], True)  # opens the store and loads the projection
        then, then_cpu = np.array([ask_ms(at_ns, False) for at_ns in times]).T
        with_now, with_now_cpu = np.array([ask_ms(at_ns, True) for at_ns in compared]).T
    return figures | {
        "scrub_hours": hours,
        "moment_p50_ms": round(float(np.median(then))),
        "moment_p99_ms": round(float(np.quantile(then, 0.99))),
        "moment_max_ms": round(float(then.max())),
        "moment_with_now_p50_ms": round(float(np.median(with_now))),
        "moment_with_now_max_ms": round(float(with_now.max())),
        "moment_cpu_p50_ms": round(float(np.median(then_cpu)), 1),
        "moment_with_now_cpu_p50_ms": round(float(np.median(with_now_cpu)), 1),
        "scrub_load_average": round(os.getloadavg()[0], 1),
    }
