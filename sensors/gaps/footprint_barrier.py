"""Barrier resilience of a layout along a border: overlapping footprints, and the sensors whose loss opens it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
import xarray as xr
from scipy import ndimage
from scipy.sparse import coo_array

from geo.arrays import Bools
from geo.border import Belt
from geo.border.belt import BorderLine, belt_of, fitting_belt_m
from geo.terrain import bounds, north_up
from sensors.errors import CrossingError, GapError
from sensors.gaps.barrier_depth import k_barrier, weakest_links
from sensors.gaps.footprint_overlap import EDGE, Chain, FootprintPiece, Patch, chain_of
from sensors.layout import Layout

Found = tuple[int, frozenset[str], bool]  # k, the cut, and whether it is proved to be minimal

SMALL_CUT: Final = 400
"""Number of footprint pieces up to which the minimum cut set is sought exactly; beyond it, a bound is computed."""
SOLVER_S: Final = 20.0


def barrier(
    layout: Layout,
    coverage: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    least_look_probability: float = 0.0,
) -> tuple[int, frozenset[str]]:
    """Compute the barrier resilience k of a layout along a border, and a minimum cut set.

    Parameters
    ----------
    layout : Layout
        The sensors.
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of the layout.
    border : Border or Zone or other BorderLine
        The border.
    belt_m : float, m, optional
        Width of the belt on either side, as for ``gaps``.
    least_look_probability : float
        A sensor holds the cells where it detects with more than this in one look.

    Returns
    -------
    k : int
        Number of sensors that must fail before an undetected path exists; a lower bound where some sensor's sight is
        unknown (``Barrier.undecided``).
    cut : frozenset of str
        k sensors whose loss opens the border, as far as their sight is known.

    Raises
    ------
    GapError
        As ``barrier_found``.

    See Also
    --------
    barrier_found : Also returns whether the result is exact, and an upper bound where sight is unknown.
    """
    resilience = barrier_found(layout, coverage, border, belt_m=belt_m, least_look_probability=least_look_probability)
    return resilience.k, resilience.cut


@dataclass(frozen=True, slots=True)
class Barrier:
    """Barrier resilience of a border.

    Parameters
    ----------
    k : int
        Number of sensors that must fail before an undetected path exists.
    cut : frozenset of str
        A minimum cut set: k sensors whose loss opens the border.
    exact : bool
        False where both are upper bounds: footprints have so many pieces that no minimum set was sought.
    undecided : int
        By how much k may be higher: where a sensor's sight is unknown, it holds nothing for ``k`` and ``cut``. Above 0
        neither the cut nor, for k = 0, an undetected path is known.
    """

    k: int
    cut: frozenset[str]
    exact: bool
    undecided: int = 0

    @property
    def k_at_most(self) -> int:
        """Number of sensors if each also holds the cells where its sight is unknown."""
        return self.k + self.undecided


def barrier_found(
    layout: Layout,
    coverage: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    least_look_probability: float = 0.0,
) -> Barrier:
    """Compute the barrier resilience of a layout along a border, and whether it is exact.

    Parameters
    ----------
    layout : Layout
        The sensors.
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of the layout.
    border : Border or Zone or other BorderLine
        The border; closed rings are left out.
    belt_m : float, m, optional
        Width of the belt on either side, as for ``gaps``.
    least_look_probability : float
        A sensor holds the cells where it detects with more than this in one look.

    Returns
    -------
    Barrier
        k, a minimum cut set, and whether both are exact.

    Raises
    ------
    GapError
        For a border of rings only, which have no ends, and one that leaves the terrain.
    CrossingError
        For coverage without the layout's sensors.

    Notes
    -----
    Footprints that share a cell or a cell's edge overlap. By ``k_barrier`` where each footprint is in one piece.
    Otherwise the pieces of one sensor fail together: the minimum set is sought by a mixed-integer program up to
    SMALL_CUT pieces, and bounded from above beyond that. Where a sensor's sight is unknown it holds nothing for k,
    which is a lower bound there, and everything for ``k_at_most``.
    """
    coverage = north_up(coverage, where="coverage")
    look = least_look_probability
    return BarrierFootprints.of(layout, coverage, border, belt_m=belt_m, least_look_probability=look).barrier()


def single_losses(
    layout: Layout,
    coverage: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    least_look_probability: float = 0.0,
) -> frozenset[str]:
    """Find every sensor whose loss alone lowers the k of ``barrier``: the single points of failure.

    Parameters
    ----------
    layout : Layout
        The sensors.
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of the layout.
    border : Border or Zone or other BorderLine
        The border.
    belt_m : float, m, optional
        Width of the belt on either side, as for ``gaps``.
    least_look_probability : float
        A sensor holds the cells where it detects with more than this in one look.

    Returns
    -------
    frozenset of str
        Their ids; where k is a bound (``Barrier.exact`` False), those whose loss lowers the bound.

    Raises
    ------
    GapError
        As ``barrier_found``.
    """
    coverage = north_up(coverage, where="coverage")
    look = least_look_probability
    return BarrierFootprints.of(layout, coverage, border, belt_m=belt_m, least_look_probability=look).single_losses()


def depth_of_segments(
    layout: Layout,
    coverage: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    least_look_probability: float = 0.0,
) -> xr.Dataset:
    """Compute the barrier resilience of each segment's own belt, from one end of the segment to the other.

    Parameters
    ----------
    layout : Layout
        The sensors.
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of the layout.
    border : Border or Zone or other BorderLine
        The border.
    belt_m : float, m, optional
        Width of the belt on either side, as for ``gaps``.
    least_look_probability : float
        A sensor holds the cells where it detects with more than this in one look.

    Returns
    -------
    xarray.Dataset, dims (segment,)
        ``depth``; ``depth_at_most``, higher where a sensor's sight is unknown, as ``Barrier.k_at_most``; and ``exact``,
        False where the depth is an upper bound. −1 where no cell of the segment lies on the terrain, or no belt reaches
        both edges.

    Raises
    ------
    GapError
        As ``barrier_found``.

    Notes
    -----
    A belt that at a bend reaches only one edge is joined with its neighbours' as far as is needed to cross. A chain may
    bend only within that belt, so a border is at most as deep as its shallowest segment.
    """
    coverage = north_up(coverage, where="coverage")
    look = least_look_probability
    return BarrierFootprints.of(
        layout, coverage, border, belt_m=belt_m, least_look_probability=look
    ).depth_of_segments()


@dataclass(frozen=True, slots=True, eq=False)
class BarrierFootprints:
    """The cells in a border's belt that each sensor holds: computed once, for several questions about one layout.

    Parameters
    ----------
    border : Border or Zone or other BorderLine
        The border.
    belt : Belt
        Its belt.
    held : mapping of str to Patch
        The cells of each sensor that holds any.
    held_at_most : mapping of str to Patch or None
        The same with the cells where its sight is unknown; None where there are none.
    beyond : tuple of int
        Segments whose middle lies off the terrain.
    """

    border: BorderLine
    belt: Belt
    held: Mapping[str, Patch]
    held_at_most: Mapping[str, Patch] | None
    beyond: tuple[int, ...]

    @classmethod
    def of(
        cls,
        layout: Layout,
        coverage: xr.Dataset,
        border: BorderLine,
        *,
        belt_m: float | None = None,
        least_look_probability: float = 0.0,
    ) -> BarrierFootprints:
        """Compute the footprints of a layout; parameters and errors are those of ``barrier_found``."""
        look = least_look_probability
        if not (isinstance(look, (int, float)) and 0.0 <= look < 1.0):
            raise GapError(f"{look!r}", where="barrier (least_look_probability)", expected="0 to below 1")
        known = [str(name) for name in coverage["sensor"].to_numpy()] if "sensor" in coverage.dims else []
        absent = [name for name in layout.ids if name not in known]
        if absent:
            raise CrossingError(f"no sensor {absent[0]!r}", where="coverage", expected="the layout's sensors")
        width = fitting_belt_m(border, coverage) if belt_m is None else belt_m
        belt = belt_of(border, coverage, belt_m=width)
        looks = coverage["look_probability"].isel(northing=belt.rows, easting=belt.columns)
        held: dict[str, Patch] = {}
        at_most: dict[str, Patch] = {}
        doubtful = False
        for name in layout.ids:
            values = looks.isel(sensor=known.index(name)).to_numpy()
            cells, unknown = belt.inside & (values > look), belt.inside & np.isnan(values)
            patch = wider = Patch.around(cells)
            if unknown.any():
                doubtful, wider = True, Patch.around(cells | unknown)
            if patch is not None:
                held[name] = patch
            if wider is not None:
                at_most[name] = wider
        return cls(border, belt, held, at_most if doubtful else None, _beyond(border, coverage))

    def barrier(self, lost: Collection[str] = ()) -> Barrier:
        """Compute what ``barrier_found`` does, without the sensors that are ``lost``."""
        all_found = [_smallest(chain) for chain in self._chains(self.held, lost)]
        k, cut, _ = min(all_found, key=lambda found: found[0])
        most = k
        if self.held_at_most is not None:
            most = max(k, min(_smallest(chain)[0] for chain in self._chains(self.held_at_most, lost)))
        return Barrier(k, cut, k == 0 or all(sure for _, _, sure in all_found), most - k)

    def single_losses(self) -> frozenset[str]:
        """Find what ``single_losses`` does."""
        chains = self._chains(self.held)
        depths = [_smallest(chain)[0] for chain in chains]
        weakest: set[str] = set()
        for chain, depth in zip(chains, depths, strict=True):
            if depth > min(depths):
                continue
            if _in_pieces(chain):
                names = {piece[0] for piece in _pieces(chain)}
                weakest |= {name for name in names if _smallest(_without(chain, name))[0] < depth}
            else:
                weakest |= {piece[0] for piece in weakest_links(*chain)}
        return frozenset(weakest)

    def depth_of_segments(self) -> xr.Dataset:
        """Compute what ``depth_of_segments`` does."""
        belt, segments = self.belt, self.border.segments
        depth, exact = np.full(segments, -1, np.int64), np.ones(segments, bool)
        at_most = depth.copy()
        windows = ndimage.find_objects(np.where(belt.inside, belt.segment + 1, 0), max_label=segments)
        for segment, window in enumerate(windows):
            run = None if window is None else _crossed_with(belt, windows, segment)
            if run is None:
                continue
            window = _around([windows[number] for number in range(run[0], run[1] + 1)])
            chain = _chain(belt, self.held, run, (run, run), window)
            depth[segment], _, exact[segment] = _smallest(chain)
            at_most[segment] = depth[segment]
            if self.held_at_most is not None:
                chain = _chain(belt, self.held_at_most, run, (run, run), window)
                at_most[segment] = max(depth[segment], _smallest(chain)[0])
        numbers = {"depth": depth, "depth_at_most": at_most}
        variables = {name: ("segment", values, {"units": "1"}) for name, values in numbers.items()}
        variables["exact"] = ("segment", exact, {})
        return xr.Dataset(variables, {"segment": np.arange(segments)})

    def _chains(self, footprints: Mapping[str, Patch], lost: Collection[str] = ()) -> list[Chain]:
        """Overlaps and ends of the ``footprints`` along each open part of the border, without the sensors that are
        ``lost``. A border off the terrain is refused: a depth of 0 there would mean that it is open."""
        if self.beyond:
            raise GapError(
                f"segments such as {self.beyond[0]} are outside the terrain, {len(self.beyond)} in all",
                where="barrier (border)",
                expected="a border clipped to the terrain, or depth_of_segments",
            )
        belt, held = self.belt, {name: patch for name, patch in footprints.items() if name not in lost}
        spans = self.border.segment_spans_m
        parts = list(shapely.get_parts(self.border.line))
        parts = parts[: int(np.searchsorted(np.cumsum([part.length for part in parts]), spans[-1, 1] - 1e-6)) + 1]
        ends = np.cumsum([part.length for part in parts])
        owner = np.searchsorted(ends, spans.mean(axis=1))
        chains = []
        for number, part in enumerate(parts):
            segments = np.flatnonzero(owner == number)
            if part.is_ring or not (belt.inside & np.isin(belt.segment, segments)).any():
                continue
            first, last = int(segments[0]), int(segments[-1])
            everything = (slice(0, belt.inside.shape[0]), slice(0, belt.inside.shape[1]))
            chains.append(_chain(belt, held, (first, last), ((first, first), (last, last)), everything))
        if not chains:
            raise GapError("it has only closed rings", where="barrier (border)", expected="a line with two ends")
        return chains


def _beyond(border: BorderLine, coverage: xr.Dataset) -> tuple[int, ...]:
    """Segments whose middle lies off the terrain."""
    west, south, east, north = bounds(coverage)
    easting, northing = border.point_at(border.segment_spans_m.mean(axis=1))
    off = np.flatnonzero((easting < west) | (easting > east) | (northing < south) | (northing > north))
    return tuple(int(segment) for segment in off)


def _chain(
    belt: Belt,
    footprints: Mapping[str, Patch],
    run: tuple[int, int],
    sides: tuple[tuple[int, int], tuple[int, int]],
    window: tuple[slice, slice],
) -> Chain:
    """Overlaps of footprints in the belt of a run of segments, within a window that holds it, from the start of the
    first run of ``sides`` to the end of the second."""
    inside = _of_run(belt, run, window)
    belt_patch = Patch(window[0].start, window[1].start, inside)
    start, end = (_end(belt, side, window, at_end=bool(i)) for i, side in enumerate(sides))
    return chain_of(footprints, belt_patch, start, end)


def _of_run(belt: Belt, run: tuple[int, int], window: tuple[slice, slice]) -> Bools:
    cells: Bools = belt.inside[window] & (belt.segment[window] >= run[0]) & (belt.segment[window] <= run[1])
    return cells


def _crossed_with(belt: Belt, windows: list[Any], segment: int) -> tuple[int, int] | None:
    """First and last segment of the shortest run around a segment whose belt has both edges; None if there is none."""
    first = last = segment
    while True:
        window = _around([windows[number] for number in range(first, last + 1)])
        cells = (belt.segment[window] >= first) & (belt.segment[window] <= last)
        if (belt.inner[window] & cells).any() and (belt.outer[window] & cells).any():
            return first, last
        before, after = max(first - 1, 0), min(last + 1, len(windows) - 1)
        if (before, after) == (first, last):
            return None
        first, last = before, after


def _around(windows: list[Any]) -> tuple[slice, slice]:
    """The window that contains several windows, some of which may be None."""
    held = [window for window in windows if window is not None]
    rows, columns = (
        slice(min(window[axis].start for window in held), max(window[axis].stop for window in held)) for axis in (0, 1)
    )
    return rows, columns


def _end(belt: Belt, run: tuple[int, int], window: tuple[slice, slice], *, at_end: bool) -> Patch | None:
    """Cells of a run of segments at its start or end: next to other ground, beyond its ends, or at the rim."""
    patch = Patch.around(_of_run(belt, run, window))
    if patch is None:
        return None
    top, left = window[0].start + patch.row, window[1].start + patch.column
    wider = (
        slice(max(top - 1, 0), top + patch.values.shape[0] + 1),
        slice(max(left - 1, 0), left + patch.values.shape[1] + 1),
    )
    cells = _of_run(belt, run, wider)
    lateral = ~cells & (belt.inside[wider] | (belt.segment[wider] < 0))
    touching = cells & (ndimage.binary_dilation(lateral, EDGE) | belt.at_rim[wider])
    span = belt.border.segment_spans_m[run[0], 0], belt.border.segment_spans_m[run[1], 1]
    east, north = np.meshgrid(belt.easting[wider[1]], belt.northing[wider[0]])
    first, last = (np.array(belt.border.point_at(chainage)) for chainage in (span[0], np.nextafter(span[1], span[0])))
    to_first, to_last = (np.hypot(east - place[0], north - place[1]) for place in (first, last))
    nearer = to_last <= to_first if at_end else to_first <= to_last
    return Patch(wider[0].start, wider[1].start, touching & nearer)


def _pieces(chain: Chain) -> set[FootprintPiece]:
    overlaps, left, right = chain
    return {piece for pair in overlaps for piece in pair} | left | right


def _in_pieces(chain: Chain) -> bool:
    names = [piece[0] for piece in _pieces(chain)]
    return len(set(names)) < len(names)


def _without(chain: Chain, name: str) -> Chain:
    overlaps, left, right = chain

    def kept(pieces: Iterable[FootprintPiece]) -> set[FootprintPiece]:
        return {piece for piece in pieces if piece[0] != name}

    return {pair for pair in overlaps if name not in (pair[0][0], pair[1][0])}, kept(left), kept(right)


def _smallest(chain: Chain) -> Found:
    """The minimum set of sensors that cuts all chains, and its size; an upper bound if there are many pieces."""
    k, cut = k_barrier(*chain)
    names = frozenset(piece[0] for piece in cut)
    if k == 0 or not _in_pieces(chain):
        return k, names, True
    exact = _coloured_cut(chain) if len(_pieces(chain)) <= SMALL_CUT else None
    chosen = names if exact is None or len(exact) >= len(names) else exact
    return len(chosen), chosen, exact is not None


def _coloured_cut(chain: Chain) -> frozenset[str] | None:
    """Minimum set of sensors that cuts all chains if a sensor's pieces fail together; None if the solver runs out of
    time.

    Minimise Σ x_s with reach r of each piece (in, out): a piece that overlaps a reached piece is reached, a piece
    passes reach on unless its sensor is cut, the left is reached and the right is not.
    """
    overlaps, left, right = chain
    pieces = sorted(_pieces(chain))
    names = sorted({piece[0] for piece in pieces})
    number, sensor = {piece: i for i, piece in enumerate(pieces)}, {name: i for i, name in enumerate(names)}
    count, variables = len(pieces), len(names) + 2 * len(pieces)
    rows: list[tuple[list[int], list[float], float]] = []

    def enter(piece: FootprintPiece) -> int:
        return len(names) + number[piece]

    def leave(piece: FootprintPiece) -> int:
        return len(names) + count + number[piece]

    for piece in pieces:  # out ≥ in − x
        rows.append(([leave(piece), enter(piece), sensor[piece[0]]], [1.0, -1.0, 1.0], 0.0))
    for a, b in overlaps:
        rows += [([enter(b), leave(a)], [1.0, -1.0], 0.0), ([enter(a), leave(b)], [1.0, -1.0], 0.0)]
    low, high = np.zeros(variables), np.ones(variables)
    low[[enter(piece) for piece in left]] = 1.0
    high[[leave(piece) for piece in right]] = 0.0
    at = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
    columns, values = np.concatenate([row[0] for row in rows]), np.concatenate([row[1] for row in rows])
    matrix = coo_array((values, (at, columns)), shape=(len(rows), variables)).tocsr()
    from scipy.optimize import Bounds, LinearConstraint, milp  # imported here to save the live processes 10 MB

    solution = milp(
        np.append(np.ones(len(names)), np.zeros(2 * count)),
        integrality=np.append(np.ones(len(names)), np.zeros(2 * count)),
        bounds=Bounds(low, high),
        constraints=LinearConstraint(matrix, lb=0.0),
        options={"time_limit": SOLVER_S},
    )
    if solution.status != 0:
        return None
    return frozenset(name for name, cut in zip(names, solution.x[: len(names)], strict=True) if cut > 0.5)
