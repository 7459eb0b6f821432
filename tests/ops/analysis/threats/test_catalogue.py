"""The catalogue of threats: complete, with texts in each language, and means that belong to one layer."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from geo.message import Message
from ops import words as words_package
from ops.analysis.threats.catalogue import KINDS, LAYERS, layer_of_means, threat_title, threats
from ops.analysis.threats.command import show_threat
from ops.runtime.output import speaking
from ops.words import LANGUAGES, MessageCatalogue
from sensors.layout import KINDS as SENSOR_KINDS

FOLDER = Path(words_package.__file__).parent


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_code_has_its_text(language: str) -> None:
    """A code without a text would be shown as the code."""
    words = MessageCatalogue.of(language)
    codes: dict[tuple[str, str], set[str]] = {
        ("threat-kind", "kind"): set(KINDS),
        ("threat-layer", "layer"): set(LAYERS),
        ("threat-means", "means"): set(layer_of_means()),
        ("threat-route", "route"): {code for one in threats().values() for code in one.routes},
        ("threat-sees", "sees"): {"target", "carrier", "none"},
        ("threat-cannot", "code"): {
            code for one in threats().values() for layer in one.layers.values() for code in layer.cannot
        },
    }
    source = (FOLDER / language / "threats.ftl").read_text(encoding="utf-8")
    for (message, parameter), every in codes.items():
        start = source.index(f"\n{message} = ")
        variants = source[start : source.index("*[other]", start)]
        for code in every:
            assert f"[{code}] " in variants, (message, code)
            assert "_" not in words.say(Message(message, {parameter: code}))
    for one in threats().values():
        assert words.say(one.definition) != one.id
        assert "_" not in words.say(threat_title(one.id))


def test_every_kind_of_the_study_has_a_threat_with_routes_indicators_and_limits() -> None:
    assert {one.kind for one in threats().values()} == set(KINDS)
    for one in threats().values():
        assert one.routes
        assert one.indicators
        assert all(layer.cannot for layer in one.layers.values()), one.id
        assert any(layer.means for layer in one.layers.values())


def test_goods_are_never_detected_by_sensors_of_the_ground() -> None:
    """A radar, a camera or a ground sensor detects what moves, not what it carries."""
    for one in threats().values():
        if one.kind in ("arms", "dual_use", "cbrn"):
            assert "target" not in one.sensors.values()
            assert "contents" in one.layers["green_border"].cannot or "shielded" in one.layers["green_border"].cannot


def test_each_sensor_kind_that_detects_is_described() -> None:
    for one in threats().values():
        assert set(one.sensors) == set(SENSOR_KINDS)


def test_commands_list_and_show_the_catalogue(watchline: Callable[..., Any]) -> None:
    ending = watchline("threats", "list", "--kind", "arms", "--json")
    found = json.loads(ending.out)["threats"]
    assert {one["id"] for one in found} == {"firearms", "ammunition_and_explosives", "military_equipment"}
    ending = watchline("threats", "show", "firearms", "--json")
    assert json.loads(ending.out)["layer_sentences"]["inland"]["cannot"]
    assert "detects only the person or vehicle that carries it" in ending.err
    assert watchline("threats", "show", "firearm").err.count("firearms") == 1
    assert watchline("threats", "list", "--kind", "weather").code == 2


def test_its_punctuation_is_that_of_the_language() -> None:
    """French has a space before a colon and a semicolon."""
    screen = io.StringIO()
    with speaking(MessageCatalogue.of("fr")):
        show_threat("firearms", Console(file=screen, width=400))
    text = screen.getvalue()
    assert "leurs pièces\u00a0: armes" in text
    assert "\u202f; " in text
    assert not re.search(r"[^\s\u202f\u00a0][;:] ", text)
