"""The named areas that a target or a calling unit is in are part of the details of an alert, in both languages."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from fusion.alerts import AlertState, DistressCall, distress, raise_alerts
from fusion.situation.context import AlertContext
from geo.areas import AreaLookup, NamedArea
from geo.frame import LocalFrame
from ops.words import MessageCatalogue
from tests.fusion.alerts.test_evaluation import NS, START_NS, walk

FRAME = LocalFrame.around(-84.2, 36.6)


def square(identity: str, name: str, kind: str, west: float, south: float, side: float) -> NamedArea:
    """A square of metres in the frame."""
    corners = [(west, south), (west + side, south), (west + side, south + side), (west, south + side)]
    return NamedArea(identity, name, kind, shapely.Polygon([FRAME.to_lonlat(*corner) for corner in corners]))


AREAS = [
    square("w", "Gap ford", "watch", 0.0, -50.0, 1000.0),
    square("q", "Old quarry", "danger", 0.0, -50.0, 60.0),
    square("x", "Elsewhere", "restricted", 5000.0, 5000.0, 100.0),
]
CONTEXT = AlertContext(areas=AreaLookup(AREAS, FRAME))


def named(alert: object) -> list[tuple[object, object]]:
    found = [one for one in alert.details if one.id == "alert-detail-area"]  # type: ignore[attr-defined]
    return [(one.parameters["kind"], one.parameters["area"]) for one in found]


def test_a_track_is_in_the_areas_of_its_position_the_danger_first_and_no_longer_when_it_has_left() -> None:
    state, published = AlertState(), []
    for second, picture in walk(np.arange(-100.0, 300.0, 3.9), easting=30.0):
        now_ns = START_NS + round(second * NS)
        state, news = raise_alerts(state, picture, now_ns=now_ns, context=CONTEXT)
        published += [(float(picture.northing[0]), alert) for alert in news if alert.track == "T1" and alert.is_open]
    assert published
    stated = set()
    for _, alert in published:
        expected = [("danger", "Old quarry")] if alert.northing <= 10.0 and alert.northing >= -50.0 else []
        expected += [("watch", "Gap ford")] if alert.northing >= -50.0 else []
        assert named(alert) == expected, alert.northing
        stated.add(tuple(expected))
    assert len(stated) > 1, "the details change with the position"


def test_without_areas_and_without_a_position_nothing_is_stated() -> None:
    for context in (None, AlertContext(), AlertContext(areas=AreaLookup([], FRAME))):
        state = AlertState()
        for second, picture in walk(np.arange(-100.0, 100.0, 3.9), easting=30.0):
            state, _ = raise_alerts(state, picture, now_ns=START_NS + round(second * NS), context=context)
        assert state.alerts
        assert all(named(alert) == [] for alert in state.alerts.values())
    assert CONTEXT.areas_at(None, None) == ()


def test_responders_to_a_distress_call_read_that_it_comes_from_a_danger_area() -> None:
    call = DistressCall("patrol-1", START_NS, 30.0, 0.0, "36.60000, -84.20000")
    _, (alert,) = distress(AlertState(), call, now_ns=START_NS, context=CONTEXT)
    assert named(alert) == [("danger", "Old quarry"), ("watch", "Gap ford")]
    _, (unknown,) = distress(
        AlertState(), DistressCall("patrol-1", START_NS, None, None, ""), now_ns=START_NS, context=CONTEXT
    )
    assert named(unknown) == []


def test_a_call_that_waits_for_its_revision_states_its_areas_then() -> None:
    away = DistressCall("patrol-1", START_NS, -900.0, 0.0, "36.60000, -84.21000")
    state, (alert,) = distress(AlertState(), away, now_ns=START_NS, context=CONTEXT)
    there = DistressCall("patrol-1", START_NS + NS, 30.0, 0.0, "36.60000, -84.20000")
    state, held = distress(state, there, now_ns=START_NS + NS, context=CONTEXT)
    assert (named(alert), held) == ([], ())
    picture = next(iter(walk([-5000.0, -5000.0], name="T9")))[1]
    state, news = raise_alerts(state, picture, now_ns=START_NS + 3600 * NS, context=CONTEXT)
    assert [named(one) for one in news if one.rule == "distress"] == [[("danger", "Old quarry"), ("watch", "Gap ford")]]


@pytest.mark.parametrize(
    ("language", "kind", "sentence"),
    [
        ("en", "danger", "Inside danger area Old quarry"),
        ("en", "watch", "Inside watch area Old quarry"),
        ("fr", "danger", "À l’intérieur de la zone dangereuse Old quarry"),
        ("fr", "crossing_point", "À l’intérieur de la zone du point de passage Old quarry"),
    ],
)
def test_it_is_said_in_both_languages(language: str, kind: str, sentence: str) -> None:
    assert MessageCatalogue.of(language).say("alert-detail-area", kind=kind, area="Old quarry") == sentence
