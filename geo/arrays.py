"""Array types by element type, for all packages (shapes are given in docstrings), and whether an array is lazy."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
UInt8s = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


def is_lazy(values: Any) -> bool:
    """Whether dask has still to compute ``values``. Loads nothing: without dask in memory no value can be lazy."""
    base = sys.modules.get("dask.base")
    return base is not None and bool(base.is_dask_collection(values))
