"""The settings of cueing: which cameras can be turned, how fast, and when a rule may turn them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from geo.errors import BadInput
from ingest.topics import identifier
from ops.sector.setting_tables.named import named_errors
from ops.sector.setting_tables.onvif import OnvifCamera
from ops.sector.toml_record import ConfigError, record_errors

PRIORITIES: Final = ("distress", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class CueSettings:
    """Cameras that look at incidents: SAPIENT nodes that take look-at tasks, and cameras that speak ONVIF.

    Parameters
    ----------
    cameras : list of str
        Ids in the layout of the cameras that can be turned, within their field of view there; empty: none.
    turn_dps : float, °/s
        Speed at which they turn.
    settle_s : float, s
        Time from arriving until the picture is steady, latency of the link included.
    automatic : list of str
        Priorities of incidents for which a rule turns a camera by itself; empty: only people do.
    per_hour : int
        Most looks per hour that the rule asks for.
    quiet_s : float, s
        Time after a look in which the rule leaves that camera alone.
    hold_s : float, s
        Time after a look that a person asked for in which the rule leaves that camera alone.
    answer_s : float, s
        Time within which a camera must answer; otherwise the look has failed, and another camera is asked.
    onvif : table
        Cameras that are turned by ONVIF: a table for each, by its id.
    """

    cameras: tuple[str, ...] = ()
    turn_dps: float = 20.0
    settle_s: float = 1.0
    automatic: tuple[str, ...] = ()
    per_hour: int = 30
    quiet_s: float = 60.0
    hold_s: float = 300.0
    answer_s: float = 60.0
    onvif: Mapping[str, OnvifCamera] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.cameras:
            identifier(name, "cameras")
        for name in self.onvif:
            if name not in self.cameras:
                raise BadInput(f"no camera {name!r}", where="onvif", expected="an id of [cue] cameras")
        for priority in self.automatic:
            if priority not in PRIORITIES:
                raise BadInput(f"{priority!r}", where="automatic", expected=f"one of {', '.join(PRIORITIES)}")
        limits = (
            ("turn_dps", 0.01),
            ("settle_s", 0.0),
            ("per_hour", 1),
            ("quiet_s", 0.0),
            ("hold_s", 0.0),
            ("answer_s", 1.0),
        )
        for name, low in limits:
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= 86_400):
                raise BadInput(f"{value}", where=name, expected=f"a number from {low:g} to 86,400")


def cue_errors(table: Mapping[str, Any], *, where: str) -> list[ConfigError]:
    """Return every error of the table ``[cue]``."""
    cameras = table.get("onvif")
    if not isinstance(cameras, dict):
        return record_errors(CueSettings, table, where=where)
    rest = {key: value for key, value in table.items() if key != "onvif"}
    errors = record_errors(CueSettings, rest, where=where) + named_errors(OnvifCamera, cameras, "onvif", where=where)
    return errors or record_errors(CueSettings, table, where=where)
