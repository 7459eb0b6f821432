"""What a sender should publish now: a window of the spool past the last acknowledgement, again when that stalls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest.sending.spool import Key, Spool, SpoolEntry
from ingest.wire import Ack

MAX_PATIENCE: Final = 8
"""A stalled sender doubles its patience at every resend, up to so many times the first one."""


@dataclass(frozen=True, slots=True)
class SendWindowSettings:
    """``window``: messages sent but not yet journaled; it bounds the broker's queue, too. ``stall_s``: see Outflow."""

    window: int = 1000
    stall_s: float = 3.0


class SendWindow:
    """Pure but for the spool: times are arguments, in seconds of any monotonic clock.

    A message may be lost after the broker's PUBACK, so being published counts for nothing here. When no ack has moved
    for ``stall_s`` while messages wait for one, all of them are due again, oldest first; ingest knows duplicates.
    """

    def __init__(self, spool: Spool, settings: SendWindowSettings | None = None) -> None:
        self._spool = spool
        self._settings = settings or SendWindowSettings()
        self._cursor: Key | None = None
        self._progress_s = 0.0
        self._patience_s = self._settings.stall_s
        self.resends = 0

    def due(self, now_s: float) -> list[SpoolEntry]:
        """The messages to publish now, in order; say ``sent`` for each that the client took."""
        outstanding = 0 if self._cursor is None else self._spool.waiting_up_to(self._cursor)
        if outstanding == 0:
            self._progress_s = now_s
        elif now_s - self._progress_s > self._patience_s:
            self._patience_s = min(2 * self._patience_s, MAX_PATIENCE * self._settings.stall_s)
            self.resends += 1
            self.restart(now_s)
            outstanding = 0
        return self._spool.pending(self._cursor, self._settings.window - outstanding)

    def sent(self, entry: SpoolEntry) -> None:
        """The client took this message; it is on its way or will be."""
        self._cursor = entry.key

    def acknowledge(self, ack: Ack, now_s: float) -> int:
        """Ingest has journaled up to here: forget it. Returns how many messages of the spool that settled."""
        settled = self._spool.settle(ack.boot, ack.seq)
        if settled:
            self._progress_s = now_s
            self._patience_s = self._settings.stall_s
        return settled

    def restart(self, now_s: float) -> None:
        """Send everything again that waits: the broker has lost what it had."""
        self._cursor = None
        self._progress_s = now_s

    def resume(self, now_s: float) -> None:
        """The link is back and the broker has kept its session: give the acknowledgements their time again."""
        self._progress_s = now_s
