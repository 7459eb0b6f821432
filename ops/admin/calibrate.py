"""``watchline sensor calibrate``: observed detection probability of the sensors in a journal, by terrain class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Column, Table

from geo.errors import BadInput
from ingest.errors import MalformedMessage
from ops.journal.command import journal_path
from ops.journal.decode_row import columns_of_row, learn
from ops.journal.reader import JournalReader
from sensors.layout import Layout
from sensors.scan_columns import ScanColumns
from sensors.timestamps import nanoseconds

ROWS_A_STEP: Final = 5_000


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What to calibrate: a ``journal`` on a ``sector`` with its ``layout``, observed ``since`` until before ``until``.

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
    tracker = tracker_settings(load_settings(wanted.settings))
    scans, unusable = observed_scans(wanted, ground.layout)
    if not scans:
        raise BadInput("holds no scan of this layout", where=str(wanted.journal), expected="a night's detections")
    with progress_bar(screen) as progress:
        calibration = calibrate(
            progress.track(scans, description="scans"),
            ground.layout,
            settings=tracker,
            calibration=calibration_settings,
            terrain=ground.terrain,
        )
    names = [str(name) for name in calibration.data_vars]
    columns = {name: calibration[name].to_numpy().tolist() for name in names}
    cells = [{name: _plain(columns[name][i]) for name in names} for i in range(calibration.sizes.get("cell", 0))]
    return {
        "journal": str(journal_path(wanted.journal)),
        "scans": len(scans),
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
    scans: list[ScanColumns] = []
    unusable = 0
    sensor_contexts: dict[str, bytes] = {}
    with JournalReader(journal_path(wanted.journal)) as journal:
        last = 0
        while rows := journal.read(last, ROWS_A_STEP):
            last = rows[-1].id
            for row in rows:
                learn(row, sensor_contexts)
                if row.kind != "detections" or not _within(row.observed_ns, since, until):
                    continue
                try:
                    scans.append(columns_of_row(row, layout, sensor_contexts.get(row.sensor)))
                except (BadInput, MalformedMessage):
                    unusable += 1
    scans.sort(key=lambda scan: (scan.observed_ns, scan.sensor, scan.boot, scan.sequence))
    return scans, unusable


def show_calibration(calibration: dict[str, Any], screen: Console) -> None:
    """Show the calibration table and its limitations."""
    table = Table(
        Column("sensor", no_wrap=True),
        Column("ground", no_wrap=True),
        "looks",
        "tracks",
        "predicted",
        "observed",
        "interval",
        Column("verdict", no_wrap=True),
        box=None,
    )
    for cell in calibration["cells"]:
        interval = "" if cell["low"] is None else f"{cell['low']:.2f}–{cell['high']:.2f}"
        row = (f"{cell['predicted']:.2f}", f"{cell['observed']:.2f}", interval, cell["verdict"])
        table.add_row(cell["sensor"], cell["ground"], str(cell["trials"]), str(cell["tracks"]), *row)
    screen.print(table)
    others = ", ".join(f"{count} of {sensor} did not" for sensor, count in calibration["unsupported"].items())
    words = [
        f"Interval at {calibration['level']:.0%}, looks at one track taken together.",
        f"Looks count where another sensor saw the track before and after: {others or 'all did'}.",
    ]
    if calibration["not_polled"]:
        words.append(
            f"Nobody knows what these missed, as they send no empty scans: {', '.join(calibration['not_polled'])}."
        )
    screen.print("\n".join(words), markup=False, highlight=False, soft_wrap=True)


def _within(at_ns: int, since: int | None, until: int | None) -> bool:
    return (since is None or at_ns >= since) and (until is None or at_ns < until)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
