"""A zone with two edges, as a buffer zone has: from the outer edge to the inner one, which is the home side's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from shapely.geometry import LineString, MultiLineString, Polygon

from geo.arrays import Floats
from geo.border.belt import BorderLine
from geo.border.line import Border
from geo.border.line_files import Clip, Where, read_areas, read_lines
from geo.errors import BorderError
from geo.frame import LocalFrame

if TYPE_CHECKING:
    import geopandas

STRAY_SHARE = 0.05  # an outer edge of which more than this lies on the home side is no outer edge
ON_EDGE_M = 1e-6


@dataclass(frozen=True, slots=True)
class Zone:
    """Two borders that face each other. Segments and chainage are those of the ``inner`` edge.

    Both edges have the same home side and run the same way. Raises BorderError where they cross, or the outer one does
    not lie on the other side of the inner one.
    """

    inner: Border
    outer: Border

    def __post_init__(self) -> None:
        if shapely.crosses(self.inner.line, self.outer.line):
            place = shapely.get_coordinates(shapely.intersection(self.inner.line, self.outer.line))[0]
            lon, lat = self.inner.frame.to_lonlat(float(place[0]), float(place[1]))
            raise BorderError(
                f"its edges cross at longitude {lon:.6f}, latitude {lat:.6f}",
                where="zone",
                expected="edges that at most touch",
            )
        apart = self.inner.locate(*shapely.get_coordinates(self.outer.line).T)[2]
        if np.abs(apart).max() <= ON_EDGE_M:
            raise BorderError("its edges are one line", where="zone", expected="two edges with ground between them")
        for edge, other, wanted, side in (
            (self.outer, self.inner, -1.0, "away"),
            (self.inner, self.outer, 1.0, "home"),
        ):
            vertices = shapely.get_coordinates(edge.line)
            _, _, offset = other.locate(vertices[:, 0], vertices[:, 1])
            if np.mean(wanted * offset < -ON_EDGE_M) > STRAY_SHARE:
                raise BorderError(
                    "its edges do not lie beside each other as they should",
                    where="zone",
                    expected=f"one edge on the {side} side of the other, both with the same home side",
                )

    @classmethod
    def from_lines(
        cls,
        inner: LineString | MultiLineString,
        outer: LineString | MultiLineString,
        frame: LocalFrame,
        *,
        segment_length_m: float = 500.0,
    ) -> Zone:
        """The zone between two lines in ``frame``; which side is home follows from which line is the inner one.

        The outer edge is turned where it runs against the inner one. Raises BorderError as the class.
        """
        side = Border(frame, inner, segment_length_m=segment_length_m)
        places = shapely.get_coordinates(outer)
        _, _, offset = side.locate(places[:, 0], places[:, 1])
        home_side = "right" if offset.sum() > 0.0 else "left"
        turned = outer if _runs_along(side, outer) else shapely.reverse(outer)
        return cls(
            Border(frame, inner, segment_length_m=segment_length_m, home_side=home_side),
            Border(frame, turned, segment_length_m=segment_length_m, home_side=home_side),
        )

    @classmethod
    def from_polygon(
        cls,
        area: Polygon,
        frame: LocalFrame,
        *,
        home: tuple[float, float],
        ends: tuple[tuple[float, float], tuple[float, float]] | None = None,
        segment_length_m: float = 500.0,
    ) -> Zone:
        """The zone inside ``area`` (in ``frame``), whose home lies towards ``home`` (longitude, latitude).

        The outline is cut into two edges at the vertices nearest to ``ends`` (longitude, latitude each), or without
        them at the two that are farthest apart: right for a long strip, so give the ends of any other. The inner edge
        is the one nearer to ``home`` in the mean. Raises BorderError for an area with holes, or without two edges.
        """
        if area.is_empty or not area.is_valid or len(area.interiors):
            raise BorderError("its area has holes or crosses itself", where="zone", expected="one plain outline")
        ring = np.asarray(area.exterior.coords)[:-1, :2]
        first, second = sorted(_ends(ring, frame, ends))
        if second - first < 1 or first == second:
            raise BorderError("its two ends are one place", where="zone", expected="two different ends")
        edges = LineString(ring[first : second + 1]), LineString(np.vstack([ring[second:], ring[: first + 1]])[::-1])
        place = shapely.Point(frame.to_local(*home))
        far = [float(np.mean(shapely.distance(_along(edge), place))) for edge in edges]
        if area.contains(place) or far[0] == far[1]:
            raise BorderError("home lies in it, or as near to both edges", where="zone", expected="a place beside it")
        inner, outer = edges if far[0] < far[1] else edges[::-1]
        return cls.from_lines(inner, outer, frame, segment_length_m=segment_length_m)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        frame: LocalFrame,
        *,
        home: tuple[float, float],
        ends: tuple[tuple[float, float], tuple[float, float]] | None = None,
        segment_length_m: float = 500.0,
        where: Where | None = None,
    ) -> Zone:
        """The zone drawn as one polygon in a shp, GeoJSON or GPKG file; as ``from_polygon``."""
        areas = read_areas(path, frame, where=where)
        if len(areas) != 1:
            raise BorderError(f"{len(areas)} areas", where=str(path), expected="one; choose it with where")
        try:
            return cls.from_polygon(areas[0], frame, home=home, ends=ends, segment_length_m=segment_length_m)
        except BorderError as error:
            raise BorderError(f"{error.where}: {error.what}", where=str(path), expected=error.expected) from None

    @classmethod
    def from_edges(
        cls,
        path: str | Path,
        frame: LocalFrame,
        *,
        inner: Where,
        outer: Where,
        segment_length_m: float = 500.0,
        clip: Clip | None = None,
    ) -> Zone:
        """The zone between two lines of a file, chosen by the filters ``inner`` and ``outer``; as ``from_lines``."""
        lines = [read_lines(path, frame, where=where, clip=clip) for where in (inner, outer)]
        edges = [line[0] if len(line) == 1 else MultiLineString(line) for line in lines]
        return cls.from_lines(edges[0], edges[1], frame, segment_length_m=segment_length_m)

    @property
    def frame(self) -> LocalFrame:
        """The frame of both edges."""
        return self.inner.frame

    @property
    def line(self) -> MultiLineString:
        """Both edges."""
        return MultiLineString([*shapely.get_parts(self.inner.line), *shapely.get_parts(self.outer.line)])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north [m] of both edges."""
        west, south, east, north = self.line.bounds
        return west, south, east, north

    @property
    def plain(self) -> bool:
        """Whether it is one open line: a zone is two."""
        return False

    @property
    def width_m(self) -> float:
        """How far the outer edge is from the inner one at most [m], or up to half a segment more."""
        between = self.inner.segment_length_m
        edge = shapely.segmentize(self.outer.line, between)
        return (
            float(shapely.distance(shapely.points(shapely.get_coordinates(edge)), self.inner.line).max()) + between / 2
        )

    @property
    def segments(self) -> int:
        """Number of segments of the inner edge."""
        return self.inner.segments

    @property
    def length_m(self) -> float:
        """Length [m] of the inner edge."""
        return self.inner.length_m

    @property
    def segment_spans_m(self) -> Floats:
        """Chainage of each segment's start and end (segment, 2) [m], along the inner edge."""
        return self.inner.segment_spans_m

    def segment_geometry(self, segment: int) -> LineString:
        """The inner edge's line of one segment in the frame."""
        return self.inner.segment_geometry(segment)

    def point_at(self, chainage_m: npt.ArrayLike) -> tuple[Any, Any]:
        """Easting and northing [m] of chainages [m] on the inner edge; as ``Border.point_at``."""
        return self.inner.point_at(chainage_m)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """One row per segment of the inner edge, as ``Border.to_geodataframe``."""
        return self.inner.to_geodataframe()

    def locate(self, easting: Any, northing: Any) -> tuple[Any, Any, Any]:
        """Where points [m] lie: segment and chainage_m of the inner edge, and offset_m, each in kind as ``Border``'s.

        Offset is the distance from the inner edge on the home side, minus that from the outer edge beyond it, and 0 in
        the zone, both edges included. NaN or infinite coordinates give −1, NaN, NaN.
        """
        segment, chainage, inward = self.inner.locate(easting, northing)
        _, _, outward = self.outer.locate(easting, northing)
        if isinstance(inward, xr.DataArray):
            offset = xr.apply_ufunc(_of_the_zone, inward, outward, dask="parallelized", output_dtypes=[np.float64])
            return segment, chainage, offset.rename("offset_m").assign_attrs(units="m")
        if hasattr(inward, "dask"):
            import dask.array as da

            lazy = da.map_blocks(_of_the_zone, inward, outward, dtype=np.float64)  # type: ignore[no-untyped-call]
            return segment, chainage, lazy
        offset = _of_the_zone(inward, outward)
        return segment, chainage, float(offset) if np.ndim(offset) == 0 else offset

    def between_edges(self, easting: Floats, northing: Floats) -> tuple[npt.NDArray[np.int32], Floats, Floats]:
        """Segment of the inner edge, and offset [m] from the inner and from the outer edge, both positive homewards."""
        segment, inward, _ = self.inner.between_edges(easting, northing)
        _, outward, _ = self.outer.between_edges(easting, northing)
        return segment, inward, outward


def belt_outline(border: Border | Zone | BorderLine, belt_m: float, *, round_ends: bool = True) -> Any:
    """The ground within ``belt_m`` [m] of a line, or in a zone and within that of its edges, as an area in the frame.

    For drawing: at the ends it is round, or cut off, and of a zone of several parts the ground between is left out.
    """
    beside = border.line.buffer(belt_m, cap_style="round" if round_ends else "flat")
    if not isinstance(border, Zone) or "MultiLineString" in (border.inner.line.geom_type, border.outer.line.geom_type):
        return beside
    ring = np.vstack([border.inner.line.coords, shapely.reverse(border.outer.line).coords])
    return beside.union(shapely.make_valid(Polygon(ring)))


def _of_the_zone(inward: Floats, outward: Floats) -> Floats:
    """Offset of the whole zone from those of its edges."""
    unknown = np.isnan(inward) | np.isnan(outward)
    offset = np.where(inward > 0.0, inward, np.where(outward < 0.0, outward, 0.0))
    return np.where(unknown, np.nan, offset)


def _along(line: LineString) -> npt.NDArray[np.object_]:
    """Points spread evenly along a line."""
    return np.asarray(shapely.line_interpolate_point(line, np.linspace(0.0, 1.0, 201), normalized=True))


def _runs_along(side: Border, line: LineString | MultiLineString) -> bool:
    """Whether a line runs the way of a border beside it: its end is farther along than its start."""
    places = shapely.get_coordinates(line)
    _, chainage, _ = side.locate(places[:, 0], places[:, 1])
    return bool(chainage[-1] >= chainage[0])


def _ends(ring: Floats, frame: LocalFrame, ends: tuple[tuple[float, float], ...] | None) -> tuple[int, int]:
    """Numbers of the two vertices at which an outline is cut."""
    if ends is not None:
        places = [frame.to_local(*end) for end in ends]
        nearest = [int(np.argmin(np.hypot(*(ring - place).T))) for place in places]
        return nearest[0], nearest[1]
    hull = np.asarray(shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(ring))))[:-1]
    apart = np.hypot(*(hull[:, None] - hull[None]).transpose(2, 0, 1))
    i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
    a, b = (int(np.argmin(np.hypot(*(ring - hull[k]).T))) for k in (int(i), int(j)))
    return a, b
