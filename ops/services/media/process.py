"""The media process: ``python -m ops.services.media.process``, fetches the pictures to which sensors refer.

It reads the journal and the live picture and keeps its own book and files: neither ingest nor fusion waits for it, and
a hostile file is decoded here and nowhere else before it is stored.
"""

from __future__ import annotations

import argparse
import os
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from ops.broker.broker import URL_VARIABLE
from ops.journal.stores.place import JournalPlace
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import child_main, say
from ops.sector.settings import load_settings
from ops.services.media.worker import MediaWorker
from ops.store.connections import StoreError
from ops.store.reader import Reader

LOOK_EVERY_S: Final = 0.5
PROBLEMS: Final = {
    "full": "the disk is full: pictures are not stored, and are fetched once there is space",
    "disk": "the disk failed: pictures are not stored, and are fetched again",
}


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Take, fetch and link until ``stop``."""
    os.environ.pop(URL_VARIABLE, None)
    clock = ScenarioClock.from_arguments(arguments)
    settings = load_settings(arguments.settings).media
    if arguments.drop is not None:
        settings = replace(settings, drop=str(arguments.drop))
    folder: Path = arguments.folder
    with ExitStack() as stack:
        journal = JournalPlace(folder / "journal.db")
        stack.callback(journal.close)
        reader = Reader(folder / "store.db")
        stack.callback(reader.close)
        worker = MediaWorker(
            folder, settings, journal=journal, live=reader, now_ns=clock.now_ns, encrypted=arguments.encrypted
        )
        stack.callback(worker.close)
        say(ready=True)
        problem: str | None = None
        while not stop.is_set():
            try:
                done = worker.round()
            except StoreError:
                done = 0  # fusion has not written it yet
            if worker.problem != problem:
                problem = worker.problem
                say(problem=None if problem is None else PROBLEMS[problem])
            if not done:
                stop.wait(LOOK_EVERY_S)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.services.media.process", description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="data folder: journal, store, media.db and media")
    parser.add_argument("--settings", type=Path, help="settings file")
    parser.add_argument("--drop", type=Path, help="drop folder, in place of that of the settings")
    parser.add_argument("--encrypted", action="store_true", help="encrypt the files under a key for each day")
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    return child_main(run, _parser().parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
