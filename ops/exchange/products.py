"""The layers of a product: records of the store that an agreement names, without other fields, and coarse."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from ops.exchange.agreements import Agreement
from ops.exchange.fields import FIELDS, IDENTIFIERS
from ops.exchange.grid import AgreedGrid, is_inside, rounded_down_ns
from ops.export.layers import layers_to_export
from ops.export.request import ExportRequest
from ops.releasability.decision import EVERYTHING, Markings

PSEUDONYM_BYTES = 12


def lower_limit(markings: Markings, one: str, other: str) -> str:
    """Return that of two limits by which a receiver gets less; a record must pass the person's and the agreement's."""
    if EVERYTHING in (one, other):
        return other if one == EVERYTHING else one
    return min((one, other), key=markings.clearance)


def pseudonym(secret: bytes, partner: str, identity: str) -> str:
    """Return the name of a record for one partner: two partners cannot compare theirs."""
    key = blake2b(secret, person=b"wl-exchange-id").digest()
    return blake2b(f"{partner}\0{identity}".encode(), key=key, digest_size=PSEUDONYM_BYTES).hexdigest()


def records_to_share(
    request: ExportRequest, agreement: Agreement, *, own: str, secret: bytes, withdrawn: Collection[str] = ()
) -> dict[str, gpd.GeoDataFrame]:
    """Read the layers of an agreement other than coverage from a store.

    Parameters
    ----------
    request : ExportRequest
        Store, period, frame, releasability settings and limit. Its layers, area and period are narrowed to those of the
        agreement; what is younger than its delay, or was changed since, is left out.
    agreement : Agreement
        The agreement.
    own : str
        Name of this installation, the source of the records.
    secret : bytes
        Secret of the pseudonyms.
    withdrawn : collection of str
        Pseudonyms of records that were withdrawn; they are left out.

    Returns
    -------
    dict of GeoDataFrame
        By layer: ``id``, ``source``, the agreed fields, and the centre of the record's cell.
    """
    layers = tuple(layer for layer in request.layers if layer in agreement.layers)
    end_ns = min(
        request.end_ns,
        request.made_ns - round(agreement.delay_s * 1e9),
        round(agreement.until.timestamp()) * 10**9,
    )
    start_ns = max(request.start_ns, round(agreement.start.timestamp()) * 10**9)
    if not layers or end_ns <= start_ns:
        return {layer: _empty(agreement.layers[layer]) for layer in layers}
    narrow = ExportRequest(
        **{name: getattr(request, name) for name in request.__struct_fields__}
        | {"layers": layers, "start_ns": start_ns, "end_ns": end_ns, "bounds": agreement.area, "marking": ""}
    )
    found = layers_to_export(narrow)
    if "alerts" in layers and agreement.delay_s > 0.0:  # they are read as they are now, the others as of the end
        young = pd.Timestamp(request.made_ns - round(agreement.delay_s * 1e9), unit="ns", tz="UTC")
        found["alerts"] = found["alerts"][~(found["alerts"]["updated_at"] >= young)]
    return {
        layer: coarse_layer(found[layer], layer, agreement, own=own, secret=secret, withdrawn=withdrawn)
        for layer in layers
    }


def coarse_layer(
    records: gpd.GeoDataFrame,
    layer: str,
    agreement: Agreement,
    *,
    own: str,
    secret: bytes,
    withdrawn: Collection[str] = (),
) -> gpd.GeoDataFrame:
    """Reduce records to the agreed fields, grid and steps; a record without a position in the area is left out."""
    names = agreement.layers[layer]
    records = records[records.geometry.notna() & ~records.geometry.is_empty]
    if not len(records):
        return _empty(names)
    lon, lat = records.geometry.x.to_numpy(), records.geometry.y.to_numpy()
    coarse_lon, coarse_lat = AgreedGrid.of(agreement).coarsened(lon, lat)
    keep = is_inside(lon, lat, agreement.area) & is_inside(coarse_lon, coarse_lat, agreement.area)
    identities = [pseudonym(secret, agreement.partner, str(one)) for one in records[IDENTIFIERS[layer]]]
    columns: dict[str, Any] = {"id": identities, "source": own}
    columns |= {name: _coarse(records[name], FIELDS[layer][name], agreement) for name in names}
    table = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(coarse_lon, coarse_lat), crs=records.crs)
    table = table[keep & ~table["id"].isin(set(withdrawn)).to_numpy()]
    # The order must not state what the steps of time hide, nor must repeated positions.
    table = table.assign(_x=table.geometry.x, _y=table.geometry.y)
    by = ["id", *(name for name in names if FIELDS[layer][name] == "time"), "_x", "_y"]
    return table.sort_values(by, kind="stable").drop_duplicates(by).drop(columns=["_x", "_y"]).reset_index(drop=True)


def _coarse(values: pd.Series[Any], kind: str, agreement: Agreement) -> Any:
    """Values of a field as they are shared: times rounded down; missing stays missing."""
    if kind == "time":
        times = pd.DatetimeIndex(values).tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[ns]")
        known = ~np.isnat(times)
        coarse = times.copy()
        coarse[known] = rounded_down_ns(times[known].astype(np.int64), agreement.time_step_s).astype("datetime64[ns]")
        return pd.DatetimeIndex(coarse, tz="UTC")
    return values.to_numpy() if kind != "whole" else values.array


def _empty(names: tuple[str, ...]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {name: pd.Series([], dtype=object) for name in ("id", "source", *names)}, geometry=[], crs=4326
    )


def expiry(made_ns: int, agreement: Agreement) -> int:
    """Return when the recipient must have erased a package, UTC ns."""
    return made_ns + int(timedelta(days=agreement.keep_days) / timedelta(microseconds=1)) * 1000


def with_fields(agreement: Agreement, layers: Mapping[str, tuple[str, ...]]) -> Agreement:
    """Return the agreement for some of its layers only."""
    return replace(agreement, layers=dict(layers))
