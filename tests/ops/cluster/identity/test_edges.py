"""Two trackers and national identities beside one tracker that has the sensors of both (``benchmarks/edges.py``)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from benchmarks.edge_scenes import causes_of_switches, measure

T0 = np.datetime64("2026-09-21T21:00:00", "ns")
PLACES = {"A": 0.0, "B": 500.0}


def history(kind: str, rows: dict[str, str]) -> xr.Dataset:
    """Where each target or track is at each second: at A, at B, or nowhere; a track that is nowhere has ended."""
    shown = [(name, second, at) for name, each in rows.items() for second, at in enumerate(each)]
    shown = [one for one in shown if kind == "track" or one[2] != "."]
    zero = np.zeros(len(shown))
    columns = {
        kind: np.array([name for name, _, _ in shown]),
        "time": T0 + np.array([second for _, second, _ in shown]) * np.timedelta64(1, "s"),
        "easting": np.array([PLACES.get(at, 0.0) for _, _, at in shown]),
        "northing": zero,
        "easting_rate": zero,
        "northing_rate": zero,
        "status": np.array(["closed" if at == "." else "confirmed" for _, _, at in shown]),
    }
    units = {"easting": "m", "northing": "m", "easting_rate": "m/s", "northing_rate": "m/s"}
    return xr.Dataset(
        {name: ("estimate", each, {"units": units[name]} if name in units else {}) for name, each in columns.items()}
    )


def test_across_an_edge_identities_do_not_switch_and_the_picture_is_that_of_one_tracker():
    """One small scene; how the mean of many compares is in the performance log."""
    found = measure(3, crossers=6, duration_s=300.0)
    assert found.hand_overs >= 6
    assert found.joined >= 6
    assert found.national.switches <= found.one.switches
    assert found.national.gospa_m <= 1.2 * found.one.gospa_m
    for one, causes in ((found.decided, found.causes_decided), (found.national, found.causes_national)):
        assert causes.total() == one.switches


def test_each_switch_has_one_cause_worked_by_hand():
    """One target leaves the west at second 2, when the other enters it; the west has one track."""
    truth, one = history("target", {"A": "AAAAA", "B": "BBBBB"}), history("track", {"x": "AAAAA", "y": "BBBBB"})
    west = history("target", {"A": "AA...", "B": "..BBB"}), history("track", {"w": "AABBB"})
    renamed = history("track", {"x": "AAAAA", "y": "BBB..", "z": "...BB"})
    assert causes_of_switches(truth, renamed, one, [west]) == {"taken_over": 1}
    assert causes_of_switches(truth, renamed, renamed, [west]) == {"one_tracker": 1}
    again = west[0], history("track", {"w": "AABB.", "v": "....B"})
    assert causes_of_switches(truth, renamed, one, [again]) == {"sector_tracker": 1}
    assert causes_of_switches(truth, renamed, one, []) == {"joining": 1}
    assert causes_of_switches(truth, one, renamed, [west]) == {}
