"""``watchline demo``: open the room, show it, close it, and print the summary."""

from __future__ import annotations

import os
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

from ops.room.console import ConsoleView, milliseconds, render
from ops.room.demo import DemoOptions, clear_retained, open_room, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.room.demo_result import Summary

PLAIN_EVERY_S = 5.0


def run_demo(options: DemoOptions, screen: Console, *, headless: bool, began_s: float) -> Summary:
    """Run a demonstration to its end and write its files. A process that ends is started again."""
    room, sector = open_room(options)
    with room:
        with screen.status("Opening the room: broker, ingest, fusion, simulator ..."):
            demo = start(room, options, sector, began_s=began_s)
            room.serve()
        screen.print(f"The live map: {room.address}", highlight=False)
        if not headless and show_page(str(room.address)):
            room.show_map(True)
        with _shown(screen, headless=headless) as show:
            demo.watch(show, partial(screen.print, markup=False, highlight=False, soft_wrap=True))
        with screen.status("Senders have stopped; draining the queues ..."):
            published = demo.drain()
            room.ingest.stop(timeout_s=10.0)
            room.fusion.stop(timeout_s=60.0)
            clear_retained(demo, published)
            room.show_map(False)  # the report needs the memory
        with screen.status("Scoring against the simulator's truth, writing the report ..."):
            from ops.room.demo_result import summarise  # 180 MB, loaded when the other processes have ended

            summary = summarise(demo, published)
    show_summary(summary, screen)
    return summary


@contextmanager
def _shown(screen: Console, *, headless: bool) -> Iterator[Callable[[ConsoleView], None]]:
    """Yield the display: a live console, or without a terminal one line every few seconds and one per new alert."""
    if headless:
        yield _Plain(screen)
        return
    with Live(console=screen, refresh_per_second=4, transient=True) as live:
        yield lambda picture: live.update(render(picture, height=screen.height))


class _Plain:
    def __init__(self, screen: Console) -> None:
        self._screen, self._printed_s = screen, 0.0
        self._alerts: set[str] = set()

    def __call__(self, picture: ConsoleView) -> None:
        for alert in picture.alerts:
            if alert["id"] not in self._alerts:
                self._alerts.add(alert["id"])
                self._screen.print(f"ALERT {alert['priority']}: {alert['sentence']}", markup=False, highlight=False)
        if time.monotonic() - self._printed_s > PLAIN_EVERY_S:
            self._printed_s = time.monotonic()
            confirmed = sum(track["status"] == "confirmed" for track in picture.tracks)
            self._screen.print(
                f"{picture.elapsed_s:5.0f} s  journaled {picture.counts.get('journaled', 0)}  confirmed tracks"
                f" {confirmed}  alerts {len(picture.alerts)}  p50 {milliseconds(picture.latency_p50_ms)}"
                f"  p99 {milliseconds(picture.latency_p99_ms)}",
                highlight=False,
            )


def show_summary(summary: Summary, screen: Console) -> None:
    """Print the summary: conservation of messages, quality, time, memory, files."""
    figures = summary.figures
    table = Table(title="Conservation, messages by sensor", title_justify="left", box=None, header_style="dim")
    names = ("published", "received", "journaled", "duplicate", "dead_lettered", "shed")
    table.add_column("sensor")
    for name in names:
        table.add_column(name, justify="right")
    for sensor, row in sorted(summary.per_sensor.items()):
        table.add_row(sensor or "(no sensor)", *(f"{row[name]:,}" for name in names))
    screen.print(table)
    verdict = "both identities hold for every sensor" if summary.balanced else "THE COUNTS DO NOT BALANCE"
    lines = [
        f"received = journaled + duplicate + dead letters + shed; published = what of that is unique: {verdict}.",
        f"Tracks confirmed {figures['tracks_confirmed']} (targets {figures['targets']}, of which"
        f" {figures['targets_covered']} were ever on ground that a sensor sees); alerts {figures['alerts']}.",
        f"GOSPA (c = 50 m, p = 2), mean: {figures['gospa_mean_m']} m over all movers,"
        f" {figures['gospa_covered_mean_m']} m on covered ground; identity switches {figures['identity_switches']}.",
        f"Latency from sending to picture: p50 {milliseconds(figures['latency_p50_ms'])},"
        f" p99 {milliseconds(figures['latency_p99_ms'])}; peak memory {figures['peak_rss_mb']:.0f} MB (PSS).",
        "Files: " + ", ".join(str(path) for path in summary.files.values()),
    ]
    for line in lines:
        screen.print(line, highlight=False, markup=False, soft_wrap=True)


def show_page(address: str) -> bool:
    """Open ``address`` in a separate window; False without a display or a browser that needs one.

    A text browser is not opened: it would overwrite the terminal.
    """
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:  # the class that the module uses for links, lynx and w3m
        return False
    threading.Thread(target=browser.open, args=(address,), name="browser", daemon=True).start()
    return True
