"""Create .venv-taky with a TAK server for the tests: taky-ng needs other versions of libraries than Watchline.

It serves Cursor-on-Target alone, so the packages of its web server are left out.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("taky-ng==0.0.3", "lxml", "python-dateutil", "six", "cryptography", "cffi", "pycparser", "redis")


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
        pip = [str(root / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        for command in ([sys.executable, "-m", "venv", str(root)], [*pip, "install", "--no-deps", *PACKAGES]):
            if subprocess.run(command, check=False).returncode != 0:
                print(f"NOT SET UP: {root}; the tests with a TAK server will fail.", file=sys.stderr)
                shutil.rmtree(root, ignore_errors=True)
                return 1
        (root / COMPLETE).touch()
        return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else ".venv-taky"))
