"""Reviews by their interval, frozen targets with every change logged, and the plan as a document."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.analysis.action_plan.document import plan_document
from ops.analysis.action_plan.plan import ActionPlan, Measure, Objective, plan_as_toml, read_plan
from ops.analysis.action_plan.reviews import reviews_of
from ops.analysis.action_plan.status import status_of, with_targets
from ops.analysis.action_plan.thresholds import FrozenThresholds, ThresholdChange, check_thresholds
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.score.line import Scorecard
from ops.runtime.output import speaking
from ops.sector.samples import samples_folder
from ops.sector.toml_record import ConfigError
from ops.words import MessageCatalogue
from tests.ops.analysis.action_plan.test_plan import HEAD, MEASURE, MEASURED, OBJECTIVE, card, line

SAMPLE = samples_folder() / "cumberland" / "action_plan.toml"
FROZEN = "[thresholds]\nfrozen_on = 2025-02-01\n[thresholds.targets]\nA1 = {0}\n"
CHANGE = '[[thresholds.change]]\nmeasure = "A1"\non = {0}\nbefore = {1}\nafter = {2}\nreason = "{3}"\nby = "board"\n'
EMPTY = Scorecard(date(2026, 1, 15), dict.fromkeys(FAMILIES, ()), dict.fromkeys(FAMILIES, ()))


def plan_of(folder: Path, text: str) -> ActionPlan:
    (folder / "p.toml").write_text(text, encoding="utf-8")
    return read_plan(folder / "p.toml")


def measure(identity: str, every: int | None = None) -> Measure:
    return Measure(id=identity, title="t", owner="o", due=date(2026, 6, 30), review_days=every)


def test_the_calendar_by_hand() -> None:
    measures = measure("A1"), measure("A2", 30), measure("A3", 90)
    plan = ActionPlan("p", date(2025, 1, 1), "s", (Objective("A", "a", measures),), False, 90, (date(2025, 12, 1),))
    found = reviews_of(plan, date(2026, 1, 15))
    assert [([one.id for one in each.measures], each.next, each.days_late) for each in found] == [
        (["A2"], date(2025, 12, 31), 15),
        (["A1", "A3"], date(2026, 3, 1), -45),
    ]
    (first, _) = reviews_of(plan, date(2025, 6, 1))
    assert (first.last, first.next) == (None, date(2025, 1, 31)), "a later review is not known on an earlier day"


@settings(deadline=None)
@given(st.dates(date(2025, 1, 1), date(2030, 1, 1)), st.integers(1, 3650), st.integers(1, 3650))
def test_a_shorter_interval_is_never_reviewed_later(day: date, first: int, second: int) -> None:
    def due(every: int) -> date:
        plan = ActionPlan("p", date(2025, 1, 1), "s", (Objective("A", "a", (measure("A1"),)),), False, every)
        (one,) = reviews_of(plan, day)
        assert one.days_late == (day - one.next).days
        return one.next

    assert (first <= second) == (due(first) <= due(second))


def test_a_quiet_change_of_a_target_is_refused_and_a_logged_one_is_accepted(tmp_path: Path) -> None:
    plan = HEAD + OBJECTIVE + MEASURED
    assert plan_of(tmp_path, plan + FROZEN.format(0.1)).thresholds == FrozenThresholds(date(2025, 2, 1), {"A1": 0.1})
    with pytest.raises(ConfigError, match=r"measure 'A1': target = 0\.1; expected 0\.05, or a change with its reason"):
        plan_of(tmp_path, plan + FROZEN.format(0.05))
    changed = plan_of(tmp_path, plan + FROZEN.format(0.05) + CHANGE.format("2025-07-01", 0.05, 0.1, "new law"))
    assert changed.thresholds is not None
    assert [changed.thresholds.of("A1", date(2025, month, 1)) for month in (3, 7)] == [0.05, 0.1]
    assert changed.thresholds.of("B9", date(2025, 3, 1)) is None


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (CHANGE.format("2025-01-01", 0.05, 0.1, "why"), "is before the targets were frozen"),
        (CHANGE.format("2025-07-01", 0.06, 0.1, "why"), r"before = 0\.06; expected before = 0\.05"),
        (CHANGE.format("2025-07-01", 0.05, 0.1, " "), "expected a reason and a role"),
        (CHANGE.format("2025-07-01", 0.05, 0.1, "why").replace("A1", "A2"), "changes no frozen target"),
        (CHANGE.format("2025-07-01", 0.05, 0.1, "why") + 'more = "x"\n', "more"),
    ],
)
def test_a_change_log_that_does_not_lead_to_the_target_is_refused(more: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=problem):
        plan_of(tmp_path, HEAD + OBJECTIVE + MEASURED + FROZEN.format(0.05) + more)


@pytest.mark.parametrize(
    ("day", "status", "target", "changes"),
    [
        (date(2025, 1, 20), "in_progress", 0.9, 0),  # before the targets were frozen: the first agreed one
        (date(2025, 3, 31), "in_progress", 0.9, 0),
        (date(2025, 7, 1), "met", 0.7, 1),  # lowered on that day
        (date(2025, 12, 31), "met", 0.7, 1),
    ],
)
def test_a_target_lowered_in_july_leaves_march_not_met(
    day: date, status: str, target: float, changes: int, tmp_path: Path
) -> None:
    text = HEAD + OBJECTIVE + MEASURE + 'indicator = "own"\ntarget = 0.7\nbetter = "higher"\n'
    plan = plan_of(tmp_path, text + FROZEN.format(0.9) + CHANGE.format("2025-07-01", 0.9, 0.7, "two bases closed"))
    found = card(line("own", value=0.8, day=day), day=day)
    answer = status_of(plan, found).as_dict()
    (one,) = answer["measures"]
    assert (one["status"], one["target"]) == (status, target)
    assert len(answer["thresholds"]["changes"]) == changes
    assert answer["thresholds"]["targets"] == {"A1": 0.9}
    (shown,) = with_targets(found, plan).lines["tactical_tools"]
    assert shown.target == target


def test_a_frozen_measure_cannot_disappear_and_a_new_one_may_be_added(tmp_path: Path) -> None:
    other = MEASURED.replace('"A1"', '"A2"')
    with pytest.raises(ConfigError, match="has a frozen target, and is not in the plan"):
        plan_of(tmp_path, HEAD + OBJECTIVE + other + FROZEN.format(0.1))
    assert plan_of(tmp_path, HEAD + OBJECTIVE + MEASURED + other + FROZEN.format(0.1)).thresholds is not None


@settings(deadline=None)
@given(st.lists(st.integers(0, 9).map(float), min_size=1, max_size=8), st.integers(0, 9).map(float))
def test_any_chain_of_changes_leads_to_its_last_value_only(values: list[float], stated: float) -> None:
    steps = pairwise(values)
    changes = tuple(
        ThresholdChange("A1", date(2025, 3, 1) + timedelta(days=number), before, after, "why", "board")
        for number, (before, after) in enumerate(steps)
    )
    frozen = FrozenThresholds(date(2025, 2, 1), {"A1": values[0]}, changes)
    if stated == values[-1]:
        check_thresholds(frozen, {"A1": stated}, "p")
    else:
        with pytest.raises(ConfigError):
            check_thresholds(frozen, {"A1": stated}, "p")


def test_a_plan_with_reviews_and_thresholds_is_written_and_read_as_the_same(tmp_path: Path) -> None:
    plan = read_plan(SAMPLE)
    assert plan.thresholds is not None
    assert plan_of(tmp_path, plan_as_toml(plan)) == plan


@pytest.mark.parametrize(
    "line", ["review_days = 0", "review_days = 3651", "reviewed = [2024-12-31]", 'reviewed = ["soon"]']
)
def test_reviews_that_cannot_be_are_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="review"):
        plan_of(tmp_path, HEAD + line + "\n" + OBJECTIVE + MEASURE)


@pytest.mark.parametrize(
    ("adopted", "reviewed"), [("9995-01-01", ""), ("2025-01-15", "9995-01-01"), ("9999-12-31", "")]
)
def test_a_day_whose_next_review_no_calendar_expresses_is_refused(adopted: str, reviewed: str, tmp_path: Path) -> None:
    head = HEAD.replace("2025-01-15", adopted) + f"review_days = 3650\nreviewed = [{reviewed}]\n"
    with pytest.raises(ConfigError, match=r"adopted or reviewed on 999\d-\d\d-\d\d; expected days up to 9990-01-02"):
        plan_of(tmp_path, head + OBJECTIVE + MEASURE)
    last = plan_of(tmp_path, HEAD.replace("2025-01-15", "9990-01-02") + "review_days = 3650\n" + OBJECTIVE + MEASURE)
    (one,) = reviews_of(last, date(2026, 1, 15))
    assert one.next == date.max


@pytest.mark.parametrize("target", ["9" * 400, "inf", "nan", "true", '"0.1"', "1" + "0" * 4400])
def test_a_frozen_target_that_is_no_finite_number_is_refused(target: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        plan_of(tmp_path, HEAD + OBJECTIVE + MEASURED + FROZEN.format(target))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400 + len(str(tmp_path))
    detour = CHANGE.format("2025-07-01", 0.1, "inf", "why") + CHANGE.format("2025-08-01", "inf", 0.1, "why")
    with pytest.raises(ConfigError, match="after = 'inf'; expected a finite number"):
        plan_of(tmp_path, HEAD + OBJECTIVE + MEASURED + FROZEN.format(0.1) + detour)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_document_states_measures_owners_reviews_and_changes(language: str) -> None:
    plan = read_plan(SAMPLE)
    with speaking(MessageCatalogue.of(language)):
        body = plan_document(status_of(plan, EMPTY), EMPTY)
    document = Document(io.BytesIO(body))
    text = "\n".join(one.text for one in document.paragraphs)
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert plan.title in text
    assert {"en": "Review calendar", "fr": "Calendrier des revues"}[language] in text
    for _, one in plan.measures():
        assert f"{one.id} {one.title}" in cells
        assert one.owner in cells
        assert one.due.isoformat() in cells
    assert "two bases closed (exercise)" in cells
    assert document.core_properties.language == language
    assert document.core_properties.author == "Watchline"


def test_a_document_holds_no_character_that_a_word_processor_refuses() -> None:
    plan = replace(read_plan(SAMPLE), title="a\x0bb & <c>")
    document = Document(io.BytesIO(plan_document(status_of(plan, EMPTY), EMPTY)))
    assert document.paragraphs[0].text == "a\N{REPLACEMENT CHARACTER}b & <c>"


TERMS = '[thresholds.terms.A1]\nowner = "board"\ndue = 2026-06-30\nindicator = "{0}"\n'
AMENDED = (
    '[[thresholds.amendment]]\nmeasure = "A1"\nfield = "due"\non = {0}\nbefore = {1}\nafter = {2}\n'
    'reason = "late money"\nby = "board"\n'
)


def test_frozen_terms_change_only_by_an_amendment_and_a_past_day_has_its_own(tmp_path: Path) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    plan = read_plan(SAMPLE)
    first = next(one for _, one in plan.measures() if one.id == "A1")
    other = "2027-12-31"
    terms = TERMS.format(first.indicator).replace("2026-06-30", str(first.due)).replace('"board"', f'"{first.owner}"')
    kept = plan_of(tmp_path, text + terms)
    assert kept.thresholds is not None
    assert kept.thresholds.terms.terms["A1"]["due"] == str(first.due)
    later = text.replace(f"due = {first.due}", f"due = {other}", 1)
    assert later != text
    with pytest.raises(ConfigError, match="or an amendment with its reason"):
        plan_of(tmp_path, later + terms)
    for wrong in ((date(2024, 1, 1), first.due, other), (date(2026, 1, 10), "2020-01-01", other)):
        with pytest.raises(ConfigError):
            plan_of(tmp_path, later + terms + AMENDED.format(*wrong))
    amended = plan_of(tmp_path, later + terms + AMENDED.format(date(2026, 1, 10), first.due, other))
    for day, due in ((date(2026, 1, 9), first.due), (date(2026, 1, 10), date.fromisoformat(other))):
        assert next(one for _, one in amended.as_of(day).measures() if one.id == "A1").due == due
    status = status_of(amended, EMPTY).as_dict()
    assert [one["field"] for one in status["thresholds"]["amendments"]] == ["due"]
    assert plan_of(tmp_path, plan_as_toml(amended)) == amended
    with pytest.raises(ConfigError, match="cannot be frozen"):
        plan_of(tmp_path, text + "[thresholds.terms.A1]\nnotes = 'x'\n")


def test_a_completion_that_got_an_indicator_later_is_a_completion_on_earlier_days(tmp_path: Path) -> None:
    measure = 'id = "A1"\ntitle = "t"\nowner = "o"\ndue = 2026-12-31\n'
    changes = "".join(
        f'[[thresholds.amendment]]\nmeasure = "A1"\nfield = "{field}"\non = 2026-03-01\nbefore = ""\n'
        f'after = "{after}"\nreason = "now measured"\nby = "board"\n'
        for field, after in (("indicator", "own count"), ("better", "lower"))
    )
    plan = plan_of(
        tmp_path,
        'title = "P"\nadopted = 2026-01-01\nsource = "s"\n[thresholds]\nfrozen_on = 2026-01-01\n[thresholds.targets]\n'
        f'[thresholds.terms.A1]\nindicator = ""\nbetter = ""\n{changes}[[objective]]\nid = "O"\ntitle = "T"\n'
        f'[[objective.measure]]\n{measure}indicator = "own count"\nplace = "X"\nbetter = "lower"\ntarget = 9.0\n',
    )
    ((_, before),) = plan.as_of(date(2026, 2, 28)).measures()
    assert (before.indicator, before.place, before.target, before.better) == ("", "", None, None)
    ((_, after),) = plan.as_of(date(2026, 3, 1)).measures()
    assert (after.indicator, after.place, after.target, after.better) == ("own count", "X", 9.0, "lower")
