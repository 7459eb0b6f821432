"""Compilation options of the inner viewshed kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
# Inner kernels allocate nothing and borrow their arrays from the caller, so numba need not count references to them.
# Each count is an atomic operation; without them a viewshed takes a quarter less time.
_OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Compile a function that allocates no arrays, once, cached on disk."""
    compiled: Function = njit(**_OPTIONS)(function)
    return compiled


def inlined_kernel(function: Function) -> Function:
    """As ``kernel``, inlined into every caller."""
    compiled: Function = njit(**_OPTIONS, forceinline=True)(function)
    return compiled


def summing_kernel(function: Function) -> Function:
    """As ``kernel``, with floating-point sums reassociated for speed."""
    compiled: Function = njit(**_OPTIONS, fastmath={"reassoc"})(function)
    return compiled
