from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import LineString

from geo.border import Border, Section
from geo.border.sections import read_sections, section_of_segments
from geo.errors import BorderError
from geo.frame import LocalFrame

FRAME = LocalFrame.around(1.5, 42.5)
BORDER = Border(FRAME, LineString([(0, 0), (2000, 0), (2000, 1000)]), segment_length_m=500.0)


def test_a_segment_belongs_to_the_section_that_holds_its_middle() -> None:
    sections = [Section("north", 2_000.0, 3_000.0, impact_level="high"), Section("west", 0.0, 1_200.0, "unit 1")]
    assert section_of_segments(BORDER, sections).tolist() == [1, 1, -1, -1, 0, 0]
    assert section_of_segments(BORDER, []).tolist() == [-1] * 6


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([("a", 0.0, 1_000.0), ("b", 900.0, 2_000.0)], "overlaps 'a'"),
        ([("a", 0.0, 3_001.0)], "at most the border's 3000 m"),
    ],
)
def test_sections_that_do_not_fit_are_refused(sections: list, words: str) -> None:
    with pytest.raises(BorderError, match=words):
        section_of_segments(BORDER, [Section(*section) for section in sections])


@pytest.mark.parametrize(
    ("settings_", "words"),
    [({"end_m": 0.0}, "rising"), ({"start_m": float("nan")}, "rising"), ({"impact_level": "dire"}, "dire")],
)
def test_a_section_that_cannot_be_is_refused(settings_: dict, words: str) -> None:
    with pytest.raises(BorderError, match=words):
        Section(**({"name": "a", "start_m": 0.0, "end_m": 1.0} | settings_))


def written(path: Path, lines: dict[str, list[tuple[float, float]]]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"sector": name, "station": f"station {name}", "level": "low" if name == "a" else None},
            "geometry": {
                "type": "LineString",
                "coordinates": np.column_stack(FRAME.to_lonlat(*np.array(line, float).T)).tolist(),
            },
        }
        for name, line in lines.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_sections_are_read_from_lines_along_the_border(tmp_path: Path) -> None:
    lines = {"b": [(1900, 0), (2000, 0), (2000, 600)], "a": [(0, 3), (1100, -3)], "elsewhere": [(0, 5000), (900, 5000)]}
    file = written(tmp_path / "sections.geojson", lines)
    sections = read_sections(file, BORDER, name="sector", unit="station", impact_level="level")
    assert sections == [
        Section("a", 0.0, 1_500.0, "station a", "low"),
        Section("b", 1_500.0, 3_000.0, "station b", None),
    ]
    with pytest.raises(BorderError, match=r"no column 'name' among the columns .*; expected name"):
        read_sections(file, BORDER)
    with pytest.raises(BorderError, match="no line is along"):
        read_sections(written(tmp_path / "far.geojson", {"c": lines["elsewhere"]}), BORDER, name="sector")


@pytest.mark.parametrize("texts", [{"name": "a\u202eb"}, {"name": "a", "unit": "b\nc"}])
def test_a_section_hides_no_text(texts: dict[str, str]) -> None:
    with pytest.raises(BorderError, match="expected text on one line"):
        Section(start_m=0.0, end_m=1.0, **texts)
