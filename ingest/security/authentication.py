"""Authentication of messages: the signature, and the check that the sender's boot does not decrease."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ingest.envelope import Envelope
from ingest.errors import MalformedMessage
from ingest.security.key_register import KeyRole, Register

SourceKey = tuple[str, str]
"""(sensor or unit, kind), which are counted separately; ("", "unknown") where the topic names neither."""

RecallBoot = Callable[[str, str, str], int]
"""(sensor or unit, kind, key) → the highest boot that this key has signed, −1 when none."""

ROLE_OF: Final[Mapping[str, KeyRole]] = {
    "detections": "sensor",
    "status": "sensor",
    "position": "unit",
    "action": "unit",
    "resend": "unit",
}
"""Kind of a message → the role of its sender."""


@dataclass(frozen=True, slots=True)
class SenderBoot:
    """The highest boot that this key has signed for this sensor or unit and kind; a lower one is a rollback."""

    sensor: str
    kind: str
    key: str
    boot: int


class Authenticator:
    """Check signatures with ``register`` and record the boots. ``required``: unsigned messages are refused.

    If signatures are optional, a name that has a key must still use it, so that an attacker cannot bypass the check by
    omitting the signature.
    """

    def __init__(self, register: Register, *, required: bool, recall_boot: RecallBoot) -> None:
        self.register = register
        self._required = required
        self._recall_boot = recall_boot
        self._boots: dict[tuple[str, str, str], int] = {}

    def judge(
        self, source: SourceKey, payload: bytes, envelope: Envelope, now_ns: int, *, resubmitted: bool = False
    ) -> tuple[str, SenderBoot | None]:
        """(the id of the key that signed the message, the sender's boot to record).

        The id is "" for an unsigned message that needs no signature. The second value is None if there is nothing new
        to record, and for a ``resubmitted`` message, which was received before. MalformedMessage with one of the codes
        UNPROVEN: the message is not authenticated.
        """
        name, kind = source
        signed = "sig" in envelope.user_properties
        if not signed and not self._required and not self.register.has(ROLE_OF[kind], name):
            return "", None
        key = self._check(payload, envelope, now_ns)
        return key, None if resubmitted else self._check_boot(source, key, envelope)

    def proves(self, payload: bytes, envelope: Envelope, now_ns: int) -> bool:
        """Whether the message is signed by a key that may sign on its topic now."""
        try:
            self._check(payload, envelope, now_ns)
        except MalformedMessage:
            return False
        return True

    def _check(self, payload: bytes, envelope: Envelope, now_ns: int) -> str:
        if envelope.topic is None:
            raise MalformedMessage("bad_topic", "topic", "missing", "the topic that the signature covers")
        topic, content_type, properties = envelope.topic, envelope.content_type, envelope.user_properties
        return self.register.check(topic, content_type, properties, payload, now_ns=now_ns).key

    def _check_boot(self, source: SourceKey, key: str, envelope: Envelope) -> SenderBoot | None:
        """The sender's boot to record for a signed message; None if there is nothing new.

        MalformedMessage("rollback") if the sender's boot, signed as ``by_boot``, is lower than an earlier one, or than
        the message's own. ``by_boot`` and ``sent`` must be present: a signature without them would never expire.
        """
        for name in envelope.missing_numbers(("boot", "seq", "by_boot", "sent")):
            raise MalformedMessage("bad_signature", name, "missing with the signature", "a whole number")
        boot, by_boot = envelope.boots
        if by_boot is None or boot is None or by_boot < boot:
            raise MalformedMessage("rollback", "by_boot", f"{by_boot} below the message's own {boot}", "at least that")
        name, kind = source
        highest = self._boots.get((name, kind, key))
        if highest is None:
            highest = self._boots[name, kind, key] = self._recall_boot(name, kind, key)
        if by_boot < highest:
            raise MalformedMessage(
                "rollback", "by_boot", f"{by_boot} after {highest} was received", f"at least {highest}"
            )
        if by_boot == highest:
            return None
        self._boots[name, kind, key] = by_boot
        return SenderBoot(name, kind, key, by_boot)
