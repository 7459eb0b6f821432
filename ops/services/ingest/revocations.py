"""Revoked credentials: changes of the key register, and the revocations that have been journaled."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ingest.security.key_register import Register, RegisterFile
from ops.broker.identities import IdentityFolder
from ops.journal.events import REVOCATION, Revocation
from ops.journal.stores.protocol import WritableJournal


class Revocations:
    """Monitor a register file and journal each name whose keys are all revoked, and each reinstatement, once.

    IdentityError if the register cannot be read at the start; if the file is invalid later, the previous register
    stays in force.
    """

    def __init__(self, folder: Path, journal: WritableJournal) -> None:
        self._file = RegisterFile(IdentityFolder(folder).register_path)
        self._journal = journal
        self._journaled = {
            name
            for name, body in journal.last_of_kind(REVOCATION).items()
            if msgspec.json.decode(body, type=Revocation).revoked
        }
        self._cleared: set[str] = set()

    @property
    def register(self) -> Register:
        """The register in force."""
        return self._file.register

    @property
    def problem(self) -> str | None:
        """The reason why the newest register is not in force; None if it is."""
        return self._file.problem

    def check(self, now_ns: int) -> list[str]:
        """Sensors revoked since the last call (on the first call: all revoked sensors); call it every second."""
        self._file.refresh()
        revoked = {name for role, name in self.register.revoked(now_ns) if role in ("sensor", "unit")}
        for name in sorted(revoked ^ self._journaled):
            body = msgspec.json.encode(Revocation(name in revoked))
            self._journal.append(REVOCATION, name, now_ns, body)
        self._journaled = revoked
        sensors = {name for role, name in self.register.revoked(now_ns) if role == "sensor" and not name.endswith("*")}
        newly_revoked = sorted(sensors - self._cleared)
        self._cleared = sensors
        return newly_revoked
