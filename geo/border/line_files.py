"""Border lines read from a map file: selected, clipped and joined in one frame."""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyproj
import shapely
import xarray as xr
from pyproj.crs import CRS
from shapely.geometry import LineString, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from geo.arrays import Bools, Floats
from geo.errors import BadInput, BorderError
from geo.frame import WGS84, LocalFrame, horizontal_part
from geo.text_files import read_json
from geo.vector_files import LAYER_MARK, file_and_layer, refuse_requests

Shape = TypeVar("Shape", LineString, Polygon)
Where = str | Mapping[str, object]
Clip = BaseGeometry | tuple[float, float, float, float] | xr.Dataset

# A long edge of the file is straight in the file's system, so curved in the frame: it is cut into pieces this long,
# which keeps it within about a decimetre.
LONGEST_EDGE_DEG, LONGEST_EDGE_M = 0.02, 2_000.0

# Ends this near to each other are one place, rounded differently: a file of five decimals of a degree is this coarse.
TOUCHING_M = 1.0


def read_lines(path: str | Path, frame: LocalFrame, *, where: Where | None, clip: Clip | None) -> list[LineString]:
    """Connected lines of a file in ``frame``, in the order in which one follows the other; see Border.from_file."""
    geometries, crs, _ = _read(path, where)
    lines = [_unrolled(line, crs) for line in _once(_only_lines(geometries, str(path)))]
    if clip is not None:
        outline = _outline(clip, crs, str(path))
        lines = [_beside(line, outline, crs) for line in lines]
        lines = _clipped(lines, outline, str(path))
    lines = [_in_frame(line, crs, frame, str(path)) for line in lines if line.length > 0.0]
    if not lines:
        raise BorderError("the line has no length", where=str(path), expected="a line of at least two points")
    _refuse_distorted(lines, frame, str(path))
    return in_order(one_way(joined(lines)))


def read_degrees(path: str | Path, *, where: Where | None, clip: Clip) -> tuple[Floats, Floats]:
    """Longitudes and latitudes [degrees] of points along a file's lines, or the outlines of its areas, within ``clip``.

    They are about 2 km apart; none if nothing lies within. Raises BorderError for a file that cannot be read.
    """
    geometries, crs, _ = _read(path, where)
    outline = _outline(clip, crs, str(path))
    longest = LONGEST_EDGE_DEG if crs.is_geographic else LONGEST_EDGE_M / crs.axis_info[0].unit_conversion_factor
    places = [np.zeros((0, 2))]
    for part in shapely.get_parts([geometry for geometry in geometries if geometry is not None]):
        line = part.exterior if part.geom_type == "Polygon" else part
        if line.geom_type in ("LineString", "LinearRing") and not line.is_empty:
            beside = _beside(_unrolled(LineString(line.coords), crs), outline, crs)
            places.append(shapely.get_coordinates(shapely.segmentize(beside.intersection(outline), longest)))
    east, north = np.concatenate(places).T
    lon, lat = pyproj.Transformer.from_crs(crs, CRS.from_epsg(WGS84), always_xy=True).transform(east, north)
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return np.where(np.abs(lon) <= 180.0, lon, (lon + 180.0) % 360.0 - 180.0), lat


def length_off(path: str | Path, *, where: Where | None, clip: Clip) -> float:
    """Length [m] over the ellipsoid of a file's lines that ``clip`` excludes, of those that ``read_lines`` would
    read."""
    geometries, crs, _ = _read(path, where)
    outline = _outline(clip, crs, str(path))
    lines = [_beside(_unrolled(line, crs), outline, crs) for line in _once(_only_lines(geometries, str(path)))]
    rest = [line.difference(outline) for line in lines]
    to_degrees = pyproj.Transformer.from_crs(crs, CRS.from_epsg(WGS84), always_xy=True).transform
    ellipsoid = pyproj.Geod(ellps="WGS84")
    places = (shapely.transform(line, lambda xy: np.column_stack(to_degrees(xy[:, 0], xy[:, 1]))) for line in rest)
    return float(sum(ellipsoid.geometry_length(line) for line in places if not line.is_empty))


def _unrolled(shape: Shape, crs: CRS) -> Shape:
    """A shape in degrees whose longitudes run on across the 180th meridian, instead of jumping from 180 to −180.

    An edge of more than half a turn is taken as the short way round; RFC 7946 cuts lines there instead.
    """
    if not crs.is_geographic:
        return shape
    turn = _turn(crs)
    if isinstance(shape, LineString):
        return LineString(_run_on(shapely.get_coordinates(shape), turn))
    rings = [_run_on(np.asarray(ring.coords), turn) for ring in (shape.exterior, *shape.interiors)]
    return Polygon(rings[0], rings[1:])


def _run_on(places: Floats, turn: float) -> Floats:
    jumps = np.round(np.diff(places[:, 0], prepend=places[0, 0]) / turn)
    return np.column_stack([places[:, 0] - turn * np.cumsum(jumps), places[:, 1:]]) if jumps.any() else places


def _beside(line: LineString, outline: BaseGeometry, crs: CRS) -> LineString:
    """The line, shifted by a full turn of longitude where only that brings it to the outline."""
    if not crs.is_geographic or line.intersects(outline):
        return line
    for east in (_turn(crs), -_turn(crs)):
        places = shapely.get_coordinates(line)
        shifted = LineString(np.column_stack([places[:, 0] + east, places[:, 1]]))
        if shifted.intersects(outline):
            return shifted
    return line


def _turn(crs: CRS) -> float:
    """A full turn of longitude in the units of a geographic system."""
    return round(2.0 * math.pi / crs.axis_info[0].unit_conversion_factor, 9)


def _once(lines: Sequence[LineString]) -> list[LineString]:
    """Return each line once, in either direction, and a ring from any vertex: maps often contain a border once per
    country."""
    first: dict[bytes, LineString] = {}
    for line in lines:
        first.setdefault(shapely.to_wkb(shapely.normalize(shapely.remove_repeated_points(line))), line)
    return list(first.values())


def read_named_lines(
    path: str | Path, frame: LocalFrame, columns: Sequence[str]
) -> tuple[list[BaseGeometry], dict[str, list[Any]]]:
    """Lines of each feature of a file in ``frame``, and the values of its ``columns``; as ``read_lines``."""
    geometries, crs, table = _read(path, None)
    for column in columns:
        if column not in table:
            known = ", ".join(map(str, table)) or "none"
            raise BorderError(
                f"no column {column!r} among the columns {known}", where=str(path), expected=" and ".join(columns)
            )
    lines: list[BaseGeometry] = [
        shapely.MultiLineString(
            [_in_frame(_unrolled(line, crs), crs, frame, str(path)) for line in _only_lines([geometry], str(path))]
        )
        for geometry in geometries
    ]
    return lines, {column: list(table[column]) for column in columns}


def read_areas(path: str | Path, frame: LocalFrame, *, where: Where | None) -> list[Polygon]:
    """Polygons of a file in ``frame``; BorderError for other shapes, and as ``read_lines``.

    Polygons across the 180th meridian may be cut there, run on beyond 180°, or jump to −180°, as lines may.
    """
    geometries, crs, _ = _read(path, where)
    areas: list[Polygon] = []
    for geometry in geometries:
        kind = "no shape" if geometry is None else geometry.geom_type
        if kind not in {"Polygon", "MultiPolygon"}:
            raise BorderError(f"a feature is {kind}", where=str(path), expected="areas only")
        areas += [_unrolled(area, crs) for area in shapely.get_parts(geometry) if not area.is_empty]
    areas = [_in_frame(area, crs, frame, str(path)) for area in _rejoined(areas, crs)]
    _refuse_distorted(areas, frame, str(path))
    return areas


def _rejoined(areas: list[Polygon], crs: CRS) -> list[Polygon]:
    """The areas with those made whole again that are cut along the 180th meridian, as RFC 7946 requires.

    Parts with an edge on the meridian from the west are joined to those with an edge on it from the east, whose
    longitudes then run on beyond 180°. Parts that touch it in a point only, and all others, stay as they are.
    """
    if not crs.is_geographic:
        return areas
    half = _turn(crs) / 2.0
    west = [area for area in areas if area.bounds[2] == half]
    east = [area for area in areas if area.bounds[0] == -half]
    if not (west and east):
        return areas
    shifted = [shapely.transform(area, lambda xy: xy + np.array([2.0 * half, 0.0])) for area in east]
    whole = shapely.get_parts(shapely.union_all([*west, *shifted]))
    others = [area for area in areas if area not in west and area not in east]
    return [*others, *whole]


def _refuse_distorted(shapes: Sequence[LineString] | Sequence[Polygon], frame: LocalFrame, path: str) -> None:
    frame.refuse_distorted(*shapely.get_coordinates(shapes).T, where=path)


def _read(path: str | Path, where: Where | None) -> tuple[list[Any], CRS, dict[str, Any]]:
    plain = None if isinstance(where, str) else _read_plain(Path(path))
    if plain is None:
        return _read_any(path, where)
    geometries, columns = plain
    if isinstance(where, Mapping):
        chosen = _matching(where, columns, len(geometries), str(path))
        geometries = [geometry for geometry, wanted in zip(geometries, chosen, strict=True) if wanted]
        columns = {name: values[chosen] for name, values in columns.items()}
    if not geometries:
        raise BorderError(_nothing(where), where=str(path), expected="at least one line")
    return list(shapely.force_2d(geometries)), CRS.from_epsg(WGS84), columns


def _read_plain(path: Path) -> tuple[list[Any], dict[str, Any]] | None:
    """Geometries and columns of a GeoJSON file according to RFC 7946; None for anything else, which GDAL must read.

    GDAL would cost a live process 60 MB of memory to read one line.
    """
    if path.suffix.lower() not in (".geojson", ".json"):
        return None
    try:
        document = read_json(path)
        if document["type"] != "FeatureCollection" or "crs" in document or not document["features"]:
            return None
        features = document["features"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of coordinates that are not finite: refused later
            geometries = [shape(feature["geometry"]) for feature in features]
        properties = [dict(feature.get("properties") or {}) for feature in features]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, shapely.errors.ShapelyError):
        return None
    names = dict.fromkeys(name for row in properties for name in row)
    return geometries, {name: np.array([row.get(name) for row in properties], dtype=object) for name in names}


def _read_any(path: str | Path, where: Where | None) -> tuple[list[Any], CRS, dict[str, Any]]:
    import pyogrio

    layers = None
    plain, layer = file_and_layer(path)
    file = str(path) if layer is None else str(plain)  # as given: a Path would shorten an address such as zip://
    _refuse_requests(file)
    try:
        layers = [str(name) for name in pyogrio.list_layers(file)[:, 0]]
        if layer is None and len(layers) != 1:
            raise BorderError(
                f"the file has several layers: {', '.join(layers)}" if layers else "the file has no layer",
                where=str(path),
                expected=f"{plain.name}{LAYER_MARK}{layers[0]}, or another of them" if layers else "a layer of lines",
            )
        if layer is not None and layer not in layers:
            raise BorderError(f"has no layer {layer!r}", where=str(file), expected=f"one of {', '.join(layers)}")
        query = where if isinstance(where, str) else None
        meta, _, wkb, columns = pyogrio.raw.read(file, layer=layer, where=query)
    except (ValueError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        if layers is None or not isinstance(where, str):
            raise BorderError(
                "the file cannot be read", where=str(path), expected="a shp, GeoJSON or GPKG file"
            ) from error
        known = ", ".join(map(str, pyogrio.read_info(file, layer=layer)["fields"])) or "none"
        raise BorderError(
            f"the filter {where!r} cannot be applied",
            where=str(path),
            expected=f"a condition as in SQL on the columns {known}",
        ) from error
    if wkb is None or meta["crs"] is None:
        missing = "geometries" if wkb is None else "coordinate system"
        raise BorderError(f"the file has no {missing}", where=str(path), expected="georeferenced lines")
    table = dict(zip(meta["fields"], columns, strict=True))
    chosen = np.ones(len(wkb), dtype=bool)
    if isinstance(where, Mapping):
        chosen = _matching(where, table, len(wkb), str(path))
    geometries = list(shapely.force_2d(shapely.from_wkb(wkb[chosen], on_invalid="ignore")))
    if not geometries:
        raise BorderError(_nothing(where), where=str(path), expected="at least one line")
    named = {name: values[chosen] for name, values in table.items()}
    return geometries, horizontal_part(CRS.from_user_input(meta["crs"])), named


def _refuse_requests(path: str | Path) -> None:
    try:
        refuse_requests(str(path))
    except BadInput as error:
        raise BorderError(error.what, where=error.where, expected=error.expected) from None


def _nothing(where: Where | None) -> str:
    return "the file has no feature" if where is None else f"no feature matches {where!r}"


def _matching(where: Mapping[str, object], columns: dict[str, Any], count: int, path: str) -> Bools:
    chosen = np.ones(count, dtype=bool)
    for name, wanted in where.items():
        if name not in columns:
            raise BorderError(f"no column {name!r}", where=path, expected=f"one of {', '.join(map(str, columns))}")
        values = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        chosen &= np.array([value in values for value in columns[name].tolist()], dtype=bool)
    return chosen


def _only_lines(geometries: Sequence[Any], path: str) -> list[LineString]:
    lines: list[LineString] = []
    for geometry in geometries:
        kind = "no shape" if geometry is None else geometry.geom_type
        if kind not in {"LineString", "MultiLineString"}:
            area = ", or a border zone for an area" if "Polygon" in kind else ""
            raise BorderError(f"a feature is {kind}", where=path, expected=f"lines only{area}")
        if not np.isfinite(shapely.get_coordinates(geometry)).all():
            raise BorderError("a line has coordinates that are not finite", where=path, expected="numbers")
        lines += [line for line in shapely.get_parts(geometry) if not line.is_empty]
    pointlike = next((line for line in lines if line.length == 0.0), None)
    if pointlike is not None:
        raise BorderError(
            f"a line has no length, at {pointlike.coords[0][0]:g}, {pointlike.coords[0][1]:g}",
            where=path,
            expected="lines of at least two points",
        )
    return lines


def _outline(clip: Clip, crs: CRS, path: str) -> BaseGeometry:
    """The clip as an area in the file's own coordinates."""
    if isinstance(clip, xr.Dataset):
        easting, northing = clip["easting"].to_numpy(), clip["northing"].to_numpy()
        inside: BaseGeometry = box(easting.min(), northing.min(), easting.max(), northing.max())
        source, longest = CRS.from_wkt(clip.attrs["crs"]), LONGEST_EDGE_M
    else:
        inside = clip if isinstance(clip, BaseGeometry) else _box(*clip)
        source, longest = CRS.from_epsg(WGS84), LONGEST_EDGE_DEG
    outline = shapely.transform(shapely.segmentize(inside, longest), _moving(source, crs))
    if crs.is_geographic and isinstance(outline, Polygon) and not source.equals(crs):
        outline = _unrolled(outline, crs)
    if not (outline.area > 0.0 and np.isfinite(shapely.get_coordinates(outline)).all()):
        raise BorderError("the clip is not an area in the file's coordinates", where=path, expected="an area near it")
    return outline


def _box(west: float, south: float, east: float, north: float) -> Polygon:
    """A box in degrees; across the 180th meridian where west is the larger, as in RFC 7946."""
    return box(west, south, east + 360.0 if west > east else east, north)


def _clipped(lines: Sequence[LineString], outline: BaseGeometry, path: str) -> list[LineString]:
    pieces: list[LineString] = []
    for line in lines:
        for piece in shapely.get_parts(shapely.intersection(line, outline)):
            if piece.geom_type == "LineString" and piece.length > 0.0:
                early, late = (line.project(piece.interpolate(share, normalized=True)) for share in (0.25, 0.75))
                pieces.append(piece if early <= late else piece.reverse())
    if not pieces:
        raise BorderError(
            "the line is outside the terrain or clip", where=path, expected="a line that crosses it, longitude first"
        )
    return pieces


def _in_frame(line: Shape, crs: CRS, frame: LocalFrame, path: str) -> Shape:
    if not crs.equals(frame.crs, ignore_axis_order=True):
        longest = LONGEST_EDGE_DEG if crs.is_geographic else LONGEST_EDGE_M / crs.axis_info[0].unit_conversion_factor
        line = shapely.transform(shapely.segmentize(line, longest), _moving(crs, frame.crs))
    if not np.isfinite(shapely.get_coordinates(line)).all():
        raise BorderError("the frame does not cover the whole line", where=path, expected="a clip, or a frame near it")
    return line


def _moving(source: CRS, target: CRS) -> Callable[[Floats], Floats]:
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
    return lambda places: np.column_stack(transformer.transform(places[:, 0], places[:, 1]))


def joined(lines: Sequence[LineString]) -> list[LineString]:
    """Join lines that share an end, to within TOUCHING_M, longest first.

    A line is first continued by those that start where it ends, as digitised, in file order. Lines that then still meet
    end to end or start to start are joined too, and the shorter is reversed, so that left stays left along the whole.
    """
    chains = _grown(_touching(lines), turning=False)
    chains.sort(key=_length, reverse=True)
    chains = _grown(chains, turning=True)
    chains.sort(key=_length, reverse=True)
    return [LineString(chain) for chain in chains]


def _touching(lines: Sequence[LineString]) -> list[Floats]:
    """Vertices of the lines; an end that no other shares is moved onto the nearest other end within TOUCHING_M.

    That may be the line's own other end. Lines shorter than twice that stay as they are, and two that run beside each
    other within it are not joined to a ring.
    """
    places = [np.array(line.coords) for line in lines]
    points = shapely.points([place[end] for place in places for end in (0, -1)])  # two of each line
    near: dict[int, list[int]] = defaultdict(list)
    for i, j in shapely.STRtree(points).query(points, predicate="dwithin", distance=TOUCHING_M).T.tolist():
        if i != j:
            near[i].append(j)
    settled = {i for i, others in near.items() if any(points[i] == points[j] for j in others)}
    for i, others in near.items():
        line = lines[i // 2]
        if i in settled or line.length < 2.0 * TOUCHING_M:
            continue
        alone = [j for j in others if j // 2 == i // 2 or line.hausdorff_distance(lines[j // 2]) > TOUCHING_M]
        if alone:
            j = min(alone, key=lambda other: points[i].distance(points[other]))
            places[i // 2][-(i % 2)] = places[j // 2][-(j % 2)]
            settled |= {i, j}
    return places


def _length(chain: Floats) -> float:
    return float(np.hypot(*np.diff(chain, axis=0).T).sum())


def _grown(pieces: Sequence[Floats], *, turning: bool) -> list[Floats]:
    """Each piece in turn, lengthened at its end and then at its start by unused pieces that touch there."""
    touching: dict[tuple[float, float], list[int]] = defaultdict(list)
    for i, piece in enumerate(pieces):
        touching[tuple(piece[0])].append(i)
        touching[tuple(piece[-1])].append(i)
    used: set[int] = set()

    def touching_piece(place: Floats, end: int) -> Floats | None:
        """The unused piece whose ``end`` (0 its start, −1 its end) is at ``place``; when turning, any, turned so."""
        unused = [i for i in touching[tuple(place)] if i not in used]
        fitting = [i for i in unused if tuple(pieces[i][end]) == tuple(place)]
        if not fitting and not (turning and unused):
            return None
        chosen = (fitting or unused)[0]
        used.add(chosen)
        return pieces[chosen] if fitting else pieces[chosen][::-1]

    chains = []
    for i, piece in enumerate(pieces):
        if i in used:
            continue
        used.add(i)
        chain = [piece]
        while (after := touching_piece(chain[-1][-1], 0)) is not None:
            chain.append(after)
        while (before := touching_piece(chain[0][0], -1)) is not None:
            chain.insert(0, before)
        chains.append(np.concatenate([chain[0], *(link[1:] for link in chain[1:])]))
    return chains


def one_way(lines: Sequence[LineString]) -> list[LineString]:
    """Lines in the direction of the longest, the first in ``lines``, so that the own side is the same for all.

    A line beside the longest is reversed if its end is before its start along the longest. A line past one of the
    longest's ends is reversed if it would otherwise run towards that end from behind it, or away from it before it.
    Rings keep their direction, since they have no ends, and give none to others: the longest is then the next line.
    """
    longest = next((line for line in lines if not line.is_ring), lines[0])
    turned = []
    for line in lines:
        start, end = shapely.Point(line.coords[0]), shapely.Point(line.coords[-1])
        onward = longest.project(end) - longest.project(start)
        if onward == 0.0:
            place = longest.interpolate(longest.project(start))
            before = longest.project(start) < longest.length / 2.0
            onward = (start.distance(place) - end.distance(place)) * (1.0 if before else -1.0)
        turned.append(line.reverse() if onward < 0.0 and not line.is_ring else line)
    return turned


def in_order(lines: Sequence[LineString]) -> list[LineString]:
    """Order lines with gaps between them, one after the other along the border.

    The first is the one whose start is farthest from every other's end; each next one starts nearest to the end of the
    previous one. Ties go to the earlier in ``lines``.
    """
    starts = np.array([line.coords[0] for line in lines])
    ends = np.array([line.coords[-1] for line in lines])
    gaps = np.hypot(*(starts[:, None] - ends[None]).transpose(2, 0, 1))  # (following, preceding)
    np.fill_diagonal(gaps, math.inf)
    order = [int(np.argmax(gaps.min(axis=1)))]
    while len(order) < len(lines):
        to_next = gaps[:, order[-1]].copy()
        to_next[order] = math.inf
        left = [i for i in range(len(lines)) if i not in order]
        order.append(min(left, key=lambda i: (to_next[i], i)))
    return [lines[i] for i in order]
