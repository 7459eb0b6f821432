"""A demonstration under load: answers of the API, claims seen in another browser, 200 streams of which 20 are stalled.

Targets of the issue: p99 of the API ≤ 150 ms under 50 requests/s while the demo runs; from a claim until another
browser sees it, p99 ≤ 1 s at 2,000 detections/s. ``watchline demo`` runs as it is shipped, at its own rate of
detections, in processes of its own. With ``--detections N``, the room is one of production parts over the field of
``field.py`` instead: radars in a process of their own send N detections/s as signed messages through spools and broker
(``latency.py``). The clients are in this process, on the same machine. Wall times depend on what else the machine does;
the CPU time of the API process per second is stated beside them, and the load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import psutil
from field import Field, scans_of, write_sector
from latency import SECTOR_ID, other_process
from machine import report, table

from ops.journal.reader import JournalReader
from ops.room.night_file import write_night
from ops.room.room import Room, RoomOptions
from ops.services.api.serving.endpoint import Endpoint

PATHS: Final = ("/api/tracks", "/api/sensors", "/api/alerts", "/v1/incidents", "/v1/history")
STREAMS, STALLED = 200, 20
START_S: Final = 240.0
PLOTS_PER_S: Final = 500.0
"""Detections per second of the field of ``field.py`` at its period of 1 s."""
SPARE_S: Final = 60.0
"""Seconds of a demonstration besides those of the load: before it, until there are incidents, and after it."""
FIELD_SPARE_S: Final = 120.0
"""The same for the messages of a field, which end with the load."""
LEAST_SENT: Final = 0.9
"""A run in which a smaller part of the wanted detections was sent during the load is none."""


class Watcher:
    """Another browser: a stream of events, and when each revision of an incident arrived."""

    def __init__(self) -> None:
        self.seen_s: dict[tuple[str, int], float] = {}

    async def follow(self, client: httpx.AsyncClient) -> None:
        """Read until cancelled."""
        async with client.stream("GET", "/api/stream", params={"page": secrets.token_hex(8)}, timeout=None) as answer:
            event = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data" and event == "incident":
                    record = json.loads(value)
                    self.seen_s.setdefault((record["id"], record["revision"]), time.perf_counter())


async def read_all(port: int) -> None:
    """A client that reads its stream as fast as it comes."""
    reader, writer = await open_stream(port)
    with suppress(OSError):
        while await reader.read(65_536):
            pass
    writer.close()


async def stand_still(port: int) -> None:
    """A client that reads nothing, and comes again when it is let go."""
    while True:
        with suppress(OSError):
            _, writer = await open_stream(port, limit=1)
            await asyncio.sleep(20.0)
            writer.close()


async def open_stream(port: int, *, limit: int = 2**16) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which a stream was asked for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    writer.write(f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    await writer.drain()
    return reader, writer


async def ask(client: httpx.AsyncClient, per_s: float, seconds: float) -> tuple[list[float], list[float], int]:
    """Milliseconds of each answer, and by which each request was sent late, which is the delay of this process.

    Requests are sent at a fixed rate, also while earlier ones wait. The third value counts those without an answer.
    """
    took: list[float] = []
    late: list[float] = []
    failed = 0

    async def one(number: int) -> None:
        nonlocal failed
        began = time.perf_counter()
        try:
            answer = await client.get(PATHS[number % len(PATHS)])
        except httpx.TransportError:
            failed += 1
            return
        assert answer.status_code == 200, answer.text[:300]
        took.append(1e3 * (time.perf_counter() - began))

    began, tasks = time.perf_counter(), []
    for number in range(round(per_s * seconds)):
        await asyncio.sleep(max(began + number / per_s - time.perf_counter(), 0.0))
        late.append(1e3 * (time.perf_counter() - began - number / per_s))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    return took, late, failed


async def claim(client: httpx.AsyncClient, watcher: Watcher, seconds: float) -> list[float]:
    """Seconds from each action on an incident until the other browser has its new revision."""
    took, until = [], time.perf_counter() + seconds
    action = "acknowledge"
    while time.perf_counter() < until:
        known = (await client.get("/v1/incidents")).json()["incidents"]
        wanted = "open" if action == "acknowledge" else "acknowledged"
        chosen = next((one for one in known if one["state"] == wanted), None)
        if chosen is None:
            await asyncio.sleep(0.2)
            action = "acknowledge"
            continue
        body = {"id": secrets.token_hex(8), "action": action, "expected_revision": chosen["revision"]}
        began = time.perf_counter()
        answer = await client.post(f"/v1/incidents/{chosen['id']}/actions", json=body)
        assert answer.status_code == 202, answer.text
        outcome = answer.json()["outcome"]
        while outcome is None and time.perf_counter() - began < 30.0:
            await asyncio.sleep(0.005)
            found = await client.get(f"/v1/incidents/{chosen['id']}/actions/{body['id']}")
            outcome = found.json() if found.status_code == 200 else None
        if outcome is not None and outcome["result"] != "done":
            continue  # fusion has changed the incident meanwhile
        # alerts may have revised it since it was read: the action's own revision counts
        key = (chosen["id"], -1 if outcome is None else outcome["revision"])
        while key not in watcher.seen_s and time.perf_counter() - began < 30.0:
            await asyncio.sleep(0.005)
        took.append(watcher.seen_s.get(key, began + 30.0) - began)
        action = "undo" if action == "acknowledge" else "acknowledge"
        await asyncio.sleep(0.3)
    return took


def api_process(parent: psutil.Process) -> psutil.Process:
    """The API process of a room."""
    for process in parent.children(recursive=True):
        with suppress(psutil.Error):  # one that has ended
            if "ops.services.api.process" in process.cmdline():
                return process
    raise SystemExit("there is no API process")


async def moving(client: httpx.AsyncClient) -> bool:
    """Whether detections have led to an incident; one of sensors without data may come before."""
    answer = await client.get("/v1/incidents", params={"kind": "movement"})
    return answer.status_code == 200 and bool(answer.json()["incidents"])


async def measure(address: str, parent: psutil.Process, options: argparse.Namespace) -> dict[str, Any]:
    """Figures of one stretch of time."""
    port = httpx.URL(address).port or 80
    limits = httpx.Limits(max_connections=64)
    headers = {"Origin": address.rstrip("/")}
    watcher = Watcher()
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60, limits=limits) as client:
        deadline = time.monotonic() + START_S
        while not await moving(client) and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
        others = [asyncio.create_task(read_all(port)) for _ in range(STREAMS - STALLED)]
        others += [asyncio.create_task(stand_still(port)) for _ in range(STALLED)]
        others.append(asyncio.create_task(watcher.follow(client)))
        await asyncio.sleep(3.0)
        api = api_process(parent)
        cpu, began, began_ns = sum(api.cpu_times()[:2]), time.perf_counter(), time.time_ns()
        (took, late, failed), claims = await asyncio.gather(
            ask(client, options.rate, options.seconds), claim(client, watcher, options.seconds)
        )
        elapsed, ended_ns = time.perf_counter() - began, time.time_ns()
        cpu = sum(api.cpu_times()[:2]) - cpu
        files = api.num_fds()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    return {
        "requests": len(took),
        "failed": failed,
        "api_p50_ms": round(float(np.median(took)), 1),
        "api_p99_ms": round(float(np.quantile(took, 0.99)), 1),
        "sent_late_p99_ms": round(float(np.quantile(late, 0.99)), 1),
        "claims": len(claims),
        "claim_seen_p50_s": round(float(np.median(claims)), 3) if claims else None,
        "claim_seen_p99_s": round(float(np.quantile(claims, 0.99)), 3) if claims else None,
        "api_cpu_per_s": round(cpu / elapsed, 3),
        "api_open_files": files,
        "streams": STREAMS,
        "stalled": STALLED,
        "load_average": round(os.getloadavg()[0], 1),
        "began_ns": began_ns,
        "ended_ns": ended_ns,
    }


@contextmanager
def demonstration(folder: Path, seconds: float) -> Iterator[str]:
    """``watchline demo`` as it is shipped; the address of its API."""
    command = [sys.executable, "-m", "ops.cli", "demo", f"--duration={seconds + SPARE_S}", "--headless"]
    with (folder / "demo.log").open("wb") as log:
        demo = subprocess.Popen([*command, f"--out={folder / 'out'}"], stdout=log, stderr=log)
    try:
        yield _address(folder / "demo.log", demo)
    finally:
        demo.terminate()
        demo.wait(120)


class FieldRoom:
    """A room over the field of ``field.py``, to which a process of its own sends ``per_s`` detections per second."""

    def __init__(self, folder: Path, seconds: float, per_s: float) -> None:
        plan = Field(period_s=PLOTS_PER_S / per_s, duration_s=seconds + FIELD_SPARE_S)
        self._per_s, self._folder, self._sector = per_s, folder, write_sector(plan, folder / "sector")
        scans = scans_of(plan, self._sector)
        write_night(folder / "night.jsonl", scans)
        self._plots = [len(scan.plots) for scan in scans]
        self._sent: dict[str, Any] = {}
        self._room: Room

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address of its API, while the messages are sent."""
        layout = self._sector.parent / "layout.geojson"
        options = RoomOptions(
            sector=str(self._sector), sector_id=SECTOR_ID, layout=str(layout), folder=self._folder / "room",
            endpoint=Endpoint(accounts=False), local_operator="Benchmark operator",
        )  # fmt: skip
        with Room(options) as self._room:
            self._room.listen()
            address = self._room.serve()
            sending = other_process("night", self._room, self._folder)
            reading = threading.Thread(target=lambda: self._sent.update(json.loads(sending.communicate()[0] or "{}")))
            reading.start()
            try:
                yield address
                self._backlog = self._rows_not_processed()
            finally:
                sending.terminate()
                reading.join()

    def figures(self, began_ns: int, ended_ns: int) -> dict[str, Any]:
        """Detections that were handed over per second of the load, and journal rows that fusion had not processed.

        SystemExit if too few were handed over: the machine was too slow, or the messages ended before the load.
        """
        during = [
            plots
            for plots, (*_, handed_ns, _) in zip(self._plots, self._sent.get("handed", ()), strict=False)
            if began_ns <= handed_ns < ended_ns
        ]
        sent_per_s = sum(during) / (ended_ns - began_ns) * 1e9
        if sent_per_s < LEAST_SENT * self._per_s:
            raise SystemExit(f"{sent_per_s:,.0f} detections/s were sent during the load, not {self._per_s:,.0f}")
        return {
            "detections_per_s": round(sent_per_s, 1),
            "backlog_at_end_rows": self._backlog,
        }

    def _rows_not_processed(self) -> int:
        journal = JournalReader(self._room.journal_path)
        try:
            return journal.last_id() - self._room.cursor()
        finally:
            journal.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second (default 50)")
    parser.add_argument("--seconds", type=float, default=40.0, help="seconds of load (default 40)")
    parser.add_argument(
        "--detections", type=float, help="detections per second (default: a demonstration at its own rate)"
    )
    options = parser.parse_args()
    if options.detections is not None and not options.detections >= 1.0:
        parser.error("--detections: expected a number of at least 1")
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as name:
        folder, field = Path(name), None
        if options.detections is not None:
            field = FieldRoom(folder, options.seconds, options.detections)
        with demonstration(folder, options.seconds) if field is None else field.serving() as address:
            figures = asyncio.run(measure(address, psutil.Process(), options))
        during = figures.pop("began_ns"), figures.pop("ended_ns")
        if field is not None:
            figures |= field.figures(*during)
    what = "a demonstration" if field is None else f"{options.detections:,.0f} detections/s"
    table([f"operations under load: {what}", "figure"], [[name, str(value)] for name, value in figures.items()])
    report("operations_load", figures)


def _address(log: Path, demo: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_S
    while demo.poll() is None and time.monotonic() < deadline:
        found = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text(errors="replace"))
        if found:
            return found[0]
        time.sleep(0.2)
    raise SystemExit(f"the demonstration did not start: {log.read_text(errors='replace')[-500:]}")


if __name__ == "__main__":
    main()
