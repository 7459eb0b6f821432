"""A still that a simulated camera takes: made by a process of its own, whose memory is freed when it is done."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from geo.errors import WatchlineError
from ops.runtime.processes.child_process import module_command

LONGEST_S = 60.0
"""Longest wait for a still."""


class StillFailed(WatchlineError):
    """A still could not be made."""


class ShownStill(msgspec.Struct, frozen=True):
    """The content of a still. ``file`` is its name in the folder; ``classes`` is empty without a detection."""

    file: str
    azimuth_deg: float
    elevation_deg: float
    azimuth_sd_deg: float
    classes: dict[str, float]


class Shot:
    """A still that is being made: the process loads the terrain while the camera turns, and waits for ``take``."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )  # fmt: skip
        self._taking = False

    def take(self, azimuth_deg: float, at_ns: int) -> ShownStill:
        """Take the still in a direction, at a time of the scenario [UTC ns]. StillFailed where it cannot be made."""
        self._taking = True
        try:
            out, problem = self._process.communicate(f"{azimuth_deg} {at_ns}\n".encode(), LONGEST_S)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            self.close()
            self._process.communicate()
            raise StillFailed(f"no still: {error}") from None
        if self._process.returncode != 0 or not out:
            raise StillFailed(f"no still: {problem.decode(errors='replace').strip()[-300:]}")
        return msgspec.json.decode(out.splitlines()[-1], type=ShownStill)

    def close(self) -> None:
        """End the process, if it still runs; a ``take`` of another thread then fails at once."""
        if self._process.poll() is None:
            self._process.kill()
        if not self._taking:
            self._process.communicate()


@dataclass(frozen=True, slots=True)
class Studio:
    """Where stills are made: layout file, data folder of the demonstration, and its light and weather."""

    layout: str
    folder: Path
    weather: str = "day"

    def prepare(self, camera: str) -> Shot:
        """Begin a still of a camera."""
        return Shot(
            module_command(
                "ops.room.turning_camera.render", f"--layout={self.layout}",
                f"--folder={self.folder}", f"--camera={camera}", f"--weather={self.weather}",
            )
        )  # fmt: skip
