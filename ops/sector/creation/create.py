"""``watchline sector init``: a sector file with comments, example layouts, an example base and schemas for editors."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from geo.errors import BadInput
from geo.message import Message, Parameter
from geo.names import readable
from geo.vector_files import LAYER_MARK, file_and_layer
from ops.runtime.output import atomic_write
from ops.sector.base_map import OSM_CREDIT, credit_for
from ops.sector.creation.example_layout import (
    ExampleSites,
    SitePosition,
    compass_of,
    example_base,
    example_layout,
    example_sites,
    items_used,
)
from ops.sector.creation.new_sector import (
    EXAMPLES,
    NewSector,
    name_of,
    refuse_early,
    refuse_files,
    side_of_bases,
    side_of_position,
)
from ops.sector.open_sector import frame_for, terrain_of
from ops.sector.schemas import NAMES, file_schema

if TYPE_CHECKING:
    import xarray as xr

    from geo.border import Border
    from geo.frame import LocalFrame

SEGMENT_LENGTHS_M: Final = ((60_000.0, 500.0), (150_000.0, 1_000.0), (float("inf"), 2_000.0))
"""Segment length by the length of the border."""
SETTLEMENTS_READ: Final = 5_000


@dataclass(frozen=True, slots=True)
class Created:
    """The new sector file, all files written, what was found, and the assumptions made."""

    sector: Path
    files: tuple[Path, ...]
    border: Message
    assumptions: tuple[Message, ...] = field(default=())


def create_sector(new: NewSector) -> Created:
    """Write a new sector.

    Raises
    ------
    BadInput
        Where a file of the sector already exists, for terrain or border that cannot be opened or do not overlap, and
        for an own side that is not one.
    """
    refuse_early(new)
    name = name_of(new)
    frame, terrain, border, side_message = _opened(new)
    empty = refuse_files(new, frame, terrain)
    sites = ExampleSites((), (), (), 0) if new.layout is not None else example_sites(terrain, border)
    layouts = {} if new.layout is not None else {one: example_layout(one, sites, border, frame) for one in EXAMPLES}
    if new.layout is None and not any(one["features"] for one in layouts.values()):
        raise BadInput(
            "no known terrain beside the border on the own side",
            where=str(new.border),
            expected="heights there, the other --own-side, or a --layout of your own",
        )
    base, base_message = _base(new, frame, terrain, border)
    assumptions = ([side_message] if side_message is not None else []) + empty
    if layouts:
        assumptions += [
            Message("sector-init-sites", {"tried": sites.tried}),
            Message("sector-init-links"),
            Message("sector-init-equipment", {"items": items_used(list(layouts.values()))}),
        ]
    if base_message is not None:
        assumptions.append(base_message)
    files: dict[Path, str] = {
        new.folder / f"layout_{one}.geojson": _geojson(document) for one, document in layouts.items()
    }
    if base is not None:
        files[new.folder / "bases.geojson"] = _geojson(base)
    files |= {new.folder / "schema" / f"{one}.schema.json": _text(file_schema(one)) for one in NAMES}
    length_m = next(step for longest, step in SEGMENT_LENGTHS_M if border.length_m <= longest)
    has_bases = new.bases is not None or base is not None
    credit = new.credit if new.credit is not None else credit_for(new.map_files)
    if credit and new.credit is None:
        assumptions.append(Message("sector-init-credit", {"credit": credit}))
    files[new.folder / "sector.toml"] = _sector_toml(new, name, border, length_m, has_bases, credit)
    _write(files)
    values: dict[str, Parameter] = {
        "length_m": border.ground_length_m,
        "side": border.home_side,
        "compass": compass_of(border, frame),
    }
    return Created(new.folder / "sector.toml", tuple(files), Message("sector-init-border", values), tuple(assumptions))


def _write(files: dict[Path, str]) -> None:
    """Write all files, or none: what was written before an error is removed. BadInput where that is not possible."""
    written: list[Path] = []
    folders: list[Path] = []
    try:
        for path, text in files.items():
            folders += [folder for folder in (*reversed(path.parent.parents), path.parent) if not folder.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as partial:
                partial.write_text(text, encoding="utf-8")
            written.append(path)
    except BaseException as error:
        for made in written:
            made.unlink(missing_ok=True)
        for folder in reversed(folders):
            if folder.is_dir():
                folder.rmdir()
        if isinstance(error, OSError):
            raise BadInput(
                f"cannot be written ({error.strerror})",
                where=str(error.filename or path),
                expected="a folder to write in",
            ) from None
        raise


def _opened(new: NewSector) -> tuple[LocalFrame, xr.Dataset, Border, Message | None]:
    from geo.border import Border
    from geo.terrain import frame_of

    where = new.border_where or None
    wanted = frame_for(new.terrain, "auto", None, new.border, where)
    terrain = terrain_of(new.terrain, frame=wanted, nodata=None)
    frame = frame_of(terrain)

    def with_side(side: Literal["left", "right"]) -> Border:
        return Border.from_file(new.border, frame, segment_length_m=500.0, where=where, clip=terrain, home_side=side)

    if new.own_side in ("left", "right"):
        return frame, terrain, with_side("left" if new.own_side == "left" else "right"), None
    left = with_side("left")
    if new.own_side:
        side = side_of_position(new.own_side, left, terrain)
    elif new.bases is not None:
        side = side_of_bases(new.bases, left, terrain)
    else:
        return frame, terrain, left, Message("sector-init-side", {"side": "left"})
    return frame, terrain, left if side == "left" else with_side(side), None


def _base(
    new: NewSector, frame: LocalFrame, terrain: xr.Dataset, border: Border
) -> tuple[dict[str, Any] | None, Message | None]:
    """Return an example base as GeoJSON, and where it is; nothing where the sector has bases of its own."""
    if new.bases is not None:
        return None, None
    near = None if new.settlements is None else _settlement(new.settlements, frame, terrain, border)
    place = example_base(terrain, border) if near is None else near[0]
    if place is None:
        return None, None
    name = "Example base" if near is None or not near[1] else f"Example base at {near[1]}"
    lon, lat = frame.to_lonlat(place.easting, place.northing)
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(float(lon), 6), round(float(lat), 6)]},
        "properties": {"id": "base-1", "name": name, "note": "Example written by watchline sector init."},
    }
    reason = "ground" if near is None else "settlement" if near[1] else "nameless"
    values = {"reason": reason, "place": "" if near is None else near[1]}
    return {"type": "FeatureCollection", "features": [feature]}, Message("sector-init-base", values)


def _settlement(path: Path, frame: LocalFrame, terrain: xr.Dataset, border: Border) -> tuple[SitePosition, str] | None:
    """Return the settlement on the own side that is nearest to the border and on the terrain, and its name."""
    import math

    from geo.mobility.roads_and_rivers import read_map_file
    from geo.terrain import sample

    table: Any = read_map_file("settlements", path, frame, clip=terrain)
    found = []
    for row in table.to_crs(4326).head(SETTLEMENTS_READ).itertuples():
        if row.geometry is None or row.geometry.is_empty:
            continue
        point = row.geometry.representative_point()
        east, north = frame.to_local(point.x, point.y)
        segment, _, offset = border.locate(east, north)
        if int(segment) >= 0 and float(offset) > 0.0 and math.isfinite(float(sample(terrain, east, north))):
            name = getattr(row, "name", None)
            shown = readable(name).strip() if isinstance(name, str) else ""
            found.append((float(offset), SitePosition(float(east), float(north)), shown))
    return None if not found else min(found, key=lambda one: one[0])[1:]


def _sector_toml(
    new: NewSector, name: str, border: Border, segment_length_m: float, has_bases: bool, credit: str
) -> str:
    """Return the text of the sector file, with a comment on every key."""
    title = name.replace("-", " ").replace("_", " ").capitalize()
    layouts = (
        [f"own = {_quoted(_relative(new.layout, new.folder))}"]
        if new.layout is not None
        else [f'{one} = "layout_{one}.geojson"' for one in EXAMPLES]
    )
    lines = [
        "#:schema schema/sector.schema.json",
        "# A Watchline sector. Paths are relative to this file. After each change: watchline sector check .",
        "",
        f"name = {_quoted(name)}  # in topics and folders: letters, digits, dots, underscores, hyphens",
        f"title = {_quoted(title)}  # for people",
        f"terrain = {_quoted(_relative(new.terrain, new.folder))}  # elevations: a raster, a folder or tiles",
        f"border = {_quoted(_relative(new.border, new.folder))}  # a map file of lines",
        f"border_where = {_quoted(new.border_where)}  # which lines of that file"
        if new.border_where
        else "# border_where = \"name = 'North'\"  # which lines of that file; default: all",
        'frame = "auto"  # or the EPSG code of a projected coordinate system in metres',
        f"segment_length_m = {segment_length_m:g}  # the border is analysed in segments of this length",
        "belt_m = 2000  # the area within this distance of the border, on either side, is analysed",
        f'home_side = "{border.home_side}"  # own side, seen along the line (arrows of the preview)',
        'time_zone = "UTC"  # for people, such as "Europe/Andorra"; everything inside is UTC',
        '# language = "en"  # of what a running sector publishes: "en" or "fr"; default: that of the environment',
    ]
    bases = "bases.geojson" if new.bases is None else _relative(new.bases, new.folder)
    lines += [f"bases = {_quoted(bases)}  # patrol bases: GeoJSON points with a name"] if has_bases else []
    for key, file, meaning in (
        ("roads", new.roads, "roads and paths with a column highway, class, fclass or speed_kmh"),
        ("rivers", new.rivers, "rivers and lakes"),
        ("settlements", new.settlements, "inhabited places"),
    ):
        lines.append(
            f'# {key} = "map.gpkg{LAYER_MARK}{key}"  # {meaning}'
            if file is None
            else f"{key} = {_quoted(_relative(file, new.folder))}  # {meaning}"
        )
    lines += [
        '# base_map = "country.pmtiles"  # PMTiles archive of vector tiles or pictures, below the map files'
        if new.base_map is None
        else f"base_map = {_quoted(_relative(new.base_map, new.folder))}  # PMTiles archive, below the map files",
        f"map_credit = {_quoted(credit)}  # shown on the map, as the licence of map files may require"
        if credit
        else f"# map_credit = {_quoted(OSM_CREDIT)}  # shown on the map, as the licence of map files may require",
        '# land_cover = "cover.tif"  # classes of land cover; canopy_height = "trees.tif"  # metres',
        '# indicators = "indicators.jsonl"  # history or table of indicators; outcomes = "outcomes.csv"',
        '# action_plan = "action_plan.toml"  # National Action Plan, for `watchline score`',
        '# store = "data"  # data folder of `watchline run`; challenge = "challenge"  # that of `challenge`',
        '# training = "training.jsonl"  # records of `watchline drill`, for `watchline score`',
        "",
        "[layouts]  # sensors by layout: GeoJSON or GeoPackage points; the first is the default",
        *layouts,
    ]
    return "\n".join(lines) + "\n"


def _relative(file: str | Path, folder: Path) -> str:
    """Return a path relative to the sector's folder; addresses and samples as they are."""
    text = str(file)
    if "://" in text or text.startswith(("/vsi", "sample:")):
        return text
    path, layer = file_and_layer(text)
    relative = os.path.relpath(path.resolve(), folder.resolve()).replace(os.sep, "/")
    return relative if layer is None else f"{relative}{LAYER_MARK}{layer}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _geojson(document: dict[str, Any]) -> str:
    """Return a GeoJSON document with one feature on each line."""
    head = {key: value for key, value in document.items() if key != "features"}
    rows = ",\n".join("  " + json.dumps(feature, ensure_ascii=False) for feature in document["features"])
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + rows + "\n]}\n"
