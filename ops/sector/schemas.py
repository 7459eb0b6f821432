"""JSON Schemas of the files that people write: sector, layout, settings and catalogue.

They are made from the records that read the files, so that an editor accepts what Watchline reads. ``watchline sector
check`` covers the rules that a schema cannot express: whether files exist, values that depend on each other
(``min_range_m`` below ``max_range_m``), ids that occur twice, names of time zones and of weather, and that dates of a
TOML file have no quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from inspect import getdoc
from pathlib import Path
from typing import Any, Final

import msgspec

from geo.errors import BadInput
from ops.sector.sector_file import REQUIRED, Sector
from ops.sector.settings import Maintenance, Settings
from ops.sector.zone_table import ZoneEdges

NAMES: Final = ("sector", "layout", "settings", "catalogue")
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
SENSOR_ID: Final = r"^(?!\s)[^+#/\u0000-\u001f\u007f]{1,64}(?<!\s)$"
INSTANT: Final = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})$"
PRINTABLE: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$"
ONE_LINE_TEXT: Final = r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$"
DAY: Final = r"^\d{4}-\d{2}-\d{2}$"
PROBES: Final = (-1.0, 0.0, 1e-9, 1.0, 2.0)
"""Values with which the limits of a setting are found: its record is made with each."""
LARGE: Final = 1000.0
"""Accepted where 0 switches something off, and what is not 0 must be large."""

Keywords = dict[str, Any]


def file_schema(name: str) -> Keywords:
    """Return the JSON Schema of a kind of file.

    Parameters
    ----------
    name : str
        One of NAMES.

    Returns
    -------
    dict
        The schema, in the dialect of 2020-12. JSON has no dates: a date of TOML, which is written without quotes, is
        none of JSON's other types, and its form is that of a text where an editor gives it as one.

    Raises
    ------
    BadInput
        For another name.
    """
    makers = {"sector": _sector, "layout": _layout, "settings": _settings, "catalogue": _catalogue}
    if name not in makers:
        raise BadInput(f"no schema {name!r}", where="NAME", expected=f"one of {', '.join(NAMES)}")
    made = {"$schema": DIALECT, "title": f"Watchline {name} file"} | makers[name]()
    schema: Keywords = msgspec.json.decode(msgspec.json.encode(made))  # lists for tuples, as in a file
    return schema


def parameters_of(record: type[Any]) -> dict[str, tuple[str, str]]:
    """Return type line and description of each parameter in a record's numpydoc docstring."""
    section = (getdoc(record) or "").partition("Parameters\n----------\n")[2]
    section = re.split(r"\n\n\w+\n-{3,}\n", section)[0]
    found = {}
    for entry in re.split(r"\n(?=\S)", section.strip("\n")):
        head, _, body = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        for name in names.split(","):
            found[name.strip()] = (kind, " ".join(body.split()))
    return found


def limits_of(record: type[Any], name: str) -> Keywords:
    """Return the limits of a number in a record's settings as keywords of JSON Schema, found by making the record.

    A refusal of the value that another setting has by default, such as a format, is not a limit of this one.
    """
    texts = {field.name for field in fields(record) if isinstance(field.default, str)}

    def accepts(value: float) -> bool:
        try:
            record(**{name: value})
        except BadInput as error:
            return error.where in texts
        return True

    taken = {value for value in PROBES if accepts(value)}
    limits: Keywords = {}
    if not taken:  # the limits depend on another setting
        return limits
    if -1.0 not in taken:
        if 0.0 in taken:
            limits["minimum"] = 0
        elif 1e-9 in taken:
            limits["exclusiveMinimum"] = 0
        else:
            limits["minimum"] = 0.01 if accepts(0.01) else 1
    if 2.0 not in taken and not accepts(LARGE):
        limits["maximum" if 1.0 in taken else "exclusiveMaximum"] = 1
    return limits


# --- sector


def _sector() -> Keywords:
    schema = _of_record(Sector)
    properties = schema["properties"]
    del properties["path"]
    properties["name"]["pattern"] = IDENTIFIER
    properties["layouts"] |= {"minProperties": 1, "propertyNames": _text()}
    properties["title"]["pattern"] = properties["map_credit"]["pattern"] = PRINTABLE
    properties["store"]["pattern"] = properties["challenge"]["pattern"] = ONE_LINE_TEXT
    zone = _of_record(ZoneEdges)
    zone["properties"] |= {
        "home": _position(),
        "ends": {"type": "array", "items": _position(), "minItems": 2, "maxItems": 2},
    }
    zone["oneOf"] = [
        {"required": ["inner", "outer"], "not": {"anyOf": [{"required": ["home"]}, {"required": ["ends"]}]}},
        {"required": ["home"], "not": {"anyOf": [{"required": ["inner"]}, {"required": ["outer"]}]}},
    ]
    properties["zone"] = zone
    schema["required"] = list(REQUIRED)
    schema["dependentSchemas"] = {"zone": {"not": {"required": ["home_side"]}}}
    schema["dependentRequired"] = {"risk_feeds": ["risk_decision"]}
    schema["if"] = {"properties": {"zone": {"required": ["inner"]}}, "required": ["zone"]}
    schema["then"] = {"not": {"required": ["border_where"]}}
    return schema


def _of_record(record: type[Any]) -> Keywords:
    """Return the schema of a dataclass as a table of TOML: no null, no other keys, descriptions from its docstring."""

    def path(kind: type) -> Keywords:
        if kind is Path:
            return {"type": "string"}
        raise NotImplementedError(kind)  # as msgspec expects of a hook for what it does not know

    whole = msgspec.json.schema(record, schema_hook=path)
    definitions = whole.get("$defs", {})
    described = parameters_of(record)

    def plain(part: Any) -> Any:
        if isinstance(part, list):
            return [plain(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return plain(definitions[part["$ref"].rpartition("/")[2]])
        if "anyOf" in part:
            options = [option for option in part["anyOf"] if option.get("type") != "null"]
            rest = {key: value for key, value in part.items() if key != "anyOf" and value is not None}
            return plain(options[0]) | rest if len(options) == 1 else {"anyOf": plain(options)} | rest
        return {
            key: {name: plain(one) for name, one in value.items()} if key == "properties" else plain(value)
            for key, value in part.items()
            if key not in ("title", "description")
        }

    schema: Keywords = plain(definitions[record.__name__])
    for name, one in schema["properties"].items():
        if name in described:
            one["description"] = described[name][1]
    schema["additionalProperties"] = False
    return schema


# --- settings


def _settings() -> Keywords:
    from fusion.alerts.settings import AlertSettings
    from fusion.models.settings import TrackerSettings

    schema = _of_record(Settings)
    properties = schema["properties"]
    properties["units"]["items"]["pattern"] = IDENTIFIER
    for name in ("checkpoint_s", "start_grace_s"):
        properties[name] |= limits_of(Settings, name)
    for name, record in (("tracker", TrackerSettings), ("alerts", AlertSettings)):
        table = _of_record(record)
        for item in fields(record):
            one = table["properties"][item.name]
            if one.get("type") in ("number", "integer"):
                one |= limits_of(record, item.name)
        if name == "tracker":
            table["properties"]["modes"]["minItems"] = 1
        properties[name] = table
    stop = _of_record(Maintenance)
    for name in ("start", "until"):
        stop["properties"][name] = _moment("date-time", INSTANT) | {
            "description": stop["properties"][name]["description"]
        }
    properties["maintenance"] = {"type": "array", "items": stop}
    return schema


# --- layout


def _layout() -> Keywords:
    from sensors.equipment.catalogue import shipped
    from sensors.layout import RECORDS

    kinds = {kind: _of_kind(record) for kind, record in RECORDS.items()}
    kinds["ground_sensor"]["properties"]["mobile"]["not"] = {"const": True}
    every_key: Keywords = {key: {} for kind in kinds.values() for key in kind["properties"]}
    cases: list[Keywords] = [
        {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"$ref": f"#/$defs/{kind}"}}
        for kind in kinds
    ]
    no_kind: Keywords = {"properties": {"kind": {"type": "null"}}}
    for kind in kinds:
        items = [item.name for item in shipped() if item.kind == kind]
        named: Keywords = {"properties": {"catalogue": {"enum": items}}, "required": ["catalogue"]}
        cases.append({"if": {"allOf": [no_kind, named]}, "then": {"$ref": f"#/$defs/{kind}"}})
        cases.append({"if": named, "then": {"properties": {"kind": {"enum": [kind, None]}}}})
    not_null = {"not": {"type": "null"}}
    part: Keywords = {
        "type": "object",
        "required": ["id"],
        "properties": every_key
        | {
            "id": {"type": "string", "pattern": SENSOR_ID, "description": "Id of the sensor, unique in the layout."},
            "kind": {"enum": [*RECORDS, None]},
            "catalogue": {"type": ["string", "null"], "description": "Item of the equipment catalogue."},
        },
        "anyOf": [
            {"required": ["catalogue"], "properties": {"catalogue": not_null}},
            {"required": ["kind", "max_range_m"], "properties": {"kind": not_null, "max_range_m": not_null}},
        ],
        "allOf": cases,
        "additionalProperties": False,
    }
    point: Keywords = {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"const": "Point"},
            "coordinates": _position(),
        },
    }
    feature: Keywords = {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {"type": {"const": "Feature"}, "geometry": point, "properties": {"$ref": "#/$defs/part"}},
    }
    return {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "name": _text() | {"description": "Name of the layout."},
            "features": {"type": "array", "items": {"$ref": "#/$defs/feature"}},
        },
        "$defs": {"feature": feature, "part": part, **kinds},
    }


def _of_kind(record: type[Any]) -> Keywords:
    """Return the keys of one kind; a null is an absent key."""
    from sensors.layout_document import PLACED

    properties = {item.name: _of_key(item) for item in fields(record) if item.name not in PLACED}
    return {"properties": properties, "propertyNames": {"enum": list(properties)}}


def _of_key(item: Any) -> Keywords:
    from sensors.scan import CLASSES
    from sensors.sensor import LIMITS, LONGEST_METHOD, MOST_POSITIONS, REPORTS_BY

    name, kind = item.name, str(item.type)
    if name in LIMITS:
        low, high, low_allowed = LIMITS[name]
        schema: Keywords = {"type": ["number", "null"], "minimum" if low_allowed else "exclusiveMinimum": low}
        schema["maximum"] = high
    elif "float" in kind:
        raise AssertionError(f"{name} has no limits")
    elif "Confusion" in kind:
        share = {"type": "number", "minimum": 0}
        row = {"type": "array", "items": share, "minItems": len(CLASSES), "maxItems": len(CLASSES)}
        names = dict.fromkeys(CLASSES, share)
        by_name = {"type": "object", "properties": names, "additionalProperties": False}
        schema = {
            "anyOf": [
                {"type": "array", "items": row, "minItems": len(CLASSES), "maxItems": len(CLASSES)},
                {
                    "type": "object",
                    "properties": dict.fromkeys(CLASSES, by_name),
                    "required": list(CLASSES),
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        }
    elif "LonLats" in kind:
        least = 2 if name == "route" else 3
        schema = {"type": ["array", "null"], "items": _position(), "minItems": least, "maxItems": MOST_POSITIONS}
    elif "bool" in kind:
        schema = {"type": ["boolean", "null"]}
    elif name == "reports_by":
        schema = {"enum": [*REPORTS_BY, None]}
    elif name == "surveyed_on":
        schema = {"type": ["string", "null"], "format": "date"}
    elif name == "survey_method":
        schema = {"type": ["string", "null"], "minLength": 1, "maxLength": LONGEST_METHOD}
    else:
        schema = {"type": ["string", "null"]}
    if item.default is not MISSING and isinstance(item.default, (str, int, float, bool)) and name != "kind":
        schema["default"] = item.default
    return schema


# --- catalogue


def _catalogue() -> Keywords:
    from sensors.equipment import catalogue as rules

    sourced: Keywords = {"source": _text(), "confidence": {"$ref": "#/$defs/confidence"}}
    staff = {key: _quantity(limits) for key, limits in rules.STAFF_LIMITS.items()}
    numbers = {key: _quantity(limits) for key, limits in rules.NUMBERS.items()}
    item: Keywords = {
        "type": "object",
        "required": ["title", "kind", "source", "confidence", "price_date", *numbers],
        "properties": {
            "title": _text(),
            "kind": {"enum": list(rules.KINDS)},
            **sourced,
            "note": _text(),
            "price_date": _moment("date", DAY) | {"description": "Date without quotes, such as 2020-06-30."},
            **numbers,
            "weather": {"type": "object", "additionalProperties": _quantity(rules.DERATE_LIMITS)},
            "detection": {"type": "object"},
        },
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": _detection(kind, rules)} for kind in rules.KINDS
        ],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "required": ["item"],
        "properties": {
            "title": {},
            "currency": _text(),
            "staff": {
                "type": "object",
                "required": [*staff, "source", "confidence"],
                "properties": staff | sourced,
                "additionalProperties": False,
            },
            "item": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": _text(),
                "additionalProperties": {"$ref": "#/$defs/item"},
            },
        },
        "additionalProperties": False,
        "$defs": {
            "item": item,
            "confidence": {
                "enum": ["H", "M", "L"],
                "description": "H: official or reproduced; M: press, vendor or derived; L: assumption",
            },
        },
    }


def _detection(kind: str, rules: Any) -> Keywords:
    """Return what the table ``detection`` of an item of this kind holds."""
    if kind in rules.PLACED_KINDS:
        keys = _of_kind(rules.PLACED_KINDS[kind])["properties"]
        absent = rules.FROM_THE_ITEM | rules.FROM_THE_PLACE
        properties = {key: _without_null(schema) for key, schema in keys.items() if key not in absent}
        properties["range_factor"] = _quantity(rules.RANGE_FACTOR_LIMITS)
        required = ["max_range_m"]
    else:
        limits = {"barrier": rules.BARRIER_LIMITS, "programme": rules.PROGRAMME_LIMITS}.get(kind, rules.MOVING_LIMITS)
        properties = {key: _quantity(one) for key, one in limits.items()}
        required = [] if kind == "programme" else list(limits)
    table: Keywords = {"properties": properties, "required": required, "additionalProperties": False}
    return {"properties": {"detection": table}} | ({"required": ["detection"]} if required else {})


def _quantity(limits: tuple[float, float]) -> Keywords:
    number = {"type": "number", "minimum": limits[0], "maximum": limits[1]}
    common: Mapping[str, Keywords] = {"source": _text(), "confidence": {"$ref": "#/$defs/confidence"}}
    return {
        "oneOf": [
            number,
            {
                "type": "object",
                "required": ["value"],
                "properties": {"value": number, **common},
                "additionalProperties": False,
            },
            {
                "type": "object",
                "required": ["low", "high"],
                "properties": {"low": number, "mode": number, "high": number, **common},
                "additionalProperties": False,
            },
        ]
    }


def _moment(form: str, pattern: str) -> Keywords:
    """A date, or a date and time, of TOML: of none of JSON's types but text, and as text of this form."""
    return {
        "not": {"type": ["null", "boolean", "number", "array", "object"]},
        "format": form,
        "pattern": pattern,
    }


def _position() -> Keywords:
    """Longitude and latitude."""
    degrees = ({"type": "number", "minimum": -limit, "maximum": limit} for limit in (180, 90))
    return {"type": "array", "prefixItems": [*degrees], "minItems": 2, "maxItems": 2, "items": False}


def _text() -> Keywords:
    return {"type": "string", "pattern": ONE_LINE_TEXT}


def _without_null(schema: Keywords) -> Keywords:
    plain = dict(schema)
    if isinstance(plain.get("type"), list):
        plain["type"] = next(kind for kind in plain["type"] if kind != "null")
    if "enum" in plain:
        plain["enum"] = [value for value in plain["enum"] if value is not None]
    if "anyOf" in plain:
        plain["anyOf"] = [option for option in plain["anyOf"] if option.get("type") != "null"]
    return plain
