"""SAPIENT's framing on a stream: four bytes of length, little-endian, then the message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingest.errors import MalformedMessage
from ingest.standards.sapient.decode import MAX_PACKET_BYTES

HEADER_BYTES: Final = 4


def frame(packet: bytes) -> bytes:
    """The bytes on the stream of one packet; MalformedMessage(code="too_large") above MAX_PACKET_BYTES."""
    if len(packet) > MAX_PACKET_BYTES:
        raise _too_large(len(packet))
    return len(packet).to_bytes(HEADER_BYTES, "little") + packet


class Frames:
    """Reassembles packets from the pieces of a stream."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the packets that are complete after this piece, one by one.

        Raises MalformedMessage(code="too_large") for a length above MAX_PACKET_BYTES: the rest of the stream cannot be
        read, so the connection must be closed. At most one packet and one piece are buffered.
        """
        buffer = self._buffer
        buffer += piece
        while len(buffer) >= HEADER_BYTES:
            size = int.from_bytes(buffer[:HEADER_BYTES], "little")
            if size > MAX_PACKET_BYTES:
                raise _too_large(size)
            if len(buffer) < HEADER_BYTES + size:
                return
            packet = bytes(buffer[HEADER_BYTES : HEADER_BYTES + size])
            del buffer[: HEADER_BYTES + size]
            yield packet

    @property
    def held(self) -> int:
        """Number of bytes that wait for the rest of their packet."""
        return len(self._buffer)


def _too_large(size: int) -> MalformedMessage:
    return MalformedMessage("too_large", "length", f"{size} bytes", f"at most {MAX_PACKET_BYTES}")
