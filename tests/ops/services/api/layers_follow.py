"""When the layers of a map no longer change by themselves: they are computed some time after the sensors' health."""

from __future__ import annotations

import time
from typing import Any

from ops.services.map.process import MapService
from tests.patience import PATIENT_S


def layers_follow(app: Any, service: MapService) -> bool:
    """Whether the map has been told the health of the sensors in the picture, all its layers reflect it, and the
    stream states their revisions."""
    hub, both = app.state.hub, service._both
    health = hub.sensor_states()
    told = bool(health) and both._health == health and service.ready
    return told and hub._layers == both.revisions()["layers"]


def wait_for_layers(app: Any, service: MapService) -> None:
    """Wait until then."""
    deadline = time.monotonic() + PATIENT_S
    while not layers_follow(app, service):
        assert time.monotonic() < deadline, "the layers do not follow the sensors' health"
        time.sleep(0.05)
