"""The study of a comparison: everything that needs the terrain, computed once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats
from geo.border.belt import BorderLine
from geo.challenge import challenge
from geo.mobility.roads_and_rivers import Ways
from geo.paths.response_times import response_time
from geo.terrain import north_up
from sensors.coverage.model import coverage
from sensors.coverage.radio_links import Network, delays_by_hand, links_known, network_of, with_reports_decided
from sensors.detection_model.assumptions import Assumptions
from sensors.equipment.catalogue import Catalogue, shipped
from sensors.equipment.life_cycle_cost import annuity_factor, item_cost
from sensors.errors import CompareError, GapError
from sensors.gaps.footprint_barrier import BarrierFootprints
from sensors.interdiction.interception import ResponseSettings, depth_of
from sensors.layout import Layout
from sensors.planning.comparison.design import Design, items_used, parts_of, refuse_unpriced, residual_item_of
from sensors.planning.comparison.draws import Draws, Input, central, inputs_of
from sensors.planning.comparison.exposure import CandidatePaths, exposures
from sensors.planning.comparison.mobile_parts import MobilePart, mobile_by_layout, with_mobile
from sensors.planning.comparison.outcome import Outcome, availability_of, outcome, survival, workload, works
from sensors.planning.comparison.purchase import budgets, buy
from sensors.planning.comparison.sensor_rates import ComparisonTerrain
from sensors.planning.comparison.settings import CompareSettings
from sensors.planning.comparison.verdict import after_displacement

INDEPENDENT: Final = (
    "misses and outages of different sensors are independent, and whether an operator assesses an alert is independent "
    "of the crossing; the minimum-detection path is the minimum over the candidate paths, so detection may be slightly "
    "overestimated in samples far from the centre"
)
"""Limits of every comparison."""

WITHOUT_TERRAIN: Final = (
    "budget",
    "years",
    "discount_rate",
    "operators",
    "objective",
    "required_probability",
    "samples",
    "seed",
)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """The parts of a comparison that are computed once: terrain, candidate paths, designs and inputs.

    Parameters
    ----------
    layouts : tuple of Layout
        The layouts.
    ground : ComparisonTerrain
        Belt, mobility and response.
    ways : CandidatePaths
        Candidate paths of crossers, the same for every layout.
    designs : tuple of Design
        Each layout with its exposure.
    inputs : tuple of Input
        Uncertain inputs.
    settings : CompareSettings
        The case.
    catalogue : Catalogue
        Prices and properties of equipment.
    by_strips : mapping of float to (CandidatePaths, tuple of Design)
        The same paths and designs with other numbers of strips, by factor; empty without a response.

    Notes
    -----
    ``sensors.planning.comparison.degradation`` and reports use it for further results that need no terrain.
    """

    layouts: tuple[Layout, ...]
    ground: ComparisonTerrain
    ways: CandidatePaths
    designs: tuple[Design, ...]
    inputs: tuple[Input, ...]
    settings: CompareSettings
    catalogue: Catalogue
    by_strips: Mapping[float, tuple[CandidatePaths, tuple[Design, ...]]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the layouts."""
        return [layout.name for layout in self.layouts]

    def changed(self, **changes: Any) -> Study:
        """Return the same study with other values of the settings that need no terrain (WITHOUT_TERRAIN).

        Parameters
        ----------
        **changes : Any
            Fields of ``CompareSettings`` by name.

        Returns
        -------
        Study
            The changed study.

        Raises
        ------
        CompareError
            For settings that need the terrain.
        """
        if strangers := sorted(set(changes) - set(WITHOUT_TERRAIN)):
            raise CompareError(
                f"{strangers[0]!r} needs a new study", where="study", expected=f"among {', '.join(WITHOUT_TERRAIN)}"
            )
        settings = replace(self.settings, **changes)
        moving = [design.exposure.mobile for design in self.designs]
        _refuse_unaffordable(self.layouts, self.catalogue, settings, moving)

        def under(designs: Sequence[Design]) -> tuple[Design, ...]:
            return tuple(replace(design, settings=settings) for design in designs)

        by_strips = {factor: (paths, under(designs)) for factor, (paths, designs) in self.by_strips.items()}
        return replace(self, settings=settings, designs=under(self.designs), by_strips=by_strips)

    def outcomes(self, draws: Draws, money: Floats | None = None) -> list[Outcome]:
        """Compute the outcome of each layout in Monte Carlo samples of the inputs.

        Parameters
        ----------
        draws : Draws
            The samples.
        money : ndarray, shape (sample,), optional
            The same budget for all layouts.

        Returns
        -------
        list of Outcome
            One per layout.
        """
        have = budgets(self.designs, draws) if money is None else money
        return [outcome(design, self.ways, draws, have) for design in self.designs]

    def outcomes_by_strips(self) -> dict[float, list[Outcome]]:
        """Compute the outcome of each layout with other numbers of strips, all inputs central.

        Returns
        -------
        dict of float to list of Outcome
            By the factor on the number of strips, in ascending order, 1 included: one outcome per layout.
        """
        middle = central(self.inputs)
        have = budgets(self.designs, middle)
        cases = {**self.by_strips, 1.0: (self.ways, self.designs)}
        return {
            factor: [outcome(design, paths, middle, have) for design in designs]
            for factor, (paths, designs) in sorted(cases.items(), key=lambda case: case[0])
        }


def study(
    layouts: Sequence[Layout],
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    settings: CompareSettings | None = None,
    catalogue: Catalogue | None = None,
    bases: npt.ArrayLike | None = None,
    ways: Ways | None = None,
    assumptions: Assumptions | None = None,
    mobile: Mapping[str, Sequence[MobilePart]] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **changes: Any,
) -> Study:
    """Compute the parts of a comparison that need the terrain, the expensive part of ``compare``.

    Parameters
    ----------
    layouts : sequence of Layout
        The layouts.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``.
    border : Border or Zone or other BorderLine
        The border.
    settings : CompareSettings, optional
        The case.
    catalogue : Catalogue, optional
        Prices and properties of equipment; by default the shipped catalogue.
    bases : array_like, shape (base, 2), m, optional
        Easting and northing of the bases, where responders start and reports arrive; without bases, interruption is NaN
        and in a layout without a gateway every sensor counts as linked.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    assumptions : Assumptions, optional
        Named settings of the detection model.
    mobile : mapping of str to sequence of MobilePart, optional
        Mobile parts by the name of the layout to which they belong.
    progress : callable, optional
        Called as ``progress(done, total)`` after each layout.
    **changes : Any
        Fields of ``settings`` by name (``budget``, ``years``, ``samples``, ``seed``, ...).

    Returns
    -------
    Study
        The study, to be passed to ``verdict``.

    Raises
    ------
    BadInput
        For sensors without a price or a position, and budgets that buy nothing.
    """
    terrain = north_up(terrain)
    chosen, known = (settings or CompareSettings()).having(**changes), catalogue or shipped()
    _refuse(layouts)
    moving = mobile_by_layout(layouts, mobile or {})
    layouts = [with_mobile(layout, list(parts.values())) for layout, parts in zip(layouts, moving, strict=True)]
    _refuse_unaffordable(layouts, known, chosen, moving)
    done, total = 0, 2 * len(layouts) + 1

    def one() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    places = _places([] if bases is None else bases)
    loaded = terrain.compute()
    response = response_time(loaded, places, ways=ways) if len(places) else None
    stated, layouts = (
        layouts,
        [
            with_reports_decided(layout, loaded, places) if links_known(layout.relays, places) else layout
            for layout in layouts
        ],
    )
    ground = ComparisonTerrain.of(loaded, border, chosen, response=response, ways=ways, assumptions=assumptions)
    response_settings = ResponseSettings(strips=chosen.strips or None)
    chosen = replace(chosen, strips=response_settings.strips_over(depth_of(ground.belt)))
    one()
    networks = [_network(layout, loaded, places) for layout in layouts]
    by_hand = [
        {} if net is None else delays_by_hand(one, layout, net)
        for one, layout, net in zip(stated, layouts, networks, strict=True)
    ]
    silent = [_silent(layout, net) for layout, net in zip(layouts, networks, strict=True)]
    by_strips = {
        factor: (
            paths,
            tuple(Design.of(e, known, chosen, ground, net) for e, net in zip(exposed, networks, strict=True)),
        )
        for factor, (paths, exposed) in exposures(
            layouts, ground, known, chosen, one, silent=silent, by_hand=by_hand, mobile=moving
        ).items()
    }
    paths, designs = by_strips.pop(1.0)
    inputs = tuple(inputs_of(items_used(designs), known, chosen))
    return Study(tuple(layouts), ground, paths, designs, inputs, chosen, known, by_strips)


def _network(layout: Layout, terrain: xr.Dataset, places: Floats) -> Network | None:
    """Links between the parts of a layout; None if there is neither a base nor a gateway."""
    parts = parts_of(layout)
    return network_of(parts, terrain, places) if links_known(parts, places) else None


def _silent(layout: Layout, net: Network | None) -> frozenset[str]:
    """Sensors without a link to a base even with everything working; their detections are not received."""
    if net is None:
        return frozenset()
    reached = net.linked(np.ones(len(net), np.bool_))
    return frozenset(part.id for part, linked in zip(parts_of(layout), reached, strict=True) if not linked)


def _places(bases: npt.ArrayLike) -> Floats:
    """Bases (base, 2) [m]; a single one may be given without a list, none as an empty list."""
    try:
        places = np.asarray(bases, np.float64)
    except (TypeError, ValueError):
        raise CompareError("not all are numbers", where="bases", expected="positions (base, 2) in metres") from None
    if places.size and (places.ndim not in (1, 2) or places.shape[-1] != 2):
        raise CompareError(f"shape {places.shape}", where="bases", expected="positions (base, 2) in metres")
    return places.reshape(-1, 2)


def ground_figures(comparison: Study) -> dict[str, Any]:
    """Figures of the layouts' coverage: (layout, segment) fractions of the decided cells, (layout,) depth, and the
    difficulty of the segments."""
    belt, needed = comparison.ground.belt, comparison.settings.required_probability
    inside = belt.inside & (belt.segment >= 0)
    covered: list[Floats] = []
    hidden: list[Floats] = []
    depth, at_most, cuts, losses = [], [], [], []
    for design in comparison.designs:
        exposure = design.exposure
        for raster, into in ((exposure.cell_probability >= needed, covered), (~exposure.cell_seen, hidden)):
            # as in sensors.coverage.segments: cells that a sensor of unknown sight might decide are left out
            decided = ~exposure.cell_unknown | (raster if into is covered else ~raster)
            hits, count = (
                np.bincount(belt.segment[inside], weights=cells[inside], minlength=belt.border.segments)
                for cells in (raster & decided, decided)
            )
            into.append(np.where(count > 0, hits / np.maximum(count, 1), np.nan))
        k, most, cut, lost = _depth(comparison, design)
        depth.append(k)
        at_most.append(most)
        cuts.append(", ".join(sorted(cut)))
        losses.append(", ".join(sorted(lost)))
    ground = comparison.ground
    hard = challenge(ground.terrain, belt.border, belt_m=belt.belt_m, ways=ground.ways, response=ground.response)
    return {
        "covered_fraction": np.array(covered),
        "dead_ground_fraction": np.array(hidden),
        "k": np.array(depth, dtype=np.float64),
        "k_at_most": np.array(at_most, dtype=np.float64),
        "cut": np.array(cuts, dtype=str),
        "single_points_of_failure": np.array(losses, dtype=str),
        "difficulty": hard["surveillance_difficulty"].to_numpy(),
        "crossing_ease": hard["crossing_ease"].to_numpy(),
    }


def _depth(comparison: Study, design: Design) -> tuple[float, float, frozenset[str], frozenset[str]]:
    """Depth k of the sensors that reach a base (NaN without ends between which it counts), its upper bound, a minimum
    cut set, and the single parts whose loss lowers k, including relays; neither where the bounds differ, as both are
    unknown then."""
    belt, whole = comparison.ground.belt, design.exposure.layout
    layout = _without(whole, design.unlinked | frozenset(design.exposure.mobile))  # a barrier stands
    cover = coverage(
        layout,
        comparison.ground.terrain,
        None,
        target=comparison.settings.target,
        assumptions=comparison.ground.assumptions,
    )
    try:
        footprints = BarrierFootprints.of(layout, cover, belt.border, belt_m=belt.belt_m)
        found = footprints.barrier()
        if found.undecided:
            return found.k if found.exact else 0, found.k_at_most, frozenset(), frozenset()
        lost = footprints.single_losses()
        for number, relay in enumerate(whole.relays):
            there = np.arange(len(design.parts)) != number
            cut_off = {p.id for p, out in zip(design.parts, design.outages(there).never, strict=True) if out}
            cut_off -= design.exposure.by_hand
            if cut_off.intersection(layout.ids) and footprints.barrier(cut_off).k < found.k:
                lost = lost | {relay.id}
    except GapError:  # a border of closed rings only has no ends
        return np.nan, np.nan, frozenset(), frozenset()
    return found.k, found.k, found.cut, lost


def _without(layout: Layout, ids: Collection[str]) -> Layout:
    return replace(layout, sensors=tuple(sensor for sensor in layout if sensor.id not in ids))


def displaced(comparison: Study) -> tuple[Floats, Floats]:
    """Gains (layout,) over the first layout before and after crossers choose their path again, all inputs central.

    Gains in assessed detections over the whole border; the crosser chooses the best position to cross.
    """
    draws = central(comparison.inputs)
    money = budgets(comparison.designs, draws)
    noticed = []
    for design in comparison.designs:
        bought = buy(design, draws, money)
        up = availability_of(design, draws)
        _, assessed = workload(design, draws, up)
        ((_, some),) = works(design, bought, up)
        missed = [
            survival(design, comparison.ways, draws, some, number)[0, :, -1]
            for number in range(len(comparison.settings.weather))
        ]
        noticed.append(assessed[0] * (1.0 - np.stack(missed)))
    return after_displacement(noticed, draws.shares[0])


def _refuse(layouts: Sequence[Layout]) -> None:
    if not layouts:
        raise CompareError("no layout", where="compare", expected="at least one")
    names = [layout.name for layout in layouts]
    for name in names:
        if names.count(name) > 1:
            raise CompareError(f"two layouts are called {name!r}", where="compare", expected="unique names")


def _refuse_unaffordable(
    layouts: Sequence[Layout],
    catalogue: Catalogue,
    settings: CompareSettings,
    mobile: Sequence[Mapping[str, MobilePart]],
) -> None:
    """Raise CompareError if a fixed budget buys no sensor of some layout at central prices; relays are bought first."""
    residual_item_of(catalogue, settings)
    for layout in layouts:
        refuse_unpriced(layout)
    if settings.budget is None:
        return
    staff, rate, years = catalogue.staff, settings.discount_rate, settings.years
    post_cost = staff.cost_per_person_year.central * staff.people_per_post.central
    room = settings.operators * post_cost * float(annuity_factor(years, rate))
    for layout, moving in zip(layouts, mobile, strict=True):
        price = 0.0
        for part in parts_of(layout)[: len(layout.relays) + 1] if len(layout) else ():
            item = None if part.catalogue is None else catalogue[part.catalogue]
            one = part.cost or 0.0 if item is None else item_cost(item, staff, years=years, discount_rate=rate)
            carrier = moving.get(part.id)
            if carrier is not None and carrier.pays_for_camera:
                one += item_cost(carrier.camera, staff, years=years, discount_rate=rate, with_crew=False)
            price += one * (1 if carrier is None else carrier.units)
        if price + room > settings.budget:
            first = f"the first costs {price:,.0f}{' with its relays' if len(layout.relays) else ''}"
            raise CompareError(
                f"{settings.budget:,.0f} buys no sensor of layout {layout.name!r}: {first} beside "
                f"{settings.operators} operators at {room:,.0f}",
                where="budget",
                expected="more money, fewer operators or fewer years",
            )
