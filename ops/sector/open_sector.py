"""An open sector: its terrain, border and layout in one frame."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.sector.samples import jacksboro_cog
from ops.sector.sector_file import SAMPLE_TERRAIN, Sector, cache_folder, layout_path

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from geo.border import Border, Zone
    from geo.frame import Distortion, LocalFrame
    from sensors.layout import Layout

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenSector:
    """An open sector: everything that the packages below ``ops`` need from it.

    ``border`` is the reference for tracks and alerts: a line, or the inner edge of a ``zone``. Crossings, and
    measurements beside the border, refer to the whole zone: ``crossed``.
    """

    sector: Sector
    terrain: xr.Dataset
    frame: LocalFrame
    border: Border
    layout: Layout
    zone: Zone | None = None

    @property
    def crossed(self) -> Border | Zone:
        """The zone where the sector has one, otherwise the line."""
        return self.border if self.zone is None else self.zone

    @property
    def distortion(self) -> Distortion:
        """Deviation of the frame's distances and angles along the border from those on the ground."""
        import shapely

        return self.frame.distortion(*shapely.get_coordinates(self.crossed.line).T)

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
    def frame_sentences(self) -> list[str]:
        """Return a sentence for the user on a frame that is not true to scale and angle; none where it is."""
        found = self.distortion
        return [] if found.negligible else [f"The frame {self.frame.crs.name} has {found} along the border"]


def open_sector(sector: Sector, layout: str | None = None) -> OpenSector:
    """Open a sector's terrain, border and one layout, and check that they overlap.

    A frame that is not true to scale and angle along the border is logged as a warning with its figures, one that is
    beyond use is refused. Raises BadInput (a subclass naming the file) when one cannot be read or lies off the terrain.
    """
    from geo.border import Border
    from geo.frame import LocalFrame
    from geo.terrain import frame_of, open_terrain
    from sensors.layout import Layout

    source = jacksboro_cog(cache_folder()) if sector.terrain == SAMPLE_TERRAIN else sector.terrain
    wanted = _fitting_frame(sector, source) if sector.frame == "auto" else LocalFrame.from_epsg(int(sector.frame))
    terrain = open_terrain(
        source,
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
    equipment = Layout.from_file(layout_path(sector, layout), frame)
    ground = OpenSector(sector, terrain, frame, border, equipment, zone)
    for sentence in ground.frame_sentences:
        log.warning("%s: %s", sector.path.name, sentence)
    return ground


def _fitting_frame(sector: Sector, source: Path | str) -> LocalFrame | None:
    """A frame along the border, where the terrain's default frame is not true to scale and angle there; else None.

    A border of some hundred kilometres from east to west is beyond any transverse Mercator.
    """
    import xarray as xr

    from geo.border.line_files import read_degrees
    from geo.frame import LocalFrame
    from geo.terrain import plan_terrain

    grid = plan_terrain(source, nodata=sector.nodata).grid
    usual = LocalFrame.from_crs(grid.wkt)
    extent = xr.Dataset(
        coords={"easting": grid.eastings[[0, -1]], "northing": grid.northings[[0, -1]]}, attrs={"crs": grid.wkt}
    )
    lon, lat = read_degrees(sector.border, where=sector.border_where, clip=extent)
    if not len(lon):
        return None  # the border says what is wrong
    found = usual.distortion(*usual.to_local(lon, lat))
    if found.negligible:
        return None
    along = LocalFrame.along(lon, lat)
    return along if along.distortion(*along.to_local(lon, lat)).scale_error < found.scale_error else None
