"""The MQTT feed: alerts and incidents to units of the sector, as JSON or in the compact form, signed as ``feed``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol

import msgspec

from geo.errors import BadInput
from ingest import compact
from ingest.security.signature import Signer
from ingest.topics import unit_topic
from ops.broker.identities import FEED, identity_of
from ops.sector.setting_tables.feeds import UnitFeedSettings
from ops.services.feeds.feed import FeedContext, FeedReceiver, OutboxDelivery, Undeliverable
from ops.services.feeds.unit_messages import UnitUpdate, compacted, encoded, unit_incident

NAME: Final = "mqtt"
CONTENT_TYPE: Final = "application/json"


class Publish(Protocol):
    """Pass one message to the broker client at QoS 1 and return at once; the future completes on its PUBACK.

    If the future ends with an exception, or the call raises, the message may not have arrived. ``signed``: False for a
    payload that holds its signature.
    """

    def __call__(self, topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future[Any]: ...


class MqttFeed:
    """Alerts on ``watchline/1/{sector}/unit/{unit}/alerts``, incidents and notices on ``updates``; delivered when the
    broker has acknowledged them.

    ``in_compact``: the units that chose the compact form, which ``signer`` signs. ``problem``: why there is no
    connection. Raises BadInput (TopicError) for no units, a unit named twice, or a name that is not allowed in a topic.
    """

    name = NAME

    def __init__(
        self,
        sector: str,
        receivers: Sequence[FeedReceiver],
        publish: Publish,
        *,
        in_compact: Collection[str] = (),
        signer: Signer | None = None,
        problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        where = f"feed of sector {sector!r}"
        if not receivers:
            raise BadInput("no units", where=where, expected="at least one unit")
        self.receivers, self._sector = tuple(receivers), sector
        if len({unit_topic(sector, one.name, "alerts") for one in receivers}) < len(receivers):
            raise BadInput("a unit is named twice", where=where, expected="each unit once")
        self._publish, self._problem, self._in_compact, self._signer = publish, problem, in_compact, signer

    @property
    def problem(self) -> str | None:
        """The reason why there is no connection to the broker; None without a problem."""
        return self._problem()

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Publish a row; the future completes with the broker's PUBACK."""
        if delivery.row.kind == "incident":
            return self._update(delivery.receiver, unit_incident(delivery))
        topic = unit_topic(self._sector, delivery.receiver, "alerts")
        if delivery.receiver in self._in_compact:
            return self._sealed(topic, compact_alert(delivery))
        return self._publish(topic, numbered(delivery), content_type=CONTENT_TYPE)

    def notify(self, receiver: str, update: UnitUpdate) -> None:
        """Publish a notice once."""
        self._update(receiver, update)

    def close(self) -> None:
        """Nothing: the process closes its connection."""

    def _update(self, unit: str, update: UnitUpdate) -> Future[None]:
        topic = unit_topic(self._sector, unit, "updates")
        if unit in self._in_compact:
            return self._sealed(topic, compacted(update))
        return self._publish(topic, encoded(update), content_type=CONTENT_TYPE)

    def _sealed(self, topic: str, body: bytes) -> Future[None]:
        payload = compact.seal(body, topic, self._signer)
        return self._publish(topic, payload, content_type=compact.CBOR, signed=False)


def numbered(delivery: OutboxDelivery) -> bytes:
    """The JSON object of a row, with the number that it has for its receiver."""
    return b'{"number":%d,' % delivery.number + delivery.row.body[1:]


def compact_alert(delivery: OutboxDelivery) -> bytes:
    """The map of an alert in the compact form. Undeliverable for one that cannot have it, such as by its id."""
    body: dict[str, Any] = msgspec.json.decode(delivery.row.body)
    try:
        return compact.encode("alert", body | {"number": delivery.number})
    except BadInput as error:
        raise Undeliverable(str(error)) from error


def receiver_of(unit: str, settings: UnitFeedSettings) -> FeedReceiver:
    """The receiver of a unit, by its settings."""
    kinds = ("alert", "incident") if settings.incidents else ("alert",)
    return FeedReceiver(unit, kinds=kinds, is_unit=True)


def open_feed(context: FeedContext) -> MqttFeed:
    """The feed to the units of the settings, on the connection of the process."""
    units = {name: context.settings.feeds.of_unit(name) for name in context.settings.units}
    return MqttFeed(
        context.sector_id,
        [receiver_of(name, settings) for name, settings in units.items()],
        context.publisher,
        in_compact=[name for name, settings in units.items() if settings.format == "compact"],
        signer=identity_of(FEED).signer,
        problem=lambda: context.publisher.problem,
    )
