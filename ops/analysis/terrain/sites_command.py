"""``watchline sites``: combined viewsheds of candidate sites, and the subset that covers most of the belt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from rich.console import Console

from geo.arrays import Bools, Floats
from geo.border.belt import belt_of
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.names import nearest
from geo.terrain import cell_size
from geo.text_files import EXPECTED_SYSTEM, other_system, read_json
from geo.visibility import UNKNOWN, covering_sites, footprints, sites_seeing, write_viewsheds
from geo.visibility.canopy import canopy_fraction
from geo.visibility.many_sites.greedy_cover import Covering
from geo.visibility.many_sites.sites import ViewKeywords
from geo.visibility.many_sites.viewsheds import NO_SITE
from ops.analysis.coverage.files import write_band
from ops.analysis.terrain.options import SitesOptions
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import atomic_write, progress_bar, say
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from sensors.layout import SCALE_DIGITS
from sensors.sensor import ALSO_CALLED

RASTERS: Final[dict[str, tuple[str, int | None]]] = {
    "sites_seeing": ("int32", None),
    "first_site": ("int32", NO_SITE),
    "visible": ("uint8", UNKNOWN),
}
"""The rasters, their type on disk, and the value for no data."""
CHOSEN: Final = "chosen.geojson"
HEIGHT: Final = "mast_height_m"
SCALE_CELLS: Final = 10_000


@dataclass(frozen=True, slots=True)
class MastCandidates:
    """Candidate mast sites: names, positions in the frame [m], and mast heights [m]."""

    ids: tuple[str, ...]
    easting: Floats
    northing: Floats
    mast_m: Floats


def look_from_sites(options: SitesOptions, screen: Console, *, of_nation: bool = False) -> dict[str, Any]:
    """Write the rasters, and with ``choose`` the chosen sites, into ``options.out``; return the figures for --json.

    With ``viewsheds``, each site's viewshed is written to that Zarr folder, numbered in the order of the candidates.
    ``of_nation``: candidates off the sector's terrain are those of other sectors, and left out. Raises BadInput for
    candidates that are unreadable or without known ground, for invalid options, and for a Zarr folder of other sites.
    """
    check_options(options)
    ground = open_sector(load_sector(options.sector))
    candidates = read_candidates(options.candidates, ground.frame, ground.terrain, options.mast_m, left_out=of_nation)
    scale = np.round(ground.frame.scale_factor(candidates.easting, candidates.northing), SCALE_DIGITS)
    view: ViewKeywords = {
        "observer_height_m": candidates.mast_m,
        "max_range_m": options.range_m * scale,
        "target_height_m": options.target_m,
        "curvature_k": options.curvature_k,
        "canopy": options.canopy,
    }
    belt = belt_mask(ground)
    options.out.mkdir(parents=True, exist_ok=True)
    positions = (candidates.easting, candidates.northing)
    with progress_bar(screen) as progress, Scheduler.of(options).opened() as scheduler:

        def execution(description: str) -> dict[str, Any]:
            task = progress.add_task(say(f"terrain-sites-progress-{description}"), total=len(candidates.ids))

            def show(done: int, _: int) -> None:
                progress.update(task, completed=done)

            return {"scheduler": scheduler, "workers": options.workers, "progress": show}

        if options.viewsheds is not None:  # first: it refuses a folder of other sites
            write_viewsheds(ground.terrain, positions, options.viewsheds, **execution("viewsheds"), **view)
        views = sites_seeing(ground.terrain, positions, **execution("combined"), **view)
        covering = None
        if options.choose:
            sets = footprints(ground.terrain, positions, cells=belt, **execution("footprints"), **view)
            covering = covering_sites(sets, options.choose)
    for name, (dtype, nodata) in RASTERS.items():
        values = views[name].to_numpy().astype(dtype)
        path = options.out / f"{name}.tif"
        write_band(path, values, name, grid=views, nodata=nodata, overview_resampling="nearest")
    figures = _figures(candidates, views, belt, ground)
    if covering is not None:
        _write_chosen(options.out / CHOSEN, covering, candidates, ground.frame, _cell_km2(belt, ground))
        figures |= _choice(covering, candidates)
    if options.viewsheds is not None:
        figures["viewsheds"] = str(options.viewsheds)
    lines = [
        say(
            "terrain-sites-summary",
            sites=len(candidates.ids),
            visible=figures["visible_percent"] / 100.0,
            belt=ground.sector.belt_m,
        )
    ]
    if figures["unknown_percent"] > 0.0:
        lines.append(say("terrain-sites-unknown", unknown=figures["unknown_percent"] / 100.0))
    if covering is not None:
        parts = {name: figures[f"{name}_percent"] / 100.0 for name in ("covered", "optimality")}
        lines.append(say("terrain-sites-chosen", chosen=len(figures["chosen"]), **parts))
    for line in (*lines, say("console-output", folder=str(options.out))):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    return figures


def check_options(options: SitesOptions) -> None:
    """Raise BadInput for options that are invalid whatever the sector."""
    Scheduler.of(options)
    canopy_fraction(options.canopy)
    if options.choose < 0:
        raise BadInput(f"{options.choose}", where="--choose", expected="a number of sites from 0")


def read_candidates(
    path: Path, frame: LocalFrame, terrain: xr.Dataset, mast_m: float, *, left_out: bool = False
) -> MastCandidates:
    """Read GeoJSON points in lon/lat with optional ``id`` and ``mast_height_m``; BadInput names an invalid one.

    Other keys are not used; one that resembles ``mast_height_m`` is invalid, as are an id that another candidate has
    and a file in another coordinate system.
    Points off the terrain or on a void, as in the corners of a tile in degrees, are invalid, or with ``left_out`` not
    read if at least one is on known ground.
    """
    try:
        document = read_json(path)
        features = document["features"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or "no feature collection"
        raise BadInput(f"cannot be read ({reason})", where=str(path), expected="GeoJSON points") from None
    if (wrong := other_system(document)) is not None:
        raise BadInput(wrong, where=str(path), expected=EXPECTED_SYSTEM)
    ids: list[str] = []
    lonlat: list[tuple[float, float]] = []
    masts: list[float] = []
    for n, feature in enumerate(features):
        try:
            if feature["geometry"]["type"] != "Point":
                raise ValueError
            lon, lat = (float(value) for value in feature["geometry"]["coordinates"][:2])
            properties = feature.get("properties") or {}
            masts.append(float(properties.get(HEIGHT, mast_m)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadInput(
                f"feature {n} is not a candidate site", where=str(path), expected="a point in degrees"
            ) from None
        name = str(properties.get("id", feature.get("id", n)))
        for key in properties:
            if key != HEIGHT and nearest(key, [HEIGHT], ALSO_CALLED) is not None:
                raise BadInput(f"candidate {name!r} has the unknown key {key!r}", where=str(path), expected=HEIGHT)
        if name in ids:
            raise BadInput(f"two candidates are called {name!r}", where=str(path), expected="unique ids")
        lonlat.append((lon, lat))
        ids.append(name)
    if not ids:
        raise BadInput("no candidates", where=str(path), expected="at least one point")
    lon_of, lat_of = np.array(lonlat, np.float64).T
    easting, northing = (np.asarray(axis, np.float64) for axis in frame.to_local(lon_of, lat_of))
    within = _between(easting, terrain["easting"]) & _between(northing, terrain["northing"])
    places = xr.Dataset({"easting": ("candidate", easting), "northing": ("candidate", northing)}).isel(candidate=within)
    off = ~within
    off[within] = np.isnan(terrain["elevation"].sel(places.data_vars, method="nearest").to_numpy())
    if left_out and not off.all():
        ids = [name for name, away in zip(ids, off, strict=True) if not away]
        return MastCandidates(tuple(ids), easting[~off], northing[~off], np.array(masts, np.float64)[~off])
    if off.any():
        n = int(np.argmax(off))
        place = "on a void of the terrain" if within[n] else "off the terrain"
        raise BadInput(f"candidate {ids[n]!r} is {place}", where=str(path), expected="points on the terrain")
    return MastCandidates(tuple(ids), easting, northing, np.array(masts, np.float64))


def _between(places: Floats, centres: xr.DataArray) -> Bools:
    """Whether places on an axis are between the outermost cell centres, where the height of the ground is known."""
    return (places >= float(centres.min())) & (places <= float(centres.max()))


def belt_mask(ground: OpenSector) -> Bools:
    """Return the terrain's cells within the sector's belt, (northing, easting)."""
    belt = belt_of(ground.crossed, ground.terrain, belt_m=ground.sector.belt_m)
    mask = np.zeros(ground.terrain["elevation"].shape, np.bool_)
    mask[belt.rows, belt.columns] = belt.inside
    return mask


def _figures(candidates: MastCandidates, views: xr.Dataset, belt: Bools, ground: OpenSector) -> dict[str, Any]:
    visible = views["visible"].to_numpy()[belt]
    return {
        "sites": len(candidates.ids),
        "belt_km2": round(float(belt.sum()) * _cell_km2(belt, ground), 3),
        "visible_percent": round(100.0 * float((visible == 1).mean()), 3),
        "unknown_percent": round(100.0 * float((visible == UNKNOWN).mean()), 3),
        "most_sites_per_cell": int(views["sites_seeing"].max()),
    }


def _cell_km2(belt: Bools, ground: OpenSector) -> float:
    """Mean area on the ground [km²] of the belt's cells, of which at most SCALE_CELLS, evenly chosen, are measured."""
    cells = np.flatnonzero(belt)
    rows, columns = np.unravel_index(cells[:: len(cells) // SCALE_CELLS + 1], belt.shape)
    places = ground.terrain["easting"].to_numpy()[columns], ground.terrain["northing"].to_numpy()[rows]
    return float(np.mean((cell_size(ground.terrain) / ground.frame.scale_factor(*places)) ** 2)) / 1e6


def _choice(covering: Covering, candidates: MastCandidates) -> dict[str, Any]:
    return {
        "chosen": [candidates.ids[n] for n in covering.sites],
        "covered_percent": round(100.0 * covering.covered_fraction, 3),
        "optimality_percent": round(100.0 * covering.covered / max(covering.bound, 1.0), 2),
    }


def _write_chosen(
    path: Path, covering: Covering, candidates: MastCandidates, frame: LocalFrame, cell_km2: float
) -> None:
    """Write the chosen sites as GeoJSON, in order, each with its marginal and cumulative coverage."""
    features, covered = [], 0.0
    for order, (n, gain) in enumerate(zip(covering.sites, covering.gains, strict=True), 1):
        covered += gain
        lon, lat = frame.to_lonlat(candidates.easting[n], candidates.northing[n])
        properties = {
            "id": candidates.ids[n],
            "order": order,
            "mast_height_m": candidates.mast_m[n],
            "adds_km2": round(gain * cell_km2, 4),
            "covered_fraction": round(covered / covering.total, 5),
        }
        point = {"type": "Point", "coordinates": [round(float(lon), 7), round(float(lat), 7)]}
        features.append({"type": "Feature", "properties": properties, "geometry": point})
    with atomic_write(path) as partial:
        partial.write_text(json.dumps({"type": "FeatureCollection", "features": features}, indent=1) + "\n")
