"""The MQTT feed: alerts to units of the sector as JSON, signed with the key of the feeds process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol

from geo.errors import BadInput
from ingest.topics import unit_topic
from ops.services.feeds.feed import FeedContext, FeedReceiver, OutboxDelivery

NAME: Final = "mqtt"
CONTENT_TYPE: Final = "application/json"


class Publish(Protocol):
    """Pass one message to the broker client at QoS 1 and return at once; the future completes on its PUBACK.

    If the future ends with an exception, or the call raises, the message may not have arrived.
    """

    def __call__(self, topic: str, payload: bytes, *, content_type: str) -> Future[Any]: ...


class MqttFeed:
    """Alerts on ``watchline/1/{sector}/unit/{unit}/alerts``; delivered when the broker has acknowledged them.

    ``problem``: why there is no connection. Raises BadInput (TopicError) for no units, a unit named twice, or a name
    that is not allowed in a topic.
    """

    name = NAME

    def __init__(
        self,
        sector: str,
        receivers: Sequence[FeedReceiver],
        publish: Publish,
        *,
        problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        where = f"feed of sector {sector!r}"
        if not receivers:
            raise BadInput("no units", where=where, expected="at least one unit")
        self.receivers = tuple(receivers)
        self._topics = {one.name: unit_topic(sector, one.name, "alerts") for one in receivers}
        if len(self._topics) < len(receivers):
            raise BadInput("a unit is named twice", where=where, expected="each unit once")
        self._publish, self._problem = publish, problem

    @property
    def problem(self) -> str | None:
        """The reason why there is no connection to the broker; None without a problem."""
        return self._problem()

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Publish a row; the future completes with the broker's PUBACK."""
        return self._publish(self._topics[delivery.receiver], numbered(delivery), content_type=CONTENT_TYPE)

    def close(self) -> None:
        """Nothing: the process closes its connection."""


def numbered(delivery: OutboxDelivery) -> bytes:
    """The JSON object of a row, with the number that it has for its receiver."""
    return b'{"number":%d,' % delivery.number + delivery.row.body[1:]


def open_feed(context: FeedContext) -> MqttFeed:
    """The feed to the units of the settings, on the connection of the process."""
    receivers = [FeedReceiver(name) for name in context.settings.units]
    return MqttFeed(context.sector_id, receivers, context.publisher, problem=lambda: context.publisher.problem)
