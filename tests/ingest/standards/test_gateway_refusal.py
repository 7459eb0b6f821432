"""What a gateway refuses reaches the dead letters with the gateway's reason, whatever the bytes were."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode
from ingest.errors import CODES, MalformedMessage
from ingest.standards.gateway_refusal import KEPT_BYTES, PREFIX, REFUSED, encode_refused, packet_of, unwrapped
from ingest.standards.sapient.decode import MAX_PACKET_BYTES
from ingest.standards.sapient.framing import Frames, frame
from ingest.wire import MAX_PAYLOAD_BYTES

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@given(st.binary(max_size=2_000), st.sampled_from(sorted(CODES)), st.text(min_size=1, max_size=40))
def test_the_reason_comes_out_as_it_went_in(packet: bytes, code: str, field: str) -> None:
    error = MalformedMessage(code, field, "said", "something else")
    payload = encode_refused(packet, error, "application/protobuf")
    assert payload.startswith(PREFIX)
    with pytest.raises(MalformedMessage) as caught:
        decode(payload, received_at=NOW, content_type=REFUSED)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert b64decode(msgspec.json.decode(payload)["packet"]) == packet
    kept = unwrapped(payload)
    assert kept is not None
    assert (packet_of(kept), kept.size) == (packet, len(packet))
    assert unwrapped(packet) is None


def test_a_large_message_is_cut_so_that_it_can_be_sent() -> None:
    error = MalformedMessage("too_large", "packet", "x" * 10_000, "y" * 10_000)
    payload = encode_refused(b"\xff" * MAX_PACKET_BYTES, error, "application/protobuf")
    assert len(payload) < MAX_PAYLOAD_BYTES
    found = msgspec.json.decode(payload)
    assert (found["size"], len(b64decode(found["packet"]))) == (MAX_PACKET_BYTES, KEPT_BYTES)


@pytest.mark.parametrize("payload", [b"", b"{", b'{"refused":"odd"}', PREFIX + b"\xff}"])
def test_an_envelope_that_is_none_is_refused_itself(payload: bytes) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(payload, received_at=NOW, content_type=REFUSED)
    assert caught.value.code == "not_json"


@given(st.lists(st.binary(max_size=60), max_size=8), st.data())
def test_packets_come_out_whole_however_the_stream_is_cut(packets: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frame(packet) for packet in packets)
    frames, found = Frames(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += frames.feed(stream[:size])
        stream = stream[size:]
    assert found == packets
    assert frames.held == 0


def test_a_length_is_little_endian_and_has_its_limit() -> None:
    assert frame(b"abc") == b"\x03\x00\x00\x00abc"
    assert frame(b"x" * MAX_PACKET_BYTES)[:4] == b"\x00\x00\x10\x00"
    for bad in (lambda: frame(b"x" * (MAX_PACKET_BYTES + 1)), lambda: list(Frames().feed(b"\x01\x00\x10\x00"))):
        with pytest.raises(MalformedMessage) as caught:
            bad()
        assert (caught.value.code, caught.value.field) == ("too_large", "length")
