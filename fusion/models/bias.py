"""A sensor's bias in range and azimuth, its uncertainty, and the state of its estimation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from geo.arrays import Floats, Ints

SLOTS: Final = 64
KEPT: Final = 8
PLOT_FIELDS: Final = 8
EVER_NS: Final = int(np.iinfo(np.int64).min)
"""State before any observation."""


@dataclass(frozen=True, slots=True)
class Bias:
    """Correction that is subtracted from a sensor's plots, and its standard deviations; 0 without correction."""

    range_m: float = 0.0
    range_sd_m: float = 0.0
    azimuth_rad: float = 0.0
    azimuth_sd_rad: float = 0.0
    place_sd_m: float = 0.0
    """Standard deviation of the sensor's own position, one axis; it displaces near targets by a larger angle."""

    def take_off(self, reported: Floats) -> None:
        """Correct, in place, the first rows of ``reported`` (field, plot): azimuth, its sd, elevation, its sd, range,
        its sd. No range falls below 0."""
        azimuth, azimuth_sd, _, _, reach, reach_sd = reported[:6]
        azimuth -= self.azimuth_rad
        azimuth_sd[:] = np.hypot(azimuth_sd, self.azimuth_sd_rad)
        reach[:] = np.where(reach > 0.0, np.maximum(reach - self.range_m, 0.0), reach)
        reach_sd[:] = np.hypot(reach_sd, self.range_sd_m)
        if self.place_sd_m > 0.0:
            reach_sd[:] = np.hypot(reach_sd, self.place_sd_m)
            turned = np.arctan2(self.place_sd_m, np.where(reach > 0.0, reach, np.inf))
            azimuth_sd[:] = np.hypot(azimuth_sd, turned)


UNBIASED: Final = Bias()


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """The newest plots of tracks that were detected lately, at most SLOTS tracks, one per slot (id modulo SLOTS),
    ordered by slot: ``track`` (ring,) and ``plots`` (ring, kept, PLOT_FIELDS): time since Learnt.origin_ns [s], sensor,
    azimuth, azimuth_sd, ground range, range_sd (NaN without range), and easting and northing of the sensor."""

    track: Ints
    plots: Floats

    def __len__(self) -> int:
        return len(self.track)


class Information(NamedTuple):
    """A symmetric matrix (2 p, 2 p) of information about the biases of p sensors, as blocks of two sensors each.

    Held are the blocks of each sensor with itself and those that are not zero: of a long border's sensors only
    neighbours have common tracks. ``pair`` (block,) ascending: the number of the rows' sensor times p plus that of the
    columns'; ``values`` (block, 4), row by row.
    """

    pair: Ints
    values: Floats


def as_matrix(information: Information, sensors: int) -> Floats:
    """(2 p, 2 p) the whole matrix, of p ``sensors``."""
    matrix = np.zeros((sensors, 2, sensors, 2))
    row, column = np.divmod(information.pair, max(sensors, 1))
    matrix[row, :, column, :] = information.values.reshape(-1, 2, 2)
    return matrix.reshape(2 * sensors, 2 * sensors)


def of_matrix(matrix: Floats) -> Information:
    """The blocks of an ``as_matrix``."""
    p = len(matrix) // 2
    blocks = np.moveaxis(matrix.reshape(p, 2, p, 2), 1, 2).reshape(p * p, 4)
    some = blocks.any(axis=1).reshape(p, p)
    pair = np.flatnonzero(some | some.T | np.eye(p, dtype=np.bool_))
    return Information(pair, blocks[pair])


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Information from common tracks about the biases of p polar sensors up to a time; part of the bank, never changed
    in place.

    ``information`` and ``vector`` (2 p,) over range [m] and azimuth [rad]; ``pairs`` (p,) comparisons with
    another sensor; ``misfit`` (p, 2, 2): count and sum of squared normalised second differences of a sensor's own range
    and azimuth, which test its stated standard deviations; ``used`` (p, 4): range, its sd, azimuth, its sd, as
    subtracted from plots at present. ``rings`` are the newest plots of some tracks, since ``origin_ns``. ``newest_ns``:
    time at which ``used`` was last computed.
    """

    information: Information
    vector: Floats
    pairs: Ints
    misfit: Floats
    used: Floats
    rings: Rings
    origin_ns: int = EVER_NS
    newest_ns: int = EVER_NS

    def __len__(self) -> int:
        return len(self.used)

    @property
    def matrix(self) -> Floats:
        """(2 p, 2 p) the information as a matrix."""
        return as_matrix(self.information, len(self))


LEARNT_ARRAYS: Final = ("vector", "pairs", "misfit", "used")
"""The arrays that are as large for each state of one layout."""


def nothing_learnt(prior: Floats) -> Learnt:
    """State before the first scan; ``prior`` (2 p, 2 p) is the information given by the surveys."""
    p = len(prior) // 2
    return Learnt(
        information=of_matrix(prior),
        vector=np.zeros(2 * p),
        pairs=np.zeros(p, np.int64),
        misfit=np.zeros((p, 2, 2)),
        used=np.zeros((p, 4)),
        rings=Rings(np.zeros(0, np.int64), np.zeros((0, KEPT, PLOT_FIELDS))),
    )
