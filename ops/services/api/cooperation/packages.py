"""What the page of partners shows of the stores: packages sent, received and refused, drills and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ops.exchange.format.manifest import DrillResult
from ops.exchange.received import FILE as RECEIVED
from ops.exchange.received import ReceivedStore, RefusedPackage
from ops.exchange.sent import FILE as SENT
from ops.exchange.sent import FOLDER, SentPackage, SentStore
from ops.store.rows import rfc3339

MOST_SHOWN: Final = 200
"""Packages of a table, the newest."""
PackageState = Literal["in_force", "withdrawn", "partly_withdrawn", "expired", "done"]


@dataclass(frozen=True, slots=True)
class SentRow:
    """A package that was sent, with its state now; ``done``: a notice of withdrawal or a score, which stays."""

    package: SentPackage
    state: PackageState

    @property
    def made_at(self) -> str:
        """When it was made, UTC."""
        return _minute(self.package.made_ns)

    @property
    def expires_at(self) -> str:
        """When the partner must have erased it, UTC."""
        return _minute(self.package.expires_ns)

    @property
    def may_withdraw(self) -> bool:
        """Whether it can be taken back."""
        return self.package.kind in ("product", "drill") and self.state in ("in_force", "partly_withdrawn")


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """A package that was received, with its state now."""

    origin: str
    number: int
    kind: str
    agreement: str
    purpose: str
    received_at: str
    expires_at: str
    marking: str
    records: int
    state: PackageState
    onward: tuple[str, ...]
    origin_control: bool
    note: str
    """Reason of a withdrawal, or title of a drill."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The score that a partner sent for a drill."""

    partner: str
    result: DrillResult
    at: str


@dataclass(frozen=True, slots=True)
class RefusedShown:
    """A package that was refused, with the time of the last try."""

    package: RefusedPackage

    @property
    def at(self) -> str:
        """When it was last refused, UTC."""
        return _minute(self.package.at_ns)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The rows of the page, the newest first."""

    sent: list[SentRow]
    received: list[ReceivedRow]
    refused: list[RefusedShown]
    scores: list[ScoreRow]


def exchanged(data: Path, now_ns: int) -> Exchanged:
    """Read the stores of a data folder; nothing is created or changed there."""
    sent: list[SentRow] = []
    if (data / FOLDER / SENT).exists():
        log = SentStore(data)
        try:
            newest = sorted(log.packages(), key=lambda one: (-one.made_ns, one.partner, -one.number))[:MOST_SHOWN]
        finally:
            log.close()
        sent = [SentRow(one, _state_of_sent(one, now_ns)) for one in newest]
    if not (data / FOLDER / RECEIVED).exists():
        return Exchanged(sent, [], [], [])
    store = ReceivedStore(data)
    try:
        packages = sorted(store.packages(), key=lambda one: (-one.received_ns, one.origin, -one.number))
        refused = [RefusedShown(one) for one in store.refused()]
    finally:
        store.close()
    received, scores = [], []
    for one in packages[:MOST_SHOWN]:
        manifest = one.manifest
        state: PackageState = "done" if one.kind in ("withdrawal", "score") else "in_force"
        if one.state == "withdrawn":
            state = "withdrawn"
        elif state == "in_force" and (one.state == "expired" or one.expires_ns <= now_ns):
            state = "expired"
        note = manifest.withdraws.reason if manifest.withdraws else manifest.drill.title if manifest.drill else ""
        received.append(
            ReceivedRow(
                one.origin,
                one.number,
                one.kind,
                one.agreement,
                manifest.purpose,
                _minute(one.received_ns),
                _minute(one.expires_ns),
                one.marking,
                one.records,
                state,
                manifest.onward,
                manifest.origin_control,
                note,
            )
        )
        if manifest.score is not None:
            scores.append(ScoreRow(one.origin, manifest.score, _minute(one.received_ns)))
    return Exchanged(sent, received, refused, scores)


def _state_of_sent(one: SentPackage, now_ns: int) -> PackageState:
    return "done" if one.kind in ("withdrawal", "score") else one.state_at(now_ns)


def _minute(at_ns: int) -> str:
    return rfc3339(at_ns)[:16].replace("T", " ")
