"""A process says that it compiles kernels, once, until it has compiled the last of them."""

from __future__ import annotations

import threading
from pathlib import Path

import numba
from numba.core import event

from ops.runtime.processes.compile_notice import CompileNotice
from tests.patience import PATIENT_S


def test_compiling_is_told_once_until_the_last_kernel_and_a_second_call_says_nothing() -> None:
    told: list[bool] = []
    ended = threading.Event()

    def tell(compiling: bool) -> None:
        told.append(compiling)
        if not compiling:
            ended.set()

    inner = numba.njit(lambda x: x + 1.0)
    outer = numba.njit(lambda x: inner(x) * 2.0)
    notice = CompileNotice(tell, quiet_s=0.2)
    event.register("numba:compile", notice)
    try:
        assert outer(1.0) == 4.0
        assert told[:1] == [True]
        assert ended.wait(PATIENT_S)
        assert outer(2.0) == 6.0
    finally:
        event.unregister("numba:compile", notice)
    assert told == [True, False]


def test_kernels_from_the_cache_are_not_compiled(tmp_path: Path) -> None:
    import subprocess
    import sys

    module = tmp_path / "kernels.py"
    module.write_text(
        "import numba\n"
        "from numba.core import event\n"
        "from ops.runtime.processes.compile_notice import CompileNotice\n"
        "@numba.njit(cache=True)\n"
        "def double(x):\n"
        "    return 2.0 * x\n"
        "told = []\n"
        "event.register('numba:compile', CompileNotice(told.append))\n"
        "assert double(2.0) == 4.0\n"
        "print(told[:1])\n"
    )
    said = [
        subprocess.run(
            [sys.executable, str(module)], capture_output=True, text=True, check=True, timeout=PATIENT_S
        ).stdout
        for _ in range(2)
    ]
    assert said == ["[True]\n", "[]\n"]
