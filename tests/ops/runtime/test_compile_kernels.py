"""Compiled kernels are forgotten when a source that may be inlined in them is newer."""

from __future__ import annotations

import os
from pathlib import Path

from ops.runtime.compile_kernels import forget_stale


def test_a_newer_source_makes_every_compiled_kernel_of_its_package_stale(tmp_path: Path) -> None:
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    compiled = [cache / "sweep.walk.nbi", cache / "sweep.walk.1.nbc"]
    for file in (*compiled, tmp_path / "rings.py"):
        file.write_text("")
    os.utime(tmp_path / "rings.py", (1000, 1000))
    assert forget_stale(tmp_path) == 0
    for file in compiled:
        os.utime(file, (500, 500))
    assert forget_stale(tmp_path) == 2
    assert not any(file.exists() for file in compiled)
    assert (tmp_path / "rings.py").exists()
