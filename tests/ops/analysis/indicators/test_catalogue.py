"""The catalogue of indicators: each is defined, with unit, kind of source, interval and limits, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ops.analysis.indicators.catalogue import FAMILIES, definitions
from ops.analysis.score.of_challenge import OF_CHALLENGE
from ops.analysis.score.scorecard import LOWER_IS_BETTER
from ops.words import LANGUAGES, MessageCatalogue
from sensors.statistics.outcome_rates import Outcomes, outcome_rates


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_indicator_has_its_texts(language: str) -> None:
    """A code without a text would be shown as the code."""
    words = MessageCatalogue.of(language)
    for one in definitions().values():
        texts = [words.say(message) for message in (one.title, one.definition, *one.limit_sentences)]
        assert one.limits
        assert not {one.id, *one.limits} & set(texts)


def test_what_is_reported_has_an_interval_and_what_is_computed_has_none() -> None:
    for one in definitions().values():
        assert (one.update_days is None) == one.computed, one.id
        assert one.unit != "1" or one.least == 0.0


def test_all_families_of_the_study_have_indicators_and_the_tactical_one_only_computed_ones() -> None:
    assert {one.family for one in definitions().values()} == set(FAMILIES)
    assert all(one.computed for one in definitions().values() if one.family == "tactical_tools")


def test_directions_are_those_of_the_scorecard() -> None:
    """The same quantity may not be better in two directions."""
    for name, better in OF_CHALLENGE.items():
        if name in definitions():
            assert definitions()[name].better == better
    rates = outcome_rates(Outcomes(undetected=1, alerts=1, nuisance=1, tracks=1, unresolved=1))
    for name in rates.keys() & definitions().keys():
        assert definitions()[name].better == ("lower" if name in LOWER_IS_BETTER else "higher")


def test_the_command_lists_it(watchline: Callable[..., Any]) -> None:
    ending = watchline("indicators", "list", "--family", "international_agreements", "--json")
    found = json.loads(ending.out)["indicators"]
    assert {one["id"] for one in found} >= {"firearms_protocol", "arms_trade_treaty", "programme_of_action"}
    assert {one["family"] for one in found} == {"international_agreements"}
    for one in found:  # each limit is stated with the indicators that have it
        for sentence in one["limit_sentences"]:
            assert any(one["id"] in line and sentence in line for line in ending.err.splitlines()), one["id"]
    assert watchline("indicators", "list", "--family", "weather").code == 2
