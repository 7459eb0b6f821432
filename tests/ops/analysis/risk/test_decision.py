"""The decision to use an assessment: written, read, refused, and switched on for one use at a time."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from geo.errors import BadInput
from ops.analysis.risk.assess import RiskOptions, assess_risk, section_risks
from ops.analysis.risk.combination import CLASSES
from ops.analysis.risk.decision import FILE, RiskDecision, SegmentRisk, decision_for, proposals, read_decision
from ops.runtime.output import say_in_english, speaking
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector, read_sector
from ops.services.fusion.alert_context import _risk
from ops.words import MessageCatalogue
from tests.ops.conftest import Files

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def indicators_in(folder: Path) -> Path:
    table = folder / "i.csv"
    rows = [f"segment {number},crossing_impact,{0.9 if number % 2 else 0.2},2025-12-31,s\n" for number in range(100)]
    table.write_text("place,indicator,value,date,source\n" + "".join(rows), encoding="utf-8")
    return table


def assessed(sector: Files, challenge: Path, folder: Path, **more: Any) -> dict[str, Any]:
    chosen: dict[str, Any] = {"indicators": indicators_in(folder), "out": folder / "out"} | more
    return assess_risk(
        RiskOptions(str(sector.sector), challenge, **chosen), Console(file=io.StringIO(), width=200), now=NOW
    )


@pytest.fixture
def decided(own_sector: Files, challenged: Path, tmp_path: Path) -> Path:
    """The decision on the sector of hills."""
    assessed(own_sector, challenged, tmp_path, decided_by="Ana Keller", reason="monthly review")
    return tmp_path / "out" / FILE


def switched(sector: Files, decision: Path, *uses: str) -> Any:
    """The sector with these uses of a decision."""
    text = sector.sector.read_text(encoding="utf-8")
    lines = f'risk_decision = "{decision.as_posix()}"\nrisk_feeds = {json.dumps(list(uses))}\n'
    sector.sector.write_text(lines + text, encoding="utf-8")
    return load_sector(sector.sector)


def test_the_decision_holds_the_assessment_and_who_made_it(own_sector: Files, decided: Path, tmp_path: Path) -> None:
    found = read_decision(decided)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert (found.by, found.reason, found.assessed_on) == ("Ana Keller", "monthly review", date(2026, 1, 15))
    assert found.decided_at == NOW
    assert [(one.risk, one.level) for one in found.segments] == [
        (one["risk"], one["matrix"]) for one in summary["segments"]
    ]
    assert say_in_english(found.message) == "decided on 2026-01-15 by Ana Keller, as assessed on 2026-01-15"
    assert FILE in [Path(one).name for one in summary["files"]]


def test_each_use_is_switched_on_alone_and_none_by_default(own_sector: Files, decided: Path) -> None:
    count = open_sector(load_sector(own_sector.sector)).crossed.segments
    assert decision_for(load_sector(own_sector.sector), "alerts", count) is None
    sector = switched(own_sector, decided, "patrols")
    assert decision_for(sector, "alerts", count) is None
    assert decision_for(sector, "planner", count) is None
    assert decision_for(sector, "patrols", count) == read_decision(decided)


def test_alerts_get_the_levels_and_the_person_only_when_switched_on(own_sector: Files, decided: Path) -> None:
    assert _risk(open_sector(load_sector(own_sector.sector)), []) is None
    found = _risk(open_sector(switched(own_sector, decided, "alerts")), missing := [])
    assert found is not None
    assert (found.levels, found.decided_by, missing) == (read_decision(decided).levels, "Ana Keller", [])
    assert "high" in found.levels


def test_a_decision_that_cannot_be_read_raises_no_alert_and_is_reported(own_sector: Files, decided: Path) -> None:
    sector = switched(own_sector, decided, "alerts")
    decided.write_text("{}", encoding="utf-8")
    assert _risk(open_sector(sector), missing := []) is None
    assert missing == ["risk"]


def test_a_decision_of_another_border_is_refused(own_sector: Files, decided: Path) -> None:
    sector = switched(own_sector, decided, "planner")
    with pytest.raises(BadInput, match=r"with \d+ segments; expected"):
        decision_for(sector, "planner", 3)


def spoilt(content: dict[str, Any], how: str) -> dict[str, Any]:
    segments = [dict(one) for one in content["segments"]]
    changes: dict[str, dict[str, Any]] = {
        "format": {"format": "another 1"}, "by": {"by": " "}, "sight": {"by": "A\u202eB"},
        "weights": {"weights": {"threat": 0.0, "vulnerability": 0.0, "impact": 0.0}},
        "no weight": {"weights": {"threat": 1.0}}, "local time": {"decided_at": "2026-01-15T12:00:00"},
        "order": {"segments": segments[1:]}, "fraction": {"segments": [segments[0] | {"risk": 1.5}, *segments[1:]]},
        "level": {"segments": [segments[0] | {"level": "critical"}, *segments[1:]]}, "more": {"more": 1},
    }  # fmt: skip
    return content | changes[how]


@pytest.mark.parametrize(
    "how",
    ["format", "by", "sight", "weights", "no weight", "local time", "order", "fraction", "level", "more"],
)
def test_what_is_no_decision_is_refused(decided: Path, how: str) -> None:
    content = json.loads(decided.read_text(encoding="utf-8"))
    decided.write_text(json.dumps(spoilt(content, how)), encoding="utf-8")
    with pytest.raises(BadInput, match=r"is not a decision on risk; expected the risk-decision\.json"):
        read_decision(decided)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"decided_by": "Ana"}, "--reason: .* expected a reason of 3 to 500 characters"),
        ({"reason": "monthly review"}, "--decided-by: .* expected the name of a person"),
        ({"decided_by": "Ana", "reason": "monthly review", "out": None}, "--decided-by: no folder"),
        ({"decided_by": "A\u202eB", "reason": "monthly review"}, "--decided-by"),
        ({"decided_by": "Ana", "reason": "monthly review", "simulated": True}, "real records"),
    ],
)
def test_a_decision_without_person_reason_folder_or_real_records_is_refused(
    hill_sector: Files, challenged: Path, tmp_path: Path, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        assessed(hill_sector, challenged, tmp_path, **more)
    assert not (tmp_path / "out" / FILE).exists()


def test_a_later_assessment_leaves_the_decision_as_it_is(own_sector: Files, challenged: Path, decided: Path) -> None:
    before = decided.read_bytes()
    assessed(own_sector, challenged, decided.parent.parent, on="2026-01-10")
    assert decided.read_bytes() == before


def test_uses_without_a_decision_and_unknown_uses_are_refused(own_sector: Files) -> None:
    text = own_sector.sector.read_text(encoding="utf-8")
    own_sector.sector.write_text('risk_feeds = ["alerts"]\n' + text, encoding="utf-8")
    (error,) = read_sector(own_sector.sector)[1]
    assert "risk_feeds without risk_decision" in str(error)
    own_sector.sector.write_text('risk_decision = "sector.toml"\nrisk_feeds = ["news"]\n' + text, encoding="utf-8")
    (error,) = read_sector(own_sector.sector)[1]
    assert "expected a list of 'alerts', 'patrols' and 'planner'" in str(error)


def of(rows: list[tuple[float | None, float | None]], weights: tuple[float, ...] = (1.0, 1.0, 1.0)) -> RiskDecision:
    """A decision with the threat and impact of each segment."""
    segments = tuple(SegmentRisk(n, None, threat, 0.5, impact, None) for n, (threat, impact) in enumerate(rows))
    return RiskDecision("hills", date(2026, 1, 15), NOW, "Ana", "review", weights, segments)


def test_losses_by_hand() -> None:
    """√(0.8 · 0.2) = 0.4 and √(0.1 · 0.1) = 0.1, so a quarter; what is unknown counts as the most."""
    assert of([(0.8, 0.2), (0.1, 0.1), (None, 0.9)]).losses() == pytest.approx([1.0, 0.25, 1.0])
    assert of([(None, None)]).losses().tolist() == [1.0]
    assert of([(0.8, None), (0.2, None)], (1.0, 1.0, 0.0)).losses() == pytest.approx([1.0, 0.25])
    with pytest.raises(BadInput, match="no weight"):
        of([(0.8, 0.2)], (0.0, 1.0, 0.0)).losses()


PART = st.one_of(st.none(), st.floats(0.0, 1.0))


@given(st.lists(st.tuples(PART, PART), min_size=1, max_size=6), st.integers(0, 5), st.floats(0.0, 1.0))
def test_losses_are_fractions_and_a_higher_threat_never_costs_less(
    rows: list[tuple[float | None, float | None]], at: int, higher: float
) -> None:
    before = of(rows).losses()
    assert ((before >= 0.0) & (before <= 1.0)).all()
    at %= len(rows)
    threat, impact = rows[at]
    if threat is None or impact is None:
        assert before[at] == 1.0
        return
    raised = [*rows[:at], (max(threat, higher), impact), *rows[at + 1 :]]
    assert of(raised).losses()[at] >= before[at] - 1e-12


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_trend_is_in_the_page_and_in_the_summary(
    hill_sector: Files, challenged: Path, tmp_path: Path, language: str
) -> None:
    table = indicators_in(tmp_path)
    newer = [f"segment {number},crossing_impact,0.95,2026-01-10,s\n" for number in range(100)]
    table.write_text(table.read_text(encoding="utf-8") + "".join(newer), encoding="utf-8")
    options = RiskOptions(str(hill_sector.sector), challenged, indicators=table, out=tmp_path / "out", trend=1)
    with speaking(MessageCatalogue.of(language)):
        figures = assess_risk(options, Console(file=io.StringIO(), width=200), now=NOW)
    assert figures["trend"]["days"] == ["2025-12-31", "2026-01-15"]
    first = figures["trend"]["segments"][0]
    assert first["reason"] == "impact"
    assert first["change"] == pytest.approx(first["risk"][1] * (1 - (0.2 / 0.95) ** (1 / 3)))
    page = (tmp_path / "out" / "risk.html").read_text(encoding="utf-8")
    assert {"en": "Trend of the risk", "fr": "Tendance du risque"}[language] in page
    assert any(bar in page for bar in "▂▃▄▅▆▇")
    assert not math.isnan(np.sum([one["change"] for one in figures["trend"]["segments"]]))


def test_the_file_is_plain_json_that_people_can_read(decided: Path) -> None:
    lines = decided.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 10
    assert msgspec.json.decode(decided.read_bytes())["format"] == "watchline risk decision 1"


def test_the_level_of_the_segment_at_most_risk_is_proposed_for_its_section(own_sector: Files, decided: Path) -> None:
    sector = switched(own_sector, decided)
    assert sector.risk_feeds == ()
    segments = read_decision(decided).segments
    names = ["A" if n < len(segments) // 2 else None if n % 7 == 0 else "B" for n in range(len(segments))]
    risk = np.array([math.nan if one.risk is None else one.risk for one in segments])
    levels = np.array([-1 if one.level is None else CLASSES.index(one.level) for one in segments])
    found = proposals(sector, names)
    assert found == {
        one.name: {"level": one.proposed, "assessed_on": "2026-01-15"} for one in section_risks(names, risk, levels, {})
    }
    assert found
    with pytest.raises(BadInput, match=r"with \d+ segments; expected"):
        proposals(sector, names[:-1])


def test_of_equal_risks_the_highest_level_is_proposed(
    own_sector: Files, decided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sector, read = switched(own_sector, decided), read_decision(decided)
    rows = [(0.6, "medium"), (0.6 - 1e-15, "high"), (0.6, "low"), (0.5, "high")]
    segments = (msgspec.structs.replace(read.segments[0], risk=risk, level=level) for risk, level in rows)
    tied = dataclasses.replace(read, segments=tuple(segments))
    monkeypatch.setattr("ops.analysis.risk.decision._of_sector", lambda *_: tied)
    assert proposals(sector, ["A"] * 4) == {"A": {"level": "high", "assessed_on": "2026-01-15"}}


def test_without_a_decision_no_level_is_proposed(own_sector: Files) -> None:
    assert proposals(load_sector(own_sector.sector), ["A"]) == {}
