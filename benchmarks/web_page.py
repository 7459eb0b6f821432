"""The page: 5,000 tracks moving once per second in a Chromium without a GPU, and a bare MapLibre page beside it.

A module of ``web.py``. Frames are counted by requestAnimationFrame, which a browser calls only when it can draw.
"""

from __future__ import annotations

import gzip
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from web_streams import picture_of

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "ops" / "web"
COUNT_FRAMES = "window.frames_ = 0; (function count() { window.frames_++; requestAnimationFrame(count); })();"
MAP_FRAMES = "Number(document.querySelector('#map').dataset.frames)"
VIEWPORT = {"width": 1280, "height": 800}

BARE = """<!doctype html><meta charset="utf-8"><title>Bare MapLibre</title>
<link rel="stylesheet" href="/maplibre/maplibre-gl.css">
<style>body{margin:0}#map{height:100vh}</style><div id="map"></div>
<script type="module">
import * as maplibre from "/maplibre/maplibre-gl.mjs";
maplibre.setWorkerUrl("/maplibre/maplibre-gl-worker.mjs");
const map = new maplibre.Map({ container: "map", center: [-84.2458, 36.5896], zoom: 10.4, fadeDuration: 0,
  style: { version: 8, sources: {}, layers: [
    { id: "back", type: "background", paint: { "background-color": "#ccd" } }] } });
map.on("load", async () => {
  const size = 24, pixels = new Uint8Array(size * size * 4).map((_, i) => i % 4 === 3 ? 255 : 90);
  map.addImage("mark", { width: size, height: size, data: pixels });
  map.addSource("tracks", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "tracks", type: "symbol", source: "tracks",
    layout: { "icon-image": "mark", "icon-allow-overlap": true, "icon-ignore-placement": true } });
  window.updates_ = 0;
  setInterval(async () => {
    const tracks = await (await fetch("/tracks.json", { cache: "no-store" })).json();
    const shift = window.updates_ * 1e-4;
    map.getSource("tracks").setData({ type: "FeatureCollection", features: tracks.map((t) => ({ type: "Feature",
      geometry: { type: "Point", coordinates: [t.lon + shift, t.lat] }, properties: { id: t.track } })) });
    window.updates_++;
  }, 1000);
  window.drawn_ = 0;
  map.on("render", () => window.drawn_++);
  map.getCanvas().focus();
  document.body.dataset.ready = "yes";
});
</script>"""


def page_figures(tracks: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Measure the live map and the bare page, one after the other, each in its own browser."""
    return {"live map": live_map(tracks, seconds), "bare MapLibre": bare_page(tracks, seconds)}


def bundle() -> dict[str, float]:
    """Return kilobytes that a browser loads, uncompressed and with gzip."""
    kinds = (".js", ".css", ".html", ".svg", ".woff2")
    files = [f for f in (WEB / "dist").rglob("*") if f.is_file() and f.suffix in kinds]
    bodies = [file.read_bytes() for file in files]
    return {
        "files": len(files),
        "raw_kb": round(sum(map(len, bodies)) / 1e3, 1),
        "gzip_kb": round(sum(len(gzip.compress(body, 9)) for body in bodies) / 1e3, 1),
    }


@contextmanager
def browser_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        if chromium is None:
            raise SystemExit("Chromium is not installed: apt-get install chromium")
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=[*sandbox, "--disable-gpu"])
        page = browser.new_page(viewport=VIEWPORT)
        page.add_init_script(COUNT_FRAMES)
        yield page
        browser.close()


def watch(page: Page, seconds: float, updates: str) -> dict[str, Any]:
    """Return frames and updates per second, and the final heap. ``updates``: JavaScript that changes with each."""
    began, frames = time.monotonic(), page.evaluate("window.frames_")
    seen: list[Any] = []
    while time.monotonic() - began < seconds:
        value = page.evaluate(updates)
        if not seen or seen[-1] != value:
            seen.append(value)
        page.wait_for_timeout(150)
    took = time.monotonic() - began
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    metrics = {
        m["name"]: m["value"]
        for m in (client.send("Performance.enable"), client.send("Performance.getMetrics"))[1]["metrics"]
    }
    return {
        "frames_a_second": round((page.evaluate("window.frames_") - frames) / took, 1),
        "updates_a_second": round((len(seen) - 1) / took, 2),
        "heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1),
    }


def pan(page: Page, seconds: float, drawn: str) -> float:
    """Return map frames per second while arrow keys move it continuously; ``drawn``: JavaScript that counts them."""
    began, frames, turn = time.monotonic(), page.evaluate(drawn), 0
    while time.monotonic() - began < seconds:
        page.keyboard.press("ArrowLeft" if turn // 8 % 2 else "ArrowRight")
        page.wait_for_timeout(100)
        turn += 1
    page.wait_for_timeout(600)
    return round((page.evaluate(drawn) - frames) / (time.monotonic() - began), 1)


def live_map(tracks: int, seconds: float) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="watchline-bench-") as folder,
        serving_tracks(Path(folder), tracks) as address,
        browser_page() as page,
    ):
        page.goto(address)
        page.wait_for_selector("#map[data-state=ready]", timeout=60_000)
        page.wait_for_selector("html[data-stream=live]", timeout=60_000)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000")
        ready = page.evaluate("performance.now() / 1000")
        page.keyboard.press("t")
        page.wait_for_selector("[data-testid=track-row]", timeout=60_000)
        page.wait_for_timeout(5000)
        drawn = page.evaluate(MAP_FRAMES)
        figures = watch(page, seconds, "document.querySelector('[data-testid=track-row]').dataset.lon")
        drawn = page.evaluate(MAP_FRAMES) - drawn
        page.keyboard.press("m")
        moved = pan(page, seconds / 2, MAP_FRAMES)
        return {"first_paint_s": round(paint, 2), "map_and_stream_s": round(ready, 2), **figures,
                "map_frames_a_second": round(drawn / seconds, 1), "map_frames_a_second_panned": moved}  # fmt: skip


@contextmanager
def serving_tracks(folder: Path, tracks: int, sector: str = "cumberland") -> Iterator[str]:
    """Run ``watchline serve`` over a store whose tracks move once per second; yield its address."""
    from ops.room.room import DEMO_MARK
    from ops.store.writer import Store

    (folder / DEMO_MARK).touch()  # a demonstration needs no login
    store, stop = Store(folder / "store.db"), threading.Event()

    def write() -> None:
        tick = 0
        while not stop.wait(1.0 if tick else 0.0):
            tick += 1
            store.commit(tick, stamp_ns=time.time_ns(), tracks_live=picture_of(tracks, tick), sensors=[], counts={})

    writer = threading.Thread(target=write)
    writer.start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ops.cli", "serve", sector, str(store.path), f"--port={port}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT)
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_for(f"{address}api/layers")
        yield address
    finally:
        process.kill()
        process.wait()
        stop.set()
        writer.join()
        store.close()


def wait_for(address: str) -> None:
    import urllib.error
    import urllib.request

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=30):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"{address} does not answer")


def bare_page(tracks: int, seconds: float) -> dict[str, Any]:
    distribution = WEB / "node_modules" / "maplibre-gl" / "dist"
    if not distribution.is_dir():
        raise SystemExit("MapLibre's package is not there: python deploy/build_web.py fetches it")
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as name:
        folder = Path(name)
        (folder / "maplibre").symlink_to(distribution)
        (folder / "index.html").write_text(BARE)
        (folder / "tracks.json").write_text(json.dumps(picture_of(tracks, 0)))
        handler = partial(Quiet, directory=name)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with browser_page() as page:
                page.goto(f"http://127.0.0.1:{server.server_port}/")
                page.wait_for_selector("body[data-ready]", timeout=60_000)
                paint = page.evaluate(
                    "performance.getEntriesByName('first-contentful-paint')[0]?.startTime / 1000 || null"
                )
                page.wait_for_timeout(5000)
                figures = watch(page, seconds, "window.updates_")
                figures["map_frames_a_second_panned"] = pan(page, seconds / 2, "window.drawn_")
            server.shutdown()
    return {"first_paint_s": paint, **figures}


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing."""
