"""A call for help, as far as it can be read in a message that may break a rule."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class HelpCall(Struct, frozen=True):
    """What can be read of a distress call: position [degrees, WGS 84], time and note, where stated.

    ``device``: kind of the AIS distress device that calls, and ``caller`` its name; empty for a unit, which the topic
    names. ``last_known``: whether the position is an earlier one, because the device has no fix now.
    """

    lon: float | None = None
    lat: float | None = None
    observed_at: datetime | None = None
    note: str = ""
    device: str = ""
    caller: str = ""
    last_known: bool = False
