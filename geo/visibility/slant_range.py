"""Slant range: the straight distance between two points above the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from geo.visibility.kernels.sight_line import EARTH_RADIUS_M


def slant_range(distance_m: npt.ArrayLike, height_m: npt.ArrayLike, other_height_m: npt.ArrayLike) -> Floats:
    """Compute the straight distance between two points from that of their feet on the ellipsoid.

    Parameters
    ----------
    distance_m : float or array_like, m
        Distance over the ellipsoid, which is that of the map where its scale is 1.
    height_m, other_height_m : float or array_like, m
        Heights of the two points above the ellipsoid; those above the geoid change the result by less than 2e-5.

    Returns
    -------
    ndarray, broadcast shape, m
        The slant range; NaN for NaN.

    Notes
    -----
    ``s² = (h₂ − h₁)² + (1 + h₁/R) (1 + h₂/R) d²``, the law of cosines on a sphere of radius R with the chord taken as
    the arc d (0.1 ppm at 10 km). A distance of 5,000 m on the map is 5,001.5 m between points 1,900 m high.

    Examples
    --------
    >>> from geo.visibility.slant_range import slant_range
    >>> float(slant_range(4_000.0, 100.0, 3_100.0).round(1))
    5000.8
    """
    d, h, other = (np.asarray(value, dtype=np.float64) for value in (distance_m, height_m, other_height_m))
    wider = (1.0 + h / EARTH_RADIUS_M) * (1.0 + other / EARTH_RADIUS_M)
    return np.asarray(np.sqrt((other - h) ** 2 + wider * d**2))
