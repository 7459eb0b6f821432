"""What a feed is: it sends rows of the outbox to its receivers. Each feed is one file of this folder.

A feed has a function ``open_feed(context) -> Feed | None`` (None where its settings name no receiver), and one that
returns its receivers without opening it, ``receivers_of(settings)``; ``ops.services.feeds.process`` lists both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from geo.errors import WatchlineError
from ops.field.refusals import RefusedMessage
from ops.store.reader import OutboxRow
from ops.words import SOURCE_LANGUAGE

if TYPE_CHECKING:
    from ingest.mqtt.broker_url import BrokerUrl
    from ingest.mqtt.publisher import Publisher
    from ops.runtime.clock import ScenarioClock
    from ops.sector.settings import Settings

DISTRESS: Final = "distress"
"""The priority of distress calls: no filter applies to it."""
RANKS: Final = (DISTRESS, "high", "medium", "low")
"""Priorities, the most urgent first."""


def rank_of(priority: object) -> int:
    """Place of a priority in RANKS; an unknown one comes last."""
    return RANKS.index(priority) if priority in RANKS else len(RANKS)


class FailedAttempt(WatchlineError):
    """An attempt failed and may be repeated, but not within ``after_s`` [s] where the receiver asks for a pause."""

    def __init__(self, text: str, *, after_s: float = 0.0) -> None:
        super().__init__(text)
        self.after_s = after_s


class Undeliverable(WatchlineError):
    """A receiver refused a message for good: it becomes a dead letter and is not sent again."""


@dataclass(frozen=True, slots=True)
class OutboxDelivery:
    """One row of the outbox for one receiver.

    ``receiver`` is a unit, or a receiver of the feed's own (a TAK server, a web hook). ``number`` rises by one from 1
    for each receiver of a feed and is kept over restarts; what is sent again has the number that it had.
    """

    receiver: str
    number: int
    row: OutboxRow


@dataclass(frozen=True, slots=True)
class FeedReceiver:
    """A receiver of a feed, and what it gets.

    ``kinds`` of rows, ``priorities`` (None: all; distress always, and what it was given at a higher priority).
    ``limit``: the name under which the settings ``[releasability] units`` state the most restrictive marking that it
    may have. ``may_have``: a further condition of the feed, that distress passes too only if it says so. ``window``:
    the largest number of rows in flight. A row that a receiver which fails has not got within ``given_up_after_s``
    becomes a dead letter; None: it is sent until it is delivered. ``is_unit``: the rules of units
    (``ops.services.feeds.quiet``) apply to it.
    """

    name: str
    kinds: Collection[str] = ("alert",)
    priorities: Collection[str] | None = None
    limit: str | None = None
    may_have: Callable[[OutboxRow], bool] = lambda _: True
    window: int = 64
    given_up_after_s: float | None = None
    is_unit: bool = False

    @property
    def unit(self) -> str:
        """The name in ``[releasability] units`` that states what it may have."""
        return self.name if self.limit is None else self.limit

    def wants(self, row: OutboxRow) -> bool:
        """Whether this receiver gets rows such as ``row``, apart from marking and priority."""
        return row.kind in self.kinds and self.may_have(row)

    def has_priority(self, row: OutboxRow) -> bool:
        """Whether ``row`` is of a priority that this receiver gets."""
        return row.priority == DISTRESS or self.priorities is None or row.priority in self.priorities


class Feed(Protocol):
    """Sends rows of the outbox to receivers of one kind.

    ``name`` is unique; the numbers of the receivers are kept under it. ``receivers`` are unique names.
    """

    @property
    def name(self) -> str: ...

    @property
    def receivers(self) -> Sequence[FeedReceiver]: ...

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Pass a row on and return at once; the future completes when the receiver has it.

        If it ends with an exception, or the call raises, the row is sent again; after Undeliverable it is not.
        """
        ...

    @property
    def problem(self) -> str | None:
        """The reason why receivers get nothing; None without a problem."""
        ...

    def close(self) -> None:
        """End every connection; rows without an answer fail."""
        ...


@dataclass(frozen=True, slots=True)
class FeedContext:
    """Parts of the process that a feed uses.

    ``publisher`` is the process's connection to the broker at ``url``, which signs as ``feed``. Of the store at
    ``store`` each feed opens its own readers. ``folder`` is the data folder, where a feed may keep files of its own.
    ``language`` is that of sentences. ``border`` returns the segments of the border as GeoJSON, None until fusion has
    reported them, and ``areas`` the named areas. ``title`` names the sector for people. ``exercise``: movements are
    simulated. ``refused`` takes a message of a unit that the feed refuses.
    """

    sector_id: str
    url: BrokerUrl
    settings: Settings
    clock: ScenarioClock
    publisher: Publisher
    store: Path
    folder: Path
    language: str = SOURCE_LANGUAGE
    border: Callable[[], Mapping[str, Any] | None] = lambda: None
    title: str = ""
    exercise: bool = False
    areas: Callable[[], Mapping[str, Any] | None] = lambda: None
    refused: Callable[[RefusedMessage], None] = lambda _: None


OpenFeed = Callable[[FeedContext], Feed | None]
