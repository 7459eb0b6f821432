"""What the simulated worlds watch: the small sector of the tests, and some seconds of its traffic."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops.room.simulate_night import simulate_night
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from sensors.scan import Scan
from tests.ops.conftest import NIGHT_SEED, write_sector
from tests.ops.known_detection import known_detection

NIGHT_S: Final = 40.0


@dataclass(frozen=True)
class Night:
    """A sector, and the scans that its sensors send, in order of sending."""

    ground: OpenSector
    scans: tuple[Scan, ...]


@contextmanager
def small_night() -> Iterator[Night]:
    """Open the small sector of the tests, and simulate its traffic, for any number of worlds."""
    with tempfile.TemporaryDirectory() as folder, known_detection():
        ground = open_sector(load_sector(write_sector(Path(folder)).sector))
        yield Night(ground, tuple(simulate_night(ground, seed=NIGHT_SEED, duration_s=NIGHT_S)[0]))
