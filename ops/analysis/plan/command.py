"""``watchline plan``: selects sensors and sites for a budget, with a bound on the optimality gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console

from geo.errors import BadInput
from geo.message import Message
from geo.vector_files import refuse_requests
from ops.analysis.inputs import catalogue_of
from ops.analysis.mobile.choices import bases_of
from ops.analysis.option_types import check_seen_speed, named
from ops.analysis.plan.findings import PDF, REPORT, PlanFindings
from ops.analysis.plan.mobile import chosen_items, mobile_figures, mobile_options_of, rules_of
from ops.analysis.plan.options import PlanOptions
from ops.analysis.plan.search import affordable, best_plan, options_on
from ops.analysis.plan.wording import MOBILE, details, headline, links, links_not_required, risk_words, timely_words
from ops.analysis.risk.decision import RiskUse, decision_for
from ops.runtime.output import SUMMARY, prepare_folder, progress_bar, say, say_in_english, write_summary
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import layout_path, load_sector
from ops.sector.ways import ways_of

if TYPE_CHECKING:
    import geopandas
    import xarray as xr

    from geo.mobility.roads_and_rivers import Ways
    from ops.analysis.plan.patrols import PatrolPlan
    from sensors.equipment.catalogue import Catalogue
    from sensors.layout import Layout
    from sensors.planning.choice.benefits import OptionBenefits
    from sensors.planning.choice.options import Money, Option
    from sensors.planning.choice.plan import Demand, PurchasePlan

KIND: Final = "watchline plan"
LAYOUT, SITES = "layout.geojson", "candidates.geojson"
FILES: Final = (LAYOUT, SITES, MOBILE, "roster.json", "roster.seed.json", REPORT, PDF, SUMMARY)


def plan_sector(options: PlanOptions, screen: Console) -> dict[str, Any]:
    """Plan, write the layout into ``options.out`` if given, and return the figures for ``--json``."""
    from sensors.coverage.radio_links import reporting
    from sensors.planning.choice.benefits import Case
    from sensors.planning.choice.plan import COVERS, pareto

    name = options.sector
    demand, catalogue = _demand(options), catalogue_of(options.catalogue)
    sector = load_sector(name)
    placed, moving = chosen_items(options, catalogue)
    rules = rules_of(options, catalogue)
    start_path = None if options.start is None else layout_path(sector, options.start)
    if options.out is not None:
        prepare_folder(options.out, FILES, made_by=KIND)
    ground = open_sector(sector)
    present = None if start_path is None else _layout(start_path, ground, catalogue)
    ways = ways_of(ground, roads=options.roads)
    response = _response(ground, ways.ways) if options.objective == "timely_detection" or options.patrols else None
    choices, sites = _options(options, placed, ground, catalogue, ways.ways)
    gateways = _gateways(options, ground)
    heard = present if present is None or gateways is None else reporting(present, ground.terrain, gateways).layout
    choices += mobile_options_of(options, moving, rules, ground, _money(options, catalogue), heard, response, ways.ways)
    choices = affordable(choices, demand, present)
    decision = decision_for(sector, "planner", ground.crossed.segments)
    losses = None if decision is None or options.objective not in COVERS else decision.losses()
    front: list[PurchasePlan] = []
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("plan-doing-candidates"), total=len(choices))

        def show(doing: str, done: int, total: int) -> None:
            if doing == "candidates":
                progress.update(bar, completed=done, total=total)
            else:
                progress.update(
                    bar, description=say("plan-doing-choosing"), completed=0, total=2 if options.pareto else 1
                )

        benefits, plan = best_plan(
            choices,
            ground,
            demand,
            case=Case(
                target=options.target,
                conditions=options.conditions,
                direction=options.direction,
                belt_m=sector.belt_m,
                seen_mps=options.seen_mps,
            ),
            present=present,
            ways=ways.ways,
            bases=gateways,
            response=response,
            losses=losses,
            progress=show,
        )
        progress.advance(bar)
        if options.pareto:
            worst = replace(demand, objective="worst_segment", at_least=None)
            front = pareto(benefits, worst, start=present)
            progress.advance(bar)
    unlinked, radio_gained = _links(plan, ground, gateways)
    patrols = _patrols(options, benefits, plan, ground, ways.ways, response) if options.patrols else None
    weighted = losses is not None
    figures = _figures(options, plan, front, catalogue, len(choices), sites)
    findings = PlanFindings(options, ground, catalogue, benefits, plan, tuple(front), patrols, ways, weighted)
    figures["worst_segments"] = findings.worst_figures
    figures |= {"unlinked": unlinked, "radio_links_by_purchased_relays": radio_gained, "ground": ways.record}
    told = links_not_required(findings)
    told += links(unlinked or [], [] if response is None else radio_gained)
    by_risk = [*risk_words(decision, plan, weighted=weighted), *_patrol_words(patrols, ground)]
    messages = [headline(plan, catalogue.currency), *details(plan, weighted=weighted), *by_risk, *told]
    figures |= {
        "headline": say_in_english(messages[0]),
        "details": [say_in_english(message) for message in messages[1:]],
        "messages": [message.as_dict() for message in messages],
    }
    if by_risk:
        figures["risk"] = _risk_record(ground)
    if response is not None:
        figures["timely_detection_assumptions"] = [say_in_english(message) for message in timely_words(benefits)]
        interruption = benefits.case.response_settings
        figures["response_assumptions"] = list(interruption.words(benefits.watched.belt, response))
    if patrols is not None:
        figures["patrols"] = patrols.figures
    files = [] if options.out is None else _written(options.out, findings, messages, sites, figures)
    lines = [say(message) for message in messages]
    if patrols is not None:
        lines += [say("plan-warning", warning=say(warning)) for warning in patrols.warnings]
    if options.out is not None:
        lines.append(say("console-output", folder=str(options.out)))
    for line in lines:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    return {**figures, "files": files}


def check_options(options: PlanOptions) -> None:
    """Raise BadInput for options that are invalid whatever the sector."""
    _demand(options)


def _demand(options: PlanOptions) -> Demand:
    """Return the demand, checked before anything is read."""
    from sensors.detection_model.weather import conditions_of
    from sensors.patrols.game import Shift
    from sensors.planning.choice.plan import Demand
    from sensors.planning.solver.solve import SolverBudget

    for value, name in ((options.budget, "--budget"), (options.crew, "--crew")):
        if math.isnan(value) or value < 0.0:
            raise BadInput(f"{value:g}", where=name, expected="a number of at least 0")
    if not 0.0 < options.seconds < 1e6:
        raise BadInput(f"{options.seconds:g}", where="--seconds", expected="a number of seconds above 0")
    if not 0.0 <= options.gap < 1.0:
        raise BadInput(f"{options.gap:g}", where="--optimality-gap", expected="a fraction from 0 to below 1")
    if options.direction not in ("inward", "outward"):
        raise BadInput(f"{options.direction!r}", where="--direction", expected="inward or outward")
    check_seen_speed(options.seen_mps)
    if options.seen_mps is not None and options.objective != "timely_detection" and not options.patrols:
        expected = "--patrols, or --objective timely_detection: other plans compute no interruption"
        raise BadInput(f"{options.seen_mps:g} has no effect", where="--seen-speed", expected=expected)
    if options.shifts < 1:
        raise BadInput(f"{options.shifts}", where="--shifts", expected="at least 1")
    with named("--conditions"):
        conditions_of(options.conditions)
    Shift(patrols=options.patrols, shift_s=options.shift_h * 3600.0, stay_s=options.stay_min * 60.0)
    return Demand(
        budget=options.budget,
        objective=options.objective,
        crew_limit=options.crew,
        at_least=options.at_least,
        effort=SolverBudget(seconds=options.seconds, gap=options.gap),
    )


def _layout(path: Path, ground: OpenSector, catalogue: Catalogue) -> Layout:
    from sensors.layout import Layout

    return Layout.from_file(path, ground.frame, catalogue=catalogue)


def _money(options: PlanOptions, catalogue: Catalogue) -> Money:
    from sensors.planning.choice.options import Money

    return Money(catalogue=catalogue, years=options.years, discount_rate=options.discount)


def _options(
    options: PlanOptions, placed: Sequence[str], ground: OpenSector, catalogue: Catalogue, ways: Ways
) -> tuple[tuple[Option, ...], xr.Dataset | None]:
    """Return the purchase options: the sensors of a file with their costs, or items at candidate sites."""
    from sensors.planning.choice.candidate_sites import Around, SiteRules
    from sensors.planning.choice.options import options_of

    if options.candidates is not None:
        return options_of(_layout(options.candidates, ground, catalogue), catalogue=catalogue), None
    if not placed:
        return (), None
    rules = SiteRules(
        own_side=options.own_side,
        spacing_m=options.spacing_m,
        steepest=options.steepest,
        road_m=options.road_m,
        power_m=options.power_m,
    )
    around = Around(roads=ways.roads, power=_lines(options.power, "--power"))
    return options_on(ground, rules, _money(options, catalogue), items=placed, around=around)


def _lines(path: Path | None, option: str) -> geopandas.GeoDataFrame | None:
    if path is None:
        return None
    import geopandas

    refuse_requests(str(path))
    try:
        lines = geopandas.read_file(path)
    except Exception as error:  # noqa: BLE001 - any error of the reader means that the file cannot be read
        raise BadInput(
            f"cannot be read ({str(error).splitlines()[0][:120]})", where=f"{option} {path}", expected="a map file"
        ) from None
    if lines.crs is None:
        raise BadInput(
            "has no coordinate system",
            where=f"{option} {path}",
            expected="a coordinate system, such as that of GeoJSON",
        )
    return lines


def _gateways(options: PlanOptions, ground: OpenSector) -> list[tuple[float, float]] | None:
    """Return the destinations of reports on the terrain [m]: the sector's bases, of which there may be none, or points
    of a file; None if no link is required."""
    if options.links == "none":
        return None
    if options.links == "bases":
        return list(ground.bases_on_terrain().values())
    if not Path(options.links).is_file():
        raise BadInput(f"there is no file {options.links!r}", where="--links", expected="bases, none or a file")
    points = list(ground.bases_on_terrain(Path(options.links)).values())
    if not points:
        raise BadInput("has no points on the terrain", where=f"--links {options.links}", expected="GeoJSON points")
    return points


def _response(ground: OpenSector, ways: Ways) -> xr.DataArray:
    from geo.paths.response_times import response_time

    return response_time(ground.terrain, bases_of(ground), ways=ways)


def _links(
    plan: PurchasePlan, ground: OpenSector, gateways: list[tuple[float, float]] | None
) -> tuple[list[str] | None, list[str]]:
    """Return sensors and relays of the layout without a chain of links to a base or gateway (None where there is
    neither), and the people whose radio link depends on the purchase, whom the search counts as reporting by hand.
    """
    from sensors.coverage.radio_links import links_known, radio_gained, unlinked

    bases = np.array(gateways or list(ground.bases_on_terrain().values()))
    if not links_known(plan.layout.relays, bases):
        return None, []
    bought = {option.id for option in plan.bought}
    gained = radio_gained(plan.layout, ground.terrain, bases, added=bought)
    return sorted(unlinked(plan.layout, ground.terrain, bases)), gained


def _patrols(
    options: PlanOptions,
    benefits: OptionBenefits,
    plan: PurchasePlan,
    ground: OpenSector,
    ways: Ways,
    response: xr.DataArray | None,
) -> PatrolPlan:
    from ops.analysis.plan.patrols import play
    from sensors.patrols.game import Shift

    assert response is not None
    stands = [n for n in plan.chosen if benefits.options[n].schedule is None]
    watched = benefits.with_chosen(np.array(stands, np.int64))
    shift = Shift(patrols=options.patrols, shift_s=options.shift_h * 3600.0, stay_s=options.stay_min * 60.0)
    bases = bases_of(ground)
    decision = decision_for(ground.sector, "patrols", ground.crossed.segments)
    return play(
        watched,
        ground.crossed,
        ground.terrain.compute(),
        response,
        bases,
        shift,
        ways=ways,
        direction=options.direction,
        losses=None if decision is None else decision.losses(),
        settings=benefits.case.response_settings,
    )


def _risk_record(ground: OpenSector) -> dict[str, Any]:
    """Return the decision on risk and the uses to which the sector puts it, for JSON."""
    uses: tuple[RiskUse, ...] = ("patrols", "planner")
    found = {use: decision_for(ground.sector, use, ground.crossed.segments) for use in uses}
    return {use: None if one is None else one.record for use, one in found.items()}


def _patrol_words(patrols: PatrolPlan | None, ground: OpenSector) -> list[Message]:
    """Return how the decision on risk weights the patrol schedule; nothing where it does not."""
    decision = decision_for(ground.sector, "patrols", ground.crossed.segments)
    if patrols is None or decision is None:
        return []
    before, after = patrols.unweighted
    said: Any = decision.message
    return [Message("plan-risk-patrols", {"decided": said, "before": before, "after": after})]


def _figures(
    options: PlanOptions,
    plan: PurchasePlan,
    front: list[PurchasePlan],
    catalogue: Catalogue,
    candidates: int,
    sites: xr.Dataset | None,
) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "made_by": KIND,
        "sector": options.sector,
        "target": options.target,
        "conditions": options.conditions,
        "direction": options.direction,
        **_plan_figures(plan),
        "budget": plan.budget if math.isfinite(plan.budget) else None,
        "currency": catalogue.currency,
        "value_before": _number(plan.without),
        "figures": {name: _number(value) for name, value in plan.figures.items()},
        "candidates": candidates,
        "dominated": plan.dominated,
        "limits": "misses of different sensors are independent; one state of light and weather",
    }
    if sites is not None:
        figures["sites"] = {"count": int(sites.sizes["site"]), **sites.attrs}
    if options.pareto:
        figures["pareto_front"] = [_plan_figures(one) for one in front]
    return figures


def _plan_figures(plan: PurchasePlan) -> dict[str, Any]:
    return {
        "objective": plan.objective,
        "value": _number(plan.value),
        "bound": _number(plan.bound),
        "optimality_gap": _number(plan.gap),
        "cost": round(plan.cost, 2),
        "crew": round(plan.crew, 3),
        "bought": [
            {
                "id": option.id,
                "item": option.sensor.catalogue,
                "kind": option.sensor.kind,
                "cost": round(option.cost, 2),
                **mobile_figures(option),
            }
            for option in plan.bought
        ],
    }


def _written(
    out: Path, findings: PlanFindings, messages: list[Message], sites: xr.Dataset | None, figures: dict[str, Any]
) -> list[str]:
    from ops.analysis.mobile.schedule_file import write_schedules
    from ops.analysis.plan.files import layout_document, sites_document, write_json
    from ops.analysis.plan.patrols import write_roster
    from ops.analysis.plan.report import write_report
    from ops.drawing.pages.pdf import pdf_beside

    for stale in FILES:
        (out / stale).unlink(missing_ok=True)  # the roster of an earlier plan does not belong to this one
    names = [LAYOUT]
    write_json(out / LAYOUT, layout_document(findings.plan.layout))
    if sites is not None:
        write_json(out / SITES, sites_document(sites, findings.ground.frame))
        names.append(SITES)
    if findings.plan.mobile:
        write_schedules(out / MOBILE, findings.plan.mobile, findings.ground.frame)
        names.append(MOBILE)
    if findings.patrols is not None:
        names += write_roster(out, findings.patrols, findings.options.shifts)
    write_report(out / REPORT, findings, messages)
    names += [REPORT, *pdf_beside(out / REPORT, wanted=findings.options.pdf), SUMMARY]
    write_summary(out / SUMMARY, {**figures, "files": names})
    return [str(out / name) for name in names]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 9) + 0.0  # no minus zero
