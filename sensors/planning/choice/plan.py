"""The plan: options to buy for a budget, their effect, and an upper bound for every other choice.

Objectives; for each, a higher value is better:

- ``mean_probability``: mean over the belt of the cumulative Pd including outages (``sensors.coverage``);
- ``worst_segment``: the minimum of this mean over the segments;
- ``least_detection``: Pd on the minimum-detection path (``sensors.gaps``), all sensors working;
- ``timely_detection``: probability that the crosser is detected on the most vulnerable path while his fastest time to
  the end is at least the response time, and the alarm passed on; needs the response time.

Both times of ``timely_detection`` are means, so that it is a sum over paths, which can be searched. The probability of
interruption (``sensors.interdiction``), which includes their spread, is stated beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Ints
from geo.border.belt import BorderLine
from geo.mobility.roads_and_rivers import Ways
from geo.terrain import north_up
from sensors.errors import PlanError
from sensors.interdiction.interception import interruptions
from sensors.layout import Layout
from sensors.planning.choice.benefits import Case, OptionBenefits, PlanProgress, option_benefits
from sensors.planning.choice.crosser_oracle import NoCrossing, WayOracle
from sensors.planning.choice.dominance import undominated
from sensors.planning.choice.options import Option, beside, limits_of, options_of
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.solve import Choice, SolverBudget, best_cover, best_least, gap_of
from sensors.relay import Relay

OBJECTIVES: Final = ("mean_probability", "worst_segment", "least_detection", "timely_detection")
COVERS: Final = ("mean_probability", "worst_segment")


@dataclass(frozen=True, slots=True, eq=False)
class PurchasePlan:
    """A purchase, its effect, and its largest possible distance from the optimum.

    Parameters
    ----------
    layout : Layout
        The existing layout and the purchase, without its mobile items.
    bought : tuple of Option
        The purchase.
    objective : str
        The objective.
    value : float
        Value [1] of the objective with the layout; unknown cells and paths count as not detected.
    bound : float
        Upper bound [1] on the value for any choice within the limits.
    without : float
        Value [1] of the objective for the existing layout alone.
    budget : float
        The budget.
    figures : dict of str to float
        Values [1] of all objectives, and ``least_interruption``, the probability of interruption on the most vulnerable
        path; without unknown cells and segments. NaN: not asked for, no passable crossing, or nothing known.
    dominated : int
        Number of options left out because another is at least as good at no more cost.
    chosen : array of int
        Numbers of the purchase among the options of the benefits, and of parts of the existing layout that have no link
        to a base without it (``OptionBenefits.idle``).
    oracle : WayOracle, optional
        For an objective over paths: the options that were compared, and the paths found.
    """

    layout: Layout
    bought: tuple[Option, ...]
    objective: str
    value: float
    bound: float
    without: float
    budget: float
    figures: dict[str, float]
    dominated: int
    chosen: Ints
    oracle: WayOracle | None = None

    def over_paths_found(self) -> PurchasePlan:
        """Return the plan with its values over all paths that its oracle has found by now, so that plans compare."""
        if self.oracle is None:
            return self
        benefits, ids = self.oracle.benefits, {option.id for option in self.bought}
        without = self.oracle.over_found(np.zeros(0, np.int64))
        chosen = benefits.heard(np.flatnonzero([one.id in ids for one in benefits.options]))
        value = self.oracle.over_found(chosen)
        figures = {**self.figures, self.objective: self.oracle.over_known_segments(chosen)}
        return replace(self, value=value, bound=max(self.bound, value), without=without, figures=figures)

    @property
    def gap(self) -> float:
        """Optimality gap (bound − value)/bound: the most by which the best plan can be better."""
        return gap_of(self.value, self.bound)

    @property
    def mobile(self) -> tuple[Option, ...]:
        """The mobile items of the purchase, with their schedules."""
        return tuple(option for option in self.bought if option.schedule is not None)

    @property
    def cost(self) -> float:
        """Cost of the purchase."""
        return float(sum(option.cost for option in self.bought))

    @property
    def crew(self) -> float:
        """People on duty that the purchase requires."""
        return float(sum(option.crew for option in self.bought))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Requirements of a plan: objective, budget, crew, the value to reach, and the effort of the search.

    Parameters
    ----------
    budget : float
        Maximum total cost of the options.
    objective : str
        "mean_probability", "worst_segment", "least_detection" or "timely_detection".
    crew_limit : float
        Maximum number of people on duty.
    at_least : float, optional
        Value [1] of the objective that must be reached.
    effort : SolverBudget
        Time and size of the search.

    Raises
    ------
    PlanError
        For an unknown objective and a requirement outside 0 to 1.
    """

    budget: float
    objective: str = "mean_probability"
    crew_limit: float = math.inf
    at_least: float | None = None
    effort: SolverBudget = field(default_factory=SolverBudget)

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise PlanError(
                f"objective {self.objective!r} is not known", where="plan", expected=f"one of {', '.join(OBJECTIVES)}"
            )
        if self.at_least is not None and not 0.0 <= self.at_least <= 1.0:
            raise PlanError(f"{self.at_least!r}", where="plan (at least)", expected="a probability, 0 to 1")


def choose_sites(
    candidates: Layout | Sequence[Option],
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    budget: float,
    objective: str = "mean_probability",
    start: Layout | None = None,
    crew_limit: float = math.inf,
    at_least: float | None = None,
    effort: SolverBudget | None = None,
    case: Case | None = None,
    response: xr.DataArray | None = None,
    ways: Ways | None = None,
    bases: npt.ArrayLike | None = None,
    progress: PlanProgress | None = None,
) -> Layout:
    """Choose the layout to buy for a budget: the start layout and the candidates with the highest objective.

    Parameters
    ----------
    candidates : Layout or sequence of Option
        Sensors with a ``cost`` each, or options; at most one per site is bought.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``.
    border : Border or Zone or other BorderLine
        The border.
    budget : float
        Maximum total cost of the options.
    objective : str
        "mean_probability", "worst_segment", "least_detection" or "timely_detection".
    start : Layout, optional
        Existing layout, which is kept at no further cost.
    crew_limit : float
        Maximum number of people on duty.
    at_least : float, optional
        Value [1] of the objective that must be reached.
    effort : SolverBudget, optional
        Time and size of the search.
    case : Case, optional
        Target, conditions, exposure time, direction and belt.
    response : xarray.DataArray, dims (northing, easting), s, optional
        Response time, needed for "timely_detection".
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    bases : array_like, shape (base, 2), m, optional
        Bases; every sensor must have a radio link to one of them.
    progress : callable, optional
        Called as ``progress(done, total)`` after each sensor.

    Returns
    -------
    Layout
        The existing layout and the purchase.

    Raises
    ------
    PlanError
        As for ``plan_layout``.

    See Also
    --------
    plan_layout : Also returns the value of the choice and its bound.
    """
    terrain = north_up(terrain)
    effort = effort or SolverBudget()
    demand = Demand(budget=budget, objective=objective, crew_limit=crew_limit, at_least=at_least, effort=effort)
    return plan_layout(
        candidates,
        terrain,
        border,
        demand,
        case=case,
        start=start,
        response=response,
        ways=ways,
        bases=bases,
        progress=progress,
    ).layout


def plan_layout(
    candidates: Layout | Sequence[Option],
    terrain: xr.Dataset,
    border: BorderLine,
    demand: Demand,
    *,
    case: Case | None = None,
    start: Layout | None = None,
    response: xr.DataArray | None = None,
    ways: Ways | None = None,
    bases: npt.ArrayLike | None = None,
    progress: PlanProgress | None = None,
) -> PurchasePlan:
    """Plan a purchase for a demand, from scratch or in addition to an existing layout.

    Parameters
    ----------
    candidates : Layout or sequence of Option
        Sensors with a ``cost`` each, or options; at most one per site is bought. Sites of existing sensors are
        occupied; relays among the candidates are bought to provide links.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``.
    border : Border or Zone or other BorderLine
        The border.
    demand : Demand
        Objective, budget, crew, required value and effort.
    case : Case, optional
        Target, conditions, exposure time, direction and belt.
    start : Layout, optional
        Existing layout, which is kept at no further cost.
    response : xarray.DataArray, dims (northing, easting), s, optional
        Response time (``geo.paths.response_times.response_time``), needed for "timely_detection".
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    bases : array_like, shape (base, 2), m, optional
        Bases; every sensor must have a radio link to one of them.
    progress : callable, optional
        Called as ``progress(done, total)`` after each sensor.

    Returns
    -------
    PurchasePlan
        The purchase, its value, and an upper bound on the value of any plan.

    Raises
    ------
    PlanError
        If there are no candidates, a cost or limit is negative, the budget or crew allows no purchase, or the required
        value cannot be reached; the message names the constraint.
    """
    terrain = north_up(terrain)
    options = options_of(candidates) if isinstance(candidates, Layout) else tuple(candidates)
    for layout in (candidates, start):
        if isinstance(layout, Layout) and layout.frame.wkt != border.frame.wkt:
            raise PlanError(
                "lies in another frame than the border", where=f"layout {layout.name!r}", expected="the border's frame"
            )
    options = beside(options, start)
    limits = limits_of(options, demand.budget, demand.crew_limit)
    limits.refuse_if_nothing_fits([option.id for option in options])
    benefits = option_benefits(
        options, terrain, border, case=case, present=start, ways=ways, bases=bases, progress=progress
    )
    return plan_of_benefits(benefits, demand, start=start, response=response)


def plan_of_benefits(
    benefits: OptionBenefits,
    demand: Demand,
    *,
    start: Layout | None = None,
    response: xr.DataArray | None = None,
    after: PurchasePlan | None = None,
) -> PurchasePlan:
    """Plan with benefits already computed, for the same ``start``.

    ``after`` is a plan of the same benefits, objective and response, such as that for a smaller budget: the plan is
    never worse if that one is within the limits, and both share the paths found. Raises the errors of ``plan_layout``.
    """
    if demand.objective == "timely_detection" and response is None:
        raise PlanError("no response is known", where="plan (timely detection)", expected="bases to respond from")
    if demand.objective == "timely_detection" and response is not None and bool(np.isnan(response).all()):
        raise PlanError(
            "the response is unknown everywhere", where="plan (timely detection)", expected="seconds, or inf"
        )
    everything = limits_of(benefits.options, demand.budget, demand.crew_limit)
    wanted = [n for n, option in enumerate(benefits.options) if option.id not in benefits.idle]
    everything.only(np.array(wanted)).refuse_if_nothing_fits([benefits.options[n].id for n in wanted])
    worthy = undominated(benefits, everything)
    limits, inner = everything.only(worthy), benefits.only(worthy)
    ids = [option.id for option in inner.options]
    known = () if after is None else (option.id for option in after.bought)
    begin = np.array([ids.index(option) for option in known if option in ids], np.int64)
    nothing = np.zeros(0, np.int64)
    if after is not None and after.objective == demand.objective:
        oracle = after.oracle
    elif demand.objective in COVERS:
        oracle = None
    else:
        oracle = WayOracle(inner, response if demand.objective == "timely_detection" else None)
        oracle.least(nothing)
    choice = _chosen(inner, limits, demand, oracle, begin if limits.kept_by(begin) else None)
    chosen = worthy[choice.chosen]
    bought = tuple(benefits.options[n] for n in chosen if benefits.options[n].id not in benefits.idle)
    frame = benefits.watched.belt.border.frame
    purchase = f"plan ({demand.objective.replace('_', ' ')})"
    name = purchase if start is None else f"{start.name} and {purchase}"
    layout = Layout(
        name,
        frame,
        (*(() if start is None else start.sensors), *(o.sensor for o in bought if _stands(o))),
        (*(() if start is None else start.relays), *(o.sensor for o in bought if isinstance(o.sensor, Relay))),
    )
    plan = PurchasePlan(
        layout,
        bought,
        demand.objective,
        choice.value,
        choice.limit,
        benefits.cover.worst(nothing) if demand.objective == "worst_segment" else benefits.cover.covered(nothing),
        demand.budget,
        figures_of(benefits, chosen, response),
        len(benefits.options) - len(worthy),
        np.asarray(chosen, np.int64),
        oracle,
    ).over_paths_found()
    _refuse_unreached(plan, inner, limits, demand)
    return plan


def _stands(option: Option) -> bool:
    return not isinstance(option.sensor, Relay) and option.schedule is None


def _chosen(
    benefits: OptionBenefits, limits: Constraints, demand: Demand, oracle: WayOracle | None, begin: Ints | None
) -> Choice:
    if oracle is None:
        worst = demand.objective == "worst_segment"
        choice = best_cover(
            benefits.cover, limits, worst=worst, effort=demand.effort, start=begin, links=benefits.links
        )
        heard = benefits.heard(choice.chosen)
        value = benefits.cover.worst(heard) if worst else benefits.cover.covered(heard)
    else:
        choice = best_least(oracle, limits, effort=demand.effort, start=begin, links=benefits.links, cuts=oracle.cuts)
        heard = benefits.heard(choice.chosen)
        value = oracle.value_at(oracle.least(heard)[0])
    return Choice(heard, value, max(choice.limit, value))


def figures_of(
    benefits: OptionBenefits, chosen: npt.ArrayLike, response: xr.DataArray | None = None
) -> dict[str, float]:
    """Value of every objective, and probability of interruption, with the existing layout and the ``chosen`` options.

    Means over the belt equal those of ``sensors.coverage.segments`` for the layout, without unknown cells; detection on
    a path is without the segments in which it is unknown. ``least_interruption`` is the minimum of
    ``sensors.interdiction.interruptions`` over the segments; its paths meet mobile options at their mean rates, and are
    evaluated with those of an unknown phase. NaN: ``timely_detection`` and interruption without a response, detection
    and interruption on a path where there is no passable crossing or nothing is known.
    """
    options = np.asarray(chosen, np.int64)
    means = benefits.means(options)
    bought = benefits.only(options)
    return {
        "mean_probability": means.mean_probability,
        "worst_segment": means.worst_segment,
        "least_detection": _over_paths(bought),
        "timely_detection": math.nan if response is None else _over_paths(bought, response),
        "least_interruption": math.nan if response is None else _interruption(bought, response),
    }


def _over_paths(bought: OptionBenefits, response: xr.DataArray | None = None) -> float:
    """Value of an objective over paths with all options; NaN without a passable crossing or a known segment."""
    oracle, every = WayOracle(bought, response), np.arange(len(bought.options))
    try:
        oracle.least(every)
    except NoCrossing:
        return math.nan
    return oracle.over_known_segments(every)


def _interruption(bought: OptionBenefits, response: xr.DataArray) -> float:
    """The lowest probability of interruption of the segments with all options; NaN where none is known."""
    case = bought.case
    found = interruptions(
        bought.with_chosen(np.arange(len(bought.options))),
        response,
        direction=case.direction,
        neighbours=case.neighbours,
        settings=case.response_settings,
        mobile=bought.mobile,
    )["least_interruption"]
    return float(found.min())


def _refuse_unreached(plan: PurchasePlan, benefits: OptionBenefits, limits: Constraints, demand: Demand) -> None:
    """Raise PlanError, naming the binding constraint, if the required value is not reached."""
    wanted = demand.at_least
    if wanted is None or plan.value >= wanted - 1e-9:
        return
    reach = f"{demand.objective} of {wanted:g}"
    best = f"the plan reaches {plan.value:.4g}"
    if plan.bound >= wanted:
        raise PlanError(
            f"no plan found with {reach}: {best}, and up to {plan.bound:.4g} is not ruled out",
            where="plan (at least)",
            expected="more time, a lower value, or more budget",
        )
    short = replace(demand.effort, seconds=max(demand.effort.seconds / 3.0, 1.0))
    quick = replace(demand, effort=short)
    whole = np.arange(len(limits)) if benefits.links is None else benefits.links.within_reach()
    for name, relaxed in (
        ("the budget", limits.without(budget=True)),
        ("the crew", limits.without(crew=True)),
        ("budget and crew together", limits.without(budget=True, crew=True)),
    ):
        found = _chosen(benefits, relaxed, quick, plan.oracle, whole if relaxed.kept_by(whole) else None)
        if found.value >= wanted - 1e-9:
            raise PlanError(
                f"{name} makes {reach} impossible: at most {plan.bound:.4g}",
                where="plan (at least)",
                expected=f"more of {name}, or a lower value",
            )
    if found.limit >= wanted:
        raise PlanError(
            f"{reach} is not possible within budget and crew: at most {plan.bound:.4g}; in the time it was not decided "
            "whether more of them would allow it",
            where="plan (at least)",
            expected="more time, budget or crew, or a lower value",
        )
    raise PlanError(
        f"the sites make {reach} impossible: all candidates together, one a site, do not reach it ({best})",
        where="plan (at least)",
        expected="more or better candidates, or a lower value",
    )


def pareto(
    benefits: OptionBenefits,
    demand: Demand,
    *,
    steps: int = 6,
    start: Layout | None = None,
    response: xr.DataArray | None = None,
    after: PurchasePlan | None = None,
) -> list[PurchasePlan]:
    """Plans for increasing budgets up to the demand's: the Pareto front of cost against the objective.

    Each plan starts from the previous one, the first from ``after`` (``plan_of_benefits``), and over paths all values
    are those over the paths found for any of them. Plans that do not improve on a cheaper one are omitted.
    """
    if steps < 2:
        raise PlanError(f"{steps} steps", where="plan (pareto)", expected="at least 2")
    usable = [o for o in benefits.options if o.id not in benefits.idle and o.crew <= demand.crew_limit]
    affordable = min((option.cost for option in usable), default=math.inf)
    plans: list[PurchasePlan] = []
    for share in np.linspace(0.0, 1.0, steps + 1)[1:]:
        budget = float(share * demand.budget)
        if budget < affordable:
            continue
        each = replace(demand.effort, seconds=demand.effort.seconds / steps)
        step = replace(demand, budget=budget, at_least=None, effort=each)
        after = plan_of_benefits(benefits, step, start=start, response=response, after=after)
        plans.append(after)
    front: list[PurchasePlan] = []
    for plan in sorted(
        (plan.over_paths_found() for plan in plans), key=lambda one: (one.cost, -one.value, -one.budget)
    ):
        if not front or plan.value > front[-1].value + 1e-9:
            front.append(plan)
    return front
