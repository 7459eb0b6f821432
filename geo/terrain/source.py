"""Header record of one raster file: size, georeference, coordinate system, voids."""

from __future__ import annotations

from dataclasses import dataclass

from affine import Affine


@dataclass(frozen=True, slots=True)
class RasterSource:
    """A single-band raster whose header has been read and found usable; ``name`` opens it again in any thread.

    Heights in metres are ``cell value × scale + offset``: the file's own scaling and the conversion of its unit.
    ``suspects`` are values that in practice mark voids: as they are read, and as the file has them.
    """

    name: str
    label: str
    wkt: str
    transform: Affine
    rows: int
    columns: int
    dtype: str
    nodata: float | None
    scale: float
    offset: float
    datum: str
    suspects: tuple[tuple[float, float], ...]
    has_mask: bool = False

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the raster in its own coordinates."""
        x, y = self.transform @ (self.columns / 2.0, self.rows / 2.0)
        return float(x), float(y)


def corners(source: RasterSource) -> list[tuple[float, float]]:
    """Pixel coordinates (column, row) of the four corners."""
    return [(0, 0), (source.columns, 0), (0, source.rows), (source.columns, source.rows)]
