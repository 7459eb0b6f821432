"""Errors of ingest: a message, a topic, a broker address, a connection, a spool or a key that cannot be used."""

from __future__ import annotations

from typing import Final

from geo.errors import BadInput

__all__ = [
    "CODES",
    "UNPROVEN",
    "AddressError",
    "BrokerError",
    "IdentityError",
    "MalformedMessage",
    "SpoolError",
    "TopicError",
]

CODES: Final = frozenset(
    {
        "not_json",  # the bytes are not one JSON value
        "not_protobuf",
        "not_ais",
        "not_xml",
        "not_asterix",
        "not_gmti",
        "not_cbor",
        "not_report",  # a sentence that is not a report
        "not_installed",  # the optional library of this standard is not installed
        "not_finite",  # NaN or Infinity, which JSON does not have
        "too_large",
        "missing_field",
        "unknown_field",
        "unknown_value",  # a kind, class or state that is not in the list
        "wrong_type",
        "out_of_range",
        "bad_identifier",
        "bad_time",
        "incomplete",  # half a measurement: a longitude without a latitude
        "unsupported_content_type",
        "ping",  # a keep-alive of the sender's protocol, which carries nothing
        "no_target",  # a message of the standard that reports no target, such as that of a base station
        "bad_topic",
        "wrong_channel",
        "wrong_sector",
        "sensor_mismatch",  # the body names another sensor than the topic
        "unit_mismatch",  # the body names another unit than the topic
        "identity_mismatch",  # the body names another boot or sequence than the message's properties
        "not_registered",  # a node that sends before it has registered
        "future",
        "expired",
        "conflict",  # a (boot, seq) that is already used, with another body: a fault, or tampering
        "unsigned",
        "unknown_key",
        "wrong_key",  # a key that may not sign on this topic
        "key_revoked",
        "key_expired",
        "bad_signature",
        "rollback",  # signed by an earlier boot of the sender than one received since
    }
)
"""Codes of dead letters: why a message cannot be used."""

PING: Final = "ping"
NO_TARGET: Final = "no_target"
HARMLESS: Final = frozenset({PING, NO_TARGET})
"""Codes of good messages of the sender's own protocol of which Watchline has no use: a keep-alive, a base station."""
UNPROVEN: Final = frozenset(
    {"unsigned", "unknown_key", "wrong_key", "key_revoked", "key_expired", "bad_signature", "rollback"}
)
"""Codes of messages whose sender is not authenticated: they settle no (boot, seq)."""


class MalformedMessage(BadInput):
    """A message that ingest cannot use.

    Parameters
    ----------
    code : str
        One of CODES.
    field : str
        Path of the field, such as ``plots[3].lat``.
    message : str
        What is wrong with the field.
    expected : str
        What would be accepted.

    Examples
    --------
    >>> from ingest.errors import MalformedMessage
    >>> error = MalformedMessage("out_of_range", "plots[3].lat", "97.5", "-90 to 90")
    >>> error.code, error.field
    ('out_of_range', 'plots[3].lat')
    """

    def __init__(self, code: str, field: str, message: str, expected: str) -> None:
        assert code in CODES, code
        super().__init__(message, where=field, expected=expected)
        self.code = code
        self.field = field


def printable(text: str, longest: int | None = None) -> str:
    """Text from a message made safe for a log line: ASCII without control characters, at most ``longest`` of them."""
    return ascii(text)[1:-1][:longest]


class TopicError(BadInput):
    """A name of a sector, sensor or unit that cannot be part of a topic.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, field or argument.
    expected : str
        What would be accepted.
    """


class AddressError(BadInput):
    """A broker address that cannot be read.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, field or argument.
    expected : str
        What would be accepted.
    """


class BrokerError(BadInput):
    """A broker that does not answer, or refuses a connection or message.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, field or argument.
    expected : str
        What would be accepted.
    """


class SpoolError(BadInput):
    """A sender's spool that cannot be opened or written; no message was numbered.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, field or argument.
    expected : str
        What would be accepted.
    """


class SpoolFull(SpoolError):
    """The disk has no room for the spool; the same write may be tried again."""


class IdentityError(BadInput):
    """A key, a certificate or a register of keys that cannot be used.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, field or argument.
    expected : str
        What would be accepted.
    """
