"""Roads, rivers and fords of a sector: one reading for live alerts and every analysis, with a record of what was read.

Every command that computes how people and vehicles move takes its ways from here, so that the same sector gives the
same ground everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ops.sector.open_sector import OpenSector

if TYPE_CHECKING:
    from geo.mobility.roads_and_rivers import Ways

KINDS: Final = ("roads", "rivers", "fords")
LAYERS: Final = ("land_cover", "canopy_height")


@dataclass(frozen=True, slots=True, eq=False)
class SectorWays:
    """The ways of a sector, and what movement over its ground is computed from besides the elevation.

    ``files`` holds the file of each kind that was read. ``used`` gives a description by kind or layer, ``missing`` the
    kinds and layers that neither the sector nor the terrain has.
    """

    ways: Ways
    files: Mapping[str, Path]
    used: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def record(self) -> dict[str, Any]:
        """The ground used, as plain values for JSON."""
        return {
            "used": [f"{kind}: {what}" for kind, what in self.used.items()],
            "missing": list(self.missing),
            "words": self.words,
        }

    @property
    def words(self) -> str:
        """The ground used, as part of a sentence: "with roads (12 of roads.gpkg), without rivers, fords"."""
        have = ", ".join(f"{_spaced(kind)} ({what})" for kind, what in self.used.items())
        lack = ", ".join(map(_spaced, self.missing))
        return ", ".join(([f"with {have}"] if have else []) + ([f"without {lack}"] if lack else []))


def ways_of(ground: OpenSector, **instead: Path | None) -> SectorWays:
    """Read the roads, rivers and fords of a sector within its terrain.

    A file of ``instead`` (``roads``, ``rivers``, ``fords``) is read in place of the sector's. Raises WaysError, naming
    the file, for one that cannot be read.
    """
    from geo.mobility.roads_and_rivers import Ways, file_and_layer

    chosen = {kind: instead.get(kind) or getattr(ground.sector, kind) for kind in KINDS}
    files = {kind: file for kind, file in chosen.items() if file is not None}
    ways = Ways.from_files(ground.frame, **files, clip=ground.terrain)
    used = {}
    for kind, path in files.items():
        file, layer = file_and_layer(path)
        used[kind] = f"{len(getattr(ways, kind)):,} of {file.name}" + (f" ({layer})" if layer else "")
    for layer in LAYERS:
        if layer in ground.terrain:
            used[layer] = str(getattr(ground.sector, layer)).rsplit("/", 1)[-1]
    missing = tuple(name for name in (*KINDS, *LAYERS) if name not in used)
    return SectorWays(ways, {kind: file_and_layer(file)[0] for kind, file in files.items()}, used, missing)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
