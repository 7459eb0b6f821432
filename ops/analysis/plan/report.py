"""The report of a plan: one self-contained page that states what to buy, what it brings, and the optimality gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.message import Message
from ops.analysis.places import place_of
from ops.analysis.plan.findings import PlanFindings, item_of
from ops.analysis.plan.patrols import ON_THE_SPOT_S, PATROL_FINDS
from ops.analysis.plan.pictures import has_front, pictures_of
from ops.analysis.plan.wording import links_not_required, timely_words
from ops.drawing.pages.html_page import render_page
from ops.drawing.scene import conditions_words
from ops.runtime.output import atomic_write, say
from sensors.patrols.game import Shift

TEMPLATE = Path(__file__).with_name("report.html.j2")
FIGURES: Final = ("mean_probability", "worst_segment", "least_detection", "timely_detection", "least_interruption")
COST_FORMULAS: Final = {"priced": ("cost",), "stated": ("cost-stated",), "both": ("cost-stated", "cost-moving")}
"""What is stated about costs, by where they come from."""


@dataclass(frozen=True, slots=True)
class PlanTable:
    """A table of the page: the first column names the row; ``total`` is its last row, where it has one.

    ``words``: number of columns, from the first, that are text; the others are numbers.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] = ()
    words: int = 1


def write_report(path: Path, findings: PlanFindings, messages: Sequence[Message]) -> None:
    """Write the page atomically; ``messages`` are those of the terminal, the headline first."""
    page = _page(findings, messages)
    drawn = [{"title": p.title, "data": p.data, "alt": p.alt, "caption": p.caption} for p in pictures_of(findings)]
    with atomic_write(path) as partial:
        partial.write_text(render_page(TEMPLATE, page=page, pictures=drawn), encoding="utf-8")


def _page(findings: PlanFindings, messages: Sequence[Message]) -> dict[str, Any]:
    options, ground, plan = findings.options, findings.ground, findings.plan
    tables = {
        "map": [_sites(findings)] if plan.bought else [],
        "along": [_worst(findings)],
        "front": [_front(findings)] if has_front(findings) else [],
    }
    return {
        "title": say("plan-page-title", sector=ground.sector.title or ground.sector.name),
        "answer": [*_first(messages[:1]), *map(say, messages[1:]), *_bound(findings)],
        "about": say(
            "plan-page-about",
            target=Message("target-class", {"class": options.target}),
            direction=Message("challenge-direction", {"direction": options.direction}),
            conditions=conditions_words(options.conditions),
            budget=plan.budget,
            currency=findings.catalogue.currency,
            costs=findings.costs,
            years=options.years,
            discount=options.discount,
            crew="none" if math.isinf(options.crew) else _count(options.crew),
            existing=len(findings.existing),
        ),
        "tiles": _tiles(findings),
        "items": [_items(findings)] if plan.bought else [],
        "objectives": _objectives(findings),
        "pictures": tables,
        "lone_plan": [_front(findings)] if findings.front and not has_front(findings) else [],
        "patrols": _patrols(findings),
        "formulas": [say(f"plan-formula-{name}") for name in ("mean", "gap", *COST_FORMULAS[findings.costs])],
        "limits": _limits(findings),
        "colophon": say(
            "plan-page-colophon", catalogue=findings.catalogue.name, candidates=len(findings.benefits.options)
        ),
    }


def _first(messages: Sequence[Message]) -> list[str]:
    """The headline as a sentence: on the terminal it has no full stop."""
    return [say("plan-sentence", text=message) for message in messages]


def _bound(findings: PlanFindings) -> list[str]:
    """The proven bound, where it differs from the value in the digits shown."""
    plan = findings.plan
    apart = bool(plan.bought) and _probability(plan.bound) != _probability(plan.value)
    return [say("plan-answer-bound", bound=plan.bound)] if apart else []


def _tiles(findings: PlanFindings) -> list[dict[str, str]]:
    plan, currency = findings.plan, findings.catalogue.currency
    objective = {"objective": plan.objective}
    return [
        {
            "label": say("plan-tile-cost", currency=currency),
            "value": _money(plan.cost),
            "why": say("plan-tile-cost-why", budget=plan.budget, costs=findings.costs, years=findings.options.years),
        },
        {
            "label": say("plan-tile-value"),
            "value": say("plan-tile-value-change", before=plan.without, after=plan.value),
            "why": say("plan-tile-value-risk" if findings.weighted else "plan-tile-value-why", **objective),
        },
        {
            "label": say("plan-tile-gap"),
            "value": say("plan-value-percent", value=plan.gap),
            "why": say("plan-tile-gap-why", bound=plan.bound),
        },
    ]


def _columns(*names: str) -> list[str]:
    return [say(f"plan-column-{name}") for name in names]


def _items(findings: PlanFindings) -> PlanTable:
    rows = [
        [say(name), _count(count), _money(cost / count), _money(cost), _people(crew)]
        for name, count, cost, crew in findings.by_item
    ]
    plan = findings.plan
    total = [say("plan-total"), _count(len(plan.bought)), "", _money(plan.cost), _people(plan.crew)]
    columns = [*_columns("item", "count"), *_money_columns(findings, "each", "cost"), *_columns("crew")]
    return PlanTable(say("plan-table-items"), columns, rows, total)


def _money_columns(findings: PlanFindings, *names: str) -> list[str]:
    return [say(f"plan-column-{name}", currency=findings.catalogue.currency) for name in names]


def _sites(findings: PlanFindings) -> PlanTable:
    rows = []
    for number, option in findings.numbered:
        part = option.sensor
        segment, _, offset = findings.ground.crossed.locate(part.easting, part.northing)
        where = place_of(findings.ground, int(segment)) if int(segment) >= 0 else Message("plan-beyond")
        side = say("plan-offset", distance=abs(float(offset)), side="home" if float(offset) >= 0.0 else "away")
        position = say("plan-position", latitude=f"{part.lat:.5f}", longitude=f"{part.lon:.5f}")
        name = say("plan-numbered", number=str(number), item=item_of(option))
        rows.append([name, say(where), side, position, _money(option.cost)])
    columns = [*_columns("item", "place", "offset", "position"), *_money_columns(findings, "cost")]
    return PlanTable(say("plan-table-sites"), columns, rows, words=4)


def _worst(findings: PlanFindings) -> PlanTable:
    rows = [
        [say(place_of(findings.ground, i)), _probability(findings.before[i]), _probability(findings.after[i])]
        for i in findings.worst
    ]
    return PlanTable(say("plan-table-worst", count=len(rows)), _columns("segment", "before", "after"), rows)


def _front(findings: PlanFindings) -> PlanTable:
    rows = [
        [_money(one.cost), _probability(one.value), _probability(one.bound), _count(len(one.bought))]
        for one in findings.front
    ]
    columns = [*_money_columns(findings, "cost"), *_columns("worst", "bound", "count")]
    return PlanTable(say("plan-table-front"), columns, rows)


def _objectives(findings: PlanFindings) -> PlanTable:
    """The values of all objectives, and the probability of interruption, as ``figures`` of the summary."""
    rows = [[say("plan-objective", objective=name), _probability(findings.plan.figures[name])] for name in FIGURES]
    return PlanTable(say("plan-table-objectives"), _columns("objective", "after"), rows)


def _patrols(findings: PlanFindings) -> dict[str, Any] | None:
    if findings.patrols is None:
        return None
    options, figures = findings.options, findings.patrols.figures
    shift = Shift(shift_s=options.shift_h * 3600.0, stay_s=options.stay_min * 60.0)
    numbers = {"without": figures["without_patrols"], "value": figures["value"], "gap": figures["gap"]}
    rows = [
        [say("plan-patrols-row-patrols"), _count(findings.patrols.patrols)],
        [say("plan-patrols-row-routes"), _count(figures["routes_in_the_mixed_strategy"])],
        [say("plan-patrols-row-reach"), _count(len(figures["segments"]) - len(figures["out_of_reach"]))],
        *([say(f"plan-patrols-row-{name}"), _probability(value)] for name, value in numbers.items()),
    ]
    return {
        "words": say("plan-patrols-words", shift=shift.shift_s, stay=shift.stay_s),
        "table": PlanTable(say("plan-table-patrols"), _columns("figure", "value"), rows),
        "warnings": [say("plan-warning", warning=warning) for warning in findings.patrols.warnings],
        "limits": [say("plan-patrols-limit", response=ON_THE_SPOT_S, finds=PATROL_FINDS, present=shift.present)],
    }


def _limits(findings: PlanFindings) -> list[str]:
    names = ["independent", "unknown", "sites", "search"]
    if findings.options.candidates is None:
        names.insert(2, "own-side" if findings.options.own_side else "both-sides")
    needs = findings.plan.objective == "timely_detection" or findings.patrols is not None
    return [
        *(say(f"plan-limit-{name}") for name in names),
        *(map(say, timely_words(findings.benefits)) if needs else ()),
        *map(say, links_not_required(findings)),
        say("challenge-limits-movement", ground=findings.ways.message),
        *([say("compare-limit-response")] if needs else []),
        *map(say, findings.ground.frame_messages),
    ]


def _probability(value: float) -> str:
    return say("map-unknown") if math.isnan(value) else say("plan-value-probability", value=float(value))


def _money(value: float) -> str:
    return say("plan-value-money", value=float(value))


def _people(value: float) -> str:
    return say("plan-value-people", value=float(value))


def _count(value: float) -> str:
    return say("plan-value-money", value=float(value))
