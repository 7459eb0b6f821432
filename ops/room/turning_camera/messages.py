"""SAPIENT messages of a simulated camera: registration, status with where it looks, answers to tasks, detections."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from google.protobuf.json_format import ParseDict
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from ingest.standards.sapient.node import ICD_VERSION
from ingest.standards.sapient.outgoing import CLASS_NAMES, MODE
from ops.room.turning_camera.still import ShownStill

STATUS_S: Final = 5
POSITION_SD_DEG: Final = 1e-5
"""Error of the camera's own position in longitude and latitude, about 1 m."""
VIEW_ERROR_DEG: Final = 0.1
_TRUE_DEGREES: Final = {
    "coordinate_system": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M", "datum": "RANGE_BEARING_DATUM_TRUE",
}  # fmt: skip
_PLACE: Final = {"coordinate_system": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M", "datum": "LOCATION_DATUM_WGS84_E"}


def node_id_of(camera: str) -> str:
    """The node id of a simulated camera, a UUID of version 4 that follows from its name."""
    return str(
        UUID(bytes=blake2b(camera.encode(), digest_size=16, person=b"simulated camera"[:16]).digest(), version=4)
    )


@dataclass(frozen=True, slots=True)
class SimulatedNode:
    """One camera as a SAPIENT node. Times are set when a message is written to its connection."""

    camera: str
    lon: float
    lat: float
    view_deg: float

    @property
    def node_id(self) -> str:
        """Its node id."""
        return node_id_of(self.camera)

    def registration(self) -> SapientMessage:
        """Registration as a camera that takes look-at tasks, one at a time."""
        place = {"location_units": _PLACE["coordinate_system"], "location_datum": _PLACE["datum"]}
        view = {
            "range_bearing_units": _TRUE_DEGREES["coordinate_system"],
            "range_bearing_datum": _TRUE_DEGREES["datum"],
        }
        seconds = {"units": "TIME_UNITS_SECONDS", "value": STATUS_S}
        mode = {
            "mode_name": MODE,
            "mode_type": "MODE_TYPE_PERMANENT",
            "settle_time": {"units": "TIME_UNITS_SECONDS", "value": 1},
            "detection_definition": [{"location_type": view}],
            "task": {
                "concurrent_tasks": 1,
                "region_definition": {"region_type": ["REGION_TYPE_AREA_OF_INTEREST"], "region_area": [place]},
                "command": [
                    {
                        "units": "degrees", "type": "COMMAND_TYPE_LOOK_AT",
                        "completion_time": {"units": "TIME_UNITS_SECONDS", "value": 20},
                    }
                ],
            },
        }  # fmt: skip
        return self._message(
            registration={
                "node_definition": [{"node_type": "NODE_TYPE_CAMERA"}],
                "icd_version": ICD_VERSION,
                "name": self.camera,
                "short_name": self.camera[:32],
                "capabilities": [{"category": "Camera", "type": "Thermal, turns (simulated)"}],
                "status_definition": {
                    "status_interval": seconds, "location_definition": place, "field_of_view_definition": view,
                },
                "mode_definition": [mode],
                "config_data": [{"manufacturer": "Watchline", "model": "Simulated camera"}],
            }
        )  # fmt: skip

    def status(self, report_id: str, azimuth_deg: float, elevation_deg: float, *, task: str = "") -> SapientMessage:
        """Status report with position and field of view. ``task``: the task that it works on."""
        cone = _TRUE_DEGREES | {
            "azimuth": azimuth_deg,
            "elevation": elevation_deg,
            "horizontal_extent": self.view_deg,
            "vertical_extent": 0.75 * self.view_deg,
            "azimuth_error": VIEW_ERROR_DEG,
            "elevation_error": VIEW_ERROR_DEG,
        }
        place = _PLACE | {"x": self.lon, "y": self.lat, "x_error": POSITION_SD_DEG, "y_error": POSITION_SD_DEG}
        report = {
            "report_id": report_id, "system": "SYSTEM_OK", "info": "INFO_NEW", "mode": MODE, "node_location": place,
            "field_of_view": {"range_bearing": cone},
        }  # fmt: skip
        return self._message(status_report=report | ({"active_task_id": task} if task else {}))

    def answer(self, to: str, task: str, state: str, *, reason: str = "", still: str = "") -> SapientMessage:
        """The state of a task: ACCEPTED, REJECTED, COMPLETED or FAILED, with the address of a still."""
        ack: dict[str, Any] = {"task_id": task, "task_status": f"TASK_STATUS_{state}"}
        if reason:
            ack["reason"] = [reason]
        if still:
            ack["associated_file"] = {"type": "image/jpeg", "url": still}
        return self._message(destination_id=to, task_ack=ack)

    def detection(self, report_id: str, object_id: str, shown: ShownStill, *, task: str, still: str) -> SapientMessage:
        """A detection on a still, by azimuth and elevation alone, with the still."""
        classes = [
            {"type": CLASS_NAMES[name], "confidence": probability}
            for name, probability in shown.classes.items()
            if probability > 0.0
        ]
        polar = _TRUE_DEGREES | {
            "azimuth": shown.azimuth_deg, "elevation": shown.elevation_deg,
            "azimuth_error": shown.azimuth_sd_deg, "elevation_error": shown.azimuth_sd_deg,
        }  # fmt: skip
        report = {
            "report_id": report_id, "object_id": object_id, "task_id": task, "range_bearing": polar,
            "classification": classes, "associated_file": [{"type": "image/jpeg", "url": still}],
        }  # fmt: skip
        return self._message(detection_report=report)

    def _message(self, **content: Any) -> SapientMessage:
        return ParseDict({"node_id": self.node_id, **content}, SapientMessage())
