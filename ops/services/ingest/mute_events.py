"""Muted sensors as ingest sees them: whose messages it does not read, journaled when a mute begins and ends."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ops.governance.mutes import MutedSensors
from ops.journal.events import MUTE, Mute
from ops.journal.stores.protocol import WritableJournal


class MuteEvents:
    """Follow the file of mutes, and journal each that begins, changes or ends, once.

    A mute is in force from its row in the journal on, so that no message is left out without a record of it.
    """

    def __init__(self, folder: Path, journal: WritableJournal) -> None:
        self._file, self._journal = MutedSensors(folder), journal
        self._journaled = {
            name: mute for name, body in journal.last_of_kind(MUTE).items() if (mute := _running(body)) is not None
        }

    @property
    def in_force(self) -> frozenset[str]:
        """The sensors that are muted according to the journal; also those whose mute ended while ingest was down."""
        return frozenset(self._journaled)

    def check(self, now_ns: int) -> frozenset[str]:
        """Journal what has changed since the last call, and return the muted sensors; call it every second."""
        found = self._file.at(now_ns / 1e9)
        for name in sorted(found.keys() | self._journaled.keys()):
            wanted, known = found.get(name), self._journaled.get(name)
            if wanted is not None and wanted != known:
                self._journal.append(MUTE, name, now_ns, msgspec.json.encode(wanted))
                self._journaled[name] = wanted
            elif wanted is None:
                self._journal.append(MUTE, name, now_ns, msgspec.json.encode(Mute(None)))
                del self._journaled[name]
        return self.in_force


def _running(body: bytes) -> Mute | None:
    """The mute of a row; None for the end of one, and for a row that is erased or cannot be read."""
    try:
        mute = msgspec.json.decode(body, type=Mute)
    except msgspec.DecodeError:
        return None
    return None if mute.until_ns is None else mute
