"""From a direction to the normalised position of a pan and tilt head, and back. Pure.

ONVIF's generic position space runs from −1 to 1 on both axes (PTZ Service Specification, *PositionGenericSpace*); what
that means in degrees is stated by the person who mounted the camera.
"""

from __future__ import annotations

from ops.sector.setting_tables.onvif import OnvifCamera


def position_of(camera: OnvifCamera, azimuth_deg: float, elevation_deg: float | None) -> tuple[float, float] | None:
    """Return pan and tilt in [−1, 1] for a direction; None for one that the head cannot reach.

    Without an elevation the head looks horizontally, or as near to that as it can.
    """
    first, last = camera.pan_deg
    turned = (azimuth_deg - first) % 360.0
    if turned > last - first and 360.0 - turned < 1e-9:
        turned = 0.0
    pan = 2.0 * turned / (last - first) - 1.0
    low, high = camera.tilt_deg
    wanted = min(max(0.0, min(low, high)), max(low, high)) if elevation_deg is None else elevation_deg
    tilt = 2.0 * (wanted - low) / (high - low) - 1.0
    if pan > 1.0 + 1e-9 or abs(tilt) > 1.0 + 1e-9:
        return None
    return min(pan, 1.0), min(max(tilt, -1.0), 1.0)


def apart_deg(camera: OnvifCamera, here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the larger of the angles [degrees] by which pan and tilt of two positions differ."""
    (first, last), (low, high) = camera.pan_deg, camera.tilt_deg
    pan = abs(here[0] - there[0]) * (last - first) / 2.0
    return max(min(pan, abs(360.0 - pan)), abs(here[1] - there[1]) * abs(high - low) / 2.0)
