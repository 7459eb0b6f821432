"""The muted sensors of the picture."""

from __future__ import annotations

from typing import Any

import msgspec

from ops.store.rows import rfc3339


def muted_sensors(sensors: bytes) -> list[dict[str, Any]]:
    """The sensors of a picture that are muted, and until when."""
    return [
        {"sensor": one["sensor"], "until": rfc3339(one["mute"]["until_ns"])}
        for one in msgspec.json.decode(sensors)
        if one.get("mute") and one["mute"]["ended_ns"] is None
    ]
