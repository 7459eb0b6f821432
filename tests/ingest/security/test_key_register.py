"""The register: who may sign on which topic, from when until when; a file of it that changes under us."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import IdentityError, MalformedMessage
from ingest.security.key_register import SIGNS, KeyRecord, KeyRole, Register, RegisterFile, record_of
from ingest.security.signature import Signer
from ingest.topics import parse

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
HOUR = timedelta(hours=1)
JSON = "application/json"
SAID = [("boot", "1"), ("seq", "1"), ("by_boot", "1"), ("sent", str(NOW_NS))]
KEYS: Mapping[str, Signer] = {
    name: Signer.generate() for name in ("r1", "r2", "gw", "u1", "ingest", "feed", "field", "other")
}
BASE = "watchline/1/cumberland"


def record(role: KeyRole, name: str, signer: Signer, *, valid_until: datetime | None = None) -> KeyRecord:
    return record_of(role, name, signer.public, valid_from=NOW - HOUR, valid_until=valid_until)


REGISTER = Register(
    [
        record("sensor", "r1", KEYS["r1"]),
        record("sensor", "r2", KEYS["r2"]),
        record("sensor", "r*", KEYS["gw"]),
        record("unit", "u1", KEYS["u1"]),
        record("ingest", "ingest", KEYS["ingest"]),
        record("feed", "feed", KEYS["feed"]),
        record("field", "field-units", KEYS["field"]),
    ]
)


def code(register: Register, signer: Signer, topic: str, at: datetime = NOW) -> str:
    """ "" when the register takes the message; else why not."""
    said = dict(signer.sign(topic, JSON, SAID, b"body"))
    try:
        register.check(parse(topic), JSON, said, b"body", now_ns=int(at.timestamp()) * 10**9)
    except MalformedMessage as error:
        return error.code
    return ""


TOPICS = {
    f"{BASE}/sensor/r1/detections": {"r1"},
    f"{BASE}/sensor/r1/status": {"r1"},
    f"{BASE}/sensor/r2/detections": {"r2"},
    f"{BASE}/sensor/r7/detections": {"gw"},
    f"{BASE}/sensor/q7/detections": set(),
    f"{BASE}/sensor/r1/ack": {"ingest"},
    f"{BASE}/unit/u1/position": {"u1", "field"},
    f"{BASE}/unit/u1/reply": {"u1", "field"},
    f"{BASE}/unit/u2/reply": {"field"},
    f"{BASE}/unit/ops-centre/reply": set(),
    f"{BASE}/unit/u1/alerts": {"feed"},
    f"{BASE}/unit/r1/position": {"field"},
    f"{BASE}/sensor/u1/detections": set(),
    f"{BASE}/tracks": {"feed"},
}


@pytest.mark.parametrize(("topic", "who"), list(itertools.product(TOPICS, KEYS)))
def test_each_key_signs_its_own_topics_and_no_others(topic: str, who: str) -> None:
    """A gateway's prefix stands for names without a key of their own: it may not speak for r1."""
    expected = "" if who in TOPICS[topic] else "unknown_key" if who == "other" else "wrong_key"
    assert code(REGISTER, KEYS[who], topic) == expected


def test_a_key_holds_from_when_until_when() -> None:
    register = Register([record("sensor", "r1", KEYS["r1"], valid_until=NOW + HOUR)])
    topic = f"{BASE}/sensor/r1/status"
    moments = {-HOUR: "", -HOUR - timedelta(seconds=1): "key_expired", HOUR: "key_expired",
               HOUR - timedelta(seconds=1): ""}  # fmt: skip
    assert {at: code(register, KEYS["r1"], topic, NOW + at) for at in moments} == moments


def test_a_revoked_key_is_refused_from_that_moment_and_a_new_one_is_not() -> None:
    gone = msgspec.structs.replace(record("sensor", "r1", KEYS["r1"]), revoked_at=NOW)
    topic = f"{BASE}/sensor/r1/status"
    register = Register([gone, record("sensor", "r1", KEYS["other"])])
    assert code(register, KEYS["r1"], topic, NOW - timedelta(seconds=1)) == ""
    assert code(register, KEYS["r1"], topic) == "key_revoked"
    assert code(register, KEYS["other"], topic) == ""
    assert register.revoked(NOW_NS) == frozenset(), "the name has a good key"
    assert Register([gone]).revoked(NOW_NS) == {("sensor", "r1")}
    assert Register([gone]).revoked(NOW_NS - 1) == frozenset()


def test_unsigned_and_wrongly_signed_messages_say_so() -> None:
    topic = f"{BASE}/sensor/r1/status"
    said = dict(KEYS["r1"].sign(topic, JSON, SAID, b"body"))
    for missing, expected in (("sig", "unsigned"), ("key", "unsigned")):
        with pytest.raises(MalformedMessage) as caught:
            REGISTER.check(parse(topic), JSON, {k: v for k, v in said.items() if k != missing}, b"body", now_ns=NOW_NS)
        assert caught.value.code == expected
    with pytest.raises(MalformedMessage) as caught:
        REGISTER.check(parse(topic), JSON, said, b"other", now_ns=NOW_NS)
    assert (caught.value.code, caught.value.field) == ("bad_signature", "sig")


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a b", "é", "a" * 65, "a\n", "*", ".a", "r**", "*a"])
@pytest.mark.parametrize("role", SIGNS)
def test_a_name_that_no_topic_holds_gets_no_record(role: KeyRole, name: str) -> None:
    with pytest.raises(IdentityError, match="is not a name"):
        record(role, name, KEYS["r1"])


def test_only_a_sensors_record_may_be_a_prefix() -> None:
    assert record("sensor", "gw-*", KEYS["gw"]).covers("gw-17")
    with pytest.raises(IdentityError, match="is not a name"):
        record("unit", "gw-*", KEYS["gw"])


def test_a_register_survives_its_file() -> None:
    assert Register.from_bytes(REGISTER.to_bytes(), "here").records == REGISTER.records


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"[]", b"{}", b'{"form":"watchline/2/register","keys":[]}', b'{"form":"watchline/1/register","keys":[1]}',
     REGISTER.to_bytes().replace(b'"sensor"', b'"king"'), REGISTER.to_bytes().replace(b"public", b"pubic"),
     REGISTER.to_bytes()[:-20], b"\xff" + REGISTER.to_bytes(),
     REGISTER.to_bytes().replace(record("unit", "u1", KEYS["u1"]).public.encode(), b"=" * 44)],
)  # fmt: skip
def test_a_spoilt_register_is_one_sentence(spoilt: bytes) -> None:
    with pytest.raises(IdentityError) as caught:
        Register.from_bytes(spoilt, "register.json")
    assert "expected" in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_make_another_error(noise: bytes) -> None:
    try:
        Register.from_bytes(noise, "register.json")
    except IdentityError:
        return
    assert noise


def test_a_changed_file_is_taken_in_and_a_spoilt_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "register.json"
    with pytest.raises(IdentityError, match="cannot be read"):
        RegisterFile(path)
    path.write_bytes(REGISTER.to_bytes())
    file = RegisterFile(path)
    assert not file.refresh()
    path.write_bytes(b"half a fi")
    assert not file.refresh()
    assert file.problem is not None
    assert file.register.records == REGISTER.records, "the old one stays in force"
    path.write_bytes(Register([]).to_bytes())
    assert file.refresh()
    assert file.problem is None
    assert file.register.records == ()
    path.unlink()
    assert not file.refresh()
    assert "cannot be read" in (file.problem or "")
