"""A long border piece by piece: stretches with a margin, so that memory does not grow with its length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from shapely.geometry import LineString, MultiLineString
from shapely.ops import substring

from geo.arrays import Floats, Ints
from geo.border.belt import ELSEWHERE
from geo.border.line import Border
from geo.border.zone import Zone
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.terrain.derived import cell_size

MARGIN_BELTS = 2.0
"""Without a named margin a stretch knows the border for this many belts beyond its own segments."""
MARGINS_BELTS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Belts beyond its own segments within which a stretch's ways are sought: the next where one may leave the last."""
MOST_CELLS = 40_000_000
"""Cells of a window up to which a margin is widened: a search takes some 150 bytes for each."""
WHOLE_M = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class BorderPart:
    """Some segments of a border, or of a zone's inner edge, as a line of their own: places lie beside it as beside the
    ``whole``, and beside its other segments they are ELSEWHERE.

    ``track`` is its line, ``numbers`` (segment,) are its segments' numbers in the whole, in the order of the track's.
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
        """Chainage (segment, 2) [m] along the piece alone."""
        return self.track.segment_spans_m

    def segment_geometry(self, segment: int) -> LineString:
        """The line of one segment."""
        return self.track.segment_geometry(segment)

    def point_at(self, chainage_m: npt.ArrayLike) -> tuple[Any, Any]:
        """Easting and northing [m] of chainages [m] along the piece; as ``Border.point_at``."""
        return self.track.point_at(chainage_m)

    def between_edges(self, easting: Floats, northing: Floats) -> tuple[npt.NDArray[np.int32], Floats, Floats]:
        """As that of the whole, segments in the piece's numbers, ELSEWHERE for others and −1 beyond all ends."""
        segment, inward, outward = self.whole.between_edges(easting, northing)
        own = np.full(self.whole.segments + 1, ELSEWHERE, np.int32)
        own[self.numbers], own[-1] = np.arange(len(self.numbers)), -1
        return own[segment], inward, outward


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Segments ``first`` to ``last`` of a long border or zone, with what lies near them as a piece of it.

    ``numbers`` (segment of ``border``,) are the numbers of its segments in the whole. Ways through a segment may go
    anywhere in the belt of ``border``, so what they cost is that of the whole, or more where the margin ``margin_m``
    [m] was too narrow; ``geo.paths.crossings.crossings_of_the_whole`` can tell.
    """

    number: int
    first: int
    last: int
    border: Border | Zone | BorderPart
    numbers: Ints
    margin_m: float

    @property
    def own(self) -> Ints:
        """Segments of ``border`` that are the stretch's own."""
        return np.flatnonzero((self.numbers >= self.first) & (self.numbers <= self.last))

    def over_own(self, values: Floats) -> Floats:
        """Values of its own segments as values of all of ``border``, NaN beside its own."""
        placed = np.full(len(self.numbers), np.nan)
        placed[self.own] = values
        return placed

    def around(self, raster: xr.Dataset, reach_m: float) -> xr.Dataset:
        """The window of a terrain, or of coverage on its cells, within ``reach_m`` [m] of the border's bounds."""
        west, south, east, north = self.border.bounds
        reach = reach_m + 4.0 * cell_size(raster)
        return raster.sel(easting=slice(west - reach, east + reach), northing=slice(north + reach, south - reach))

    def own_part(self, answer: xr.Dataset, whole: Border | Zone) -> xr.Dataset:
        """The rows of an answer over ``border``'s segments that are the stretch's own, numbered as in the whole."""
        part = answer.isel(segment=self.own).assign_coords(segment=self.numbers[self.own])
        spans = whole.segment_spans_m[self.numbers[self.own]]
        edges = {name: ("segment", spans[:, i], {"units": "m"}) for i, name in enumerate(("start_m", "end_m"))}
        return part.assign_coords({name: edge for name, edge in edges.items() if name in answer.coords})


def stretches(
    border: Border | Zone, *, belt_m: float, length_m: float = 25_000.0, margin_m: float | None = None
) -> list[Stretch]:
    """``border`` in stretches of about ``length_m``, each knowing all of the border within ``margin_m`` of it [m].

    The margin is MARGIN_BELTS belts where none is named; it also holds what comes near from elsewhere, as in a bend. A
    zone is cut along its inner edge. Raises BadInput for a length that is not above 0, and a margin that is not.
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
    near = _Near.of(border)
    count = max(1, round(border.length_m / length_m))
    edges = np.searchsorted(border.segment_spans_m[:, 0], np.linspace(0.0, border.length_m, count + 1)[:-1] - 1e-6)
    starts = np.unique(edges)
    ends = np.append(starts[1:], border.segments) - 1
    return [near.stretch(n, int(a), int(b), margin) for n, (a, b) in enumerate(zip(starts, ends, strict=True))]


def widening(stretch: Stretch, border: Border | Zone, *, belt_m: float, cell_m: float) -> Iterator[Stretch]:
    """The same own segments of ``border`` with margins of MARGINS_BELTS, while windows have at most MOST_CELLS cells.

    The first is there in any case. For searches that can tell whether a margin was wide enough.
    """
    near = _Near.of(border)
    for number, belts in enumerate(MARGINS_BELTS):
        wider = near.stretch(stretch.number, stretch.first, stretch.last, belts * belt_m)
        west, south, east, north = wider.border.bounds
        cells = (east - west + 2.0 * belt_m) * (north - south + 2.0 * belt_m) / cell_m**2
        if number and cells > MOST_CELLS:
            return
        yield wider


def with_margin(stretch: Stretch, border: Border | Zone, margin_m: float) -> Stretch:
    """The same own segments of ``border``, knowing all of it within ``margin_m`` [m]."""
    return _Near.of(border).stretch(stretch.number, stretch.first, stretch.last, margin_m)


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """A border, the lines of its segments and the tree that finds those near others."""

    border: Border | Zone
    lines: npt.NDArray[np.object_]
    tree: shapely.STRtree

    @classmethod
    def of(cls, border: Border | Zone) -> _Near:
        lines = (border.inner if isinstance(border, Zone) else border).segment_lines()
        return cls(border, lines, shapely.STRtree(lines))

    def stretch(self, number: int, first: int, last: int, margin_m: float) -> Stretch:
        core = shapely.union_all(self.lines[first : last + 1])
        near = np.unique(self.tree.query(core, predicate="dwithin", distance=margin_m))
        if len(near) == self.border.segments:
            return Stretch(number, first, last, self.border, near, margin_m)
        piece = _piece_of(self.border, near)
        return Stretch(number, first, last, piece, piece.numbers, margin_m)


def _piece_of(border: Border | Zone, segments: Ints) -> BorderPart:
    """Some of the segments, runs of them joined; numbered in the order of the new segments."""
    track = border.inner if isinstance(border, Zone) else border
    parts = shapely.get_parts(track.line)
    ends = np.cumsum([part.length for part in parts])
    spans = border.segment_spans_m
    owner = np.searchsorted(ends, spans[segments].mean(axis=1))
    breaks = np.flatnonzero((np.diff(segments) > 1) | (np.diff(owner) > 0)) + 1
    lines, numbers = [], []
    for run in np.split(segments, breaks):
        part = int(np.searchsorted(ends, spans[run[0]].mean()))
        begin, length = float(ends[part] - parts[part].length), float(parts[part].length)
        start, end = (min(max(chainage - begin, 0.0), length) for chainage in (spans[run[0], 0], spans[run[-1], 1]))
        whole = end - start > length - WHOLE_M  # then as it is, so that a ring stays closed
        line = parts[part] if whole else substring(parts[part], start, end)  # below 0 it would count from the far end
        if isinstance(line, LineString):
            lines.append(line)
            numbers.append(run)
    line = lines[0] if len(lines) == 1 else MultiLineString(lines)
    made = Border(track.frame, line, segment_length_m=track.segment_length_m, home_side=track.home_side)
    return BorderPart(border, made, np.concatenate(numbers))


def by_stretches(
    todo: Sequence[Stretch],
    work: Callable[[Stretch], xr.Dataset],
    *,
    done: Mapping[int, xr.Dataset] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[int, xr.Dataset]]:
    """``work`` of each stretch in turn, with its number; what is in ``done`` already is handed on and not done again.

    So work that was broken off goes on from what its caller has kept. ``progress(finished, total)`` after each.
    """
    known = done or {}
    for finished, stretch in enumerate(todo, start=1):
        yield stretch.number, known[stretch.number] if stretch.number in known else work(stretch)
        if progress is not None:
            progress(finished, len(todo))


def joined(parts: Mapping[int, xr.Dataset] | Sequence[xr.Dataset]) -> xr.Dataset:
    """The answers of all stretches as one, in the order of segments."""
    answers: list[Any] = [parts[n] for n in sorted(parts)] if isinstance(parts, Mapping) else list(parts)
    if not answers:
        raise BadInput("no stretch", where="stretches", expected="at least one answer")
    whole: xr.Dataset = xr.concat(
        answers, dim="segment", data_vars="minimal", coords="minimal", compat="override", combine_attrs="override"
    )
    return whole.sortby("segment")
