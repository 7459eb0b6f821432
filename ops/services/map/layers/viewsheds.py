"""Viewsheds of the sensors as map layers: one viewshed per sensor, and one union per sensor kind and of all.

An offline sensor sees nothing, so the unions are recomputed whenever a sensor's health changes. This runs on a
separate thread; until the viewsheds are computed, every cell is shown as unknown, never as visible.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
import xarray as xr
from rasterio.enums import Resampling

from geo.arrays import Bools, Ints, UInt8s
from geo.border import Border, Zone
from geo.errors import BadInput
from geo.terrain import cell_size
from geo.visibility import UNKNOWN as CANNOT_TELL
from geo.visibility import VISIBLE
from ops.drawing.tile_styles import OFF_THE_MAP, SEEN, UNKNOWN, UNSEEN, Unseen
from ops.sector.open_sector import OpenSector
from ops.services.map.layers.coverage import WORKING
from ops.services.map.present_layout import PresentLayout
from ops.services.map.tiles import COMPUTING, FAILED, STRIP_ROWS, Layer, raster_of
from sensors.coverage.sight import SightTask, refuse_off_the_map, sight
from sensors.layout import AnySensor, Placement

log = logging.getLogger(__name__)

LARGEST_OVERLAY_CELLS: Final = 100_000_000
"""Maximum number of terrain cells for which overlays are computed: more would exceed the memory of a small machine."""


@dataclass(frozen=True, slots=True)
class Viewshed:
    """Visibility states of one sensor's terrain window as in ``geo.visibility``, compressed."""

    kind: str
    first_row: int
    first_column: int
    shape: tuple[int, int]
    packed: bytes

    @classmethod
    def of(cls, kind: str, states: UInt8s, first_row: int, first_column: int) -> Viewshed:
        return cls(kind, first_row, first_column, states.shape, zlib.compress(states.tobytes(), 1))

    def states(self) -> UInt8s:
        return np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(self.shape)

    @property
    def window(self) -> tuple[slice, slice]:
        rows, columns = self.shape
        return (
            slice(self.first_row, self.first_row + rows),
            slice(self.first_column, self.first_column + columns),
        )

    def sees(self, row: int, column: int) -> bool:
        """Whether the terrain cell is visible; False if it is hidden, unknown or outside the window."""
        r, c = row - self.first_row, column - self.first_column
        if not (0 <= r < self.shape[0] and 0 <= c < self.shape[1]):
            return False
        return bool(self.states()[r, c] == VISIBLE)


def viewshed_of(place: Placement, terrain: xr.Dataset, *, moving: bool = False) -> Viewshed:
    """Viewshed of one sensor for a standing person (``sensors.coverage.sight``), the fast one while it is ``moving``;
    LayoutError off the map or on a void."""
    refuse_off_the_map(place.sensor, terrain)
    fast = moving and "canopy_height" not in terrain
    seen = sight(place, terrain, SightTask("person", mode="fast" if fast else "exact"))
    return Viewshed.of(place.sensor.kind, seen.states, seen.rows.start, seen.columns.start)


def union(viewsheds: Iterable[Viewshed], known: Bools) -> UInt8s:
    """SEEN if visible in any viewshed; else UNKNOWN if unknown in any, or the terrain is not ``known``; else UNSEEN."""
    states = np.where(known, np.uint8(UNSEEN), np.uint8(UNKNOWN))
    for viewshed in viewsheds:
        part, seen = states[viewshed.window], viewshed.states()
        part[(seen == CANNOT_TELL) & (part == UNSEEN)] = UNKNOWN
        part[seen == VISIBLE] = SEEN
    return states


def area_of_interest(ground: OpenSector, belt: BeltSegments) -> Bools:
    """Cells (row, column) within ``belt_m`` of the border, or in a zone and within that of its edges.

    Beyond it the map shows no dead ground, however far the sensors reach.
    """
    terrain = ground.terrain
    inside = np.zeros(terrain["elevation"].size, bool)
    if ground.zone is None:
        inside[belt.cells] = True
    else:
        inside[np.concatenate([cells for cells, _ in _within_belt(ground, ground.zone)])] = True
    return inside.reshape(terrain["elevation"].shape)


def _within_belt(ground: OpenSector, border: Border | Zone) -> Iterator[tuple[Ints, Ints]]:
    """Numbers of the cells within the belt along ``border``, and of their segments, by strips of rows."""
    eastings, northings = ground.terrain["easting"].to_numpy(), ground.terrain["northing"].to_numpy()
    for first in range(0, len(northings), STRIP_ROWS):
        east, north = np.meshgrid(eastings, northings[first : first + STRIP_ROWS])
        segment, _, offset = border.locate(east.ravel(), north.ravel())
        inside = np.flatnonzero((segment >= 0) & (np.abs(offset) <= ground.sector.belt_m))
        yield inside + first * len(eastings), segment[inside]


class BeltSegments:
    """The cells within ``belt_m`` of the border and their segments, for the dead-ground fraction of each segment."""

    def __init__(self, ground: OpenSector) -> None:
        cells, segments = zip(*_within_belt(ground, ground.border), strict=True)
        self.cells, self._segments = np.concatenate(cells), np.concatenate(segments)
        self._count = ground.border.segments

    def dead_ground_fraction(self, states: UInt8s) -> list[float | None]:
        """Per segment: belt cells in dead ground divided by known belt cells; None where no cell is known.

        The definition is that of ops.analysis.night_report.dead_ground_fraction.
        """
        in_belt = states.ravel()[self.cells]
        counted = np.bincount(self._segments[in_belt != UNKNOWN], minlength=self._count)
        unseen = np.bincount(self._segments[in_belt == UNSEEN], minlength=self._count)
        return _fractions(unseen, counted)

    def unknown_fraction(self, states: UInt8s) -> list[float | None]:
        """Per segment: belt cells of unknown visibility divided by all belt cells; None where there is no cell."""
        unknown = self._segments[states.ravel()[self.cells] == UNKNOWN]
        counted = np.bincount(self._segments, minlength=self._count)
        return _fractions(np.bincount(unknown, minlength=self._count), counted)


def _fractions(part: Ints, whole: Ints) -> list[float | None]:
    return [round(p / w, 4) if w else None for p, w in zip(part.tolist(), whole.tolist(), strict=True)]


class Overlays:
    """Keep the layers ``visible`` and ``visible-{kind}`` of a sector up to date with its sensors' health.

    ``put`` receives each new layer. ``problems`` gives, by sensor, the reason why its viewshed cannot be computed.
    """

    def __init__(self, ground: OpenSector, put: Callable[[Layer], None], *, terrain_digest: str) -> None:
        self._ground, self._put, self._digest = ground, put, terrain_digest
        self._wanted: frozenset[str] = frozenset()
        self._present = PresentLayout(ground.layout)
        self._seen_from: dict[str, tuple[AnySensor, bool]] = {}
        self._done: tuple[frozenset[str], PresentLayout | None] = frozenset(), None
        self._news, self._stopped = threading.Event(), False
        self._known: Bools | None = None
        self._belt: BeltSegments | None = None
        self._assessed: Bools | None = None
        self._viewsheds: dict[str, Viewshed] | None = None
        self._shown: dict[str, str] = {}
        self._belt_fractions: tuple[str, list[float | None], list[float | None]] = ("", [], [])
        self.problems: dict[str, str] = {}
        self.kinds = sorted({sensor.kind for sensor in ground.layout})
        terrain = ground.terrain["elevation"]
        self.offered = terrain.size <= LARGEST_OVERLAY_CELLS

    def start(self) -> None:
        """Show every cell as unknown, then start computing."""
        if self.offered:
            self._show_unknown(COMPUTING)
            threading.Thread(target=self._run, name="overlays", daemon=True).start()

    def take_health(self, states: Mapping[str, str], present: PresentLayout | None = None) -> None:
        """Set the sensors' present health states by id, and where mobile ones stand (``present``; by default as
        before); the layers follow once they are computed."""
        working = frozenset(sensor for sensor, state in states.items() if state == WORKING)
        present = present or self._present
        if working != self._wanted or present is not self._present:
            self._wanted, self._present = working, present
            self._news.set()

    @property
    def ready(self) -> bool:
        """Whether the layers reflect the health states and positions that were last set."""
        working, present = self._done
        return working == self._wanted and present is self._present and bool(self._belt_fractions[0])

    @property
    def dead_ground_fraction(self) -> tuple[str, list[float | None]]:
        """(corresponding revision of ``visible``, fraction per segment); ("", []) until it is computed."""
        return self._belt_fractions[:2]

    @property
    def belt_fractions(self) -> tuple[str, list[float | None], list[float | None]]:
        """As ``dead_ground_fraction``, then the fraction of unknown visibility per segment."""
        return self._belt_fractions

    def seen_by(self, row: int, column: int) -> tuple[list[str], list[str]] | None:
        """(working sensors that see a terrain cell, other sensors that would see it); None until it is computed."""
        if self._viewsheds is None:
            return None
        seeing = [sensor for sensor, viewshed in self._viewsheds.items() if viewshed.sees(row, column)]
        return [s for s in seeing if s in self._wanted], [s for s in seeing if s not in self._wanted]

    def _run(self) -> None:
        try:
            self._compute_all()
            self._news.set()
            while not self._stopped:
                self._news.wait()
                self._news.clear()
                working, present = self._wanted, self._present
                self._follow(present)
                self._show(working)
                self._done = working, present
        except Exception:
            log.exception("Computation of the viewshed layers failed; all cells remain shown as unknown.")
            self._show_unknown(FAILED)
            raise

    def _compute_all(self) -> None:
        self._known = self._known_cells()
        self._belt = BeltSegments(self._ground)
        self._assessed = area_of_interest(self._ground, self._belt)
        self._follow(PresentLayout(self._ground.layout))

    def _follow(self, present: PresentLayout) -> None:
        """Compute the viewsheds of the sensors that stand elsewhere than before."""
        viewsheds, problems = dict(self._viewsheds or {}), dict(self.problems)
        for sensor in present.layout:
            key = sensor, sensor.id in present.moving
            if self._seen_from.get(sensor.id) == key:
                continue
            self._seen_from[sensor.id] = key
            viewsheds.pop(sensor.id, None)
            problems.pop(sensor.id, None)
            try:
                place = present.layout.placement(sensor.id)
                viewsheds[sensor.id] = viewshed_of(place, self._ground.terrain, moving=key[1])
            except BadInput as error:
                problems[sensor.id] = str(error)
                log.warning("The viewshed of sensor %r cannot be computed: %s", sensor.id, error)
        self._viewsheds = {sensor.id: viewsheds[sensor.id] for sensor in present.layout if sensor.id in viewsheds}
        self.problems = problems

    def _known_cells(self) -> Bools:
        elevation = self._ground.terrain["elevation"]
        strips = (elevation[first : first + STRIP_ROWS] for first in range(0, elevation.shape[0], STRIP_ROWS))
        return np.concatenate([np.isfinite(strip.to_numpy()) for strip in strips])

    def _show(self, working: frozenset[str]) -> None:
        assert self._viewsheds is not None
        assert self._known is not None
        assert self._belt is not None
        assert self._assessed is not None
        for kind in (None, *self.kinds):
            chosen = {
                sensor: viewshed
                for sensor, viewshed in self._viewsheds.items()
                if sensor in working and kind in (None, viewshed.kind)
            }
            revision = self._revision(kind, chosen)
            name = layer_id(kind)
            if self._shown.get(name) == revision:
                continue
            states = union(chosen.values(), self._known)
            if kind is None:
                belt = self._belt
                self._belt_fractions = revision, belt.dead_ground_fraction(states), belt.unknown_fraction(states)
            states[~self._assessed] = OFF_THE_MAP
            self._put_states(kind, states, revision)

    def _show_unknown(self, revision: str) -> None:
        elevation = self._ground.terrain["elevation"]
        states = np.full(elevation.shape, UNKNOWN, np.uint8)
        if self._assessed is not None:
            states[~self._assessed] = OFF_THE_MAP
        self._belt_fractions = "", [], []
        for kind in (None, *self.kinds):
            self._put_states(kind, states, revision)

    def _put_states(self, kind: str | None, states: UInt8s, revision: str) -> None:
        terrain = self._ground.terrain
        values = xr.DataArray(states, coords=[terrain["northing"], terrain["easting"]])
        raster = raster_of(values, terrain.attrs["crs"], nodata=OFF_THE_MAP, resampling=Resampling.mode)
        style = Unseen(raster_cell_m=cell_size(terrain))
        self._put(Layer(layer_id(kind), title(kind), raster, style, revision))
        self._shown[layer_id(kind)] = revision

    def _revision(self, kind: str | None, chosen: Mapping[str, Viewshed]) -> str:
        digest = blake2b(f"{self._digest}|{kind}".encode(), digest_size=8)
        for sensor in sorted(chosen):
            digest.update(sensor.encode() + b"\0" + blake2b(chosen[sensor].packed, digest_size=8).digest())
        return digest.hexdigest()


def layer_id(kind: str | None) -> str:
    """Name of the layer of one kind of sensor, or of all."""
    return "visible" if kind is None else f"visible-{kind}"


def title(kind: str | None) -> str:
    """Title of the layer on the screen."""
    return "Unseen by any sensor" if kind is None else f"Unseen by {kind.replace('_', ' ')}s"
