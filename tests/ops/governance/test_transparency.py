"""Published counts: no small one is shown or can be worked out, and the export names no one."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from geo.errors import BadInput
from ops.audit.entry import AuditEntry
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter
from ops.governance.suppression import SMALL, bounds, published
from ops.governance.transparency import HIDDEN, write_transparency

QUIET = Console(stderr=True, quiet=True)
DAY = 86_400 * 10**9
START = 1_767_225_600 * 10**9  # 2026-01-01


def with_totals(counts: list[list[int]]) -> np.ndarray:
    table = np.array(counts, dtype=float)
    table = np.vstack([table, table.sum(axis=0)])
    return np.hstack([table, table.sum(axis=1, keepdims=True)])


def test_a_small_count_takes_others_with_it_so_that_no_total_gives_it_away() -> None:
    shown = published([[20, 3, 30], [40, 50, 60], [7, 8, 9]]).cells
    assert shown[0][1] is None
    assert sum(cell is None for cell in shown[0]) >= 2
    assert sum(row[1] is None for row in shown) >= 2
    assert shown[1][2] == 60, "not everything is withheld"


def test_a_table_without_small_counts_is_published_whole() -> None:
    assert published([[20, 0], [40, 50]]).cells == ((20, 0, 20), (40, 50, 90), (60, 50, 110))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_small_count_is_shown_or_can_be_worked_out(counts: list[list[int]]) -> None:
    shown, true = published(counts).cells, with_totals(counts)
    cells = list(product(range(true.shape[0]), range(true.shape[1])))
    hidden = {(row, column) for row, column in cells if shown[row][column] is None}
    for row, column in cells:
        if (row, column) not in hidden:
            assert shown[row][column] == true[row, column]
            assert not 0 < true[row, column] < SMALL
        elif 0 < true[row, column] < SMALL and len(hidden) < len(cells):
            low, high = bounds(true, hidden, (row, column))
            assert high >= SMALL
            assert low <= true[row, column] <= high


def test_the_export_counts_acts_by_month_names_no_one_and_is_recorded(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit", now_ns=lambda: START)
    for number in range(40):
        log.add(AuditEntry(START + number * 2 * DAY, "M. Keller [1]", "operator", "consultation", "x", "p", "alerts"))
    log.add(AuditEntry(START, "A. Adler [2]", "supervisor", "alteration", "x", "p", "EMERGENCY OVERRIDE: case 12"))
    log.add(AuditEntry(START, "watchline", "system", "erasure", "x", "p", "tracks"))
    log.close()
    out = tmp_path / "counts.csv"
    now_ns = START + 90 * DAY  # 1 April
    figures = write_transparency(tmp_path, out, EntryFilter(), QUIET, now_ns=now_ns)
    text = out.read_text()
    assert figures["months"] == ["2026-01", "2026-02", "2026-03"]
    for secret in ("Keller", "Adler", "case 12", "tracks"):
        assert secret not in text
    (override,) = [line for line in text.splitlines() if line.startswith("override")]
    assert HIDDEN in override
    assert "1" not in override.replace(HIDDEN, "").split(",")
    log = AuditLog(tmp_path / "audit")
    assert log.entries()[-1].operation == "disclosure"
    log.close()
    with pytest.raises(BadInput, match="beginning of a month"):
        write_transparency(tmp_path, out, EntryFilter(since_ns=START + 10**18), QUIET)


def test_only_whole_months_are_counted_so_that_no_day_can_be_worked_out(tmp_path: Path) -> None:
    """From exports until 30 and 31 March, the acts of one day would be the difference."""
    log = AuditLog(tmp_path / "audit", now_ns=lambda: START)
    for number in range(90):
        log.add(AuditEntry(START + number * DAY, "M. Keller [1]", "operator", "consultation", "x", "p", "alerts"))
    log.close()
    out = tmp_path / "counts.csv"
    for now_ns in (START + 89 * DAY, START + 90 * DAY - 1):
        figures = write_transparency(tmp_path, out, EntryFilter(), QUIET, now_ns=now_ns)
        assert figures["months"] == ["2026-01", "2026-02"]
    later = START + 200 * DAY
    for name, wanted in (
        ("--until", EntryFilter(until_ns=START + 30 * DAY)), ("--since", EntryFilter(since_ns=START + 1)),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=f"{name}.*the beginning of a month"):
            write_transparency(tmp_path, out, wanted, QUIET, now_ns=later)
    whole = EntryFilter(since_ns=START + 31 * DAY, until_ns=START + 90 * DAY)
    assert write_transparency(tmp_path, out, whole, QUIET, now_ns=later)["months"] == ["2026-02", "2026-03"]
