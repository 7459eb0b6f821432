"""A file of a person that is a pipe: it is refused by each reader, where reading it would never end."""

from __future__ import annotations

import os
import threading
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
        ("recording.parquet", lambda path: list(_rows(path))),
        ("table.csv", lambda path: read_rows(path, known=["year"])),
        ("table.json", file_hash),
    ],
)
def test_a_pipe_is_refused_at_once(tmp_path: Path, name: str, read: Callable[[Path], Any]) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(WatchlineError, match="neither a file nor a folder"):
        read(tmp_path / name)


def test_a_recording_is_read_from_a_pipe(tmp_path: Path) -> None:
    """Such as of a program that unpacks it: ``journal import SECTOR <(zcat day.csv.gz)``."""
    pipe = tmp_path / "day.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("sensor,observed_at\nr1,2026-03-14T21:00:00Z\n",))
    writer.start()
    assert list(_rows(pipe)) == [{"sensor": "r1", "observed_at": "2026-03-14T21:00:00Z"}]
    writer.join()
