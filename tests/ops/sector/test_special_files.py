"""A file of a person that is a pipe: it is refused by each reader, where reading it would never end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geo.errors import WatchlineError
from ops.analysis.compare.thresholds import read_thresholds
from ops.analysis.indicators.tables import file_hash, read_rows
from ops.journal.import_recording import _rows
from ops.sector.layouts.file import layout_of
from ops.sector.sector_file import load_sector, read_bases
from ops.sector.settings import load_settings
from sensors.equipment.catalogue import Catalogue


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("sector.toml", load_sector),
        ("settings.toml", load_settings),
        ("layout.geojson", layout_of),
        ("bases.geojson", read_bases),
        ("catalogue.toml", Catalogue.from_file),
        ("thresholds.toml", read_thresholds),
        ("recording.csv", lambda path: list(_rows(path))),
        ("recording.parquet", lambda path: list(_rows(path))),
        ("table.csv", lambda path: read_rows(path, known=["year"])),
        ("table.json", file_hash),
    ],
)
def test_a_pipe_is_refused_at_once(tmp_path: Path, name: str, read: Callable[[Path], Any]) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(WatchlineError, match="neither a file nor a folder"):
        read(tmp_path / name)
