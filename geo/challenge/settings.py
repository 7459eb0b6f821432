"""Settings of a challenge: the yardstick that makes segments comparable, and errors of the elevation model."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage

from geo.arrays import Floats
from geo.errors import BadInput

WALKER, VEHICLE = "walker", "vehicle"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeSettings:
    """Settings of a geography challenge; measures made with different settings must not be compared.

    All values are assumptions.

    Parameters
    ----------
    openness_radius_m : float, m
        Distance up to which a horizon counts for openness.
    window : int
        Side in cells of the window of vector ruggedness.
    sites : int
        Number of the best observation sites that watch the belt of a segment.
    mast_m : float, m
        Antenna height of these sites above ground.
    sight_m : float, m
        Their range.
    target_heights_m : tuple of float, m
        Heights of the targets: by default a crawling and a walking person. The last is the headline.
    curvature_k : float
        Effective Earth radius factor [1], by default that of light.
    neighbours : int
        Neighbours of a cell in the path search: 8, 16 or 32.
    direction : {"inward", "outward"}
        Direction of the crossing.
    mover : {"walker", "vehicle"}
        Who crosses.

    Raises
    ------
    BadInput
        If a value is out of its range.
    """

    openness_radius_m: float = 1_000.0
    window: int = 3
    sites: int = 3
    mast_m: float = 10.0
    sight_m: float = 5_000.0
    target_heights_m: tuple[float, ...] = (0.5, 1.7)
    curvature_k: float = 1.0 / (1.0 - 0.13)
    neighbours: int = 16
    direction: str = "inward"
    mover: str = WALKER

    def __post_init__(self) -> None:
        for name in ("openness_radius_m", "mast_m", "sight_m", "curvature_k"):
            value = getattr(self, name)
            if not (_is_number(value) and value > 0.0 and (value < math.inf or name == "curvature_k")):
                raise BadInput(f"{value!r}", where=f"challenge setting {name}", expected="a number above 0")
        for name, least in (("window", 3), ("sites", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise BadInput(f"{value!r}", where=f"challenge setting {name}", expected=f"a whole number from {least}")
        if self.mover not in (WALKER, VEHICLE):
            raise BadInput(f"{self.mover!r}", where="challenge setting mover", expected=f"{WALKER!r} or {VEHICLE!r}")
        heights = self.target_heights_m
        if not heights or not all(_is_number(height) and 0.0 <= height < math.inf for height in heights):
            raise BadInput(f"{heights!r}", where="challenge setting target_heights_m", expected="heights from 0")

    def yardstick(self) -> dict[str, object]:
        """Return every setting by name, for the attributes of a result.

        Returns
        -------
        dict of str to object
            The settings.
        """
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemError:
    """Errors of an elevation model for a Monte Carlo analysis.

    Parameters
    ----------
    sd_m : float, m
        Standard deviation of the errors.
    correlation_m : float, m
        Correlation length. A length below half a cell is white noise, which makes any ground look rugged: the
        ruggedness index of a plane then has a root mean square of 4 sd.
    draws : int
        Number of Monte Carlo samples, at least 2.
    seed : int
        Seed of the samples.

    Raises
    ------
    BadInput
        If a value is out of its range.

    Notes
    -----
    Errors correlate as exp(−d²/correlation²). Default standard deviation: 90% of absolute errors within 6.2 m in
    Eurasia, Rodríguez, Morris and Belz (2006), A global assessment of the SRTM performance, doi:10.14358/PERS.72.3.249.
    The default correlation length is an assumption of low confidence.
    """

    sd_m: float = 6.2 / 1.645
    correlation_m: float = 300.0
    draws: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("sd_m", "correlation_m"):
            value = getattr(self, name)
            if not (_is_number(value) and 0.0 <= value < math.inf):
                raise BadInput(f"{value!r}", where=f"DEM error {name}", expected="metres from 0")
        if not isinstance(self.draws, int) or isinstance(self.draws, bool) or self.draws < 2:
            raise BadInput(f"{self.draws!r}", where="DEM error draws", expected="a whole number from 2")

    def field(self, draw: int, shape: tuple[int, ...], cell_m: float) -> Floats:
        """Return one sample of the errors.

        Parameters
        ----------
        draw : int
            Number of the sample.
        shape : tuple of int
            Rows and columns.
        cell_m : float, m
            Side of the cells.

        Returns
        -------
        ndarray, shape (row, column), m
            The errors; the same for the same seed, sample number, shape and cell.
        """
        noise = np.random.default_rng([self.seed, draw]).standard_normal(shape)
        sigma = self.correlation_m / 2.0 / cell_m  # white noise smoothed by σ correlates as exp(−d²/4σ²)
        if sigma < 0.25:
            return self.sd_m * noise
        impulse = np.zeros(2 * int(4.0 * sigma + 0.5) + 3)
        impulse[len(impulse) // 2] = 1.0
        kernel = ndimage.gaussian_filter1d(impulse, sigma)
        smooth = ndimage.gaussian_filter(noise, sigma, mode="wrap")
        return np.asarray(self.sd_m * smooth / (kernel**2).sum())


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
