"""Install the system packages that the tests need, where permitted; report missing ones prominently."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library

# program -> Debian package
WANTED = {
    "mosquitto": "mosquitto",
    "chromium": "chromium",
    "faketime": "faketime",
    "fiu-run": "fiu-utils",
    "ogrinfo": "gdal-bin",
}
# library -> Debian package
WANTED_LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}
EXTRA_FOLDERS = os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"


def missing() -> list[str]:
    path = os.environ.get("PATH", "") + EXTRA_FOLDERS
    programs = [package for program, package in WANTED.items() if shutil.which(program, path=path) is None]
    return programs + [package for library, package in WANTED_LIBRARIES.items() if find_library(library) is None]


def main() -> int:
    packages = missing()
    if not packages:
        return 0
    if shutil.which("apt-get") is None:
        print(f"NOT INSTALLED, no apt-get here: {', '.join(packages)}; their tests will fail.", file=sys.stderr)
        return 0
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*prefix, "apt-get", "-qq", *command], env=environment, check=False, stdout=subprocess.DEVNULL
        )
        if done.returncode != 0:
            print(f"NOT INSTALLED (apt-get {command[0]} failed): {', '.join(packages)}.", file=sys.stderr)
            return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
