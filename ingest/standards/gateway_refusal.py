"""A message that a gateway refused, sent to the dead letters with the gateway's reason.

A gateway that receives messages over another protocol than MQTT refuses some of them itself and informs the sender. A
refused message is still counted and kept as a dead letter: it passes through the spool like a scan, under its own
content type, and ingest's decoder raises the gateway's error.
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
"""Largest part of the message that is kept: in base 64 it fits a dead letter."""


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
    """The refusal that ``encode_refused`` wrote, to show the message itself; None for other bytes."""
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
    """Raises the gateway's MalformedMessage; never returns."""
    del envelope
    try:
        refusal = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage("not_json", "payload", printable(str(error), 200), "a refused message") from None
    code = refusal.refused if refusal.refused in CODES else "unknown_value"
    raise MalformedMessage(code, refusal.field, printable(refusal.message), printable(refusal.expected))
