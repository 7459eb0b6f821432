"""Install Watchline from this folder without a network: ``python3 install.py /opt/watchline``. Needs Python alone.

Every file is compared with ``SHA256SUMS`` first, and every wheel once more by pip with ``requirements.txt``.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUMS = "SHA256SUMS"


class Refused(Exception):
    """Nothing was installed; the message is one sentence for the person who installs."""


def this_machine() -> str:
    """Name what wheels are built for, such as ``cp311 linux-x86_64``."""
    return f"cp{sys.version_info.major}{sys.version_info.minor} {sysconfig.get_platform()}"


def check_machine(folder: Path) -> None:
    """Raise Refused unless the wheels were built for this Python and this kind of machine."""
    try:
        built_for = (folder / "BUILT-FOR").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Refused(f"BUILT-FOR: {error.strerror}; expected the whole folder that the build made.") from None
    if this_machine() != built_for:
        raise Refused(
            f"This Python is {this_machine()} ({platform.python_version()}); the wheels are for {built_for}:"
            " use that Python, or build the folder again on a machine like this one."
        )


def check_files(folder: Path) -> int:
    """Compare each file with ``SHA256SUMS``; return how many there are. Refused names the first that differs."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Refused(f"{SUMS}: {error.strerror}; expected the list of files of this folder.") from None
    stated = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()):
        if name != SUMS and name not in stated and "__pycache__" not in name:
            raise Refused(f"{name}: not in {SUMS}; expected only files that were built together.")
    for name, digest in stated.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Refused(f"{name}: {error.strerror}; expected every file that {SUMS} lists.") from None
        if found != digest:
            raise Refused(f"{name}: changed since it was built; expected the SHA-256 in {SUMS}; copy the folder again.")
    return len(stated)


def install(folder: Path, target: Path) -> None:
    """Make the virtual environment ``target`` and install every wheel of ``folder``; no index is asked.

    Whatever ends it early, ``target`` is removed again. Raises Refused.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise Refused(f"{target}: not an empty folder; expected a new one, so that nothing in use is changed.")
    try:
        _fill(folder, target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _fill(folder: Path, target: Path) -> None:
    make = [sys.executable, "-I", "-m", "venv", str(target)]
    if subprocess.run(make, check=False).returncode != 0:
        raise Refused(f"{target}: could not make a virtual environment (Debian: python3-venv); the output is above.")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    pip = [str(target / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet"]
    only_these = ["--no-index", "--find-links", str(folder / "wheels"), "--only-binary", ":all:", "--require-hashes"]
    wanted = ["--requirement", str(folder / "requirements.txt")]
    if subprocess.run([*pip, *only_these, *wanted], env=environment, check=False).returncode != 0:
        raise Refused(f"{target}: could not install the wheels; the output is above.")


def main(arguments: list[str]) -> int:
    """Install into the folder that the one argument names; 1 with one sentence if that is refused."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("Usage: python3 install.py FOLDER, for example /opt/watchline", file=sys.stderr)
        return 2
    target = Path(arguments[0]).resolve()
    try:
        check_machine(HERE)
        print(f"Checked {check_files(HERE)} files. Installing in {target} (a few minutes) ...")
        install(HERE, target)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{target}: stopped; nothing was installed.", file=sys.stderr)
        return 130
    print(f"Installed. Check it with: {target / 'bin' / 'watchline'} doctor")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
