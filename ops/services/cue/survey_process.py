"""Run the survey of cameras' ground beside the process that turns them."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ops.runtime.processes.child_process import module_command
from ops.services.cue.ground import FOLDER

log = logging.getLogger(__name__)


@contextmanager
def surveyed(folder: Path, sector: str, layout: str, cameras: Sequence[str]) -> Iterator[None]:
    """Survey the ground in the background; an earlier survey is removed, because the layout may have changed.

    Until it is done, and where it fails, cameras turn without knowing their ground.
    """
    for old in (folder / FOLDER).glob("*"):
        old.unlink()
    written = folder / "logs" / "survey.log"
    written.parent.mkdir(parents=True, exist_ok=True)
    arguments = [f"--sector={sector}", f"--layout={layout}", f"--folder={folder}", *cameras]
    process: subprocess.Popen[bytes] | None = None
    try:
        with written.open("ab") as output:
            process = subprocess.Popen(
                module_command("ops.services.cue.survey", *arguments),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
    except OSError as error:
        log.warning("Cameras turn without knowing their ground: %s", error)
    try:
        yield
    finally:
        if process is not None:
            process.kill()
            process.wait()
