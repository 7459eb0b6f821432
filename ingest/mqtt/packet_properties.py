"""The properties of an MQTT 5 PUBLISH packet, read in one pass (MQTT 5.0, 2.2.2 and 3.3.2.3).

Replaces paho's reader, which takes 40 to 80 µs instead of 5, half of the time per message.
"""

from __future__ import annotations

from typing import Final

CONTENT_TYPE: Final = 0x03
USER_PROPERTY: Final = 0x26
_SKIPPED_BYTES: Final = {0x01: 1, 0x02: 4, 0x23: 2}  # payload format, expiry, topic alias
_SKIPPED_STRINGS: Final = frozenset((0x08, 0x09))  # response topic, correlation data
_SUBSCRIPTION: Final = 0x0B


def read_properties(packet: bytes) -> tuple[str | None, list[tuple[str, str]], int]:
    """(content type, user properties in order, bytes read) from the start of ``packet``.

    Characters that are invalid in UTF-8 become U+FFFD. ValueError for an invalid PUBLISH packet: an unknown property, a
    repeated one that may occur once only, a length beyond the properties.
    """
    size, at = _variable(packet, 0, len(packet))
    end = at + size
    if end > len(packet):
        raise ValueError("properties longer than their packet")
    content_type: str | None = None
    user_properties: list[tuple[str, str]] = []
    seen_identifiers: set[int] = set()
    while at < end:
        identifier = packet[at]
        at += 1
        if identifier == USER_PROPERTY:
            middle = at + 2 + (packet[at] << 8 | packet[at + 1]) if at + 2 <= end else end + 1
            after = middle + 2 + (packet[middle] << 8 | packet[middle + 1]) if middle + 2 <= end else end + 1
            if after > end:
                raise ValueError("a string longer than the properties")
            user_properties.append(
                (str(packet[at + 2 : middle], "utf-8", "replace"), str(packet[middle + 2 : after], "utf-8", "replace"))
            )
            at = after
            continue
        if identifier == _SUBSCRIPTION:
            _, at = _variable(packet, at, end)
            continue
        if identifier in seen_identifiers:
            raise ValueError(f"property {identifier:#x} occurs twice")
        seen_identifiers.add(identifier)
        after = _after(packet, identifier, at, end)
        if identifier == CONTENT_TYPE:
            content_type = str(packet[at + 2 : after], "utf-8", "replace")
        at = after
    return content_type, user_properties, end


def _after(packet: bytes, identifier: int, at: int, end: int) -> int:
    """End position of the value of this property, which begins at ``at``."""
    if identifier in _SKIPPED_BYTES:
        after = at + _SKIPPED_BYTES[identifier]
    elif identifier == CONTENT_TYPE or identifier in _SKIPPED_STRINGS:
        after = at + 2 + (packet[at] << 8 | packet[at + 1]) if at + 2 <= end else end + 1
    else:
        raise ValueError(f"property {identifier:#x} is not allowed in a PUBLISH packet")
    if after > end:
        raise ValueError("a value longer than the properties")
    return after


def _variable(packet: bytes, at: int, end: int) -> tuple[int, int]:
    """The variable byte integer at ``at``, and its end position."""
    value = 0
    for index in range(4):
        if at + index >= end:
            raise ValueError("ends within a number")
        digit = packet[at + index]
        value |= (digit & 127) << 7 * index
        if digit < 128:
            return value, at + index + 1
    raise ValueError("a number of more than four bytes")
