"""The result of a comparison as messages: the headline, its details, and the limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.message import Message, Parameter, cut_list
from geo.mobility.settings import MobilitySettings
from ops.analysis.messages import item_name, plain, rounded
from ops.runtime.output import catalogue, say, say_in_english
from sensors.interdiction.interception import ResponseSettings, depth_of
from sensors.planning.comparison.settings import ASSUMED
from sensors.planning.comparison.verdict import SAME

if TYPE_CHECKING:
    import xarray as xr

    from ops.analysis.compare.comparison import Comparison

STAFF = ("cost_per_person_year", "people_per_post")
"""Sampled inputs of the catalogue's staff."""
NAMED = 5
"""Maximum number of sensors that a sentence names."""
COST_DIGITS = 3
"""Significant digits of the cost in the headline's details."""
SAME_COST = 0.01
"""Costs that differ by at most this fraction of the highest are stated as equal."""


def headline(verdict: xr.Dataset) -> Message:
    """Return the result in one short sentence: of two layouts the better one, of several the best."""
    story = verdict.attrs
    first, *others = [str(name) for name in verdict["layout"].to_numpy()]
    if len(others) > 1:
        central = verdict[f"{story['objective']}_central"].to_numpy()
        if np.isnan(central).any():
            return Message("compare-headline-unknown", {"first": first, "other": tuple(others)})
        best = tuple(map(str, verdict["layout"].to_numpy()[central >= central.max() - SAME]))
        shared: dict[str, Parameter] = {"count": len(central), "cost": _cost_form(verdict)}
        if len(best) > 1:
            return Message("compare-headline-shared", {"best": best} | shared)
        return Message("compare-headline-best", {"best": best[0]} | shared)
    return _pair(verdict, first, others[0], "headline")


def details(verdict: xr.Dataset) -> list[Message]:
    """Return what belongs to the headline: objective and cost, each pair, and what limits a layout."""
    story = verdict.attrs
    first, *others = [str(name) for name in verdict["layout"].to_numpy()]
    told = [_objective_and_cost(verdict)]
    told += [_pair(verdict, first, other, "detail") for other in others]
    for name in (first, *others):
        fraction = float(verdict["bought_fraction_central"].sel(layout=name))
        if fraction < 1.0:
            told.append(Message("compare-detail-budget", {"layout": name, "fraction": fraction}))
        unlinked = names_in(verdict["unlinked"].sel(layout=name))
        if unlinked:
            named = cut_list(unlinked, NAMED)
            told.append(Message("compare-detail-unlinked", {"layout": name, "count": len(unlinked), "names": named}))
    if story["objective"] != "least_detection":
        for name in (first, *others):
            detection = float(verdict["least_detection_central"].sel(layout=name))
            told.append(Message("compare-detail-minimum", {"layout": name, "detection": detection}))
    return told


def _cost_form(verdict: xr.Dataset) -> str:
    """Return "equal" if all layouts cost the same; where the rest of the budget buys nothing, they may not."""
    costs = verdict["life_cycle_cost_central"].to_numpy()
    return "equal" if costs.max() - costs.min() <= SAME_COST * costs.max() else "budget"


def _objective_and_cost(verdict: xr.Dataset) -> Message:
    story, names = verdict.attrs, map(str, verdict["layout"].to_numpy())
    costs = verdict["life_cycle_cost_central"].to_numpy()
    figures: dict[str, Any] = {"objective": story["objective"], "years": float(story["years"])}
    if _cost_form(verdict) == "equal":
        return Message("compare-detail-objective", figures | _cost(verdict, costs.max()))
    each = [_cost(verdict, cost) | {"layout": name} for name, cost in zip(names, costs, strict=True)]
    figures["costs"] = tuple(Message("compare-layout-cost", one) for one in each)
    return Message("compare-detail-objective-costs", figures)


def _cost(verdict: xr.Dataset, cost: float) -> dict[str, Parameter]:
    return {"currency": verdict.attrs["currency"], "cost": rounded(float(cost), COST_DIGITS)}


def _pair(verdict: xr.Dataset, first: str, other: str, form: str) -> Message:
    """Return the result of two layouts as ``compare-headline-…`` or ``compare-detail-…``."""
    story = verdict.attrs
    duel = verdict.sel(objective=story["objective"], layout=first, other=other)
    better, worse = first, other
    if float(duel["beats"]) < 0.5:
        better, worse = other, first
        duel = verdict.sel(objective=story["objective"], layout=other, other=first)
    probability, error = float(duel["beats"]), float(duel["beats_error"])
    pair: dict[str, Parameter] = {"first": first, "other": other}
    if np.isnan(probability):
        return Message(f"compare-{form}-unknown", pair)
    certain: dict[str, Parameter] = {
        "samples": int(story["samples"]),
        "grade": str(verdict["confidence"].sel(other=other).item()),
    }
    cost: dict[str, Parameter] = {"cost": _cost_form(verdict)} if form == "headline" else {}
    if error == 0.0:  # ties only
        return Message(f"compare-{form}-equal", pair | certain | cost)
    figures: dict[str, Parameter] = {
        "probability": probability,
        "error": error,
        "wins": float(duel["wins"]),
        "ties": round(float(duel["ties"]), 9),  # the rest after wins and losses, so hardly ever exactly 0
        "difference": float(duel["difference"]),
        "low": float(duel["difference_low"]),
        "high": float(duel["difference_high"]),
    }
    return Message(f"compare-{form}-better", {"better": better, "worse": worse} | figures | certain | cost)


def limits(comparison: Comparison) -> list[Message]:
    """Return the limits and assumptions of a comparison, one sentence each."""
    story, ways = comparison.verdict.attrs, comparison.ways
    told = [Message("compare-limit-independent"), Message("compare-limit-paths")]
    if ways.used:
        told.append(Message("compare-limit-ground-used", _layers(ways.used.values())))
    if ways.missing:
        kinds = [Message("coverage-ground-kind", {"kind": kind}) for kind in ways.missing]
        told.append(Message("compare-limit-ground-missing", _layers(kinds)))
    told += _response(comparison)
    covered = comparison.verdict["covered_km"]
    in_part = tuple(str(name) for name in covered["layout"].to_numpy()[np.isnan(covered.to_numpy())])
    if in_part:
        told.append(Message("compare-limit-unbought", {"layouts": in_part}))
    bounded = comparison.verdict["k_at_most"] > comparison.verdict["k"]
    if bounded.any():
        layouts = tuple(str(name) for name in bounded["layout"].to_numpy()[bounded.to_numpy()])
        told.append(Message("compare-limit-resilience-bounds", {"layouts": layouts}))
    told.append(Message("compare-limit-segments", {"count": int(story["segments_left_out"])}))
    if comparison.history is not None:
        told += [*comparison.history.warnings, comparison.history.message]
    return [*told, *(Message(f"compare-limit-{ending}") for ending in ("cost", "central", "resilience", "dash"))]


def _layers(named: Iterable[Message]) -> dict[str, Any]:
    return {"layers": tuple(named)}


def _response(comparison: Comparison) -> list[Message]:
    ground, story = comparison.study.ground, comparison.verdict.attrs
    if ground.response is None:
        return [Message("compare-limit-no-bases")]
    mobility, settings = MobilitySettings(), ResponseSettings()
    moves = {
        "speed": mobility.vehicle_mps,
        "decline": mobility.vehicle_decline,
        "limit": mobility.vehicle_limit,
        "factor": mobility.off_path_factor,
        "turnout": mobility.turnout_s,
        "dismount": mobility.dismount_s,
    }
    strips = int(story["strips"])
    cut = {
        "strips": strips,
        "depth": float(depth_of(ground.belt)) / strips,
        "position": settings.position,
        "spread": settings.sd_share,
    }
    unknown = int(story["segments_without_response"])
    return [
        Message("compare-limit-response"),
        *([Message("compare-limit-response-unknown", {"count": unknown})] if unknown else []),
        Message("compare-limit-vehicle", moves),
        Message("compare-limit-strips", cut),
        Message("compare-limit-strips-sensitivity"),
    ]


def input_name(name: str) -> str:
    """Return the name of a sampled input, such as ``ift_radar: capex``, in the language of this process."""
    item, colon, quantity = name.partition(": ")
    if colon:
        key, _, conditions = quantity.partition(", ")
        named = {"quantity": key, "name": _spaced(quantity), "conditions": _conditions(conditions)}
        return say("compare-input-item", item=item_name(item), **named)
    if name.startswith("share of "):
        return say("compare-input-weather", weather=_conditions(name.removeprefix("share of ")))
    return say("compare-input", input=name if name in (*ASSUMED, *STAFF) else "other", name=_spaced(name))


def input_source(name: str, source: str) -> Message:
    """Return the source of a sampled input: of the comparison itself a sentence, else as the catalogue has it.

    Sources of the shipped catalogue are known by their words; those of another catalogue are cited as written.
    """
    own = assumption_source("weather" if name.startswith("share of ") else name, source)
    if say_in_english(Message(own.id, dict(own.parameters) | {"text": ""})):
        return own
    known = "s-" + re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")
    told = Message("compare-catalogue-source", {"source": known, "text": source})
    return told if say_in_english(told) == source else Message(told.id, {"source": "other", "text": source})


def assumption_source(name: str, source: str) -> Message:
    """Return the source of a named assumption; of a source that is not Watchline's own its text as written."""
    told = Message("compare-assumption-source", {"name": name, "text": source})
    return told if say_in_english(told) == source else Message(told.id, {"name": "other", "text": source})


def _conditions(conditions: str) -> list[str]:
    """Return the names of conditions such as ``night,fog``."""
    return [say("compare-conditions", conditions=one, name=one) for one in conditions.split(",")]


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def names_in(text: xr.DataArray) -> list[str]:
    """Return the names of a comma-separated variable of a comparison."""
    return [name for name in str(text.item()).split(", ") if name]


def strips_at(verdict: xr.Dataset, factor: float) -> int:
    """Return the number of strips at a factor on the number that the comparison uses."""
    return max(1, round(factor * int(verdict.attrs["strips"])))


def k_known(figures: xr.Dataset) -> bool:
    """Whether the barrier resilience of one layout is known, and not only between two bounds."""
    return float(figures["k"]) == float(figures["k_at_most"])


def shown(value: float, form: str) -> str:
    """Format a number as the language writes it; a dash where there is none."""
    formats = catalogue().formats
    if form == "percent":
        return formats.percent(value, 1)
    if form == "km":
        return formats.distance(1000.0 * value)
    if form == "money":
        return formats.number(rounded(value, 4))
    if form == "difference":
        return formats.number(value, 3)
    if form == "factor":
        return formats.number(None) if not np.isfinite(value) else say("compare-times", factor=value)
    return plain(value)
