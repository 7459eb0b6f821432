"""The wire standards beside our JSON: content type → decoder. One file a standard, loaded when its first message comes.

A decoder takes the bytes and what is known beside them, and gives the ``WireScan`` that our JSON would have given; it
raises MalformedMessage and nothing else. A new standard is a file and an entry here: see docs/adapters.md.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from ingest.arrival import Arrival
from ingest.refused import REFUSED
from ingest.wire import Status, WireScan

Decoder = Callable[[bytes, Arrival], WireScan]
StatusDecoder = Callable[[bytes, Arrival], Status]

SAPIENT: Final = "application/vnd.sapient+protobuf"
"""SAPIENT BSI Flex 335 v2, one SapientMessage."""
SAPIENT_TOO: Final = "application/protobuf"
"""What general tools say of protobuf; here it can only be SAPIENT."""


def _lazily(module: str, function: str) -> Callable[[bytes, Arrival], object]:
    def decode(payload: bytes, arrival: Arrival) -> object:
        return getattr(import_module(module), function)(payload, arrival)

    return decode


def _scans(module: str) -> Decoder:
    return cast(Decoder, _lazily(module, "decode"))


DECODERS: Final[dict[str, Decoder]] = {
    SAPIENT: _scans("ingest.sapient"),
    SAPIENT_TOO: _scans("ingest.sapient"),
    REFUSED: _scans("ingest.refused"),
}
STATUS_DECODERS: Final[dict[str, StatusDecoder]] = {
    SAPIENT: cast(StatusDecoder, _lazily("ingest.sapient", "decode_status")),
    SAPIENT_TOO: cast(StatusDecoder, _lazily("ingest.sapient", "decode_status")),
}
