"""Factors of segments by hand, proposed and current levels, the report in both languages, and refusals."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from rich.console import Console

from geo.errors import BadInput
from ops.analysis.indicators.records import Indicator
from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.risk.assess import RiskOptions, assess_risk, section_risks, weights_of
from ops.analysis.risk.assessment import RiskAssessment
from ops.analysis.risk.combination import level_of, rank_stability, risk_of
from ops.analysis.risk.factors import ChallengeSegments, CountedPeriod, RiskFactors, factors_of, read_challenge
from ops.analysis.risk.rows import SECTION_COLUMNS, answer_of, section_row
from ops.audit.log import AuditLog
from ops.governance.demonstration import MARK
from ops.runtime.output import speaking
from ops.sector.open_sector import open_sector
from ops.words import MessageCatalogue
from tests.ops.analysis.handover.night import Night, worked_night
from tests.ops.analysis.risk.conftest import COLUMNS
from tests.ops.conftest import Files
from tests.ops.incidents.making import alert

NOW = datetime(2026, 1, 15, tzinfo=UTC)
DAY_S = 86_400.0


def segments(ease: Sequence[float], resistance: Sequence[float], length_m: float = 500.0) -> ChallengeSegments:
    starts = np.arange(len(ease)) * length_m
    lengths = np.full(len(ease), length_m)
    numbers = np.array(ease), np.array(resistance)
    return ChallengeSegments(starts, starts + length_m, lengths, *numbers, True, "basic", "0" * 64)


def record(name: str, place: str, value: float | None, day: str = "2025-12-31", start: str | None = None) -> Indicator:
    unit = "1" if name == "crossing_impact" else "cases"
    begun = None if start is None else date.fromisoformat(start)
    return Indicator(
        place, "crime_and_governance", name, value, unit, date.fromisoformat(day), "s", start=begun, catalogued=True
    )  # fmt: skip


def incident(segment: int | None, disposition: str | None = "apprehended", kind: str = "movement") -> dict[str, Any]:
    return {"segment": segment, "disposition": disposition, "kind": kind}


def test_factors_by_hand() -> None:
    challenge = segments([0.2, 0.4, 0.6, 0.8], [0.9, 0.5, 0.0, math.nan])
    seen = [incident(1), incident(1, None), incident(2), incident(3, "nuisance"), incident(None), incident(9)]
    seen.append(incident(0, kind="fault"))
    records = [
        record("crossing_impact", "section A", 0.3, "2024-12-31"),
        record("crossing_impact", "section A", 0.4),
        record("crossing_impact", "segment 1", 0.9),
        record("crossing_impact", "cumberland", 1.0),
    ]
    found = factors_of(challenge, ["A", "A", None, "B"], records, seen)
    assert found.incidents is not None
    assert found.incidents.tolist() == [0, 2, 1, 0]
    # ranks of the incidents per km: two zeros share 1.5, then 3 and 4; (rank − ½)/4
    assert found.parts["incidents"].tolist() == [0.25, 0.875, 0.625, 0.25]
    assert found.threat == pytest.approx([(0.2 + 0.25) / 2, (0.4 + 0.875) / 2, (0.6 + 0.625) / 2, (0.8 + 0.25) / 2])
    assert found.vulnerability[:3] == pytest.approx([0.1, 0.5, 1.0])
    assert math.isnan(found.vulnerability[3])
    assert found.impact[:2].tolist() == [0.4, 0.9]
    assert np.isnan(found.impact[2:]).all()


def test_what_is_alike_in_all_segments_is_no_part_of_the_threat() -> None:
    challenge = segments([0.2, 0.4, 0.6, 0.8], [0.5] * 4)
    unknown = factors_of(challenge, [None] * 4, [], None)
    even = [record("smuggling_cases", f"segment {number}", 5.0) for number in range(4)]
    for records, seen in (([], []), (even, [incident(number) for number in range(4)])):
        found = factors_of(challenge, [None] * 4, records, seen)
        assert found.threat.tolist() == unknown.threat.tolist()
        assert list(found.parts) == ["crossing_ease"]


@pytest.fixture
def worked(tmp_path: Path) -> Path:
    """A store with incidents of 20 March 2026 in segment 3."""
    night, _ = worked_night(tmp_path)
    night.store.close()
    AuditLog(tmp_path / "audit").close()
    return night.store.path


def test_months_before_the_first_incident_make_no_trend(hill_sector: Files, challenged: Path, worked: Path) -> None:
    options = RiskOptions(str(hill_sector.sector), challenged, store=worked, trend=2)
    figures = assess_risk(options, Console(file=io.StringIO()), now=datetime(2026, 3, 31, tzinfo=UTC))
    trend = figures["trend"]["segments"]
    assert {one["change"] for one in trend} == {None}
    assert all(one["risk"][:2] == [None, None] and one["risk"][2] is not None for one in trend)


def test_months_in_which_all_segments_had_the_same_number_of_incidents_make_no_trend(
    hill_sector: Files, challenged: Path, tmp_path: Path
) -> None:
    """In March there is only an incident of equipment, in April also a crossing of segment 3."""
    night = Night(tmp_path)
    night.raise_(alert("sensor_offline", "radar-west", 0), 0)
    night.raise_(alert("crossing", "T1", 20 * DAY_S), 20 * DAY_S)
    night.store.close()
    AuditLog(tmp_path / "audit").close()
    options = RiskOptions(str(hill_sector.sector), challenged, store=night.store.path, trend=1)
    figures = assess_risk(options, Console(file=io.StringIO()), now=datetime(2026, 4, 30, tzinfo=UTC))
    trend = figures["trend"]["segments"]
    assert {one["change"] for one in trend} == {None}
    assert all(one["risk"][0] is None and one["risk"][1] is not None for one in trend)


def test_the_store_of_a_demonstration_is_illustrative_and_cannot_be_decided_on(
    hill_sector: Files, challenged: Path, worked: Path, tmp_path: Path
) -> None:
    mark = worked.parent / MARK
    mark.write_text(f"{open_sector(str(hill_sector.sector)).sector.name}\n", encoding="utf-8")
    options = RiskOptions(str(hill_sector.sector), challenged, store=worked, on="2026-03-20")
    now, screen = datetime(2026, 3, 31, tzinfo=UTC), Console(file=io.StringIO())
    assert assess_risk(options, screen, now=now)["illustrative"]
    with pytest.raises(BadInput, match="illustrative"):
        assess_risk(replace(options, out=tmp_path / "out", decided_by="Ana", reason="Season"), screen, now=now)
    mark.write_text("elsewhere\n", encoding="utf-8")
    with pytest.raises(BadInput, match="store of elsewhere"):
        assess_risk(options, screen, now=now)


def test_cases_of_a_section_are_spread_over_its_length() -> None:
    challenge = segments([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
    records = [record("smuggling_cases", "section A", 10), record("smuggling_cases", "section B", 6)]
    found = factors_of(challenge, ["A", "A", "B"], records, None)
    assert found.incidents is None
    # A: 10 cases on 1 km, B: 6 cases on half a km, so 12 per km
    assert found.parts["smuggling_cases"] == pytest.approx([1 / 3, 1 / 3, 5 / 6])


MONTH = ("2026-10-31", "2026-10-01")
YEAR = ("2025-12-31", "2025-01-01")


def test_cases_count_in_a_period_that_all_places_have() -> None:
    """24 in a year are 12 per km and year, 10 in a month 60: the year must not rank above the month."""
    challenge = segments([0.5] * 4, [0.5] * 4, 1_000.0)
    names = ["A", "A", "B", "B"]
    unlike = [record("smuggling_cases", "section A", 24, *YEAR), record("smuggling_cases", "section B", 10, *MONTH)]
    elsewhere = [record("smuggling_cases", "cumberland", 9, *MONTH), record("smuggling_cases", "segment 9", 9, *MONTH)]
    found = factors_of(challenge, names, [*unlike, *elsewhere], None)
    assert list(found.parts) == ["crossing_ease"]
    assert found.threat.tolist() == [0.5] * 4
    assert found.periods == {"smuggling_cases": CountedPeriod(None, None)}

    both = [*unlike, record("smuggling_cases", "section A", 2, *MONTH)]
    found = factors_of(challenge, names, both, None)
    assert found.parts["smuggling_cases"].tolist() == [0.25, 0.25, 0.75, 0.75]
    assert found.periods["smuggling_cases"] == CountedPeriod(date(2026, 10, 1), date(2026, 10, 31))

    year = [*both, record("smuggling_cases", "section B", 48, *YEAR), record("smuggling_cases", "segment 0", 1, *YEAR)]
    found = factors_of(challenge, names, year, None)
    # 1 case on the km of segment 0, 12 per km on segment 1, 24 per km in B
    assert found.parts["smuggling_cases"].tolist() == [0.125, 0.375, 0.75, 0.75]
    assert found.periods["smuggling_cases"] == CountedPeriod(date(2025, 1, 1), date(2025, 12, 31), earlier=True)


def test_the_report_states_which_cases_are_left_out_or_not_the_newest(
    hill_sector: Files, challenged: Path, tmp_path: Path
) -> None:
    table = tmp_path / "i.csv"
    head = "place,indicator,value,date,start,source\n"
    rows = [f"segment {number},smuggling_cases,9,2025-12-31,2025-01-01,s\n" for number in range(2)]
    rows += ["segment 0,smuggling_cases,1,2026-01-10,2026-01-01,s\n"]
    rows += ["segment 0,firearm_seizures,1,2025-12-31,2025-01-01,s\nsegment 1,firearm_seizures,1,2025-12-31,,s\n"]
    table.write_text(head + "".join(rows), encoding="utf-8")
    screen = Console(file=io.StringIO(), width=400)
    options = RiskOptions(str(hill_sector.sector), challenged, indicators=table)
    figures = assess_risk(options, screen, now=NOW)
    assert figures["recorded_periods"] == {
        "smuggling_cases": {"start": "2025-01-01", "end": "2025-12-31"},
        "firearm_seizures": {"start": None, "end": None},
    }
    assert isinstance(screen.file, io.StringIO)
    told = screen.file.getvalue()
    assert "recorded smuggling cases: not all places have the newest value" in told
    assert "the values of 2025-01-01 to 2025-12-31 count" in told
    assert "firearms seized: left out of the threat" in told


def test_the_highest_level_in_a_section_stands_beside_the_proposed_one() -> None:
    """Classes 1, 1, 1 make medium with the risk 0.66; classes 2, 2, 1 make high with 0.62."""
    table = np.array([[0.66, 0.66, 0.66], [1.0, 0.7, 0.34], [0.1, 0.1, 0.1], [0.5, 0.5, math.nan]])
    risk = risk_of(table, (1.0, 1.0, 1.0))
    assert risk[:2] == pytest.approx([0.66, 0.6197], abs=1e-4)
    found = section_risks(["A", "A", "B", "C"], risk, level_of(table), {"A": "low"})
    assert [(one.name, one.segment, one.proposed, one.highest, one.current) for one in found] == [
        ("A", 0, "medium", "high", "low"),
        ("B", 2, "low", "low", None),
        ("C", None, None, None, None),
    ]
    assert len(section_row(found[0])) == len(SECTION_COLUMNS)


def test_of_equal_risks_in_a_section_the_highest_level_is_proposed() -> None:
    """Sums of floating-point numbers: the first two differ by less than any figure that is shown."""
    risk = np.array([0.6, 0.6 + 1e-15, 0.6, 0.5])
    found = section_risks(["A"] * 4, risk, np.array([1, 0, 2, 2]), {})
    assert [(one.segment, one.proposed, one.highest) for one in found] == [(2, "high", "high")]


@pytest.mark.parametrize(
    ("equal", "english", "french"),
    [
        (1, "Segment 0 has the highest risk, 0.80. It", "Le segment 0 présente le risque le plus élevé, 0,80. Il"),
        (
            2,
            "2 segments share the highest risk, 0.80: 0–1. Each",
            "2 segments présentent à égalité le risque le plus élevé, 0,80\u00a0: 0–1. Chacun",
        ),
        (
            11,
            "11 segments share the highest risk, 0.80. Each",
            "11 segments présentent à égalité le risque le plus élevé, 0,80. Chacun",
        ),
    ],
)
def test_the_answer_names_all_segments_of_the_highest_risk(equal: int, english: str, french: str) -> None:
    table = np.array([[0.8, 0.8, 0.8]] * equal + [[0.2, 0.2, 0.2], [math.nan] * 3])
    weights, nothing = (1.0, 1.0, 1.0), cast(Any, None)
    factors = RiskFactors(table[:, 0], table[:, 1], table[:, 2], {}, None, {})
    found = RiskAssessment(
        nothing, NOW.date(), nothing, factors, weights, (), risk_of(table, weights), level_of(table),
        rank_stability(table, weights, draws=20), (), (None,) * len(table), illustrative=False,
    )  # fmt: skip
    first, unknown = answer_of(found)
    assert first.startswith(english)
    assert first.endswith("100% of the draws of the weights.")
    assert unknown == f"The risk of 1 of {equal + 2} segments is unknown."
    with speaking(MessageCatalogue.of("fr")):
        assert answer_of(found)[0].startswith(french)


def assessed(hill_sector: Files, challenge: Path, **more: Any) -> dict[str, Any]:
    options = RiskOptions(str(hill_sector.sector), challenge, **more)
    return assess_risk(options, Console(file=io.StringIO(), width=200), now=NOW)


def test_without_impact_no_level_is_proposed_and_the_last_segment_is_first(
    hill_sector: Files, challenged: Path
) -> None:
    figures = assessed(hill_sector, challenged)
    assert figures["left_out"] == ["impact"]
    assert figures["weights"]["impact"] == 0.0
    ranks = [one["rank"] for one in figures["segments"]]
    assert ranks == sorted(ranks, reverse=True)
    assert figures["segments"][-1]["rank_high"] == 1
    assert all(one["matrix"] is None for one in figures["segments"])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_report_shows_map_segments_and_limits(
    hill_sector: Files, challenged: Path, tmp_path: Path, language: str
) -> None:
    table = tmp_path / "i.csv"
    rows = [f"segment {number},crossing_impact,0.9,2025-12-31,s\n" for number in range(100)]
    table.write_text("place,indicator,value,date,source\n" + "".join(rows), encoding="utf-8")
    with speaking(MessageCatalogue.of(language)):
        figures = assessed(hill_sector, challenged, indicators=table, out=tmp_path / "out", pdf=True)
    assert [Path(one).name for one in figures["files"]] == ["risk.html", "risk.pdf", "summary.json"]
    page = (tmp_path / "out" / "risk.html").read_text(encoding="utf-8")
    assert f'lang="{language}"' in page
    assert "data:image/png;base64," in page
    assert page.count('<span class="bar"') == 5  # four classes of risk, and unknown
    layout = open_sector(str(hill_sector.sector)).layout
    assert all(f'class="swatch mark mark-{sensor.kind}"' in page for sensor in layout)
    assert {"en": "is ours", "fr": "est la nôtre"}[language] in page
    assert page.count('<th scope="row">') >= len(figures["segments"])
    assert figures["segments"][-1]["matrix"] == "high"
    assert json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["made_by"] == "watchline risk"


@pytest.mark.parametrize("text", ["1,1", "1,1,1,1", "a,b,c", "0,0,0", "-1,1,1", "inf,1,1", "nan,1,1", ""])
def test_weights_that_are_not_three_usable_numbers_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"--weights: .* expected three weights"):
        weights_of(text)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("summary.json", '{"made_by": "watchline challenge", "sector": "elsewhere", "layout": "basic"}'),
        ("summary.json", "[]"),
        ("segments.csv", "segment\n0\n"),
        ("segments.csv", ""),
        ("segments.csv", ",".join(COLUMNS) + "\n0,0,500,500,1.5,0.5\n"),
        ("segments.csv", ",".join(COLUMNS) + "\n1,0,500,500,0.5,0.5\n"),
        ("segments.csv", ",".join(COLUMNS) + "\n0,0,500,500,x,0.5\n"),
    ],
)
def test_what_is_no_challenge_of_the_sector_is_refused(
    hill_sector: Files, challenged: Path, tmp_path: Path, file: str, text: str
) -> None:
    name = open_sector(str(hill_sector.sector)).sector.name
    for one in challenged.iterdir():
        (tmp_path / one.name).write_bytes(one.read_bytes())
    assert len(read_challenge(tmp_path, name).length_m) > 1
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(IndicatorError, match=f"is not a challenge of {name}; expected the --out folder"):
        read_challenge(tmp_path, name)


def test_a_challenge_of_another_border_is_refused(hill_sector: Files, challenged: Path, tmp_path: Path) -> None:
    for one in challenged.iterdir():
        (tmp_path / one.name).write_bytes(one.read_bytes())
    lines = (tmp_path / "segments.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "segments.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match="as the border has"):
        assessed(hill_sector, tmp_path)
