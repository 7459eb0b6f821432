"""Ctrl-C and SIGTERM end a command soon, whatever it is doing, with one sentence and no file left incomplete."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import typer

from geo.unfinished import remove_all_unfinished
from ops.cli import app as cli
from ops.runtime.output import SUMMARY, UNFINISHED, atomic_write, prepare_folder, write_summary
from ops.runtime.processes.stopping import GRACE_S, SAYING_S, raise_stopped
from tests.patience import PATIENT_S

WORKING = """
import hashlib, os, signal, subprocess, sys, threading, time, weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

import ops.analysis.coverage.command as coverage
from geo.unfinished import unfinished_folder
from ops.cli import main
from ops.cli.options import screen
from ops.runtime.output import atomic_write

def compiled():
    hashlib.pbkdf2_hmac("sha512", b"", b"", 2**31 - 1)  # hours in C, where Python raises nothing

def interpreted():
    while True:
        time.sleep(0.01)

def threads():
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: compiled(), range(4)))

def child():
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100000)"])
    Path("child.tmp").write_text(str(started.pid))
    Path("child.tmp").rename("child")  # it is there with its text, or not at all
    compiled()

def folder():
    with unfinished_folder(".records-", Path()) as made:
        (made / "records").write_text("persons")
        Path("made").touch()
        compiled()

def without_children():
    def fail(*_, **__):
        raise psutil.AccessDenied
    psutil.Process.children = fail
    compiled()

def forked():
    number = os.fork()
    if number == 0:
        Path("forked").touch()
        while not Path("told").exists():
            time.sleep(0.01)
        signal.signal(signal.SIGTERM, lambda *_: None)
        os.kill(os.getpid(), signal.SIGTERM)
        os._exit(0)
    os.waitpid(number, 0)
    Path("collected").touch()
    compiled()

class Leftover:
    def __del__(self, touch=Path("torn_down").touch):
        touch()

class Referenced:
    pass

def torn_down():
    global leftover
    leftover = Leftover()
    interpreted()

def locked():
    threading.Thread(target=lambda: (screen._lock.acquire(), time.sleep(100000)), daemon=True).start()
    compiled()

def swallowing():
    while True:
        try:
            time.sleep(0.01)
        except KeyboardInterrupt:
            pass

def ignored():
    def wait_for_signal(_):
        Path("made").touch()
        interpreted()  # what is raised here, Python ignores
    leftover = Referenced()
    reference = weakref.ref(leftover, wait_for_signal)
    del leftover
    compiled()

def cover(options, screen):
    with atomic_write(Path("result.tif")) as partial:
        partial.write_bytes(b"half")
        partial.with_name(partial.name + ".ovr.tmp").write_bytes(b"an overview")
        Path("ready").touch()
        WORK()

coverage.cover = cover
sys.argv = ["watchline", "coverage", "cumberland", "--out", "out"]
main()
"""


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    until_s = time.monotonic() + PATIENT_S
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until_s
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    """Whether the process is killed, be it that its end has not been collected."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def started(folder: Path, work: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKING.replace("WORK()", f"{work}()")],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "work",
    [
        "compiled",
        "interpreted",
        "threads",
        "child",
        "swallowing",
        "folder",
        "without_children",
        "locked",
        "torn_down",
        "ignored",
    ],
)
def test_a_command_ends_whatever_it_is_doing(tmp_path: Path, work: str, number: int, code: int) -> None:
    process = started(tmp_path, work)
    try:
        wait_for((tmp_path / "ready").exists, process)
        for created in {"child": "child", "folder": "made", "ignored": "made"}.get(work, "ready"), "ready":
            wait_for((tmp_path / created).exists, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENT_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert (process.returncode, out, err) == (code, "", "watchline: stopped.\n")
    assert {path.name for path in tmp_path.iterdir()} <= {"ready", "child", "made"}
    if work == "child":
        pid, until_s = int((tmp_path / "child").read_text()), time.monotonic() + PATIENT_S
        while not has_ended(pid):
            assert time.monotonic() < until_s
            time.sleep(0.02)


@pytest.mark.parametrize("work", ["compiled", "interpreted"])
def test_a_command_ends_where_nobody_reads_what_it_says(tmp_path: Path, work: str) -> None:
    process = started(tmp_path, work)
    try:
        wait_for((tmp_path / "ready").exists, process)
        assert process.stderr is not None
        process.stderr.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENT_S) == 143
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert [path.name for path in tmp_path.iterdir()] == ["ready"]


@pytest.mark.parametrize("work", ["compiled", "swallowing"])
def test_a_command_ends_where_its_last_sentence_finds_no_room(tmp_path: Path, work: str) -> None:
    """As where the program that reads stderr hangs: its pipe is full, and a write to it waits for ever."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    process = started(tmp_path, work, stderr=writing)
    try:
        os.close(writing)
        wait_for((tmp_path / "ready").exists, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENT_S) == 143
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(reading)
    assert [path.name for path in tmp_path.iterdir()] == ["ready"]


def test_a_signal_to_a_forked_child_does_not_end_its_parent(tmp_path: Path) -> None:
    process = started(tmp_path, "forked")
    try:
        wait_for((tmp_path / "forked").exists, process)
        (tmp_path / "told").touch()
        wait_for((tmp_path / "collected").exists, process)
        with pytest.raises(subprocess.TimeoutExpired):  # the end would have come within this time
            process.wait(timeout=3 * GRACE_S)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENT_S) == 130
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("instead", ["raised", "aborted"])
def test_a_signal_outside_a_command_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], instead: str, number: int, code: int
) -> None:
    """As while the options are parsed, where Click raises Abort in the place of what the signal raised."""

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)

    def stopped(**_: Any) -> None:
        try:
            raise_stopped(number, None)
        except KeyboardInterrupt as error:
            if instead == "raised":
                raise
            raise typer.Abort from error

    monkeypatch.setattr(cli, "app", stopped)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().err) == (code, "watchline: stopped.\n")


def test_the_end_comes_within_two_seconds() -> None:
    """What follows is the end of the process itself: killing children and removing files."""
    assert GRACE_S + SAYING_S <= 1.5


def interrupted(arguments: list[str], out: Path, number: int) -> tuple[int, str]:
    """Exit code and last words of a command that gets the signal at its work.

    Where this process was not scheduled until the command was done, it is started again.
    """
    while True:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ops.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not (out / UNFINISHED).exists() and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENT_S)
        if process.returncode != 0 and not (out / SUMMARY).exists():
            return process.returncode, err.strip()
        shutil.rmtree(out)


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        (["coverage"], signal.SIGINT, 130),
        (["challenge", "--runs", "200"], signal.SIGTERM, 143),
        (["plan", "--budget", "1000000"], signal.SIGINT, 130),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_analysis_ends_without_a_half_written_file_and_its_next_run_goes_on_in_the_folder(
    watchline: Callable[..., Any], hill_sector: Any, tmp_path: Path, command: list[str], number: int, code: int
) -> None:
    out = tmp_path / "out"
    arguments = [command[0], str(hill_sector.sector), *command[1:], "--out", str(out)]
    assert interrupted(arguments, out, number) == (code, "watchline: stopped.")
    assert not list(out.glob("*.partial*"))
    assert not (out / SUMMARY).exists()
    if command == ["coverage"]:
        (out / "k_count.tif").touch()  # as if it had been stopped later
        assert watchline(*arguments).code == 0
        assert (out / SUMMARY).exists()
        assert not (out / UNFINISHED).exists()


def test_a_folder_belongs_to_the_command_that_began_to_fill_it(tmp_path: Path) -> None:
    prepare_folder(tmp_path, ["result.tif"], made_by="watchline coverage")
    (tmp_path / "result.tif").touch()
    prepare_folder(tmp_path, ["result.tif"], made_by="watchline coverage")
    with pytest.raises(Exception, match=r"holds a file 'result.tif' that this command did not write"):
        prepare_folder(tmp_path, ["result.tif"], made_by="watchline challenge")
    write_summary(tmp_path / SUMMARY, {"made_by": "watchline coverage"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["result.tif", SUMMARY]
    assert json.loads((tmp_path / SUMMARY).read_text())["made_by"] == "watchline coverage"


def test_only_unfinished_files_are_removed_at_the_end(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    with atomic_write(whole) as partial:
        partial.write_bytes(b"whole")
    writing = atomic_write(tmp_path / "half")
    writing.__enter__().write_bytes(b"half")
    remove_all_unfinished()
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    with pytest.raises(FileNotFoundError):
        writing.__exit__(None, None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
