"""Signatures: what is signed cannot be read in two ways, and nothing of it can be changed."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ingest.security.signature import (
    FORM,
    MOST_ROOTS,
    SIGNED,
    Roots,
    SignedMessage,
    Signer,
    key_id,
    signed_bytes,
    verifies,
)

# RFC 8032, section 7.1, test 2.
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNER = Signer.of(Ed25519PrivateKey.from_private_bytes(SECRET))
VERIFIER = Ed25519PublicKey.from_public_bytes(PUBLIC)
TOPIC = "watchline/1/cumberland/sensor/radar-1/detections"
JSON = "application/json"
BODY = b'{"sensor":"radar-1","boot":3,"seq":7}'
SAID = [("boot", "3"), ("seq", "7"), ("by_boot", "3"), ("sent", "1773522000000000000")]


def said() -> dict[str, str]:
    return dict(SIGNER.sign(TOPIC, JSON, SAID, BODY))


def test_the_key_is_that_of_rfc_8032() -> None:
    assert SIGNER.public == PUBLIC
    signature = SIGNER.private.sign(bytes.fromhex("72"))
    assert signature.hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")


def test_the_signed_bytes_are_those_of_the_document() -> None:
    """Built here by hand from docs/security.md: every part behind its length in 4 bytes, big endian."""
    key = key_id(PUBLIC)
    parts = [b"watchline/1/signature", TOPIC.encode(), b"application/json", key.encode(), b"3", b"7", b"3",
             b"1773522000000000000", b"", BODY]  # fmt: skip
    by_hand = b"".join(bytes([0, 0, 0, len(part)]) + part for part in parts)
    assert signed_bytes(TOPIC, JSON, {**dict(SAID), "key": key}, BODY) == by_hand
    VERIFIER.verify(urlsafe_b64decode(said()["sig"] + "=="), by_hand)
    assert len(said()["sig"]) == 86


def test_a_key_is_named_by_its_hash() -> None:
    assert len(key_id(PUBLIC)) == 16
    assert urlsafe_b64decode(key_id(PUBLIC)) == sha256(PUBLIC).digest()[:12]
    assert said()["key"] == key_id(PUBLIC)


def test_what_was_signed_verifies() -> None:
    assert verifies(VERIFIER, TOPIC, JSON, said(), BODY)


def test_the_key_does_not_show() -> None:
    assert SECRET.hex() not in repr(SIGNER)
    assert "private" not in repr(SIGNER)


@pytest.mark.parametrize("name", SIGNED)
def test_every_signed_property_counts(name: str) -> None:
    changed = said()
    changed[name] = changed.get(name, "") + "1"
    assert not verifies(VERIFIER, TOPIC, JSON, changed, BODY)
    if name != "low":
        del changed[name]
        assert not verifies(VERIFIER, TOPIC, JSON, changed, BODY)


@given(st.integers(0, 8 * len(BODY) - 1))
def test_no_bit_of_the_body_can_be_flipped(bit: int) -> None:
    flipped = bytearray(BODY)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not verifies(VERIFIER, TOPIC, JSON, said(), bytes(flipped))


@given(st.integers(0, 85), st.characters(codec="ascii"))
def test_a_signature_has_one_text(at: int, letter: str) -> None:
    """Base64 can say the same bytes in several ways (its last bits are unused, other letters are skipped): not here."""
    good = said()
    text = good["sig"][:at] + letter + good["sig"][at + 1 :]
    assert verifies(VERIFIER, TOPIC, JSON, {**good, "sig": text}, BODY) == (text == good["sig"])


@given(st.text(max_size=100))
def test_any_other_text_is_no_signature(text: str) -> None:
    assert not verifies(VERIFIER, TOPIC, JSON, {**said(), "sig": text}, BODY)


@given(st.text(max_size=60), st.text(max_size=30))
def test_another_topic_or_content_type_is_another_message(topic: str, content_type: str) -> None:
    assert verifies(VERIFIER, topic, JSON, said(), BODY) == (topic == TOPIC)
    assert verifies(VERIFIER, TOPIC, content_type, said(), BODY) == (content_type == JSON)


Parts = st.tuples(st.text(max_size=8), st.text(max_size=8), st.lists(st.text(max_size=4), min_size=6, max_size=6),
                  st.binary(max_size=8))  # fmt: skip


@given(Parts, Parts)
def test_two_messages_never_give_the_same_bytes(
    one: tuple[str, str, list[str], bytes], two: tuple[str, str, list[str], bytes]
) -> None:
    def of(message: tuple[str, str, list[str], bytes]) -> bytes:
        topic, content_type, values, body = message
        return signed_bytes(topic, content_type, dict(zip(SIGNED, values, strict=True)), body)

    assert (of(one) == of(two)) == (one == two)
    assert of(one).startswith(len(FORM).to_bytes(4, "big") + FORM)


def test_another_key_does_not_verify() -> None:
    other = Signer.generate()
    assert other.key != SIGNER.key
    forged = dict(replace(other, key=SIGNER.key).sign(TOPIC, JSON, SAID, BODY))
    assert forged["key"] == SIGNER.key
    assert not verifies(VERIFIER, TOPIC, JSON, forged, BODY)


def test_the_example_of_the_document_is_this_signature() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "security.md").read_text(encoding="utf-8")
    assert f"`{said()['key']}`" in text
    assert f"`{said()['sig']}`" in text


def test_a_key_of_small_order_signs_nothing() -> None:
    """With the neutral point as key and as R, and S = 0, the bare equation S·B = R + h·A holds for every message."""
    neutral = bytes([1]) + bytes(31)
    signature = urlsafe_b64encode(neutral + bytes(32)).rstrip(b"=").decode()
    public = Ed25519PublicKey.from_public_bytes(neutral)
    assert not verifies(public, "topic", "application/json", {"sig": signature}, b"anything")


def backlog(count: int, first: int = 1) -> list[SignedMessage]:
    numbered = range(first, first + count)
    return [(TOPIC, JSON, [("boot", "3"), ("seq", str(n)), ("by_boot", "3"), ("sent", "1")], BODY + b"%d" % n)
            for n in numbered]  # fmt: skip


def holds(message: SignedMessage, said: dict[str, str], roots: Roots | None = None) -> bool:
    topic, content_type, _, body = message
    return verifies(VERIFIER, topic, content_type, said, body, roots)


@given(st.integers(0, 50), st.booleans())
def test_of_messages_that_go_out_together_each_proves_itself_alone_in_any_order(count: int, keep: bool) -> None:
    messages = backlog(count)
    signed = [dict(said) for said in SIGNER.sign_many(messages)]
    assert len(signed) == count
    roots = Roots() if keep else None
    for message, said in reversed(list(zip(messages, signed, strict=True))):
        assert holds(message, said, roots)
        assert len(said.get("proof", "")) <= 172
    signatures = {said["sig"] for said in signed}
    assert len(signatures) == bin(count).count("1") + count // 16 - bin(count // 16).count("1")
    for index in range(1, min(count, 17)):
        assert not holds(messages[index - 1], signed[index], roots), "nobody else's proof, known root or not"


def test_the_tree_is_that_of_the_document() -> None:
    """Four messages, by hand: leaves behind a 0 byte, nodes behind a 1 byte, the root behind its name and length."""
    messages = backlog(4)
    signed = [dict(said) for said in SIGNER.sign_many(messages)]
    leaves = [
        sha256(b"\0" + signed_bytes(TOPIC, JSON, said, body)).digest()
        for (_, _, _, body), said in zip(messages, signed, strict=True)
    ]
    left, right = (sha256(b"\1" + leaves[n] + leaves[n + 1]).digest() for n in (0, 2))
    root = sha256(b"\1" + left + right).digest()
    third = urlsafe_b64decode(signed[2]["proof"] + "=" * (-len(signed[2]["proof"]) % 4))
    assert third == bytes([2]) + leaves[3] + left
    whole = b"\0\0\0\x11watchline/1/burst" + b"\0\0\0\x20" + root
    VERIFIER.verify(urlsafe_b64decode(signed[2]["sig"] + "=="), whole)


@given(st.integers(0, 15), st.integers(0, 8 * (len(BODY) + 1) - 1))
def test_nothing_of_a_message_of_a_burst_can_be_changed_even_when_its_root_is_known(index: int, bit: int) -> None:
    messages, roots = backlog(16), Roots()
    signed = [dict(said) for said in SIGNER.sign_many(messages)]
    assert all(holds(message, said, roots) for message, said in zip(messages, signed, strict=True))
    topic, content_type, _, body = messages[index]
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << bit % 8
    good = signed[index]
    assert not verifies(VERIFIER, topic, content_type, good, bytes(flipped), roots)
    assert not verifies(VERIFIER, topic + "x", content_type, good, body, roots)
    for name in (*SIGNED[:5], "low"):
        assert not verifies(VERIFIER, topic, content_type, {**good, name: good.get(name, "") + "1"}, body, roots)
    assert not verifies(Signer.generate().private.public_key(), topic, content_type, good, body, roots)
    alone = {name: value for name, value in good.items() if name != "proof"}
    assert not verifies(VERIFIER, topic, content_type, alone, body, roots)


@given(st.integers(0, 15), st.integers(0, 171), st.characters(codec="ascii"), st.text(max_size=200))
def test_a_proof_has_one_text_and_any_other_is_none(index: int, at: int, letter: str, text: str) -> None:
    messages, roots = backlog(16), Roots()
    good = dict(SIGNER.sign_many(messages)[index])
    assert holds(messages[index], good, roots)
    changed = good["proof"][:at] + letter + good["proof"][at + 1 :]
    assert holds(messages[index], {**good, "proof": changed}, roots) == (changed == good["proof"])
    assert holds(messages[index], {**good, "proof": text}, roots) == (text == good["proof"])


def test_no_more_roots_are_kept_than_the_limit_and_none_that_was_not_verified() -> None:
    roots = Roots()
    for number in range(MOST_ROOTS + 3):
        roots.add(number.to_bytes(4, "big"))
    assert (0).to_bytes(4, "big") not in roots
    assert (MOST_ROOTS + 2).to_bytes(4, "big") in roots
    messages = backlog(2)
    forged = dict(Signer.generate().sign_many(messages)[0]) | {"key": SIGNER.key}
    for _ in range(2):
        assert not holds(messages[0], forged, roots), "the second time, too"
