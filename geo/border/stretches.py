"""A long border as sub-sections with an overlap, so that memory does not grow with the length of the border."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from shapely.geometry import LineString, MultiLineString
from shapely.ops import substring

from geo.arrays import Bools, Floats, Int32s, Ints
from geo.border.belt import ELSEWHERE
from geo.border.line import Border
from geo.border.zone import Zone
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.terrain.derived import cell_size

Result = TypeVar("Result")

MARGIN_BELTS = 2.0
"""Default overlap of a sub-section beyond its own segments, in widths of the belt."""
MARGINS_BELTS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Overlaps, in widths of the belt, that a search tries in turn while a better path may leave the last one."""
MOST_CELLS = 40_000_000
"""Largest window in cells to which an overlap is widened: a search takes about 150 bytes per cell."""
WHOLE_M = 1e-6


def whole_border_attrs(better: str, *, bound: bool = False) -> dict[str, str]:
    """Attributes of a flag per segment: no path of the whole border is ``better`` than the sub-section's own.

    ``bound`` adds that the value is a bound where the flag is not set.
    """
    otherwise = "; elsewhere the value is a bound" if bound else ""
    return {"long_name": f"no way of the whole border is {better}{otherwise}"}


@dataclass(frozen=True, slots=True, eq=False)
class BorderPart:
    """Some segments of a border, or of a zone's inner edge, as a separate line.

    Positions have the segment that they have beside the ``whole``; beside a segment that is not part of it they are
    ELSEWHERE. ``track`` is its line; ``numbers`` (segment,) are the numbers of its segments in the whole, in the order
    of the track.
    """

    whole: Border | Zone
    track: Border
    numbers: Ints

    @property
    def frame(self) -> LocalFrame:
        """The frame of the whole."""
        return self.track.frame

    @property
    def line(self) -> LineString | MultiLineString:
        """The line of its segments."""
        return self.track.line

    @property
    def plain(self) -> bool:
        """Whether the whole is one open line."""
        return self.whole.plain

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north [m], within which both edges of a zone lie beside its segments."""
        west, south, east, north = self.track.bounds
        if isinstance(self.whole, Border):
            return west, south, east, north
        reach, (left, low, right, high) = self.whole.width_m, self.whole.bounds
        return max(west - reach, left), max(south - reach, low), min(east + reach, right), min(north + reach, high)

    @property
    def segments(self) -> int:
        """Number of its segments."""
        return self.track.segments

    @property
    def segment_spans_m(self) -> Floats:
        """Chainage (segment, 2) [m] along the part alone."""
        return self.track.segment_spans_m

    def segment_geometry(self, segment: int) -> LineString:
        """The line of one segment."""
        return self.track.segment_geometry(segment)

    def point_at(self, chainage_m: npt.ArrayLike) -> tuple[Any, Any]:
        """Easting and northing [m] of chainages [m] along the part; as ``Border.point_at``."""
        return self.track.point_at(chainage_m)

    def between_edges(self, easting: Floats, northing: Floats) -> tuple[Int32s, Floats, Floats]:
        """As ``between_edges`` of the whole, with segments numbered as in the part, ELSEWHERE for others and −1 beyond
        all ends."""
        segment, inward, outward = self.whole.between_edges(easting, northing)
        number = np.full(self.whole.segments + 1, ELSEWHERE, np.int32)
        number[self.numbers], number[-1] = np.arange(len(self.numbers)), -1
        return number[segment], inward, outward


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Segments ``first`` to ``last`` of a long border or zone, with everything within an overlap of them as a part of
    it.

    ``numbers`` (segment of ``border``,) are the numbers of its segments in the whole; ``own_segments`` are the segments
    of ``border`` that are the sub-section's own. Paths through a segment may go anywhere in the belt of ``border``, so
    they cost what they cost on the whole border, or more if the overlap ``margin_m`` [m] was too narrow;
    ``geo.paths.crossings.crossings_of_the_whole`` determines whether it was.
    """

    number: int
    first: int
    last: int
    border: Border | Zone | BorderPart
    numbers: Ints
    own_segments: Ints
    margin_m: float
    index: _SegmentIndex = field(repr=False)

    @property
    def own_flags(self) -> Bools:
        """Whether each segment of ``border`` is the sub-section's own, (segment + 1,); the last is for "no segment"."""
        flags = np.zeros(len(self.numbers) + 1, bool)
        flags[self.own_segments] = True
        return flags

    def with_margin(self, margin_m: float) -> Stretch:
        """The same own segments with everything of the whole border within ``margin_m`` [m]."""
        return self.index.stretch(self.number, self.first, self.last, margin_m)

    def widening(self, terrain: xr.Dataset, *, belt_m: float) -> Iterator[Stretch]:
        """The same own segments with margins of MARGINS_BELTS, while windows of ``terrain`` have at most MOST_CELLS.

        There is always at least one. For searches that can determine whether an overlap was wide enough.
        """
        cell_m = cell_size(terrain)
        for number, belts in enumerate(MARGINS_BELTS):
            wider = self.with_margin(belts * belt_m)
            west, south, east, north = wider.border.bounds
            cells = (east - west + 2.0 * belt_m) * (north - south + 2.0 * belt_m) / cell_m**2
            if number and cells > MOST_CELLS:
                return
            yield wider

    def over_own(self, values: Floats) -> Floats:
        """Values of its own segments as values of all of ``border``, NaN for other segments."""
        placed = np.full(len(self.numbers), np.nan)
        placed[self.own_segments] = values
        return placed

    def around(self, raster: xr.Dataset, reach_m: float) -> xr.Dataset:
        """The window of a terrain, or of coverage on its cells, within ``reach_m`` [m] of the border's bounds."""
        west, south, east, north = self.border.bounds
        reach = reach_m + 4.0 * cell_size(raster)
        return raster.sel(easting=slice(west - reach, east + reach), northing=slice(north + reach, south - reach))

    def own_part(self, answer: xr.Dataset) -> xr.Dataset:
        """The rows of a result over ``border``'s segments that are the sub-section's own, numbered as in the whole."""
        part = answer.isel(segment=self.own_segments).assign_coords(segment=self.numbers[self.own_segments])
        spans = self.index.spans_m[self.numbers[self.own_segments]]
        edges = {name: ("segment", spans[:, i], {"units": "m"}) for i, name in enumerate(("start_m", "end_m"))}
        return part.assign_coords({name: edge for name, edge in edges.items() if name in answer.coords})


def stretches(
    border: Border | Zone, *, belt_m: float, length_m: float = 25_000.0, margin_m: float | None = None
) -> list[Stretch]:
    """``border`` in sub-sections of about ``length_m``, each with everything of the border within ``margin_m`` of it
    [m].

    The overlap is MARGIN_BELTS belts by default; it also includes parts of the border that are near from elsewhere, as
    in a bend. A zone is cut along its inner edge. Raises BadInput for a length or an overlap that is not above 0.
    """
    if not isinstance(border, (Border, Zone)):
        raise BadInput(f"a {type(border).__name__}", where="stretches", expected="a border or a zone")
    if not (isinstance(belt_m, (int, float, np.number)) and 0.0 < belt_m < math.inf):
        raise BadInput(f"{belt_m!r}", where="stretches (belt_m)", expected="metres above 0")
    margin = MARGIN_BELTS * belt_m if margin_m is None else margin_m
    if not 0.0 < length_m < math.inf:
        raise BadInput(f"{length_m!r}", where="stretches (length_m)", expected="metres above 0")
    if not 0.0 < margin < math.inf:
        raise BadInput(f"{margin!r}", where="stretches (margin_m)", expected="metres above 0")
    index = _SegmentIndex.of(border)
    count = max(1, round(border.length_m / length_m))
    edges = np.searchsorted(index.spans_m[:, 0], np.linspace(0.0, border.length_m, count + 1)[:-1] - 1e-6)
    starts = np.unique(edges)
    ends = np.append(starts[1:], len(index.lines)) - 1
    return [index.stretch(n, int(a), int(b), margin) for n, (a, b) in enumerate(zip(starts, ends, strict=True))]


@dataclass(frozen=True, slots=True, eq=False)
class _SegmentIndex:
    """A border, its segments' lines and chainages (segment, 2) [m], and the tree that finds neighbouring segments.

    All sub-sections of the border share it.
    """

    border: Border | Zone
    lines: npt.NDArray[np.object_]
    spans_m: Floats
    tree: shapely.STRtree

    @classmethod
    def of(cls, border: Border | Zone) -> _SegmentIndex:
        lines = (border.inner if isinstance(border, Zone) else border).segment_lines()
        return cls(border, lines, border.segment_spans_m, shapely.STRtree(lines))

    def stretch(self, number: int, first: int, last: int, margin_m: float) -> Stretch:
        core = shapely.union_all(self.lines[first : last + 1])
        nearby = np.unique(self.tree.query(core, predicate="dwithin", distance=margin_m))
        border: Border | Zone | BorderPart = self.border
        if len(nearby) < len(self.lines):
            border = _part_of(self.border, self.spans_m, nearby)
            nearby = border.numbers
        own_segments = np.flatnonzero((nearby >= first) & (nearby <= last))
        return Stretch(number, first, last, border, nearby, own_segments, margin_m, self)


def _part_of(border: Border | Zone, spans: Floats, segments: Ints) -> BorderPart:
    """Some of the segments, with runs joined; numbered in the order of the new segments."""
    track = border.inner if isinstance(border, Zone) else border
    parts = shapely.get_parts(track.line)
    ends = np.cumsum([part.length for part in parts])
    owner = np.searchsorted(ends, spans[segments].mean(axis=1))
    breaks = np.flatnonzero((np.diff(segments) > 1) | (np.diff(owner) > 0)) + 1
    lines, numbers = [], []
    for run in np.split(segments, breaks):
        part = int(np.searchsorted(ends, spans[run[0]].mean()))
        begin, length = float(ends[part] - parts[part].length), float(parts[part].length)
        start, end = (min(max(chainage - begin, 0.0), length) for chainage in (spans[run[0], 0], spans[run[-1], 1]))
        whole = end - start > length - WHOLE_M  # unchanged, so that a ring stays closed
        line = parts[part] if whole else substring(parts[part], start, end)  # a negative start would count from the end
        if isinstance(line, LineString):
            lines.append(line)
            numbers.append(run)
    line = lines[0] if len(lines) == 1 else MultiLineString(lines)
    part_line = Border(track.frame, line, segment_length_m=track.segment_length_m, home_side=track.home_side)
    return BorderPart(border, part_line, np.concatenate(numbers))


def by_stretches(
    todo: Sequence[Stretch],
    work: Callable[[Stretch], Result],
    *,
    done: Mapping[int, Result] | None = None,
    keep: Callable[[int, Result], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[int, Result]]:
    """Yield the number and the result of ``work`` for each sub-section in turn; a result in ``done`` is used if
    present.

    ``keep(number, answer)`` receives each computed result, so that interrupted work continues with the missing ones.
    ``progress(finished, total)`` is called after each sub-section.
    """
    known = done or {}
    for finished, stretch in enumerate(todo, start=1):
        if stretch.number in known:
            answer = known[stretch.number]
        else:
            answer = work(stretch)
            if keep is not None:
                keep(stretch.number, answer)
        yield stretch.number, answer
        if progress is not None:
            progress(finished, len(todo))


def joined(parts: Mapping[int, xr.Dataset] | Sequence[xr.Dataset]) -> xr.Dataset:
    """The results of all sub-sections as one, in the order of segments."""
    answers: list[Any] = [parts[n] for n in sorted(parts)] if isinstance(parts, Mapping) else list(parts)
    if not answers:
        raise BadInput("no sub-section", where="stretches", expected="at least one answer")
    whole: xr.Dataset = xr.concat(
        answers, dim="segment", data_vars="minimal", coords="minimal", compat="override", combine_attrs="override"
    )
    return whole.sortby("segment")
