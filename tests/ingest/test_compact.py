"""The compact form: every alert fits in 200 bytes with its signature, and gives back what was put in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fusion.alerts.alert import RULES, STATUSES
from geo.errors import BadInput
from ingest import compact_messages
from ingest.compact import EPOCH, FIELDS, MOST_BYTES, MOST_TOGETHER, NEEDED, decode, encode
from ingest.compact_messages import MOST_INFLATED, MOST_JOINED, decode_all, deflate, join, seal, unseal
from ingest.errors import MalformedMessage
from ingest.security.signature import Signer
from ops.incidents.incident import BY_SYSTEM, CHOSEN, KINDS, PRIORITIES, STATES
from sensors.scan import CLASSES

TOPIC = "watchline/1/cumberland/unit/patrol-1/alerts"
SIGNER = Signer.generate()

hostile = st.one_of(
    st.text(max_size=300), st.sampled_from(["", "\0", "é" * 200, "\u202e<script>", "𝄞" * 99, "a b " * 90])
)
identity = st.from_regex(r"\A[AI][0-9a-f]{16}\Z") | st.text("abcXYZ-_0", min_size=1, max_size=32)
moment = st.integers(-900_000_000_000, 6_000_000_000_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
number = st.integers(0, 2**53 - 1)
optional = st.none() | st.floats(-1e9, 1e9)
alerts = st.fixed_dictionaries(
    {
        "number": number,
        "id": identity,
        "revision": number,
        "status": st.sampled_from(STATUSES) | st.text(min_size=1, max_size=40),
        "priority": st.sampled_from(PRIORITIES),
        "rule": st.sampled_from(RULES) | st.text(min_size=1, max_size=80),
        "updated_at": moment,
    },
    optional={
        "lon": st.floats(-180, 180) | st.sampled_from([180.0, -180.0, 179.999999]),
        "lat": st.floats(-90, 90) | st.sampled_from([90.0, -90.0]),
        "raised_at": moment,
        "observed_at": moment.map(lambda at: at.isoformat()),
        "class_label": st.sampled_from(CLASSES) | hostile | st.none(),
        "direction": st.sampled_from([-1, 0, 1]),
        "segment": st.none() | st.integers(0, 100_000),
        "offset_m": optional,
        "time_to_border_s": optional,
        "track": hostile | st.none(),
        "unit": hostile | st.none(),
        "sensor": hostile,
        "by": hostile,
        "sentence": hostile,
        "evidence": st.just([["r1", 1, 2]] * 9),
    },
)
TYPICAL: dict[str, Any] = {
    "number": 1204, "id": "A91f0c2d3e4b5a687", "revision": 3, "status": "active", "priority": "high",
    "rule": "crossing", "updated_at": "2026-11-27T21:04:05Z", "raised_at": "2026-11-27T21:03:00Z",
    "observed_at": "2026-11-27T21:04:04Z", "lon": -84.2134567, "lat": 36.5876543, "class_label": "person",
    "direction": 1, "segment": 12, "offset_m": 31.4, "time_to_border_s": None,
    "sentence": "Probable person on foot crossed the border inbound, heading SW",
}  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(alerts)
@example({**TYPICAL, "updated_at": EPOCH, "lon": 180.0, "lat": 90.0})
@example({**TYPICAL, "updated_at": EPOCH, "lon": -180.0, "lat": -90.0, "class_label": ""})
def test_every_alert_fits_and_gives_back_its_fields(alert: dict[str, Any]) -> None:
    payload = seal(encode("alert", alert), TOPIC, SIGNER)
    assert len(payload) <= MOST_BYTES
    kind, got = decode(unseal(payload, TOPIC, [SIGNER.public]))
    assert kind == "alert"
    for name in ("number", "id", "revision", "priority"):
        assert got[name] == alert[name]
    for name, known in (("status", STATUSES), ("rule", RULES)):
        assert got[name] == alert[name] if alert[name] in known else alert[name].startswith(got[name][:1])
    for name in {"updated_at", "raised_at", "observed_at"} & got.keys():
        given_at = alert[name] if isinstance(alert[name], datetime) else datetime.fromisoformat(alert[name])
        assert abs(datetime.fromisoformat(got[name]) - given_at) < timedelta(seconds=1)
    for name in ("lon", "lat"):
        if name in got:
            assert got[name] == pytest.approx(alert[name], abs=0.5e-5 + 1e-12)
    if "sentence" in got and got["sentence"] != alert["sentence"]:
        assert got["sentence"].endswith("…") or alert["sentence"].startswith(got["sentence"])


def test_a_typical_alert_loses_nothing_that_matters() -> None:
    payload = seal(encode("alert", TYPICAL), TOPIC, SIGNER)
    _, got = decode(unseal(payload, TOPIC, [SIGNER.public]))
    assert got["sentence"] == TYPICAL["sentence"]
    assert (got["class_label"], got["direction"], got["segment"], got["offset_m"]) == ("person", 1, 12, 31)
    assert (got["lon"], got["lat"]) == (-84.21346, 36.58765)
    assert "time_to_border_s" not in got
    assert got["raised_at"] == TYPICAL["raised_at"]
    assert len(payload) < MOST_BYTES


@pytest.mark.parametrize("missing", NEEDED["alert"])
def test_an_alert_without_a_needed_field_is_refused(missing: str) -> None:
    with pytest.raises(BadInput, match=missing):
        encode("alert", {**TYPICAL, missing: None})
    body = cbor2.loads(encode("alert", TYPICAL))
    del body[next(one.key for one in FIELDS if one.name == missing)]
    with pytest.raises(MalformedMessage):
        decode(cbor2.dumps(body))


def test_an_id_is_never_cut() -> None:
    with pytest.raises(BadInput, match="id"):
        encode("alert", {**TYPICAL, "id": "x" * 33})


def test_incidents_digests_and_the_end_of_a_gap_fill() -> None:
    incident = {
        "number": 9, "id": "I91f0c2d3e4b5a687", "revision": 2, "state": "assigned", "priority": "high",
        "updated_at": EPOCH + timedelta(days=2500, seconds=7), "name": "Bravo 17", "lead": "A91f0c2d3e4b5a687",
        "about": "movement", "unit": "patrol-1", "sentence": "Probable group crossed inbound", "escalation": 1,
    }  # fmt: skip
    for kind, values in (
        ("incident", incident),
        ("digest", {"at": EPOCH, "first": 3, "last": 90, "counts": {"low": 80, "medium": 8}, "ids": ["A" + "0" * 16]}),
        ("gap_filled", {"after": 0, "last": 7, "sent": 4}),
    ):
        got_kind, got = decode(encode(kind, values))  # type: ignore[arg-type]
        assert got_kind == kind
        expected = {
            name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
            for name, value in values.items()
        }
        assert got == expected


def test_another_topic_another_key_and_a_changed_byte_are_refused() -> None:
    payload = seal(encode("alert", TYPICAL), TOPIC, SIGNER)
    forgeries = (
        (payload, TOPIC.replace("patrol-1", "patrol-2"), [SIGNER.public]),
        (payload, TOPIC, [Signer.generate().public]),
        (payload, TOPIC, []),
        (payload[:40] + bytes([payload[40] ^ 1]) + payload[41:], TOPIC, [SIGNER.public]),
        (seal(encode("alert", TYPICAL), TOPIC, None), TOPIC, [SIGNER.public]),
    )
    for forged, topic, keys in forgeries:
        with pytest.raises(MalformedMessage):
            unseal(forged, topic, keys)
    assert unseal(seal(encode("alert", TYPICAL), TOPIC, None), TOPIC, None) == encode("alert", TYPICAL)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=9) | st.text(max_size=9),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.integers(-2, 40) | st.text(max_size=2), one, max_size=8),
    max_leaves=20).map(cbor2.dumps))  # fmt: skip
@example(b"\x9f" * 300)
@example(b"\xd8\x1c\xd8\x1d\x00")
def test_bytes_of_strangers_give_a_message_or_one_kind_of_error(data: bytes) -> None:
    for read in (
        decode,
        decode_all,
        lambda one: unseal(one, TOPIC, None),
        lambda one: unseal(one, TOPIC, [SIGNER.public]),
    ):
        code = ""
        try:
            read(data)
        except MalformedMessage as error:
            code = error.code
        assert code in ("", "not_cbor", "missing_field", "wrong_type", "too_large", "unsigned", "bad_signature")


def test_a_later_version_may_add_keys_and_choices() -> None:
    body = cbor2.loads(encode("alert", TYPICAL)) | {99: "new", 6: 77}
    assert decode(cbor2.dumps(body))[1]["rule"] == "#77"


def test_the_registry_has_every_choice_under_one_number() -> None:
    assert len({one.key for one in FIELDS}) == len({one.name for one in FIELDS}) == len(FIELDS)
    choices = {one.name: one.choices for one in FIELDS if one.choices}
    assert set(choices["rule"]) >= set(RULES)
    assert set(choices["status"]) >= set(STATUSES)
    assert set(choices["priority"]) == set(PRIORITIES)
    assert set(choices["class_label"]) >= set(CLASSES)
    assert set(choices["state"]) >= set(STATES)
    assert set(choices["about"]) >= set(KINDS)
    assert set(choices["disposition"]) >= {*CHOSEN, *BY_SYSTEM}


@settings(max_examples=100, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=8), st.sampled_from([join, deflate]))
def test_several_under_one_signature_are_read_as_each_alone(
    several: list[dict[str, Any]], pack: Callable[[Sequence[bytes]], bytes]
) -> None:
    maps = [encode("alert", one) for one in several]
    payload = seal(pack(maps), TOPIC, SIGNER)
    assert len(payload) <= sum(map(len, maps)) + compact_messages.ROOM_FOR_SEVERAL <= MOST_TOGETHER
    body = unseal(payload, TOPIC, [SIGNER.public])
    assert decode_all(body) == [decode(one) for one in maps]
    if len(maps) == 1:
        assert body == maps[0], "a message of one is what it was"


def test_a_message_with_several_has_no_room_for_a_forgery() -> None:
    maps = [encode("alert", TYPICAL), encode("gap_filled", {"after": 0, "last": 7, "sent": 4})]
    payload = seal(join(maps), TOPIC, SIGNER)
    for at in (3, 30, len(maps[0]) + 10, len(payload) - 1):
        forged = payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]
        with pytest.raises(MalformedMessage):
            unseal(forged, TOPIC, [SIGNER.public])
    with pytest.raises(MalformedMessage):
        decode(join(maps))
    for empty in (b"\x80", cbor2.dumps([[]]), join(maps) + b"\x00"):
        with pytest.raises(MalformedMessage):
            decode_all(empty)


def test_what_resembles_each_other_takes_less_room_compressed() -> None:
    maps = [encode("alert", TYPICAL | {"number": number}) for number in range(20)]
    assert len(deflate(maps)) < len(join(maps)) / 4
    assert decode_all(deflate(maps)) == [decode(one) for one in maps]


def deflated(data: bytes) -> bytes:
    """A compressed body as anyone can make it."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return cbor2.dumps(compressor.compress(data) + compressor.flush())


def test_a_compressed_body_is_refused_that_is_too_large_cut_off_nested_or_followed_by_more() -> None:
    one = encode("alert", TYPICAL)
    array = join([one] * 9)
    inner = cbor2.loads(deflated(array))
    largest = join([one] * (MOST_JOINED // len(one)))
    assert len(decode_all(deflated(largest))) == MOST_JOINED // len(one)
    for bad in (
        deflated(largest + one * 3), deflated(b"\x00" * 500_000), cbor2.dumps(inner[:-3]), cbor2.dumps(inner + b"\x00"),
        deflated(deflated(array)), deflated(array + b"\x00"), deflated(b"\x80"), cbor2.dumps(b""), deflated(b""),
    ):  # fmt: skip
        with pytest.raises(MalformedMessage):
            decode_all(bad)
    assert MOST_JOINED + 32 <= MOST_INFLATED, "the head of the array has room"


def test_many_small_messages_have_room_too() -> None:
    """The heads of the arrays are longer with more in them; the room reckons with the longest."""
    one = encode("gap_filled", {"after": 0, "last": 7, "sent": 4})
    maps = [one] * ((MOST_TOGETHER - compact_messages.ROOM_FOR_SEVERAL) // len(one))
    assert len(maps) > 24
    assert len(seal(join(maps), TOPIC, SIGNER)) <= MOST_TOGETHER
    assert decode_all(join(maps)) == [decode(one)] * len(maps)
