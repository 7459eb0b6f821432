"""What people tell: one word makes a track as wide as it honestly is, kept for a stated time; the next word is its."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.models.settings import TrackerSettings
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from ingest.decode import decode
from ingest.standards.registry import SENTENCE
from sensors.detections import to_dataset
from sensors.layout import Layout, place
from sensors.scan import Scan

START = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
FRAME = LocalFrame.around(8.0, 47.0)
ROOM = TrackerSettings(trigger_births=True)
HELD_S = ROOM.reported_limit_s


def layout(*, radar_at: tuple[float, float]) -> Layout:
    """Two observers 1.5 km apart, and a radar that looks once a second, there or elsewhere."""
    people = {"observer-3": (0.0, 0.0), "observer-4": (1500.0, 0.0)}
    found = [place(FRAME, *spot, id=name, kind="human", max_range_m=3000.0) for name, spot in people.items()]
    radar = place(FRAME, *radar_at, id="r1", kind="radar", max_range_m=4000.0, period_s=1.0, range_sd_m=5.0,
                  azimuth_sd_deg=0.3, detection_probability=0.9, false_alarms_per_scan=1.0)  # fmt: skip
    return Layout("test", FRAME, (*found, radar))


FAR, NEAR = layout(radar_at=(-9000.0, 0.0)), layout(radar_at=(0.0, -500.0))


class Watchers:
    """A tracker, and what comes to it: sentences of people, empty looks of the radar."""

    def __init__(self, of: Layout = FAR) -> None:
        self.layout, self.tracker, self.looks = of, Tracker(of, ROOM), 0
        self.events: list[tuple[str, str]] = []

    def _step(self, scan: Scan) -> None:
        told = self.tracker.step(to_dataset([scan], self.layout))
        self.events += [(event.track, event.kind) for event in told]

    def say(self, when_s: float, sentence: str) -> None:
        self._step(decode(sentence.encode(), received_at=START + timedelta(seconds=when_s), content_type=SENTENCE))

    def look(self, when_s: float) -> None:
        self.looks += 1
        at = START + timedelta(seconds=when_s)
        self._step(Scan("r1", 1, self.looks, self.looks, at, at, "radar", ()))

    def live(self) -> list[str]:
        return [str(name) for name in self.tracker.tracks()["track"].values]

    def spread_m2(self) -> float:
        """Of the only track there is."""
        cov = self.tracker.tracks()["cov"].values[0]
        return float(cov[0, 0] + cov[1, 1])


def test_one_word_is_a_tentative_track_with_the_ellipse_of_the_word_for_the_stated_time() -> None:
    watch = Watchers()
    watch.say(0.0, "observer 3 heard a vehicle north-east")
    live = watch.tracker.tracks()
    assert [str(status) for status in live["status"].values] == ["tentative"]
    east, north = float(live["easting"].values[0]), float(live["northing"].values[0])
    assert np.hypot(east, north) == pytest.approx(1000.0, abs=60.0), "two thirds of how far a vehicle is heard"
    assert np.degrees(np.arctan2(east, north)) == pytest.approx(45.0, abs=1.0)
    assert watch.spread_m2() > 2 * 350.0**2
    watch.look(HELD_S - 1.0)
    assert watch.live() == [watch.events[0][0]], "although nobody said anything since"
    watch.look(HELD_S + 1.0)
    assert watch.live() == []
    assert watch.events[-1] == (watch.events[0][0], "closed")


def test_without_a_new_word_the_place_is_never_known_better() -> None:
    watch = Watchers()
    watch.say(0.0, "observer 3 heard a vehicle north-east")
    spreads = [watch.spread_m2()]
    for when_s in np.arange(20.0, HELD_S, 20.0):
        watch.look(float(when_s))
        if watch.live():
            spreads.append(watch.spread_m2())
    assert len(spreads) > 10
    assert spreads == sorted(spreads)


@pytest.mark.parametrize(
    "second", ["observer 3 heard a vehicle north-east", "observer 4 heard a vehicle north-west", "observer 3 saw a car"
               " north-east, about 900 m"]
)  # fmt: skip
def test_the_next_word_of_the_same_thing_is_the_same_tracks_whoever_says_it(second: str) -> None:
    watch = Watchers()
    watch.say(0.0, "observer 3 heard a vehicle north-east")
    first = watch.live()
    watch.look(55.0)
    watch.say(60.0, second)
    assert watch.live() == first
    assert watch.events[-1] == (first[0], "updated")
    watch.look(60.0 + HELD_S - 1.0)
    assert watch.live() == first, "kept for as long after the last word"


@given(st.sampled_from(["south", "south-west", "west"]), st.floats(1.0, 60.0))
@settings(max_examples=20, deadline=None)
def test_a_word_of_something_elsewhere_is_a_track_of_its_own(direction: str, later_s: float) -> None:
    watch = Watchers()
    watch.say(0.0, "observer 3 saw a person north-east")
    watch.say(later_s, f"observer 3 saw a person {direction}")
    assert len(watch.live()) == 2


def test_what_a_radar_looks_at_and_does_not_see_is_not_kept_on_a_word_alone() -> None:
    watch = Watchers(NEAR)
    watch.say(0.0, "observer 3 heard a vehicle north-east")
    for second in range(1, 40):
        watch.look(float(second))
    assert watch.live() == []
