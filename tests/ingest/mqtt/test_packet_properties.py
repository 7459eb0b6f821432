"""The reader of PUBLISH properties against paho's own, on good packets and on spoilt ones."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.mqtt.packet_properties import read_properties

TEXT = st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), max_size=40)


def text(value: str) -> bytes:
    body = value.encode()
    return len(body).to_bytes(2, "big") + body


def packet(properties: bytes, rest: bytes = b"") -> bytes:
    size, left = b"", len(properties)
    while True:
        left, digit = divmod(left, 128)
        size += bytes([digit | (128 if left else 0)])
        if not left:
            return size + properties + rest


@given(st.none() | TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=8), st.binary(max_size=20), st.booleans())
def test_what_was_written_is_read(content: str | None, said: list[tuple[str, str]], rest: bytes, more: bool) -> None:
    """Written by hand after the standard: identifier, length in two bytes, text; other properties are passed over."""
    body = b"" if content is None else b"\x03" + text(content)
    body += b"".join(b"\x26" + text(name) + text(value) for name, value in said)
    if more:
        body = (
            b"\x01\x01" + b"\x02\0\0\0\x3c" + body + b"\x08" + text("r") + b"\x09\0\2\xff\0" + b"\x0b\x80\x01\x0b\x05"
        )
    whole = packet(body, rest)
    assert read_properties(whole) == (content, said, len(whole) - len(rest))


PAHO = """
import sys
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes
for line in sys.stdin:
    found = Properties(PacketTypes.PUBLISH)
    try:
        found.unpack(bytes.fromhex(line))
        print(repr((getattr(found, "ContentType", None), getattr(found, "UserProperty", []))))
    except Exception:
        print("refused")
"""


def test_paho_reads_the_same_and_refuses_what_we_refuse() -> None:
    """In a process of its own, where paho is as it came. Bent packets: each byte of a good one changed."""
    good = packet(
        b"\x03" + text("application/json") + b"\x26" + text("boot") + text("12") + b"\x26" + text("k") + text("")
    )
    cases = [good] + [
        good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :] for at in range(len(good)) for bit in (1, 32)
    ]
    cases += [good[:at] for at in range(len(good))]
    told = subprocess.run(
        [sys.executable, "-c", PAHO],
        input="\n".join(case.hex() for case in cases),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    refused = 0
    for case, paho in zip(cases, told, strict=True):
        try:
            content, said, _ = read_properties(case)
        except ValueError:
            refused += 1
            assert paho == "refused" or "\\x00" in paho, case.hex()
            continue
        if paho != "refused":  # it refuses some characters, too; ours go to the dead letters
            assert repr((content, said)) == paho, case.hex()
    assert refused > 20


@settings(max_examples=500)
@given(st.binary(max_size=60))
def test_any_bytes_give_an_answer_or_one_kind_of_error(whole: bytes) -> None:
    try:
        content, said, size = read_properties(whole)
    except ValueError:
        return
    assert size <= len(whole)
    assert content is None or isinstance(content, str)
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in said)


@pytest.mark.parametrize("spoilt", [b"", b"\x80", b"\x80\x80\x80\x80\x01", b"\x05\x26\0\1", b"\x01\x26", b"\x02\x7f\0",
                                    b"\x06\x03\0\0\x03\0\0", b"\x03\x26\0\0"])  # fmt: skip
def test_what_no_packet_may_hold_is_refused(spoilt: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_properties(spoilt)
