"""Roads, rivers and fords of a sector: one reading for live alerts and every analysis, with a record of what was read.

Every command that computes how people and vehicles move takes its ways from here, so that the same sector gives the
same ground everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.message import Message, Parameter
from ops.runtime.output import say_in_english
from ops.sector.open_sector import OpenSector

if TYPE_CHECKING:
    import xarray as xr

    from geo.frame import LocalFrame
    from geo.mobility.roads_and_rivers import Ways

KINDS: Final = ("roads", "rivers", "fords")
LAYERS: Final = ("land_cover", "canopy_height")


@dataclass(frozen=True, slots=True, eq=False)
class SectorWays:
    """The roads, rivers and fords of a sector, and what movement over its ground is computed from besides elevation.

    ``files`` holds the file of each kind that was read. ``used`` gives a message by kind or layer, ``missing`` the
    kinds and layers that neither the sector nor the terrain has.
    """

    ways: Ways
    files: Mapping[str, Path]
    used: Mapping[str, Message]
    missing: tuple[str, ...]

    @property
    def record(self) -> dict[str, Any]:
        """The ground used, as plain values for JSON."""
        return {
            "used": list(map(say_in_english, self.used.values())),
            "missing": list(self.missing),
            "description": self.words,
            "message": self.message.as_dict(),
        }

    @property
    def message(self) -> Message:
        """The ground used, and what is not available."""
        form = "complete" if not self.missing else "partial" if self.used else "bare"
        missing = tuple(Message("coverage-ground-kind", {"kind": kind}) for kind in self.missing)
        parameters: dict[str, Any] = {"used": tuple(self.used.values()), "missing": missing}
        return Message(f"coverage-ground-{form}", parameters)

    @property
    def words(self) -> str:
        """The ground used, in English."""
        return say_in_english(self.message)


def check_map_file(kind: str, path: Path, frame: LocalFrame, terrain: xr.Dataset) -> int:
    """Return how many features of a map file of roads, rivers, fords or settlements are on the terrain.

    Raises WaysError, naming the file, for one that later commands refuse.
    """
    from geo.mobility.roads_and_rivers import WaysError, read_map_file, road_speeds
    from geo.mobility.settings import MobilitySettings

    table = read_map_file(kind, path, frame, clip=terrain)
    if kind == "roads" and len(table):
        try:
            road_speeds(table, MobilitySettings())
        except WaysError as error:
            raise WaysError(error.what, where=str(path), expected=error.expected) from None
    return len(table)


def ways_of(ground: OpenSector, **instead: Path | None) -> SectorWays:
    """Read the roads, rivers and fords of a sector within its terrain.

    A file of ``instead`` (``roads``, ``rivers``, ``fords``) is read in place of the sector's. Raises WaysError, naming
    the file, for one that cannot be read.
    """
    from geo.mobility.roads_and_rivers import Ways
    from geo.vector_files import file_and_layer

    chosen = {kind: instead.get(kind) or getattr(ground.sector, kind) for kind in KINDS}
    files = {kind: file for kind, file in chosen.items() if file is not None}
    ways = Ways.from_files(ground.frame, **files, clip=ground.terrain)
    used = {}
    for kind, path in files.items():
        file, layer = file_and_layer(path)
        name = f"{file.name}:{layer}" if layer else file.name
        found: dict[str, Parameter] = {"kind": kind, "file": name, "count": len(getattr(ways, kind))}
        used[kind] = Message("coverage-ground-lines", found)
    for layer in LAYERS:
        if layer in ground.terrain:
            file_name = str(getattr(ground.sector, layer)).rsplit("/", 1)[-1]
            used[layer] = Message("coverage-ground-layer", {"kind": layer, "file": file_name})
    missing = tuple(name for name in (*KINDS, *LAYERS) if name not in used)
    return SectorWays(ways, {kind: file_and_layer(file)[0] for kind, file in files.items()}, used, missing)
