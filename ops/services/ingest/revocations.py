"""Keys that are no longer believed: the register as it changes, and what of it the journal has been told."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ingest.security.key_register import Register, RegisterFile
from ops.broker.identities import IdentityFolder
from ops.journal.events import REVOCATION, Revocation
from ops.journal.writer import Journal


class Revocations:
    """Follows a register's file. A name whose every key is revoked is told to the journal, once each way.

    IdentityError when the register cannot be read at the start; one that is spoilt later leaves the old one in force.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._file = RegisterFile(IdentityFolder(folder).register_path)
        self._journal = journal
        self._told = {
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
        """Why the newest register is not in force; None when it is."""
        return self._file.problem

    def check(self, now_ns: int) -> list[str]:
        """Sensors that are revoked and were not when last asked (at the start: all that are); call it every second."""
        self._file.refresh()
        revoked = {name for role, name in self.register.revoked(now_ns) if role in ("sensor", "unit")}
        for name in sorted(revoked ^ self._told):
            body = msgspec.json.encode(Revocation(name in revoked))
            self._journal.append(REVOCATION, name, now_ns, body)
        self._told = revoked
        sensors = {name for role, name in self.register.revoked(now_ns) if role == "sensor" and not name.endswith("*")}
        newly_revoked = sorted(sensors - self._cleared)
        self._cleared = sensors
        return newly_revoked
