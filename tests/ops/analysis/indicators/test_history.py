"""The history of indicators: what was known on a day stays known, corrections are kept, nothing is half imported."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ops.analysis.indicators.command import import_indicators
from ops.analysis.indicators.history import IndicatorImport, add_import, as_known, read_history
from ops.analysis.indicators.records import Indicator
from ops.analysis.indicators.tables import IndicatorError

ROW = {"place": "X", "family": "crime_and_governance", "name": "cases", "value": 9, "unit": "cases",
       "date": "2025-06-30", "source": "s"}  # fmt: skip


def do_import(folder: Path, *rows: dict[str, Any], on: str = "2026-01-15", dry_run: bool = False) -> dict[str, Any]:
    table = folder / "table.json"
    table.write_text(json.dumps([ROW | row for row in rows]))
    now = datetime.fromisoformat(on).replace(tzinfo=UTC)
    return import_indicators(table, folder / "h.jsonl", Console(file=io.StringIO()), dry_run=dry_run, now=now)


def known(folder: Path, day: str) -> dict[tuple[str, str], float | None]:
    records = as_known(read_history(folder / "h.jsonl"), date.fromisoformat(day))
    return {(one.name, one.day.isoformat()): one.value for one in records}


def test_a_correction_is_known_from_its_day_and_the_former_value_before(tmp_path: Path) -> None:
    do_import(tmp_path, {}, on="2025-08-01")
    made = do_import(tmp_path, {"value": 11}, {"date": "2025-12-31", "value": 4}, on="2026-01-15")
    assert (made["new"], made["corrected"], made["unchanged"]) == (1, 1, 0)
    assert [(one["value_before"], one["value"]) for one in made["changes"]] == [(9, 11), (None, 4)]
    assert known(tmp_path, "2025-07-31") == {}
    assert known(tmp_path, "2025-08-01") == {("cases", "2025-06-30"): 9.0}
    assert known(tmp_path, "2026-01-14") == {("cases", "2025-06-30"): 9.0}
    assert known(tmp_path, "2026-01-15") == {("cases", "2025-06-30"): 11.0, ("cases", "2025-12-31"): 4.0}


def test_a_correction_by_one_case_is_seen_in_what_is_printed(tmp_path: Path) -> None:
    do_import(tmp_path, {"value": 12_346})
    table, screen = tmp_path / "correction.json", Console(file=io.StringIO(), width=200)
    table.write_text(json.dumps([ROW | {"value": 12_347}]), encoding="utf-8")
    import_indicators(table, tmp_path / "h.jsonl", screen, dry_run=True, now=datetime(2026, 1, 16, tzinfo=UTC))
    printed = cast("io.StringIO", screen.file).getvalue()
    assert "12,346" in printed
    assert "12,347" in printed


def test_a_preview_writes_nothing_and_says_the_same(tmp_path: Path) -> None:
    do_import(tmp_path, {})
    before = (tmp_path / "h.jsonl").read_bytes()
    preview = do_import(tmp_path, {"value": 11}, {"name": "other"}, dry_run=True)
    assert (tmp_path / "h.jsonl").read_bytes() == before
    made = do_import(tmp_path, {"value": 11}, {"name": "other"})
    assert made | {"dry_run": True} == preview


def test_the_same_table_again_changes_nothing(tmp_path: Path) -> None:
    do_import(tmp_path, {})
    before = (tmp_path / "h.jsonl").read_bytes()
    made = do_import(tmp_path, {}, on="2026-02-01")
    assert (made["new"], made["corrected"], made["unchanged"]) == (0, 0, 1)
    assert (tmp_path / "h.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "bad",
    [
        {"value": "many"},
        {"date": "2026-01-16"},
        {"source": "t", "value": 12},
        {"date": "2025-07-31", "unit": "%"},
        {"name": "other", "illustrative": "yes"},
        {"date": "2025-07-31", "definition": "second edition"},
    ],
)
def test_one_bad_row_imports_nothing(bad: dict[str, Any], tmp_path: Path) -> None:
    """Unreadable, of the future, or in contradiction to the history: also the good row beside it is not recorded."""
    do_import(tmp_path, {})
    before = (tmp_path / "h.jsonl").read_bytes()
    with pytest.raises(IndicatorError, match="1 row refused, so nothing was imported"):
        do_import(tmp_path, {"name": "good"}, bad)
    assert (tmp_path / "h.jsonl").read_bytes() == before


def test_both_sources_of_a_day_are_corrected_together(tmp_path: Path) -> None:
    do_import(tmp_path, {}, {"source": "t"})
    with pytest.raises(IndicatorError, match="1 row refused"):
        do_import(tmp_path, {"value": 8})
    assert do_import(tmp_path, {"value": 8}, {"source": "t", "value": 8})["corrected"] == 2


def test_an_edited_line_is_noticed(tmp_path: Path) -> None:
    do_import(tmp_path, {})
    do_import(tmp_path, {"value": 11})
    text = (tmp_path / "h.jsonl").read_text()
    assert '"value":9.0' in text
    (tmp_path / "h.jsonl").write_text(text.replace('"value":9.0', '"value":2.0'))
    with pytest.raises(IndicatorError, match="the line before it was edited"):
        read_history(tmp_path / "h.jsonl")


def test_an_import_before_the_last_one_is_refused(tmp_path: Path) -> None:
    do_import(tmp_path, {}, on="2026-01-15")
    with pytest.raises(IndicatorError, match="its last import is dated 2026-01-15"):
        do_import(tmp_path, {"name": "other"}, on="2026-01-14")


def test_an_import_between_the_check_and_the_writing_is_noticed(tmp_path: Path) -> None:
    """What was checked against two imports is not added after a third."""
    do_import(tmp_path, {})
    before = (tmp_path / "h.jsonl").read_bytes()
    (record,) = as_known(read_history(tmp_path / "h.jsonl"), date.max)
    with pytest.raises(IndicatorError, match="was changed by another import"):
        add_import(tmp_path / "h.jsonl", tmp_path / "t.csv", b"", [record], known_on=date(2026, 2, 1), after=0)
    assert (tmp_path / "h.jsonl").read_bytes() == before


def test_another_file_is_not_a_history(tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").write_text("{}\n")
    with pytest.raises(IndicatorError, match="is not a history"):
        do_import(tmp_path, {})
    assert (tmp_path / "h.jsonl").read_text() == "{}\n"


FIRST = date(2025, 1, 1)
RECORDS = st.builds(
    lambda name, day, value: Indicator("X", "crime_and_governance", name, value, "u", FIRST + timedelta(day), "s"),
    st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 9).map(float),
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 20), st.lists(RECORDS, max_size=4)), max_size=6), st.integers(0, 20))
def test_what_is_known_on_a_day_does_not_depend_on_later_imports(
    made: list[tuple[int, list[Indicator]]], on: int
) -> None:
    imports = [
        IndicatorImport(FIRST + timedelta(day), "f", "0", tuple(records))
        for day, records in sorted(made, key=lambda one: one[0])
    ]
    day = FIRST + timedelta(on)
    assert as_known(imports, day) == as_known([one for one in imports if one.known_on <= day], date.max)
    found = as_known(imports, day)
    assert len({one.key for one in found}) == len(found)
