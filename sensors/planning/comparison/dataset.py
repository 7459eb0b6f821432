"""The result of a comparison as one Dataset: outcomes, intervals, pairwise results, sensitivities, break-even factors
and metadata.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.border.belt import BorderLine
from sensors.errors import CompareError
from sensors.interdiction.interception import ResponseSettings
from sensors.layout import Layout
from sensors.planning.comparison.draws import central, draw
from sensors.planning.comparison.outcome import Outcome
from sensors.planning.comparison.purchase import unit_costs
from sensors.planning.comparison.settings import OBJECTIVES
from sensors.planning.comparison.study import INDEPENDENT, Study, displaced, ground_figures, study
from sensors.planning.comparison.verdict import (
    INTERVAL,
    BreakEven,
    Duel,
    Swing,
    deciding,
    duel,
    grade,
    tornados,
)

MEASURES: dict[str, str] = {
    "mean_detection": "1",
    "least_detection": "1",
    "mean_interruption": "1",
    "least_interruption": "1",
    "meets_requirement_km": "km",
    "assessed_fraction": "1",
    "alerts_per_day": "1/day",
    "life_cycle_cost": "money",
    "first_cost": "money",
    "crew": "1",
    "teams": "1",
    "bought_fraction": "1",
    "cost_per_km_meeting_requirement": "money/km",
}


def dataset_of(comparison: Study) -> xr.Dataset:
    """See ``sensors.planning.compare``."""
    draws, middle = draw(comparison.inputs, comparison.settings), central(comparison.inputs)
    drawn, expected = comparison.outcomes(draws), comparison.outcomes(middle)
    data: dict[str, Any] = {}
    for name, unit in MEASURES.items():
        attrs = {"units": unit, "long_name": OBJECTIVES.get(name, name.replace("_", " "))}
        every = np.stack([_measure(outcome, name) for outcome in drawn])
        data[name] = (("layout", "sample"), every, attrs)
        data[f"{name}_central"] = ("layout", _median(every, name), attrs)
        at_middle = np.array([_measure(outcome, name)[0] for outcome in expected])
        data[f"{name}_at_central_inputs"] = ("layout", at_middle, attrs)
    data |= _by_segment(drawn, expected)
    by_strips = comparison.outcomes_by_strips()
    for name in ("mean_interruption", "least_interruption"):
        every = np.array([[outcome.measure(name)[0] for outcome in tried] for tried in by_strips.values()]).T
        data[f"{name}_by_strips"] = (("layout", "strips_tried"), every, {"units": "1", "long_name": OBJECTIVES[name]})
    data |= _ground(comparison, expected)
    data |= _duels(drawn)
    data |= _swings(comparison)
    before, after = displaced(comparison)
    data["gain_before"] = (
        "layout",
        before,
        {"units": "1", "long_name": "gain over the first layout, on its minimum-detection paths"},
    )
    data["gain_after"] = (
        "layout",
        after,
        {"units": "1", "long_name": "gain over the first layout, after displacement to new paths"},
    )
    spans = comparison.ground.belt.border.segment_spans_m
    coords: dict[str, Any] = {
        "layout": comparison.names,
        "other": comparison.names,
        "objective": list(OBJECTIVES),
        "weather": list(comparison.settings.weather),
        "strips_tried": list(by_strips),
        "segment": np.arange(len(spans)),
        "start_m": ("segment", spans[:, 0], {"units": "m"}),
        "end_m": ("segment", spans[:, 1], {"units": "m"}),
        "crossed": ("segment", comparison.ways.length_m > 0.0),
    }
    return xr.Dataset(data, coords, _story(comparison))


def _measure(outcome: Outcome, name: str) -> Floats:
    """A measure of an outcome (sample,)."""
    bought = outcome.bought
    if name in ("life_cycle_cost", "first_cost", "crew", "teams"):
        value: Floats = getattr(bought, name)
        return value
    if name == "bought_fraction":
        return bought.parts.mean(axis=1) if bought.parts.shape[1] else np.ones(len(bought.teams))
    if name == "cost_per_km_meeting_requirement":
        guarded = outcome.meets_requirement_km
        return np.where(guarded > 0.0, bought.life_cycle_cost / np.where(guarded > 0.0, guarded, 1.0), np.nan)
    return outcome.measure(name)


def _median(every: Floats, name: str) -> Floats:
    """Median over the samples (layout, sample); cost per unit is infinite where nothing is covered, and such a median
    is NaN.

    The outcome at central inputs is not the central outcome: many inputs are skewed, so it may be outside the interval.
    """
    if name == "cost_per_km_meeting_requirement":
        every = np.where(np.isnan(every), np.inf, every)
    with np.errstate(invalid="ignore"):  # between infinite ones
        middle = np.quantile(every, 0.5, axis=1)
    return np.where(np.isfinite(middle), middle, np.nan)


def _by_segment(drawn: list[Outcome], expected: list[Outcome]) -> dict[str, Any]:
    dims = ("layout", "segment")
    data: dict[str, Any] = {}
    for name in ("detection", "interruption"):
        every = np.stack([getattr(outcome, name) for outcome in drawn])
        low, middle, high = np.quantile(every, [INTERVAL[0], 0.5, INTERVAL[1]], axis=1)
        attrs = {"units": "1"}
        data[f"segment_{name}"] = (dims, middle, attrs)
        data[f"segment_{name}_low"], data[f"segment_{name}_high"] = (dims, low, attrs), (dims, high, attrs)
    weather = np.stack([outcome.by_weather[:, 0] for outcome in expected])
    data["weather_detection"] = (("layout", "weather"), weather, {"units": "1"})
    return data


def _ground(comparison: Study, expected: list[Outcome]) -> dict[str, Any]:
    figures = ground_figures(comparison)
    spans = comparison.ground.belt.border.segment_spans_m
    length_km = (spans[:, 1] - spans[:, 0]) / 1000.0
    # figures of the whole layout: unknown where the budget does not pay for all of it
    whole = np.array([outcome.bought.parts[0].all() for outcome in expected])
    covered_km = np.where(whole, np.nansum(figures["covered_fraction"] * length_km, axis=1), np.nan)
    middle = central(comparison.inputs)
    cost = np.array([unit_costs(design, middle)[0].sum() for design in comparison.designs])  # without teams, operators
    with np.errstate(divide="ignore", invalid="ignore"):
        per_km = np.where(covered_km > 0.0, cost / covered_km, np.nan)
    missed = 1.0 - np.stack([outcome.detection[0] for outcome in expected])
    hard = np.where(np.isnan(missed[0]) | np.isnan(figures["difficulty"]), 0.0, figures["difficulty"])
    left = np.nansum(missed * hard, axis=1) / hard.sum() if hard.sum() > 0.0 else np.full(len(missed), np.nan)
    by_segment, no_unit = ("layout", "segment"), {"units": "1"}
    return {
        "covered_fraction": (by_segment, figures["covered_fraction"], no_unit),
        "dead_ground_fraction": (by_segment, figures["dead_ground_fraction"], no_unit),
        "covered_km": ("layout", covered_km, {"units": "km"}),
        "cost_per_covered_km": ("layout", per_km, {"units": "money/km"}),
        "k": ("layout", np.where(whole, figures["k"], np.nan), no_unit),
        "k_at_most": ("layout", np.where(whole, figures["k_at_most"], np.nan), no_unit),
        "cut": ("layout", np.where(whole, figures["cut"], "")),
        "single_points_of_failure": ("layout", np.where(whole, figures["single_points_of_failure"], "")),
        "unlinked": ("layout", np.array([", ".join(sorted(d.unlinked)) for d in comparison.designs], dtype=str)),
        "difficulty": ("segment", figures["difficulty"], {"units": "1", "long_name": "surveillance difficulty"}),
        "crossing_ease": ("segment", figures["crossing_ease"], no_unit),
        "challenge_left": ("layout", left, {"units": "1", "long_name": "missed fraction, weighted by difficulty"}),
    }


def _duels(drawn: list[Outcome]) -> dict[str, Any]:
    duels: list[list[list[Duel]]] = [
        [[duel(a.measure(name), b.measure(name)) for b in drawn] for a in drawn] for name in OBJECTIVES
    ]
    dims, count = ("objective", "layout", "other"), len(drawn[0].assessed_fraction)

    def table(of: Callable[[Duel], float]) -> Any:
        return (dims, np.array([[[of(pair) for pair in row] for row in rows] for rows in duels]), {"units": "1"})

    return {
        "beats": table(lambda pair: pair.beats),
        "beats_error": table(lambda pair: pair.error(count)),
        "wins": table(lambda pair: pair.wins),
        "ties": table(lambda pair: pair.ties),
        "difference": table(lambda pair: pair.mean),
        "difference_low": table(lambda pair: pair.low),
        "difference_high": table(lambda pair: pair.high),
    }


def _swings(comparison: Study) -> dict[str, Any]:
    """Sensitivities (tornado) of the first layout against each other one, break-even factors, and the grade of each
    verdict."""
    first, *others = comparison.designs
    names = [uncertain.name for uncertain in comparison.inputs]
    shape = (len(comparison.designs), len(names))
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    at_low, at_high = np.full(len(names), np.nan), np.full(len(names), np.nan)
    available, price = np.full((2, len(comparison.designs)), np.nan), np.full((2, len(comparison.designs)), np.nan)
    grades, decide = [""], [""]
    every, ways, inputs = comparison.designs, comparison.ways, comparison.inputs
    against = tornados(first, others, every, ways, inputs, comparison.settings)
    even = BreakEven(every, ways, inputs)
    for number, (other, swings) in enumerate(zip(others, against, strict=True), start=1):
        for swing in swings:
            place = names.index(swing.name)
            low[number, place], high[number, place] = swing.low, swing.high
            at_low[place], at_high[place] = swing.at_low, swing.at_high
        grades.append(grade(swings, inputs))
        decide.append(_deciding_text(deciding(swings)))
        for row, (design, rival) in enumerate(((first, other), (other, first))):
            available[row, number] = even.availability(design, rival)
            price[row, number] = even.price(design, rival)
    dims, sides = ("other", "input"), ("side", "other")
    return {
        "swing_low": (dims, low, {"units": "1"}),
        "swing_high": (dims, high, {"units": "1"}),
        "input_low": ("input", at_low),
        "input_high": ("input", at_high),
        "input_confidence": (
            "input",
            np.array([uncertain.quantity.confidence for uncertain in comparison.inputs], dtype=str),
        ),
        "input_source": ("input", np.array([uncertain.quantity.source for uncertain in comparison.inputs], dtype=str)),
        "input": ("input", np.array(names, dtype=str)),
        "side": ("side", np.array(["first", "other"], dtype=str)),
        "break_even_availability": (sides, available, {"units": "1"}),
        "break_even_price": (sides, price, {"units": "1"}),
        "confidence": ("other", np.array(grades, dtype=str)),
        "decided_by": ("other", np.array(decide, dtype=str)),
    }


def _deciding_text(swings: list[Swing]) -> str:
    return "; ".join(f"{swing.name} ({swing.confidence})" for swing in swings)


def _story(comparison: Study) -> dict[str, Any]:
    settings = comparison.settings
    assumed = [
        [uncertain.name, known.low, known.central, known.high, known.confidence, known.source]
        for uncertain, known in ((uncertain, uncertain.quantity) for uncertain in comparison.inputs)
    ]
    return {
        "objective": settings.objective,
        "meaning": OBJECTIVES[settings.objective],
        "budget": settings.budget,
        "currency": comparison.catalogue.currency,
        "catalogue": comparison.catalogue.name,
        "years": settings.years,
        "discount_rate": settings.discount_rate,
        "target": settings.target,
        "direction": settings.direction,
        "belt_m": comparison.ground.belt.belt_m,
        "cell_m": comparison.ground.belt.cell_m,
        "required_probability": settings.required_probability,
        "operators": settings.operators,
        "residual_item": settings.residual_item or "nothing",
        "samples": settings.samples,
        "seed": settings.seed,
        "interval": list(INTERVAL),
        "weather": json.dumps(dict(settings.weather)),
        "inputs": json.dumps(assumed),
        "candidate_paths": len(comparison.ways.segment),
        "segments_left_out": int((comparison.ways.length_m <= 0.0).sum()),
        "segments_without_response": int((comparison.ways.length_m > 0.0)[~comparison.ways.answered].sum()),
        "missing": ", ".join(comparison.ground.mobility.missing),
        "response": "none: no bases are given" if comparison.ground.response is None else "from the bases",
        "strips": settings.strips,
        "response_assumptions": _response_words(comparison),
        "limits": INDEPENDENT,
    }


def _response_words(comparison: Study) -> str:
    """The assumptions of every interruption of the comparison; empty without bases."""
    response, strips = comparison.ground.response, comparison.settings.strips
    if response is None:
        return ""
    plain = ResponseSettings(strips=strips).words(comparison.ground.belt, response)
    return "; ".join((*plain, "sampled instead of these: response_factor, communication (see inputs)"))


def compare(layouts: Sequence[Layout], terrain: xr.Dataset, border: BorderLine, **options: Any) -> xr.Dataset:
    """Compare layouts at equal life-cycle cost: outcomes, ranking, and decisive inputs.

    Parameters
    ----------
    layouts : sequence of Layout
        At least two layouts.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``.
    border : Border or Zone or other BorderLine
        The border.
    **options : Any
        Keyword arguments of ``study``, and fields of ``CompareSettings`` by name.

    Returns
    -------
    xarray.Dataset
        Over ``layout``, ``sample``, ``segment``, ``other``, ``input`` and ``objective``: the Monte Carlo samples of
        every outcome, their medians (``…_central``) and the outcomes with every input at its central value
        (``…_at_central_inputs``), interruption with half, as many and twice as many strips, all inputs central
        (``…_by_strips``), detection, interruption, coverage and dead ground by segment, ``beats`` (objective, layout,
        other) = P(A > B) + ½ P(A = B), the tornado of the first layout against each other (``swing_low``,
        ``swing_high``), break-even factors, gains before and after displacement; in attrs the settings, the confidence
        of the verdict and its limits.

    Raises
    ------
    BadInput
        For fewer than two layouts, and as for ``study``.

    Notes
    -----
    Without a stated budget, the budget of every layout in each sample is the cost of the most expensive one; the rest
    buys teams of the residual-budget item. The same arguments give the same numbers.
    """
    if len(layouts) < 2:
        raise CompareError(f"{len(layouts)} layouts", where="compare", expected="at least two")
    return verdict(study(layouts, terrain, border, **options))


def verdict(comparison: Study) -> xr.Dataset:
    """Compare the layouts of a computed study; see ``compare``.

    Parameters
    ----------
    comparison : Study
        The study.

    Returns
    -------
    xarray.Dataset
        As ``compare``.

    Raises
    ------
    BadInput
        For fewer than two layouts.
    """
    return dataset_of(comparison)
