"""Requests of units for what they missed: checked as every message of a unit, and passed on to the dispatcher."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ingest.envelope import Delivery, Envelope
from ingest.errors import MalformedMessage
from ingest.security.authentication import Authenticator
from ingest.security.key_register import Register, RegisterFile
from ingest.unit_messages import decode_resend
from ops.field.refusals import RefusedMessage, reason_of

log = logging.getLogger(__name__)

CHANNEL: Final = "resend"
LARGEST: Final = 1_000
"""Bytes of a request; a longer one is refused."""


class ResendDesk:
    """Hears requests on ``unit/+/resend``; a refused one is counted in ``refused`` by its reason and has no effect.

    ``register``: file of the public keys, None without one; ``required``: unsigned requests are refused. The same
    request, or an earlier one of the same boot, is heard once.
    """

    def __init__(
        self,
        register: Path | None,
        *,
        required: bool,
        now_ns: Callable[[], int],
        ask: Callable[[str, int], None],
        refused: Callable[[RefusedMessage], None] = lambda _: None,
    ) -> None:
        self._file = RegisterFile(register) if register is not None and register.exists() else None
        keys = Register() if self._file is None else self._file.register
        self._authenticator = Authenticator(keys, required=required, recall_boot=lambda *_: -1)
        self._now_ns, self._ask, self._refused = now_ns, ask, refused
        self._heard: dict[str, tuple[int, int]] = {}
        self.refused: Counter[str] = Counter()

    def hear(self, delivery: Delivery) -> None:
        """Take one message; never raises."""
        try:
            self._take(delivery)
        except MalformedMessage as error:
            self.refused[error.code] += 1
            topic = Envelope.of(delivery).topic
            if topic is not None and topic.owner == "unit":
                reason, at_ns = reason_of(error.code, error.field), self._now_ns()
                self._refused(RefusedMessage(topic.name, "mqtt", "resend", error.code, reason, at_ns))
            log.warning("Request on %s refused: %s", ascii(delivery.topic)[:120], error)

    def _take(self, delivery: Delivery) -> None:
        envelope = Envelope.of(delivery)
        if envelope.topic is None or envelope.topic.channel != CHANNEL:
            raise MalformedMessage("bad_topic", "topic", ascii(delivery.topic)[:80], f"unit/UNIT/{CHANNEL}")
        if len(delivery.payload) > LARGEST:
            raise MalformedMessage("too_large", "payload", f"{len(delivery.payload)} bytes", f"at most {LARGEST}")
        if self._file is not None and self._file.refresh():
            self._authenticator.register = self._file.register
        unit = envelope.topic.name
        self._authenticator.judge((unit, CHANNEL), delivery.payload, envelope, self._now_ns())
        request = decode_resend(delivery.payload, unit)
        key = request.boot, request.seq
        if key <= self._heard.get(unit, (-1, -1)):
            return
        self._heard[unit] = key
        self._ask(unit, request.last)
