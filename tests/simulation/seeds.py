"""Runs worlds by their seeds, and keeps the seeds of those that failed: they are run always."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulation.night import Night
from tests.simulation.world import World

KEPT: Final = Path(__file__).with_name("kept_seeds.txt")
_IN_MEMORY: Final = Path("/dev/shm")  # a file system in memory, on which a sync costs nothing


@dataclass(frozen=True)
class Life:
    """What became of a world: a hash of it, and how often each kind of thing happened."""

    digest: str
    happened: Counter[str]
    steps: int


def live(seed: int, night: Night) -> Life:
    """Run the world of a seed in a folder of its own. Raises Violation."""
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=_IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None))
    try:
        world = World(seed, folder, night)
        digest = world.run()
        happened = world.happened + world.watches.happened + Counter(world.disk.happened)
        for broker in world.brokers.values():
            happened += broker.happened
        return Life(digest, happened, world.steps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kept_seeds(file: Path = KEPT) -> list[int]:
    """Return the seeds that once failed; a line of the file holds one, and what it found."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def keep(seed: int, found: str, file: Path = KEPT) -> None:
    """Add a seed that failed to the file."""
    if seed not in kept_seeds(file):
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"{seed}  # {' '.join(found.split())[:100]}\n")
