"""What all tests share: how the suite runs, Hypothesis without time limits, a SAPIENT node."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import HealthCheck, settings
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from tests.drills.sizes import NEW_EXAMPLES

pytest_plugins = ("tests.suite", "tests.leftovers")

# What a test says must depend neither on how busy the machine is nor on chance: a change is judged by the same examples
# as the one before it.
settings.register_profile(
    "watchline",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not NEW_EXAMPLES,
    print_blob=True,
)
settings.load_profile("watchline")

DEGREES_M = "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M"
UNITS_DATUM = {
    "coordinate_system": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M",
    "datum": "RANGE_BEARING_DATUM_TRUE",
}
WGS84 = {"coordinate_system": DEGREES_M, "datum": "LOCATION_DATUM_WGS84_E"}
ZONE_TYPE = {"location_units": "LOCATION_COORDINATE_SYSTEM_UTM_M", "location_datum": "LOCATION_DATUM_WGS84_G"}
DEGREE_TYPE = {"location_units": DEGREES_M, "location_datum": "LOCATION_DATUM_WGS84_E"}


def ulid(number: int) -> str:
    """A ULID of 2026 that is unlike those of other numbers."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = (1_774_000_000_000 << 80) | number
    return "".join(digits[value >> shift & 31] for shift in range(125, -1, -5))


@dataclass
class SapientNode:
    """Builds the messages of one node by hand, from the standard's field list; every field can be replaced."""

    node_id: str = "7d0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e11"
    name: str = "Radar 1"
    kind: str = "NODE_TYPE_RADAR"
    count: int = 0

    def message(self, at: datetime | None, **content: Any) -> SapientMessage:
        stamp = (at or datetime.now(UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
        return ParseDict({"timestamp": stamp, "node_id": self.node_id, **content}, SapientMessage())

    def registration(self, at: datetime | None = None, *, zone: str | None = None, **changed: Any) -> SapientMessage:
        location = ZONE_TYPE | {"zone": zone} if zone else DEGREE_TYPE
        seconds = {"units": "TIME_UNITS_SECONDS", "value": 2}
        mode = {
            "mode_name": "Default",
            "mode_type": "MODE_TYPE_PERMANENT",
            "settle_time": seconds,
            "detection_definition": [
                {
                    "location_type": location,
                    "velocity_type": {
                        "enu_velocity_units": {"east_north_rate_units": "SPEED_UNITS_KPH"},
                        "location_datum": "LOCATION_DATUM_WGS84_E",
                    },
                }
            ],
            "task": {"region_definition": {"region_type": ["REGION_TYPE_AREA_OF_INTEREST"], "region_area": [location]}},
        }
        return self.message(
            at,
            registration={
                "node_definition": [{"node_type": self.kind}],
                "icd_version": "BSI Flex 335 v2.0",
                "name": self.name,
                "short_name": self.name,
                "capabilities": [{"category": "Radar", "type": "Ground surveillance"}],
                "status_definition": {"status_interval": seconds, "location_definition": location},
                "mode_definition": [mode],
                "config_data": [{"manufacturer": "Nobody", "model": "Made up"}],
                **changed,
            },
        )

    def status(
        self, at: datetime | None = None, location: dict[str, Any] | None = None, **changed: Any
    ) -> SapientMessage:
        place = {} if location is None else {"node_location": WGS84 | location}
        self.count += 1
        return self.message(
            at,
            status_report={
                "report_id": ulid(1_000_000 + self.count),
                "system": "SYSTEM_OK",
                "info": "INFO_NEW",
                "mode": "Default",
                **place,
                **changed,
            },
        )

    def detection(
        self,
        at: datetime | None = None,
        *,
        polar: dict[str, Any] | None = None,
        location: dict[str, Any] | None = None,
        target: int = 1,
        **changed: Any,
    ) -> SapientMessage:
        self.count += 1
        where = (
            {"location": WGS84 | location} if location is not None else {"range_bearing": UNITS_DATUM | (polar or {})}
        )
        report = {"report_id": ulid(2_000_000 + self.count), "object_id": ulid(target), **where, **changed}
        return self.message(at, detection_report=report)


OUR_LOGGERS = ("fusion", "geo", "ingest", "ops", "sensors")


@pytest.fixture(autouse=True)
def logging_as_at_the_start() -> None:
    """Every test finds our loggers as a new process has them, whatever an earlier test or a library did to them."""
    logging.disable(logging.NOTSET)
    logging.root.setLevel(logging.WARNING)
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in OUR_LOGGERS:
            logger.disabled, logger.propagate = False, True
            logger.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def process_as_before() -> Iterator[None]:
    """A test leaves environment, umask, garbage collection, folder and the hook of uncaught errors as it found them.

    ``ops.cli.main`` sets the first three, and typer the last.
    """
    variables, folder, umask, hook = dict(os.environ), Path.cwd(), os.umask(0o077), sys.excepthook
    thresholds = gc.get_threshold()
    os.umask(umask)
    yield
    gc.set_threshold(*thresholds)
    sys.excepthook = hook
    os.umask(umask)
    os.chdir(folder)
    for name in (variables.keys() | os.environ.keys()) - {"PYTEST_CURRENT_TEST"}:  # pytest keeps that one itself
        if name not in variables:
            del os.environ[name]
        elif os.environ.get(name) != variables[name]:
            os.environ[name] = variables[name]


@pytest.fixture(scope="session")
def sapient_node() -> Callable[..., SapientNode]:
    """Makes nodes."""
    return SapientNode
