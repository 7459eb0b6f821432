"""A challenge on disk: segments as GeoParquet and CSV, crossings as GeoParquet, rasters as COGs, records as tables."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from geo.antimeridian import run_on
from geo.errors import BadInput
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.question import ChallengeQuestion
from ops.analysis.challenge.report.words import said_once
from ops.analysis.challenge.work import STATES
from ops.analysis.coverage.files import write_raster
from ops.runtime.output import atomic_write, say_in_english
from ops.runtime.safe_text import safe_table
from sensors.statistics.statistic import Statistic, to_json, to_table

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

SEGMENTS: Final = ("segments.parquet", "segments.csv")
CROSSINGS: Final = "crossings.parquet"
TABLES: Final = ("gaps.csv", "sensors.csv")
RECORDS: Final = ("records.json", "records_by_segment.parquet")
BREACH: Final = "breach.geojson"
ISOCHRONES: Final = "response_isochrones.geojson"
ISOCHRONES_MIN: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120)
ISOCHRONES_SIDE: Final = 2_000
"""Maximum number of cells per side of the response times that isochrones are drawn from; larger ones are subsampled."""
MOST_BREACH_CELLS: Final = 60_000_000
"""Maximum number of cells in the border's window for computing the paths farthest from the sensors."""
RASTERS: Final = {
    "ruggedness": "ground_ruggedness.tif",
    "vector_ruggedness": "ground_vector_ruggedness.tif",
    "slope": "ground_slope.tif",
    "positive_openness": "ground_openness_positive.tif",
    "negative_openness": "ground_openness_negative.tif",
    "dead_ground_0.5m": "ground_dead_0.5m.tif",
    "dead_ground_1.7m": "ground_dead_1.7m.tif",
    "crossing_time": "ground_crossing_time.tif",
    "response_time": "ground_response_time.tif",
    "expected_probability": "layout_coverage.tif",
    "best_probability": "layout_best_sensor.tif",
    "layout_dead_ground": "layout_dead_ground.tif",
    "sensors_unknown": "layout_sensors_unknown.tif",
    "through_probability": "layout_lowest_pd.tif",
    "time_margin": "layout_time_margin.tif",
}
"""Variable → file. Names with ``ground`` apply to any layout, names with ``layout`` to this one."""
WAYS_THROUGH: Final = frozenset({"through_probability", "time_margin"})
NEEDS_BASES: Final = frozenset({"response_time", "time_margin"})


def file_names(*, bases: bool, breach: bool) -> list[str]:
    """Return the names of all tables and rasters that a run writes."""
    rasters = [file for name, file in RASTERS.items() if bases or name not in NEEDS_BASES]
    optional = [*([ISOCHRONES] if bases else []), *([BREACH] if breach else [])]
    return [*SEGMENTS, CROSSINGS, *TABLES, *RECORDS, *rasters, *optional]


def write_rasters(out: Path, findings: Findings, thin_to: int) -> dict[str, xr.DataArray]:
    """Write every raster over the belt; return them subsampled to at most ``thin_to`` cells per side, for pictures."""
    pictures = {}
    for name, layer in findings.rasters():
        write_raster(out / RASTERS[name], layer, name)
        thin = max(1, -(-max(layer[name].shape) // thin_to))
        pictures[name] = layer[name][::thin, ::thin].load()
    for name in WAYS_THROUGH & pictures.keys():  # cells without any path are drawn differently from unknown cells
        no_way = np.isposinf(pictures["crossing_time"].to_numpy()) & np.isnan(pictures[name].to_numpy())
        pictures[name] = pictures[name].where(~no_way, np.inf)
    return pictures


def write_tables(out: Path, findings: Findings, records: list[Statistic], by_segment: list[Statistic]) -> None:
    """Write all tables, each atomically; records with English sentences and the messages that they are made of."""
    import pandas as pd

    segments = segment_table(findings)
    story = {**findings.segments.attrs, "required_probability": findings.required}
    _write_parquet(out / SEGMENTS[0], segments, story)
    plain = pd.DataFrame(segments.drop(columns="geometry"))
    ground = findings.question.ground
    lon, lat = ground.frame.to_lonlat(*ground.crossed.point_at(ground.crossed.segment_spans_m.mean(axis=1)))
    plain.insert(1, "lon", np.round(lon, 7))
    plain.insert(2, "lat", np.round(lat, 7))
    _write_csv(out / SEGMENTS[1], plain)
    _write_parquet(out / CROSSINGS, crossing_table(findings), story)
    _write_csv(out / TABLES[0], gap_rows(findings))
    _write_csv(out / TABLES[1], findings.sensors.to_dataframe().reset_index())
    english = said_once(say_in_english)
    _write_text(out / RECORDS[0], to_json(records, english))
    with atomic_write(out / RECORDS[1]) as partial:
        pd.DataFrame(to_table(by_segment, english)).to_parquet(partial, index=False)


def segment_table(findings: Findings) -> geopandas.GeoDataFrame:
    """Return one row per segment: every measure, by side of the belt (no suffix: both) and by path; lines in WGS 84."""
    import geopandas
    import pandas as pd

    table = findings.question.ground.crossed.to_geodataframe()
    columns: dict[str, Any] = {}
    for name, values in findings.segments.data_vars.items():
        if str(name).startswith("without"):
            continue
        for label, column in _columns(str(name), values):
            columns[label] = column
    columns["state"] = np.array(STATES)[findings.segments["state"].to_numpy().astype(int)]
    lon, lat = findings.question.ground.frame.to_lonlat(
        *(findings.segments[f"critical_{axis}"].to_numpy() for axis in ("easting", "northing"))
    )
    for number, kind in enumerate(findings.segments["way"].to_numpy()):
        for axis, coordinates in (("lon", lon), ("lat", lat)):
            columns[f"critical_{axis}_{_snake(kind)}"] = coordinates[:, number]
    if findings.composite is not None:
        columns["composite"] = findings.composite.value
        columns["composite_rank_low"] = findings.composite.rank_low
        columns["composite_rank_high"] = findings.composite.rank_high
    geometry = table.pop("geometry")
    wide = pd.concat([pd.DataFrame(table), pd.DataFrame(columns)], axis=1)
    return geopandas.GeoDataFrame(wide, geometry=geometry)


def _columns(name: str, values: xr.DataArray) -> list[tuple[str, Any]]:
    """Return the columns of one variable over segments and at most two more dims."""
    if name.startswith("critical_"):
        return []
    if values.dims == ("segment",):
        return [(name, values.to_numpy())]
    dim = str(values.dims[1])
    columns = []
    for label in values[dim].to_numpy():
        suffix = "" if label == "both" else f"_slower_{label:g}" if dim == "slower" else f"_{_snake(label)}"
        columns += _columns(name + suffix, values.sel({dim: label}, drop=True))
    return columns


def _snake(label: Any) -> str:
    return str(label).replace(" ", "_")


def crossing_table(findings: Findings) -> geopandas.GeoDataFrame:
    """Return one row per path: minimum-detection, minimum-time, most vulnerable; lines in WGS 84. May be empty."""
    import geopandas
    from shapely.geometry import LineString

    rows, lines = [], []
    for path in findings.crossings.values():
        rows.append(
            {
                **{name: path[name] for name in ("kind", "direction", "segment", "seconds", "metres", "overlength")},
                **{name: path[name] for name in ("p_detect", "p_detect_low", "p_expected", "hazard", "unknown_m")},
                "interruption_probability": interruption_of(findings, path),
                "confirmed_track": float(path["confirmed"].get("value", math.nan)),
                "p_by_kind": json.dumps(path["p_by_kind"]),
                "hazard_by_sensor": json.dumps(path["hazard_by_sensor"]),
                "half_detection": json.dumps(path["half_detection"]),
                "times_s": json.dumps(path["times_s"]),
            }
        )
        coordinates = list(zip(path["lon"], path["lat"], strict=True))
        lines.append(LineString(coordinates if len(coordinates) > 1 else coordinates * 2))
    return geopandas.GeoDataFrame(rows, geometry=lines, crs="EPSG:4326")


def interruption_of(findings: Findings, path: Any) -> float:
    """Return P_I of a path, by its kind and segment; NaN where it is unknown."""
    return float(
        findings.segments["interruption_probability"].sel(segment=path["segment"], way=path["kind"], slower=1.0)
    )


def gap_rows(findings: Findings) -> pd.DataFrame:
    """Return one row per coverage gap, in order of chainage."""
    import pandas as pd

    names = ("first", "last", "start_m", "end_m", "least_probability", "least_segment", "known")
    return pd.DataFrame({name: [getattr(gap, name) for gap in findings.gaps] for name in names})


def write_isochrones(path: Path, response: xr.DataArray, terrain: xr.Dataset, ground: str) -> None:
    """Write the area that responders from the bases reach within each of ISOCHRONES_MIN, as GeoJSON in WGS 84.

    One feature per time within which any cell is reached, shortest first; each area includes those before it.
    ``ground`` describes what the responders move over, and is stored beside the features.
    """
    import shapely

    from geo.paths.response_times import isochrones

    thin = max(1, -(-max(response.shape) // ISOCHRONES_SIDE))
    features = []
    for area in isochrones(response[::thin, ::thin], terrain, ISOCHRONES_MIN).itertuples():
        if not area.geometry.is_empty:
            rounded = shapely.transform(area.geometry, lambda lonlat: lonlat.round(7))
            geometry = shapely.geometry.mapping(rounded)
            features.append({"type": "Feature", "properties": {"minutes": area.minutes}, "geometry": geometry})
    said = {"assumptions": response.attrs["assumptions"].split("; ")}
    document = {"type": "FeatureCollection", "ground": ground, **said, "features": features}
    _write_text(path, json.dumps(document, allow_nan=False) + "\n")


def write_breach(path: Path, question: ChallengeQuestion) -> None:
    """Write the maximal breach and the maximal support path across the whole border as GeoJSON lines in WGS 84.

    Both depend only on distance to the sensors, not on line of sight. Raises BadInput where the border's window has
    more than MOST_BREACH_CELLS cells, and where no path crosses.
    """
    from geo.border.belt import belt_of, window_of
    from geo.mobility.speed_surface import by_vehicle, on_foot
    from geo.paths.maximal_breach import maximal_breach, maximal_support
    from sensors.crossing.watched_belt import DRIVEN

    ground = question.ground
    rows, columns = window_of(ground.crossed, ground.terrain, question.belt_m)
    window = ground.terrain.isel(northing=rows, easting=columns)
    if window["elevation"].size > MOST_BREACH_CELLS:
        size, expected = f"{window['elevation'].size:,} cells", f"at most {MOST_BREACH_CELLS:,} around the border"
        raise BadInput(size, where="--breach", expected=expected)
    terrain = window.compute()
    belt = belt_of(ground.crossed, terrain, belt_m=question.belt_m)
    mobility = (by_vehicle if question.target in DRIVEN else on_foot)(terrain, ways=question.ways.ways)
    sensors = np.array([(sensor.easting, sensor.northing) for sensor in ground.layout]).reshape(-1, 2)
    features = []
    for kind, search in (("maximal breach", maximal_breach), ("maximal support", maximal_support)):
        breach = search(belt, mobility, sensors, direction=question.direction)
        lon, lat = ground.frame.to_lonlat(breach.places[:, 0], breach.places[:, 1])
        properties = {
            "kind": kind,
            "direction": question.direction,
            "distance_m": round(breach.distance_m, 3) if math.isfinite(breach.distance_m) else None,
            "seconds": round(breach.seconds, 3),
        }
        line = {"type": "LineString", "coordinates": np.column_stack([run_on(lon), lat]).round(7).tolist()}
        features.append({"type": "Feature", "properties": properties, "geometry": line})
    _write_text(path, json.dumps({"type": "FeatureCollection", "features": features}, allow_nan=False) + "\n")


def _write_parquet(path: Path, table: geopandas.GeoDataFrame, story: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    content = {k: v for k, v in story.items() if k != "crs"}
    metadata = {b"watchline": json.dumps(content, sort_keys=True, default=str).encode()}
    with atomic_write(path) as partial:
        table.to_parquet(partial, index=False)
        whole = pq.read_table(partial)  # geopandas does not write this metadata
        pq.write_table(whole.replace_schema_metadata((whole.schema.metadata or {}) | metadata), partial)


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    _write_text(path, safe_table(table).to_csv(index=False, na_rep="", lineterminator="\n"))


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")
