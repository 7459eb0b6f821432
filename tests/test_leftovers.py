"""A failed test leaves no process behind; those of fixtures and of tests that pass are left alone."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.patience import PATIENT_S

ROOT = Path(__file__).resolve().parents[1]
SUITE = """
import subprocess, sys
from pathlib import Path
import pytest

HERE = Path(__file__).parent
WAITS = "import sys; print(1, flush=True); sys.stdin.read()"
STARTS = (
    "import subprocess, sys; "
    f"p = subprocess.Popen([sys.executable, '-c', {WAITS!r}]); print(p.pid, flush=True); p.wait()"
)

def start(name, program=WAITS):
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", program], **piped)
    said = process.stdout.readline().strip()
    (HERE / name).write_text(f"{process.pid} {said if program == STARTS else ''}")
    return process

@pytest.fixture(scope="module")
def kept():
    process = start("kept")
    yield process
    (HERE / "kept_until_the_end").write_text(str(process.poll()))
    process.kill()
    process.wait()

def test_fails(kept):
    start("left", STARTS)
    start("closed").kill()
    raise AssertionError("as it should")

def test_passes(kept):
    process = start("own")
    process.kill()
    process.wait()
    assert kept.poll() is None
"""


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_what_a_failed_test_started_ends_with_its_children_and_what_a_fixture_started_stays(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.leftovers", "-p", "no:cacheprovider", "--noconftest"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path / "test_inner.py")],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENT_S, check=False,
    )  # fmt: skip
    pids = [int(word) for word in (tmp_path / "left").read_text().split()]
    try:
        assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
        assert len(pids) == 2, "the process and its child"
        end_s = time.monotonic() + PATIENT_S
        while not all(map(has_ended, pids)):  # what was killed ends when it is scheduled
            assert time.monotonic() < end_s
            time.sleep(0.05)
        assert (tmp_path / "kept_until_the_end").read_text() == "None"
    finally:
        for pid in pids:
            if not has_ended(pid):
                psutil.Process(pid).kill()
