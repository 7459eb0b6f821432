"""A layout: the sensors and relays of a sector, read from GeoJSON points or from a GeoPackage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import FrameError
from geo.frame import LocalFrame
from geo.names import HIDDEN, ONE_LINE, did_you_mean, expected_name
from geo.text_files import EXPECTED_SYSTEM, other_system
from geo.vector_files import file_and_layer
from sensors import camera, ground_sensor, human, radar, radio, relay
from sensors.camera import Camera
from sensors.equipment.catalogue import Catalogue, shipped
from sensors.errors import CatalogueError, LayoutError, UnknownSensor
from sensors.ground_sensor import GroundSensor
from sensors.human import Human
from sensors.layout_document import PLACED, read_document
from sensors.radar import Radar
from sensors.radio import Radio
from sensors.relay import Relay
from sensors.scan import CLASSES
from sensors.sensor import ALSO_CALLED, Confusion, LonLats, Sensor

__all__ = ["Layout", "place", "place_relay"]

AnySensor = Radar | Camera | GroundSensor | Radio | Human
KINDS: Mapping[str, type[Radar] | type[Camera] | type[GroundSensor] | type[Radio] | type[Human]] = {
    radar.KIND: Radar,
    camera.KIND: Camera,
    ground_sensor.KIND: GroundSensor,
    radio.KIND: Radio,
    human.KIND: Human,
}
RECORDS: Mapping[str, type[Any]] = {**KINDS, relay.KIND: Relay}
"""Kinds allowed in a layout file: the sensors' kinds, and relays."""
SCALE_DIGITS = 6  # 5 mm in 10 km; within 4 km of a local frame's origin its metres are ground metres exactly


@dataclass(frozen=True, slots=True)
class Placement:
    """A sensor in its frame.

    The frame's convergence [rad] and scale [1] at its foot, and the edges of its field of view (None: all round; see
    ``grid_azimuths_rad``). A sensor's ranges are metres on the ground; distances in the frame are ``scale`` times
    these.
    """

    sensor: AnySensor
    convergence_rad: float
    scale: float
    azimuths_rad: tuple[float, float] | None

    @property
    def farthest(self) -> float:
        """The sensor's maximum range in metres of the frame."""
        return self.sensor.max_range_m * self.scale

    @property
    def nearest(self) -> float:
        """The sensor's minimum range in metres of the frame."""
        return self.sensor.min_range_m * self.scale

    @property
    def turn_rad(self) -> float:
        """Angle subtracted from a reported azimuth to refer it to grid north: the convergence and the survey's
        offset."""
        return self.convergence_rad + math.radians(self.sensor.north_offset_deg)


@dataclass(frozen=True, slots=True)
class Layout:
    """Sensors in the order of their file, all in one frame.

    Parameters
    ----------
    name : str
        Name of the layout.
    frame : LocalFrame
        The frame.
    sensors : tuple of sensors
        Radars, cameras, ground sensors, radio finders and human observers; may be empty.
    relays : tuple of Relay
        They carry the sensors' reports and detect nothing: length, ids and iteration are of the sensors.

    Raises
    ------
    LayoutError
        For two sensors or relays of one id.
    """

    name: str
    frame: LocalFrame
    sensors: tuple[AnySensor, ...]
    relays: tuple[Relay, ...] = ()
    _placements: Mapping[str, Placement] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ids: set[str] = set()
        for part in (*self.sensors, *self.relays):
            if part.id in ids:
                raise LayoutError(f"two sensors are called {part.id!r}", where=self.name, expected="unique ids")
            ids.add(part.id)
        object.__setattr__(self, "_placements", _placements(self.sensors, self.frame))

    @classmethod
    def from_file(cls, path: Path | str, frame: LocalFrame, *, catalogue: Catalogue | None = None) -> Layout:
        """Read a layout from a GeoJSON FeatureCollection of points in lon/lat, or from a point layer of a GeoPackage.

        Parameters
        ----------
        path : Path or str
            The file; its keys, defaults and limits are described in docs/files.md. In a GeoPackage the columns
            of the layer are the keys, and an empty cell is an absent key; ``FILE|layername=LAYER`` names
            one of several.
        frame : LocalFrame
            The frame.
        catalogue : Catalogue, optional
            Equipment from which a sensor with a ``catalogue`` item takes what it does not state itself; without it the
            shipped one.

        Returns
        -------
        Layout
            Its name is the collection's ``name``, else that of the layer or the file's stem.

        Raises
        ------
        LayoutError
            For a file that cannot be read, a coordinate system other than WGS 84, unknown keys, values out of limits, a
            point that is not on Earth, or two sensors of one id.
        FrameError
            Where the frame's distances or angles are not those on the ground (``LocalFrame.distortion``).
        """
        document = read_document(path, RECORDS)
        path, layer = file_and_layer(path)
        try:
            return cls.from_geojson(document, frame, name=layer or path.stem, catalogue=catalogue)
        except LayoutError as error:
            inside = "" if error.where == (layer or path.stem) else f", {error.where}"
            raise LayoutError(error.what, where=path.name + inside, expected=error.expected) from None

    @classmethod
    def from_geojson(
        cls, document: object, frame: LocalFrame, *, name: str, catalogue: Catalogue | None = None
    ) -> Layout:
        """Build a layout from a parsed GeoJSON FeatureCollection.

        Parameters
        ----------
        document : object
            The parsed document.
        frame : LocalFrame
            The frame.
        name : str
            Name where the collection has none.
        catalogue : Catalogue, optional
            Equipment, as for ``from_file``.

        Returns
        -------
        Layout
            The layout.

        Raises
        ------
        LayoutError
            As ``from_file``.
        """
        if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
            raise LayoutError("is not a FeatureCollection", where=name, expected="GeoJSON points")
        if (wrong := other_system(document)) is not None:
            raise LayoutError(wrong, where=name, expected=EXPECTED_SYSTEM)
        features = document.get("features")
        if not isinstance(features, list):
            raise LayoutError("has no list of features", where=name, expected="GeoJSON points")
        title = document.get("name", name)
        if not isinstance(title, str) or not title.strip():
            raise LayoutError(f"is named {title!r}", where=name, expected="a name in text")
        if HIDDEN.search(title):
            raise LayoutError(f"is named {ascii(title)[:60]}", where=name, expected=ONE_LINE)
        parts = [_part(feature, number, frame, catalogue) for number, feature in enumerate(features)]
        if parts and not frame.distortion([p.easting for p in parts], [p.northing for p in parts]).usable:
            for part in parts:
                try:
                    frame.refuse_distorted(part.easting, part.northing, where=f"layout {title!r}, {part.id!r}")
                except FrameError as error:
                    what = f"longitude {part.lon:g}, latitude {part.lat:g} is too far away: {error.what}"
                    expected = "a position near the sector, longitude first"
                    raise FrameError(what, where=f"sensor {part.id!r}", expected=expected) from None
        relays = tuple(part for part in parts if isinstance(part, Relay))
        return cls(title, frame, tuple(part for part in parts if not isinstance(part, Relay)), relays)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the sensors, in order."""
        return tuple(sensor.id for sensor in self.sensors)

    def __getitem__(self, sensor_id: str) -> AnySensor:
        """Return the sensor with this id; raises UnknownSensor if the layout has none."""
        return self.placement(sensor_id).sensor

    def __contains__(self, sensor_id: object) -> bool:
        return sensor_id in self._placements

    def __iter__(self) -> Iterator[AnySensor]:
        return iter(self.sensors)

    def __len__(self) -> int:
        return len(self.sensors)

    def placement(self, sensor_id: str) -> Placement:
        """Return a sensor with the frame's convergence and scale at its foot.

        Parameters
        ----------
        sensor_id : str
            Id of the sensor.

        Returns
        -------
        Placement
            The sensor in the frame.

        Raises
        ------
        UnknownSensor
            Where the layout has no such sensor.
        """
        try:
            return self._placements[sensor_id]
        except KeyError:
            raise UnknownSensor(
                f"has no sensor {sensor_id!r}", where=f"layout {self.name!r}", expected="a sensor of this layout"
            ) from None


def grid_azimuths_rad(sensor: Sensor, frame: LocalFrame) -> tuple[float, float] | None:
    """Left and right edge of the field of view [rad clockwise from grid north, in 0 to 2π, may wrap]; None: all
    round."""
    return _view(sensor, float(frame.convergence_rad(sensor.easting, sensor.northing)))


def _view(sensor: Sensor, convergence_rad: float) -> tuple[float, float] | None:
    if sensor.field_of_view_deg >= 360.0:
        return None
    centre = math.radians(sensor.azimuth_deg) - convergence_rad
    half = math.radians(sensor.field_of_view_deg) / 2.0
    return (centre - half) % math.tau, (centre + half) % math.tau


def elevations_rad(sensor: Sensor) -> tuple[float, float] | None:
    """Lowest and highest elevation angle of the field of view [rad, positive up]; None: unlimited."""
    if sensor.elevation_min_deg is None or sensor.elevation_max_deg is None:
        return None
    return math.radians(sensor.elevation_min_deg), math.radians(sensor.elevation_max_deg)


def place(frame: LocalFrame, easting: float, northing: float, *, id: str, kind: str, **values: Any) -> AnySensor:
    """Create a sensor at a point of the frame.

    Parameters
    ----------
    frame : LocalFrame
        The frame.
    easting : float, m
        Easting of the sensor.
    northing : float, m
        Northing of the sensor.
    id : str
        Id of the sensor.
    kind : str
        "radar", "camera", "ground_sensor", "radio" or "human".
    **values : Any
        Keys of a layout file.

    Returns
    -------
    Radar or Camera or GroundSensor or Radio or Human
        The sensor.

    Raises
    ------
    LayoutError
        As ``Layout.from_file``.

    Examples
    --------
    >>> from geo.frame import LocalFrame
    >>> from sensors.layout import Layout, place
    >>> frame = LocalFrame.around(8.0, 47.0)
    >>> radar = place(frame, 100.0, 250.0, id="R1", kind="radar", max_range_m=5_000.0)
    >>> Layout("one radar", frame, (radar,)).ids
    ('R1',)
    """
    lon, lat = frame.to_lonlat(float(easting), float(northing))
    properties = known_values({"id": id, "kind": kind, **values}, id, None)
    return KINDS[kind](lon=lon, lat=lat, easting=float(easting), northing=float(northing), **properties)


def place_relay(frame: LocalFrame, easting: float, northing: float, *, id: str, **values: Any) -> Relay:
    """Create a relay at a point of the frame.

    Parameters
    ----------
    frame : LocalFrame
        The frame.
    easting : float, m
        Easting of the relay.
    northing : float, m
        Northing of the relay.
    id : str
        Id of the relay.
    **values : Any
        Keys of a layout file.

    Returns
    -------
    Relay
        The relay.

    Raises
    ------
    LayoutError
        As ``Layout.from_file``.
    """
    lon, lat = frame.to_lonlat(float(easting), float(northing))
    properties = known_values({"id": id, "kind": relay.KIND, **values}, id, None)
    return Relay(lon=lon, lat=lat, easting=float(easting), northing=float(northing), **properties)


def _placements(sensors: Sequence[AnySensor], frame: LocalFrame) -> dict[str, Placement]:
    eastings = np.array([sensor.easting for sensor in sensors], dtype=np.float64)
    northings = np.array([sensor.northing for sensor in sensors], dtype=np.float64)
    if not sensors:
        return {}
    convergences, scales = frame.convergence_rad(eastings, northings), frame.scale_factor(eastings, northings)
    return {
        s.id: Placement(s, float(c), round(float(k), SCALE_DIGITS), _view(s, float(c)))
        for s, c, k in zip(sensors, convergences, scales, strict=True)
    }


def _part(feature: object, number: int, frame: LocalFrame, catalogue: Catalogue | None) -> AnySensor | Relay:
    where = f"feature {number}"
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or feature.get("type") != "Feature" or not isinstance(properties, dict):
        raise LayoutError("is not a GeoJSON feature with properties", where=where, expected="a sensor's point")
    sensor_id = properties.get("id")
    if sensor_id is None:
        raise LayoutError("has no id", where=where, expected="id, kind and max_range_m")
    values = known_values(properties, sensor_id, catalogue)
    lon, lat = point_of(feature.get("geometry"), f"sensor {sensor_id!r}")
    try:
        easting, northing = frame.to_local(lon, lat)
    except FrameError as error:
        raise LayoutError(error.what, where=f"sensor {sensor_id!r}", expected=error.expected) from error
    if not (math.isfinite(easting) and math.isfinite(northing)):
        raise LayoutError(
            f"longitude {lon}, latitude {lat} is outside the frame",
            where=f"sensor {sensor_id!r}",
            expected="a nearby point",
        )
    sensor: AnySensor | Relay = RECORDS[values["kind"]](lon=lon, lat=lat, easting=easting, northing=northing, **values)
    return sensor


def point_of(geometry: object, where: str) -> tuple[float, float]:
    """Return longitude and latitude of a GeoJSON point. Raises LayoutError."""
    coordinates = (
        geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    )
    if isinstance(coordinates, list) and len(coordinates) > 2 and all(_is_number(value) for value in coordinates):
        raise LayoutError(
            f"has a point of {len(coordinates)} numbers",
            where=where,
            expected="longitude and latitude; the height of an antenna is mast_height_m",
        )
    if not (
        isinstance(coordinates, list) and len(coordinates) == 2 and all(_is_number(value) for value in coordinates)
    ):
        raise LayoutError("has no point", where=where, expected="a GeoJSON Point of longitude and latitude")
    lon, lat = float(coordinates[0]), float(coordinates[1])
    if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        raise LayoutError(
            f"longitude {lon:g}, latitude {lat:g} is not on Earth", where=where, expected="degrees, longitude first"
        )
    return lon, lat


def _is_number(value: object) -> bool:
    if isinstance(value, int) and abs(value) >= 1e300:  # too large for a float
        return False
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def known_values(properties: Mapping[str, Any], sensor_id: object, catalogue: Catalogue | None) -> dict[str, Any]:
    """The properties as keyword arguments of the kind's record; absent and null keys keep their defaults."""
    where = f"sensor {sensor_id!r}"
    if properties.get("catalogue") is not None:
        properties = _with_item(properties, where, catalogue)
    kind = properties.get("kind")
    if not isinstance(kind, str) or kind not in RECORDS:
        hint = did_you_mean(kind, RECORDS) if isinstance(kind, str) else ""
        what = "kind is missing" if kind is None else f"kind is {kind!r}{hint}"
        raise LayoutError(what, where=where, expected=f"one of {', '.join(RECORDS)}")
    allowed = {f.name for f in fields(RECORDS[kind])} - PLACED
    unknown = sorted(set(properties) - allowed)
    if unknown:
        raise LayoutError(
            f"key {unknown[0]!r} is not known for a {kind}",
            where=where,
            expected=expected_name(unknown[0], sorted(allowed), ALSO_CALLED),
        )
    if properties.get("max_range_m") is None:
        raise LayoutError("max_range_m is missing", where=where, expected="the farthest range in metres")
    values = {key: value for key, value in properties.items() if value is not None}
    if "confusion" in values:
        values["confusion"] = _confusion(values["confusion"], where)
    for key in ("route", "area"):
        if key in values:
            values[key] = _positions(values[key], key, where)
    return values


def _with_item(properties: Mapping[str, Any], where: str, catalogue: Catalogue | None) -> Mapping[str, Any]:
    """The properties, completed from the catalogue's item."""
    name = properties["catalogue"]
    known = shipped() if catalogue is None else catalogue
    if not isinstance(name, str) or name not in known:
        hint = did_you_mean(name, known.items) if isinstance(name, str) else ""
        raise LayoutError(
            f"catalogue item {name!r} is not in {known.name!r}{hint}",
            where=where,
            expected=f"one of {', '.join(item.name for item in known if item.is_placed)}",
        )
    item = known[name]
    try:
        values = item.layout_values({key: value for key, value in properties.items() if value is not None})
    except CatalogueError as error:
        raise LayoutError(f"{error.where} {error.what}", where=where, expected=error.expected) from None
    if values["kind"] != item.kind:
        raise LayoutError(
            f"kind is {values['kind']!r}", where=where, expected=f"{item.kind!r}, which catalogue item {name!r} is"
        )
    return values


def _confusion(given: object, where: str) -> Confusion:
    """Confusion matrix with rows of the true class and columns of the reported one; from a 5 × 5 list or from nested
    mappings of names to probabilities."""
    expected = f"5 rows of 5 shares, or true class → reported class → share, among {', '.join(CLASSES)}"
    if isinstance(given, dict):
        if set(given) != set(CLASSES) or not all(
            isinstance(row, dict) and set(row) <= set(CLASSES) for row in given.values()
        ):
            raise LayoutError("confusion does not name the classes", where=where, expected=expected)
        given = [[given[true].get(reported, 0.0) for reported in CLASSES] for true in CLASSES]
    if not isinstance(given, (list, tuple)) or not all(
        isinstance(row, (list, tuple)) and all(_is_number(value) for value in row) for row in given
    ):
        raise LayoutError("confusion is not a matrix of numbers", where=where, expected=expected)
    return tuple(tuple(float(value) for value in row) for row in given)


def _positions(given: object, key: str, where: str) -> LonLats:
    """Positions of a route or an area, from a list of [longitude, latitude]."""
    if not isinstance(given, (list, tuple)) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and all(_is_number(value) for value in pair)
        for pair in given
    ):
        raise LayoutError(f"{key} is not a list of positions", where=where, expected="[[longitude, latitude], …]")
    return tuple((float(lon), float(lat)) for lon, lat in given)
