"""What the sentences of a comparison claim: costs, ties and places are as the figures have them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geo.message import Message
from ops.analysis.compare.pictures import _labels
from ops.analysis.compare.wording import details, headline
from ops.runtime.output import say_in_english
from ops.words import MessageCatalogue
from sensors.planning.comparison.verdict import Duel, duel


def verdict_of(samples: dict[str, Any], costs: list[float], **changes: Any) -> xr.Dataset:
    """A comparison by mean detection of which each layout's samples and cost are given."""
    names, values = list(samples), [np.asarray(one, np.float64) for one in samples.values()]
    duels, count = [[duel(a, b) for b in values] for a in values], len(values[0])
    pairs: dict[str, Callable[[Duel], float]] = {
        "beats": lambda one: one.beats,
        "beats_error": lambda one: one.error(count),
        "wins": lambda one: one.wins,
        "ties": lambda one: one.ties,
        "difference": lambda one: one.mean,
        "difference_low": lambda one: one.low,
        "difference_high": lambda one: one.high,
    }
    ones = np.ones(len(names))
    data: dict[str, Any] = {
        name: (("objective", "layout", "other"), [[[of(pair) for pair in row] for row in duels]])
        for name, of in pairs.items()
    }
    data |= {
        "mean_detection_central": ("layout", [float(np.median(one)) for one in values]),
        "least_detection_central": ("layout", ones),
        "bought_fraction_central": ("layout", ones),
        "life_cycle_cost_central": ("layout", costs),
        "unlinked": ("layout", [""] * len(names)),
        "confidence": ("other", ["M"] * len(names)),
    }
    story = {"objective": "mean_detection", "currency": "USD", "years": 10.0, "samples": count} | changes
    return xr.Dataset(data, {"layout": names, "other": names, "objective": ["mean_detection"]}, story)


def told(verdict: xr.Dataset) -> list[str]:
    return [say_in_english(one) for one in (headline(verdict), *details(verdict))]


def in_french(message: Message) -> str:
    return MessageCatalogue.of("fr").say(message)


def test_costs_that_differ_are_stated_for_each_layout() -> None:
    """Without an item for the rest of the budget, the layout of one radar costs a third of that of three."""
    verdict = verdict_of({"one": [0.5, 0.5], "three": [0.5, 0.5]}, [90_147.0, 270_442.0])
    first, costs, *_ = told(verdict)
    assert first == "one and three perform equally within the same budget"
    assert costs == (
        "Compared by mean detection. The budget is the same for each layout, the life-cycle cost over 10 years is not: "
        "USD 90,100 for one and USD 270,000 for three."
    )
    assert in_french(headline(verdict)) == "one et three sont équivalents à budget égal"
    assert "90\u202f100 USD pour one et 270\u202f000 USD pour three." in in_french(details(verdict)[0])
    unlike = verdict_of({"one": [0.5, 0.6], "three": [0.4, 0.5]}, [7.82e6, 8.31e6])
    assert told(unlike)[0].startswith("one outperforms three within the same budget: probability")


def test_costs_that_are_equal_are_stated_once() -> None:
    first, costs, *_ = told(verdict_of({"one": [0.5, 0.5], "three": [0.5, 0.5]}, [268_000.0, 270_442.0]))
    assert first == "one and three perform equally at equal life-cycle cost"
    assert costs == "Compared by mean detection. Each layout costs about USD 270,000 over 10 years."


def test_layouts_have_different_names_in_a_legend() -> None:
    names = ["Sector North 2027, option A, reviewed by the staff", "Sector North 2027, option B, reviewed by the staff"]
    labels = _labels(SimpleNamespace(study=SimpleNamespace(names=names)))  # type: ignore[arg-type]
    assert [" ".join(label.split()) for label in labels] == names


def test_ties_are_no_wins() -> None:
    """40 wins and 960 ties of 1,000 samples: P with ties counted half is 52%, and the layout is better in 4%."""
    samples = {"a": np.r_[np.ones(40), np.zeros(960)], "b": np.zeros(1000)}
    verdict = verdict_of(samples, [1.0, 1.0])
    assert told(verdict)[2].startswith(
        "a is better than b in 4.0% and equal in 96.0% of 1,000 Monte Carlo samples; with ties counted half, "
        "52% (±0.3%). Difference 0.040"
    )
    assert (
        "dans 4,0\u00a0% et à égalité dans 96,0\u00a0% des 1\u202f000 tirages de Monte-Carlo\u202f; en comptant les "
        "égalités pour moitié, 52\u00a0%"
    ) in in_french(details(verdict)[1])


def test_without_ties_the_fraction_stands_alone() -> None:
    samples = {"a": np.r_[np.zeros(1), np.full(3, 2.0)], "b": np.ones(4)}
    assert told(verdict_of(samples, [1.0, 1.0]))[2].startswith("a is better than b in 75% (±25.0%) of 4 Monte Carlo")


@pytest.mark.parametrize(
    ("medians", "sentence"),
    [
        ((0.0, 0.0, 0.0), "a, b and c rank first equally of 3 layouts at equal life-cycle cost"),
        ((0.2, 0.7, 0.7 + 1e-12), "b and c rank first equally of 3 layouts at equal life-cycle cost"),
        ((0.2, 0.7, 0.6), "b ranks first of 3 layouts at equal life-cycle cost"),
    ],
)
def test_a_shared_first_place_is_of_all_who_share_it(medians: tuple[float, ...], sentence: str) -> None:
    verdict = verdict_of({name: [value] * 2 for name, value in zip("abc", medians, strict=True)}, [1.0] * 3)
    assert told(verdict)[0] == sentence


@pytest.mark.parametrize(
    ("years", "english", "french"),
    [
        (2.5, "2.5 years", "2,5 ans"),
        (1.0, "1 year", "1 an"),
        (1.5, "1.5 years", "1,5 an"),
        (10.0, "10 years", "10 ans"),
    ],
)
def test_years_are_stated_as_given(years: float, english: str, french: str) -> None:
    equal, unlike = (verdict_of({"a": [1.0], "b": [1.0]}, costs, years=years) for costs in ([1.0, 1.0], [1.0, 2.0]))
    assert told(equal)[1].endswith(f" over {english}.")
    assert f" over {english} is not" in told(unlike)[1]
    for one in (equal, unlike):
        assert f" sur {french}" in in_french(details(one)[0])
    about: dict[str, Any] = {"target": "t", "direction": "d", "currency": "USD", "budget": 1.0, "crew": "none"}
    about |= {"fixed": False, "samples": 2, "seed": "0", "operators": 1, "item": "none", "conditions": "day"}
    about |= {"existing": 0, "years": years, "discount": 0.0325}
    for name in ("compare-about", "plan-page-about"):
        assert f" {english}, disc" in say_in_english(name, **about)
        assert "3.25%" in say_in_english(name, **about)
        assert f" {french}, " in in_french(Message(name, about))
        assert "3,25\u00a0%" in in_french(Message(name, about))
    assert say_in_english("plan-tile-cost-why", budget=5.0, costs="priced", years=years).endswith(f" over {english}.")
