"""A store with tracks and incidents whose texts are hostile, for the tests of exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ops.export.request import ENDINGS, ExportFormat, ExportRequest
from tests.ops.analysis.handover.night import FRAME, Night, worked_night
from tests.ops.incidents.making import SECOND, START_NS

BORDER: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"segment": number, "start_m": 500.0 * number, "end_m": 500.0 * number + 500.0},
            "geometry": {
                "type": "LineString",
                "coordinates": [[-84.3 + 0.02 * number, 36.6], [-84.28 + 0.02 * number, 36.6]],
            },
        }
        for number in range(10)
    ],
}

VIEW: dict[str, Any] = {
    "title": "Pyrénées",
    "time_zone": "Europe/Paris",
    "bounds": [-84.5, 36.4, -84.0, 36.8],
    "frame": {"name": "local", "proj": "", "wkt": FRAME.wkt},
}
"""What the API needs of ops.sector.geojson.sector_view."""


def track(name: str, east: np.ndarray, north: np.ndarray, start_s: float = 0.0, step_s: float = 10.0) -> Any:
    """The history of one track, a position every ``step_s``, at 1.5 m/s to the east."""
    count = len(east)
    seconds = start_s + step_s * np.arange(count)
    return {
        "track": np.array([name] * count),
        "time": (START_NS + (seconds * SECOND).astype(np.int64)).astype("datetime64[ns]"),
        "easting": east.astype(float),
        "northing": north.astype(float),
        "easting_rate": np.full(count, 1.5),
        "northing_rate": np.zeros(count),
        "cov": np.tile(np.diag([100.0, 25.0, 1.0, 1.0]), (count, 1, 1)),
        "existence": np.full(count, 0.99),
        "status": np.array(["confirmed"] * count),
        "segment": np.full(count, 3),
        "offset_m": np.full(count, -120.0),
    }


def exported_store(folder: Path) -> tuple[Night, dict[str, str]]:
    """The worked night with two tracks: T1 of 100 positions to the east, T2 of 10 that leaves an area and returns."""
    night, made = worked_night(folder)
    tracks = [
        track("T1", 15.0 * np.arange(100), np.zeros(100)),
        track("T2", np.array([0, 0, 0, 5000, 5000, 5000, 5000, 0, 0, 0]), np.arange(10) * 10.0),
    ]
    for number, history in enumerate(tracks):
        night.store.commit(night.cursor + number + 1, stamp_ns=START_NS + 3500 * SECOND, history=history)
    return night, made


def request_of(folder: Path, file_format: ExportFormat, **more: Any) -> ExportRequest:
    """An export of the first hour."""
    fields: dict[str, Any] = {
        "store": str(folder / "store.db"),
        "out": str(folder / f"out{ENDINGS[file_format]}"),
        "format": file_format,
        "layers": ("tracks", "positions", "incidents", "alerts", "sensors", "segments"),
        "start_ns": START_NS,
        "end_ns": START_NS + 3600 * SECOND,
        "made_ns": START_NS + 3600 * SECOND,
        "sector": "pyrenees",
        "made_by": "Ana Keller",
        "purpose": "inquiry 12 ]]> <x>",
        "marking": "DIFFUSION RESTREINTE – é",
        "frame": FRAME.wkt,
        "segments": BORDER,
    }
    return ExportRequest(**fields | more)
