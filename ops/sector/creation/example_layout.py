"""Example layouts and base of a new sector: equipment of the catalogue on sites with a view of the border."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from geo.arrays import Bools, Floats
    from geo.border import Border
    from geo.frame import LocalFrame

TOWER_SPACING_M: Final = 6_000.0
MOST_TOWERS: Final = 8
TOWER: Final = ("ift_radar", "ift_camera")
TOWER_MAST_M: Final = 25.0
POST: Final = "handheld_thermal"
POST_MAST_M: Final = 3.0
POSTS_PER_TOWER: Final = 2
BURIED: Final = "seismic"
BURIED_PER_TOWER: Final = 4
OFFSETS_M: Final = (300.0, 700.0, 1_200.0, 1_800.0)
"""Distances of candidate sites from the border, on the own side."""
STATIONS: Final = 7
"""Candidate positions along the part of the border that one site watches."""
TRIED_PER_SITE: Final = 8
"""Candidates, the highest ones, whose view is computed."""
VIEW_M: Final = 6_000.0
WATCHED_OFFSETS_M: Final = (-1_500.0, -750.0, 0.0, 750.0, 1_500.0)
WATCHED_STEP_M: Final = 250.0
COARSE_CELL_M: Final = 60.0
"""Cell size to which a finer terrain is thinned for this choice."""
BASE_OFFSETS_M: Final = (4_000.0, 3_000.0, 2_000.0, 1_000.0)


@dataclass(frozen=True, slots=True)
class SitePosition:
    """A position in the frame [m]."""

    easting: float
    northing: float


@dataclass(frozen=True, slots=True)
class ExampleSites:
    """Sites of towers, posts and buried sensors, and how many candidates were examined."""

    towers: tuple[SitePosition, ...]
    posts: tuple[SitePosition, ...]
    buried: tuple[SitePosition, ...]
    tried: int


def example_sites(terrain: xr.Dataset, border: Border) -> ExampleSites:
    """Return sites on the own side with the best view of the border's surroundings.

    Each site is, among candidates along its part of the border, the one that sees most of what earlier sites do not.
    Buried sensors go to the line itself, where no tower sees it. Without a candidate on known terrain there is no site.
    """
    coarse = _thinned(terrain)
    watched = _watched(coarse, border)
    towers = max(1, min(MOST_TOWERS, round(border.length_m / TOWER_SPACING_M)))
    chosen, seen, tried = _best(coarse, border, watched, towers, TOWER_MAST_M)
    posts, _, more = _best(coarse, border, watched, towers * POSTS_PER_TOWER, POST_MAST_M)
    buried = _unseen_on_the_line(coarse, border, watched[~seen], towers * BURIED_PER_TOWER)
    return ExampleSites(tuple(chosen), tuple(posts), tuple(buried), tried + more)


def example_base(terrain: xr.Dataset, border: Border) -> SitePosition | None:
    """Return level ground on the own side, some kilometres from the border; None without known terrain."""
    coarse = _thinned(terrain)
    from geo.terrain import slope

    steepness = slope(coarse)
    for offset in BASE_OFFSETS_M:
        places = [
            place
            for place in (_beside(border, chainage, offset) for chainage in np.linspace(0.3, 0.7, 9) * border.length_m)
            if _is_known(coarse, place)
        ]
        if places:
            rises = [float(steepness.sel(easting=p.easting, northing=p.northing, method="nearest")) for p in places]
            return places[int(np.nanargmin(rises))] if np.isfinite(rises).any() else places[0]
    return None


def example_layout(name: str, sites: ExampleSites, border: Border, frame: LocalFrame) -> dict[str, Any]:
    """Return one of the layouts ``towers`` and ``basic`` as a GeoJSON document."""
    features: list[dict[str, Any]] = []
    if name == "towers":
        for number, place in enumerate(sites.towers, start=1):
            features.append(_feature(frame, place, f"radar-{number}", TOWER[0], reports_by="cable"))
            facing = round(_facing_deg(border, frame, place), 1)
            features.append(
                _feature(frame, place, f"camera-{number}", TOWER[1], azimuth_deg=facing, reports_by="cable")
            )
    else:
        for number, place in enumerate(sites.posts, start=1):
            facing = round(_facing_deg(border, frame, place), 1)
            features.append(_feature(frame, place, f"post-{number}", POST, azimuth_deg=facing))
    for number, place in enumerate(sites.buried, start=1):
        features.append(_feature(frame, place, f"seismic-{number:02d}", BURIED, reports_by="satellite"))
    return {"$schema": "schema/layout.schema.json", "type": "FeatureCollection", "name": name, "features": features}


def compass_of(border: Border, frame: LocalFrame) -> str:
    """Return the compass point of the own side as seen from the border: n, ne, e, … or none."""
    turns = []
    for chainage in np.linspace(0.1, 0.9, 9) * border.length_m:
        on, off = _beside(border, chainage, 0.0), _beside(border, chainage, 200.0)
        turns.append((off.easting - on.easting, off.northing - on.northing))
    east, north = np.nanmean(np.array(turns), axis=0)
    if not math.hypot(east, north) > 50.0:
        return "none"
    true_deg = math.degrees(math.atan2(east, north)) + math.degrees(float(frame.convergence_rad(*border.bounds[:2])))
    return ("n", "ne", "e", "se", "s", "sw", "w", "nw")[round(true_deg / 45.0) % 8]


def _best(
    terrain: xr.Dataset, border: Border, watched: Floats, count: int, mast_m: float
) -> tuple[list[SitePosition], Bools, int]:
    """Choose a site for each of ``count`` parts of the border; also which watched points any of them sees."""
    seen = np.zeros(len(watched), dtype=bool)
    chosen: list[SitePosition] = []
    tried = 0
    for part in range(count):
        candidates = list(_candidates(terrain, border, (part + 0.5) / count, border.length_m / count))
        candidates.sort(key=lambda place: -_height(terrain, place))
        views = [(_sees(terrain, place, watched, mast_m), place) for place in candidates[:TRIED_PER_SITE]]
        tried += len(views)
        if views:
            view, place = max(views, key=lambda one: int((one[0] & ~seen).sum()))
            seen |= view
            chosen.append(place)
    return chosen, seen, tried


def _candidates(terrain: xr.Dataset, border: Border, middle: float, span_m: float) -> Iterator[SitePosition]:
    for along in np.linspace(-0.4, 0.4, STATIONS):
        for offset in OFFSETS_M:
            place = _beside(border, middle * border.length_m + along * span_m, offset)
            if _is_known(terrain, place) and float(border.locate(place.easting, place.northing)[2]) > 0.0:
                yield place


def _sees(terrain: xr.Dataset, place: SitePosition, watched: Floats, mast_m: float) -> Bools:
    from geo.visibility import viewshed

    view = viewshed(terrain, place.easting, place.northing, observer_height_m=mast_m, max_range_m=VIEW_M)
    near = np.hypot(watched[:, 0] - place.easting, watched[:, 1] - place.northing) <= VIEW_M
    seen = np.zeros(len(watched), dtype=bool)
    if near.any():
        at = {"easting": ("point", watched[near, 0]), "northing": ("point", watched[near, 1])}
        import xarray as xr

        seen[near] = view.sel({key: xr.DataArray(v[1], dims=v[0]) for key, v in at.items()}, method="nearest") == 1
    return seen


def _unseen_on_the_line(terrain: xr.Dataset, border: Border, unseen: Floats, count: int) -> list[SitePosition]:
    """Return places on the own side of the line, spread over the unseen points near it, or over the whole line."""
    chainages = np.linspace(0.02, 0.98, 4 * count) * border.length_m
    places = [_beside(border, chainage, 60.0) for chainage in chainages]
    places = [place for place in places if _is_known(terrain, place)]
    if len(unseen):
        hidden = [p for p in places if np.hypot(unseen[:, 0] - p.easting, unseen[:, 1] - p.northing).min() < 400.0]
        places = hidden or places
    if not places:
        return []
    every = np.unique(np.linspace(0, len(places) - 1, min(count, len(places))).round().astype(int))
    return [places[i] for i in every]


def _watched(terrain: xr.Dataset, border: Border) -> Floats:
    """Return points (n, 2) on and beside the border that lie on known terrain."""
    places = [
        _beside(border, chainage, offset)
        for chainage in np.arange(0.0, border.length_m, WATCHED_STEP_M)
        for offset in WATCHED_OFFSETS_M
    ]
    known = [(place.easting, place.northing) for place in places if _is_known(terrain, place)]
    return np.array(known, dtype=np.float64).reshape(-1, 2)


def _beside(border: Border, chainage_m: float, offset_m: float) -> SitePosition:
    """Return the position beside the border at a chainage, ``offset_m`` on the own side; NaN beyond a gap."""
    here_e, here_n = (float(value) for value in border.point_at(chainage_m))
    reach = np.array([chainage_m - 150.0, chainage_m + 150.0]).clip(0.0, border.length_m)
    east, north = border.point_at(reach)
    along = np.array([east[1] - east[0], north[1] - north[0]])
    length = float(np.hypot(*along))
    if not length > 0.0:
        return SitePosition(math.nan, math.nan)
    left = np.array([-along[1], along[0]]) / length
    side = offset_m if border.home_side == "left" else -offset_m
    return SitePosition(here_e + side * left[0], here_n + side * left[1])


def _is_known(terrain: xr.Dataset, place: SitePosition) -> bool:
    return math.isfinite(_height(terrain, place))


def _height(terrain: xr.Dataset, place: SitePosition) -> float:
    from geo.terrain import sample

    if not (math.isfinite(place.easting) and math.isfinite(place.northing)):
        return math.nan
    return float(sample(terrain, place.easting, place.northing))


def _facing_deg(border: Border, frame: LocalFrame, place: SitePosition) -> float:
    """Return the true azimuth from a site to the nearest point of the border."""
    _, chainage, _ = border.locate(place.easting, place.northing)
    east, north = (float(value) for value in border.point_at(float(chainage)))
    grid = math.atan2(east - place.easting, north - place.northing)
    return math.degrees(grid + float(frame.convergence_rad(place.easting, place.northing))) % 360.0


def _thinned(terrain: xr.Dataset) -> xr.Dataset:
    from geo.terrain import cell_size

    every = max(1, round(COARSE_CELL_M / cell_size(terrain)))
    return terrain.isel(northing=slice(None, None, every), easting=slice(None, None, every)).compute()


def _feature(frame: LocalFrame, place: SitePosition, sensor: str, item: str, **more: Any) -> dict[str, Any]:
    lon, lat = frame.to_lonlat(place.easting, place.northing)
    point = {"type": "Point", "coordinates": [round(float(lon), 6), round(float(lat), 6)]}
    return {"type": "Feature", "geometry": point, "properties": {"id": sensor, "catalogue": item, **more}}


def items_used(layouts: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return the catalogue items in layouts, each once."""
    return tuple(dict.fromkeys(part["properties"]["catalogue"] for one in layouts for part in one["features"]))
