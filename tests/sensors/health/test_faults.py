"""Faults of sensors that are heard: each is found from messages that show it, and never from healthy ones."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.health.faults import ConditionSettings, SensorSymptoms, faults, note_scan, note_time
from sensors.layout import place
from sensors.scan_columns import ScanColumns

NS = 10**9
START_NS = 1_790_000_000 * NS
FRAME = LocalFrame.around(10.0, 45.0)
RADAR = place(
    FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=4000.0, period_s=3.0, range_sd_m=4.0, azimuth_sd_deg=0.4,
    detection_probability=0.9, latency_s=0.1,
)  # fmt: skip


def scan(second: float, plots: np.ndarray, *, behind_s: float = 0.15) -> ScanColumns:
    n = len(plots)
    nan = np.full(n, np.nan)
    observed = START_NS + round(second * NS)
    return ScanColumns(
        "R", "radar", 1, round(second * 1000), observed, observed + round(behind_s * NS), plots, np.full(n, 0.007),
        nan, nan, 1000.0 + 10.0 * plots, np.full(n, 4.0), nan, nan, nan, nan, np.full((n, 2, 2), np.nan),
        np.full((n, 5), 0.2), nan,
    )  # fmt: skip


def watched(scans: list[ScanColumns]) -> SensorSymptoms:
    signs = SensorSymptoms()
    for each in scans:
        note_scan(signs, RADAR, each, ConditionSettings())
    return signs


def healthy(count: int = 60, seed: int = 1, **more: float) -> list[ScanColumns]:
    rng = np.random.default_rng(seed)
    return [scan(3.0 * k, rng.uniform(0.0, 6.0, rng.poisson(4)), **more) for k in range(count)]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(0.1, 2.0))
def test_a_healthy_sensor_has_no_fault(seed: int, link_s: float) -> None:
    rng = np.random.default_rng(seed)
    scans = [
        replace(s, received_ns=s.observed_ns + round((0.1 + rng.exponential(link_s)) * NS)) for s in healthy(seed=seed)
    ]
    assert faults(RADAR, watched(scans)) == {}


def test_the_same_plots_again_and_again_are_frozen() -> None:
    plots = np.array([1.0, 2.0])
    scans = [scan(3.0 * k, plots) for k in range(5)]
    assert faults(RADAR, watched(scans[:4])) == {}
    assert list(faults(RADAR, watched(scans))) == ["frozen_data"]
    moved = [*scans, scan(15.0, plots + 1e-12)]
    assert faults(RADAR, watched(moved)) == {}


@pytest.mark.parametrize("kind", ["radio", "human"])
def test_the_same_event_again_and_again_is_not_frozen(kind: str) -> None:
    """A person without a direction always reports the own position; a transmitter may stand still."""
    sensor = place(FRAME, 0.0, 0.0, id="R", kind=kind, max_range_m=4000.0)
    assert sensor.period_s is None
    assert faults(sensor, watched([scan(10.0 * k, np.array([1.0])) for k in range(9)])) == {}


def test_empty_scans_in_a_row_are_not_frozen() -> None:
    assert faults(RADAR, watched([scan(3.0 * k, np.zeros(0)) for k in range(50)])) == {}


def test_scans_far_above_the_declared_rate_are_an_excessive_rate() -> None:
    rng = np.random.default_rng(2)
    scans = [scan(0.5 * k, rng.uniform(0.0, 6.0, 3)) for k in range(100)]
    found = faults(RADAR, watched(scans))
    assert list(found) == ["excessive_message_rate"]
    assert found["excessive_message_rate"].parameters == {"count": 20, "window_s": 10.0, "expected": 3}


def test_a_backlog_sent_at_once_is_neither_an_excessive_rate_nor_an_offset() -> None:
    scans = [replace(s, received_ns=START_NS + 200 * NS) for s in healthy()]
    signs = watched(scans)
    signs.spooled = 40
    assert faults(RADAR, signs) == {}


@pytest.mark.parametrize(("behind_s", "name", "offset_s"), [(-0.5, "ahead", 0.6), (9.1, "behind", 9.0)])
def test_a_clock_that_is_off_is_found(behind_s: float, name: str, offset_s: float) -> None:
    signs = watched(healthy(behind_s=behind_s))
    signs.time_source = "free"
    found = faults(RADAR, signs)
    assert list(found) == ["clock_offset"]
    assert found["clock_offset"].id == f"sensor-clock-{name}"
    parameters = found["clock_offset"].parameters
    assert parameters["offset_s"] == pytest.approx(offset_s, abs=0.05)  # the declared latency of 0.1 s is taken off
    assert parameters["time_source"] == "free"


def test_one_early_or_late_message_is_no_clock_offset() -> None:
    signs = watched(healthy())
    note_time(signs, START_NS + 50 * NS, START_NS)
    assert faults(RADAR, signs) == {}


def test_what_a_sensor_says_of_itself_and_its_bias() -> None:
    signs = SensorSymptoms(power=0.1, obscured=True, bias_rad=np.radians(-1.0))
    found = faults(RADAR, signs)
    assert list(found) == ["low_power", "obscured", "azimuth_bias"]
    assert found["azimuth_bias"].parameters["bias_deg"] == -1.0


def test_signs_survive_json() -> None:
    signs = watched(healthy())
    assert msgspec.json.decode(msgspec.json.encode(signs), type=SensorSymptoms) == signs
