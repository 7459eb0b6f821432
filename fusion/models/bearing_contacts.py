"""Bearing contacts: directions in which a sensor detects something that is on no track.

One bearing gives no position. Each contact follows the bearings of one direction of one sensor, as a Kalman filter over
azimuth and its rate, until contacts of two or more sensors cross (fusion.filter.triangulation). Contacts are part of
the bank, at most MOST_CONTACTS of them, however many bearings arrive.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from geo.arrays import Floats, Ints
from sensors.scan import CLASSES

MOST_CONTACTS: Final = 64
MOST_OF_SENSOR: Final = 12
"""Maximum number of contacts in all, and of one sensor; beyond it, those not heard for the longest time are dropped."""


class Contacts(NamedTuple):
    """Bearing contacts, in ascending order of their sensors.

    ``sensor`` (contact,): number of the sensor in the layout; ``time_ns`` (contact,): time of the newest bearing;
    ``line`` (contact, 2): azimuth [rad, from grid north] and its rate [rad/s]; ``cov`` (contact, 3): their covariance,
    upper triangle; ``bearings`` (contact,): how many there were; ``background`` (contact,): density of other bearings
    at the newest one [1/rad]; ``label`` (contact, class): likelihood of the reported classes.
    """

    sensor: Ints
    time_ns: Ints
    line: Floats
    cov: Floats
    bearings: Ints
    background: Floats
    label: Floats


def no_contacts() -> Contacts:
    """No bearing contact."""
    none, numbers = np.zeros(0), np.zeros(0, np.int64)
    return Contacts(numbers, numbers, np.zeros((0, 2)), np.zeros((0, 3)), numbers, none, np.zeros((0, len(CLASSES))))
