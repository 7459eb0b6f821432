"""Operator actions, and what the devices of field units send: from a request to the server into the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ingest.sending.spool import MessageKey
from ingest.unit_messages import Position, Reply, SectionOrder
from ops.broker.identities import FIELD, UNIT
from ops.journal.unit_spool import UnitSpool


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """An operator's decision about an alert: ``by`` the operator, ``at`` a time (UTC); ``reason`` for a rejection."""

    action: Literal["acknowledge", "reject", "clear"]
    alert: str
    by: str
    at: datetime
    reason: str = ""


OPERATOR: Final = "operator"
"""Stands for the operations centre in the names of its spool and its connection."""
SPOOLS: Final = {OPERATOR: "actions.db", FIELD: "field-spool.db"}


class ActionSender:
    """Publish messages of units from a spool in the data folder: the replies of the operations centre, or what the
    devices of field units send."""

    def __init__(
        self,
        url: BrokerUrl,
        sector_id: str,
        folder: Path,
        *,
        now_ns: Callable[[], int],
        identity: Identity | None = None,
        part: str = OPERATOR,
    ) -> None:
        """Open the spool of the ``part`` in ``folder``, the data folder of the journal."""
        self._spool = UnitSpool(url, sector_id, folder / SPOOLS[part], part=part, now_ns=now_ns, identity=identity)

    def __enter__(self) -> Self:
        self._spool.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._spool.close()

    @property
    def waiting(self) -> int:
        """Number of actions that are not yet known to be in the journal."""
        return self._spool.waiting

    def send(self, order: OperatorAction) -> None:
        """Spool one action; it is durable when this returns, and published until the journal has it.

        Raises SpoolError when it cannot be stored.
        """
        self.send_reply(Reply(UNIT, 1, 1, order.at, order.action, order.alert, order.by, order.reason))

    def send_reply(self, reply: Reply | SectionOrder) -> MessageKey:
        """Spool a reply, of the operations centre or of a unit, under its next number, as ``send``; return that number.

        Raises MalformedMessage for one that the journal would refuse, SpoolError when it cannot be stored.
        """
        return self._spool.send(reply)

    def send_position(self, position: Position) -> MessageKey:
        """Spool a position of a unit under its next number, as ``send_reply``."""
        return self._spool.send(position)

    def send_call(self, unit: str, observed_at: datetime, note: str) -> MessageKey:
        """Spool a unit's call for help without a position: ingest refuses the message and raises the alarm."""
        return self._spool.call(unit, observed_at, note)

    def journaled(self, key: MessageKey) -> bool:
        """Whether the journal has the operations centre's reply with this number."""
        return self._spool.journaled(UNIT, key)
