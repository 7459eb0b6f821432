"""Every report is made from one template library and one style sheet, and has its maps' legends within their frames."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ops.drawing.pages.html_page import FOLDER, render_page

ROOT = Path(__file__).parents[4]
REPORTS = sorted((ROOT / "ops" / "analysis").rglob("*.j2"))
PAGE = """{% extends "base.html.j2" %}{% import "parts.html.j2" as parts %}{% block eyebrow %}Trial{% endblock %}
{% block main %}{% call parts.framed("data:,", "a map", "Legend", true, "90mm") %}
{{ parts.areas([("#112233", "an area"), ("hatch", "dead ground")]) }}{{ parts.bars([("#445566", "a line")]) }}
{{ parts.symbols([("radar", "radar")]) }}{% endcall %}{% endblock %}"""


@pytest.mark.parametrize("template", REPORTS, ids=lambda path: path.parent.name)
def test_each_report_extends_the_one_page_and_takes_its_legends_from_it(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert text.startswith('{% extends "base.html.j2" %}')
    assert 'class="legend"' not in text, "a legend is written within the frame of its map, by parts.html.j2"
    assert "<style" not in text
    assert text.count("shown_map(") == text.count("{% call parts.shown_map(")


def test_there_is_one_style_sheet_for_all_reports() -> None:
    assert len(REPORTS) >= 10
    assert list((ROOT / "ops" / "analysis").rglob("*.css")) == []
    assert [path.name for path in FOLDER.glob("*.css")] == ["report.css"]


class Legend(HTMLParser):
    """Classes of the elements around each text."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.around: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("img", "meta", "link", "input"):
            self.stack.append(dict(attrs).get("class") or tag)

    def handle_endtag(self, tag: str) -> None:
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.around[data.strip()] = list(self.stack)


def test_the_legend_is_within_the_frame_and_has_every_texture_of_the_map(tmp_path: Path) -> None:
    template = tmp_path / "trial.html.j2"
    template.write_text(PAGE, encoding="utf-8")
    page = render_page(template, page={"title": "A trial", "about": "", "colophon": "end"})
    found = Legend()
    found.feed(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    for text in ("an area", "dead ground", "a line", "radar", "unknown (terrain data missing)"):
        assert found.around[text][-4:] == ["map-frame", "map-key", "legend", "li"]
    assert '<span class="hatch" aria-hidden="true"></span>dead ground' in page
    assert '<span class="hatch unknown" aria-hidden="true"></span>unknown' in page
    assert 'style="--frame-width: 90mm"' in page
