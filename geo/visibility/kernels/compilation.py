"""How the inner kernels of viewsheds are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
# A leaf allocates nothing and borrows its arrays from its caller. So numba need not count references to them, which is
# an atomic operation each time; without that a viewshed takes a quarter less time.
_LEAF: dict[str, Any] = {"cache": True, "error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Compile a function that allocates no arrays, once, cached on disk."""
    compiled: Function = njit(**_LEAF)(function)
    return compiled


def inlined_leaf(function: Function) -> Function:
    """As ``kernel``, made part of every caller."""
    compiled: Function = njit(**_LEAF, forceinline=True)(function)
    return compiled


def summing_leaf(function: Function) -> Function:
    """As ``kernel``, with sums taken in whatever order is fastest."""
    compiled: Function = njit(**_LEAF, fastmath={"reassoc"})(function)
    return compiled
