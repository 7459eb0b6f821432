"""Sample terrain: the real elevations that matplotlib ships, written once as a cloud-optimised GeoTIFF."""

from __future__ import annotations

from pathlib import Path

from geo.errors import BadInput
from ops.runtime.output import atomic_write

# The keys in the file: elevation, dx and dy in degrees, bounds in degrees (see data/samples/README.md).
JACKSBORO_FILE = "jacksboro_fault_dem.npz"


def samples_folder() -> Path:
    """Return the folder of the sample sectors: inside the installed wheel, or the checkout's ``data/samples``."""
    root = Path(__file__).resolve().parents[2]
    installed = root / "ops" / "samples_data"
    return installed if installed.is_dir() else root / "data" / "samples"


def sample_names() -> list[str]:
    """Return the names of the sample sectors."""
    return sorted(file.parent.name for file in samples_folder().glob("*/sector.toml"))


def jacksboro_cog(cache: Path) -> Path:
    """Return the path of the Jacksboro DEM as a COG in ``cache``, written on first use; metres, WGS 84, 3 arc-seconds.

    Raises BadInput where the folder cannot be written.
    """
    target = cache / "jacksboro_3s.tif"
    if target.exists():
        return target
    import matplotlib
    import numpy as np
    import rasterio
    from rasterio.transform import from_bounds

    source = np.load(Path(matplotlib.get_data_path()) / "sample_data" / JACKSBORO_FILE)
    elevation = source["elevation"].astype(np.int16)
    rows, columns = elevation.shape
    west, east = float(source["xmin"]), float(source["xmax"])
    # The file counts y downwards: its "ymin" is the northern edge, at row 0.
    south, north = sorted((float(source["ymin"]), float(source["ymax"])))
    profile = {
        "driver": "COG",
        "width": columns,
        "height": rows,
        "count": 1,
        "dtype": "int16",
        "crs": "EPSG:4326",
        "transform": from_bounds(west, south, east, north, columns, rows),
        "compress": "deflate",
    }
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (
            atomic_write(target, concurrent=True) as partial,
            rasterio.open(partial, "w", **profile) as raster,
        ):
            raster.write(elevation, 1)
            raster.update_tags(datum="EGM96 geoid", source=f"matplotlib {JACKSBORO_FILE}")
    except OSError as error:
        reason = error.strerror or str(error)
        expected = "a folder to write in (the variable WATCHLINE_CACHE names another)"
        raise BadInput(f"the terrain cannot be kept ({reason})", where=str(cache), expected=expected) from None
    return target
