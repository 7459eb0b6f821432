"""The receiving side: packages are imported in the order in which their origin has made them, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ingest.envelope import Delivery, counter
from ingest.security.signature import verifies
from ops.exchange.agreements import Partner
from ops.exchange.bridge.publisher import MEDIA_TYPE
from ops.exchange.bridge.topics import package_topic
from ops.exchange.format.manifest import Manifest
from ops.exchange.received import Imported, ReceivedStore
from ops.exchange.take import PackageReceiver
from sensors.timestamps import nanoseconds


@dataclass(frozen=True, slots=True)
class PackagesFrom:
    """The packages that one partner sends over MQTT."""

    partner: Partner
    receiver: PackageReceiver

    def newest(self, now: datetime) -> int:
        """Return the newest package of the partner that was imported; what has expired is erased first."""
        store = ReceivedStore(self.receiver.data)
        try:
            store.forget_expired(nanoseconds(now))
            return store.newest(self.partner.name)
        finally:
            store.close()

    def signed(self, message: Delivery) -> bool:
        """Whether the partner has signed a message for this installation."""
        topic = package_topic(self.partner.name, self.receiver.agreements.own)
        return verifies(self.partner.public, topic, MEDIA_TYPE, dict(message.user_properties), message.payload)

    def take(self, message: Delivery, now: datetime) -> tuple[Manifest, Imported] | None:
        """Import the package of a signed message; None for one that does not follow the newest.

        A message that was delivered again, or that overtook another, does not follow: the origin sends what does.
        PackageRefused, and nothing stored, for a package that is not as agreed.
        """
        if counter(dict(message.user_properties).get("low")) != self.newest(now):
            return None
        return self.receiver.receive(message.payload, now, origin=self.partner.name)
