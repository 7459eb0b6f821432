"""``make bench`` runs every benchmark, and fails at the end by name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.patience import PATIENT_S

REPOSITORY = Path(__file__).parent.parent
PYTHON = """#!/bin/sh
echo "$1" >> ran
case "$1" in *{failing}) exit 1;; esac
"""


def bench(folder: Path, failing: str) -> tuple[int, list[str], str]:
    """Run the Makefile with a Python that only notes what it runs: exit status, benchmarks that ran, stderr."""
    shutil.copy(REPOSITORY / "Makefile", folder)
    for name in ("a.py", "b.py", "c.py"):
        (folder / "benchmarks").mkdir(exist_ok=True)
        (folder / "benchmarks" / name).touch()
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(failing=failing))
    python.chmod(0o755)
    ready = ["--assume-old=.venv/.installed-test", "--assume-old=.venv/.installed"]
    for stamp in (".installed", ".installed-test"):
        (folder / ".venv" / stamp).touch()
    done = subprocess.run(
        ["make", *ready, "bench", f"PYTHON={python}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENT_S,
        check=False,
    )
    ran = [line for line in (folder / "ran").read_text().splitlines() if line.startswith("benchmarks/")]
    return done.returncode, ran, done.stderr


EVERY = ["benchmarks/a.py", "benchmarks/b.py", "benchmarks/c.py"]


def test_a_missed_target_stops_no_other_benchmark_and_is_named_at_the_end(tmp_path: Path) -> None:
    status, ran, said = bench(tmp_path, "a.py")
    assert ran == EVERY
    assert status != 0
    assert "Failed, or missed a target: benchmarks/a.py\n" in said


def test_without_a_failure_it_succeeds(tmp_path: Path) -> None:
    status, ran, said = bench(tmp_path, "none.py")
    assert (status, ran) == (0, EVERY), said
    assert "Failed" not in said
