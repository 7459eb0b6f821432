"""The MQTT feed: alerts and incidents to units of the sector, as JSON or in the compact form, signed as ``feed``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from geo.errors import BadInput
from ingest import compact, compact_messages
from ingest.errors import BrokerError
from ingest.security.signature import Signer
from ingest.topics import unit_topic
from ops.broker.identities import FEED, identity_of
from ops.sector.setting_tables.feeds import UnitFeedSettings
from ops.services.feeds.feed import DISTRESS, FeedContext, FeedReceiver, OutboxDelivery, Undeliverable
from ops.services.feeds.unit_messages import UnitUpdate, compacted, encoded, unit_incident

NAME: Final = "mqtt"
CONTENT_TYPE: Final = "application/json"


class Publish(Protocol):
    """Pass one message to the broker client at QoS 1 and return at once; the future completes on its PUBACK.

    If the future ends with an exception, or the call raises, the message may not have arrived. ``signed``: False for a
    payload that holds its signature.
    """

    def __call__(self, topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future[Any]: ...


@dataclass(slots=True)
class _Together:
    """Rows that wait for the rest of their message of at most ``most_bytes``: kind, map, and the answer to each.

    ``pack`` makes a body of their maps.
    """

    most_bytes: int
    pack: Callable[[Sequence[bytes]], bytes]
    rows: list[tuple[str, bytes, Future[None]]] = field(default_factory=list)

    def has_room(self, body: bytes) -> bool:
        """Whether the map fits into the message with those that wait."""
        maps = [*self.maps, body]
        if sum(map(len, maps)) > compact_messages.MOST_JOINED:
            return False
        return len(self.pack(maps)) <= self.most_bytes - compact_messages.ROOM_FOR_SEVERAL

    @property
    def maps(self) -> list[bytes]:
        return [one for _, one, _ in self.rows]


class MqttFeed:
    """Alerts on ``watchline/1/{sector}/unit/{unit}/alerts``, incidents and notices on ``updates``; delivered when the
    broker has acknowledged them.

    ``in_compact``: the units that chose the compact form, which ``signer`` signs. ``together``: those of them whose
    messages may hold several alerts and incidents, and the most bytes of such a message; it goes to ``updates``.
    ``compressed``: those of these for which they are compressed.
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
        in_compact: Collection[str] = (),
        together: Mapping[str, int] | None = None,
        compressed: Collection[str] = (),
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
        self._together = {
            unit: _Together(most_bytes, compact_messages.deflate if unit in compressed else compact_messages.join)
            for unit, most_bytes in (together or {}).items()
        }

    @property
    def problem(self) -> str | None:
        """The reason why there is no connection to the broker; None without a problem."""
        return self._problem()

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Publish a row, or keep it for ``flush``; the future completes with the broker's PUBACK.

        A distress call is never kept: it goes in a message of its own, after those that came before.
        """
        if (waiting := self._together.get(delivery.receiver)) is not None:
            if delivery.row.priority != DISTRESS:
                return self._add(waiting, delivery)
            self.flush(delivery.receiver)
        if delivery.row.kind == "incident":
            return self._update(delivery.receiver, unit_incident(delivery))
        topic = unit_topic(self._sector, delivery.receiver, "alerts")
        if delivery.receiver in self._in_compact:
            return self._sealed(topic, compact_alert(delivery))
        return self._publish(topic, numbered(delivery), content_type=CONTENT_TYPE)

    def flush(self, receiver: str) -> None:
        """Publish what waits for a message with several maps; one alone goes as it would without the others."""
        waiting = self._together.get(receiver)
        if waiting is None or not waiting.rows:
            return
        rows, body, waiting.rows = waiting.rows, waiting.pack(waiting.maps), []
        channel = "alerts" if [kind for kind, _, _ in rows] == ["alert"] else "updates"
        try:
            puback = self._sealed(unit_topic(self._sector, receiver, channel), body)
        except Exception as error:  # noqa: BLE001 - each row of the message is sent again, whatever it is
            puback = Future()
            puback.set_exception(error)
        puback.add_done_callback(lambda done: _pass_on(done, [answer for _, _, answer in rows]))

    def notify(self, receiver: str, update: UnitUpdate) -> None:
        """Publish a notice once."""
        self.publish(receiver, update)

    def publish(self, unit: str, update: UnitUpdate) -> Future[None]:
        """Publish a notice; the future completes with the broker's PUBACK."""
        return self._update(unit, update)

    def close(self) -> None:
        """Nothing: the process closes its connection."""

    def _add(self, waiting: _Together, delivery: OutboxDelivery) -> Future[None]:
        body = compact_alert(delivery) if delivery.row.kind == "alert" else compacted(unit_incident(delivery))
        if not waiting.has_room(body):
            self.flush(delivery.receiver)
        answer: Future[None] = Future()
        waiting.rows.append((delivery.row.kind, body, answer))
        return answer

    def _update(self, unit: str, update: UnitUpdate) -> Future[None]:
        topic = unit_topic(self._sector, unit, "updates")
        if unit in self._in_compact:
            return self._sealed(topic, compacted(update))
        return self._publish(topic, encoded(update), content_type=CONTENT_TYPE)

    def _sealed(self, topic: str, body: bytes) -> Future[None]:
        payload = compact_messages.seal(body, topic, self._signer)
        return self._publish(topic, payload, content_type=compact_messages.CBOR, signed=False)


def _pass_on(puback: Future[None], answers: Sequence[Future[None]]) -> None:
    """Answer every row of a message with the broker's answer to it."""
    error = BrokerError("cancelled", where="broker", expected="an answer") if puback.cancelled() else puback.exception()
    for answer in answers:
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)


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
        in_compact=[name for name, one in units.items() if one.format == "compact"],
        together={
            name: one.together_bytes for name, one in units.items() if one.format == "compact" and one.together_bytes
        },
        compressed=[name for name, one in units.items() if one.compressed],
        signer=identity_of(FEED).signer,
        problem=lambda: context.publisher.problem,
    )
