"""Scan and Plot: the report of one sensor at one moment, as records. Imports no large library, because ingest imports
it at start-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["CLASSES", "Plot", "Scan"]

CLASSES = ("person", "group", "vehicle", "animal", "other")
"""The target classes, in the order of every ``class`` dimension."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One reported detection, as on the wire; None means not reported.

    Parameters
    ----------
    range_m : float, m, optional
        Slant range.
    range_sd_m : float, m, optional
        Its standard deviation.
    azimuth_deg : float, degrees, optional
        Azimuth, clockwise from true north.
    azimuth_sd_deg : float, degrees, optional
        Its standard deviation.
    elevation_deg : float, degrees, optional
        Elevation angle, positive up.
    elevation_sd_deg : float, degrees, optional
        Its standard deviation.
    radial_velocity_mps : float, m/s, optional
        Radial velocity, positive receding.
    radial_velocity_sd_mps : float, m/s, optional
        Its standard deviation.
    lon : float, degrees, optional
        Longitude, WGS 84.
    lat : float, degrees, optional
        Latitude, WGS 84.
    position_sd_m : float, m, optional
        Standard deviation of the position, per axis.
    classes : mapping of str to float
        Score of each reported class of CLASSES.
    confidence : float, optional
        The sensor's own score, never used as a probability.
    source_id : str, optional
        The sensor's own name for the object: a SAPIENT object, an MMSI, a radar's track number. It serves to find the
        report again; nothing is associated by it.
    """

    range_m: float | None = None
    range_sd_m: float | None = None
    azimuth_deg: float | None = None
    azimuth_sd_deg: float | None = None
    elevation_deg: float | None = None
    elevation_sd_deg: float | None = None
    radial_velocity_mps: float | None = None
    radial_velocity_sd_mps: float | None = None
    lon: float | None = None
    lat: float | None = None
    position_sd_m: float | None = None
    classes: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """All plots of one look of one sensor; a scan without plots is information too.

    Parameters
    ----------
    sensor : str
        Id of the sensor.
    boot : int
        Number of the sensor's boot.
    sequence : int
        Sequence number within the boot; (sensor, boot, sequence) is unique.
    scan : int
        Number of the look; a status heartbeat is not a scan.
    observed_at : datetime
        Time of the look, aware UTC.
    received_at : datetime
        Time of receipt, aware UTC.
    kind : str
        Kind of the sensor.
    plots : tuple of Plot
        The plots.
    """

    sensor: str
    boot: int
    sequence: int
    scan: int
    observed_at: datetime
    received_at: datetime
    kind: str
    plots: tuple[Plot, ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        """(sensor, boot, sequence), which is unique."""
        return self.sensor, self.boot, self.sequence
