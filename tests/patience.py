"""How long tests wait for what must come: only a fault takes so long, however busy the machine is.

``WATCHLINE_LOAD=10`` starts that many further programs (``tests.suite``). What a test waits at most, and what it may
take at most, is longer by the share of the cores that they take.
"""

from __future__ import annotations

import os
from typing import Final

LOAD: Final = int(os.environ.get("WATCHLINE_LOAD", "0"))
"""Further programs that only take time."""


def longest_s(own_s: float, programs: int, cores: int) -> float:
    """How long something may take beside so many other programs [s], if ``own_s`` without them; 0 is without end."""
    return own_s * (1.0 + programs / cores)


def patient_s(own_s: float) -> float:
    """How long something may take beside the programs of this run [s], if ``own_s`` without them."""
    return longest_s(own_s, LOAD, os.cpu_count() or 1)


ALONE_S: Final = 800.0
PATIENT_S: Final = patient_s(ALONE_S)
"""How long is waited for what must come."""
