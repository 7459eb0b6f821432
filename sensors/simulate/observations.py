"""Reports of a simulated sensor, and the random numbers and clocks that looks and triggers share."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geo.arrays import Bools, Floats, Ints
from sensors.detections import TAILS, dataset_name
from sensors.scan import CLASSES
from sensors.scan_columns import ARRAYS, CLASS_INDEX
from sensors.sensor import Sensor

FALSE_ALARM_CLASS = CLASS_INDEX["other"]


@dataclass(frozen=True, slots=True)
class Observations:
    """The looks of one sensor in order of time: ``times_us`` (look,) since the scenario's start [µs], the ``look``
    (plot,) of each plot, rising, and the measured columns by their dataset name, with ``plot`` first."""

    times_us: Ints
    look: Ints
    measured: Mapping[str, Floats]

    def of(self, chosen: Bools) -> Observations:
        """Only those of the looks ``chosen`` (look,)."""
        plots = chosen[self.look]
        number = np.cumsum(chosen) - 1
        measured = {name: values[plots] for name, values in self.measured.items()}
        return Observations(self.times_us[chosen], number[self.look[plots]], measured)


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent random streams for each purpose, from the seed and the sensor's id only: neither another sensor nor a
    different false-alarm rate changes this sensor's detections."""

    phase: np.random.Generator
    detection: np.random.Generator
    noise: np.random.Generator
    clutter: np.random.Generator
    label: np.random.Generator
    link: np.random.Generator

    @classmethod
    def of(cls, seed: int, sensor_id: str) -> Streams:
        key = int.from_bytes(hashlib.blake2b(sensor_id.encode(), digest_size=8).digest(), "big")
        return cls(*(np.random.default_rng(child) for child in np.random.SeedSequence(seed, spawn_key=(key,)).spawn(6)))


def look_times(period_s: float, duration_s: float, chance: np.random.Generator) -> Ints:
    """Times of the looks since the start [µs]: one per period, from a random phase."""
    phase_s = chance.random() * period_s
    count = max(0, math.ceil((duration_s - phase_s) / period_s))
    times_us: Ints = np.floor((phase_s + np.arange(count) * period_s) * 1e6).astype(np.int64)
    return times_us


def class_labels(sensor: Sensor, true_class: Ints, chance: np.random.Generator) -> Floats:
    """(plot, class) likelihood of the reported class, sampled from the confusion matrix; NaN without one."""
    if sensor.confusion is None:
        return np.full((len(true_class), len(CLASSES)), np.nan)
    confusion = np.array(sensor.confusion)
    reported = (chance.random(len(true_class))[:, None] > np.cumsum(confusion, axis=1)[true_class]).sum(axis=1)
    likelihood = confusion.T[np.minimum(reported, len(CLASSES) - 1)]
    return np.asarray(likelihood / likelihood.sum(axis=1, keepdims=True))


def all_columns(measured: Mapping[str, Floats], n: int) -> dict[str, Floats]:
    """Every measured column of the schema for n plots, NaN where the sensor has none."""
    names = [dataset_name(name) for name in ARRAYS]
    return {name: measured.get(name, np.full((n, *TAILS.get(name, ())), np.nan)) for name in names}


def carrier_stream(seed: int, sensor_id: str) -> np.random.Generator:
    """The random stream of what carries a mobile sensor, apart from those of its looks."""
    key = int.from_bytes(hashlib.blake2b(f"carrier of {sensor_id}".encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key,)))
