"""Border zone with two edges, such as a buffer zone; the inner edge is that of the own side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from shapely.geometry import LineString, MultiLineString, Polygon

from geo.arrays import Floats, Int32s
from geo.border.belt import BorderLine
from geo.border.line import Border
from geo.border.line_files import Clip, Where, read_areas, read_lines
from geo.errors import BorderError
from geo.frame import LocalFrame

if TYPE_CHECKING:
    import geopandas

STRAY_SHARE = 0.05  # an outer edge with more than this fraction on the home side is invalid
ON_EDGE_M = 1e-6


@dataclass(frozen=True, slots=True)
class Zone:
    """Zone between two borders that face each other, such as a buffer zone.

    Segments and chainage are those of the inner edge, which is the one on the own side. Both edges have the same own
    side and run in the same direction.

    Parameters
    ----------
    inner, outer : Border
        The edges.

    Raises
    ------
    BorderError
        If the edges cross, or the outer one does not lie on the far side of the inner one.
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
            raise BorderError(
                "its edges are the same line", where="zone", expected="two edges with ground between them"
            )
        for edge, other, wanted, side in (
            (self.outer, self.inner, -1.0, "away"),
            (self.inner, self.outer, 1.0, "home"),
        ):
            vertices = shapely.get_coordinates(edge.line)
            _, _, offset = other.locate(vertices[:, 0], vertices[:, 1])
            if np.mean(wanted * offset < -ON_EDGE_M) > STRAY_SHARE:
                raise BorderError(
                    "its edges are not beside each other",
                    where="zone",
                    expected=f"one edge on the {side} side of the other, both with the same own side",
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
        """Build the zone between two lines.

        The own side follows from which line is the inner one; an outer edge that runs against it is reversed.

        Parameters
        ----------
        inner, outer : LineString or MultiLineString, m
            The edges in the frame.
        frame : LocalFrame
            The frame.
        segment_length_m : float, m
            Length of the segments.

        Returns
        -------
        Zone
            The zone.

        Raises
        ------
        BorderError
            As for the class.
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
        """Build the zone inside a polygon.

        Parameters
        ----------
        area : Polygon, m
            The area in the frame, without holes.
        frame : LocalFrame
            The frame.
        home : tuple of float, degrees
            Longitude and latitude of a point on the own side. The inner edge is the one whose mean distance to it is
            smaller.
        ends : tuple of tuple of float, degrees, optional
            Two points; the outline is cut into its edges at the vertices nearest to them. By default at the two
            vertices that are farthest apart, which is right only for a long strip.
        segment_length_m : float, m
            Length of the segments.

        Returns
        -------
        Zone
            The zone.

        Raises
        ------
        BorderError
            If the area has holes or does not have two edges, or home lies in it; and as for the class.
        """
        if area.is_empty or not area.is_valid or len(area.interiors):
            raise BorderError("its area has holes or crosses itself", where="zone", expected="one simple outline")
        ring = np.asarray(area.exterior.coords)[:-1, :2]
        first, second = sorted(_ends(ring, frame, ends))
        if second - first < 1 or first == second:
            raise BorderError("its two ends are the same point", where="zone", expected="two different ends")
        edges = LineString(ring[first : second + 1]), LineString(np.vstack([ring[second:], ring[: first + 1]])[::-1])
        place = shapely.Point(frame.to_local(*home))
        far = [float(np.mean(shapely.distance(_along(edge), place))) for edge in edges]
        if area.contains(place) or far[0] == far[1]:
            raise BorderError(
                "home is inside it, or equally near to both edges", where="zone", expected="a point beside it"
            )
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
        """Read the zone drawn as one polygon in a shapefile, GeoJSON or GeoPackage.

        A polygon across the 180th meridian may be cut there, run on beyond 180°, or jump to −180°.

        Parameters
        ----------
        path : str or Path
            The file.
        frame : LocalFrame
            The frame.
        home, ends, segment_length_m
            As for ``from_polygon``.
        where : str or Mapping, optional
            The feature to take, as for ``Border.from_file``.

        Returns
        -------
        Zone
            The zone.

        Raises
        ------
        BorderError
            If the file cannot be read or there is not exactly one area; and as for ``from_polygon``.
        """
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
        """Read the zone between two lines of a file.

        Parameters
        ----------
        path : str or Path
            The file.
        frame : LocalFrame
            The frame.
        inner, outer : str or Mapping
            The features of each edge, as ``where`` of ``Border.from_file``.
        segment_length_m : float, m
            Length of the segments.
        clip : tuple of float, geometry or Dataset, optional
            What to keep, as for ``Border.from_file``.

        Returns
        -------
        Zone
            The zone.

        Raises
        ------
        BorderError
            As for ``Border.from_file`` and for the class.
        """
        lines = [read_lines(path, frame, where=where, clip=clip) for where in (inner, outer)]
        edges = [line[0] if len(line) == 1 else MultiLineString(line) for line in lines]
        return cls.from_lines(edges[0], edges[1], frame, segment_length_m=segment_length_m)

    @property
    def frame(self) -> LocalFrame:
        """Frame of both edges."""
        return self.inner.frame

    @property
    def line(self) -> MultiLineString:
        """Both edges as one geometry [m]."""
        return MultiLineString([*shapely.get_parts(self.inner.line), *shapely.get_parts(self.outer.line)])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of both edges [m]."""
        west, south, east, north = self.line.bounds
        return west, south, east, north

    @property
    def plain(self) -> bool:
        """Whether the border is one open line, which a zone never is."""
        return False

    @property
    def width_m(self) -> float:
        """Largest distance from the outer edge to the inner one [m], or up to half a segment more."""
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
        """Length of the inner edge [m]."""
        return self.inner.length_m

    @property
    def ground_lengths_m(self) -> Floats:
        """Length of each segment of the inner edge over the WGS 84 ellipsoid [m], shape (segment,)."""
        return self.inner.ground_lengths_m

    @property
    def ground_length_m(self) -> float:
        """Length of the inner edge over the WGS 84 ellipsoid [m]."""
        return self.inner.ground_length_m

    @property
    def segment_spans_m(self) -> Floats:
        """Chainage of the start and end of each segment along the inner edge [m], shape (segment, 2)."""
        return self.inner.segment_spans_m

    def segment_geometry(self, segment: int) -> LineString:
        """Return the line of one segment of the inner edge.

        Parameters
        ----------
        segment : int
            Number of the segment.

        Returns
        -------
        LineString, m
            The line in the frame.

        Raises
        ------
        BorderError
            If there is no such segment.
        """
        return self.inner.segment_geometry(segment)

    def point_at(self, chainage_m: npt.ArrayLike) -> tuple[Any, Any]:
        """Return the points at chainages of the inner edge.

        Parameters
        ----------
        chainage_m : float or array_like, shape (...), m
            Chainages. Where a part ends and the next begins, the beginning of the next is meant.

        Returns
        -------
        easting, northing : float or ndarray, shape (...), m
            The points; NaN before 0 and beyond ``length_m``.
        """
        return self.inner.point_at(chainage_m)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return the segments of the inner edge as a GeoDataFrame.

        Returns
        -------
        GeoDataFrame
            One row per segment: ``segment``, ``start_m``, ``end_m`` [m in the frame], ``length_m`` [m over the
            ellipsoid], and the line in WGS 84, whose longitudes run on beyond ±180° across the 180th meridian.
        """
        return self.inner.to_geodataframe()

    def locate(self, easting: Any, northing: Any) -> tuple[Any, Any, Any]:
        """Locate points beside the zone.

        Parameters
        ----------
        easting, northing : float, array_like, DataArray or dask array, shape (...), m
            The points.

        Returns
        -------
        segment : int or array of int32, shape (...)
            Nearest segment of the inner edge, as for ``Border.locate``.
        chainage_m : float or array, shape (...), m
            Chainage along the inner edge.
        offset_m : float or array, shape (...), m
            Distance from the inner edge on the own side, minus that from the outer edge on the far side, and 0 in the
            zone and on its edges. NaN or infinite coordinates give −1, NaN, NaN.
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

    def between_edges(self, easting: Floats, northing: Floats) -> tuple[Int32s, Floats, Floats]:
        """Return the segment of points and their offsets from both edges.

        Parameters
        ----------
        easting, northing : ndarray, shape (...), m
            The points.

        Returns
        -------
        segment : ndarray of int32, shape (...)
            Nearest segment of the inner edge.
        inward, outward : ndarray, shape (...), m
            Offsets from the inner and from the outer edge, positive inbound.
        """
        segment, inward, _ = self.inner.between_edges(easting, northing)
        _, outward, _ = self.outer.between_edges(easting, northing)
        return segment, inward, outward


def belt_outline(border: Border | Zone | BorderLine, belt_m: float, *, round_ends: bool = True) -> Any:
    """The ground within ``belt_m`` [m] of a line, or in a zone and within that of its edges, as an area in the frame.

    For drawing: at the ends it is round, or cut off; for a zone of several parts, the ground between is omitted.
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
    """Whether a line runs in the direction of a border beside it: its end has the larger chainage, or both are rings of
    one orientation."""
    if line.is_ring and side.line.is_ring:
        return bool(shapely.is_ccw(line) == shapely.is_ccw(side.line))
    places = shapely.get_coordinates(line)
    _, chainage, _ = side.locate(places[:, 0], places[:, 1])
    return bool(chainage[-1] >= chainage[0])


def _ends(ring: Floats, frame: LocalFrame, ends: tuple[tuple[float, float], ...] | None) -> tuple[int, int]:
    """Numbers of the two vertices at which an outline is cut into edges."""
    if ends is not None:
        places = [frame.to_local(*end) for end in ends]
        nearest = [int(np.argmin(np.hypot(*(ring - place).T))) for place in places]
        return nearest[0], nearest[1]
    hull = np.asarray(shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(ring))))[:-1]
    apart = np.hypot(*(hull[:, None] - hull[None]).transpose(2, 0, 1))
    i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
    a, b = (int(np.argmin(np.hypot(*(ring - hull[k]).T))) for k in (int(i), int(j)))
    return a, b
