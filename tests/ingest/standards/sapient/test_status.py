"""SAPIENT status reports: what a node states about its power, and that it does not detect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.decode import envelope_of, read_declaration
from ingest.standards.registry import SAPIENT
from ingest.wire import Status
from ops.services.fusion.memory.faults import FaultMemory
from sensors.layout import Layout
from tests.ops.services.sapient.test_informed_connections import FRAME, RADAR

Make = Callable[..., Any]
NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)
STATUS = "watchline/1/hills/sensor/radar-1/status"


def entry(kind: str = "NOT_DETECTING", level: str = "ERROR", value: str = "lens covered") -> dict[str, Any]:
    return {
        "status_type": f"STATUS_TYPE_{kind}",
        "status_level": f"STATUS_LEVEL_{level}_STATUS",
        "status_value": value,
    }


def power(level: int | None, source: str = "INTERNAL_BATTERY") -> dict[str, Any]:
    said: dict[str, Any] = {"source": f"POWERSOURCE_{source}", "status": "POWERSTATUS_OK"}
    return {"power": said if level is None else said | {"level": level}}


def after(message: Any, context: bytes | None = None) -> tuple[Status, bytes | None]:
    envelope = envelope_of(NOW, STATUS, SAPIENT, None)
    return read_declaration(message.SerializeToString(), replace(envelope, sensor_context=context))


@pytest.mark.parametrize(
    ("report", "obscured"),
    [
        ({}, False),
        ({"status": [entry()]}, True),
        ({"status": [entry(level="WARNING")]}, True),
        ({"status": [entry(level="INFORMATION")]}, False),
        ({"status": [entry("CLUTTER")]}, False),
        ({"status": [entry("CLUTTER"), entry()]}, True),
        ({"system": "SYSTEM_ERROR"}, True),
        ({"system": "SYSTEM_WARNING"}, False),
    ],
)
def test_a_node_that_does_not_detect_or_is_in_error_is_blind(
    sapient_node: Make, report: dict[str, Any], obscured: bool
) -> None:
    found, _ = after(sapient_node().status(NOW, **report))
    memory = FaultMemory()
    memory.take_status(found, 0, 0)
    memory.judge(Layout("one", FRAME, (RADAR,)), 0)
    assert (found.obscured, memory.blind("radar-1")) == (obscured, obscured)


@pytest.mark.parametrize(
    ("report", "remaining"),
    [
        ({}, None),
        (power(3), 0.03),
        (power(100, "EXTERNAL_BATTERY"), 1.0),
        (power(None), None),
        (power(3, "MAINS"), None),
    ],
)
def test_the_level_of_a_battery_is_its_power(
    sapient_node: Make, report: dict[str, Any], remaining: float | None
) -> None:
    assert after(sapient_node().status(NOW, **report))[0].power == remaining


def test_a_report_of_unchanged_information_leaves_faults_as_they_were(sapient_node: Make) -> None:
    node = sapient_node()
    first, known = after(node.status(NOW, system="SYSTEM_WARNING", status=[entry()], **power(3)))
    for _ in range(2):
        again, known = after(node.status(NOW, system="SYSTEM_WARNING", info="INFO_UNCHANGED"), known)
        assert (again.note, again.power, again.obscured) == (first.note, 0.03, True)
    other, _ = after(node.status(NOW, info="INFO_UNCHANGED", status=[entry("CLUTTER", value="High")]), known)
    assert (other.note, other.power, other.obscured) == ("clutter: High", 0.03, False)
    new, _ = after(node.status(NOW), known)
    assert (new.note, new.power, new.obscured) == ("", None, False)


def test_a_system_error_ends_with_the_state_of_the_system(sapient_node: Make) -> None:
    node = sapient_node()
    first, known = after(node.status(NOW, system="SYSTEM_ERROR"))
    again, _ = after(node.status(NOW, info="INFO_UNCHANGED"), known)
    assert (first.obscured, again.obscured, again.state) == (True, False, "ok")
