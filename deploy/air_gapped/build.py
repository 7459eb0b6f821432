"""Build ``out/air-gapped``: everything that a machine without a network needs to install Watchline.

Wheels of Watchline and of all it depends on, each compared with its pin and hash in ``constraints.txt``; their hashes;
``install.py``; bills of materials (CycloneDX) of the Python packages and of the live map; the licences. The result is
installed once, without an index, before it counts as built; the bill of materials is that of this installation.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from deploy import inventory, pins
from deploy.air_gapped.install import SUMS, this_machine
from deploy.build_web import WebBuildFailed
from deploy.hash_checked import Failed, Pip, WrongHash, needed

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("cyclonedx-bom", "pip-licenses")


class BuildFailed(Exception):
    """A step failed; the message names it."""


def run(doing: str, command: list[str]) -> None:
    """Run a step. BuildFailed if its status is not 0."""
    print(f"{doing} ...", file=sys.stderr)
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise BuildFailed(f"Could not {doing[0].lower()}{doing[1:]}: {command[0]} ended with {done.returncode}.")


def requirements(wheels: Path) -> str:
    """Return a line ``name==version --hash=sha256:…`` for each wheel of a folder, by name."""
    lines = []
    for wheel in wheels.glob("*.whl"):
        name, version, _, _ = parse_wheel_filename(wheel.name)
        lines.append(f"{name}=={version} --hash=sha256:{digest(wheel)}\n")
    return "".join(sorted(lines))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums(folder: Path) -> str:
    """Return what ``sha256sum --check`` reads: each file below the folder but the list itself."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return "".join(f"{digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)


def build(folder: Path) -> None:
    """Build everything in ``folder``, which is made anew. BuildFailed if it holds anything but an earlier build."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "BUILT-FOR").is_file() and not _is_begun(folder):
        raise BuildFailed(f"{folder}: holds other files; expected a new folder, an empty one, or an earlier build.")
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    collect(ROOT, inventory.EXTRAS, wheels)
    (folder / "requirements.txt").write_text(requirements(wheels), encoding="utf-8")
    (folder / "BUILT-FOR").write_text(this_machine() + "\n", encoding="utf-8")
    shutil.copy(ROOT / "deploy" / "air_gapped" / "install.py", folder)
    for unit in (ROOT / "deploy" / "systemd").iterdir():
        shutil.copy(unit, folder)
    inventory.write_web_bill(folder / "sbom-web.cdx.json")
    (folder / SUMS).write_text(sums(folder), encoding="utf-8")
    _try_out(folder)
    (folder / SUMS).write_text(sums(folder), encoding="utf-8")


def collect(project: Path, extras: Sequence[str], wheels: Path) -> None:
    """Fetch the wheels that a project needs, compared with their hashes, and build its own.

    Raises BadPin, WrongHash or Failed.
    """
    print("Fetch the wheels that Watchline needs, and build its own ...", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        pip = Pip(Path(sys.executable), pins.read(project / pins.FILE), Path(scratch))
        pip.fetch("download", pip.names(needed(project, extras)), "--dest", str(wheels))
        pip.build(project, "wheel", "--wheel-dir", str(wheels))


def _is_begun(folder: Path) -> bool:
    """Whether a folder holds only what a build that was stopped leaves."""
    return {path.name for path in folder.iterdir()} <= {"wheels", "requirements.txt"}


def _try_out(folder: Path) -> None:
    """Install from the folder alone, and write the bill of materials and the licences of what was installed."""
    with tempfile.TemporaryDirectory() as scratch:
        installed, tools = Path(scratch, "watchline"), Path(scratch, "tools")
        run("Install from the folder alone", [sys.executable, str(folder / "install.py"), str(installed)])
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        run("Prepare the tools for the bill of materials", [sys.executable, "-m", "venv", str(tools)])
        pip = Pip(tools / "bin" / "python", pins.read(ROOT / pins.FILE), Path(scratch))
        pip.install(pip.names(TOOLS))
        python = str(installed / "bin" / "python")
        inventory.write_python_bill(python, folder / "sbom-python.cdx.json", tool=str(tools / "bin" / "cyclonedx-py"))
        rows = inventory.licences_of(python, tool=str(tools / "bin" / "pip-licenses"))
        inventory.write_licences(rows, folder / "licences.csv")
        if refused := inventory.refused_licences(rows):
            raise BuildFailed(f"Licences that need a decision (deploy/inventory.py): {'; '.join(refused)}.")


def main(folder: str) -> int:
    """Build in ``folder``; 1 with one sentence if a step failed."""
    os.environ.pop("PYTHONSAFEPATH", None)
    try:
        build(Path(folder).resolve())
    except (BuildFailed, inventory.InventoryFailed, WebBuildFailed, pins.BadPin, WrongHash, Failed) as failure:
        print(failure, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    print(
        f"{folder}: {size / 1e6:.0f} MB; copy it to the machine and run install.py there (docs/how-to/air-gapped.md)."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "out/air-gapped"))
