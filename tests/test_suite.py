"""How the suite is shared out: every test runs, what belongs together runs together, and no process waits for long."""

from __future__ import annotations

import gc
import re
import tomllib
from pathlib import Path
from typing import Any

import dask.array
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import patience, suite

ROOT = Path(__file__).resolve().parents[1]
SECONDS = st.dictionaries(st.text("abc", min_size=1, max_size=5), st.floats(0.0, 1000.0), max_size=20)


@given(SECONDS, st.integers(1, 4))
def test_every_file_has_a_process_and_none_takes_longer_than_another_by_more_than_a_file(
    seconds: dict[str, float], processes: int
) -> None:
    found = suite.shared_out(seconds, processes)
    assert found.keys() == seconds.keys()
    assert set(found.values()) <= set(range(processes))
    taken = [sum(seconds[file] for file, process in found.items() if process == number) for number in range(processes)]
    assert max(taken) - min(taken) <= max(seconds.values(), default=0.0) + 1e-9


def test_the_longest_go_first_to_whichever_has_least() -> None:
    """Worked by hand: 9 to the first; 6 and 5 to the second; 4 to the first again, which has 9 of 11."""
    assert suite.shared_out({"d": 4.0, "a": 9.0, "c": 5.0, "b": 6.0}, 2) == {"a": 0, "b": 1, "c": 1, "d": 0}


def test_units_are_ordered_by_the_sum_of_their_parts() -> None:
    """Two short files of pages that share a process are together longer than one long file."""
    one, other = (f"{suite.PAGES}test_{name}.py" for name in ("roles", "share"))
    pages = {suite.unit_of(f"{file}::test") for file in (one, other)}
    nodeids = [f"{file}::test" for file in ("tests/geo/a.py", one, "tests/geo/b.py", other)]
    order = suite.ordered(nodeids, {one: 6.0, other: 6.0, "tests/geo/b.py": 5.0})
    assert set(order) == pages | {"tests/geo/a.py", "tests/geo/b.py"}
    assert order[-2:] == ["tests/geo/b.py", "tests/geo/a.py"]


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/geo/test_a.py::test_x[1]", "tests/geo/test_a.py"),
        ("tests/drills/test_a.py::test_x[1]", "tests/drills/test_a.py::test_x[1]"),
        ("tests/notebooks/test_notebooks.py::test_it_runs[01]", "tests/notebooks/test_notebooks.py::test_it_runs[01]"),
    ],
)
def test_a_file_runs_in_one_process_and_what_shares_nothing_in_any(nodeid: str, unit: str) -> None:
    assert suite.unit_of(nodeid) == unit


def test_each_file_of_pages_runs_in_one_of_the_processes_for_pages() -> None:
    processes = suite.page_processes()
    assert "tests/web/test_live_map.py" in processes
    assert set(processes.values()) == set(range(suite.PAGE_PROCESSES))
    for file, process in processes.items():
        assert suite.unit_of(f"{file}::test_x") == f"{suite.PAGES}{process}"


def test_garbage_is_searched_for_while_tests_run() -> None:
    """dask keeps, when it is imported, whether this is switched on, and leaves it so whenever it cuts an array."""
    dask.array.ones(6, chunks=3)[::2].compute()
    assert gc.isenabled()
    assert gc.get_threshold()[0] > 0


@given(st.floats(1.0, 3600.0), st.integers(1, 20), st.integers(1, 64))
def test_a_test_has_the_more_time_the_more_programs_share_the_cores(own_s: float, programs: int, cores: int) -> None:
    assert patience.longest_s(own_s, 0, cores) == own_s
    assert own_s < patience.longest_s(own_s, programs, cores) < patience.longest_s(own_s, programs + 1, cores)
    assert patience.longest_s(0.0, programs, cores) == 0.0, "without end"


class Item:
    """A test, with its own limit of time or without one."""

    def __init__(self, own_s: float | None) -> None:
        self.marks = [] if own_s is None else [pytest.mark.timeout(own_s).mark]

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return next(iter(self.marks), None)

    def add_marker(self, marker: pytest.MarkDecorator, append: bool) -> None:
        self.marks.insert(len(self.marks) if append else 0, marker.mark)


@pytest.mark.parametrize(("own_s", "given_s"), [(None, 3600.0), (1200.0, 7200.0), (0.0, 0.0)])
def test_beside_other_programs_every_test_has_more_time(
    monkeypatch: pytest.MonkeyPatch, own_s: float | None, given_s: float
) -> None:
    """Ten programs on two cores: a test that had a core of its own has a sixth of one; 600 s without a marker."""
    monkeypatch.setattr(patience, "LOAD", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    item: Any = Item(own_s)
    suite.give_time([item], 600.0)
    assert item.get_closest_marker("timeout").args == (given_s,)


def test_what_a_test_waits_for_it_waits_for_less_long_than_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a fault would be reported as a test that hangs, without what was there instead."""
    limit_s = float(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["timeout"])
    for programs in (0, 10):
        monkeypatch.setattr(patience, "LOAD", programs)
        assert 120.0 <= patience.patient_s(patience.ALONE_S) < patience.patient_s(limit_s)


def test_no_examples_fail_because_the_machine_is_busy() -> None:
    """A test's own list of health checks to leave out replaces that of the profile."""
    lists = {
        f"{file.relative_to(ROOT)}: {left_out}"
        for file in (ROOT / "tests").rglob("*.py")
        for left_out in re.findall(r"suppress_health_check=(\[[^\]]+\]|\w+\([^)]*\))", file.read_text(encoding="utf-8"))
    }
    assert len(lists) > 5
    assert {one for one in lists if "too_slow" not in one and "list(HealthCheck)" not in one} == set()
