"""Create .venv-taky with a TAK server for the tests: taky-ng needs other versions of libraries than Watchline.

It serves Cursor-on-Target alone, so the packages of its web server are left out. All others are pinned, with their
hashes, in ``constraints.txt``.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from deploy import pins
from deploy.hash_checked import Failed, Pip, WrongHash

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("taky-ng", "lxml", "python-dateutil", "six", "cryptography", "cffi", "pycparser", "redis")


COMPLETE = ".complete"
"""File that is there once all packages are: pip writes the program before the last of them."""


def main(folder: str) -> int:
    """Make the environment in ``folder`` once; 1 if it cannot be made."""
    root = Path(folder).absolute()
    root.mkdir(exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of tests may come here at once
        if (root / COMPLETE).exists():
            return 0
        print(f"Setting up {root} with a TAK server for the tests (once) ...", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", str(root)], check=True)
            Pip(root / "bin" / "python", pins.read(ROOT / pins.FILE), root).install(PACKAGES)
        except (subprocess.CalledProcessError, pins.BadPin, WrongHash, Failed) as failure:
            print(f"{failure}\nNOT SET UP: {root}; the tests with a TAK server will fail.", file=sys.stderr)
            shutil.rmtree(root, ignore_errors=True)
            return 1
        (root / COMPLETE).touch()
        return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else ".venv-taky"))
