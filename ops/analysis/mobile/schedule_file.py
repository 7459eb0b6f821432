"""The file of schedules: GeoJSON lines, one for each tour, with the seconds at each vertex and whether it watches."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geo.antimeridian import TURN_DEG, on_globe, run_on
from geo.errors import BadInput
from geo.text_files import EXPECTED_SYSTEM, NotReadable, other_system, read_text
from ops.runtime.output import atomic_write

if TYPE_CHECKING:
    from geo.frame import LocalFrame
    from sensors.equipment.catalogue import Catalogue
    from sensors.planning.choice.options import Option
    from sensors.planning.comparison.mobile_parts import MobilePart

KEYS: Final = frozenset({"id", "item", "carries", "plan", "unit", "probability", "period_s", "seconds", "watching"})
"""Properties of a line; all are required."""


def schedule_document(options: Sequence[Option], frame: LocalFrame) -> dict[str, Any]:
    """Return the schedules of mobile options as GeoJSON lines in longitude and latitude."""
    features = []
    for option in options:
        schedule = option.schedule
        assert schedule is not None
        for plan, (chance, units) in enumerate(zip(schedule.probability, schedule.plans, strict=True)):
            for unit, table in enumerate(units):
                lon, lat = frame.to_lonlat(table.places[:, 0], table.places[:, 1])
                assert table.watching is not None
                features.append(
                    {
                        "type": "Feature",
                        "geometry": {
                            "type": "LineString",
                            "coordinates": [
                                [round(float(x), 7), round(float(y), 7)] for x, y in zip(run_on(lon), lat, strict=True)
                            ],
                        },
                        "properties": {
                            "id": option.id,
                            "item": option.sensor.catalogue,
                            "carries": schedule.sensor.catalogue,
                            "plan": plan,
                            "unit": unit,
                            "probability": round(float(chance), 9),
                            "period_s": round(table.period_s, 3),
                            "seconds": [round(float(s), 3) for s in table.times_s],
                            "watching": [bool(on) for on in table.watching],
                        },
                    }
                )
    return {"type": "FeatureCollection", "name": "schedules of mobile items", "features": features}


def write_schedules(path: Path, options: Sequence[Option], frame: LocalFrame) -> None:
    """Write the schedules, readable by this user only: they show where and when no patrol watches."""
    with atomic_write(path, private=True) as partial:
        partial.write_text(json.dumps(schedule_document(options, frame)) + "\n", encoding="utf-8")


def read_schedules(path: Path, frame: LocalFrame, catalogue: Catalogue) -> tuple[MobilePart, ...]:
    """Read the mobile parts of a file of schedules.

    Raises BadInput, naming the file and the line, for a file that cannot be read, keys that are missing or unknown,
    items that do not move or cannot be carried, and times that do not fit.
    """
    from sensors.planning.comparison.mobile_parts import mobile_part

    try:
        document = json.loads(read_text(path))
        features = document["features"]
        lines = [(feature["geometry"], feature["properties"]) for feature in features]
        wrong = other_system(document)
    except OSError as error:
        raise _wrong(path, f"cannot be read ({error.strerror})") from None
    except (NotReadable, ValueError, KeyError, TypeError, RecursionError):
        raise _wrong(path, "is not a file of schedules") from None
    if wrong is not None:
        raise _wrong(path, wrong, EXPECTED_SYSTEM)
    by_id: dict[str, list[tuple[Any, Mapping[str, Any]]]] = defaultdict(list)
    for number, (geometry, properties) in enumerate(lines, 1):
        if not isinstance(properties, dict) or set(properties) != KEYS or not isinstance(properties["id"], str):
            raise _wrong(path, f"line {number} has other properties", f"{', '.join(sorted(KEYS))}")
        by_id[properties["id"]].append((geometry, properties))
    if not by_id:
        raise _wrong(path, "has no lines")
    try:
        return tuple(
            mobile_part(name, [(_places(geometry, frame), values) for geometry, values in rows], frame, catalogue)
            for name, rows in by_id.items()
        )
    except BadInput as error:
        raise BadInput(error.what, where=f"{path.name}, {error.where}", expected=error.expected) from None
    except (ValueError, TypeError, KeyError, OverflowError):
        raise _wrong(path, "has a value of another type") from None


def _places(geometry: Any, frame: LocalFrame) -> Any:
    points = np.asarray(geometry["coordinates"], np.float64)
    if geometry["type"] != "LineString" or points.ndim != 2 or points.shape[1] < 2 or not np.isfinite(points).all():
        raise ValueError("not a line")
    if np.abs(points[:, 0]).max(initial=0.0) > TURN_DEG:
        raise ValueError("not degrees")
    return np.column_stack(frame.to_local(on_globe(points[:, 0]), points[:, 1]))


def _wrong(path: Path, what: str, expected: str = "the file of schedules that `watchline plan` writes") -> BadInput:
    return BadInput(what, where=str(path), expected=expected)
