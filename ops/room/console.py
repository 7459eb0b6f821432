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

from geo.message import Message
from ops.runtime.output import catalogue, column, say
from ops.runtime.processes.part_state import code_of
from sensors.timestamps import utc_datetime

COUNTED = ("received", "journaled", "duplicate", "dead_lettered", "shed")
"""The message counts of each sensor."""
# A health state is shown by a word and a sign, not by colour alone.
HEALTH_SIGNS = {
    "ok": ("●", "green"),
    "offline": ("✕", "bold yellow"),
    "muted": ("‖", "bold yellow"),
    "maintenance": ("◌", "dim"),
    "no_data": ("…", "dim"),
}
PRIORITY_STYLES = {"distress": "bold reverse", "high": "bold yellow", "medium": "yellow", "low": "dim"}
LINES_OF_THE_REST = 18
"""Lines taken by the header, the sensors, and the titles and frames of the other parts."""
TRACKS_SHOWN = 6
ALL_COLUMNS = 78
"""Width of a screen that has room for all columns of the tracks."""


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
    problem: Message | None = None
    time_zone: str = "UTC"


def totals(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Sum the counts over all sensors."""
    return {name: sum(sensor[name] for sensor in counts.values()) for name in COUNTED}


def clock_text(moment: datetime, time_zone: str) -> str:
    """Return UTC and local time side by side, ``21:04:05Z (16:04:05 EST)``."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{moment.astimezone(UTC):%H:%M:%S}Z ({local:%H:%M:%S %Z})"


def milliseconds(value: float | None) -> str:
    """Return a duration in milliseconds, in the language of this process; a dash without one."""
    return "–" if value is None else say("console-milliseconds", value=value)


def render(picture: ConsoleView, *, height: int = 40, width: int = 80) -> Group:
    """Render the screen in about ``height`` lines of ``width`` characters; sensors cannot send markup."""
    alerts = max(2, (height - LINES_OF_THE_REST - TRACKS_SHOWN) // 2)  # a sentence takes about two lines
    return Group(_head(picture), _sensors(picture), _alerts(picture, alerts), _tracks(picture, width))


def _head(picture: ConsoleView) -> Panel:
    statuses = [str(track.get("status", "")) for track in picture.tracks]
    counts = picture.counts
    clock = clock_text(picture.now, picture.time_zone)
    lines = [
        say("console-live-running", clock=clock, seconds=round(picture.elapsed_s)),
        say(
            "console-live-messages",
            dead=counts.get("dead_lettered", 0),
            **{name: counts.get(name, 0) for name in COUNTED if name != "dead_lettered"},
        ),
        say(
            "console-live-tracks",
            alerts=len(picture.alerts),
            **{status: statuses.count(status) for status in ("confirmed", "coasting", "tentative")},
        ),
        say(
            "console-live-latency",
            p50=milliseconds(picture.latency_p50_ms),
            p99=milliseconds(picture.latency_p99_ms),
        ),
    ]
    if picture.memory_mb is not None:
        lines[-1] += "   " + say("console-live-memory", megabytes=round(picture.memory_mb))
    line = Text("\n".join(lines))
    if picture.problem:
        said = say("console-live-problem", problem=say(picture.problem), code=code_of(picture.problem))
        line.append("\n" + said, style="bold yellow")
    if picture.address:
        line.append(f"\n{picture.address}", style="underline")
    return Panel(line, title=Text(picture.title), title_align="left", border_style="dim")


def _alerts(picture: ConsoleView, most: int) -> Panel:
    body = Text()
    newest = sorted(picture.alerts, key=lambda alert: str(alert.get("raised_at", "")), reverse=True)[:most]
    for alert in newest:
        priority = str(alert.get("priority", "low"))
        body.append(f"{str(alert.get('raised_at', ''))[11:19]}Z ", style="dim")
        body.append(f"{say('console-priority', priority=priority):<9}", style=PRIORITY_STYLES.get(priority, ""))
        body.append(f"{alert.get('sentence', '')}\n")
    if not newest:
        body.append(say("console-live-no-alerts"), style="dim")
    return Panel(body, title=say("console-live-alerts"), title_align="left", border_style="dim")


def _tracks(picture: ConsoleView, width: int) -> Table:
    title, formats = say("console-live-nearest"), catalogue().formats
    table = Table(title=title, title_justify="left", expand=True, box=None, header_style="dim")
    names = ["track", "status", "target_class", "speed", "offset", "segment", "existence"]
    if width < ALL_COLUMNS:
        names = [name for name in names if name not in ("status", "existence")]
    for name in names:
        left = name in ("track", "status", "target_class")
        table.add_column(column(name), justify="left" if left else "right", no_wrap=True)
    shown = [track for track in picture.tracks if track.get("status") in ("confirmed", "coasting")]
    shown.sort(key=lambda track: abs(track.get("offset_m") or 1e9))
    for track in shown[:TRACKS_SHOWN]:
        offset = track.get("offset_m")
        cells: dict[str, Text | str] = {
            "track": Text(str(track["track"])),
            "status": say("console-track-status", status=str(track["status"])),
            "target_class": say("target-class", **{"class": str(track.get("label") or "unknown")}),
            "speed": formats.speed(track.get("speed_mps")),
            "offset": formats.distance(offset).replace("-", "−"),
            "segment": str(track.get("segment", "–")),
            "existence": formats.probability(track.get("existence")),
        }
        table.add_row(*(cells[name] for name in names))
    return table


def _sensors(picture: ConsoleView) -> Panel:
    body = Text()
    for sensor in picture.sensors:
        sign, style = HEALTH_SIGNS.get(str(sensor.get("state")), ("?", ""))
        state, mute = str(sensor.get("state")), sensor.get("mute")
        until = None if not mute else utc_datetime(mute["ended_ns"] or mute["until_ns"]).isoformat(timespec="seconds")
        how = "none" if not mute else "lasting" if mute["ended_ns"] is None else "ended"
        said = say("console-live-sensor", state=state, mute=how, until=until)
        body.append(f"{sign} {sensor.get('sensor')} {said}   ", style=style)
    return Panel(
        body or Text(say("console-live-no-sensors")),
        title=say("console-live-sensors"),
        title_align="left",
        border_style="dim",
    )
