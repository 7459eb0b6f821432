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

from ops.room.console import ConsoleView, milliseconds, render
from ops.room.demo.demo import DemoOptions, clear_retained, open_room, start
from ops.room.room import DEMO_OPERATOR
from ops.runtime.output import catalogue, say, show
from ops.runtime.tables import show_table, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.room.demo.result import Summary

PLAIN_EVERY_S = 5.0
SETTLED_S = 60.0
"""Longest wait at the end for the delivery of the last alerts."""


def run_demo(options: DemoOptions, screen: Console, *, headless: bool, began_s: float) -> Summary:
    """Run a demonstration to its end and write its files. A process that ends is started again."""
    from ops.runtime.compile_kernels import compile_missing

    room, sector = open_room(options)  # a wrong sector or layout is named before kernels are compiled
    compile_missing(screen)
    with room:
        with screen.status(say("console-demo-starting")):
            demo = start(room, options, sector, began_s=began_s)
            room.serve()
        show(screen, "console-live-map", address=str(room.address))
        show(screen, "accounts-demo", name=DEMO_OPERATOR)
        if not headless and show_page(str(room.address)):
            room.show_map(True)
        with _shown(screen, headless=headless) as display:
            demo.watch(display, partial(show, screen))
        with screen.status(say("console-demo-draining")):
            published = demo.drain()
            room.ingest.stop(timeout_s=10.0)
            room.settle(SETTLED_S)
            room.fusion.stop(timeout_s=60.0)
            if headless:
                display(demo.picture())  # alerts of the last messages, which came while this waited
            clear_retained(demo, published)
            room.show_map(False)  # the report needs the memory
        with screen.status(say("console-demo-scoring")):
            from ops.room.demo.result import summarise  # 180 MB, loaded when the other processes have ended

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
        yield lambda picture: live.update(render(picture, height=screen.height, width=screen.width))


class _Plain:
    def __init__(self, screen: Console) -> None:
        self._screen, self._printed_s = screen, 0.0
        self._alerts: set[str] = set()

    def __call__(self, picture: ConsoleView) -> None:
        for alert in picture.alerts:
            if alert["id"] not in self._alerts:
                self._alerts.add(alert["id"])
                priority = say("console-priority", priority=alert["priority"])
                show(self._screen, "console-demo-alert", priority=priority, sentence=alert["sentence"])
        if time.monotonic() - self._printed_s > PLAIN_EVERY_S:
            self._printed_s = time.monotonic()
            confirmed = sum(track["status"] == "confirmed" for track in picture.tracks)
            show(
                self._screen,
                "console-demo-status",
                seconds=round(picture.elapsed_s),
                journaled=picture.counts.get("journaled", 0),
                tracks=confirmed,
                alerts=len(picture.alerts),
                p50=milliseconds(picture.latency_p50_ms),
                p99=milliseconds(picture.latency_p99_ms),
            )


def show_summary(summary: Summary, screen: Console) -> None:
    """Print the summary: conservation of messages, quality, time, memory, files."""
    figures = summary.figures
    names = ("published", "received", "journaled", "duplicate", "dead_lettered", "shed")
    table = table_of("sensor", *names, title=say("console-demo-counts"), right=names)
    number = catalogue().formats.number
    for sensor, row in sorted(summary.per_sensor.items()):
        table.add_row(sensor or say("console-demo-unknown-sensor"), *(number(row[name]) for name in names))
    show_table(screen, table)
    metres = catalogue().formats.distance
    show(screen, "console-demo-balance", balanced=summary.balanced)
    show(
        screen,
        "console-demo-tracks",
        tracks=figures["tracks_confirmed"],
        alerts=figures["alerts"],
        targets=figures["targets"],
        covered=figures["targets_covered"],
    )
    show(
        screen,
        "console-demo-quality",
        all=metres(figures["gospa_mean_m"], 1),
        covered=metres(figures["gospa_covered_mean_m"], 1),
        swaps=figures["identity_switches"],
    )
    show(
        screen,
        "console-demo-resources",
        p50=milliseconds(figures["latency_p50_ms"]),
        p99=milliseconds(figures["latency_p99_ms"]),
        megabytes=round(figures["peak_rss_mb"]),
    )
    show(screen, "console-files", files=[str(path) for path in summary.files.values()])


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
