"""Virtual rasters (VRT) as text that rasterio opens like files: uniform voids, joined tiles, no copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
from affine import Affine

if TYPE_CHECKING:
    from geo.terrain.source import RasterSource


@dataclass(frozen=True, slots=True)
class VrtSource:
    """A raster at a position of a virtual one. Cells of value ``void`` (or masked, with ``masked``) are omitted."""

    name: str
    rows: int
    columns: int
    row: int = 0
    column: int = 0
    void: float | None = None
    masked: bool = False
    scale: float = 1.0
    offset: float = 0.0


def virtual_raster(
    wkt: str, transform: Affine, rows: int, columns: int, parts: Sequence[VrtSource], dtype: str = "Float32"
) -> str:
    """A raster of floats, NaN where no part has a value; a later part covers an earlier one."""
    geo = ", ".join(repr(float(value)) for value in transform.to_gdal())
    return (
        f'<VRTDataset rasterXSize="{columns}" rasterYSize="{rows}"><SRS>{escape(wkt)}</SRS>'
        f"<GeoTransform>{geo}</GeoTransform>"
        f'<VRTRasterBand dataType="{dtype}" band="1"><NoDataValue>nan</NoDataValue>{"".join(map(_source, parts))}'
        f"</VRTRasterBand></VRTDataset>"
    )


def _source(part: VrtSource) -> str:
    size = f'xSize="{part.columns}" ySize="{part.rows}"'
    return (
        f'<ComplexSource><SourceFilename relativeToVRT="0">{escape(part.name)}</SourceFilename>'
        "<SourceBand>1</SourceBand>"
        + ("<UseMaskBand>true</UseMaskBand>" if part.masked else "")
        + f'<SrcRect xOff="0" yOff="0" {size}/><DstRect xOff="{part.column}" yOff="{part.row}" {size}/>'
        + (
            f"<ScaleOffset>{part.offset!r}</ScaleOffset><ScaleRatio>{part.scale!r}</ScaleRatio>"
            if _scaled(part)
            else ""
        )
        + (f"<NODATA>{part.void!r}</NODATA>" if part.void is not None else "")
        + "</ComplexSource>"
    )


def _scaled(part: VrtSource) -> bool:
    return (part.scale, part.offset) != (1.0, 0.0)


def float_type(sources: Sequence[RasterSource]) -> str:
    """The GDAL float that holds the cells of all sources."""
    wide = any(np.dtype(s.dtype).itemsize > 2 and s.dtype != "float32" for s in sources)
    scaled = any((s.scale, s.offset) != (1.0, 0.0) for s in sources)
    return "Float64" if wide or scaled else "Float32"


def without_value(source: RasterSource, void: float) -> RasterSource:
    """The source with ``void`` as an additional void value; voids become NaN, values are not scaled."""
    dtype = float_type([source])
    clean = _voids_as_nan(source, dtype)
    cell_type = np.float32 if source.dtype == "float32" else np.float64
    part = VrtSource(clean, source.rows, source.columns, void=float(cell_type(void)))
    name = virtual_raster(source.wkt, source.transform, source.rows, source.columns, [part], dtype)
    return replace(source, name=name, dtype=dtype.lower(), nodata=math.nan, has_mask=False)


def moved(source: RasterSource, east: float) -> RasterSource:
    """The source moved eastwards by ``east`` units of its system; voids become NaN, values are not scaled."""
    dtype = float_type([source])
    transform = source.transform.translation(east, 0.0) @ source.transform
    part = VrtSource(source.name, source.rows, source.columns, masked=source.nodata is not None or source.has_mask)
    name = virtual_raster(source.wkt, transform, source.rows, source.columns, [part], dtype)
    return replace(source, name=name, transform=transform, dtype=dtype.lower(), nodata=math.nan, has_mask=False)


def _voids_as_nan(source: RasterSource, dtype: str) -> str:
    """Name of a raster of the same values in which every void is NaN."""
    if source.nodata is None and not source.has_mask:
        return source.name
    part = VrtSource(source.name, source.rows, source.columns, masked=True)
    return virtual_raster(source.wkt, source.transform, source.rows, source.columns, [part], dtype)


def joined(
    sources: Sequence[RasterSource], places: Sequence[tuple[int, int]], transform: Affine, rows: int, columns: int
) -> RasterSource:
    """Sources of one grid as one, each at its (row, column); voids are NaN, later valid cells count."""
    dtype = float_type(sources)
    first = sources[0]
    alike = all((s.scale, s.offset) == (first.scale, first.offset) for s in sources)
    parts = [
        VrtSource(
            _voids_as_nan(source, dtype),
            source.rows,
            source.columns,
            row,
            column,
            void=math.nan,
            scale=1.0 if alike else source.scale,
            offset=0.0 if alike else source.offset,
        )
        for source, (row, column) in zip(sources, places, strict=True)
    ]
    suspects = tuple(one for one in first.suspects if all(one in source.suspects for source in sources))
    scaled = tuple((void * s.scale + s.offset, own) for s in sources for void, own in s.suspects)
    return replace(
        first,
        name=virtual_raster(first.wkt, transform, rows, columns, parts, dtype),
        label=f"{first.label} and {len(sources) - 1} more",
        transform=transform,
        rows=rows,
        columns=columns,
        dtype=dtype.lower(),
        nodata=math.nan,
        scale=first.scale if alike else 1.0,
        offset=first.offset if alike else 0.0,
        suspects=suspects if alike else scaled,
        has_mask=False,
    )
