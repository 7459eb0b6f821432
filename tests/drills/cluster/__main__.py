"""Run a drill of a cluster: ``python -m tests.drills.cluster SEED --minutes 30 --faults kills``.

What happens goes to stderr with its time, the figures as JSON to stdout. The folder with files and logs is kept if a
law was broken.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from tests.drills.cluster.drill import Drill, Options, as_json, report


def main() -> int:
    """Run it; 1 if a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.cluster", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="seed of the faults and scenarios (default 0)")
    parser.add_argument("--minutes", type=float, default=30.0, help="length (default 30)")
    parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="one fault in each (default 60)")
    parser.add_argument(
        "--faults",
        choices=("workers", "kills", "all"),
        default="kills",
        help="kills of workers only, kills, or all faults (default kills)",
    )
    parser.add_argument("--sectors", type=int, default=3, help="(default 3)")
    parser.add_argument("--workers", type=int, default=3, help="(default 3)")
    parser.add_argument("--store", action="store_true", help="with a PostgreSQL server of its own")
    parser.add_argument("--folder", type=Path, help="where its files are kept (default: a temporary folder)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupted)
    options = Options(
        given.seed, given.minutes, given.every, given.faults, given.sectors, given.workers, store=given.store
    )
    folder = given.folder or Path(tempfile.mkdtemp(prefix="watchline-drill-"))
    folder.mkdir(parents=True, exist_ok=True)
    report(f"{options}; files in {folder}")
    found = Drill(options, folder, report).run()
    print(as_json(found))
    for sentence in found["broken"]:
        report(f"broken: {sentence}")
    if given.folder is None and not found["broken"]:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if found["broken"] else 0


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
