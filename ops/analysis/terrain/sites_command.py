"""``watchline sites``: combined viewsheds of candidate sites, and the subset that covers most of the belt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
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
from geo.terrain import bounds, cell_size
from geo.visibility import UNKNOWN, covering_sites, footprints, sites_seeing, write_viewsheds
from geo.visibility.canopy import canopy_fraction
from geo.visibility.many_sites.executor import CONNECT_S, Executor
from geo.visibility.many_sites.greedy_cover import Covering
from geo.visibility.many_sites.sites import ViewKeywords
from geo.visibility.many_sites.versions import refuse_other_scheduler, refuse_other_versions
from geo.visibility.many_sites.viewsheds import NO_SITE
from ops.analysis.coverage.files import write_band
from ops.analysis.option_types import named
from ops.analysis.terrain.options import SitesOptions
from ops.runtime.output import atomic_write, progress_bar, say
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector

RASTERS: Final[dict[str, tuple[str, int | None]]] = {
    "sites_seeing": ("int32", None),
    "first_site": ("int32", NO_SITE),
    "visible": ("uint8", UNKNOWN),
}
"""The rasters, their type on disk, and the value for no data."""
CHOSEN: Final = "chosen.geojson"


@dataclass(frozen=True, slots=True)
class MastCandidates:
    """Candidate mast sites: names, positions in the frame [m], and mast heights [m]."""

    ids: tuple[str, ...]
    easting: Floats
    northing: Floats
    mast_m: Floats


def look_from_sites(options: SitesOptions, screen: Console) -> dict[str, Any]:
    """Write the rasters, and with ``choose`` the chosen sites, into ``options.out``; return the figures for --json.

    With ``viewsheds``, each site's viewshed is written to that Zarr folder, numbered in the order of the candidates.
    Raises BadInput for candidates that are unreadable or off the terrain, for invalid options, and for a Zarr folder of
    other sites.
    """
    with named("--scheduler"):
        Executor(options.scheduler, options.workers)
    canopy_fraction(options.canopy)
    if options.choose < 0:
        raise BadInput(f"{options.choose}", where="--choose", expected="a number of sites from 0")
    ground = open_sector(load_sector(options.sector))
    candidates = read_candidates(options.candidates, ground.frame, ground.terrain, options.mast_m)
    view: ViewKeywords = {
        "observer_height_m": candidates.mast_m,
        "max_range_m": options.range_m,
        "target_height_m": options.target_m,
        "curvature_k": options.curvature_k,
        "canopy": options.canopy,
    }
    belt = belt_mask(ground)
    options.out.mkdir(parents=True, exist_ok=True)
    positions = (candidates.easting, candidates.northing)
    with progress_bar(screen) as progress, cluster_of(options) as scheduler:

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
        _write_chosen(options.out / CHOSEN, covering, candidates, ground.frame, cell_size(ground.terrain))
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
    if covering is not None:
        parts = {name: figures[f"{name}_percent"] / 100.0 for name in ("covered", "optimality")}
        lines.append(say("terrain-sites-chosen", chosen=len(figures["chosen"]), **parts))
    for line in (*lines, say("console-output", folder=str(options.out))):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    return figures


@contextmanager
def cluster_of(options: SitesOptions) -> Iterator[Any]:
    """Yield the scheduler of the options; for an address with TLS files, a client that identifies itself by them.

    Raises BadInput when some of the files are missing, are stated without a ``tls://`` address, or do not open it.
    """
    files = {"--tls-ca": options.tls_ca, "--tls-certificate": options.tls_certificate, "--tls-key": options.tls_key}
    if not any(files.values()):
        yield options.scheduler
        return
    if not options.scheduler.startswith("tls://"):
        raise BadInput(f"{options.scheduler}", where="--scheduler", expected="tls://host:port beside --tls-ca")
    for name, path in files.items():
        if path is None or not path.is_file():
            raise BadInput("missing" if path is None else f"no such file: {path}", where=name, expected="a PEM file")
    from distributed import Client
    from distributed.security import Security

    try:
        security = Security(  # type: ignore[no-untyped-call]
            require_encryption=True,
            tls_ca_file=str(options.tls_ca),
            tls_client_cert=str(options.tls_certificate),
            tls_client_key=str(options.tls_key),
        )
        refuse_other_scheduler(options.scheduler, security, timeout_s=CONNECT_S)
        client = Client(options.scheduler, security=security, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise BadInput(
            "no dask scheduler accepts this certificate",
            where=options.scheduler,
            expected="the address of a running scheduler, and certificates of its authority",
        ) from error
    with client:
        refuse_other_versions(client, options.scheduler)
        yield client


def read_candidates(path: Path, frame: LocalFrame, terrain: xr.Dataset, mast_m: float) -> MastCandidates:
    """Read GeoJSON points in lon/lat with optional ``id`` and ``mast_height_m``; BadInput names an invalid one."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "no feature collection"
        raise BadInput(f"cannot be read ({reason})", where=str(path), expected="GeoJSON points") from None
    ids: list[str] = []
    lonlat: list[tuple[float, float]] = []
    masts: list[float] = []
    for n, feature in enumerate(features):
        try:
            if feature["geometry"]["type"] != "Point":
                raise ValueError
            lon, lat = (float(value) for value in feature["geometry"]["coordinates"][:2])
            properties = feature.get("properties") or {}
            masts.append(float(properties.get("mast_height_m", mast_m)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadInput(
                f"feature {n} is not a candidate site", where=str(path), expected="a point in degrees"
            ) from None
        lonlat.append((lon, lat))
        ids.append(str(properties.get("id", feature.get("id", n))))
    if not ids:
        raise BadInput("no candidates", where=str(path), expected="at least one point")
    lon_of, lat_of = np.array(lonlat, np.float64).T
    easting, northing = (np.asarray(axis, np.float64) for axis in frame.to_local(lon_of, lat_of))
    west, south, east, north = bounds(terrain)
    off = ~((easting >= west) & (easting <= east) & (northing >= south) & (northing <= north))
    if off.any():
        n = int(np.argmax(off))
        raise BadInput(f"candidate {ids[n]!r} is off the terrain", where=str(path), expected="points on the terrain")
    return MastCandidates(tuple(ids), easting, northing, np.array(masts, np.float64))


def belt_mask(ground: OpenSector) -> Bools:
    """Return the terrain's cells within the sector's belt, (northing, easting)."""
    belt = belt_of(ground.crossed, ground.terrain, belt_m=ground.sector.belt_m)
    mask = np.zeros(ground.terrain["elevation"].shape, np.bool_)
    mask[belt.rows, belt.columns] = belt.inside
    return mask


def _figures(candidates: MastCandidates, views: xr.Dataset, belt: Bools, ground: OpenSector) -> dict[str, Any]:
    visible = views["visible"].to_numpy()[belt]
    cell_km2 = (cell_size(ground.terrain) / 1000.0) ** 2
    return {
        "sites": len(candidates.ids),
        "belt_km2": round(float(belt.sum()) * cell_km2, 3),
        "visible_percent": round(100.0 * float((visible == 1).mean()), 3),
        "unknown_percent": round(100.0 * float((visible == UNKNOWN).mean()), 3),
        "most_sites_per_cell": int(views["sites_seeing"].max()),
    }


def _choice(covering: Covering, candidates: MastCandidates) -> dict[str, Any]:
    return {
        "chosen": [candidates.ids[n] for n in covering.sites],
        "covered_percent": round(100.0 * covering.covered_fraction, 3),
        "optimality_percent": round(100.0 * covering.covered / max(covering.bound, 1.0), 2),
    }


def _write_chosen(path: Path, covering: Covering, candidates: MastCandidates, frame: LocalFrame, cell_m: float) -> None:
    """Write the chosen sites as GeoJSON, in order, each with its marginal and cumulative coverage."""
    features, covered = [], 0.0
    for order, (n, gain) in enumerate(zip(covering.sites, covering.gains, strict=True), 1):
        covered += gain
        lon, lat = frame.to_lonlat(candidates.easting[n], candidates.northing[n])
        properties = {
            "id": candidates.ids[n],
            "order": order,
            "mast_height_m": candidates.mast_m[n],
            "adds_km2": round(gain * (cell_m / 1000.0) ** 2, 4),
            "covered_fraction": round(covered / covering.total, 5),
        }
        point = {"type": "Point", "coordinates": [round(float(lon), 7), round(float(lat), 7)]}
        features.append({"type": "Feature", "properties": properties, "geometry": point})
    with atomic_write(path) as partial:
        partial.write_text(json.dumps({"type": "FeatureCollection", "features": features}, indent=1) + "\n")
