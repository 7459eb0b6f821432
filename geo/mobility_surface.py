"""How fast each cell of the ground lets somebody move: what a search over it needs to know."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from geo.frame import FloatArray
from geo.mobility import TOBLER_EASIEST_GRADIENT, TOBLER_PEAK_MPS, TOBLER_STEEPNESS


@dataclass(frozen=True, slots=True)
class SpeedLaw:
    """Speed = ``peak_mps`` · exp(−``decline`` · |gradient − ``easiest``|), none at all beyond ±``limit``."""

    peak_mps: float
    decline: float
    easiest: float = 0.0
    limit: float = math.inf

    def columns(self) -> FloatArray:
        """The law as the search's kernel takes it."""
        return np.array([self.peak_mps, self.decline, self.easiest, self.limit])


WALKING = SpeedLaw(TOBLER_PEAK_MPS, TOBLER_STEEPNESS, TOBLER_EASIEST_GRADIENT)


@dataclass(frozen=True, slots=True, eq=False)
class Mobility:
    """Ground that somebody moves over, on the cells of a terrain (row, column).

    ``elevation`` [m]; ``pace`` [1] is what a second of the ``law`` takes there, infinite where there is no way;
    ``felt`` is the steepest gradient that is met (a road is less steep than the ground it lies in), infinite off roads.
    """

    law: SpeedLaw
    cell_m: float
    easting: FloatArray
    northing: FloatArray
    elevation: FloatArray
    pace: FloatArray
    felt: FloatArray | float = math.inf
    missing: tuple[str, ...] = field(default=())

    def within(self, rows: slice, columns: slice, inside: npt.NDArray[np.bool_]) -> Mobility:
        """A window of it, closed outside the cells ``inside`` (row, column of the window)."""
        felt = np.broadcast_to(self.felt, self.elevation.shape)[rows, columns]
        return replace(
            self,
            easting=self.easting[columns],
            northing=self.northing[rows],
            elevation=self.elevation[rows, columns],
            pace=np.where(inside, self.pace[rows, columns], math.inf),
            felt=felt if np.ndim(self.felt) else self.felt,
        )

    @property
    def closed(self) -> npt.NDArray[np.bool_]:
        """Where nobody can be: no way, or ground that is not known."""
        return ~(np.isfinite(self.pace) & np.isfinite(self.elevation))
