"""Border line: segments of fixed length, chainage, and the position of points beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
import xarray as xr
from shapely.geometry import LineString, MultiLineString
from shapely.ops import substring

from geo.antimeridian import unrolled
from geo.arrays import Floats, Int32s, Ints
from geo.border import edge_tree
from geo.border.edge_tree import EDGE_COLUMNS, EdgeTree
from geo.border.line_files import Clip, Where, read_lines
from geo.border.self_crossing import crossing_place
from geo.errors import BorderError
from geo.frame import LocalFrame

if TYPE_CHECKING:
    import geopandas


HOME_SIDES = {"left": 1.0, "right": -1.0}
MOST_SEGMENTS = 10_000_000
SLIVER = 2e-3  # a remainder of a part below this fraction of a segment (1 m of 500 m) belongs to the segment before
ELLIPSOID = pyproj.Geod(ellps="WGS84")
LOCATED = (("segment", np.int32, "1"), ("chainage_m", np.float64, "m"), ("offset_m", np.float64, "m"))


@dataclass(frozen=True, slots=True)
class Border:
    """Border line in a frame, cut into segments for analysis.

    A border is immutable, can be pickled, and is safe to share between threads. Chainage [m] runs along the parts of
    the line and skips the gaps between them.

    Parameters
    ----------
    frame : LocalFrame
        Frame of the line.
    line : LineString or MultiLineString, m
        The line; its parts follow each other.
    segment_length_m : float, m
        Length of the segments. The last segment of each part is shorter, so that none spans a gap, or longer by a
        remainder of less than a five-hundredth of a segment.
    home_side : {"left", "right"}
        Own side as seen along increasing chainage.

    Raises
    ------
    BorderError
        If the line is empty or crosses itself, the segment length is not positive, or the side is unknown.

    Examples
    --------
    >>> from shapely.geometry import LineString
    >>> border = Border(LocalFrame.around(1.5, 42.5), LineString([(0, 0), (1200, 0)]))
    >>> border.segments, border.length_m
    (3, 1200.0)
    >>> border.locate(600.0, 30.0)
    (1, 600.0, 30.0)
    """

    frame: LocalFrame
    line: LineString | MultiLineString
    segment_length_m: float = 500.0
    home_side: str = "left"
    _tree: EdgeTree = field(init=False, repr=False, compare=False)
    _part_ends: Floats = field(init=False, repr=False, compare=False)
    _segment_ends: Ints = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.home_side not in HOME_SIDES:
            raise BorderError(f"home_side is {self.home_side!r}", where="border", expected="'left' or 'right'")
        _refuse_unless_length(self.segment_length_m)
        if self.line.geom_type not in {"LineString", "MultiLineString"}:
            raise BorderError(f"it is a {self.line.geom_type}", where="border", expected="a line")
        if not np.isfinite(shapely.get_coordinates(self.line)).all():
            raise BorderError("a point of the line is not finite", where="border", expected="coordinates in metres")
        if not self.line.length > 0.0:
            raise BorderError("the line is empty, or has no length", where="border", expected="a line")
        if self.line.length / self.segment_length_m > MOST_SEGMENTS:
            raise BorderError(
                f"segment_length_m is {self.segment_length_m:g} on {self.line.length:.0f} m of line",
                where="border",
                expected=f"at most {MOST_SEGMENTS} segments",
            )
        self._refuse_crossing()
        parts = [np.asarray(part.coords)[:, :2] for part in shapely.get_parts(self.line)]
        edges, lengths = _edge_table(parts)
        counts = np.maximum(np.ceil(lengths / self.segment_length_m - SLIVER), 1).astype(np.int64)
        ends = np.cumsum(counts)
        part = edges[:, edge_tree.FIRST_SEGMENT].astype(np.int64)
        edges[:, edge_tree.FIRST_SEGMENT], edges[:, edge_tree.LAST_SEGMENT] = (ends - counts)[part], ends[part] - 1
        object.__setattr__(self, "_tree", EdgeTree.over(edges))
        object.__setattr__(self, "_part_ends", np.cumsum(lengths))
        object.__setattr__(self, "_segment_ends", ends)

    def _refuse_crossing(self) -> None:
        """Raise BorderError for a line that crosses itself: its sides are undefined."""
        place = crossing_place(list(shapely.get_parts(self.line)))
        if place is not None:
            lon, lat = self.frame.to_lonlat(*place)
            raise BorderError(
                f"the line crosses itself at longitude {lon:.6f}, latitude {lat:.6f}",
                where="border",
                expected="a line that has a left and a right side",
            )

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        frame: LocalFrame,
        *,
        segment_length_m: float = 500.0,
        where: Where | None = None,
        clip: Clip | None = None,
        home_side: str = "left",
    ) -> Border:
        """Read a border from a shapefile, GeoJSON or GeoPackage of lines with one layer.

        Parameters
        ----------
        path : str or Path
            The file.
        frame : LocalFrame
            Frame of the border.
        segment_length_m : float, m
            As for the class.
        where : str or Mapping, optional
            Features to take: an SQL WHERE clause, or a mapping from column to its value or values.
        clip : tuple of float, geometry or Dataset, optional
            What to keep: the inside of (west, south, east, north) or of an area in longitude and latitude [degrees], or
            of the cell centres of a terrain. West is larger than east across the 180th meridian.
        home_side : {"left", "right"}
            As for the class.

        Returns
        -------
        Border
            The border. Lines whose ends are within a metre are joined; parts follow each other by the smallest gaps,
            all in the direction in which the longest open one is digitised, so that home is on one side, except that a
            ring keeps its own; see ``geo.border.line_files``. Edges are straight in the coordinates of the file; lines
            across the 180th meridian may be cut there, run on beyond 180°, or jump to −180°.

        Raises
        ------
        BorderError
            If the file is unreadable, has no CRS, several layers or other shapes than lines; if lines cross or have no
            length; if nothing matches or lies inside the clip; and if the frame cannot represent the line.
        """
        lines = read_lines(path, frame, where=where, clip=clip)
        line = lines[0] if len(lines) == 1 else MultiLineString(lines)
        try:
            return cls(frame, line, segment_length_m=segment_length_m, home_side=home_side)
        except BorderError as error:
            raise BorderError(error.what, where=str(path), expected=error.expected) from None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the line [m]."""
        west, south, east, north = self.line.bounds
        return west, south, east, north

    @property
    def plain(self) -> bool:
        """Whether the border is one open line: without parts, and not a ring."""
        return self.line.geom_type == "LineString" and not self.line.is_ring

    @property
    def gaps(self) -> list[LineString]:
        """Straight lines across the gaps in the line [m], in the order of its parts.

        Each leads to a free start of a part from the nearest of the free ends between the last such start and it.
        """
        edges = self._tree.edges
        ends, starts = (np.flatnonzero(edges[:, column]) for column in (edge_tree.FREE_B, edge_tree.FREE_A))
        following, gaps = np.searchsorted(starts, ends, side="right"), []
        for number in np.unique(following[following < len(starts)]):
            start = edges[starts[number], [edge_tree.AX, edge_tree.AY]]
            before = edges[ends[following == number]][:, [edge_tree.BX, edge_tree.BY]]
            gaps.append(LineString([before[np.argmin(np.hypot(*(before - start).T))], start]))
        return gaps

    @property
    def segments(self) -> int:
        """Number of segments; they are numbered from 0 along increasing chainage."""
        return int(self._segment_ends[-1])

    @property
    def length_m(self) -> float:
        """Length along all parts in the frame [m], without gaps: the chainage of the end; see ``ground_length_m``."""
        return float(self._part_ends[-1])

    @property
    def segment_spans_m(self) -> Floats:
        """Chainage of the start and end of each segment [m], shape (segment, 2)."""
        spans, segment, begin = np.empty((self.segments, 2)), 0, 0.0
        for end, last in zip(self._part_ends, self._segment_ends, strict=True):
            starts = begin + self.segment_length_m * np.arange(last - segment)
            spans[segment:last] = np.column_stack([starts, np.append(starts[1:], end)])
            segment, begin = int(last), float(end)
        return spans

    @property
    def ground_lengths_m(self) -> Floats:
        """Length of each segment over the WGS 84 ellipsoid [m], shape (segment,).

        Chainages are lengths in the frame, which differ by its scale.
        """
        lines = self.segment_lines()
        places, owner = shapely.get_coordinates(lines, return_index=True)
        lon, lat = self.frame.to_lonlat(places[:, 0], places[:, 1])
        _, _, metres = ELLIPSOID.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        along = owner[:-1] == owner[1:]
        lengths = np.zeros(len(lines))
        np.add.at(lengths, owner[:-1][along], np.asarray(metres, np.float64)[along])
        return lengths

    @property
    def ground_length_m(self) -> float:
        """Length along all parts over the WGS 84 ellipsoid [m], without gaps."""
        return float(self.ground_lengths_m.sum())

    def segment_geometry(self, segment: int) -> LineString:
        """Return the line of one segment.

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
        if not 0 <= segment < self.segments:
            raise BorderError(f"no segment {segment}", where="border", expected=f"0 to {self.segments - 1}")
        part = int(np.searchsorted(self._segment_ends, segment, side="right"))
        start, end = self.segment_spans_m[segment] - (self._part_ends[part - 1] if part else 0.0)
        # a negative start would count from the end
        line = substring(shapely.get_parts(self.line)[part], max(start, 0.0), end)
        assert isinstance(line, LineString)
        return line

    def segment_lines(self) -> npt.NDArray[np.object_]:
        """Return the lines of all segments in one pass along the border.

        Returns
        -------
        ndarray of LineString, shape (segment,), m
            The lines, as ``segment_geometry`` returns them.
        """
        spans, places, owner = self.segment_spans_m, [], []
        firsts, begins = np.append(0, self._segment_ends), np.append(0.0, self._part_ends)
        for number, part in enumerate(shapely.get_parts(self.line)):
            xy = np.asarray(part.coords)[:, :2]
            along = np.append(0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))
            cuts = np.append(spans[firsts[number] : firsts[number + 1], 0] - begins[number], along[-1])
            inside = np.flatnonzero(~np.isin(along, cuts))
            segment = np.searchsorted(cuts, along[inside], side="right") - 1
            at = np.column_stack([np.interp(cuts, along, axis) for axis in xy.T])
            of_part = np.arange(len(cuts) - 1)
            order = np.argsort(np.concatenate([3 * of_part, 3 * segment + 1, 3 * of_part + 2]), kind="stable")
            places.append(np.concatenate([at[:-1], xy[inside], at[1:]])[order])
            owner.append(np.concatenate([of_part, segment, of_part])[order] + firsts[number])
        lines = shapely.linestrings(np.concatenate(places), indices=np.concatenate(owner))
        return np.asarray(lines, dtype=np.object_)

    def locate(self, easting: Any, northing: Any) -> tuple[Any, Any, Any]:
        """Locate points beside the border.

        The nearest point of the line is exact.

        Parameters
        ----------
        easting, northing : float, array_like, DataArray or dask array, shape (...), m
            The points.

        Returns
        -------
        segment : int or array of int32, shape (...)
            Nearest segment; −1 where the nearest point of the line is a free end and the point lies beyond it, also in
            a gap between parts.
        chainage_m : float or array, shape (...), m
            Chainage of the nearest point of the line.
        offset_m : float or array, shape (...), m
            Distance to it, positive on the own side.

        Notes
        -----
        Results are of the kind that was given, with the same bits; dask arrays stay lazy. At a bend the sum of both
        normals decides the side; a point on the extension of the line beyond an end counts as left of it. NaN or
        infinite coordinates give −1, NaN, NaN.
        """
        if isinstance(easting, xr.DataArray) or isinstance(northing, xr.DataArray):
            located = xr.apply_ufunc(
                self._located,
                easting,
                northing,
                output_core_dims=[[], [], []],
                dask="parallelized",
                output_dtypes=[dtype for _, dtype, _ in LOCATED],
            )
            named = (
                a.rename(name).assign_attrs(units=units) for a, (name, _, units) in zip(located, LOCATED, strict=True)
            )
            segment, chainage, offset = named
            return segment, chainage, offset
        if hasattr(easting, "dask") or hasattr(northing, "dask"):
            import dask.array as da

            alike = da.broadcast_arrays(easting, northing)  # also in their chunks
            lazy: tuple[Any, Any, Any] = da.apply_gufunc(  # type: ignore[no-untyped-call]
                self._located, "(),()->(),(),()", *alike, output_dtypes=[dtype for _, dtype, _ in LOCATED]
            )
            return lazy
        segment, chainage, offset = self._located(easting, northing)
        return (int(segment), float(chainage), float(offset)) if segment.ndim == 0 else (segment, chainage, offset)

    def _located(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[Int32s, Floats, Floats]:
        e, n = np.broadcast_arrays(np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64))
        segment, chainage, offset = self._tree.locate(e, n, float(self.segment_length_m))
        return segment, chainage, offset if self.home_side == "left" else np.where(offset == 0.0, 0.0, -offset)

    def between_edges(self, easting: Floats, northing: Floats) -> tuple[Int32s, Floats, Floats]:
        """Return the segment of points and their offsets from both edges, which of a line are the same.

        Parameters
        ----------
        easting, northing : ndarray, shape (...), m
            The points.

        Returns
        -------
        segment : ndarray of int32, shape (...)
            As for ``locate``.
        inward, outward : ndarray, shape (...), m
            Offsets from the edge on the own side and from the edge on the far side, positive inbound.
        """
        segment, _, offset = self._located(easting, northing)
        return segment, offset, offset

    def point_at(self, chainage_m: npt.ArrayLike) -> tuple[Any, Any]:
        """Return the points at chainages.

        Parameters
        ----------
        chainage_m : float or array_like, shape (...), m
            Chainages. Where a part ends and the next begins, the beginning of the next is meant.

        Returns
        -------
        easting, northing : float or ndarray, shape (...), m
            The points; NaN before 0 and beyond ``length_m``.
        """
        edges = self._tree.edges
        chainage = np.asarray(chainage_m, dtype=np.float64)
        on_line = (chainage >= 0.0) & (chainage <= self.length_m)
        known = np.where(on_line, chainage, 0.0)
        edge = np.searchsorted(edges[:, edge_tree.CHAINAGE], known, side="right") - 1
        share = np.minimum((known - edges[edge, edge_tree.CHAINAGE]) / edges[edge, edge_tree.LENGTH], 1.0)
        easting = np.where(on_line, edges[edge, edge_tree.AX] + share * edges[edge, edge_tree.DX], np.nan)
        northing = np.where(on_line, edges[edge, edge_tree.AY] + share * edges[edge, edge_tree.DY], np.nan)
        return (float(easting), float(northing)) if chainage.ndim == 0 else (easting, northing)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return the segments as a GeoDataFrame.

        Returns
        -------
        GeoDataFrame
            One row per segment: ``segment``, ``start_m``, ``end_m`` [m in the frame], ``length_m`` [m over the
            ellipsoid], and the line in WGS 84, whose longitudes run on beyond ±180° across the 180th meridian.
        """
        import geopandas

        spans = self.segment_spans_m
        return geopandas.GeoDataFrame(
            {
                "segment": np.arange(self.segments),
                "start_m": spans[:, 0],
                "end_m": spans[:, 1],
                "length_m": self.ground_lengths_m,
            },
            geometry=[unrolled(shapely.transform(line, self._to_lonlat)) for line in self.segment_lines()],
            crs="EPSG:4326",
        )

    def _to_lonlat(self, places: Floats) -> Floats:
        return np.column_stack(self.frame.to_lonlat(places[:, 0], places[:, 1]))


def _refuse_unless_length(metres: Any) -> None:
    number = isinstance(metres, (int, float, np.integer, np.floating)) and not isinstance(metres, bool)
    if not (number and 0.0 < metres < math.inf):
        raise BorderError(f"segment_length_m is {metres!r}", where="border", expected="a positive length in metres")


def _edge_table(parts: list[Floats]) -> tuple[Floats, Floats]:
    """Edges (edge, EDGE_COLUMNS), with the part's number in FIRST_SEGMENT, and the lengths of the parts."""
    tables, lengths, begin = [], [], 0.0
    shared = _shared_ends(parts)
    for number, places in enumerate(parts):
        places = places[np.append(True, (np.diff(places, axis=0) != 0.0).any(axis=1))]
        a, b = places[:-1], places[1:]
        direction, length = b - a, np.hypot(*(b - a).T)
        normal = np.column_stack([-direction[:, 1], direction[:, 0]]) / length[:, None]
        at_bend = normal[:-1] + normal[1:]
        closed = bool((places[0] == places[-1]).all())
        first = normal[0] + normal[-1] if closed else normal[0]
        last = normal[0] + normal[-1] if closed else normal[-1]
        table = np.zeros((len(a), EDGE_COLUMNS))
        table[:, [edge_tree.AX, edge_tree.AY]], table[:, [edge_tree.BX, edge_tree.BY]] = a, b
        table[:, [edge_tree.DX, edge_tree.DY]] = direction
        table[:, edge_tree.INVERSE], table[:, edge_tree.LENGTH] = 1.0 / length**2, length
        table[:, edge_tree.CHAINAGE] = begin + np.append(0.0, np.cumsum(length)[:-1])
        table[:, [edge_tree.NAX, edge_tree.NAY]] = np.vstack([first, at_bend])
        table[:, [edge_tree.NBX, edge_tree.NBY]] = np.vstack([at_bend, last])
        table[0, edge_tree.FREE_A] = not closed and tuple(places[0]) not in shared
        table[-1, edge_tree.FREE_B] = not closed and tuple(places[-1]) not in shared
        table[:, edge_tree.PART_START], table[:, edge_tree.FIRST_SEGMENT] = begin, number
        tables.append(table)
        lengths.append(length.sum())
        begin += lengths[-1]
    return np.concatenate(tables), np.array(lengths)


def _shared_ends(parts: list[Floats]) -> set[tuple[float, float]]:
    """Ends of parts that are on a vertex of another part: a branch is not a free end."""
    ends = {tuple(place) for part in parts for place in (part[0], part[-1])}
    parts_at: dict[tuple[float, float], set[int]] = {}
    for number, part in enumerate(parts):
        for place in map(tuple, part):
            if place in ends:
                parts_at.setdefault(place, set()).add(number)
    return {place for place, numbers in parts_at.items() if len(numbers) > 1}
