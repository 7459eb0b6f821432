"""Child processes run the modules of this installation, wherever they are started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ops.runtime.processes import child_process
from ops.runtime.processes.child_process import Child, ChildFailed
from ops.runtime.processes.safe_path import keep_to_safe_path
from ops.services.planner.jobs import start_worker
from tests.patience import PATIENT_S

ROOT = Path(__file__).resolve().parents[4]
HOSTILE = ("geo", "ops", "json", "pickle", "runpy", "socket")
"""Names of our own packages and of Python's modules that a child imports early."""
POOL = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from ops.cli import main

if __name__ == "__main__":
    sys.argv = ["watchline", "--version"]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
"""

PATH = """
import os, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from ops.cli import main
from ops.runtime.processes.child_process import module_command

if __name__ == "__main__":
    sys.argv = ["watchline", "--version"]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code
    for name in os.environ["HOSTILE"].split():
        Path(name + ".py").write_text("raise SystemExit(3)")
    subprocess.run(module_command("ops.services.ingest.process", "--help"), check=True)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
"""


@pytest.fixture
def hostile_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with files of these names, each of which writes ``ran`` when it is executed."""
    folder = tmp_path / "work"
    folder.mkdir()
    for name in HOSTILE:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'ran')!r}, 'a').write({name!r})\nraise SystemExit(3)\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return folder


def test_no_file_of_the_working_folder_runs_in_a_child(hostile_folder: Path, tmp_path: Path) -> None:
    child = Child("ingest", "ops.services.ingest.process", ["--help"], log=tmp_path / "ingest.log", secrets={})
    assert child.process.wait(PATIENT_S) == 0, child.last_words()
    assert not (hostile_folder / "ran").exists()


def test_no_file_of_the_working_folder_runs_in_the_planner(hostile_folder: Path, tmp_path: Path) -> None:
    worker = start_worker("nowhere.toml", tmp_path / "plan.log")
    assert worker.stdin is not None
    worker.stdin.close()
    worker.wait(PATIENT_S)
    assert not (hostile_folder / "ran").exists()


def test_no_file_of_the_working_folder_runs_in_a_pool(hostile_folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "bin" / "watchline.py"  # by file, as the installed command
    script.parent.mkdir()
    script.write_text(POOL)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENT_S, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert not (hostile_folder / "ran").exists()


@pytest.mark.parametrize("entry", ["", ".", "../work"])
def test_no_file_of_the_working_folder_runs_in_a_child_by_an_entry_of_pythonpath(tmp_path: Path, entry: str) -> None:
    """As by ``PYTHONPATH=$PYTHONPATH:/x`` where it was empty. The files are written once the command itself runs."""
    script, folder = tmp_path / "watchline.py", tmp_path / "work"
    script.write_text(PATH)
    folder.mkdir()
    stated = {"HOSTILE": " ".join(HOSTILE), "PYTHONPATH": os.pathsep.join([entry, str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-P", str(script)], capture_output=True, text=True, timeout=PATIENT_S, cwd=folder,
        env=os.environ | stated,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_folder_of_this_installation_stays_an_entry_of_pythonpath(monkeypatch: pytest.MonkeyPatch) -> None:
    """``PYTHONPATH=. python -m ops.cli`` in a checkout that is not installed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([".", "", "docs", "/opt/more"]))
    monkeypatch.setattr(sys, "path", [str(ROOT), str(ROOT / "docs"), "/opt/more", "/usr/lib"])
    keep_to_safe_path()
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(ROOT), str(ROOT), "/opt/more"]
    assert sys.path == [str(ROOT), "/opt/more", "/usr/lib"]


def test_what_a_child_reports_last_is_heard_however_late_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, at_once = tmp_path / "report.json", Child._read
    report.write_text('{"published": 7}')

    def read_late(child: Child, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        time.sleep(0.5)
        at_once(child, process)

    monkeypatch.setattr(Child, "_read", read_late)
    monkeypatch.setattr(child_process, "LAST_WORDS_S", PATIENT_S)
    child = Child("simulator", "json.tool", ["--compact", str(report)], log=tmp_path / "log", secrets={})
    assert child.wait_for("published", timeout_s=PATIENT_S) == 7
    with pytest.raises(ChildFailed, match="simulator ended with code 0"):
        child.wait_for("more", timeout_s=PATIENT_S)


def test_what_a_replaced_process_reported_is_not_taken_for_a_report_of_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine so busy that the last line of a killed process is read after its successor was started."""
    report, restarted, at_once = tmp_path / "report.json", threading.Event(), Child._read
    report.write_text('{"ready": true}')

    def read_after_the_restart(child: Child, process: subprocess.Popen[bytes]) -> None:
        restarted.wait(PATIENT_S)
        at_once(child, process)

    with monkeypatch.context() as patch:
        patch.setattr(Child, "_read", read_after_the_restart)
        child = Child("ingest", "json.tool", ["--compact", str(report)], log=tmp_path / "log", secrets={})
    late = child._reader
    monkeypatch.setattr(late, "join", lambda timeout=None: None)  # the wait for it, which was in vain
    child.process.wait(PATIENT_S)
    report.write_text('{"problem": "none"}')
    child.restart()
    restarted.set()
    monkeypatch.undo()
    late.join(PATIENT_S)
    assert child.wait_for("problem", timeout_s=PATIENT_S) == "none"
    assert child.last("ready") is None


def test_a_supervisor_that_is_stopped_holds_up_no_process(tmp_path: Path) -> None:
    """5,000 signs are some 150 kB, and a pipe holds 64 kB: it would be full after half an hour."""
    signs = "from ops.runtime.processes.child_process import sign_of_life\nfor _ in range(5000):\n    sign_of_life()"
    with subprocess.Popen([sys.executable, "-c", signs], stdout=subprocess.PIPE) as child:
        try:
            assert child.wait(PATIENT_S) == 0
        finally:
            child.kill()
        assert child.stdout is not None
        lines = child.stdout.read().splitlines()
    assert 100 < len(lines) < 5000
    assert all("alive" in json.loads(line) for line in lines), "none is cut off"


def test_only_one_place_starts_python() -> None:
    """``module_command``, and the broker that replaces itself with its own arguments."""
    files = [
        path.relative_to(ROOT).as_posix() for path in (ROOT / "ops").rglob("*.py") if "node_modules" not in path.parts
    ]
    found = {name for name in files if "sys.executable" in (ROOT / name).read_text()}
    assert found == {"ops/runtime/processes/child_process.py", "ops/broker/after_panic.py"}


def test_the_report_of_a_child_that_ended_names_its_log(tmp_path: Path) -> None:
    child = Child("odd", "ops.no_such_module", [], log=tmp_path / "odd.log", secrets={})
    with pytest.raises(ChildFailed, match="No module named") as failed:
        child.wait_for("ready", timeout_s=PATIENT_S)
    assert str(tmp_path / "odd.log") in str(failed.value)


def test_a_log_that_is_full_is_begun_anew_and_no_line_is_lost(tmp_path: Path) -> None:
    """Also of a second process that writes into the same log, as a worker of a part."""
    script = tmp_path / "part.py"
    script.write_text(
        "import logging, os\nfrom ops.runtime.processes import child_process\nchild_process.MOST_LOG_BYTES = 4000\n"
        "logging.basicConfig(handlers=[child_process.PartLog()], format='%(message)s')\n"
        "for number in range(200):\n    logging.warning('first %d%s', number, ' ' * 30)\n"
        "child = os.fork()\nlogging.warning('%s', 'x' * 4000 if child else '')\n"
        "if child:\n    os.waitpid(child, 0)\nlogging.warning('last of %s', 'parent' if child else 'child')\n"
    )
    log = tmp_path / "part.log"
    with log.open("ab") as file:
        subprocess.run([sys.executable, str(script)], stderr=file, timeout=PATIENT_S, check=True, cwd=ROOT,
                       env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part.log", "part.log.1", "part.py"]
    assert log.stat().st_size < 4000
    assert log.read_text().splitlines()[-1] == "last of parent"


def test_a_process_whose_log_was_changed_twice_meanwhile_writes_into_the_present_one(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    script = tmp_path / "part.py"
    script.write_text(
        "import logging, os, sys\nfrom ops.runtime.processes import child_process\n"
        "child_process.MOST_LOG_BYTES = 4000\n"
        "logging.basicConfig(handlers=[child_process.PartLog()], format='%(message)s')\n"
        "log = sys.argv[1]\nfor _ in range(2):\n    os.replace(log, log + '.1')\n    open(log, 'w').close()\n"
        "logging.warning('%s', 'x' * 4000)\nlogging.warning('seen')\n"
    )
    with log.open("ab") as file:
        subprocess.run([sys.executable, str(script), str(log)], stderr=file, timeout=PATIENT_S, check=True, cwd=ROOT,
                       env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert log.read_text() == "seen\n"


def test_the_last_words_of_a_huge_log_are_read_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / "huge.log"
    with log.open("wb") as file:
        file.truncate(1 << 40)  # sparse: it could not be read as a whole
        file.seek(0, os.SEEK_END)
        file.write(b"\n2026-12-01 00:00:00,000 ERROR part: the disk is full.\n")
    child = Child.__new__(Child)
    child.log = log
    assert child.last_words() == "the disk is full."
    child.log = tmp_path / "none.log"
    assert child.last_words() == ""
