"""A real browser before a real server: a demonstration, or a store that the test itself writes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from ops.drawing.typeface.page_font import BUILT
from ops.runtime.processes.reserved_port import ReservedPort
from ops.store.writer import Store
from tests.patience import PATIENT_S
from tests.web.chromium import chromium, launch_options
from tests.web.patience import patient
from tests.web.visits import (  # noqa: F401 - what tests take from here
    DESKTOP,
    PHONE,
    REPORT_VIOLATIONS,
    SCALE,
    SCREENS,
    STAMP_CHANGES,
    Visit,
    Witness,
    contexts_of,
    open_more,
    open_strip,
    visiting,
)

ROOT = Path(__file__).resolve().parents[2]
LOOK_S, STILL_S = 0.25, 1.0
"""How often a world looks for changes, and how often it writes without one; a picture is stale after 5 s."""
DEMO_S = 3600
"""Longer than all tests over a demonstration take on a busy machine."""
NONE_SETTLED = f"[incidents]\nsettled_s = {DEMO_S}.0\n"
"""No incident that a test works on is closed by the system meanwhile."""
LON, LAT = -84.2458, 36.5896  # the middle of the sample sector, on its border


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Until the file ends: its event loop would be in the way of every later test that wants one of its own."""
    with sync_playwright() as running, patient():
        yield running


@pytest.fixture(scope="module")
def launch(playwright: Playwright) -> Callable[..., Browser]:
    """Starts a browser with more arguments; whoever calls closes it."""
    if not (BUILT / "index.html").is_file():
        pytest.fail(f"The front end is not built: run 'python deploy/build_web.py' ({BUILT} is empty).")
    return lambda *arguments: playwright.chromium.launch(
        executable_path=chromium(), args=[*launch_options(), *arguments]
    )


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def blind(launch: Callable[..., Browser]) -> Iterator[Browser]:
    """A browser without maps, which would be drawn without a graphics card."""
    browser = launch("--disable-3d-apis")
    yield browser
    browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens a page of a server in a fresh context; afterwards nothing may have gone wrong on any of them."""
    with visiting(browser) as open_page:
        yield open_page


@pytest.fixture
def visit_blind(blind: Browser) -> Iterator[Callable[..., Visit]]:
    """As ``visit``, without a map: for what is not about it, at a third of the cost."""
    with visiting(blind, has_map=False) as open_page:
        yield open_page


def until(true: Callable[[], object], *, within_s: float = PATIENT_S) -> bool:
    began_s = time.monotonic()
    while not (found := true()) and (waited_s := time.monotonic() - began_s) < within_s:
        time.sleep(min(0.05 + waited_s / 20.0, 0.25))  # what takes long is looked at less often
    return bool(found)  # as it was found: a second look may find it otherwise


# A demonstration

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")


def has_alerts(address: str) -> bool:
    """Whether the server answers, fusion has written its store, and there is an alert."""
    try:
        answer = httpx.get(f"{address}api/alerts", timeout=PATIENT_S)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and bool(answer.json()["alerts"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running demonstration that has raised its first alert."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "settings.toml").write_text(NONE_SETTLED)
    reserved = ReservedPort()
    command = [
        sys.executable,
        "-m",
        "ops.cli",
        "demo",
        "--headless",
        f"--duration={DEMO_S}",
        f"--port={reserved.number}",
        f"--settings={folder / 'settings.toml'}",
    ]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([*command, f"--out={folder / 'out'}"], stderr=out, stdout=out, cwd=ROOT)
    try:
        shown: list[str] = []
        assert until(lambda: shown or shown.extend(ADDRESS.findall(log.read_text(errors="replace")))), log.read_text()
        assert until(lambda: has_alerts(shown[0])), log.read_text()
        yield shown[0]
    finally:
        process.kill()  # its children end with it
        process.wait()
        reserved.release()


# A store of one's own


@dataclass
class World:
    """What fusion would write, and ``watchline serve`` over it: written at once where it changes, else each second."""

    folder: Path
    reserved: ReservedPort = field(default_factory=ReservedPort)
    tracks: list[dict[str, Any]] = field(default_factory=list)
    bearings: list[dict[str, Any]] = field(default_factory=list)
    sensors: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    paused: bool = False
    sector: str = "cumberland"
    process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def track(number: int, **more: Any) -> dict[str, Any]:
        """A confirmed track near the middle of the sector, as ops.services.fusion.live_picture writes it."""
        return {
            "track": f"T{number:04d}", "status": "confirmed", "lon": LON + number * 0.002, "lat": LAT + 0.004,
            "easting": number * 180.0, "northing": 450.0, "speed_mps": 1.4, "course_deg": 180.0,
            "ellipse_m": [20.0, 8.0], "ellipse_azimuth_deg": 30.0, "existence": 0.98, "label": "person",
            "label_probability": 0.9, "segment": 28, "offset_m": -420.0, "updated_ns": 0,
        } | more  # fmt: skip

    @staticmethod
    def sensor(name: str, number: int = 0, **more: Any) -> dict[str, Any]:
        base = {"sensor": name, "kind": "radar", "lon": LON - 0.05 + number * 0.02, "lat": LAT - 0.01, "state": "ok"}
        return base | {"since_ns": time.time_ns()} | more

    @staticmethod
    def bearing(name: str, number: int = 0, **more: Any) -> dict[str, Any]:
        """A bearing contact of the sensor that ``sensor`` gives, as ops.services.fusion.live_picture writes it."""
        return {
            "sensor": name, "lon": LON - 0.05 + number * 0.02, "lat": LAT - 0.01, "range_m": 6000.0,
            "azimuth_deg": 20.0 + 15.0 * number, "azimuth_sd_deg": 2.0, "bearings": 5, "crossings": 0,
            "updated_ns": time.time_ns(), "lifetime_s": 300.0,
        } | more  # fmt: skip

    @staticmethod
    def alert(number: int, revision: int = 0, **more: Any) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "id": f"A{number:04d}", "rule": "approaching", "priority": "medium", "status": "active",
            "revision": revision, "sentence": f"Walker-like track T{number:04d} approaches the border.",
            "raised_at": now, "updated_at": now, "observed_at": now, "track": f"T{number:04d}", "sensor": None,
            "segment": 28, "chainage_m": 14200.0, "direction": 1, "easting": 0.0, "northing": 450.0, "lon": LON,
            "lat": LAT + 0.004, "offset_m": -420.0, "time_to_border_s": 300.0, "class_label": "person",
            "class_probability": 0.9, "existence": 0.98, "evidence": [["radar-crest", 1, 7]], "by": "", "reason": "",
        } | more  # fmt: skip

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "store.db")
        (self.folder / ".demonstration").touch()  # served without accounts
        self._cursor, self._lock, self._stop = 0, threading.Lock(), threading.Event()
        self._writer = threading.Thread(target=self._write, daemon=True)

    @property
    def port(self) -> int:
        return self.reserved.number

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start the server, on the same port each time."""
        command = [
            sys.executable,
            "-m",
            "ops.cli",
            "serve",
            self.sector,
            str(self.folder / "store.db"),
            f"--port={self.port}",
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, cwd=ROOT)
        assert until(self._answers), (self.folder / "log").read_text()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}api/layers", timeout=PATIENT_S).status_code == 200
        except httpx.HTTPError:
            return False

    def write(self) -> None:
        """Begin to write."""
        self._writer.start()

    def _write(self) -> None:
        """Write what changed, and each second what did not: each time, the pages draw their maps again."""
        written, at_s = b"", 0.0
        while not self._stop.wait(LOOK_S):
            now = msgspec.json.encode((self.tracks, self.bearings, self.sensors, self.counts))
            if not self.paused and (now != written or time.monotonic() - at_s >= STILL_S):
                self.commit()
                written, at_s = now, time.monotonic()

    def commit(self, alerts: list[dict[str, Any]] | None = None, history: Any = None, **more: Any) -> None:
        now_ns = time.time_ns()
        tracks = [track | {"updated_ns": now_ns} for track in self.tracks]
        with self._lock:
            self._cursor += 1
            self.store.commit(
                self._cursor,
                stamp_ns=now_ns,
                tracks_live=tracks,
                bearings=self.bearings,
                sensors=self.sensors,
                counts=self.counts,
                alerts=alerts or [],
                history=history,
                **more,
            )

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self._stop.set()
        self._writer.join()
        if self.process is not None:
            self.signal(signal.SIGCONT)
            self.kill()
        self.store.close()
        self.reserved.release()


CREST = ("radar-west", "radar-divide", "radar-crest", "radar-valley")


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    world = World(folder)
    world.tracks = [world.track(1), world.track(2, status="coasting", label="vehicle")]
    world.sensors = [world.sensor(name, number) for number, name in enumerate(CREST)]
    world.counts = {name: counts(10) for name in CREST}
    world.commit([world.alert(1)])
    world.write()
    try:
        yield world
    finally:
        world.close()


def counts(received: int) -> dict[str, int]:
    return {"received": received, "journaled": received, "duplicate": 0, "dead_lettered": 0, "shed": 0}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of one's own, its server not started yet."""
    with world_in(tmp_path) as world:
        yield world


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with its server, shared by tests that leave it as it was."""
    with world_in(tmp_path_factory.mktemp("calm")) as world:
        world.start()
        yield world
