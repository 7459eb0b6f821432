"""The evidence of an alert in a report: the bars and words of the live map, by the same limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ops.analysis.night_report import certainty
from ops.analysis.night_report.certainty import certainty_of
from ops.analysis.night_report.text import alert_rows

PAGE = Path(__file__).parents[4] / "ops/web/src/words/certainty.ts"
FULL: dict[str, Any] = {
    "track": "T1", "existence": 0.97, "class_label": "person", "class_probability": 0.8, "position_sd_m": 20.4,
    "evidence": [["radar", 1, 7], ["camera", 1, 3], ["radar", 1, 6]],
}  # fmt: skip
"""Just within each limit: 20.4 m × 2.4477 = 49.9 m."""


def test_a_report_and_the_page_judge_by_the_same_limits() -> None:
    stated = dict(re.findall(r"^const ([A-Z_]+) = ([\d.]+);", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert stated.keys() == {"EXISTS", "CLASSIFIED", "SENSORS", "ERROR_M"}
    assert {name: float(value) for name, value in stated.items()} == {
        name: float(getattr(certainty, name)) for name in stated
    }


@pytest.mark.parametrize(
    ("change", "bars", "line"),
    [
        ({}, "▮▮▮▮▯", "Strong evidence: 4 of 5 signs"),
        ({"existence": 0.9499}, "▮▮▮▯▯", "Fair evidence: 3 of 5 signs"),
        ({"evidence": [["radar", 1, 7], ["radar", 1, 6]]}, "▮▮▮▯▯", "Fair evidence: 3 of 5 signs"),
        ({"position_sd_m": 20.5, "class_probability": 0.79}, "▮▮▯▯▯", "Weak evidence: 2 of 5 signs"),
        ({"class_label": "unknown", "position_sd_m": None}, "▮▮▯▯▯", "Weak evidence: 2 of 5 signs"),
        ({"class_label": None, "position_sd_m": None, "evidence": []}, "▮▯▯▯▯", "Weak evidence: 1 of 5 signs"),
    ],
)
def test_as_many_bars_as_signs_speak_for_the_target(change: dict[str, Any], bars: str, line: str) -> None:
    """95% of a normal distribution in two dimensions are within √(−2 ln 0.05) = 2.4477 deviations."""
    judged = certainty_of(FULL | change)
    assert judged is not None
    assert (judged.bars, judged.line) == (bars, line)


@pytest.mark.parametrize("change", [{"track": None}, {"existence": None}])
def test_what_claims_no_target_has_no_bars(change: dict[str, Any]) -> None:
    assert certainty_of(FULL | change) is None


def test_a_track_has_its_radio_name_in_sentence_and_facts_as_on_the_live_map() -> None:
    alert = FULL | {
        "id": "A1", "raised_at": "2026-03-14T21:00:00Z", "sentence": "as fusion wrote it", "priority": "high",
        "message": {"id": "alert-track-initiated-inside", "parameters": {"track": "T1", "offset_m": 100.0}},
    }  # fmt: skip
    (named,) = alert_rows([alert], ZoneInfo("UTC"), {"T1": "Cedar 35"})
    (unnamed,) = alert_rows([alert], ZoneInfo("UTC"))
    assert named.track == "Cedar 35"
    assert "Cedar 35" in named.sentence
    assert "T1" not in named.sentence
    assert unnamed.sentence == named.sentence.replace("Cedar 35", "T1")
