"""Intake of ingest: one instance for units' messages, which always have priority, and one for sensors' messages.

Each has its own connection, so that an excessive message rate or a backlog on one does not delay the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingest.envelope import Delivery
from ingest.mqtt.subscriber import Subscriber
from ingest.receiving.batch import Batch
from ingest.receiving.receiver import Receiver


@dataclass(slots=True)
class Intake:
    """Intake from one subscriber. A batch that did not fit on the disk is kept, unacknowledged, and is written next.

    ``look`` can correct the deliveries before they are checked.
    """

    subscriber: Subscriber
    receiver: Receiver
    look: Callable[[list[Delivery]], list[Delivery]]
    _held: tuple[Batch, Sequence[Delivery]] | None = field(default=None)

    def take(self, *, wait_s: float) -> Batch | None:
        """Make the next batch durable; None without messages. JournalFull, JournalBusy: it is kept, unacknowledged."""
        if self._held is None:
            came = self.look(self.subscriber.collect(wait_s=wait_s))
            shed = self.subscriber.take_shed()
            if not came and not shed:
                return None
            self._held = self.receiver.batch(came, shed), came
        batch, deliveries = self._held
        self.receiver.settle(batch, deliveries, self.subscriber.acknowledge)  # on the connection that delivered them
        self._held = None
        return batch
