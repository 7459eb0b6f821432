"""Schemas of datasets, the check of a dataset against one, and alignment by coordinate. Each schema is defined by its
owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from geo.errors import SchemaError
from geo.lazy_dask import ask_without_import

ask_without_import()


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a schema: its dims in order, its allowed numpy kinds, and its unit ("" for none)."""

    dims: tuple[str, ...]
    kinds: str = "f"
    units: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Schema:
    """Named variables. ``kinds`` are numpy kind codes: f float, i integer, u unsigned, M datetime, U/O text.

    Text columns and times with a time zone of pandas are accepted and converted; its other extension types are not.
    """

    name: str
    variables: Mapping[str, Variable] = field(default_factory=dict)

    def check(self, dataset: xr.Dataset, *, where: str) -> xr.Dataset:
        """Return ``dataset`` with numpy arrays for the variables of the schema, or raise SchemaError naming the first
        that does not fit."""
        converted: dict[str, xr.DataArray] = {}
        for name, wanted in self.variables.items():
            if name not in dataset:
                if wanted.required:
                    raise SchemaError(
                        f"no variable {name!r}", where=f"{where} ({self.name})", expected=str(wanted.dims)
                    )
                continue
            variable = dataset[name]
            if variable.dims != wanted.dims:
                raise SchemaError(
                    f"{name!r} has dims {variable.dims}", where=f"{where} ({self.name})", expected=str(wanted.dims)
                )
            if not isinstance(variable.dtype, np.dtype):
                plain = _of_pandas(variable)
                if plain is not None and pd.isna(plain.values).any():
                    raise SchemaError(
                        f"{name!r} misses values", where=f"{where} ({self.name})", expected="a value in every row"
                    )
                kind = "" if plain is None else plain.dtype.kind
                converted |= {} if plain is None else {name: plain}
            else:
                kind = variable.dtype.kind
            if not kind or kind not in wanted.kinds:
                raise SchemaError(
                    f"{name!r} has type {variable.dtype}",
                    where=f"{where} ({self.name})",
                    expected=f"a numpy kind among {wanted.kinds!r}",
                )
            units = variable.attrs.get("units", wanted.units)
            if units != wanted.units:
                raise SchemaError(
                    f"{name!r} is in {units!r}", where=f"{where} ({self.name})", expected=f"{wanted.units!r}"
                )
        return dataset.assign(converted) if converted else dataset


def _of_pandas(variable: xr.DataArray) -> xr.DataArray | None:
    """A variable of pandas' text, categories of text, or times with a time zone, as a numpy array; None for others."""
    dtype: object = variable.dtype
    categories = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return variable.copy(data=pd.DatetimeIndex(variable.data).tz_convert(None).to_numpy())
    if isinstance(categories, pd.StringDtype) or categories == np.dtype(object):
        return variable.copy(data=variable.to_numpy().astype(object))
    return None


def by_label(
    values: xr.DataArray, dim: str, labels: Sequence[str], *, where: str, absent: float | None = None
) -> xr.DataArray:
    """``values`` with ``dim`` in the order of ``labels``, found by its coordinate, never by position.

    Labels that the coordinate lacks get the value ``absent``, or are refused where it is None. Labels beyond ``labels``
    are left out: refusing them is the caller's. Raises SchemaError for a ``dim`` without a coordinate, or one that
    holds a label twice.
    """
    if dim not in values.coords:
        raise SchemaError(f"dim {dim!r} has no coordinate", where=where, expected=f"labels among {', '.join(labels)}")
    held = [str(label) for label in values[dim].values.tolist()]
    if held == list(labels):
        return values
    if len(set(held)) < len(held):
        twice = min(label for label in held if held.count(label) > 1)
        raise SchemaError(f"coordinate {dim!r} contains {twice!r} twice", where=where, expected="each label once")
    missing = [label for label in labels if label not in held]
    if missing and absent is None:
        raise SchemaError(
            f"coordinate {dim!r} does not contain {missing[0]!r}", where=where, expected=", ".join(labels)
        )
    ordered = values.assign_coords({dim: held})
    return ordered.reindex({dim: list(labels)}, fill_value=absent) if missing else ordered.sel({dim: list(labels)})
