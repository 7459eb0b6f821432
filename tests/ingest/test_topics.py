from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest import topics
from ingest.errors import MalformedMessage, TopicError

NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
HOSTILE = [
    "",
    "+",
    "#",
    "a/b",
    "a+",
    "#a",
    "$SYS",
    "a b",
    "a\n",
    "a\x00",
    "é",
    "\ud800",
    "a" * 65,
    ".",
    "-a",
    "../x",
    "<img>",
]


@given(NAMES, NAMES, st.sampled_from(sorted(topics.CHANNELS["sensor"])))
def test_a_sensor_topic_parses_to_what_it_was_built_from(sector: str, sensor: str, channel: str) -> None:
    assert topics.parse(topics.sensor_topic(sector, sensor, channel)) == topics.Topic(sector, "sensor", sensor, channel)


@given(NAMES, NAMES, st.sampled_from(sorted(topics.CHANNELS["unit"])))
def test_a_unit_topic_parses_to_what_it_was_built_from(sector: str, unit: str, channel: str) -> None:
    assert topics.parse(topics.unit_topic(sector, unit, channel)) == topics.Topic(sector, "unit", unit, channel)


def test_topics_are_those_of_the_design() -> None:
    assert topics.sensor_topic("cumberland", "radar-west", "ack") == "watchline/1/cumberland/sensor/radar-west/ack"
    assert topics.unit_topic("cumberland", "cove", "alerts") == "watchline/1/cumberland/unit/cove/alerts"
    assert topics.sensor_filter("cumberland", "status") == "watchline/1/cumberland/sensor/+/status"
    assert topics.unit_filter("cumberland", "position") == "watchline/1/cumberland/unit/+/position"
    assert topics.parse("watchline/1/cumberland/tracks") == topics.Topic("cumberland", "sector", "cumberland", "tracks")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_name_gets_into_a_topic(name: str) -> None:
    for build in (
        lambda: topics.sensor_topic(name, "a", "status"),
        lambda: topics.sensor_topic("a", name, "status"),
        lambda: topics.sensor_topic("a", "a", name),
        lambda: topics.unit_topic("a", name, "alerts"),
        lambda: topics.unit_topic("a", "a", "detections"),
        lambda: topics.sensor_filter(name, "status"),
    ):
        with pytest.raises(TopicError):
            build()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_topic_with_a_hostile_name_is_malformed(name: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        topics.parse(f"watchline/1/a/sensor/{name}/detections")
    assert (caught.value.code, caught.value.field) == ("bad_topic", "topic")


@given(st.text())
@example("watchline/1/a/sensor/+/detections")
@example("watchline/2/a/sensor/b/detections")
@example("watchline/1/a/sensor/b/alerts")
@example("watchline/1/a/unit/b/detections")
@example("watchline/1//tracks")
@example("/" * 5000)
def test_parse_accepts_only_what_build_builds(text: str) -> None:
    with pytest.raises(MalformedMessage):
        topics.parse(text)
