"""``watchline sector check``: everything that later commands would refuse, in one list, and what may surprise.

Nothing is computed that takes long: files are opened, and each sensor is placed on the terrain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.errors import BadInput, BorderError, FrameError
from geo.message import Message, Parameter
from geo.names import readable
from geo.text_files import read_text
from geo.vector_files import file_and_layer
from ops.sector.layouts.defaults import defaults_used
from ops.sector.layouts.file import frame_of
from ops.sector.open_sector import OpenSector, frame_for, terrain_of
from ops.sector.sector_file import Sector, base_errors, read_bases, read_sector, sector_path
from ops.sector.toml_record import ConfigError, line_of
from ops.sector.ways import check_map_file

if TYPE_CHECKING:
    import shapely
    import xarray as xr

    from geo.border import Border, Zone
    from geo.frame import LocalFrame
    from sensors.errors import LayoutError
    from sensors.layout import Layout

WHOLE_EARTH = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One error: the file, the place in it (a line and key, a sensor or feature), what is wrong, what was expected."""

    file: str
    position: str
    problem: str
    expected: str

    @property
    def sentence(self) -> str:
        """The finding on one line."""
        at = f"{self.file}, {self.position}" if self.position else self.file
        return readable(f"{at}: {self.problem}; expected {self.expected}.")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is permitted and may surprise, with the file that it concerns."""

    file: str
    message: Message


@dataclass(slots=True)
class SectorCheck:
    """The result of a check: errors and notices in the order of the files, and the files that were read."""

    sector: Path
    errors: list[Finding] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    read: list[str] = field(default_factory=list)


def check_sector(
    name_or_path: str | Path, *, settings: Path | None = None, catalogue: Path | None = None
) -> SectorCheck:
    """Check a sector file with all files that it names, and settings and catalogue files beside it.

    Parameters
    ----------
    name_or_path : str or Path
        The sector, as for ``load_sector``.
    settings, catalogue : Path, optional
        Further files to check.

    Returns
    -------
    SectorCheck
        Without errors, every command opens the sector.

    Raises
    ------
    ConfigError
        Where there is no such sector.
    """
    path = sector_path(name_or_path)
    return _Check(path).run(settings, catalogue)


class _Check:
    """One check: each step adds to the findings, and later steps use what earlier ones could read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found = SectorCheck(path)
        self.values: dict[str, Any] = {}
        self.terrain: xr.Dataset | None = None
        self.frame: LocalFrame | None = None
        self.border: Border | None = None
        self.zone: Zone | None = None
        self.bases: dict[str, tuple[float, float]] = {}
        self.equipment: Any = None
        self.wrong: set[str] = set()

    def run(self, settings: Path | None, catalogue: Path | None) -> SectorCheck:
        if settings is not None:
            self._settings(settings)
        if catalogue is not None:
            self._catalogue(catalogue)
        if self._sector():
            self._terrain()
            self._border()
            self._bases()
            self._areas()
            self._map_files()
            for file in dict.fromkeys(self.values.get("layouts", {}).values()):
                self._layout(file)
        return self.found

    # --- the files

    def _sector(self) -> bool:
        try:
            self.values, errors = read_sector(self.path)
        except ConfigError as error:
            self._add(self.path, "", error)
            return False
        text = read_text(self.path)
        self.wrong = {found.key for found in errors}
        for found in errors:
            self._add(self.path, _place_in(text, found.key), found)
        self.found.read.append(str(self.path))
        return True

    def _terrain(self) -> None:
        terrain = self.values.get("terrain")
        if terrain is None:
            return
        nodata = self.values.get("nodata")
        frame = self.values.get("frame", "auto")
        if frame != "auto":
            from geo.frame import LocalFrame

            with self._reporting("frame", of_file=False):
                LocalFrame.from_epsg(int(frame))
            if self.found.errors and self.found.errors[-1].position.endswith("key frame"):
                frame = "auto"  # the rest is checked in the terrain's own system
        with self._reporting("terrain"):
            border, where = self.values.get("border"), self.values.get("border_where")
            try:
                wanted = frame_for(terrain, frame, nodata, border, where)
            except BorderError:  # the step for the border reports it
                wanted = frame_for(terrain, frame, nodata, None, None)
            self.terrain = terrain_of(terrain, frame=wanted, nodata=nodata)
            from geo.terrain import frame_of

            self.frame = frame_of(self.terrain)
        for key in ("canopy_height", "land_cover"):
            if self.values.get(key) is not None and self.terrain is not None:
                with self._reporting(key):
                    terrain_of(terrain, frame=self.frame, nodata=nodata, **{key: self.values[key]})

    def _border(self) -> None:
        border, where = self.values.get("border"), self.values.get("border_where")
        if border is None:
            return
        from geo.border import Border
        from geo.border.line_files import read_degrees

        with self._reporting("border"):
            if self.terrain is None or self.frame is None:
                if not len(read_degrees(border, where=where, clip=WHOLE_EARTH)[0]):
                    raise BadInput("no line", where=str(border), expected="at least one line")
                return
            length_m = self.values.get("segment_length_m", 500.0)
            zone = self.values.get("zone")
            if zone is not None:
                self.zone = zone.open(
                    border, self.frame, segment_length_m=length_m, border_where=where, clip=self.terrain
                )
                self.border = self.zone.inner
                return
            side = self.values.get("home_side", "left")
            self.border = Border.from_file(
                border, self.frame, segment_length_m=length_m, where=where, clip=self.terrain, home_side=side
            )
        if self.border is not None:
            self._border_notices(self.border)

    def _border_notices(self, border: Border) -> None:
        from ops.sector.off_terrain import OffTerrain, gaps_in, voids_in

        assert self.terrain is not None
        assert self.frame is not None
        ground = OpenSector(self._sector_with({}), self.terrain, self.frame, border, _no_layout(self.frame), self.zone)
        for message in (*gaps_in(ground), *OffTerrain.of(ground).messages, *voids_in(ground)):
            self._notice(self.path, message)
        distortion = ground.distortion
        if not distortion.negligible:
            values: dict[str, Parameter] = {"frame": self.frame.crs.name, "scale": distortion.scale_error}
            self._notice(self.path, Message("sector-notice-frame", values))

    def _bases(self) -> None:
        path = self.values.get("bases")
        if "bases" in self.wrong:
            return  # the error of the sector file says why
        if path is None:
            self._notice(self.path, Message("sector-notice-no-bases"))
            return
        errors = base_errors(path)
        for place, error in errors:
            self._add(path, place, error)
        if errors:
            self.values["bases"] = None  # the rest is checked as if there were none
            return
        self.found.read.append(str(path))
        self.bases = read_bases(path)
        beyond = tuple(name for name, place in self.bases.items() if not self._on_terrain(*place))
        if beyond:
            self._notice(path, Message("sector-notice-bases-off", {"bases": beyond, "count": len(beyond)}))

    def _areas(self) -> None:
        from geo.areas import area_errors, read_areas

        path = self.values.get("areas")
        if path is None:
            return  # without a file; one that is missing is reported with the sector file
        errors = area_errors(path)
        for place, error in errors:
            self._add(path, place, error)
        if errors:
            self.values["areas"] = None
            return
        self.found.read.append(str(path))
        beyond = tuple(one.name for one in read_areas(path) if not self._touches_terrain(one.shape))
        if beyond:
            self._notice(path, Message("sector-notice-areas-off", {"areas": beyond, "count": len(beyond)}))

    def _map_files(self) -> None:
        from geo.border.sections import read_sections
        from geo.mobility.roads_and_rivers import SHAPES

        for key in SHAPES:
            file = self.values.get(key)
            if file is not None and self.frame is not None and self.terrain is not None:
                with self._reporting(key):
                    if not check_map_file(key, file, self.frame, self.terrain):
                        self._notice(file, Message("sector-notice-map-empty", {"kind": key}))
        self._base_map()
        self._credit()
        sections = self.values.get("sections")
        if sections is not None and self.border is not None:
            with self._reporting("sections"):
                read_sections(sections, self.border, impact_level="impact_level")

    def _base_map(self) -> None:
        from geo.tile_archive import TileArchive

        file = self.values.get("base_map")
        if file is None:
            return
        with self._reporting("base_map"):
            west, south, east, north = TileArchive.open(file).bounds
            self.found.read.append(str(file))
            if self.terrain is not None and self.frame is not None:
                from geo.terrain import bounds

                left, low, right, high = bounds(self.terrain)
                corners = [self.frame.to_lonlat(x, y) for x in (left, right) for y in (low, high)]
                lons, lats = zip(*corners, strict=True)
                if west > max(lons) or east < min(lons) or south > max(lats) or north < min(lats):
                    self._notice(file, Message("sector-notice-base-map-off"))

    def _credit(self) -> None:
        from ops.sector.base_map import OSM_CREDIT, credit_for

        files = [self.values[key] for key in ("roads", "rivers", "settlements") if self.values.get(key) is not None]
        if not self.values.get("map_credit") and "map_credit" not in self.wrong and credit_for(files):
            self._notice(self.path, Message("sector-notice-credit", {"credit": OSM_CREDIT}))

    def _layout(self, file: Path) -> None:
        from sensors.layout import Layout
        from sensors.layout_errors import layout_file_errors

        frame = self.frame if self.frame is not None else frame_of(file)
        errors = layout_file_errors(file, frame, catalogue=self.equipment)
        far = {_within(error.where, file) for error in errors if "too far away" in error.what}
        errors += [error for error in self._off_terrain(file) if error.where not in far]
        for error in errors:
            self._add(file, _within(error.where, file), error)
        if errors:
            return
        self.found.read.append(str(file))
        layout = Layout.from_file(file, frame, catalogue=self.equipment)
        for message in (*defaults_used(file), *self._of_sensors(layout)):
            self._notice(file, message)

    def _off_terrain(self, file: Path) -> Iterator[LayoutError]:
        """Sensors beside the terrain, which no analysis accepts: found whatever else is wrong in the layout."""
        from sensors.errors import LayoutError
        from sensors.layout_errors import positions_in

        for sensor, lon, lat in positions_in(file, catalogue=self.equipment):
            if not self._on_terrain(lon, lat):
                what = f"longitude {lon:g}, latitude {lat:g} is outside the terrain"
                yield LayoutError(
                    what, where=f"sensor {sensor!r}", expected="a position on the terrain, longitude first"
                )

    def _of_sensors(self, layout: Layout) -> Iterator[Message]:
        from ingest.errors import TopicError
        from ingest.topics import identifier
        from ops.sector.layouts.links import links_of
        from sensors.radar import Radar

        def unusable(name: str) -> bool:
            try:
                identifier(name, "sensor")
            except TopicError:
                return True
            return False

        if not len(layout):
            yield Message("sector-notice-no-sensors")
            return
        yield from _named("sector-notice-topic", [s.id for s in layout if unusable(s.id)])
        silent = [
            s.id
            for s in layout
            if (isinstance(s, Radar) and s.range_sd_m is None)
            or (s.kind in ("radar", "camera", "radio", "human") and s.azimuth_sd_deg is None)
        ]
        yield from _named("sector-notice-errors", silent)
        if self.terrain is None or self.border is None or self.frame is None:
            return
        if "home_side" not in self.wrong:
            yield from self._of_sides(layout)
        ground = OpenSector(self._sector_with({}), self.terrain, self.frame, self.border, layout, self.zone)
        links = links_of(ground)
        if not links.unchecked:
            yield from _named("sector-notice-unlinked", list(links.unlinked))

    def _of_sides(self, layout: Layout) -> Iterator[Message]:
        """Whether more sensors and bases are on the far side than on the own one: then the side is probably wrong."""
        assert self.border is not None
        assert self.frame is not None
        places = [(s.easting, s.northing) for s in layout]
        places += [self.frame.to_local(lon, lat) for lon, lat in self.bases.values()]
        offsets = [float(self.border.locate(east, north)[2]) for east, north in places]
        far = sum(offset < 0.0 for offset in offsets)
        if far > sum(offset > 0.0 for offset in offsets):
            yield Message("sector-notice-side", {"count": far, "total": len(offsets)})

    def _settings(self, path: Path) -> None:
        from ops.sector.settings import read_settings, settings_errors

        try:
            errors = settings_errors(read_settings(path), where=str(path))
        except ConfigError as error:
            self._add(path, "", error)
            return
        text = read_text(path)
        for found in errors:
            table = re.search(r"\[+(\w+)\]+( \d+)?$", found.where)
            place = _place_in(text, f"{table[1]}.{found.key}" if table else found.key)
            self._add(path, place + (f" of entry{table[2]}" if table and table[2] else ""), found)
        self.found.read.append(str(path))

    def _catalogue(self, path: Path) -> None:
        from sensors.equipment.catalogue import Catalogue, catalogue_file_errors, shipped

        errors = catalogue_file_errors(path, over=shipped())
        for error in errors:
            self._add(path, error.where.removeprefix(path.name).lstrip(", "), error)
        if not errors:
            self.found.read.append(str(path))
            self.equipment = Catalogue.from_file(path, over=shipped())

    # --- helpers

    def _reporting(self, key: str, *, of_file: bool = True) -> _Reporting:
        return _Reporting(lambda error: self._add_of_key(key, error, of_file=of_file))

    def _add_of_key(self, key: str, error: BadInput, *, of_file: bool) -> None:
        """Add an error of a key of the sector file, or of the file that the key names."""
        file = self.values.get(key) if of_file else None
        place = _place_in(read_text(self.path), key)
        named = file is None or re.search(rf"(?<!\w){re.escape(Path(str(file)).name)}(?!\w)", error.what)
        problem = error.what if named else f"{_name(file or '')}: {error.what}"
        self.found.errors.append(Finding(self.path.name, place, problem, error.expected))

    def _add(self, file: Path, place: str, error: BadInput) -> None:
        self.found.errors.append(Finding(_name(file), place, error.what, error.expected))

    def _notice(self, file: Path, message: Message) -> None:
        self.found.notices.append(Notice(_name(file), message))

    def _on_terrain(self, lon: float, lat: float) -> bool:
        if self.terrain is None or self.frame is None:
            return True
        from geo.terrain import bounds

        try:
            easting, northing = self.frame.to_local(lon, lat)
        except FrameError:  # on another continent
            return False
        west, south, east, north = bounds(self.terrain)
        return bool(west <= easting <= east and south <= northing <= north)

    def _touches_terrain(self, shape: shapely.Geometry) -> bool:
        """Whether any corner of a shape in degrees, or its middle, is on the terrain."""
        import shapely

        middle = shapely.point_on_surface(shape)
        places = [*shapely.get_coordinates(shape).tolist(), [middle.x, middle.y]]
        return any(self._on_terrain((lon + 180.0) % 360.0 - 180.0, lat) for lon, lat in places)

    def _sector_with(self, more: Mapping[str, Any]) -> Sector:
        values = {"name": "checked", "layouts": {"none": self.path}} | self.values | dict(more)
        return Sector(**values, path=self.path.resolve())


class _Reporting:
    """Convert a BadInput of its block to a finding, so that the check continues."""

    def __init__(self, report: Callable[[BadInput], None]) -> None:
        self._report = report

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, BadInput):
            self._report(error)
            return True
        return False


def _named(message: str, sensors: list[str]) -> Iterator[Message]:
    if sensors:
        yield Message(message, {"sensors": tuple(sensors), "count": len(sensors)})


def _no_layout(frame: LocalFrame) -> Layout:
    from sensors.layout import Layout

    return Layout("none", frame, ())


def _place_in(text: str, key: str) -> str:
    """Return line and key of a TOML text, for a key such as ``belt_m`` or ``layouts.basic``."""
    if not key:
        return ""
    table, _, name = key.rpartition(".")
    line = line_of(text, name, table)
    if line is None and table:
        line = line_of(text, table)
    return f"key {key}" if line is None else f"line {line}, key {key}"


def _within(where: str, file: Path) -> str:
    """Return the place of an error within a layout file: without the names of the file, its layer and the layout."""
    for name in (_name(file), file_and_layer(file)[0].name, "layout"):
        where = where.removeprefix(name).removeprefix(", ")
    return where


def _name(file: Path | str) -> str:
    """Return the name of a file for a finding; of a raster address its last part."""
    text = str(file)
    mark = text.find("|layername=")
    return Path(text[:mark] if mark >= 0 else text).name + (text[mark:] if mark >= 0 else "")
