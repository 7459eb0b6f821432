"""Lets xarray work without dask until something loads dask.

xarray asks of values whether they are dask arrays, and imports ``dask.array`` to ask: a quarter of a second and 20 MB
in every process. It also asks whether they are dask collections, and imports ``dask.base``: a seventh of a second.
While nothing else has imported these, no value can be such an array or collection, and no import is necessary.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.metadata import version
from typing import Any


class _DaskArrayType(type):
    """The type of a class whose instances are those of ``dask.array.Array``."""

    def __instancecheck__(cls, value: Any) -> bool:
        array = getattr(sys.modules.get("dask.array.core"), "Array", ())  # a thread may be importing it
        return isinstance(value, array)


class _DaskArray(metaclass=_DaskArrayType):
    """Stands in for ``dask.array.Array``."""


def ask_without_import() -> None:
    """Let xarray recognise values of dask without importing it; call it before the first dataset is made.

    It has no effect with a version of xarray that asks in another way.
    """
    with suppress(ImportError, AttributeError):
        from xarray.namedarray import utils

        asked = utils.is_dask_collection
        is_dask_collection: Any = lambda value: "dask.base" in sys.modules and asked(value)  # noqa: E731 - it is assigned
        utils.is_dask_collection = is_dask_collection
    with suppress(ImportError, AttributeError):
        from xarray.namedarray import pycompat

        class WithoutImport(pycompat.DuckArrayModule):
            def __init__(self) -> None:
                self.module, self.available, self.type = None, True, (_DaskArray,)
                self.version = pycompat.Version(version("dask"))  # type: ignore[attr-defined]

        pycompat._cached_duck_array_modules.setdefault("dask", WithoutImport())
