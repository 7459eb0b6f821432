"""Spare processes: one that waits becomes a part like any other, and none outlives the process that keeps it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from ops.runtime.processes.child_process import Child, module_command
from ops.runtime.processes.spare_process import MODULE, SpareProcesses
from tests.patience import PATIENT_S

PART = """
import os, sys, threading
from ops.runtime.processes.child_process import say, stop_when_parent_ends


def main():
    stop, heard = threading.Event(), []
    stop_when_parent_ends(stop.set, hear=lambda message: (heard.append(message), say(heard=heard)))
    print("words for the log", file=sys.stderr, flush=True)
    umask = os.umask(0)
    say(ready=True, arguments=sys.argv[1:], secret=os.environ.get("PART_SECRET"), umask=umask, session=os.getsid(0))
    stop.wait()
    return 7


if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that can be run as a part."""
    (tmp_path / "part_of_test.py").write_text(PART)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return "part_of_test"


@pytest.fixture
def spares(part: str) -> Iterator[SpareProcesses]:
    kept = SpareProcesses({part: ()}, settle_s=0.05)
    yield kept
    kept.close()


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ends(pid: int) -> None:
    def has_ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:  # whoever waits for it may collect its end at any moment
            return True

    until(has_ended)


def child_of(part: str, tmp_path: Path, spares: SpareProcesses | None) -> Child:
    child = Child(
        "part", part, ["--one", "two words"], log=tmp_path / "part.log", secrets={"PART_SECRET": "x"}, spares=spares
    )
    child.tell(greeting="hello")
    for key in ("ready", "heard"):  # in either order
        child.wait_for(key, timeout_s=PATIENT_S)
    return child


def test_a_spare_becomes_a_part_that_differs_in_nothing_from_one_that_is_started(
    part: str, spares: SpareProcesses, tmp_path: Path
):
    until(spares.idle)
    [pid] = spares.idle()
    found = []
    for ahead in (spares, None):
        child = child_of(part, tmp_path, ahead)
        assert (child.process.pid == pid) == (ahead is spares)
        assert child.messages.pop("session") == child.process.pid
        assert os.readlink(f"/proc/{child.process.pid}/fd/2") == str(tmp_path / "part.log")
        found.append((dict(child.messages), child.last_words(), child.stop(timeout_s=PATIENT_S)))
    assert found[0] == found[1]
    messages, words, code = found[0]
    assert (messages["arguments"], messages["secret"], messages["umask"]) == (["--one", "two words"], "x", 0o077)
    assert (messages["heard"], words, code) == ([{"greeting": "hello"}], "words for the log", 7)


def test_a_spare_that_was_taken_is_replaced_but_not_while_something_starts(
    part: str, spares: SpareProcesses, tmp_path: Path
):
    until(spares.idle)
    [first] = spares.idle()
    with spares.starting():
        taken = spares.take(part)
        assert taken is not None
        assert taken.pid == first
        time.sleep(0.5)  # ten times as long as it would take
        assert spares.idle() == []
        assert spares.take(part) is None
    until(spares.idle)
    assert spares.idle() != [first]
    for pipe in (taken.stdin, taken.stdout):
        assert pipe is not None
        pipe.close()
    assert taken.wait() == 0, "it was to become nothing"


def test_a_spare_that_still_loads_is_not_waited_for(part: str, tmp_path: Path):
    (tmp_path / "slow_part.py").write_text(
        f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'loaded')!r}).exists():\n    time.sleep(0.02)\n"
    )
    spares = SpareProcesses({"slow_part": ()}, settle_s=0.05)
    until(lambda: spares._idle)
    assert spares.take("slow_part") is None
    (tmp_path / "loaded").touch()
    until(spares.idle)
    [pid] = spares.idle()
    assert psutil.pid_exists(pid)
    spares.close()
    assert not psutil.pid_exists(pid)


def test_a_spare_that_has_ended_is_not_used(part: str, spares: SpareProcesses, tmp_path: Path):
    until(spares.idle)
    [pid] = spares.idle()
    os.kill(pid, signal.SIGKILL)
    ends(pid)
    child = child_of(part, tmp_path, spares)
    assert child.process.pid != pid
    assert child.stop(timeout_s=PATIENT_S) == 7


def test_a_spare_that_was_killed_is_replaced_without_a_start(part: str, spares: SpareProcesses):
    until(spares.idle)
    [pid] = spares.idle()
    os.kill(pid, signal.SIGKILL)
    until(lambda: spares.idle() not in ([], [pid]))
    assert not psutil.pid_exists(pid), "nor is it left as a zombie"


def test_a_spare_that_cannot_load_is_started_again_after_growing_pauses(tmp_path: Path, part: str):
    begun = tmp_path / "begun"
    (tmp_path / "broken_part.py").write_text(
        f"import time\nopen({str(begun)!r}, 'a').write(f'{{time.monotonic()}}\\n')\nraise SystemExit(1)\n"
    )
    spares = SpareProcesses({"broken_part": ()}, settle_s=0.05)
    until(lambda: spares._ended >= 4)
    spares.close()
    at_s = [float(line) for line in begun.read_text().splitlines()]
    assert all(later - before >= 0.05 * 2**n for n, (before, later) in enumerate(pairwise(at_s), start=1))
    assert len(at_s) >= 4


def test_a_spare_that_ends_as_it_is_given_the_order_is_not_used(part: str, spares: SpareProcesses, tmp_path: Path):
    """Its pipe then breaks twice: at the order, and at the close."""
    until(spares.idle)
    [pid] = spares.idle()
    spare = spares._idle[part]
    os.kill(pid, signal.SIGKILL)
    ends(pid)
    spare.poll = lambda: None  # type: ignore[method-assign]  # as it was a moment before
    child = child_of(part, tmp_path, spares)
    assert child.process.pid != pid
    assert child.stop(timeout_s=PATIENT_S) == 7


def test_a_log_that_cannot_be_written_is_an_error_of_the_caller_and_the_spare_stays(
    part: str, spares: SpareProcesses, tmp_path: Path
):
    until(spares.idle)
    before = spares.idle()
    with pytest.raises(IsADirectoryError):
        Child("part", part, [], log=tmp_path, secrets={}, spares=spares)
    assert spares.idle() == before


def test_spares_of_a_process_with_many_open_files_are_found_ready(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """select() takes no descriptor beyond 1023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("no process may have that many open files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1100):
            stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        spares = SpareProcesses({part: ()}, settle_s=0.05)
        stack.callback(spares.close)
        until(spares.idle)
        taken = spares.take(part)
        assert taken is not None
        assert taken.stdout is not None
        assert taken.stdout.fileno() > 1023
        for pipe in (taken.stdin, taken.stdout):
            assert pipe is not None
            pipe.close()
        assert taken.wait() == 0


def test_a_spare_for_fusion_leaves_arrow_out_as_fusion_does():
    with subprocess.Popen(
        module_command(MODULE, "ops.services.fusion.process"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as spare:
        assert spare.stdin is not None
        assert spare.stdout is not None
        assert spare.stdout.read(1) == b"\n", "it has loaded everything"
        loaded = {Path(one.path).name for one in psutil.Process(spare.pid).memory_maps()}
        spare.stdin.close()
    assert any("pandas" in name or "hashtable" in name for name in loaded)
    assert not any("arrow" in name for name in loaded)


def test_a_part_is_also_started_again_from_a_spare(part: str, spares: SpareProcesses, tmp_path: Path):
    child = child_of(part, tmp_path, spares)
    child.kill()
    until(spares.idle)
    [pid] = spares.idle()
    child.restart()
    assert child.process.pid == pid
    assert child.wait_for("heard", timeout_s=PATIENT_S) == [{"greeting": "hello"}]
    child.stop(timeout_s=PATIENT_S)


KEEPER = """
import sys, time
from ops.runtime.processes.spare_process import SpareProcesses
spares = SpareProcesses({"part_of_test": ()}, settle_s=0.05)
while not spares.idle():
    time.sleep(0.02)
print(spares.idle()[0], flush=True)
time.sleep(3600)
"""


def test_spares_end_with_the_process_that_keeps_them_whatever_ends_it(part: str):
    with subprocess.Popen([sys.executable, "-c", KEEPER], stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        pid = int(keeper.stdout.readline())
        keeper.kill()
        keeper.wait()
    ends(pid)
