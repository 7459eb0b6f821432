"""How the suite runs on several cores: one file a process at a time, the longest first, and a line of progress.

``make test`` runs ``pytest -n auto``; without ``-n`` everything here stands aside and pytest runs as it does anywhere.
``WATCHLINE_LOAD=10`` makes the machine as busy as ten further programs do, for as long as the tests run: no test may
depend on how fast it is. What a test may take at most, so that one that hangs ends, is longer by the same factor, as is
what it waits for anything (``tests.patience``).
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from ops.runtime.compile_kernels import forget_outdated
from tests.patience import LOAD, patient_s

DURATIONS = Path(__file__).with_name("durations.json")
"""Seconds of what takes more than one (``timed_as``); ``WATCHLINE_DURATIONS=write make test`` measures them."""
PAGES, PAGE_PROCESSES = "tests/web/", 2
"""Folder of the tests in a browser, and how many processes share its files: on two cores three browsers starve each
other, and one after the other they take longest of all."""
NEW_PAGES_S = 60.0
APART = ("tests/drills/", "tests/notebooks/")
"""Folders whose tests share nothing that is costly: each of their tests goes to whichever process is free."""
TELL_EVERY_S = 5.0
MOST_PROCESSES = 6

# Each process of xdist imports every test file, and pytest compiles it with its assertions rewritten: half of the time
# of a collection where compiled files may not be kept. They are in __pycache__, which git ignores and numba fills too.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A thread of OpenBLAS that waits for its share of a product turns in a loop meanwhile; with several processes on few
# cores that takes up to 200 times the work itself. numpy reads this when it is loaded, so here it is not loaded yet.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def timed_as(nodeid: str) -> str:
    """Under which name the duration of a test is recorded: its file, or the test itself."""
    file = nodeid.partition("::")[0]
    return nodeid if file.startswith(APART) else file


def shared_out(seconds: dict[str, float], processes: int) -> dict[str, int]:
    """The process that runs each file, so that all take about as long: the longest first, to whichever has least."""
    taken, found = [0.0] * processes, dict[str, int]()
    for file in sorted(seconds, key=lambda file: (-seconds[file], file)):
        found[file] = taken.index(min(taken))
        taken[found[file]] += seconds[file]
    return found


@cache
def durations() -> dict[str, float]:
    """Seconds by name (``timed_as``), as recorded; a file of ``PAGES`` that was never measured counts as a long one."""
    pages = {PAGES + path.name: NEW_PAGES_S for path in (DURATIONS.parent / "web").glob("test_*.py")}
    recorded: dict[str, float] = json.loads(DURATIONS.read_text()) if DURATIONS.exists() else {}
    return pages | recorded


@cache
def page_processes() -> dict[str, int]:
    """The process of each file of ``PAGES``."""
    return shared_out({name: taken for name, taken in durations().items() if name.startswith(PAGES)}, PAGE_PROCESSES)


def unit_of(nodeid: str) -> str:
    """What runs in one process, one test after the other: a file, some files of a folder, or a single test."""
    name = timed_as(nodeid)
    return f"{PAGES}{page_processes().get(name, 0)}" if name.startswith(PAGES) else name


def ordered(nodeids: Sequence[str], seconds: dict[str, float]) -> list[str]:
    """Units of work, the longest first, then those that take a second or less as they are found."""
    units = dict[str, dict[str, float]]()
    for nodeid in nodeids:
        name = timed_as(nodeid)
        units.setdefault(unit_of(nodeid), {})[name] = seconds.get(name, 0.0)
    return sorted(units, key=lambda unit: -sum(units[unit].values()))


class Load:
    """Programs that only take time, until pytest ends, in whatever way it does."""

    _BUSY = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"

    def __init__(self, programs: int) -> None:
        command = [sys.executable, "-c", self._BUSY, str(os.getpid())]
        self._programs = [subprocess.Popen(command) for _ in range(programs)]

    def pytest_unconfigure(self) -> None:
        for program in self._programs:
            program.kill()
            program.wait()


class ByUnit(LoadScopeScheduling):
    """xdist's scheduler of whole files, with our units."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


class Progress:
    """Prints how far the suite is, every few seconds, and each failure when it happens."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter, self._lock, self._over = reporter, threading.Lock(), threading.Event()
        self._began, self._total, self._done, self._failed = time.monotonic(), 0, 0, 0
        self._running: dict[str, None] = {}
        self.seconds: dict[str, float] = {}
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def _tell(self) -> None:
        while not self._over.wait(TELL_EVERY_S):
            self._write(self._line())

    def _line(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        if not self._total:
            return f"{minutes:3}:{seconds:02}  collecting tests"
        now = ", ".join(sorted({name.partition("::")[0].removeprefix("tests/") for name in list(self._running)}))
        share = 100 * self._done // self._total
        return f"{minutes:3}:{seconds:02}  {share:3} %  {self._done} of {self._total}, {self._failed} failed  {now}"

    def _write(self, text: str) -> None:
        with self._lock:
            self._reporter.write_line(text)
            self._reporter.flush()

    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        self._total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self._running[nodeid] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No letter for what passed or was skipped: the lines of progress count them."""
        if report.passed:
            return "passed" if report.when == "call" else "", "", ""
        return ("skipped", "", "") if report.skipped and not hasattr(report, "wasxfail") else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = timed_as(report.nodeid)
        self.seconds[name] = self.seconds.get(name, 0.0) + report.duration
        if report.failed:
            self._failed += 1
            self._write(f"FAILED {report.nodeid} ({report.when})")
        if report.when == "teardown":
            self._done += 1
            self._running.pop(report.nodeid, None)

    def pytest_sessionfinish(self) -> None:
        self._over.set()
        self._thread.join()
        self._write(self._line())
        if os.environ.get("WATCHLINE_DURATIONS") == "write":
            long = {name: round(taken, 1) for name, taken in self.seconds.items() if taken > 1.0}
            DURATIONS.write_text(json.dumps(dict(sorted(long.items())), indent=1) + "\n")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Processes of ``-n auto``: one a core and two more, for many tests wait for another process or for a clock."""
    return min((os.cpu_count() or 1) + 2, MOST_PROCESSES)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUnit:
    config.option.loadscopereorder = False  # keep the order of the collection, see below
    return ByUnit(config, log)


@pytest.hookimpl(trylast=True)  # after the terminal's own
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        forget_outdated()
        config.pluginmanager.register(Load(LOAD), "load")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if config.getoption("dist", "no") != "no" and reporter is not None:
        config.pluginmanager.register(Progress(reporter), "progress")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What a collection loads stays until the end: no search for garbage in it, neither meanwhile nor later.

    By the threshold: what asks on being imported whether the search is on, as dask does, keeps the answer for good.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(0)
    try:
        return (yield)
    finally:
        gc.set_threshold(*thresholds)
        gc.collect()
        gc.freeze()
        gc.collect()  # of what is not frozen: the next full search comes when a quarter of what this one kept is new


def give_time(items: Sequence[pytest.Item], of_all_s: float) -> None:
    """Give tests more time where other programs share the machine; ``of_all_s`` [s] is for those without a marker."""
    for item in items:
        marker = item.get_closest_marker("timeout")
        own_s = of_all_s if marker is None else float(marker.args[0])
        item.add_marker(pytest.mark.timeout(patient_s(own_s)), append=False)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the processes of xdist: the longest units first, the tests of a unit in their own order."""
    if LOAD:
        given = config.getoption("timeout")
        give_time(items, float(config.getini("timeout") if given is None else given))
    if hasattr(config, "workerinput"):
        place = {unit: number for number, unit in enumerate(ordered([item.nodeid for item in items], durations()))}
        items.sort(key=lambda item: place[unit_of(item.nodeid)])
