"""Each tutorial is followed literally: the commands of the page run as they are printed, in an empty folder.

A reader saves the programs and tables that the page links to, copies each `sh` block into a terminal, and at the end
has the files that the page promises. What the page says that commands print, they print. A block whose first line is
``# Ctrl-C ends it`` stays running in a terminal of its own, and must end well when it is interrupted.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.runtime.processes.reserved_port import ReservedPort
from tests.patience import PATIENT_S, patient_s

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
STAYS = "# Ctrl-C ends it"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")
LONGEST_S = patient_s(1200.0)
"""Of one block of commands."""
NEEDS = {"administrator": "mosquitto"}
BROKER_PORT = "18883"
"""Port of the broker in the pages; a free one is used in its place."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a reader takes from a tutorial."""

    blocks: tuple[str, ...]
    files: tuple[Path, ...]
    promised: tuple[str, ...]
    printed: tuple[str, ...]


def read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    files = {path.parent / link for link in re.findall(r"\]\(([^)]+\.(?:py|csv))\)", text)}
    end = text.split("## What you have now\n")[1].split("\n## ")[0]
    listed = [line for line in end.splitlines() if line.startswith("- ")]
    printed = re.findall(r"(?:prints|begins with|ends with)\s`([^`]+)`", text)
    printed += [line for shown in re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
                for line in shown.splitlines()]  # fmt: skip
    promised = re.findall(r"`([^`]+)`", "\n".join(listed))
    return Page(tuple(blocks), tuple(files), tuple(promised), tuple(map(in_one_line, printed)))


def in_one_line(text: str) -> str:
    """The text with single spaces: a page breaks its lines elsewhere than a terminal."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Terminal:
    """A command that stays running, and what it has printed."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def open(cls, block: str, folder: Path, environment: dict[str, str], number: int) -> Terminal:
        log = folder.parent / f"terminal-{number}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", block],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        return cls(process, log)

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self, port: str | None) -> None:
        """Wait for the address of its page, which must answer; of a broker, until it takes connections."""
        until_s = time.monotonic() + PATIENT_S
        while not (listens(port) if port else ADDRESS.search(self.text)):
            assert self.process.poll() is None, f"ended early:\n{self.text}"
            assert time.monotonic() < until_s, f"not ready:\n{self.text}"
            time.sleep(0.2)
        page = ADDRESS.search(self.text)
        if page:
            with urllib.request.urlopen(page[0], timeout=PATIENT_S) as answer:
                assert answer.status == 200

    def press_ctrl_c(self) -> None:
        assert self.process.poll() is None, f"ended early:\n{self.text}"
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            status = self.process.wait(PATIENT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            pytest.fail(f"did not end:\n{self.text}")
        assert status in (0, 130, -signal.SIGINT), self.text


def listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHLINE_")}
    return {**kept, "PATH": commands, "MPLBACKEND": "agg", "DISPLAY": "", "COLUMNS": "100"}


def test_there_is_a_tutorial_for_each_user_group():
    groups = {"duty-officer", "analyst", "field-unit", "planner", "integrator", "administrator"}
    assert {path.stem for path in TUTORIALS} == groups


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_can_be_followed_literally(tutorial: Path, tmp_path: Path, environment: dict[str, str]):
    if tutorial.stem in NEEDS and not shutil.which(NEEDS[tutorial.stem]):
        pytest.skip(f"{NEEDS[tutorial.stem]} is not installed")
    page = read(tutorial)
    assert page.blocks
    assert page.promised
    folder = tmp_path / "empty"
    folder.mkdir()
    for file in page.files:
        shutil.copy(file, folder)
    reserved = ReservedPort()
    port = str(reserved.number)
    terminals: list[Terminal] = []
    output = ""
    try:
        for number, block in enumerate(page.blocks):
            block = block.replace(BROKER_PORT, port)
            if block.startswith(STAYS):
                terminals.append(Terminal.open(block, folder, environment, number))
                terminals[-1].wait_until_ready(port if "mosquitto" in block else None)
                continue
            done = subprocess.run(
                ["bash", "-e", "-o", "pipefail", "-c", block],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_S,
            )
            assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
            output += done.stdout + done.stderr
    finally:
        for terminal in reversed(terminals):
            terminal.press_ctrl_c()
        reserved.release()
    assert [name for name in page.promised if not (folder / name).exists()] == []
    assert [text for text in page.printed if text not in in_one_line(output)] == []
