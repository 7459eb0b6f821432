"""Track and truth histories on disk: GeoParquet with lon/lat points for exchange, npz between Watchline's processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.runtime.output import atomic_write

COLUMNS = ("easting", "northing", "easting_rate", "northing_rate", "existence", "offset_m")
OTHERS = ("track", "target", "time", "status", "segment", "cov", "class", "geometry")


class HistoryError(BadInput):
    """A file that is not a history."""


def write_history(history: xr.Dataset, path: Path, frame: LocalFrame) -> None:
    """Write one row per estimate: geometry in WGS 84, covariance as a row-major list of 16, ``class`` if known.

    Further columns with one number per estimate, such as those of ``fusion.situation.correlate``, are written too.

    The file's metadata contain the frame's CRS, so that ``read_history`` restores the same numbers bit for bit.
    """
    import geopandas as gpd
    import pandas as pd

    lon, lat = frame.to_lonlat(history["easting"].values, history["northing"].values)
    name = "target" if "target" in history else "track"
    table = pd.DataFrame(
        {
            name: history[name].values.astype(str),
            "time": history["time"].values,
            **{column: history[column].values for column in _numbers(history)},
            "status": history["status"].values.astype(str),
            "segment": history["segment"].values,
            "cov": list(np.asarray(history["cov"].values, np.float64).reshape(-1, 16)),
        }
    )
    if "class" in history:
        table["class"] = history["class"].values.astype(str)
    frame_table = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    frame_table.attrs["frame"] = frame.crs.to_wkt()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, concurrent=True) as partial:  # a worker that was taken for lost may write the same
        frame_table.to_parquet(partial, index=False)


def save_history(history: xr.Dataset, path: Path) -> None:
    """Write the history's columns as npz, for processes that would need 30 MB of libraries to write GeoParquet."""
    columns = {str(name): column.values for name, column in history.data_vars.items()}
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **columns)  # type: ignore[arg-type]


def load_history(path: Path) -> xr.Dataset:
    """Read the dataset that ``save_history`` wrote. Raises HistoryError for any other file."""
    try:
        with np.load(path, allow_pickle=False) as columns:
            return xr.Dataset(
                {name: (("estimate", "state", "state_")[: columns[name].ndim], columns[name]) for name in columns.files}
            )
    except (OSError, KeyError, ValueError) as error:
        raise HistoryError(f"cannot be read ({error})", where=str(path), expected="a track history") from None


def read_history(path: Path) -> xr.Dataset:
    """Read the dataset that ``write_history`` wrote. Raises HistoryError for any other file."""
    import pandas as pd

    try:
        table = pd.read_parquet(path)
        name = "target" if "target" in table else "track"
        data: dict[str, object] = {
            name: ("estimate", table[name].to_numpy(dtype=str)),
            "time": ("estimate", table["time"].to_numpy().astype("datetime64[ns]")),
            **{str(name): ("estimate", table[name].to_numpy()) for name in table if name not in OTHERS},
            "status": ("estimate", table["status"].to_numpy(dtype=str)),
            "segment": ("estimate", table["segment"].to_numpy()),
            "cov": (("estimate", "state", "state_"), np.array(table["cov"].to_list(), float).reshape(-1, 4, 4)),
        }
    except (OSError, KeyError, ValueError) as error:
        raise HistoryError(f"cannot be read ({error})", where=str(path), expected="a track history") from None
    if "class" in table:
        data["class"] = ("estimate", table["class"].to_numpy(dtype=str))
    return xr.Dataset(data)


def _numbers(history: xr.Dataset) -> list[str]:
    """Return the names of the columns with one number per estimate; those common to all histories come first."""
    more = [
        str(name)
        for name, column in history.data_vars.items()
        if column.dims == ("estimate",) and column.dtype.kind in "fiu" and name not in (*COLUMNS, *OTHERS)
    ]
    return [*(column for column in COLUMNS if column in history), *more]
