"""A message that a gateway could not use, on its way into the dead letters with the gateway's reason.

A gateway that takes messages over another link than MQTT refuses some of them itself, and tells the sender. What it
refused still belongs into the dead letters, counted and kept; so it goes through the spool like a scan, under its own
content type, and ingest's decoder does nothing but raise what the gateway found.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Final, NoReturn

import msgspec
from msgspec import Struct

from ingest.envelope import Envelope
from ingest.errors import CODES, MalformedMessage, printable

REFUSED: Final = "application/vnd.watchline.refused+json"
PREFIX: Final = b'{"refused":'
KEPT_BYTES: Final = 40_000
"""How much of the message is kept: in base 64 it fits into a dead letter whole."""


class GatewayRefusal(Struct, frozen=True, forbid_unknown_fields=True):
    """``refused`` is the code; ``packet`` the first KEPT_BYTES of the message in base 64, ``size`` its whole length."""

    refused: str
    field: str
    message: str
    expected: str
    content_type: str
    size: int
    packet: str


_decoder = msgspec.json.Decoder(GatewayRefusal)


def encode_refused(packet: bytes, error: MalformedMessage, content_type: str) -> bytes:
    """The payload that carries a refused message and the reason."""
    return msgspec.json.encode(
        GatewayRefusal(
            error.code,
            error.field[:200],
            error.what[:500],
            error.expected[:200],
            content_type,
            len(packet),
            b64encode(packet[:KEPT_BYTES]).decode(),
        )
    )


def unwrapped(payload: bytes) -> GatewayRefusal | None:
    """What ``encode_refused`` wrote, for who wants to see the message itself; None for bytes that it did not write."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def packet_of(refused: GatewayRefusal) -> bytes:
    """The bytes of the message, as far as they were kept."""
    try:
        return b64decode(refused.packet, validate=True)
    except ValueError:
        return b""


def decode(payload: bytes, envelope: Envelope) -> NoReturn:
    """Raises the MalformedMessage that the gateway found; never returns."""
    del envelope
    try:
        refusal = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage("not_json", "payload", printable(str(error), 200), "a refused message") from None
    code = refusal.refused if refusal.refused in CODES else "unknown_value"
    raise MalformedMessage(code, refusal.field, printable(refusal.message), printable(refusal.expected))
