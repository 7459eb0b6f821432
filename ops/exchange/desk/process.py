"""The process of one order of the page of partners: reads it from stdin and prints the result.

It needs the geographic libraries and, for coverage, the compiled kernels, whose memory its end gives back.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from geo.errors import BadInput, WatchlineError
from ops.exchange.desk.orders import MOST_CELLS, MOST_SHOWN, GapCell, LayerPreview, ShareOrder, ShareResult

if TYPE_CHECKING:
    import geopandas as gpd

    from ops.exchange.agreements import Agreement
    from ops.exchange.make import PackageSender
    from ops.export.request import ExportRequest
    from ops.sector.open_sector import OpenSector


def carried_out(order: ShareOrder) -> ShareResult:
    """Carry out an order."""
    work = {"preview": _preview, "make": _make, "withdraw": _withdraw, "gaps": _gaps}
    try:
        return work[order.kind](order)
    except BadInput as error:
        return ShareResult(refused=str(error))
    except WatchlineError as error:
        return ShareResult(failed=str(error))


def _preview(order: ShareOrder) -> ShareResult:
    from ops.exchange.fields import FIELDS

    sender, agreement, ground, request = _opened(order)
    layers = _layers(sender, agreement, ground, request)
    held = _held(msgspec.structs.replace(request, limit=order.limit))
    shown = []
    for name, layer in sorted(layers.items()):
        fields = agreement.layers[name]
        before = held.get(name)
        columns = [] if before is None else [str(column) for column in before.columns]
        known = {"id", "source", "marking", "geometry", *fields}
        removed = [one for one in columns if one not in known] or [one for one in FIELDS[name] if one not in fields]
        count = len(layer) if before is None else len(before)
        shown.append(LayerPreview(name, count, len(layer), tuple(fields), tuple(sorted(removed)), _rows(layer, fields)))
    return ShareResult(layers=tuple(shown), sha256=_digest(layers, order))


def _make(order: ShareOrder) -> ShareResult:
    from ops.exchange.make import share

    sender, agreement, ground, request = _opened(order)
    layers = _layers(sender, agreement, ground, request)
    if _digest(layers, order) != order.sha256:
        expected = "what the preview showed; look at the preview again"
        raise BadInput("The records have changed since", where="package", expected=expected)
    return ShareResult(number=share(sender, agreement, layers).manifest.number, sha256=order.sha256)


def _withdraw(order: ShareOrder) -> ShareResult:
    from ops.exchange.make import withdraw

    made, _ = withdraw(_sender(order), packages=order.packages, records=order.records, reason=order.purpose)
    return ShareResult(number=made.manifest.number, sha256=made.sha256)


def _gaps(order: ShareOrder) -> ShareResult:
    import numpy as np
    import shapely

    from ops.exchange.agreements import read_agreements
    from ops.exchange.grid import AgreedGrid
    from ops.exchange.take import joint_coverage_with
    from ops.sector.open_sector import open_sector
    from sensors.timestamps import utc_datetime

    agreement = read_agreements(Path(order.agreements)).agreement(order.partner, order.agreement)
    ground = open_sector(order.sector, order.layout or None)
    table, number = joint_coverage_with(ground, agreement, Path(order.data), utc_datetime(order.at_ns))
    if len(table) > MOST_CELLS:
        raise BadInput(f"{len(table):,} cells", where="picture", expected=f"at most {MOST_CELLS:,}; use `share gaps`")
    grid = AgreedGrid.of(agreement)
    cells = []
    for row in table.itertuples():
        column, northing = (int(part) for part in str(row.id).split("_")[1:])
        values = (row.probability_partner, row.joint_low, row.joint_high, row.joint_independent)
        both = (None if np.isnan(float(one)) else round(float(one), 6) for one in values)
        cells.append(GapCell(column, northing, round(float(row.probability), 6), *both))
    lines = []
    for line in shapely.get_parts(ground.crossed.line):
        lon, lat = ground.frame.to_lonlat(*shapely.get_coordinates(line).T)
        points = np.column_stack(grid.frame.to_local(lon, lat)) / grid.cell_m
        lines.append(tuple((round(float(x), 3), round(float(y), 3)) for x, y in points))
    return ShareResult(number=number, cells=tuple(cells), border=tuple(lines), cell_m=grid.cell_m)


def _opened(order: ShareOrder) -> tuple[PackageSender, Agreement, OpenSector, ExportRequest]:
    from ops.exchange.make import request_for
    from ops.sector.open_sector import open_sector
    from ops.sector.settings import load_settings

    sender = _sender(order)
    agreement = sender.sending(order.agreement)
    ground = open_sector(order.sector, order.layout or None)
    release = load_settings(Path(order.settings) if order.settings else None).releasability
    return (
        sender,
        agreement,
        ground,
        request_for(sender, ground, agreement, (order.start_ns, order.end_ns), release, order.limit),
    )


def _sender(order: ShareOrder) -> PackageSender:
    from dataclasses import replace

    from ops.exchange.make import PackageSender

    sender = PackageSender.of(
        Path(order.data), Path(order.agreements), order.partner, Path(order.identity), order.purpose
    )
    return replace(sender, now_ns=order.at_ns, person=order.person, role=order.role)


def _layers(
    sender: PackageSender, agreement: Agreement, ground: OpenSector, request: ExportRequest
) -> dict[str, gpd.GeoDataFrame]:
    from ops.exchange.make import own_product

    return own_product(sender, agreement, ground, request if request.layers else None)


def _held(request: ExportRequest) -> dict[str, gpd.GeoDataFrame]:
    """The records of the period that the person may see, before the agreement reduces them."""
    from ops.export.layers import layers_to_export

    return layers_to_export(request) if request.layers else {}


def _rows(layer: gpd.GeoDataFrame, fields: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """The first records as they would leave, as texts for a page."""
    found = []
    for _, row in layer.head(MOST_SHOWN).iterrows():
        centre = row.geometry.centroid
        values = {name: _text(row[name]) for name in fields}
        found.append({"id": str(row["id"]), **values, "position": f"{centre.y:.4f} {centre.x:.4f}"})
    return tuple(found)


def _text(value: Any) -> str:
    import pandas as pd

    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return "–"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else str(value)


def _digest(layers: dict[str, gpd.GeoDataFrame], order: ShareOrder) -> str:
    """The SHA-256 of the product at the time of the order, which is that of the manifest."""
    from ops.exchange.format.geopackage import written
    from sensors.timestamps import utc_datetime

    return sha256(written(layers, utc_datetime(order.at_ns))).hexdigest()


def main() -> int:
    """Entry point of the process."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=ShareOrder)
    sys.stdout.buffer.write(msgspec.json.encode(carried_out(order)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
