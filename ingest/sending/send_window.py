"""Send window: the messages of a spool past the last acknowledgement that a sender publishes, and resends on a
stall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest.sending.spool import MessageKey, Spool, SpoolEntry
from ingest.wire import Ack

MAX_PATIENCE: Final = 8
"""The time to the next resend doubles at every resend, up to this multiple of ``stall_s``."""


@dataclass(frozen=True, slots=True)
class SendWindowSettings:
    """Settings of a send window.

    Parameters
    ----------
    window : int
        Largest number of messages sent but not yet journaled; it bounds the broker's queue, too.
    stall_s : float, s
        Time without progress of the acknowledgements after which all outstanding messages are sent again.
    """

    window: int = 1000
    stall_s: float = 3.0


class SendWindow:
    """The window of one spool. Times are arguments, in seconds of any monotonic clock.

    A message may be lost after the broker's PUBACK, so only ingest's acknowledgement counts. When none has advanced
    for ``stall_s`` while messages wait, all of them are due again, oldest first; ingest recognises duplicates.
    """

    def __init__(self, spool: Spool, settings: SendWindowSettings | None = None) -> None:
        self._spool = spool
        self._settings = settings or SendWindowSettings()
        self._cursor: MessageKey | None = None
        self._progress_s = 0.0
        self._patience_s = self._settings.stall_s
        self.resends = 0

    def due(self, now_s: float) -> list[SpoolEntry]:
        """The messages to publish now, in order; call ``sent`` for each that the client accepted."""
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
        """The client accepted this message and will transmit it."""
        self._cursor = entry.key

    def acknowledge(self, ack: Ack, now_s: float) -> int:
        """Delete what ingest has journaled. Returns the number of messages that left the spool."""
        settled = self._spool.settle(ack.boot, ack.seq)
        if settled:
            self._progress_s = now_s
            self._patience_s = self._settings.stall_s
        return settled

    def restart(self, now_s: float) -> None:
        """Make every waiting message due again, because the broker lost its session."""
        self._cursor = None
        self._progress_s = now_s

    def resume(self, now_s: float) -> None:
        """Restart the stall timer: the connection is back and the broker kept its session."""
        self._progress_s = now_s
