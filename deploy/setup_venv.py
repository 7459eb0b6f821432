"""Create the virtual environment: by uv for speed, by pip where uv fails; every file is compared with its hash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

COMPILING_S = "900"
"""Timeout [s] of uv for compiling one file to bytecode: the longest, 6 MB, takes 15 s on one core, more under load."""


def main(folder: str, extra: str = "") -> int:
    """Install the package in ``folder``, with the dependencies of an extra (such as ``test``) if one is named."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an older one should be told so
        print(f"Watchline needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    try:
        import ensurepip  # noqa: F401  Debian splits it off
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        print(
            f"Python's venv module is missing: install it with 'apt-get install python{version}-venv'.", file=sys.stderr
        )
        return 1
    from deploy.hash_checked import Failed, WrongHash, install_project  # needs Python 3.11
    from deploy.pins import BadPin

    root = Path(folder)
    python = root.absolute() / "bin" / "python"
    purpose = f", with what {extra} needs" if extra else ""
    print(f"Setting up {root}{purpose} (once; a few minutes on a slow line) ...", file=sys.stderr)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(root)], check=True)
    os.environ.setdefault("UV_COMPILE_BYTECODE_TIMEOUT", COMPILING_S)
    try:
        with TemporaryDirectory(dir=root.absolute(), prefix="setup-") as scratch:
            install_project(python, Path.cwd(), [extra] if extra else [], Path(scratch))
    except (BadPin, WrongHash, Failed) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]) if len(sys.argv) > 1 else main(".venv"))
