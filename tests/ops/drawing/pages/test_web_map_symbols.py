"""The interactive map has a symbol of its own for each kind, as printed maps have, and its legend has the same."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ops.drawing.pages.html_page import STYLESHEET
from ops.drawing.pages.map_input import CLASS_STYLE, Marker
from ops.drawing.pages.web_map import draw_map
from ops.drawing.printed_map import SIGNS
from ops.drawing.symbols import KINDS
from tests.ops.drawing.pages.test_static_map import FRAME, drawing_of


@pytest.mark.parametrize("kind", [*KINDS, "balloon"])
def test_a_mark_has_the_class_of_its_kind(kind: str) -> None:
    lon, lat = FRAME.to_lonlat(500.0, 0.0)
    drawing = replace(drawing_of([]), sensors=[Marker(kind, float(lon), float(lat), "one")])
    marks = re.findall(r'"mark": "([a-z_]+)"', "".join(draw_map(drawing).scripts))
    assert marks == [kind if kind in KINDS else "other"]


def test_lines_of_tracks_differ_without_colour() -> None:
    assert len({dashes for _, dashes in CLASS_STYLE.values()}) == len(CLASS_STYLE)


def test_each_kind_looks_otherwise_on_the_page_and_on_paper() -> None:
    """The rules of a mark state what differs from the square of a radar."""
    sheet = STYLESHEET.read_text(encoding="utf-8")
    looks = {
        kind: tuple(body for names, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet) if f".mark-{kind}::" in names)
        for kind in KINDS
    }
    assert looks["radar"] == ()
    assert len(set(looks.values())) == len(KINDS)
    assert len({sign for sign, _, _ in SIGNS.values()}) == len(SIGNS)
    assert set(SIGNS) | {"base", "alert"} == set(KINDS)
