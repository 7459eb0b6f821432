"""The planner's search for what to buy: the plan for a budget, cheaper plans as the front of cost, and the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from geo.errors import BadInput
from ops.analysis.plan.files import layout_document
from ops.analysis.plan.findings import PlanFindings
from ops.analysis.plan.options import PlanOptions
from ops.analysis.plan.search import affordable, best_plan, options_on
from ops.sector.open_sector import OpenSector
from ops.sector.ways import SectorWays
from ops.services.planner.drawing import json_number, part_records
from ops.services.planner.reports import write_plan_report
from sensors.layout import Layout
from sensors.planning.choice.benefits import Case, OptionBenefits
from sensors.planning.choice.candidate_sites import SiteRules
from sensors.planning.choice.layout_cost import layout_cost
from sensors.planning.choice.options import Money
from sensors.planning.choice.plan import Demand, PurchasePlan, pareto
from sensors.planning.solver.solve import SolverBudget

SPACING_M: Final = 2000.0
"""Spacing of candidate sites: wider than that of ``watchline plan``, for an answer within a minute."""
FRONT_STEPS: Final = 4
"""Budgets, up to that of the order, for which a plan is searched for the front of cost and coverage."""
FRONT_TIME: Final = 0.5
"""Time for the front as a fraction of that for the plan."""


@dataclass(frozen=True, slots=True)
class PlannedGround:
    """A sector, its roads, rivers and fords, and how costs are counted."""

    ground: OpenSector
    ways: SectorWays
    money: Money


def plan_answer(
    order: Mapping[str, Any],
    site: PlannedGround,
    present: Layout | None,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Plan what to buy, in addition to the ``present`` layout: the purchase, the layout as a file, the cost and
    coverage of the whole layout, and under ``front`` the same of cheaper plans.

    ``progress(doing, done, total)`` is called as the work proceeds.
    """
    demand, case = _demand(order), _case(order, site.ground)
    rules = SiteRules(own_side=bool(order.get("own_side", True)), spacing_m=SPACING_M)
    options, _ = options_on(site.ground, rules, site.money)
    options = affordable(options, demand, present)
    count = len(options)
    total = count + max(count // 4, 3)
    benefits, plan = best_plan(
        options,
        site.ground,
        demand,
        case=case,
        present=present,
        ways=site.ways.ways,
        bases=list(site.ground.bases_on_terrain().values()),
        progress=lambda doing, done, _: progress(doing, min(done, count), total),
    )
    progress("front", total - 2, total)
    plan, front = with_cheaper(plan, benefits, demand, present)
    progress("report", total - 1, total)
    shown = (*front, plan) if demand.objective == "worst_segment" else ()  # the report's front is of this objective
    asked = _options(demand, case, rules, site)
    write_plan_report(
        order, PlanFindings(asked, site.ground, site.money.catalogue, benefits, plan, shown, None, site.ways)
    )
    return {
        "objective": plan.objective,
        "bound": json_number(plan.bound),
        "gap": json_number(plan.gap),
        "without": json_number(plan.without),
        "currency": site.money.catalogue.currency,
        "target": case.target,
        "conditions": case.conditions,
        **_planned(plan, site.money),
        "front": [_planned(one, site.money) for one in front],
        "ground": site.ways.record,
    }


def with_cheaper(
    plan: PurchasePlan, benefits: OptionBenefits, demand: Demand, present: Layout | None
) -> tuple[PurchasePlan, list[PurchasePlan]]:
    """The best plan for the demand, and the cheaper ones of the front, with values over the same paths."""
    effort = replace(demand.effort, seconds=max(FRONT_TIME * demand.effort.seconds, 1.0))
    cheaper = pareto(benefits, replace(demand, effort=effort), steps=FRONT_STEPS, start=present, after=plan)
    best = best_of(plan.over_paths_found(), cheaper)
    return best, [one for one in cheaper if one.cost < best.cost]


def best_of(plan: PurchasePlan, cheaper: Sequence[PurchasePlan]) -> PurchasePlan:
    """The plan, or one for a smaller budget that is better, or as good for less, with the bound for the budget."""
    best = max((plan, *cheaper), key=lambda one: (round(one.value, 9), -one.cost))
    bound = min(one.bound for one in (plan, *cheaper) if one.budget >= plan.budget)
    return replace(best, bound=max(bound, best.value), budget=plan.budget)


def _demand(order: Mapping[str, Any]) -> Demand:
    seconds = min(max(float(order.get("seconds", 15.0)), 1.0), 120.0)
    objective = str(order.get("objective", "mean_probability"))
    if objective == "timely_detection":
        raise BadInput(
            "objective 'timely_detection' is not available on the planner's page",
            where="plan (objective)",
            expected="mean_probability, worst_segment or least_detection",
        )
    return Demand(budget=float(order["budget"]), objective=objective, effort=SolverBudget(seconds=seconds, gap=0.005))


def _case(order: Mapping[str, Any], ground: OpenSector) -> Case:
    target, conditions = str(order.get("target", "person")), str(order.get("conditions", "day"))
    return Case(target=target, conditions=conditions, belt_m=ground.sector.belt_m)


def _options(demand: Demand, case: Case, rules: SiteRules, site: PlannedGround) -> PlanOptions:
    """The options of ``watchline plan`` that ask the same."""
    return PlanOptions(
        sector=site.ground.sector.name,
        budget=demand.budget,
        objective=demand.objective,  # type: ignore[arg-type]
        target=case.target,  # type: ignore[arg-type]
        conditions=case.conditions,
        own_side=rules.own_side,
        spacing_m=rules.spacing_m,
        years=site.money.years,
        discount=site.money.discount_rate,
    )


def _planned(plan: PurchasePlan, money: Money) -> dict[str, Any]:
    """A plan's purchase, its layout, and the cost and detection of the whole layout."""
    whole = layout_cost((*plan.layout.relays, *plan.layout.sensors), money)
    return {
        "value": json_number(plan.value),
        "cost": round(plan.cost, 2),
        "bought": [{"id": o.id, "item": o.sensor.catalogue, "cost": round(o.cost, 2)} for o in plan.bought],
        "life_cycle_cost": round(whole.life_cycle_cost, 2),
        "mean_probability": json_number(plan.figures["mean_probability"]),
        "worst_segment": json_number(plan.figures["worst_segment"]),
        "layout": layout_document(plan.layout),
        "sensors": part_records(plan.layout, {option.id for option in plan.bought}),
    }
