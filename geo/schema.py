"""Schemas of datasets, and the check of a dataset against one. Each schema is defined by its owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from geo.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a schema: its dims in order, its allowed numpy kinds, and its unit ("" for none)."""

    dims: tuple[str, ...]
    kinds: str = "f"
    units: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Schema:
    """Named variables. ``kinds`` are numpy kind codes: f float, i integer, u unsigned, M datetime, U/O text."""

    name: str
    variables: Mapping[str, Variable] = field(default_factory=dict)

    def check(self, dataset: xr.Dataset, *, where: str) -> xr.Dataset:
        """Return ``dataset`` unchanged, or raise SchemaError naming the first variable that does not fit."""
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
            if np.dtype(variable.dtype).kind not in wanted.kinds:
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
        return dataset
