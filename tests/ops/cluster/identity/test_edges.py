"""Two trackers and national identities beside one tracker that has the sensors of both (``benchmarks/edges.py``)."""

from __future__ import annotations

from benchmarks.edge_scenes import measure


def test_across_an_edge_identities_do_not_switch_and_the_picture_is_that_of_one_tracker():
    """One small scene; how the mean of many compares is in the performance log."""
    found = measure(3, crossers=6, duration_s=300.0)
    assert found.hand_overs >= 6
    assert found.joined >= 6
    assert found.national_switches <= found.one_switches
    assert found.national_gospa_m <= 1.2 * found.one_gospa_m
