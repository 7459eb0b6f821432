"""Drills of training records become values of the plan: counts by hand, their interval and period, without a person."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.analysis.action_plan.page import plan_values
from ops.analysis.action_plan.plan import read_plan
from ops.analysis.indicators.catalogue import definitions
from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.score.evaluation import evaluate
from ops.analysis.score.inputs import ScoreFiles, SectorRecords, read_inputs
from ops.analysis.score.measured.of_drills import of_drills
from ops.governance.training import TrainingRecord, add_records
from ops.releasability.settings import ReleasabilitySettings
from ops.words import MessageCatalogue
from sensors.statistics.statistic import wilson

DAY = date(2026, 3, 20)
PLAN = """
title = "Plan"
adopted = 2026-01-01
source = "made for a test"
[[objective]]
id = "O1"
title = "Trained shifts"
[[objective.measure]]
id = "A1"
title = "Incidents of drills are acknowledged in time"
owner = "supervisor"
due = 2026-03-01
indicator = "drill_acknowledged_in_time"
target = 0.8
[[objective.measure]]
id = "A2"
title = "No crossing of a drill is missed"
owner = "supervisor"
due = 2026-03-01
indicator = "drill_missed_crossings"
target = 0.1
"""


def drill(name: str, day: date, in_time: tuple[int, int], right: tuple[int, int], missed: tuple[int, int],
          **more: Any) -> TrainingRecord:  # fmt: skip
    """A drill with the figures of ``DrillScore.as_dict`` that count."""
    rates = {"acknowledged_in_time": in_time, "right_dispositions": right, "missed_crossings": missed}
    score = {key: {"number": part, "of": whole} for key, (part, whole) in rates.items()}
    fields: dict[str, Any] = {"role": "operator", "result": "passed", "person": "CANARY Ana", "shift": "CANARY night"}
    return TrainingRecord(name, day, "drill", "simulated scenario", **fields | {"score": score} | more)


def records(folder: Path, *found: TrainingRecord) -> Path:
    add_records(folder / "training.jsonl", found)
    return folder / "training.jsonl"


TWO = (
    drill("d1", date(2026, 2, 2), (9, 10), (6, 8), (0, 4)),
    drill("d2", date(2026, 3, 3), (5, 10), (3, 4), (1, 4), result="failed"),
)
NOT_COUNTED = (
    TrainingRecord("c1", date(2026, 3, 4), "course", "first aid", "operator", "failed"),
    drill("old", DAY - timedelta(days=365), (0, 10), (0, 10), (10, 10)),
    drill("new", DAY + timedelta(days=1), (0, 10), (0, 10), (10, 10)),
)


def test_a_drill_of_a_table_is_one_however_many_people_took_part(tmp_path: Path) -> None:
    """Twelve operators of whom one failed, in one exercise, and two supervisors in another."""
    first = [
        TrainingRecord(
            f"t{n}", date(2026, 2, 10), "drill", "Night exercise", "operator", "failed" if n == 3 else "passed"
        )
        for n in range(12)
    ]
    second = [
        TrainingRecord(f"s{n}", date(2026, 2, 11), "drill", "Table top", "supervisor", "passed") for n in range(2)
    ]
    (line,) = of_drills(records(tmp_path, *first, *second), "hills", DAY)
    assert (line.key, line.numerator, line.denominator) == ("drills_passed", 1.0, 2.0)
    assert (line.low, line.high) == pytest.approx(tuple(map(float, wilson(1.0, 2.0))))
    assert len(line.evidence) == 2


def test_counts_of_drills_by_hand(tmp_path: Path) -> None:
    """14 of 20 in time, 9 of 12 right, 1 of 8 missed, 1 of 2 passed; courses and other years are not counted."""
    lines = {line.key: line for line in of_drills(records(tmp_path, *TWO, *NOT_COUNTED), "hills", DAY)}
    assert {name: (line.numerator, line.denominator, line.value) for name, line in lines.items()} == {
        "drills_passed": (1.0, 2.0, 0.5),
        "drill_acknowledged_in_time": (14.0, 20.0, 0.7),
        "drill_right_dispositions": (9.0, 12.0, 0.75),
        "drill_missed_crossings": (1.0, 8.0, 0.125),
    }
    for line in lines.values():
        assert (line.begins, line.day) == (date(2026, 2, 2), date(2026, 3, 3))
        assert line.low <= line.value <= line.high or line.key == "drill_right_dispositions", (
            "6 of 8 and 3 of 4 are equal"
        )
        assert definitions()[line.key].definition in line.notes
        assert [one.period for one in line.evidence] == ["2026-03-03", "2026-02-02"]
        assert all(len(one.sha256) == 64 for one in line.evidence)
    assert (lines["drills_passed"].low, lines["drills_passed"].high) == tuple(wilson(1, 2))
    in_time = lines["drill_acknowledged_in_time"]
    assert (in_time.low, in_time.high) == (0.5, 0.9), "of two drills: one of them twice, or both"
    assert in_time.history == ((date(2026, 2, 2), 0.9), (date(2026, 3, 3), 0.5))


def test_two_drills_without_a_fault_are_not_certain(tmp_path: Path) -> None:
    """10 of 10 in each of two drills is as uncertain as two cases of two; a drill without any case is none of them."""
    made = [drill(f"d{n}", date(2026, 2, n), (10, 10), (4, 4), (0, n // 3)) for n in (1, 2, 3)]
    lines = {line.key: line for line in of_drills(records(tmp_path, *made), "hills", DAY)}
    in_time, missed = lines["drill_acknowledged_in_time"], lines["drill_missed_crossings"]
    assert (in_time.value, in_time.low, in_time.high) == pytest.approx((1.0, *wilson(3, 3)))
    assert in_time.interval.id == "score-method-drills-alike"  # type: ignore[union-attr]
    assert math.isnan(missed.low)
    assert missed.interval.id == "score-method-one-drill"  # type: ignore[union-attr]


def test_one_drill_has_no_interval_of_its_incidents_and_none_is_no_line(tmp_path: Path) -> None:
    lines = {line.key: line for line in of_drills(records(tmp_path, TWO[0]), "hills", DAY)}
    assert math.isnan(lines["drill_acknowledged_in_time"].low)
    assert lines["drill_acknowledged_in_time"].interval.id == "score-method-one-drill"  # type: ignore[union-attr]
    assert not math.isnan(lines["drills_passed"].low)
    assert of_drills(tmp_path / "none.jsonl", "hills", DAY) == []
    table = [TrainingRecord("t1", DAY, "drill", "from a table", "operator", "passed")]
    (tmp_path / "b").mkdir()
    assert [line.key for line in of_drills(records(tmp_path / "b", *table), "hills", DAY)] == ["drills_passed"]


def test_drills_of_one_rate_count_as_one_case_each(tmp_path: Path) -> None:
    """None missed in each of three drills: draws of them are all 0 of 12, which must not read as 0 for certain."""
    made = [drill(f"d{n}", DAY - timedelta(days=n), (5, 10), (8, 8), (0, 4)) for n in range(3)]
    lines = of_drills(records(tmp_path, *made), "hills", DAY)[1:]
    assert {line.key: (line.low, line.high) for line in lines} == {
        "drill_acknowledged_in_time": tuple(wilson(1.5, 3)),
        "drill_right_dispositions": tuple(wilson(3, 3)),
        "drill_missed_crossings": tuple(wilson(0, 3)),
    }
    assert {line.interval.id for line in lines} == {"score-method-drills-alike"}  # type: ignore[union-attr]


@pytest.mark.parametrize("score", [{"acknowledged_in_time": {"number": 3, "of": 2}}, {"x": 1}])
def test_scores_without_counts_are_refused(tmp_path: Path, score: dict[str, Any]) -> None:
    with pytest.raises(IndicatorError, match="no counts"):
        of_drills(records(tmp_path, drill("d1", DAY, (1, 1), (1, 1), (1, 1), score=score)), "hills", DAY)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(IndicatorError, match="cannot be read"):
        of_drills(tmp_path / "x.jsonl", "hills", DAY)


@settings(max_examples=12)  # an interval draws 2,000 times
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6))
def test_a_value_is_a_fraction_within_its_interval(tmp_path_factory: pytest.TempPathFactory, pairs: Any) -> None:
    folder = tmp_path_factory.mktemp("drills")
    counts = [(min(pair), max(pair)) for pair in pairs]
    made = [drill(f"d{n}", DAY - timedelta(days=n), one, one, one) for n, one in enumerate(counts)]
    for line in of_drills(records(folder, *made), "hills", DAY):
        assert math.isnan(line.value) or 0.0 <= line.value <= 1.0
        if not math.isnan(line.low):
            assert line.low - 1e-12 <= line.value <= line.high + 1e-12


def test_the_plan_has_the_values_of_the_drills_with_what_they_rest_on_and_without_a_person(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    sector = SectorRecords("hills", action_plan=tmp_path / "plan.toml", training=records(tmp_path, *TWO, *NOT_COUNTED))
    files = ScoreFiles(None, None, None, None, None)
    inputs = read_inputs(files, sector, ReleasabilitySettings(), day=DAY, until=DAY, known_on=DAY)
    made = evaluate(inputs, sector="hills", place=None, day=DAY, known_on=DAY, simulated=False)
    assert made.plan is not None
    assert [one.status for one in made.plan.measures] == ["overdue", "overdue"]
    first = made.plan.as_dict()["measures"][0]
    assert (first["value"], first["basis"]["numerator"], first["basis"]["denominator"]) == (0.7, 14.0, 20.0)
    assert (first["basis"]["begins"], first["basis"]["date"]) == ("2026-02-02", "2026-03-03")
    assert first["basis"]["formula"].startswith("incidents of drills that a person acknowledged")
    assert first["basis"]["interval"] == "bootstrap over drills, 95%"
    rows = plan_values(made.plan, made.card)["objectives"][0]["rows"]
    for words in ("14 of 20", "0.5 to 0.9", "2026-02-02 to 2026-03-03", "training records: scores of drills"):
        assert words in rows[0]["basis"], words
    assert "CANARY" not in str(made.figures())
    assert "CANARY" not in str(rows)
    assert read_plan(tmp_path / "plan.toml").measures()


def test_the_sentences_are_in_both_languages() -> None:
    for language in ("en", "fr"):
        words = MessageCatalogue.of(language)
        for name in (
            "drills_passed",
            "drill_acknowledged_in_time",
            "drill_right_dispositions",
            "drill_missed_crossings",
        ):
            assert words.say(definitions()[name].title) != name
            assert words.say(definitions()[name].definition) != name
