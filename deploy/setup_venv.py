"""Create the virtual environment: uv from the package index for speed, plain pip where that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
    root = Path(folder)
    python = root / "bin" / "python"
    purpose = f", with what {extra} needs" if extra else ""
    print(f"Setting up {root}{purpose} (once; a few minutes on a slow line) ...", file=sys.stderr)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(root)], check=True)
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wanted = ["--editable", f".[{extra}]" if extra else ".", "--constraint", "constraints.txt"]
    if (root / "bin" / "uv").exists() or subprocess.run([*pip, "install", "uv"], check=False).returncode == 0:
        uv = [str(root / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
        environment = {"UV_COMPILE_BYTECODE_TIMEOUT": COMPILING_S, **os.environ}
        if subprocess.run([*uv, *wanted], check=False, env=environment).returncode == 0:
            return 0
        print("uv did not manage; going on with pip.", file=sys.stderr)
    return subprocess.run([*pip, "install", *wanted], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]) if len(sys.argv) > 1 else main(".venv"))
