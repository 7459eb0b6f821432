"""The command under test and the senders, run as a service manager runs them: what ends is started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil

from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE
from ops.runtime.processes.child_process import Child
from tests.drills.cluster.nation import DrillNation

RESTART_S: Final = 1.0
"""As ``RestartSec`` of the units in deploy/."""
STOP_S: Final = 150.0
COMMAND: Final = Path(sys.executable).with_name("watchline")


class Service:
    """``watchline cluster run``, and its processes. ``environment`` is that of all of them."""

    def __init__(
        self,
        nation: DrillNation,
        data: Path,
        log: Path,
        *,
        workers: int,
        store: str | None,
        environment: Mapping[str, str],
    ) -> None:
        self._command = [
            *(str(COMMAND), "cluster", "run", str(nation.file), "--json", "--local", str(workers)),
            *("--data", str(data), "--identity", str(nation.identity)),
            *([] if store is None else ["--store", store]),
        ]
        self._data, self._log, self._environment = data, log, dict(environment)
        self._names = tuple(nation.sectors)
        self._ended_s: float | None = None
        self.ended_by_itself: list[str] = []
        """Ends of the command that no fault caused, with its last line."""
        self.killed = False
        self._start()

    def _start(self) -> None:
        self._ended_s = None
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )

    def look(self, now_s: float) -> None:
        """Start the command again a moment after it has ended."""
        if self.process.poll() is None:
            return
        if self._ended_s is None:
            self._ended_s = now_s
            if not self.killed:
                words = self._log.read_text(errors="replace").strip().splitlines()[-1:]
                self.ended_by_itself.append(f"code {self.process.returncode}: {' '.join(words)}")
            self.killed = False
        elif now_s - self._ended_s >= RESTART_S:
            self._start()

    def processes(self) -> dict[tuple[str, str], psutil.Process]:
        """Return the running processes by part and sector, or part and process number where it has no sector."""
        found: dict[tuple[str, str], psutil.Process] = {}
        for one in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                line = one.cmdline()
                part = next(
                    (name for name in ("ingest", "fusion", "feeds") if f"ops.services.{name}.process" in line), ""
                )
                if part:  # which one is seen by its log: a spare process had no arguments when it was started
                    log = Path(os.readlink(f"/proc/{one.pid}/fd/2"))
                    name = log.parent.parent.name
                    if name in self._names and log == self._data / name / "logs" / f"{part}.log":
                        found[part, name] = one
                elif "ops.cluster.identity.process" in line and f"--folder={self._data}" in line:
                    found["identity", ""] = one
                elif one.pid == self.process.pid:
                    found["supervisor", ""] = one
                elif one.ppid() == self.process.pid and any("spawn_main" in word for word in line):
                    found["worker", str(one.pid)] = one
        return found

    def stop(self) -> dict[str, Any]:
        """End the command in order; return its answer. AssertionError if it does not end as it should."""
        self.process.send_signal(signal.SIGTERM)
        try:
            answer, _ = self.process.communicate(timeout=STOP_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        assert self.process.returncode == 0, (self.process.returncode, self._log.read_text(errors="replace")[-2000:])
        return json.loads(answer)

    def kill(self) -> None:
        """End it at once."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Senders:
    """The simulator of each sector, with its sensors; one that was killed is started again and continues."""

    def __init__(self, nation: DrillNation, logs: Path, url: str, *, duration_s: float, stalled_s: float) -> None:
        self.children = {
            name: Child(
                f"simulator-{name}",
                "ops.room.simulator",
                [
                    *(f"--sector-id={name}", f"--folder={nation.nights[name]}"),
                    *(f"--duration={duration_s}", f"--stalled={stalled_s}"),
                ],
                log=logs / f"simulator-{name}.log",
                secrets={URL_VARIABLE: url, IDENTITY_VARIABLE: str(nation.identity)},
            )
            for name in nation.sectors
        }

    def look(self) -> None:
        """Start again what has ended."""
        for child in self.children.values():
            if not child.alive:
                child.restart()

    @property
    def published(self) -> dict[str, dict[str, int] | None]:
        """By sector what was put into the spools, once the scenario is over and the spools are empty."""
        return {
            name: child.last("published") if child.last("drained") else None for name, child in self.children.items()
        }

    def close(self) -> None:
        for child in self.children.values():
            child.stop(timeout_s=20.0)


def wait_for(true: Any, *, patient_s: float, what: str, look: Any = lambda: None) -> None:
    """Wait until something is true, while ``look`` is called; AssertionError after ``patient_s``."""
    deadline = time.monotonic() + patient_s
    while not true():
        look()
        assert time.monotonic() < deadline, f"not within {patient_s:.0f} s: {what}"
        time.sleep(0.1)
