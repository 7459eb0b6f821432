"""The errors of the way in: a message that cannot be used, a topic, an address, a spool."""

from __future__ import annotations

from typing import Final

from geo.errors import BadInput

CODES: Final = frozenset(
    {
        "not_json",  # the bytes are not one JSON value
        "not_protobuf",
        "not_ais",
        "not_xml",
        "not_asterix",
        "not_gmti",
        "not_report",  # a sentence that no report reads like
        "not_installed",  # an optional part that reads this standard is missing here
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
        "bad_topic",
        "wrong_channel",
        "wrong_sector",
        "sensor_mismatch",  # the body names another sensor than the topic
        "unit_mismatch",  # the body names another unit than the topic
        "identity_mismatch",  # the body names another boot or sequence than the message's properties
        "not_registered",  # a node that speaks before it has said what it is
        "future",
        "expired",
        "conflict",  # a (boot, seq) that is already taken, with another body: a fault, or tampering
        "unsigned",
        "unknown_key",
        "wrong_key",  # a key that may not sign on this topic
        "key_revoked",
        "key_expired",
        "bad_signature",
        "rollback",  # signed by an earlier boot of the sender than one that was heard since
    }
)

UNPROVEN: Final = frozenset(
    {"unsigned", "unknown_key", "wrong_key", "key_revoked", "key_expired", "bad_signature", "rollback"}
)
"""Codes of messages of which nobody knows who sent them now: they settle no (boot, seq) and take none away."""


class MalformedMessage(BadInput):
    """A message that ingest will not use. ``code`` is one of CODES; ``field`` the path, such as ``plots[3].lat``."""

    def __init__(self, code: str, field: str, message: str, expected: str) -> None:
        assert code in CODES, code
        super().__init__(message, where=field, expected=expected)
        self.code = code
        self.field = field


class TopicError(BadInput):
    """A sector, sensor or unit name that cannot be part of a topic."""


class AddressError(BadInput):
    """A broker address that cannot be read."""


class BrokerError(BadInput):
    """A broker that does not answer, or refuses us."""


class SpoolError(BadInput):
    """A sender's spool that cannot be opened or written. Nothing was numbered, nothing was promised."""


class SpoolFull(SpoolError):
    """The disk has no room for the spool; the same write may be tried again."""


class IdentityError(BadInput):
    """A key, a certificate or a register of keys that cannot be used."""
