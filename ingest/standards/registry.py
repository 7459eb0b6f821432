"""Registry of the wire standards other than JSON: content type → decoder. Each module is loaded with its first message.

A decoder turns the payload and its envelope into the ``WireScan`` that the same message in JSON would give; it raises
only MalformedMessage. To add a standard, add a module and an entry here: see docs/adapters.md.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from ingest.envelope import Envelope
from ingest.standards.gateway_refusal import REFUSED
from ingest.wire import Status, WireScan

Decoder = Callable[[bytes, Envelope], WireScan]
StatusDecoder = Callable[[bytes, Envelope], Status]

SAPIENT: Final = "application/vnd.sapient+protobuf"
"""SAPIENT BSI Flex 335 v2, one SapientMessage."""
SAPIENT_TOO: Final = "application/protobuf"
"""The general content type of protobuf, which only SAPIENT uses here."""
AIS: Final = "text/vnd.nmea.ais"
"""NMEA 0183 sentences of one AIS message (ITU-R M.1371)."""
COT: Final = "application/vnd.cot+xml"
"""One Cursor-on-Target event, version 2.0."""
HUMAN: Final = "application/vnd.watchline.human+json"
SENTENCE: Final = "text/vnd.watchline.human"
"""A person's report in words."""
ASTERIX: Final = "application/vnd.eurocontrol.asterix"
"""Data blocks of EUROCONTROL ASTERIX, categories 010, 034, 048 and 062; needs the extra ``asterix``."""
GMTI: Final = "application/vnd.nato.stanag-4607"
"""One packet of STANAG 4607; needs the extra ``gmti``."""


def _lazily(module: str, function: str) -> Callable[[bytes, Envelope], object]:
    def decode(payload: bytes, envelope: Envelope) -> object:
        return getattr(import_module(module), function)(payload, envelope)

    return decode


def _scans(module: str, function: str = "decode") -> Decoder:
    return cast(Decoder, _lazily(module, function))


DECODERS: Final[dict[str, Decoder]] = {
    SAPIENT: _scans("ingest.standards.sapient.decode"),
    SAPIENT_TOO: _scans("ingest.standards.sapient.decode"),
    AIS: _scans("ingest.standards.ais"),
    COT: _scans("ingest.standards.cursor_on_target"),
    HUMAN: _scans("ingest.standards.human_report"),
    SENTENCE: _scans("ingest.standards.human_report", "decode_sentence"),
    ASTERIX: _scans("ingest.standards.asterix"),
    GMTI: _scans("ingest.standards.stanag4607"),
    REFUSED: _scans("ingest.standards.gateway_refusal"),
}
REMEMBER: Final[dict[str, Callable[[bytes, Envelope], bytes]]] = {
    SAPIENT: cast(Callable[[bytes, Envelope], bytes], _lazily("ingest.standards.sapient.decode", "remember")),
    SAPIENT_TOO: cast(Callable[[bytes, Envelope], bytes], _lazily("ingest.standards.sapient.decode", "remember")),
    ASTERIX: cast(Callable[[bytes, Envelope], bytes], _lazily("ingest.standards.asterix", "remember")),
}
"""Content type → (a status message without faults, its envelope) to the sensor context after it.

For standards whose messages depend on what the sensor declared before: the context is passed as
``Envelope.sensor_context``.
"""
STATUS_DECODERS: Final[dict[str, StatusDecoder]] = {
    SAPIENT: cast(StatusDecoder, _lazily("ingest.standards.sapient.decode", "decode_status")),
    SAPIENT_TOO: cast(StatusDecoder, _lazily("ingest.standards.sapient.decode", "decode_status")),
    ASTERIX: cast(StatusDecoder, _lazily("ingest.standards.asterix", "decode_status")),
}
