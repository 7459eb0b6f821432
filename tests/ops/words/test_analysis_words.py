"""Sentences of coverage, challenge and sites with none, one and several of each thing, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from geo.message import cut_list
from ops.analysis.compare.wording import assumption_source, input_source
from ops.runtime.output import say_in_english
from ops.words import MessageCatalogue
from sensors.detection_model.assumptions import Assumptions
from sensors.equipment.catalogue import shipped
from sensors.planning.comparison.draws import inputs_of
from sensors.planning.comparison.settings import CompareSettings

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "coverage-links-missing",
        {"count": 1, "names": ("r1",)},
        "1 sensor or relay has no link to a base and is excluded: r1.",
        "1 capteur ou relais n’a aucune liaison avec une base et est exclu\u00a0: r1.",
    ),
    (
        "coverage-links-missing",
        {"count": 2, "names": cut_list(("r1", "r2"), 2)},
        "2 sensors and relays have no link to a base and are excluded: r1 and r2.",
        "2 capteurs et relais n’ont aucune liaison avec une base et sont exclus\u00a0: r1 et r2.",
    ),
    (
        "coverage-links-by-hand",
        {"count": 6, "names": cut_list("abcdef", 5)},
        "6 sensors report by hand, with a delay: a, b, c, d, e and 1 more.",
        "6 capteurs rendent compte par messager, avec retard\u00a0: a, b, c, d, e et 1 autre.",
    ),
    (
        "coverage-links-missing",
        {"count": 6, "names": cut_list("abcdef", 2)},
        "6 sensors and relays have no link to a base and are excluded: a, b and 4 more.",
        "6 capteurs et relais n’ont aucune liaison avec une base et sont exclus\u00a0: a, b et 4 autres.",
    ),
    (
        "challenge-headline-unknown",
        {"unknown": 1},
        "Crossing Pd is unknown on 1 segment.",
        "Pd de franchissement inconnue sur 1 segment.",
    ),
    (
        "challenge-headline-unknown",
        {"unknown": 2},
        "Crossing Pd is unknown on 2 segments.",
        "Pd de franchissement inconnue sur 2 segments.",
    ),
    (
        "challenge-layout-gaps",
        {"count": 1, "km": 0.5},
        "1 coverage gap of 0.5 km.",
        "1 lacune de couverture de 0,5\u00a0km.",
    ),
    (
        "challenge-layout-gaps",
        {"count": 2, "km": 3.25},
        "2 coverage gaps, 3.3 km in total.",
        "2 lacunes de couverture, 3,3\u00a0km au total.",
    ),
    (
        "challenge-limit-excluded",
        {"count": 1},
        "1 unknown segment is excluded.",
        "1 segment inconnu est exclu.",
    ),
    (
        "terrain-sites-summary",
        {"sites": 1, "visible": 0.5, "belt": 900.0},
        "1 site has a line of sight to 50.0% of the area within 900 m of the border.",
        "1 site a une ligne de vue sur 50,0\u00a0% de la surface à moins de 900\u00a0m de la frontière.",
    ),
    (
        "terrain-sites-summary",
        {"sites": 2, "visible": None, "belt": 900.0},
        "2 sites together have a line of sight to – of the area within 900 m of the border.",
        "Ensemble, 2 sites ont une ligne de vue sur – de la surface à moins de 900\u00a0m de la frontière.",
    ),
    (
        "challenge-profile-scores",
        {"bands": True, "moved": 0},
        "Terrain, any layout: scores within this border (bands: 5% to 95% under elevation errors)",
        "Terrain, tout dispositif\u00a0: indices au sein de cette frontière (bandes\u00a0: 5\u00a0% à 95\u00a0% "
        "sous erreurs d’altitude)",
    ),
]


@pytest.mark.parametrize(("name", "parameters", "english", "french"), CASES)
def test_a_sentence_has_the_right_plural_and_numbers(
    name: str, parameters: dict[str, Any], english: str, french: str
) -> None:
    for language, expected in (("en", english), ("fr", french)):
        found = MessageCatalogue.of(language).say(name, **parameters)
        assert found.replace("\u202f", "\u00a0") == expected


def test_the_assumptions_of_a_comparison_are_named_in_the_readers_language() -> None:
    french = MessageCatalogue.of("fr")
    inputs = inputs_of((), shipped(), CompareSettings())
    own = [one for one in inputs if one.name not in ("cost_per_person_year", "people_per_post")]
    sources = [(one.name, one.quantity.source, input_source(one.name, one.quantity.source)) for one in own]
    sources += [(one.name, one.source, assumption_source(one.name, one.source)) for one in Assumptions()]
    assert len(sources) > 35
    for name, source, message in sources:
        assert say_in_english(message) == source, name
        assert french.say(message) != source, name
    for one in Assumptions():
        assert french.say("compare-assumption", name=one.name, text=one.name) != one.name
    quoted = assumption_source("person_speed_mps", "measured by ourselves")
    assert french.say(quoted) == "measured by ourselves"


def test_a_french_comparison_cites_the_shipped_catalogue_in_french() -> None:
    french = MessageCatalogue.of("fr")
    inputs = inputs_of(shipped().items.values(), shipped(), CompareSettings())
    assert len(inputs) > 80
    for one in inputs:
        message = input_source(one.name, one.quantity.source)
        assert say_in_english(message) == one.quantity.source, one.name
        assert french.say(message) != one.quantity.source, one.name
    other = input_source("tower: capex", "hypothesis: measured by ourselves")
    assert french.say(other) == "hypothesis: measured by ourselves", "the words of another catalogue stay as written"
