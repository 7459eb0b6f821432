"""An operator's actions on their way into the journal: over MQTT, like everything that fusion learns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

from geo.errors import WatchlineError
from ingest.address import BrokerUrl
from ingest.identity import Identity
from ingest.mqtt import Publisher
from ingest.topics import unit_topic
from ingest.units import Reply, encode_unit

UNIT: Final = "ops-centre"
SENT_WITHIN_S: Final = 3.0


class ActionSender:
    """Publishes actions as replies of the operations centre; ``send`` returns when the broker has taken one."""

    def __init__(
        self, url: BrokerUrl, sector_id: str, *, now_ns: Callable[[], int], identity: Identity | None = None
    ) -> None:
        self._topic = unit_topic(sector_id, UNIT, "reply")
        self._publisher = Publisher(url, client_id=f"watchline-{sector_id}-operator", now_ns=now_ns, identity=identity)
        self._boot, self._seq = now_ns() // 1_000_000_000, count(1)

    def __enter__(self) -> Self:
        self._publisher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._publisher.stop()

    def send(self, order: dict[str, Any]) -> None:
        """Publish one action of the API; WatchlineError when the broker does not take it in time."""
        reply = Reply(
            unit=UNIT,
            boot=self._boot,
            seq=next(self._seq),
            observed_at=datetime.fromisoformat(order["at"]),
            action=order["action"],
            alert=order["alert"],
            by=order["by"],
            reason=order.get("reason", ""),
        )
        done = self._publisher(self._topic, encode_unit(reply), key=(reply.boot, reply.seq))
        try:
            done.result(SENT_WITHIN_S)
        except TimeoutError:
            raise WatchlineError("the broker does not answer; the action was not confirmed") from None
