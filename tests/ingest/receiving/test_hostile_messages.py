"""Whatever anybody sends: never an error, always counted once, a dead letter of bounded size that can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.envelope import Delivery
from ingest.errors import CODES
from ingest.receiving.batch import KEPT_BYTES
from ingest.receiving.quarantine import Quarantine
from ingest.receiving.receiver import Guards, Receiver
from ingest.security.authentication import Authenticator
from ingest.security.key_register import Register
from ops.journal.writer import Journal

NOW_NS = int(datetime(2026, 3, 14, 21, 0, tzinfo=UTC).timestamp()) * 10**9
TOPIC = "watchline/1/x/sensor/r1/detections"
GOOD = {
    "sensor": "r1",
    "boot": 1,
    "seq": 1,
    "scan": 1,
    "observed_at": "2026-03-14T21:00:00Z",
    "kind": "radar",
    "plots": [],
}
CASES = {
    "ten megabytes": b'{"sensor":"' + b"x" * 10_000_000 + b'"}',
    "ten megabytes of arrays": b"[" * 10_000_000,
    "nested as deep as a message may be long": b'{"plots":' + b"[" * 200_000,
    "objects in objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "lone surrogates": b'{"sensor":"\\ud800","boot":1}',
    "surrogates in UTF-8": b'{"sensor":"\xed\xa0\x80"}',
    "control characters": json.dumps({**GOOD, "sensor": "r1\x00\x1b[2J\n"}).encode(),
    "raw control characters": b'{"sensor":"\x00\x1b[2J"}',
    "plus": json.dumps({**GOOD, "sensor": "+"}).encode(),
    "hash": json.dumps({**GOOD, "sensor": "#"}).encode(),
    "slash": json.dumps({**GOOD, "sensor": "r1/../r2"}).encode(),
    "many plots": json.dumps({**GOOD, "plots": [{}] * 1001}).encode(),
    "a number of a thousand digits": b'{"boot":' + b"9" * 1000 + b"}",
    "a float that overflows": b'{"boot":1e999}',
    "the same key twice": b'{"sensor":"r1","sensor":"r2"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "nothing": b"",
}


@pytest.fixture(params=["open", "signed"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    journal = Journal(tmp_path / "journal.db")
    trust = (
        Authenticator(Register(), required=True, recall_boot=journal.recall_boot) if request.param == "signed" else None
    )
    made = Receiver("x", commit=journal.commit, acknowledge=lambda _: True, recall=journal.recall,
                    guards=Guards(trust, Quarantine()))  # fmt: skip
    made.journal = journal  # type: ignore[attr-defined]
    yield made
    journal.close()


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_body_is_a_dead_letter_with_a_code_and_at_most_64_kb(door: Receiver, name: str) -> None:
    payload = CASES[name]
    door.handle([Delivery(TOPIC, payload, "application/json", (), NOW_NS)])
    ((_, dead),) = door.journal.dead_letters()  # type: ignore[attr-defined]
    assert dead.code in CODES
    assert (dead.sensor, dead.size, dead.body) == ("r1", len(payload), payload[:KEPT_BYTES])
    assert dead.field
    assert len(dead.message) < 1000
    assert dead.message.isprintable()
    assert dead.message.isascii()


Text = st.text(st.characters(codec="utf-8"), max_size=30)  # what paho hands over has no lone surrogates
Topics = st.one_of(
    Text,
    st.sampled_from(["detections", "status", "ack"]).map(lambda channel: f"watchline/1/x/sensor/r1/{channel}"),
    st.tuples(Text, Text).map(lambda parts: f"watchline/1/{parts[0]}/sensor/{parts[1]}/detections"),
    Text.map(lambda name: f"watchline/1/x/unit/{name}/reply"),
)
Names = st.sampled_from(["boot", "seq", "by_boot", "sent", "low", "key", "sig", "x"])
Json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | Text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner, max_size=4),
    max_leaves=8,
)
Bodies = st.one_of(
    st.binary(max_size=60),
    Json.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(list(GOOD)), Json, max_size=3).map(
        lambda some: json.dumps({**GOOD, **some}).encode()
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(
    Delivery, Topics, Bodies, st.none() | Text, st.lists(st.tuples(Names, Text), max_size=5).map(tuple), st.just(NOW_NS)
), max_size=8))  # fmt: skip
def test_no_delivery_makes_an_error_and_each_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, deliveries: list[Delivery]
) -> None:
    with Journal(tmp_path_factory.mktemp("hostile") / "journal.db") as journal:
        trust = Authenticator(Register(), required=False, recall_boot=journal.recall_boot)
        acknowledged: list[Delivery] = []
        door = Receiver("x", commit=journal.commit, acknowledge=acknowledged.append, recall=journal.recall,
                        guards=Guards(trust, Quarantine()))  # fmt: skip
        door.handle(deliveries)
        counts = journal.counts(None)
        assert acknowledged == deliveries
        assert sum(count.received for count in counts.values()) == len(deliveries)
        assert all(count.balanced for count in counts.values())
        for _, dead in journal.dead_letters():
            assert dead.code in CODES
            assert dead.message.isprintable()
