"""The result of a plan as messages: the headline and its details."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from geo.message import Message, Parameter, cut_list
from ops.analysis.messages import item_name
from ops.sector.layouts.links import unchecked_message, why_unchecked

if TYPE_CHECKING:
    from ops.analysis.plan.findings import PlanFindings
    from ops.analysis.risk.decision import RiskDecision
    from sensors.planning.choice.benefits import OptionBenefits
    from sensors.planning.choice.plan import PurchasePlan

MOBILE: Final = "schedules.geojson"
"""File of the schedules of what moves."""
NAMED = 5
"""Maximum number of sensors that a sentence names."""


def headline(plan: PurchasePlan, currency: str) -> Message:
    """Return what to buy, in one short sentence."""
    if not plan.bought:
        return Message("plan-headline-nothing")
    return Message("plan-headline-buy", {"count": len(plan.bought), "currency": currency, "cost": plan.cost})


def details(plan: PurchasePlan, *, weighted: bool = False) -> list[Message]:
    """Return the items, the value of the objective with its optimality gap, and why coverage states another value.

    ``weighted``: by risk, so that coverage states another quantity (``risk_words``).
    """
    objective = f"{plan.objective}_weighted" if weighted else plan.objective
    value: dict[str, Parameter] = {"objective": objective, "before": plan.without, "optimal": plan.gap == 0.0}
    known = [] if weighted else _known_ground(plan)
    if not plan.bought:
        return [Message("plan-detail-nothing", {**value, "bound": plan.bound}), *known]
    counts = Counter(option.sensor.catalogue or option.sensor.kind for option in plan.bought)
    items: Any = tuple(_counted(name, count) for name, count in sorted(counts.items()))
    moving = [Message("plan-detail-mobile", {"count": len(plan.mobile), "file": MOBILE})] if plan.mobile else []
    return [
        Message("plan-detail-items", {"items": items}),
        Message("plan-detail-value", {**value, "after": plan.value, "gap": plan.gap}),
        *moving,
        *known,
    ]


def risk_words(decision: RiskDecision | None, plan: PurchasePlan, *, weighted: bool) -> list[Message]:
    """Return how the decision on risk weights the objective, or that it does not; nothing without a decision."""
    if decision is None:
        return []
    said: Any = decision.message
    if not weighted:
        return [Message("plan-risk-unused", {"decided": said})]
    value = plan.figures[plan.objective]
    return [Message("plan-risk", {"decided": said, "objective": plan.objective, "value": value})]


def timely_words(benefits: OptionBenefits) -> list[Message]:
    """Return what timely detection assumes, and how the probability of interruption differs from it."""
    return [Message("plan-limit-timely", {"communication": benefits.case.communication})]


def _known_ground(plan: PurchasePlan) -> list[Message]:
    """Return the value without unknown ground, if it differs in print: the search, and its bound, count ground in
    unknown sight as undetected, and detection as too late where the response is unknown; coverage and challenge exclude
    both."""
    from sensors.planning.choice.plan import COVERS

    value = plan.figures[plan.objective]
    if f"{value:.3f}" == f"{plan.value:.3f}":
        return []
    if plan.objective in COVERS:
        return [Message("plan-detail-unknown-sight", {"value": value})]
    if math.isnan(value):
        return [Message("plan-detail-unknown-everywhere", {"objective": plan.objective})]
    return [Message("plan-detail-unknown-segments", {"objective": plan.objective, "value": value})]


def _counted(name: str, count: int) -> Message:
    item: Any = item_name(name)
    return Message("plan-item", {"count": count, "item": item})


def links_not_required(findings: PlanFindings) -> list[Message]:
    """Return that every sensor counts without a link, and why; empty where links are required."""
    if findings.benefits.links is not None:
        return []
    if findings.options.links == "none":
        return [Message("plan-limit-links")]
    return [unchecked_message(why_unchecked(findings.ground))]


def links(unlinked: Sequence[str], radio_gained: Sequence[str]) -> list[Message]:
    """Return which parts are excluded for want of a link, and which posts gain a radio link by purchased relays."""
    told = []
    for ending, ids in (("unlinked", unlinked), ("radio-gained", radio_gained)):
        if ids:
            names = cut_list(ids, NAMED)
            told.append(Message(f"plan-detail-{ending}", {"count": len(ids), "names": names}))
    return told
