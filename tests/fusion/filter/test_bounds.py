"""The run with numba's bounds check (`make drill`) does check: a kernel that reads past an array raises."""

from __future__ import annotations

import os

import numpy as np
import pytest

from fusion.models.undetected import Births, recycle


@pytest.mark.skipif(os.environ.get("NUMBA_BOUNDSCHECK") != "1", reason="only in the run with numba's bounds check")
def test_a_kernel_that_reads_past_an_array_raises() -> None:
    births = Births(0.0, 0.0, 100.0, 2, 2, 1e-6, 1800.0, 3.0)
    with pytest.raises(IndexError):
        recycle(births, np.zeros((2, 2)), np.full(3, 50.0), np.full(2, 50.0), np.ones(3))
