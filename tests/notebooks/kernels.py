"""Kernels of notebooks in tests: with time to start, and reached by sockets in a folder.

A kernel is told ports that were free a moment before; another test may have one of them by the time it starts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.patience import PATIENT_S

_BEFORE: Final = """
import sys
from functools import partialmethod

from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

folder, longest_s = sys.argv.pop(1), int(sys.argv.pop(1))
KernelManager.__init__ = partialmethod(KernelManager.__init__, transport="ipc", ip=f"{folder}/kernel")
NotebookClient.__init__ = partialmethod(NotebookClient.__init__, startup_timeout=longest_s)
"""


@contextmanager
def with_kernels(program: str) -> Iterator[list[str]]:
    """Lend the words after ``python`` of a program that runs notebooks; its own arguments follow."""
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:  # the path of a socket has at most 107 characters
        yield ["-c", _BEFORE + program, folder, f"{PATIENT_S:.0f}"]
