"""``watchline sensor calibrate``: observed detection probability of the sensors in a journal, by terrain class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from ops.journal.command import journal_path
from ops.journal.decode_row import columns_of_row, pose_of_row
from ops.journal.recorded_scans import each_scan
from ops.journal.stores.place import read_journal
from ops.runtime.output import catalogue, say, show
from ops.runtime.tables import show_table, table_of
from sensors.layout import Layout
from sensors.scan_columns import POSE, ScanColumns
from sensors.timestamps import nanoseconds


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """Input of a calibration: a ``journal`` on a ``sector`` with its ``layout``, observed ``since`` until before
    ``until``.

    ``support_s``: see fusion.scoring.calibration.
    """

    journal: Path
    sector: str
    layout: str | None = None
    settings: Path | None = None
    since: datetime | None = None
    until: datetime | None = None
    support_s: float = 15.0


def calibrate_journal(wanted: CalibrationRequest, screen: Console) -> dict[str, Any]:
    """Compare predicted with observed detections, one row per sensor and terrain class. BadInput without scans."""
    from fusion.scoring.calibration import CalibrationSettings, calibrate
    from ops.runtime.output import progress_bar
    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import load_sector
    from ops.sector.settings import load_settings, tracker_settings

    calibration_settings = CalibrationSettings(support_s=wanted.support_s)
    ground = open_sector(load_sector(wanted.sector), wanted.layout)
    settings = load_settings(wanted.settings)
    scans, unusable = observed_scans(wanted, ground.layout)
    if not scans:
        raise BadInput("no scans of this layout", where=str(wanted.journal), expected="a journal with detections")
    with progress_bar(screen) as progress:
        calibration = calibrate(
            progress.track(scans, description=say("console-progress", step="scans")),
            ground.layout,
            settings=tracker_settings(settings),
            calibration=calibration_settings,
            terrain=ground.terrain,
            conditions=settings.weather or "day",
        )
    names = [str(name) for name in calibration.data_vars]
    columns = {name: calibration[name].to_numpy().tolist() for name in names}
    cells = [{name: _plain(columns[name][i]) for name in names} for i in range(calibration.sizes.get("cell", 0))]
    return {
        "journal": str(journal_path(wanted.journal)),
        "scans": sum(scan.kind != POSE for scan in scans),
        "unusable": unusable,
        "level": calibration.attrs["level"],
        "cells": cells,
        "unsupported": calibration.attrs["unsupported"],
        "not_polled": calibration.attrs["not_polled"],
    }


def observed_scans(wanted: CalibrationRequest, layout: Layout) -> tuple[list[ScanColumns], int]:
    """Return the scans of the layout's sensors in order of observation, and the number of unusable rows."""
    since = None if wanted.since is None else nanoseconds(wanted.since)
    until = None if wanted.until is None else nanoseconds(wanted.until)
    left_out = {"unknown_sensor": 0, "unreadable": 0}
    with read_journal(journal_path(wanted.journal)) as journal:
        scans = list(
            each_scan(
                journal,
                layout,
                columns_of_row,
                left_out,
                chosen=lambda row: _within(row.observed_ns, since, until),
                pose_of=pose_of_row,
            )
        )
    scans.sort(key=lambda scan: (scan.observed_ns, scan.sensor, scan.boot, scan.sequence))
    return scans, sum(left_out.values())


def show_calibration(calibration: dict[str, Any], screen: Console) -> None:
    """Show the calibration table and its limitations."""
    names = ("sensor", "ground", "looks", "tracks", "predicted", "observed", "interval", "verdict")
    table = table_of(*names, right=("looks", "tracks", "predicted", "observed"))
    percent = catalogue().formats.percent
    for cell in calibration["cells"]:
        interval = "" if cell["low"] is None else f"{percent(cell['low'])}–{percent(cell['high'])}"
        verdict = say("console-calibrate-verdict", verdict=cell["verdict"].replace(" ", "_"))
        row = (percent(cell["predicted"]), percent(cell["observed"]), interval, verdict)
        terrain_class = say("console-calibrate-ground", ground=cell["ground"].replace(" ", "_"))
        table.add_row(cell["sensor"], terrain_class, str(cell["trials"]), str(cell["tracks"]), *row)
    show_table(screen, table)
    others = [
        say("console-calibrate-not-counted", count=count, sensor=sensor)
        for sensor, count in calibration["unsupported"].items()
    ]
    show(screen, "console-calibrate-interval", level=calibration["level"])
    show(screen, "console-calibrate-support", others=others or "none")
    if calibration["not_polled"]:
        show(screen, "console-calibrate-not-polled", sensors=calibration["not_polled"])


def _within(at_ns: int, since: int | None, until: int | None) -> bool:
    return (since is None or at_ns >= since) and (until is None or at_ns < until)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
