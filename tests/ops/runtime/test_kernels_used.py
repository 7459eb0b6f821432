"""``compile_kernels`` prepares all kernels that ``watchline coverage`` calls: it compiles none itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Signatures = dict[str, list[str]]

RECORD = """
import atexit, json, os, sys

@atexit.register
def record():
    from numba.core.dispatcher import Dispatcher
    kernels = {
        f"{module}.{name}": sorted(str(types) for types in kernel.overloads)
        for module, loaded in list(sys.modules.items()) if module.split(".")[0] in ("geo", "sensors", "fusion")
        for name, kernel in vars(loaded).items() if isinstance(kernel, Dispatcher) and kernel.__module__ == module
    }
    with open(os.environ["SIGNATURES"], "w") as file:
        json.dump({name: types for name, types in kernels.items() if types}, file)
"""
"""At its end, a process writes the types with which each kernel was called from Python or compiled."""
PREPARED = """
from ops.runtime.compile_kernels import GROUPS, compile_group
for name in GROUPS.keys() - {"tracker"}:
    compile_group(name)
"""
"""All but the tracker's, which analysts do not need, and which ``fusion.warm_up`` prepares by tracking."""
RUN = """
from ops.cli import main
main()
"""


def signatures(program: str, folder: Path, *arguments: str) -> Signatures:
    file = folder / "signatures.json"
    done = subprocess.run(
        [sys.executable, "-P", "-c", RECORD + program, *arguments],
        cwd=folder,
        env={**os.environ, "SIGNATURES": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Signatures = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Signatures:
    return signatures(PREPARED, tmp_path_factory.mktemp("prepared"))


def test_coverage_calls_no_kernel_that_was_not_prepared(prepared: Signatures, hill_sector: Any, tmp_path: Path) -> None:
    called = signatures(RUN, tmp_path, "coverage", str(hill_sector.sector), "--out", "out")
    missing = {
        name: sorted(set(types) - set(prepared.get(name, ())))
        for name, types in called.items()
        if set(types) - set(prepared.get(name, ()))
    }
    assert called
    assert not missing
