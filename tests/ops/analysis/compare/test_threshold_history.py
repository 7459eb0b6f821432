"""Thresholds that are changed leave a trace: by their change entries, or else by the history of their file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ops.analysis.compare.threshold_history import NOTHING, ThresholdHistory, recorded
from ops.analysis.compare.thresholds import ThresholdError, read_thresholds
from ops.runtime.output import say

SET = """
[[threshold]]
name = "acceptance"
measure = "mean_detection"
value = 0.9
set_on = 2026-01-15
set_by = "board"
why = "requirement"
"""
CHANGE = """
[[threshold.change]]
value = 0.5
on = 2026-06-01
by = "programme office"
why = "out of reach"
"""
FIRST, SECOND, THIRD = date(2026, 2, 1), date(2026, 6, 2), date(2026, 7, 3)


def record(file: Path, text: str, today: date) -> ThresholdHistory:
    file.write_text(text, encoding="utf-8")
    return recorded(file, read_thresholds(file), today=today)


def test_a_change_with_its_entry_is_recorded_and_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    first = record(file, SET, FIRST)
    assert (first.states, first.since, first.warnings) == (1, FIRST, [])
    again = record(file, SET, SECOND)
    assert again == first, "the same state is no new one"
    second = record(file, SET + CHANGE, SECOND)
    assert (second.states, second.since, second.warnings) == (2, FIRST, [])
    assert second.head != first.head


def test_a_value_that_was_overwritten_is_told_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    record(file, SET, FIRST)
    overwritten = record(file, SET.replace("0.9", "0.5"), SECOND)
    assert len(overwritten.undeclared) == 1
    found, what = overwritten.undeclared[0]
    assert found == SECOND
    assert say(what) == (
        "acceptance: the entry 0.9, 2026-01-15, board (requirement) became 0.5, 2026-01-15, board (requirement)"
    )
    back = record(file, SET, THIRD)
    assert [day for day, _ in back.undeclared] == [SECOND, THIRD], "changing it back does not undo the trace"
    assert back.states == 3


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (SET + CHANGE, SET, "the entry 0.5, 2026-06-01, programme office (out of reach) was removed"),
        (
            SET,
            SET.replace("mean_detection", "least_detection"),
            "applied to mean_detection and now applies to least_detection",
        ),
        (SET + SET.replace("acceptance", "other"), SET, "other was removed"),
        (SET, SET.replace("requirement", "wish"), "(wish)"),
        (SET, SET.replace("acceptance", "renamed"), "acceptance was removed"),
    ],
)
def test_whatever_was_set_stays_in_the_history(tmp_path: Path, before: str, after: str, said: str) -> None:
    file = tmp_path / "thresholds.toml"
    record(file, before, FIRST)
    told = record(file, after, SECOND)
    assert len(told.undeclared) == 1
    assert said in say(told.undeclared[0][1])


@pytest.mark.parametrize("spoil", ["value", "cut", "order", "text"])
def test_a_history_that_was_changed_is_refused(tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "thresholds.toml"
    for number, value in enumerate(("0.9", "0.8", "0.7")):
        record(file, SET.replace("0.9", value), date(2026, 2, 1 + number))
    chain = tmp_path / "thresholds.toml.history.jsonl"
    lines = chain.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["before"] == NOTHING
    assert json.loads(lines[2])["before"] == json.loads(lines[1])["hash"]
    spoilt = {
        "value": [lines[0].replace("0.9", "0.5"), *lines[1:]],
        "cut": lines[1:],
        "order": [lines[0], lines[2], lines[1]],
        "text": [*lines[:2], "not a line"],
    }[spoil]
    chain.write_text("\n".join(spoilt) + "\n", encoding="utf-8")
    with pytest.raises(ThresholdError, match="does not follow from the line before") as caught:
        recorded(file, read_thresholds(file), today=THIRD)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ops.analysis.compare.threshold_history.lock_file", refuse)
    told = record(tmp_path / "thresholds.toml", SET, FIRST)
    assert "Permission denied" in say(told.warnings[0])
    assert not (tmp_path / "thresholds.toml.history.jsonl").exists()
