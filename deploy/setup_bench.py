"""Create .venv-bench with benchmark peers that need the system's Python and its packages. Missing peers are reported.

GDAL's bindings and GRASS come from the system's packages; xarray-spatial (Python 3.12 or newer) and spopt from pip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("python3-gdal", "grass-core", "python3-venv")
PEERS = ("xarray-spatial==0.10.20", "spopt", "pulp")
SYSTEM_PYTHON = "/usr/bin/python3"


def main(folder: str) -> int:
    python = Path(folder) / "bin" / "python"
    if python.exists():
        return 0
    _system_packages()
    if not Path(SYSTEM_PYTHON).exists():
        print("NOT SET UP: there is no system Python for the peers; benchmarks go on without them.", file=sys.stderr)
        return 0
    made = subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--system-site-packages", folder], check=False)
    if made.returncode != 0:
        print(
            "NOT SET UP: the system's Python cannot make an environment; no xarray-spatial, no spopt.", file=sys.stderr
        )
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    for peer in PEERS:
        command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", peer]
        if subprocess.run(command, check=False).returncode != 0:
            print(f"NOT INSTALLED for benchmarks: {peer}.", file=sys.stderr)
    return 0


def _system_packages() -> None:
    if shutil.which("apt-get") is None:
        print(f"NOT INSTALLED, no apt-get here: {', '.join(PACKAGES)}.", file=sys.stderr)
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            [*prefix, "apt-get", "-qq", *command], env=environment, check=False, stdout=subprocess.DEVNULL
        )
        if done.returncode != 0:
            print(f"NOT INSTALLED (apt-get {command[0]} failed): {', '.join(PACKAGES)}.", file=sys.stderr)
            return


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else ".venv-bench"))
