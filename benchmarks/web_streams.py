"""Streams: the delay of a picture to 180 readers while 20 others read nothing, and the server's cost.

A module of ``web.py``. Store and writer run here, the server and the readers each in a separate process. For
comparison, in the same run, a bare Starlette application sends the same bytes to the same readers from memory: the
minimum cost of an event stream over uvicorn.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

CONTEXT = multiprocessing.get_context("spawn")
READERS, STALLED, HZ = 180, 20, 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """``tracks`` in each picture, for ``seconds`` after ``warm_s``."""

    tracks: int
    seconds: float
    warm_s: float = 3.0


def picture_of(count: int, tick: int) -> list[dict[str, Any]]:
    """Return ``count`` tracks as ops.services.fusion.live_picture writes them, a little farther at each tick."""
    return [
        {
            "track": f"T{i:08x}", "status": "confirmed", "lon": round(-84.4 + (i % 71) * 0.004 + tick * 1e-5, 7),
            "lat": round(36.46 + (i // 71) * 0.0036, 7), "easting": 120.5 * i, "northing": -80.25 * i,
            "speed_mps": 1.4, "course_deg": 90.0, "ellipse_m": [20.0, 8.0], "ellipse_azimuth_deg": 30.0,
            "existence": 0.98, "label": ("person", "vehicle", "animal", "group", "other")[i % 5],
            "label_probability": 0.9, "segment": i % 59, "offset_m": -420.0, "updated_ns": time.time_ns(),
        }
        for i in range(count)
    ]  # fmt: skip


def serve_store(path: str, pipe: Any) -> None:
    """Serve a store with Watchline's server."""
    from ops.services.api.app import ApiSettings, create_app
    from ops.services.api.serving.server import serving

    app = create_app(Path(path), ApiSettings("bench", pages=Path(path)), act=print, now_ns=time.time_ns)
    with serving(app) as port:
        pipe.send(port)
        pipe.recv()


def serve_echo(tracks: int, pipe: Any) -> None:
    """Serve the peer: one Starlette route that sends a picture to every client ten times per second, from memory."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    from ops.services.api.serving.local_port import listen

    frame = {"body": b"", "number": 0}

    async def events() -> AsyncIterator[bytes]:
        seen = -1
        while True:
            if frame["number"] != seen:
                seen = frame["number"]
                yield frame["body"]
            await asyncio.sleep(0.005)

    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    async def tick() -> None:
        tracks_json = json.dumps(picture_of(tracks, 0)).encode()
        while True:
            stamp = time.time_ns()
            frame["body"] = b'event: tracks\ndata: {"stamp_ns":%d,"tracks":%s}\n\n' % (stamp, tracks_json)
            frame["number"] += 1
            await asyncio.sleep(1 / HZ)

    async def run() -> None:
        with listen(0) as listening:
            app = Starlette(routes=[Route("/api/stream", stream)])
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
            ticking = asyncio.create_task(tick())
            pipe.send(listening.getsockname()[1])
            await server.serve(sockets=[listening])
            ticking.cancel()

    threading.Thread(target=lambda: (pipe.recv(), psutil.Process().kill()), daemon=True).start()
    asyncio.run(run())


def read_streams(port: int, seconds: float, pipe: Any) -> None:
    """Run READERS clients; send back the ages [ms] of the pictures that arrived, by client."""
    from datetime import datetime

    def stamp_of(data: bytes) -> float:
        head = data[: data.index(b",")]
        if b"stamp_ns" in head:
            return int(head.split(b":")[1]) / 1e9
        return datetime.fromisoformat(head.split(b'"')[3].decode()).timestamp()

    async def listen(ages: list[float], until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=8_000_000)
        writer.write(b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        event = b""
        while time.time() < until:
            try:
                line = await asyncio.wait_for(reader.readline(), 1.0)
            except TimeoutError:
                continue
            if line.startswith(b"event: "):
                event = line[7:].strip()
            elif line.startswith(b"data: ") and event == b"tracks":
                ages.append((time.time() - stamp_of(line[6:])) * 1e3)
        writer.close()

    async def everybody() -> list[list[float]]:
        ages: list[list[float]] = [[] for _ in range(READERS)]
        until = time.time() + seconds
        await asyncio.gather(*(listen(mine, until) for mine in ages))
        return ages

    pipe.send(asyncio.run(everybody()))


@contextmanager
def process(target: Callable[..., None], *arguments: Any) -> Any:
    """Start a process with a pipe to it; it is killed at the end."""
    parent_end, child_end = CONTEXT.Pipe()
    child = CONTEXT.Process(target=target, args=(*arguments, child_end), daemon=True)
    child.start()
    try:
        yield child, parent_end
    finally:
        child.kill()
        child.join()


def stall(port: int) -> list[socket.socket]:
    """Open clients that request the stream and read nothing."""
    clients = []
    for _ in range(STALLED):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /api/stream?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        clients.append(client)
    return clients


def measure(port: int, pid: int, load: Load, *, with_stalled: bool) -> dict[str, Any]:
    """Return ages of pictures at the readers, and the server's memory without and with stalled clients."""
    watched = psutil.Process(pid)
    with process(read_streams, port, load.warm_s + load.seconds) as (_, pipe):
        time.sleep(load.warm_s)
        before_mb, stalled, peak_mb = watched.memory_info().rss / 1e6, [], 0.0
        if with_stalled:
            stalled = stall(port)
        cpu_s, began = sum(watched.cpu_times()[:2]), time.monotonic()
        while not pipe.poll(0.2):
            peak_mb = max(peak_mb, watched.memory_info().rss / 1e6)
        ages = pipe.recv()
        cpu = (sum(watched.cpu_times()[:2]) - cpu_s) / (time.monotonic() - began)
    for client in stalled:
        client.close()
    warm = [np.asarray(mine[int(load.warm_s * HZ) :]) for mine in ages]
    everything = np.concatenate(warm)
    p50, p99, worst = np.percentile(everything, [50, 99, 100])
    return {
        "p50_ms": round(float(p50), 1),
        "p99_ms": round(float(p99), 1),
        "worst_ms": round(float(worst), 1),
        "pictures": int(everything.size),
        "pictures_a_client_a_second": round(everything.size / READERS / load.seconds, 2),
        "rss_before_mb": round(before_mb, 1),
        "rss_peak_mb": round(peak_mb, 1),
        "server_cores": round(cpu, 2),
    }


def streams(load: Load) -> dict[str, dict[str, Any]]:
    """Measure Watchline without and with stalled clients, then the peer without, as they would fill its memory."""
    from ops.store.writer import Store

    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as folder:
        store = Store(Path(folder) / "s.db")
        store.commit(1, stamp_ns=time.time_ns(), tracks_live=[])
        with process(serve_store, str(store.path)) as (server, pipe), writing(store, load):
            port = pipe.recv()
            for name, with_stalled in (("all read", False), (f"{STALLED} stalled", True)):
                results[name] = measure(port, server.pid, load, with_stalled=with_stalled)
        store.close()
    with process(serve_echo, load.tracks) as (server, pipe):
        results["bare Starlette"] = measure(pipe.recv(), server.pid, load, with_stalled=False)
    return results


@contextmanager
def writing(store: Any, load: Load) -> Any:
    """Write as fusion does: a new picture ten times per second, and an alert with every tenth."""
    stop = threading.Event()

    def write() -> None:
        bodies = [json.dumps(picture_of(load.tracks, tick)).encode() for tick in range(20)]
        due, tick = time.monotonic(), 0
        while not stop.wait(max(due - time.monotonic(), 0)):
            due, tick = due + 1 / HZ, tick + 1
            store.commit(tick + 1, stamp_ns=time.time_ns(), tracks_live=bodies[tick % 20])
        print(f"{tick} pictures written", file=sys.stderr)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()
