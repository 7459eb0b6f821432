"""Install the system packages that the tests need, where permitted; report missing ones prominently."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

# program -> Debian package
WANTED = {
    "mosquitto": "mosquitto",
    "chromium": "chromium",
    "faketime": "faketime",
    "fiu-run": "fiu-utils",
    "ogrinfo": "gdal-bin",
    "systemd-analyze": "systemd",
}
LIGHTER_BROWSER = "chromium-headless-shell"
"""Chromium without windows, for the tests of the pages. Installed apart, because not every distribution has it."""
# library -> Debian package
WANTED_LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}
POSTGRESQL = ("postgresql-17", "postgresql-17-postgis-3")
POSTGRESQL_FILES = ("/usr/lib/postgresql/17/bin/initdb", "/usr/share/postgresql/17/extension/postgis.control")
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/watchline.conf")
"""Keeps the package from creating and starting a server of its own; the tests start theirs. Removed afterwards."""
IN_TIME = ("-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1")
"""Without a network it is soon said that there is none."""
EXTRA_FOLDERS = os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"


def missing() -> list[str]:
    path = os.environ.get("PATH", "") + EXTRA_FOLDERS
    programs = [package for program, package in WANTED.items() if shutil.which(program, path=path) is None]
    return programs + [package for library, package in WANTED_LIBRARIES.items() if find_library(library) is None]


def install(packages: list[str]) -> str:
    """Install packages; return the name of the step that failed, or nothing."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*prefix, "apt-get", "-qq", *IN_TIME, *command], env=environment, check=False, stdout=subprocess.DEVNULL
        )
        if done.returncode != 0:
            return command[0]
    return ""


def install_postgresql() -> str:
    """Install PostgreSQL and PostGIS alone, because not every distribution has them; return the step that failed."""
    created = os.geteuid() == 0 and not NO_CLUSTER.exists()
    if created:
        NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        NO_CLUSTER.write_text("create_main_cluster = false\n")
    try:
        return install([*POSTGRESQL])
    finally:
        if created:
            NO_CLUSTER.unlink()


def main() -> int:
    packages, postgresql = missing(), not all(Path(file).exists() for file in POSTGRESQL_FILES)
    wanted = [*packages, *(POSTGRESQL if postgresql else [])]
    if wanted and shutil.which("apt-get") is None:
        print(f"NOT INSTALLED, no apt-get here: {', '.join(wanted)}; their tests will fail.", file=sys.stderr)
        return 0
    if packages and (failed := install(packages)):
        print(f"NOT INSTALLED (apt-get {failed} failed): {', '.join(packages)}.", file=sys.stderr)
    if postgresql and (failed := install_postgresql()):
        print(
            f"NOT INSTALLED (apt-get {failed} failed): {', '.join(POSTGRESQL)}; their tests will fail.", file=sys.stderr
        )
    if shutil.which(LIGHTER_BROWSER) is None and (shutil.which("apt-get") is None or install([LIGHTER_BROWSER])):
        print(f"{LIGHTER_BROWSER} is not installed: the tests of the pages run in Chromium and take longer.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
