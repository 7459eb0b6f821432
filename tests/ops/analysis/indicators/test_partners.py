"""Partners of agreements and training: those that the study names, with texts in each language."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ops.analysis.indicators.catalogue import definitions
from ops.analysis.indicators.partners import TEXTS, partners
from ops.words import LANGUAGES, MessageCatalogue


def test_the_partners_of_the_study_are_measured_by_reported_indicators() -> None:
    assert set(partners()) == {"recsa", "exbs", "eu_coarm", "interpol", "unodc"}
    for one in partners().values():
        assert one.indicators
        assert not any(definitions()[name].computed for name in one.indicators)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_partner_has_its_texts(language: str) -> None:
    words = MessageCatalogue.of(language)
    for one in partners().values():
        assert all(words.say(one.text(name)) != one.id for name in TEXTS)


def test_the_command_states_where_adherence_is_read(watchline: Callable[..., Any]) -> None:
    ending = watchline("indicators", "partners", "--json")
    found = {one["id"]: one for one in json.loads(ending.out)["partners"]}
    assert "National Central Bureau" in found["interpol"]["read"]
    assert "2008/944" in ending.err
