"""Whom ingest listens to: everybody, until somebody floods; then those it knows, but for him; and everybody again."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from ingest.receiving.batch import Batch, Row
from ingest.receiving.subscriptions import MAX_NAMES, SHED_PER_S, Subscriptions

ALL = ["watchline/1/x/sensor/+/detections", "watchline/1/x/sensor/+/status"]


def batch(heard: Iterable[str] = (), shed: dict[tuple[str, str], int] | None = None) -> Batch:
    rows = tuple(Row("detections", name, 1, 1, 0, 0, None, "", b"", "t") for name in heard)
    return Batch(rows, shed=shed or {})


def flood(*sources: str, kind: str = "detections") -> Batch:
    return batch(shed={(source, kind): SHED_PER_S + 1 for source in sources})


def of(*names: str) -> list[str]:
    return [f"watchline/1/x/sensor/{name}/detections" for name in names]


def test_while_nobody_floods_everybody_is_heard() -> None:
    hearing = Subscriptions("x", ["r1"])
    assert not hearing.note(batch(["r2"]), frozenset())
    assert not hearing.note(batch(shed={("r1", "detections"): SHED_PER_S}), frozenset({"r1"}))
    assert list(hearing.filters) == ALL


def test_who_floods_is_not_received_and_the_others_are() -> None:
    hearing = Subscriptions("x", ["r1"])
    hearing.note(batch(["r2", "r3"]), frozenset())
    assert hearing.note(flood("r2"), frozenset({"r2"}))
    assert list(hearing.filters) == [ALL[1], *of("r1", "r3")], "heartbeats are not flooded, so anybody's are heard"
    assert hearing.update(frozenset({"r2"}), any_held=True) is False
    assert hearing.update(frozenset(), any_held=False)
    assert list(hearing.filters) == ALL


def test_who_is_named_later_is_heard_during_a_flood_too() -> None:
    hearing = Subscriptions("x")
    hearing.know(["r1", "r2"])
    hearing.note(flood("r2"), frozenset({"r2"}))
    assert list(hearing.filters) == [ALL[1], *of("r1")]


def test_who_has_flooded_and_is_cut_off_again_is_not_received_at_once() -> None:
    hearing = Subscriptions("x", ["r1", "r2"])
    hearing.note(flood("r2"), frozenset({"r2"}))
    hearing.update(frozenset(), any_held=False)
    assert hearing.note(batch(["r1"]), frozenset({"r2"})), "nothing of it had to be shed"
    assert list(hearing.filters) == [ALL[1], *of("r1")]
    hearing.update(frozenset(), any_held=False)
    assert not hearing.note(batch(shed={("r1", "detections"): 1}), frozenset({"r1"})), "r1 never has"


def test_what_is_shed_slowly_is_received_and_counted() -> None:
    hearing = Subscriptions("x", ["r1"])
    for _ in range(100):
        assert not hearing.note(batch(shed={("r1", "detections"): SHED_PER_S // 2}), frozenset({"r1"}))
        assert not hearing.update(frozenset({"r1"}), any_held=True)
    assert list(hearing.filters) == ALL


def test_a_sensor_that_says_something_good_during_a_flood_is_heard_from_then_on() -> None:
    hearing = Subscriptions("x")
    hearing.note(flood("r2"), frozenset({"r2"}))
    assert list(hearing.filters) == [ALL[1]]
    new = Batch((Row("status", "r3", 1, 1, 0, 0, None, "", b"", "t"),))
    assert hearing.note(new, frozenset({"r2"}))
    assert list(hearing.filters) == [ALL[1], *of("r3")]


def test_strangers_who_flood_are_not_received_and_who_is_impersonated_is() -> None:
    hearing = Subscriptions("x", ["r1"])
    assert not hearing.note(flood("r1"), frozenset()), "somebody writes as r1, whose own messages must come in"
    assert hearing.note(flood("who", "ever"), frozenset())
    assert list(hearing.filters) == [ALL[1], *of("r1")]


def test_floods_of_heartbeats_are_left_apart_from_those_of_detections() -> None:
    hearing = Subscriptions("x", ["r1"])
    hearing.note(flood("r2", kind="status"), frozenset({"r2"}))
    assert list(hearing.filters) == [ALL[0], "watchline/1/x/sensor/r1/status"]


def test_no_more_names_are_known_than_the_limit() -> None:
    hearing = Subscriptions("x")
    hearing.note(batch(f"s{n}" for n in range(MAX_NAMES + 5)), frozenset())
    assert len(hearing.names()) == 2 * MAX_NAMES


NAMES = st.sampled_from("abcd")


@given(st.lists(st.tuples(st.sets(NAMES), st.sets(NAMES), st.sets(NAMES), st.booleans()), max_size=12))
def test_whoever_is_known_and_not_held_is_always_heard_and_everybody_in_the_end(
    steps: list[tuple[set[str], set[str], set[str], bool]],
) -> None:
    hearing, known, told = Subscriptions("x"), set(), list(ALL)
    for heard, flooding, held, second in steps:
        known |= heard
        some = batch(sorted(heard), {(name, "detections"): SHED_PER_S + 1 for name in flooding & held})
        if hearing.note(some, frozenset(held)):
            told = list(hearing.filters)
        if second and hearing.update(frozenset(held), any_held=bool(held)):
            told = list(hearing.filters)
        assert told == list(hearing.filters), "no change goes untold"
        assert ALL[0] in told or set(of(*(known - held))) <= set(told)
        assert not (ALL[0] in told and any(topic in told for topic in of(*known))), "nobody is heard twice"
    hearing.update(frozenset(), any_held=False)
    assert list(hearing.filters) == ALL
