"""The search for a plan, for the command and the planner's page: options, their benefits, and the selection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ops.sector.open_sector import OpenSector

if TYPE_CHECKING:
    import xarray as xr

    from geo.arrays import Floats
    from geo.mobility.roads_and_rivers import Ways
    from sensors.layout import Layout
    from sensors.planning.choice.benefits import Case, OptionBenefits
    from sensors.planning.choice.candidate_sites import Around, SiteRules
    from sensors.planning.choice.options import Money, Option
    from sensors.planning.choice.plan import Demand, PurchasePlan

ITEMS: Final = ("portable_radar", "ast_tower", "observation_post", "trail_camera", "seismic_line", "radio_relay")
"""The default items to buy: basic equipment, one high-tech tower type, and relays."""


def options_on(
    ground: OpenSector, rules: SiteRules, money: Money, *, items: Sequence[str] = ITEMS, around: Around | None = None
) -> tuple[tuple[Option, ...], xr.Dataset]:
    """Return ``items`` at the candidate sites of the sector, and these sites."""
    from sensors.planning.choice.candidate_sites import candidate_sites
    from sensors.planning.choice.options import options_at

    where = {} if around is None else {"around": around}
    sites = candidate_sites(ground.terrain, ground.crossed, belt_m=ground.sector.belt_m, rules=rules, **where)
    return options_at(sites, items, ground.crossed, ground.frame, money), sites


def affordable(options: tuple[Option, ...], demand: Demand, present: Layout | None) -> tuple[Option, ...]:
    """Return the affordable options in addition to a existing layout; BadInput where budget and crew allow none."""
    from sensors.planning.choice.options import beside, limits_of

    options = beside(options, present)
    limits = limits_of(options, demand.budget, demand.crew_limit)
    limits.refuse_if_nothing_fits([option.id for option in options])
    return options


def best_plan(
    options: tuple[Option, ...],
    ground: OpenSector,
    demand: Demand,
    *,
    case: Case,
    present: Layout | None,
    ways: Ways,
    bases: Sequence[tuple[float, float]] | None,
    response: xr.DataArray | None = None,
    losses: Floats | None = None,
    progress: Callable[[str, int, int], None],
) -> tuple[OptionBenefits, PurchasePlan]:
    """Return the benefit of each option, and the plan that meets the demand.

    With ``losses`` (segment,) [1] the objective, its bound and its value before count a miss by the loss of its
    segment; the benefits, the plan's ``figures`` and the value that is required do not.

    ``progress(doing, done, total)`` is called with "candidates" after each option, then once with "choosing".
    """
    from sensors.errors import PlanError
    from sensors.planning.choice.benefits import option_benefits
    from sensors.planning.choice.plan import figures_of, plan_of_benefits

    benefits = option_benefits(
        options,
        ground.terrain,
        ground.crossed,
        case=case,
        present=present,
        ways=ways,
        bases=bases,
        progress=lambda done, total: progress("candidates", done, total),
    )
    progress("choosing", len(options), len(options))
    if losses is None:
        return benefits, plan_of_benefits(benefits, demand, start=present, response=response)
    free = replace(demand, at_least=None)
    plan = plan_of_benefits(benefits.weighted(losses), free, start=present, response=response)
    cover, worst = benefits.cover, demand.objective == "worst_segment"
    reached = cover.worst(plan.chosen) if worst else cover.covered(plan.chosen)
    if demand.at_least is not None and reached < demand.at_least - 1e-9:
        raise PlanError(
            f"the plan weighted by risk reaches a {demand.objective} of {reached:.4g}, less than {demand.at_least:g}",
            where="plan (at least)",
            expected="more budget, a lower value, or risk_feeds without planner",
        )
    return benefits, replace(plan, figures=figures_of(benefits, plan.chosen, response))
