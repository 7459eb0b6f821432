"""The sending side: which package of the outbox a partner gets next, from what it last stated to have.

The outbox is the queue, not the broker: a package is published until the partner states that it has it, so that a
broker that loses its memory loses no package. Each message is signed and names the package before it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingest.envelope import Delivery, counter
from ingest.security.signature import Signer, UserProperties, verifies
from ops.exchange.agreements import Partner
from ops.exchange.bridge.topics import newest_topic, package_topic
from ops.exchange.format.package import MOST_PACKAGE_BYTES
from ops.exchange.pull import FRESH_NS
from ops.exchange.sent import SentStore

MEDIA_TYPE: Final = "application/zip"
LATEST_NS: Final = 2**63 - 1
AGAIN_NS: Final = 20 * 10**9
"""Time without progress after which what the partner still does not have is published again."""


@dataclass(frozen=True, slots=True)
class OutgoingPackage:
    """A message with a package, ready to be published."""

    number: int
    topic: str
    content: bytes
    properties: UserProperties


@dataclass(slots=True)
class PackagesTo:
    """The packages on their way to one partner. Without a statement of the partner nothing is published.

    ``again_ns``: see AGAIN_NS.
    """

    own: str
    partner: Partner
    data: Path
    signer: Signer
    again_ns: int = AGAIN_NS
    newest: int | None = None
    """The newest package that the partner has stated to have."""
    published: int = 0
    """The newest package that was published after it."""
    _stated_ns: int = 0
    _moved_ns: int = 0
    _on_the_way: dict[int, int] = field(default_factory=dict)

    def hear(self, message: Delivery, now_ns: int) -> bool:
        """Take a statement of the partner; False for one that it did not sign just now, or that is an old one."""
        stated = stated_number(message, newest_topic(self.own, self.partner.name), self.partner)
        if stated is None or abs(now_ns - stated.sent_ns) > FRESH_NS or stated.sent_ns <= self._stated_ns:
            return False
        self._stated_ns, before = stated.sent_ns, self.newest
        self.newest = stated.number
        quiet = now_ns - self._moved_ns >= self.again_ns
        if before is None or stated.number >= self.published or (stated.number == before and quiet):
            self.published = stated.number
        if stated.number != before:
            self._moved_ns = now_ns
        self._on_the_way = {
            number: size for number, size in self._on_the_way.items() if stated.number < number <= self.published
        }
        return True

    def next_package(self, store: SentStore, now_ns: int, in_force: Collection[str]) -> OutgoingPackage | None:
        """Return the next message; None while there is none, or the partner has too much on its way.

        ``in_force``: agreements under which packages may leave now.
        """
        if self.newest is None:
            return None
        found = store.content_after(self.partner.name, self.published, now_ns, in_force)
        if found is None:
            return None
        number, content = found
        if self._on_the_way and sum(self._on_the_way.values()) + len(content) > MOST_PACKAGE_BYTES:
            return None
        topic = package_topic(self.own, self.partner.name)
        numbers = [("seq", str(number)), ("low", str(self.published)), ("sent", str(now_ns))]
        return OutgoingPackage(number, topic, content, self.signer.sign(topic, MEDIA_TYPE, numbers, content))

    def note_published(self, package: OutgoingPackage, now_ns: int) -> None:
        """Note that a message was passed to the broker."""
        self.published, self._moved_ns = package.number, now_ns
        self._on_the_way[package.number] = len(package.content)


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """A number that a partner has signed, with the time at which it did."""

    number: int
    sent_ns: int


def statement(own: str, origin: str, number: int, now_ns: int, signer: Signer) -> tuple[str, bytes, UserProperties]:
    """Return topic, content and properties of the message that states the newest package of an origin."""
    topic, content = newest_topic(origin, own), str(number).encode()
    return topic, content, signer.sign(topic, "", [("sent", str(now_ns))], content)


def stated_number(message: Delivery, topic: str, partner: Partner) -> StatedNumber | None:
    """Return what a message states; None where the partner has not signed it for this topic."""
    properties = dict(message.user_properties)
    content = message.payload
    sent = counter(properties.get("sent"), LATEST_NS)
    number = counter(content.decode("ascii", "replace"))
    if number is None or sent is None or not verifies(partner.public, topic, "", properties, content):
        return None
    return StatedNumber(number, sent)
