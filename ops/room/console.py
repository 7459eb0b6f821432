"""The live console: message counts, tracks, alerts, latency and the health of the sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

COUNTED = ("received", "journaled", "duplicate", "dead_lettered", "shed")
"""The message counts of each sensor."""
# A health state is shown by a word and a sign, not by colour alone.
HEALTH_SIGNS = {
    "ok": ("●", "green"),
    "silent": ("✕", "bold yellow"),
    "maintenance": ("◌", "dim"),
    "never": ("…", "dim"),
}
PRIORITY_STYLES = {"distress": "bold reverse", "high": "bold yellow", "medium": "yellow", "low": "dim"}
LINES_OF_THE_REST = 18
"""Lines taken by the header, the sensors, and the titles and frames of the other parts."""
TRACKS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class ConsoleView:
    """Everything the console shows at one moment."""

    title: str
    now: datetime
    elapsed_s: float
    counts: Mapping[str, int] = field(default_factory=dict)
    tracks: Sequence[Mapping[str, Any]] = ()
    alerts: Sequence[Mapping[str, Any]] = ()
    sensors: Sequence[Mapping[str, Any]] = ()
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    memory_mb: float | None = None
    address: str | None = None
    problem: str | None = None
    time_zone: str = "UTC"


def totals(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Sum the counts over all sensors."""
    return {name: sum(sensor[name] for sensor in counts.values()) for name in COUNTED}


def clock_text(moment: datetime, time_zone: str) -> str:
    """Return UTC and local time side by side, ``21:04:05Z (16:04:05 EST)``."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{moment.astimezone(UTC):%H:%M:%S}Z ({local:%H:%M:%S %Z})"


def milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"


def render(picture: ConsoleView, *, height: int = 40) -> Group:
    """Render the whole screen in about ``height`` lines; text from sensors is never interpreted as markup."""
    alerts = max(2, (height - LINES_OF_THE_REST - TRACKS_SHOWN) // 2)  # a sentence takes about two lines
    return Group(_head(picture), _sensors(picture), _alerts(picture, alerts), _tracks(picture))


def _head(picture: ConsoleView) -> Panel:
    statuses = [str(track.get("status", "")) for track in picture.tracks]
    counts = picture.counts
    line = Text.assemble(
        (clock_text(picture.now, picture.time_zone), "bold"),
        f"   {picture.elapsed_s:.0f} s running\n",
        f"messages in {counts.get('received', 0):,}   journaled {counts.get('journaled', 0):,}   ",
        f"duplicate {counts.get('duplicate', 0):,}   dead letters {counts.get('dead_lettered', 0):,}   ",
        f"shed {counts.get('shed', 0):,}\n",
        f"tracks: {statuses.count('confirmed')} confirmed, {statuses.count('coasting')} coasting, ",
        f"{statuses.count('tentative')} tentative   alerts {len(picture.alerts)}\n",
        f"latency detection → picture p50 {milliseconds(picture.latency_p50_ms)}, ",
        f"p99 {milliseconds(picture.latency_p99_ms)}",
        "" if picture.memory_mb is None else f"   memory {picture.memory_mb:.0f} MB",
    )
    if picture.problem:
        line.append(f"\nINGEST: {picture.problem}", style="bold yellow")
    if picture.address:
        line.append(f"\n{picture.address}", style="underline")
    return Panel(line, title=Text(picture.title), title_align="left", border_style="dim")


def _alerts(picture: ConsoleView, most: int) -> Panel:
    body = Text()
    newest = sorted(picture.alerts, key=lambda alert: str(alert.get("raised_at", "")), reverse=True)[:most]
    for alert in newest:
        priority = str(alert.get("priority", "low"))
        body.append(f"{str(alert.get('raised_at', ''))[11:19]}Z ", style="dim")
        body.append(f"{priority:<8}", style=PRIORITY_STYLES.get(priority, ""))
        body.append(f"{alert.get('sentence', '')}\n")
    if not newest:
        body.append("No alert so far.", style="dim")
    return Panel(body, title="Alerts, newest first", title_align="left", border_style="dim")


def _tracks(picture: ConsoleView) -> Table:
    table = Table(title="Tracks nearest to the line", title_justify="left", expand=True, box=None, header_style="dim")
    for name in ("track", "status", "likely", "speed m/s", "offset m", "segment", "exists"):
        table.add_column(name, justify="left" if name in ("track", "status", "likely") else "right")
    shown = [track for track in picture.tracks if track.get("status") in ("confirmed", "coasting")]
    shown.sort(key=lambda track: abs(track.get("offset_m") or 1e9))
    for track in shown[:TRACKS_SHOWN]:
        offset = track.get("offset_m")
        table.add_row(
            Text(str(track["track"])),
            str(track["status"]),
            str(track.get("label") or "unknown"),
            f"{track.get('speed_mps', 0.0):.1f}",
            "–" if offset is None else f"{offset:+.0f}",
            str(track.get("segment", "–")),
            f"{track.get('existence', 0.0):.2f}",
        )
    return table


def _sensors(picture: ConsoleView) -> Panel:
    body = Text()
    for sensor in picture.sensors:
        sign, style = HEALTH_SIGNS.get(str(sensor.get("state")), ("?", ""))
        body.append(f"{sign} {sensor.get('sensor')} {sensor.get('state')}   ", style=style)
    return Panel(body or Text("No sensor has spoken yet."), title="Sensors", title_align="left", border_style="dim")
