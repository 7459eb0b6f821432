"""An open sector: its terrain, border and layout in one frame."""

from __future__ import annotations

import logging
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from geo.message import Message
from ops.runtime.output import say, say_in_english
from ops.sector.layouts.defaults import defaults_used
from ops.sector.samples import jacksboro_cog
from ops.sector.sector_file import SAMPLE_TERRAIN, Sector, cache_folder, layout_path, load_sector, read_bases
from ops.sector.toml_record import ConfigError

if TYPE_CHECKING:
    import xarray as xr

    from geo.areas import NamedArea
    from geo.border import Border, Zone
    from geo.frame import Distortion, LocalFrame
    from sensors.layout import Layout

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenSector:
    """An open sector: everything that the packages below ``ops`` need from it.

    ``border`` is the reference for tracks and alerts: a line, or the inner edge of a ``zone``. Crossings, and
    measurements beside the border, refer to the whole zone: ``crossed``. ``areas`` are the named areas.
    """

    sector: Sector
    terrain: xr.Dataset
    frame: LocalFrame
    border: Border
    layout: Layout
    zone: Zone | None = None
    areas: tuple[NamedArea, ...] = ()

    @property
    def crossed(self) -> Border | Zone:
        """The zone where the sector has one, otherwise the line."""
        return self.border if self.zone is None else self.zone

    @property
    def distortion(self) -> Distortion:
        """Deviation of the frame's distances and angles along the border from those on the ground."""
        import shapely

        return self.frame.distortion(*shapely.get_coordinates(self.crossed.line).T)

    def bases_on_terrain(self, file: Path | None = None) -> dict[str, tuple[float, float]]:
        """Return the sector's bases by name, or the points of another file, in the frame [m].

        Those beyond the terrain are excluded from every analysis: no line of sight and no path leads there. Raises
        ConfigError for a file that cannot be read.
        """
        from geo.terrain import bounds

        west, south, east, north = bounds(self.terrain)
        named = read_bases(self.sector.bases if file is None else file)
        placed = {name: self.frame.to_local(lon, lat) for name, (lon, lat) in named.items()}
        return {name: (e, n) for name, (e, n) in placed.items() if west <= e <= east and south <= n <= north}

    @property
    def frame_figures(self) -> dict[str, Any]:
        """Return the frame's name and its distortion along the border, for ``--json``."""
        found = self.distortion
        return {
            "name": self.frame.crs.name,
            "least_scale": round(found.least_scale, 7),
            "greatest_scale": round(found.greatest_scale, 7),
            "angle_deg": round(math.degrees(found.angle_rad), 5),
            "sentences": self.frame_sentences,
        }

    @property
    def frame_messages(self) -> list[Message]:
        """Return a sentence for the user on a frame that is not true to scale and angle; none where it is."""
        found = self.distortion
        if found.negligible:
            return []
        figures = {"scale": found.scale_error, "angle": math.degrees(found.angle_rad)}
        return [Message("coverage-frame", {"frame": self.frame.crs.name, **figures})]

    @property
    def frame_sentences(self) -> list[str]:
        """The same in English, for JSON and the log."""
        return list(map(say_in_english, self.frame_messages))


def open_sector(sector: Sector | str | Path, layout: str | None = None) -> OpenSector:
    """Open a sector's terrain, border and one layout, and check that they overlap.

    A frame that is not true to scale and angle along the border is logged as a warning with its figures, as are
    defaults of the layout that often surprise and bases outside the terrain; a frame that is beyond use is refused.

    Parameters
    ----------
    sector : Sector or str or Path
        The sector, or what ``load_sector`` takes: its file, its folder, or a sample's name.
    layout : str, optional
        Name of a layout in the sector, or a layout file; the first by default.

    Returns
    -------
    OpenSector
        With ``terrain``, ``border``, ``layout`` and ``frame``.

    Raises
    ------
    BadInput
        A subclass naming the file, for one that cannot be read or lies off the terrain.
    """
    if not isinstance(sector, Sector):
        sector = load_sector(sector)
    from geo.areas import read_areas
    from geo.border import Border
    from geo.terrain import frame_of
    from sensors.layout import Layout

    wanted = frame_for(sector.terrain, sector.frame, sector.nodata, sector.border, sector.border_where)
    terrain = terrain_of(
        sector.terrain,
        frame=wanted,
        nodata=sector.nodata,
        canopy_height=sector.canopy_height,
        land_cover=sector.land_cover,
    )
    frame = frame_of(terrain)
    zone = (
        None
        if sector.zone is None
        else sector.zone.open(
            sector.border,
            frame,
            segment_length_m=sector.segment_length_m,
            border_where=sector.border_where,
            clip=terrain,
        )
    )
    border = (
        zone.inner
        if zone is not None
        else Border.from_file(
            sector.border,
            frame,
            segment_length_m=sector.segment_length_m,
            where=sector.border_where,
            clip=terrain,
            home_side=sector.home_side,
        )
    )
    file = layout_path(sector, layout)
    equipment = Layout.from_file(file, frame)
    areas = () if sector.areas is None else tuple(read_areas(sector.areas))
    ground = OpenSector(sector, terrain, frame, border, equipment, zone, areas)
    for sentence in ground.frame_sentences:
        log.warning("%s: %s", sector.path.name, sentence)
    for message in defaults_used(file):
        log.warning("%s: %s", file.name, say(message))
    with suppress(ConfigError):  # what needs the bases refuses their file
        on_terrain = ground.bases_on_terrain()
        beyond = tuple(name for name in read_bases(sector.bases) if name not in on_terrain)
        if beyond:
            message = Message("sector-notice-bases-off", {"bases": beyond, "count": len(beyond)})
            log.warning("%s: %s", sector.path.name, say(message))
    return ground


def terrain_of(
    terrain: str,
    *,
    frame: LocalFrame | None,
    nodata: float | None,
    canopy_height: str | None = None,
    land_cover: str | None = None,
) -> xr.Dataset:
    """Open the terrain of a sector file with its layers. Raises TerrainError naming the file."""
    from geo.terrain import open_terrain

    return open_terrain(
        _source(terrain), frame=frame, nodata=nodata, canopy_height=canopy_height, land_cover=land_cover
    )


def frame_for(
    terrain: str, frame: Literal["auto"] | int, nodata: float | None, border: Path | None, border_where: str | None
) -> LocalFrame | None:
    """Return the frame in which a sector file's terrain opens; None for the terrain's own. Raises BadInput."""
    from geo.frame import LocalFrame

    if frame != "auto":
        return LocalFrame.from_epsg(int(frame))
    return None if border is None else _fitting_frame(_source(terrain), nodata, border, border_where)


def _source(terrain: str) -> Path | str:
    return jacksboro_cog(cache_folder()) if terrain == SAMPLE_TERRAIN else terrain


def _fitting_frame(
    source: Path | str, nodata: float | None, border: Path, border_where: str | None
) -> LocalFrame | None:
    """A frame along the border, where the terrain's default frame is not true to scale and angle there; else None.

    A border of some hundred kilometres from east to west is beyond any transverse Mercator.
    """
    import xarray as xr

    from geo.border.line_files import read_degrees
    from geo.frame import LocalFrame
    from geo.terrain import plan_terrain

    grid = plan_terrain(source, nodata=nodata).grid
    usual = LocalFrame.from_crs(grid.wkt)
    extent = xr.Dataset(
        coords={"easting": grid.eastings[[0, -1]], "northing": grid.northings[[0, -1]]}, attrs={"crs": grid.wkt}
    )
    lon, lat = read_degrees(border, where=border_where, clip=extent)
    if not len(lon):
        return None  # the border says what is wrong
    found = usual.distortion(*usual.to_local(lon, lat))
    if found.negligible:
        return None
    along = LocalFrame.along(lon, lat)
    return along if along.distortion(*along.to_local(lon, lat)).scale_error < found.scale_error else None
