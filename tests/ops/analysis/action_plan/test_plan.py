"""A National Action Plan: its file, its table, the status of measures by hand, adherence with an honest interval."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.message import Message
from ops.analysis.action_plan.plan import ActionPlan, Measure, Objective, plan_as_toml, read_plan
from ops.analysis.action_plan.status import adherence_line, status_of, with_targets
from ops.analysis.action_plan.swot import swot_of
from ops.analysis.action_plan.table import PlanHead, plan_of_table
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.score.line import Scorecard, ScorecardLine
from ops.sector.toml_record import ConfigError
from sensors.statistics.statistic import wilson

DAY = date(2026, 1, 15)
HEAD = 'title = "Plan"\nadopted = 2025-01-15\nsource = "decision 12"\n'
OBJECTIVE = '[[objective]]\nid = "A"\ntitle = "Gaps"\n'
MEASURE = '[[objective.measure]]\nid = "A1"\ntitle = "T"\nowner = "Head"\ndue = 2026-06-30\n'
MEASURED = MEASURE + 'indicator = "gap-segments"\ntarget = 0.1\n'


def line(name: str = "n", value: float = 1.0, **other: Any) -> ScorecardLine:
    values: dict[str, Any] = {
        "family": "tactical_tools", "name": name, "place": "X", "value": value, "unit": "1", "day": DAY,
        "source": "s", "better": "higher",
    } | other  # fmt: skip
    return ScorecardLine(**values)


def card(*lines: ScorecardLine, day: date = DAY) -> Scorecard:
    by_family = {family: [one for one in lines if one.family == family] for family in FAMILIES}
    return Scorecard(day, by_family, {family: [] for family in FAMILIES})


def measure(identity: str = "A1", due: date = DAY, **other: Any) -> Measure:
    return Measure(id=identity, title="t", owner="Head", due=due, **other)


def plan(*measures: Measure) -> ActionPlan:
    return ActionPlan("Plan", date(2025, 1, 1), "s", (Objective("A", "Gaps", measures),))


# --- the file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("title", "titel"), "unknown key 'titel'"),
        (HEAD, "has no measures"),
        (HEAD + OBJECTIVE + MEASURE.replace("due = 2026-06-30", 'due = "soon"'), "due = 'soon'"),
        (HEAD + OBJECTIVE + MEASURE + "due_date = 1\n", "unknown key 'due_date'"),
        (HEAD + OBJECTIVE + MEASURE + "target = 1\n", "target = 1; expected the indicator"),
        (HEAD + OBJECTIVE + MEASURE + 'indicator = "gap-segments"\n', "target is missing"),
        (HEAD + OBJECTIVE + MEASURE + 'indicator = "own"\ntarget = 1\n', "better is missing"),
        (HEAD + OBJECTIVE + MEASURED + 'better = "higher"\n', "better"),
        (HEAD + OBJECTIVE + MEASURED + 'done = 2026-01-01\nevidence = "x"\n', "no done and no evidence beside it"),
        (HEAD + OBJECTIVE + MEASURE + "done = 2026-01-01\n", "done"),
        (HEAD + OBJECTIVE + MEASURE.replace('"Head"', '" "'), "owner"),
        (HEAD + OBJECTIVE + MEASURE + MEASURE, "the id 'A1' of 2 measures"),
        (HEAD + OBJECTIVE + MEASURE + OBJECTIVE, "the id 'A' of 2 objectives"),
        (HEAD.replace('"Plan"', '"a\\u202eb"') + OBJECTIVE + MEASURE, "title"),
    ],
)
def test_a_plan_that_cannot_be_judged_is_refused(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as refused:
        read_plan(tmp_path / "plan.toml")
    assert "\n" not in str(refused.value)


TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30).filter(
    str.strip
)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
MEASURES = st.one_of(
    st.builds(lambda title, owner, due: {"title": title, "owner": owner, "due": due}, TEXTS, TEXTS, DAYS),
    st.builds(
        lambda title, due, name, target, better: {
            "title": title, "owner": "Head", "due": due, "indicator": name, "target": target, "better": better,
        },
        TEXTS, DAYS, TEXTS, st.floats(-1e9, 1e9), st.sampled_from(["higher", "lower"]),
    ),
    st.builds(
        lambda due, done, evidence: {"title": "t", "owner": "o", "due": due, "done": done, "evidence": evidence},
        DAYS, DAYS, TEXTS,
    ),
)  # fmt: skip


@given(TEXTS, st.lists(MEASURES, min_size=1, max_size=4), st.booleans())
def test_a_plan_is_read_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, title: str, values: list[dict[str, Any]], illustrative: bool
) -> None:
    measures = tuple(Measure(id=f"M{number}", **one) for number, one in enumerate(values))
    written = ActionPlan(title, date(2025, 1, 1), "s", (Objective("A", title, measures),), illustrative)
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(plan_as_toml(written), encoding="utf-8")
    assert read_plan(path) == written
    assert tomllib.loads(path.read_text(encoding="utf-8"))["title"] == title


# --- the table


ROW = {"objective": "A", "measure": "A1", "title": "t", "owner": "Head", "due": "2026-06-30"}


def table(path: Path, *rows: dict[str, str]) -> Path:
    names = sorted({name for row in rows for name in row})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_row_that_is_not_a_measure_is_named(tmp_path: Path) -> None:
    rows = [
        ROW,
        ROW | {"measure": "A2", "due": "soon"},
        ROW,
        ROW | {"measure": "A3", "owner": ""},
        ROW | {"measure": "A4", "indicator": "alert_yield"},
        ROW | {"measure": "A5", "objective_title": "another"},
        ROW | {"measure": "A6", "indicator": "alert_yield", "target": "many"},
        ROW | {"measure": "A7", "objective": "B", "objective_title": "line one\nline two"},
    ]
    _, refusals = plan_of_table(table(tmp_path / "t.csv", *rows), PlanHead("Plan", DAY, "s"))
    assert [(one.row, one.reason) for one in refusals] == [
        (2, "date 'soon'"), (3, "the measure 'A1' occurs twice"), (4, "no owner"), (5, "target is missing"),
        (6, "the objective 'A' has the titles 'A' and 'another'"), (7, "target 'many'"),
        (8, r"objective_title 'line one\nline two'"),
    ]  # fmt: skip


def test_the_command_writes_the_plan_of_a_table_or_nothing(watchline: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    head = ("--title", "Plan", "--source", "decision 12", "--adopted", "2025-01-15", "--out", out)
    bad = table(tmp_path / "bad.csv", ROW, ROW | {"measure": "A2", "due": "soon"})
    ending = watchline("action-plan", "import", bad, *head)
    assert ending.code == 1
    assert "Row 2: date 'soon'; expected YYYY-MM-DD." in ending.err
    assert "1 row refused, so nothing was written" in ending.err
    assert not out.exists()
    good = table(tmp_path / "good.csv", ROW | {"indicator": "gap-segments", "target": "0.1"})
    assert watchline("action-plan", "import", good, *head).code == 0
    ((objective, found),) = read_plan(out).measures()
    assert (objective.id, found.id, found.target, found.direction) == ("A", "A1", 0.1, "lower")
    again = watchline("action-plan", "import", good, *head)
    assert again.code == 2
    assert "a plan is not replaced" in again.err


def test_a_title_of_two_lines_is_refused_and_nothing_is_written(watchline: Callable[..., Any], tmp_path: Path) -> None:
    good, out = table(tmp_path / "good.csv", ROW | {"indicator": "gap-segments", "target": "0.1"}), tmp_path / "p.toml"
    head = ("--title", "a\nb", "--source", "s", "--adopted", "2025-01-15", "--out", out)
    ending = watchline("action-plan", "import", good, *head)
    assert ending.code != 0
    assert r"'a\nb'" in ending.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["good.csv"]


# --- status and adherence


LATE, LATER = date(2026, 1, 1), date(2026, 2, 1)


@pytest.mark.parametrize(
    ("due", "lines", "status"),
    [
        (LATER, [line(value=0.9)], "met"),
        (LATE, [line(value=0.8)], "met"),
        (LATE, [line(value=0.79)], "overdue"),
        (DAY, [line(value=0.79)], "overdue"),
        (LATER, [line(value=0.79)], "in_progress"),
        (LATE, [], "unknown"),
        (LATER, [], "in_progress"),
        (LATE, [line(value=math.nan)], "unknown"),
        (LATE, [line(value=0.9, day=date(2024, 1, 1))], "unknown"),
        (LATE, [line(value=0.9), line(value=0.9, place="Y")], "unknown"),
    ],
)
def test_the_status_of_a_measure_by_hand(due: date, lines: list[ScorecardLine], status: str) -> None:
    """Target 0.8, higher is better; a value of two years ago, and values of two places, decide nothing."""
    wanted = plan(measure(due=due, indicator="n", target=0.8, better="higher"))
    (found,) = status_of(wanted, card(*lines)).measures
    assert found.status == status


def test_a_completion_counts_from_its_day() -> None:
    wanted = plan(measure(due=LATE, done=date(2026, 1, 20), evidence="letter 4"))
    assert status_of(wanted, card()).measures[0].status == "overdue"
    assert status_of(wanted, card(day=date(2026, 1, 20))).measures[0].status == "met"


def test_adherence_by_hand() -> None:
    """Due: met, overdue, unknown; the one in progress is not counted. 1/3, from Wilson of 1/3 to Wilson of 2/3."""
    wanted = plan(
        measure("A1", LATE, indicator="n", target=0.8, better="higher"),
        measure("A2", LATE),
        measure("A3", LATE, indicator="absent", target=1.0, better="higher"),
        measure("A4", LATER),
    )
    status = status_of(wanted, card(line(value=0.9)))
    rate = status.adherence
    assert (rate.met, rate.unknown, rate.due, rate.value) == (1, 1, 3, pytest.approx(1 / 3))
    assert (rate.low, rate.high) == pytest.approx((wilson(1, 3)[0], wilson(2, 3)[1]))
    assert [(one.measure.id, one.overdue_days) for one in status.late()] == [("A2", 14), ("A3", 14)]
    shown = adherence_line(status, "national_action_plan", "X")
    assert (shown.key, shown.value, shown.denominator) == ("measures_met", rate.value, 3.0)


def test_without_a_due_measure_adherence_is_unknown_and_not_zero() -> None:
    rate = status_of(plan(measure(due=LATER)), card()).adherence
    assert rate.due == 0
    assert math.isnan(rate.value)
    assert math.isnan(rate.low)


@given(st.lists(st.sampled_from(["met", "failed", "unknown"]), min_size=1, max_size=12), st.booleans())
def test_a_value_that_becomes_known_never_widens_the_interval(kinds: list[str], reached: bool) -> None:
    """And adherence lies in its interval, which lies in [0, 1]."""

    def rate(found: list[str]) -> Any:
        measures = [
            measure(f"M{number}", LATE, indicator=f"n{number}", target=1.0, better="higher")
            for number in range(len(found))
        ]
        values = {"met": 1.0, "failed": 0.0, "unknown": math.nan}
        lines = [line(f"n{number}", values[kind]) for number, kind in enumerate(found)]
        return status_of(plan(*measures), card(*lines)).adherence

    before = rate(kinds)
    assert 0.0 <= before.low <= before.value <= before.high <= 1.0
    if "unknown" in kinds:
        at = kinds.index("unknown")
        after = rate([*kinds[:at], "met" if reached else "failed", *kinds[at + 1 :]])
        assert before.low <= after.low + 1e-12
        assert after.high <= before.high + 1e-12


def test_the_plan_gives_a_line_its_target_unless_it_has_one() -> None:
    """Of two measures with the same indicator, the next one to be due."""
    wanted = plan(
        measure("A1", date(2027, 1, 1), indicator="n", target=0.9, better="higher"),
        measure("A2", LATER, indicator="n", target=0.7, better="higher"),
        measure("A3", LATE, indicator="n", target=0.5, better="higher"),
        measure("A4", LATER, indicator="own", target=0.1, better="higher"),
    )
    found = with_targets(card(line("n"), line("own", target=0.6)), wanted)
    assert [one.target for one in found.lines["tactical_tools"]] == [0.7, 0.6]


def test_the_plan_gives_a_line_the_direction_that_its_table_does_not_state() -> None:
    """Otherwise a count above its own target, whose measure is overdue, would be no threat of the SWOT."""
    cases = line("own", 104.0, family="crime_and_governance", target=80.0, better=None)
    wanted = plan(measure("A1", LATE, indicator="own", target=70.0, better="lower"))
    (found,) = with_targets(card(cases), wanted).lines["crime_and_governance"]
    assert (found.target, found.better, found.verdict) == (80.0, "lower", "not_met")
    findings, unjudged = swot_of(with_targets(card(cases), wanted))
    assert ([one.quadrant for one in findings], unjudged) == (["threats"], 0)


def test_a_count_of_another_period_than_before_is_not_judged_by_the_plan() -> None:
    """130 in 2025 and 14 in January: 100 a year is not met by 14, unless the row of January states 100."""
    history = ((date(2025, 12, 31), 130.0), (date(2026, 1, 31), 14.0))
    starts = (date(2025, 1, 1), date(2026, 1, 1))
    found = line("cases", 14.0, family="crime_and_governance", better=None, history=history, starts=starts, counts=True)
    wanted = plan(measure("A1", LATE, indicator="cases", target=100.0, better="lower"))
    (status,) = status_of(wanted, card(found)).measures
    assert status.status == "unknown"
    assert status.reason == Message("action-plan-periods")
    (shown,) = with_targets(card(found), wanted).lines["crime_and_governance"]
    assert (shown.verdict, shown.better) == ("no_target", "lower")
    for alone in (replace(found, history=history[1:], starts=starts[1:]), replace(found, target=100.0)):
        (status,) = status_of(wanted, card(alone)).measures
        assert status.status == "met"
    newest = replace(found, history=history[1:], starts=starts[1:])
    (shown,) = with_targets(card(newest), wanted, card(found)).lines["crime_and_governance"]
    assert shown.verdict == "no_target", "where only the newest value was read"


# --- SWOT


def test_swot_by_hand() -> None:
    lines = [
        line("strong", 0.9, target=0.8, low=0.85, high=0.95),
        line("by chance", 0.9, target=0.8, low=0.7, high=0.95),
        line("weak", 0.5, target=0.8, low=0.4, high=0.6),
        line("aimless", 0.5),
        line("improving", 5.0, family="crime_and_governance", target=3.0, better="lower", trend=-1.0),
        line("worsening", 2.0, family="crime_and_governance", target=3.0, better="lower", trend=1.0),
        line("missed", 0.5, family="international_agreements", target=1.0),
    ]
    late = status_of(plan(measure(due=LATE)), card())
    findings, unjudged = swot_of(card(*lines), late)
    named = [(one.quadrant, "A1" if one.line is None else one.line.name, one.firm) for one in findings]
    assert named == [
        ("strengths", "strong", True),
        ("strengths", "by chance", False),
        ("weaknesses", "weak", True),
        ("weaknesses", "A1", True),
        ("opportunities", "improving", False),
        ("threats", "worsening", False),
        ("threats", "missed", False),
    ]
    assert unjudged == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("target = 40.0", "target = 60.0"),
        ("due = 2026-06-30", "due = 2027-06-30"),
        ('owner = "Head of customs"', 'owner = "Nobody in particular"'),
        ('place = "west"', ""),
        ('title = "Ratify"', 'title = "Consider ratification"'),
    ],
)
def test_a_plan_that_is_frozen_when_it_is_imported_is_not_changed_quietly(
    watchline: Callable[..., Any], tmp_path: Path, before: str, after: str
) -> None:
    table = tmp_path / "m.csv"
    table.write_text(
        "objective,measure,title,owner,due,indicator,place,target,better\n"
        "A,A1,Fewer cases,Head of customs,2026-06-30,smuggling_cases,west,40,lower\n"
        "A,A2,Ratify,Ministry of justice,2026-03-31,,,,\n"
    )
    head = ("--title", "P", "--source", "s", "--adopted", "2026-01-15", "--out", tmp_path / "p.toml")
    ended = watchline("action-plan", "import", table, *head, "--freeze")
    assert ended.code == 0, ended.err
    text = (tmp_path / "p.toml").read_text(encoding="utf-8")
    assert (frozen := read_plan(tmp_path / "p.toml").thresholds) is not None
    assert (frozen.frozen_on, frozen.targets) == (date(2026, 1, 15), {"A1": 40.0})
    measures, changed = text.partition("[[objective]]")[::2], text.rpartition(before)
    assert before in measures[1], "the measure itself, not its frozen copy"
    (tmp_path / "p.toml").write_text(changed[0] + after + changed[2], encoding="utf-8")
    with pytest.raises(ConfigError):
        read_plan(tmp_path / "p.toml")
