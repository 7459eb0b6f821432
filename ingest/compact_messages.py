"""Messages of the compact form: the maps of ``ingest.compact`` under one signature, compressed if a unit wants it.

A message is an array: the bytes of its body, and the Ed25519 signature (RFC 8032) of these bytes with their topic. The
signature is inside, because MQTT user properties in text would be longer than the alert. The body of one alert or
incident is its map, that of several an array of maps, and a compressed one a byte string with the array as raw deflate
(RFC 1951).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ingest.compact import CompactKind, load_cbor, read_map
from ingest.errors import MalformedMessage
from ingest.security.signature import Signer

CBOR: Final = "application/cbor"
"""Content type of the compact form."""
ROOM_FOR_SEVERAL: Final = 72
"""Bytes that several maps in one message have less than it: the array and the signature, and the array of the maps or
the head of the byte string."""
MOST_JOINED: Final = 8_160
"""Most bytes of the maps in one message."""
MOST_INFLATED: Final = 8_192
"""Largest array of maps in a compressed body [bytes]: a small message cannot be made to fill a unit's memory."""
FORM: Final = b"watchline/1/compact"
_LEVEL: Final = 9
_RAW: Final = -zlib.MAX_WBITS


def join(maps: Sequence[bytes]) -> bytes:
    """Return the maps of several messages as one body, to be signed once; that of one message is its map."""
    if len(maps) == 1:
        return maps[0]
    head = cbor2.dumps([None] * len(maps))[: -len(maps)]
    return head + b"".join(maps)


def deflate(maps: Sequence[bytes]) -> bytes:
    """Return the maps of several messages as one compressed body, or as ``join`` does where that is smaller."""
    joined = join(maps)
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    deflated = cbor2.dumps(compressor.compress(joined) + compressor.flush())
    return min(joined, deflated, key=len) if len(maps) > 1 else joined


def decode_all(body: bytes) -> list[tuple[CompactKind, dict[str, Any]]]:
    """Read a body with one map or several, compressed or not.

    Parameters
    ----------
    body : bytes
        What ``ingest.compact.encode``, ``join`` or ``deflate`` returned.

    Returns
    -------
    list of tuple
        Kind and fields of each message, as ``ingest.compact.decode`` returns them, in the order of sending.

    Raises
    ------
    MalformedMessage
        For everything else.
    """
    found = load_cbor(body, "body")
    if isinstance(found, bytes):
        found = load_cbor(_inflated(found), "body", most_bytes=MOST_INFLATED)
    if not isinstance(found, list):
        return [read_map(found)]
    if not found:
        raise MalformedMessage("not_cbor", "body", "no message", "an array of maps")
    return [read_map(one) for one in found]


def seal(body: bytes, topic: str, signer: Signer | None) -> bytes:
    """Return the message of a body: with its signature on this topic, or without one where there is no key."""
    if signer is None:
        return cbor2.dumps([body])
    return cbor2.dumps([body, signer.private.sign(_signed(topic, body))])


def unseal(payload: bytes, topic: str, keys: Iterable[bytes] | None) -> bytes:
    """Return the body of a message after its signature was checked.

    Parameters
    ----------
    payload : bytes
        The message.
    topic : str
        The topic on which it was received.
    keys : iterable of bytes, optional
        Public keys (32 bytes each), one of which must have signed it; None: the signature is not checked.

    Returns
    -------
    bytes
        The body, for ``decode_all``, or for ``decode`` where each message has one map.

    Raises
    ------
    MalformedMessage
        For a message that is not one, or is not signed by any of the keys.
    """
    parts = load_cbor(payload, "payload")
    if not isinstance(parts, list) or len(parts) not in (1, 2) or not all(isinstance(part, bytes) for part in parts):
        raise MalformedMessage("not_cbor", "payload", "not a message", "an array of a map's bytes and a signature")
    body = cast(bytes, parts[0])
    if keys is None:
        return body
    if len(parts) == 1:
        raise MalformedMessage("unsigned", "signature", "missing", "a signature of the operations centre")
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(parts[1], _signed(topic, body))
        except (InvalidSignature, ValueError):
            continue
        return body
    raise MalformedMessage("bad_signature", "signature", "not of any of the keys", "a valid signature")


def _signed(topic: str, body: bytes) -> bytes:
    """What is signed: each part preceded by its length (4 bytes, big endian)."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in (FORM, topic.encode(), body))


def _inflated(data: bytes) -> bytes:
    """Return the array of a compressed body; MalformedMessage if it is too large, cut off or followed by more."""
    inflater = zlib.decompressobj(_RAW)
    try:
        array = inflater.decompress(data, MOST_INFLATED + 1)
    except zlib.error as error:
        raise MalformedMessage("not_cbor", "body", str(error), "raw deflate") from error
    if len(array) > MOST_INFLATED:
        raise MalformedMessage("too_large", "body", f"more than {MOST_INFLATED} bytes", f"at most {MOST_INFLATED}")
    if not inflater.eof or inflater.unused_data:
        raise MalformedMessage("not_cbor", "body", "cut off, or followed by more", "one deflate stream")
    return array
