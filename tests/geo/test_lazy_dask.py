"""xarray without dask until something loads dask, and with it as before; each case in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

MAKE = """
import sys
import numpy as np
import geo.schema
import xarray as xr
plain = xr.Dataset({"height": (("row", "column"), np.arange(6.0).reshape(2, 3))}, {"row": [0, 1]})
"""
WITHOUT = """
kept = xr.concat([plain, plain], "row").where(lambda cells: cells["height"] > 1.0).isel(row=0)
assert kept["height"].sum() == 2.0
assert plain.compute().chunks == {}
assert plain["height"].sum("row").values.tolist() == [3.0, 5.0, 7.0]
assert not {"dask", "dask.array", "dask.base"} & sys.modules.keys()
"""
LAZY = """
lazy = plain.chunk(row=1)
assert lazy["height"].chunks == ((1, 1), (3,))
assert (lazy["height"] + 1.0).isel(row=1).compute().values.tolist() == [4.0, 5.0, 6.0]
assert repr(lazy).count("dask.array") >= 1
assert plain["height"].chunks is None
"""
COLLECTION = """
import dask
lazy = plain.chunk(row=1)
assert dask.is_dask_collection(lazy) and not dask.is_dask_collection(plain)
assert dask.compute(lazy)[0].identical(plain)
"""
DELAYED = """
from dask import delayed
later = delayed(lambda: 1.0)()
assert xr.namedarray.utils.is_dask_collection(later)
assert not xr.namedarray.utils.is_dask_collection(plain)
"""
UNFINISHED = """
import types
sys.modules["dask.array"] = types.ModuleType("dask.array")  # as while another thread imports it
assert xr.concat([plain, plain], "row").isel(row=0)["height"].values.tolist() == [0.0, 1.0, 2.0]
"""
MASKED = """
import dask.array as da
hidden = da.ma.masked_greater(da.from_array(plain["height"].values), 3.0)
assert isinstance(hidden, xr.core.variable.array_type("dask"))
assert xr.Variable(("row", "column"), hidden).compute().isnull().values.tolist() == [[False] * 3, [False, True, True]]
"""


@pytest.mark.parametrize(
    "then",
    [WITHOUT, LAZY, COLLECTION, DELAYED, UNFINISHED, MASKED],
    ids=["without dask", "chunks", "dataset", "delayed", "half imported", "masked dask array"],
)
def test_xarray_needs_dask_for_dask_arrays_only(then: str) -> None:
    answer = subprocess.run([sys.executable, "-c", MAKE + then], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
