"""The settings of cameras that are turned by ONVIF: address, password and calibration of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import urlsplit

from geo.errors import BadInput


@dataclass(frozen=True, slots=True)
class OnvifCamera:
    """A camera that is turned by ONVIF (``pip install 'watchline[onvif]'``), at an address in a network of ``[media]``.

    Parameters
    ----------
    address : str
        Address of the camera, such as ``"https://10.20.0.7"``; its services are asked for there and nowhere else.
    credentials : str
        File with user name and password, one line each, which only its owner may read; empty: the environment variable
        ``WATCHLINE_ONVIF_`` and the name of the camera, in capitals with ``_`` for other characters, holds
        ``name:password``.
    authority : str
        File with the certificate of the authority that signed the camera's, PEM; empty: those of this computer.
    profile : str
        Media profile that is turned and photographed; empty: the first with pan and tilt.
    pan_deg : list of float, °
        Azimuths at the pan positions −1 and 1, clockwise from true north; the second is larger, by at most 360.
    tilt_deg : list of float, °
        Elevation angles at the tilt positions −1 and 1, positive up.
    within_deg : float, °
        Largest deviation from the direction at which the camera counts as turned.
    call_s : float, s
        Longest time for one answer of the camera.
    """

    address: str
    credentials: str = ""
    authority: str = ""
    profile: str = ""
    pan_deg: tuple[float, ...] = (-180.0, 180.0)
    tilt_deg: tuple[float, ...] = (-90.0, 90.0)
    within_deg: float = 0.5
    call_s: float = 5.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.address)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
            is_address = is_address and parts.path in ("", "/") and not parts.query and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise BadInput(f"{self.address[:60]!r}", where="address", expected="such as https://10.20.0.7")
        ranges = (("pan_deg", self.pan_deg, 360.0), ("tilt_deg", self.tilt_deg, 90.0))
        for name, values, most in ranges:
            if len(values) != 2 or not all(math.isfinite(one) and abs(one) <= most for one in values):
                raise BadInput(f"{list(values)}", where=name, expected=f"two angles from {-most:g} to {most:g}")
        if not 0.0 < self.pan_deg[1] - self.pan_deg[0] <= 360.0:
            raise BadInput(f"{list(self.pan_deg)}", where="pan_deg", expected="a second angle up to 360 larger")
        if self.tilt_deg[0] == self.tilt_deg[1]:
            raise BadInput(f"{list(self.tilt_deg)}", where="tilt_deg", expected="two different angles")
        for name, value in (("within_deg", self.within_deg), ("call_s", self.call_s)):
            if not (math.isfinite(value) and 0.01 <= value <= 60.0):
                raise BadInput(f"{value}", where=name, expected="a number from 0.01 to 60")
