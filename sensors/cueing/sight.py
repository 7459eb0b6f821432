"""How a camera must tilt to look at a point of the ground, over the curved Earth and through refracting air."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

AIM_M: Final = 1.0
"""Height above ground at which a camera aims: the middle of a person or of a car (assumption)."""


class Sight(NamedTuple):
    """The view of a camera to a point.

    Parameters
    ----------
    elevation_deg : float, degrees, optional
        Elevation angle at which it aims, positive up; None: not known.
    in_view : bool, optional
        Whether a target there is in its line of sight; None: not known.
    """

    elevation_deg: float | None = None
    in_view: bool | None = None


def elevation_deg(eye_m: float, ground_m: float, distance_m: float, effective_radius_m: float) -> float:
    """Return the elevation angle [degrees, positive up] at which a camera aims at a target.

    Parameters
    ----------
    eye_m : float, m
        Height of the lens above the datum of the terrain.
    ground_m : float, m
        Height of the ground under the target, above the same datum.
    distance_m : float, m
        Distance along the ground.
    effective_radius_m : float, m
        Radius of the Earth times the factor by which refraction flattens it, as in the viewshed of the camera.

    Notes
    -----
    At the distance d the Earth has fallen below the horizontal plane of the lens by d² / (2 R), which is the drop that
    the visibility of this project uses; the angle is that of the rise ``ground + AIM_M − eye − drop`` over d.

    Examples
    --------
    >>> from sensors.cueing.sight import elevation_deg
    >>> round(elevation_deg(100.0, 99.0, 4000.0, 7_323_000.0), 4)  # as high as the lens: only the Earth falls away
    -0.0156
    """
    drop_m = distance_m**2 / (2.0 * effective_radius_m)
    return math.degrees(math.atan2(ground_m + AIM_M - eye_m - drop_m, distance_m))
