"""Feeds that cannot be opened at once: what their receivers get waits in the ledger, and opening is tried again."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, NamedTuple

from geo.errors import WatchlineError
from ops.sector.settings import Settings
from ops.services.feeds.feed import FailedAttempt, Feed, FeedContext, FeedReceiver, OpenFeed, OutboxDelivery

log = logging.getLogger(__name__)

OPEN_EVERY_S: Final = 30.0
"""Time between two attempts to open a feed."""


class FeedKind(NamedTuple):
    """A feed of the settings: its name, its receivers, which need no open feed, and what opens it."""

    name: str
    receivers: Callable[[Settings], Sequence[FeedReceiver]]
    open: OpenFeed


class LateFeed:
    """A feed of a kind, open or not. Until it is, attempts to send fail, so that rows wait under their numbers.

    ``try_open`` and ``close`` are called in one thread, ``send`` in any.
    """

    def __init__(self, kind: FeedKind, context: FeedContext, *, monotonic_s: Callable[[], float]) -> None:
        self.name, self.receivers = kind.name, tuple(kind.receivers(context.settings))
        self._kind, self._context, self._monotonic_s = kind, context, monotonic_s
        self._feed: Feed | None = None
        self._unopened: str | None = None
        self._next_s = monotonic_s()

    @property
    def problem(self) -> str | None:
        """The reason why it is not open, or the open feed's own problem; None without a problem."""
        feed = self._feed
        return self._unopened if feed is None else feed.problem

    def try_open(self) -> None:
        """Open it, unless it is open or the last attempt was a short time ago. Call it again and again."""
        if self._feed is not None or self._monotonic_s() < self._next_s:
            return
        try:
            self._feed = self._kind.open(self._context)
        except (WatchlineError, OSError, sqlite3.Error) as error:
            self._next_s = self._monotonic_s() + OPEN_EVERY_S
            problem = f"feed {self.name} is not open ({error})"
            if problem != self._unopened:
                log.warning("%s", problem)
            self._unopened = problem

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Pass a row on to the open feed; FailedAttempt until it is open."""
        feed = self._feed
        if feed is None:
            raise FailedAttempt(f"feed {self.name} is not open")
        return feed.send(delivery)

    def close(self) -> None:
        """End every connection."""
        if self._feed is not None:
            self._feed.close()


def late_feeds(kinds: Sequence[FeedKind], context: FeedContext, *, monotonic_s: Callable[[], float]) -> list[LateFeed]:
    """The feeds of these kinds that have receivers, opened where that succeeds."""
    feeds = [LateFeed(kind, context, monotonic_s=monotonic_s) for kind in kinds if kind.receivers(context.settings)]
    for feed in feeds:
        feed.try_open()
    return feeds
