"""What each sensor contributes, by leaving it out: over the segments whose detection with all sensors is known."""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from ops.analysis.challenge.findings import _contributions

NAN = np.nan


def without_each(base: list[float], *without: list[float]) -> xr.Dataset:
    """Contributions of sensors from the detection in each segment with all of them, and without each."""
    values = np.array(without).T
    segments = xr.Dataset(
        {
            "detection_probability": ("segment", np.array(base)),
            "without": (("segment", "sensor"), values),
            "without_at_most": (("segment", "sensor"), values),
            "without_proven": (("segment", "sensor"), np.ones(values.shape, bool)),
        },
        {"sensor": [f"s{number}" for number in range(len(without))]},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return _contributions(segments, 0.5)


def test_a_segment_that_is_unknown_with_all_sensors_counts_for_none() -> None:
    """In segment 0 the sight of ``s0`` is unknown: without it nothing sees there, with it that is not known."""
    found = without_each([NAN, 0.9], [0.0, 0.9], [NAN, 0.2])
    assert found.attrs["least_with_all"] == 0.9
    assert found["least_without"].to_numpy().tolist() == [0.9, 0.2]
    assert found["mean_contribution"].to_numpy().round(9).tolist() == [0.0, 0.7]
    assert found["coverage_gaps_opened"].to_numpy().tolist() == [0.0, 1.0]


def test_a_sensor_without_which_nothing_is_known_has_no_least_detection() -> None:
    found = without_each([0.9, 0.8], [NAN, 0.6], [NAN, 0.7])
    assert found["least_without"].to_numpy().tolist() == [0.6, 0.7]
    assert without_each([0.9], [0.3])["least_without"].item() == 0.3
