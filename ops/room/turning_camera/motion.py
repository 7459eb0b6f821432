"""A pan and tilt head that turns at a constant rate, each axis by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass

SETTLE_S = 0.5
"""Time from arriving until the picture is steady (assumption)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that began at ``begins_s`` from one direction to another, the shorter way round.

    Azimuths are clockwise from true north, elevations positive up [degrees].
    """

    azimuth_deg: float
    elevation_deg: float
    to_azimuth_deg: float
    to_elevation_deg: float
    begins_s: float = 0.0
    rate_dps: float = 20.0

    @property
    def steady_s(self) -> float:
        """When the picture is steady in the new direction."""
        pan, tilt = _signed(self.to_azimuth_deg - self.azimuth_deg), self.to_elevation_deg - self.elevation_deg
        return self.begins_s + max(abs(pan), abs(tilt)) / self.rate_dps + SETTLE_S

    def at(self, now_s: float) -> tuple[float, float]:
        """Azimuth in [0, 360) and elevation at a time [degrees]."""
        reach = max(now_s - self.begins_s, 0.0) * self.rate_dps
        pan, tilt = _signed(self.to_azimuth_deg - self.azimuth_deg), self.to_elevation_deg - self.elevation_deg
        azimuth = (self.azimuth_deg + min(max(pan, -reach), reach)) % 360.0
        return azimuth, self.elevation_deg + min(max(tilt, -reach), reach)

    def towards(self, azimuth_deg: float, elevation_deg: float | None, now_s: float) -> Turn:
        """The turn that begins now; without an elevation the head keeps its own."""
        here = self.at(now_s)
        elevation = here[1] if elevation_deg is None else elevation_deg
        return Turn(*here, azimuth_deg % 360.0, elevation, now_s, self.rate_dps)


def _signed(angle_deg: float) -> float:
    """An angle in [−180, 180)."""
    return (angle_deg + 180.0) % 360.0 - 180.0
