"""The equipment catalogue: cost, availability and detection of each item, with confidence.

Every number is a ``Quantity``: a range where only a range is known, with its source and its grade of confidence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from geo.names import did_you_mean, expected_name
from geo.text_files import NotReadable, read_text
from sensors import camera, ground_sensor, human, radar, radio, relay
from sensors.detection_model.weather import Conditions
from sensors.equipment.quantity import Quantity, confidence_of, quantity_of, text_of
from sensors.errors import CatalogueError, ConditionsError, LayoutError
from sensors.sensor import ALSO_CALLED, DEFAULT_STATUS_INTERVAL_S, Sensor

SENSOR_KINDS: Final[Mapping[str, type[Sensor]]] = {
    radar.KIND: radar.Radar,
    camera.KIND: camera.Camera,
    ground_sensor.KIND: ground_sensor.GroundSensor,
    radio.KIND: radio.Radio,
    human.KIND: human.Human,
}
PLACED_KINDS: Final[Mapping[str, type[Any]]] = {**SENSOR_KINDS, relay.KIND: relay.Relay}
"""Kinds that are placed in a layout: the sensors, and the relays that carry their reports."""
MOVING_KINDS: Final = ("patrol", "drone")
"""Kinds that search an area: sweep width and speed instead of a position and a field of view."""
KINDS: Final = (*PLACED_KINDS, *MOVING_KINDS, "barrier", "programme")
"""``barrier`` delays and illuminates but does not report; ``programme`` is a dated reference figure, not for sale."""

NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "capex": (0.0, 1e12),
    "opex_per_year": (0.0, 1e12),
    "availability": (0.0, 1.0),
    "crew": (0.0, 1e4),
    "false_alarms_per_day": (0.0, 1e7),
    "mast_height_m": (0.0, 1e5),
    "set_up_h": (0.0, 1e5),
    "service_life_years": (0.1, 100.0),
}
DERATE_LIMITS: Final = (0.0, 1.0)
RANGE_FACTOR_LIMITS: Final = (0.05, 20.0)
MOVING_LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "sweep_width_m": (0.0, 1e5),
    "speed_mps": (0.0, 100.0),
    "duty_share": (0.0, 1.0),
}
BARRIER_LIMITS: Final[Mapping[str, tuple[float, float]]] = {"delay_s": (0.0, 1e6)}
PROGRAMME_LIMITS: Final[Mapping[str, tuple[float, float]]] = {"length_km": (1e-3, 1e5), "identified_share": (0.0, 1.0)}
STAFF_LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "cost_per_person_year": (0.0, 1e7),
    "people_per_post": (1.0, 20.0),
}
TEXTS: Final = ("title", "kind", "source", "confidence", "note")
ITEM_KEYS: Final = frozenset({*TEXTS, "price_date", "weather", "detection", *NUMBERS})
TOP_KEYS: Final = frozenset({"title", "currency", "staff", "item"})
FROM_THE_ITEM: Final = frozenset({"availability", "mast_height_m", "cost", "catalogue"})
FROM_THE_PLACE: Final = frozenset({"id", "kind", "lon", "lat", "easting", "northing", "azimuth_deg"})


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of equipment, per unit. Money in the catalogue's currency at ``price_date``.

    ``crew`` is the number of people on duty at any time per unit; ``false_alarms_per_day`` the nuisance alarms that
    reach an operator (unless ``detection`` states otherwise, each is also a false report of a layout's sensor);
    ``weather`` the fraction of the detection rate that remains in named conditions, beyond the losses in the sensor's
    own model. ``detection`` holds, for sensor kinds, keys of the layout file; ``range_factor`` is the spread of all its
    ranges together. In ``figures``, moving kinds have ``sweep_width_m``, ``speed_mps`` and ``duty_share`` (fraction of
    the time on search), barriers ``delay_s``, programmes ``length_km``.
    """

    name: str
    title: str
    kind: str
    capex: Quantity
    opex_per_year: Quantity
    availability: Quantity
    crew: Quantity
    false_alarms_per_day: Quantity
    mast_height_m: Quantity
    set_up_h: Quantity
    service_life_years: Quantity
    weather: Mapping[str, Quantity]
    detection: Mapping[str, Any]
    range_factor: Quantity
    figures: Mapping[str, Quantity]
    source: str
    confidence: str
    price_date: date
    note: str = ""

    @property
    def is_sensor(self) -> bool:
        """Whether it can be placed in a layout and detects."""
        return self.kind in SENSOR_KINDS

    @property
    def is_placed(self) -> bool:
        """Whether it can be placed in a layout: a sensor or a relay."""
        return self.kind in PLACED_KINDS

    @property
    def is_moving(self) -> bool:
        """Whether it searches an area."""
        return self.kind in MOVING_KINDS

    @property
    def quantities(self) -> dict[str, Quantity]:
        """All numbers by key, for tables, samples and grades."""
        by_name = {name: getattr(self, name) for name in NUMBERS}
        by_name["range_factor"] = self.range_factor
        by_name |= dict(self.figures)
        return by_name | {f"weather, {name}": share for name, share in self.weather.items()}

    def layout_values(self, stated: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """Its central figures as keys of a layout file, without id and position, with what the layout has ``stated``
        instead.

        False alarms per scan, unless either states them, are those per day for the interval that counts. Raises
        CatalogueError if it is not a sensor or relay.
        """
        if not self.is_placed:
            raise CatalogueError(
                f"is a {self.kind}, which has no place in a layout",
                where=f"catalogue item {self.name!r}",
                expected=f"an item of kind {', '.join(PLACED_KINDS)}",
            )
        values: dict[str, Any] = {"kind": self.kind, **self.detection, "mast_height_m": self.mast_height_m.central}
        values["availability"] = self.availability.central
        values |= stated
        if self.is_sensor and "false_alarms_per_scan" not in values:
            seconds = values.get("period_s", values.get("status_interval_s", DEFAULT_STATUS_INTERVAL_S))
            if isinstance(seconds, (int, float)) and abs(seconds) < 1e300:  # otherwise the sensor's check reports it
                values["false_alarms_per_scan"] = self.false_alarms_per_day.central * seconds / 86_400.0
        return values


@dataclass(frozen=True, slots=True)
class Staff:
    """Cost of people: one person per year, and the number needed to staff one post day and night."""

    cost_per_person_year: Quantity
    people_per_post: Quantity


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items by name, in the order of their file; ``name`` gives their origin. See ``from_file``."""

    name: str
    currency: str
    staff: Staff
    items: Mapping[str, Item] = field(repr=False)

    @classmethod
    def from_file(cls, path: Path | str, *, over: Catalogue | None = None) -> Catalogue:
        """Read a TOML catalogue; ``over`` is a catalogue whose items apply unless this one has an item of the same
        name.

        Raises CatalogueError, in one sentence naming item and key, for an unreadable file, an unknown key or kind, a
        number out of its limits (no cost is negative), and a missing source, confidence or price date. A file with
        ``over`` may omit ``currency`` and ``[staff]``; if it states a currency, it must be the same.
        """
        path = Path(path)
        try:
            table = tomllib.loads(read_text(path))
        except OSError as error:
            raise CatalogueError(
                f"cannot be read ({error.strerror})", where=path.name, expected="a catalogue in TOML"
            ) from None
        except NotReadable as error:
            raise CatalogueError(str(error), where=path.name, expected="a catalogue in TOML") from None
        except (ValueError, RecursionError) as error:
            raise CatalogueError(f"is not TOML ({error})", where=path.name, expected="a catalogue in TOML") from None
        return cls.from_table(table, name=path.name, over=over)

    @classmethod
    def from_table(cls, table: Mapping[str, Any], *, name: str, over: Catalogue | None = None) -> Catalogue:
        """Catalogue of a parsed TOML table; as ``from_file``."""
        if unknown := sorted(set(table) - TOP_KEYS):
            raise CatalogueError(
                f"unknown key {unknown[0]!r}", where=name, expected=expected_name(unknown[0], sorted(TOP_KEYS))
            )
        if "currency" not in table and over is not None:
            currency = over.currency
        else:
            currency = text_of(table.get("currency"), where=f"{name}, currency")
        if over is not None and currency != over.currency:
            raise CatalogueError(f"currency is {currency!r}", where=name, expected=f"{over.currency!r}, as beneath it")
        staff = over.staff if "staff" not in table and over is not None else _staff(table.get("staff"), name)
        given = table.get("item")
        if not isinstance(given, Mapping) or not given:
            raise CatalogueError("has no items", where=name, expected="tables named [item.NAME]")
        items = dict(over.items) if over is not None else {}
        items |= {key: _item(key, values) for key, values in given.items()}
        named = name if over is None else f"{name} over {over.name}"
        return cls(named, currency, staff, MappingProxyType(items))

    def __getitem__(self, name: str) -> Item:
        """The item of that name; raises CatalogueError."""
        try:
            return self.items[name]
        except KeyError:
            of_kind = {item.kind: item.name for item in reversed(list(self.items.values()))}
            raise CatalogueError(
                f"no item {name!r}{did_you_mean(name, self.items, of_kind)}",
                where=f"catalogue {self.name!r}",
                expected=f"one of {', '.join(self.items)}",
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self.items

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items.values())

    def __len__(self) -> int:
        return len(self.items)


def catalogue_file_errors(path: Path, *, over: Catalogue) -> list[CatalogueError]:
    """Return every error of a catalogue file: the first in each item, then the first of what is common to all items."""
    errors: list[CatalogueError] = []
    try:
        table = tomllib.loads(read_text(path))
    except (OSError, ValueError, RecursionError):
        table = {}  # from_file states why
    items = table.get("item")
    if isinstance(items, dict):
        for name, values in items.items():
            try:
                _item(name, values)
            except CatalogueError as error:
                errors.append(error)
        if errors:
            wrong = {error.where for error in errors}
            right = {name: values for name, values in items.items() if not any(f"{name!r}" in one for one in wrong)}
            table = table | {"item": right}
    try:
        if not errors:
            Catalogue.from_file(path, over=over)
        elif table["item"]:
            Catalogue.from_table(table, name=path.name, over=over)
    except CatalogueError as error:
        errors.append(error)
    return errors


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """The catalogue that comes with Watchline: public figures, and assumptions marked as such."""
    root = Path(__file__).resolve().parents[2]
    for folder in (root / "ops" / "samples_data", root / "data" / "samples"):
        if (folder / "catalogue.toml").is_file():
            return Catalogue.from_file(folder / "catalogue.toml")
    raise CatalogueError("is not installed", where="catalogue.toml", expected="the file that comes with Watchline")


def _staff(given: Any, name: str) -> Staff:
    where = f"{name}, [staff]"
    if not isinstance(given, Mapping):
        raise CatalogueError("is missing", where=where, expected=", ".join(STAFF_LIMITS))
    sourced = _sourced(given, where)
    keys = {*STAFF_LIMITS, "source", "confidence"}
    if unknown := sorted(set(given) - keys):
        raise CatalogueError(
            f"unknown key {unknown[0]!r}", where=where, expected=expected_name(unknown[0], sorted(keys))
        )
    return Staff(**{key: _quantity(given, key, limits, where, sourced) for key, limits in STAFF_LIMITS.items()})


def _item(name: str, given: Any) -> Item:
    where = f"catalogue item {name!r}"
    text_of(name, where=f"{where}, its name")
    if not isinstance(given, Mapping):
        raise CatalogueError("is not a table", where=where, expected=f"[item.{name}] with its figures")
    if unknown := sorted(set(given) - ITEM_KEYS):
        raise CatalogueError(
            f"unknown key {unknown[0]!r}", where=where, expected=expected_name(unknown[0], sorted(ITEM_KEYS))
        )
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        hint = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        what = "kind is missing" if kind is None else f"kind is {kind!r}{hint}"
        raise CatalogueError(what, where=where, expected=f"one of {', '.join(KINDS)}")
    sourced = _sourced(given, where)
    priced = given.get("price_date")
    if not isinstance(priced, date) or isinstance(priced, datetime):
        raise CatalogueError(
            "price_date is missing" if priced is None else f"price_date is {priced!r}",
            where=where,
            expected="a date without quotes, such as 2020-06-30",
        )
    numbers = {key: _quantity(given, key, limits, where, sourced) for key, limits in NUMBERS.items()}
    detection, figures, spread = _detection(given.get("detection", {}), kind, where, sourced)
    item = Item(
        name=name,
        title=text_of(given.get("title"), where=f"{where}, title"),
        kind=kind,
        **numbers,
        weather=_weather(given.get("weather", {}), where, sourced),
        detection=MappingProxyType(detection),
        range_factor=spread,
        figures=MappingProxyType(figures),
        source=sourced[0],
        confidence=sourced[1],
        price_date=priced,
        note=text_of(given["note"], where=f"{where}, note") if "note" in given else "",
    )
    if item.is_placed:
        _try_as_a_sensor(item)
    return item


def _sourced(given: Mapping[str, Any], where: str) -> tuple[str, str]:
    source = text_of(given.get("source"), where=f"{where}, source")
    return source, confidence_of(given.get("confidence"), where=where)


def _quantity(
    given: Mapping[str, Any], key: str, limits: tuple[float, float], where: str, sourced: tuple[str, str]
) -> Quantity:
    if key not in given:
        raise CatalogueError(f"{key} is missing", where=where, expected="a number or a range")
    return quantity_of(given[key], where=f"{where}, {key}", limits=limits, source=sourced[0], confidence=sourced[1])


def _weather(given: Any, where: str, sourced: tuple[str, str]) -> dict[str, Quantity]:
    if not isinstance(given, Mapping):
        raise CatalogueError(
            f"weather is {given!r}", where=where, expected="conditions and the remaining fraction in each"
        )
    for name in given:
        try:
            Conditions.named(name)
        except ConditionsError as error:
            raise CatalogueError(error.what, where=f"{where}, weather", expected=error.expected) from None
    return {
        str(name): quantity_of(
            share, where=f"{where}, weather {name}", limits=DERATE_LIMITS, source=sourced[0], confidence=sourced[1]
        )
        for name, share in given.items()
    }


def _detection(
    given: Any, kind: str, where: str, sourced: tuple[str, str]
) -> tuple[dict[str, Any], dict[str, Quantity], Quantity]:
    """Keys of the layout file, figures of kinds without a position, and the spread of the ranges."""
    where = f"{where}, detection"
    if not isinstance(given, Mapping):
        raise CatalogueError(f"{given!r}", where=where, expected="a table")
    certain = Quantity(1.0, 1.0, 1.0, sourced[0], sourced[1])
    if kind not in PLACED_KINDS:
        limits = {"barrier": BARRIER_LIMITS, "programme": PROGRAMME_LIMITS}.get(kind, MOVING_LIMITS)
        if unknown := sorted(set(given) - set(limits)):
            raise CatalogueError(f"unknown key {unknown[0]!r}", where=where, expected=expected_name(unknown[0], limits))
        optional = kind == "programme"
        figures = {
            key: _quantity(given, key, bounds, where, sourced)
            for key, bounds in limits.items()
            if key in given or not optional
        }
        return {}, figures, certain
    allowed = {f.name for f in fields(PLACED_KINDS[kind])} - FROM_THE_ITEM - FROM_THE_PLACE
    if unknown := sorted(set(given) - allowed - {"range_factor"}):
        raise CatalogueError(
            f"unknown key {unknown[0]!r}", where=where, expected=expected_name(unknown[0], sorted(allowed), ALSO_CALLED)
        )
    if "max_range_m" not in given:
        raise CatalogueError("max_range_m is missing", where=where, expected="the maximum range in metres")
    spread = (
        _quantity(given, "range_factor", RANGE_FACTOR_LIMITS, where, sourced) if "range_factor" in given else certain
    )
    return {key: value for key, value in given.items() if key != "range_factor"}, {}, spread


def _try_as_a_sensor(item: Item) -> None:
    """Check that a sensor can be made of the item, by the limits of the layout file."""
    values = item.layout_values()
    values.pop("kind")
    try:
        PLACED_KINDS[item.kind](id="x", lon=0.0, lat=0.0, easting=0.0, northing=0.0, **values)
    except LayoutError as error:
        raise CatalogueError(
            error.what, where=f"catalogue item {item.name!r}, detection", expected=error.expected
        ) from None
