"""Simulated flights: from the launch site along the route, back before the batteries are empty, and again.

A drone leaves at the start, lands at the first position of its route with the reserve left, stays for its turnaround
and leaves again. Once, in the middle of its first flight, its link fails: nothing is received from it for LINK_LOST_S.
A sensor on an aircraft or an aerostat stays on the ground in a wind above its limit.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np

from geo.arrays import Bools, Floats
from sensors.mobile.flight import FLIGHT_RESERVE
from sensors.sensor import Sensor

LINK_LOST_S: Final = 45.0
"""How long a drone's link fails, once (assumption); a flight of less than four times that keeps its link."""
TURN_ACCURACY_S: Final = 1e-3


class StateChange(NamedTuple):
    """From ``at_s`` on a sensor is in a state as its status messages state it; ``note`` is their text."""

    at_s: float
    state: Literal["ok", "stopped", "lost"]
    note: str = ""


GROUNDED: Final = StateChange(0.0, "stopped", "wind above the limit")


def one_flight(times_s: Floats, places: Floats, speed: float, usable_s: float) -> tuple[Floats, Floats]:
    """Cut a path off where the straight way back to its first position takes all the time that is left.

    ``times_s`` (n,) and ``places`` (n, 2) [m] are the path without an end, straight in between; ``speed`` [m/s] that of
    the way back; ``usable_s`` the whole flight. Its end is where it began.
    """

    def place_at(t: float) -> Floats:
        return np.array([np.interp(t, times_s, places[:, axis]) for axis in (0, 1)])

    def back_s(t: float) -> float:
        return float(np.hypot(*(place_at(t) - places[0]))) / speed

    low, high = 0.0, usable_s
    while high - low > TURN_ACCURACY_S:  # t + back_s(t) never decreases, as nothing is faster than the speed
        middle = 0.5 * (low + high)
        low, high = (middle, high) if middle + back_s(middle) <= usable_s else (low, middle)
    inside = times_s < low
    end_s = low + back_s(low)
    flown_s = [*times_s[inside].tolist(), low]
    flown = [*places[inside], place_at(low)]
    if end_s > low:
        flown_s.append(end_s)
        flown.append(places[0])
    return np.array(flown_s), np.array(flown)


def repeated(flight_s: Floats, places: Floats, pause_s: float, duration_s: float) -> tuple[Floats, Floats]:
    """The times and positions of a flight again and again, with a pause on the ground after each."""
    period_s = float(flight_s[-1]) + pause_s
    count = max(int(np.ceil(duration_s / period_s)), 1) if period_s > 0.0 else 1
    times = np.concatenate([flight_s + number * period_s for number in range(count)])
    return times, np.tile(places, (count, 1))


def states_of_flights(sensor: Sensor, flight_s: float | None, duration_s: float, wind_mps: float) -> list[StateChange]:
    """When a sensor works, is on the ground, or has no link, in order of time; ``flight_s`` is the time of one flight,
    None for what does not fly by itself."""
    if sensor.is_grounded(wind_mps):
        return [GROUNDED]
    found = [StateChange(0.0, "ok")]
    if flight_s is None:
        return found
    if flight_s >= 4.0 * LINK_LOST_S:
        middle = 0.5 * flight_s
        found += [StateChange(middle, "lost"), StateChange(middle + LINK_LOST_S, "ok")]
    landed_s, pause_s = flight_s, sensor.turnaround_s or 0.0
    while pause_s > 0.0 and landed_s < duration_s:
        found += [StateChange(landed_s, "stopped", "landed"), StateChange(landed_s + pause_s, "ok")]
        landed_s += pause_s + flight_s
    return [one for one in found if one.at_s < duration_s]


def works_at(states: list[StateChange], times_s: Floats) -> Bools:
    """Whether the sensor works, and its link too, at times [s]."""
    return _at(states, times_s, [one.state == "ok" for one in states])


def states_pose_at(states: list[StateChange], times_s: Floats) -> Bools:
    """Whether the sensor states its pose at times [s]: also after it has landed, but not without a link, and not where
    the wind keeps it at its post."""
    return _at(states, times_s, [one.state != "lost" and one != GROUNDED for one in states])


def _at(states: list[StateChange], times_s: Floats, values: list[bool]) -> Bools:
    begins = np.array([one.at_s for one in states])
    return np.asarray(np.array(values)[np.maximum(np.searchsorted(begins, times_s, side="right") - 1, 0)])


def usable_s(sensor: Sensor) -> float:
    """The longest flight [s] that keeps the reserve."""
    return (1.0 - FLIGHT_RESERVE) * (sensor.endurance_s or 0.0)
