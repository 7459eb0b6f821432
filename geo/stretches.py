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

from geo.border import Border
from geo.errors import BadInput
from geo.terrain import cell_size

Ints = npt.NDArray[np.int64]
MARGIN_BELTS = 2.0
WHOLE_M = 1e-6
"""Without a named margin a stretch knows the border for this many belts beyond its own segments."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Segments ``first`` to ``last`` of a long border, as a border of their own with what lies near them.

    ``numbers`` (segment of ``border``,) are the numbers of its segments in the whole. Ways through a segment may go
    anywhere in the belt of ``border``, so what they cost is that of the whole, or more where the margin was too narrow.
    """

    number: int
    first: int
    last: int
    border: Border
    numbers: Ints

    @property
    def own(self) -> Ints:
        """Segments of ``border`` that are the stretch's own."""
        return np.flatnonzero((self.numbers >= self.first) & (self.numbers <= self.last))

    def around(self, raster: xr.Dataset, reach_m: float) -> xr.Dataset:
        """The window of a terrain, or of coverage on its cells, within ``reach_m`` [m] of the border's bounds."""
        west, south, east, north = self.border.line.bounds
        reach = reach_m + 4.0 * cell_size(raster)
        return raster.sel(easting=slice(west - reach, east + reach), northing=slice(north + reach, south - reach))

    def own_part(self, answer: xr.Dataset, whole: Border) -> xr.Dataset:
        """The rows of an answer over ``border``'s segments that are the stretch's own, numbered as in the whole."""
        part = answer.isel(segment=self.own).assign_coords(segment=self.numbers[self.own])
        spans = whole.segment_spans_m[self.numbers[self.own]]
        edges = {name: ("segment", spans[:, i], {"units": "m"}) for i, name in enumerate(("start_m", "end_m"))}
        return part.assign_coords({name: edge for name, edge in edges.items() if name in answer.coords})


def stretches(
    border: Border, *, belt_m: float, length_m: float = 25_000.0, margin_m: float | None = None
) -> list[Stretch]:
    """``border`` in stretches of about ``length_m``, each knowing all of the border within ``margin_m`` of it [m].

    The margin is MARGIN_BELTS belts where none is named; it also holds what comes near from elsewhere, as in a bend.
    Raises BadInput for a length that is not above 0, and a margin below one belt.
    """
    if not isinstance(border, Border):
        raise BadInput(f"a {type(border).__name__}", where="stretches", expected="a border of one line")
    if not (isinstance(belt_m, (int, float, np.number)) and 0.0 < belt_m < math.inf):
        raise BadInput(f"{belt_m!r}", where="stretches (belt_m)", expected="metres above 0")
    margin = MARGIN_BELTS * belt_m if margin_m is None else margin_m
    if not 0.0 < length_m < math.inf:
        raise BadInput(f"{length_m!r}", where="stretches (length_m)", expected="metres above 0")
    if not belt_m <= margin < math.inf:
        raise BadInput(f"{margin!r}", where="stretches (margin_m)", expected=f"at least the belt's {belt_m:g} m")
    lines = np.array([border.segment_geometry(segment) for segment in range(border.segments)], dtype=object)
    tree = shapely.STRtree(lines)
    count = max(1, round(border.length_m / length_m))
    edges = np.searchsorted(border.segment_spans_m[:, 0], np.linspace(0.0, border.length_m, count + 1)[:-1] - 1e-6)
    starts = np.unique(edges)
    made = []
    for number, (first, after) in enumerate(zip(starts, np.append(starts[1:], border.segments), strict=True)):
        core = shapely.union_all(lines[first:after])
        near = np.unique(tree.query(core, predicate="dwithin", distance=margin))
        part, numbers = _part_of(border, near)
        made.append(Stretch(number, int(first), int(after) - 1, part, numbers))
    return made


def _part_of(border: Border, segments: Ints) -> tuple[Border, Ints]:
    """A border of some of the segments, runs of them joined; and their numbers in the order of the new segments."""
    parts = shapely.get_parts(border.line)
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
    made = Border(border.frame, line, segment_length_m=border.segment_length_m, home_side=border.home_side)
    return made, np.concatenate(numbers)


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
