"""The settings of data protection: witness of the audit log, retention and legal holds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Final, Literal

from geo.errors import BadInput

DataKind = Literal[
    "detections", "tracks", "alerts", "unit_positions", "audit", "exports", "eurosur", "partners", "media"
]
DATA_KINDS: Final[tuple[DataKind, ...]] = (
    "detections", "tracks", "alerts", "unit_positions", "audit", "exports", "eurosur", "partners", "media",
)  # fmt: skip
"""Kinds of records that have a retention of their own."""
SHORTEST_DAYS: Final = 2
"""Shortest retention: messages of sensors may arrive a day late."""
MOST_DAYS: Final = 36_525


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """The audit log.

    Parameters
    ----------
    witness : str
        Folder on another machine to which the signed heads of the log are copied; empty: no witness copy. In a
        cluster, each sector has a folder of its name in it. A relative path begins at the folder of the settings file.
    """

    witness: str = ""


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long each kind of record is kept, in whole days after the day of the record (UTC); 0: without a limit.

    Parameters
    ----------
    detections : int, d
        Sensor messages and rejected messages (0: no limit; else at least 2).
    tracks : int, d
        Track history (0: no limit; else at least 2).
    alerts : int, d
        Alerts and incidents, with the actions of operators (0: no limit; else at least 2).
    unit_positions : int, d
        Positions of field units (0: no limit; else at least 2).
    audit : int, d
        Entries of the audit log (0: no limit; else at least 2).
    exports : int, d
        Files in the folder ``exports`` (0: no limit; else at least 2).
    eurosur : int, d
        Reports of the EUROSUR layers, after the newest report of a closed event (0: no limit; else at least 2).
    partners : int, d
        Packages from and for partners, which their agreement may end earlier (0: no limit; else at least 2).
    media : int, d
        Still pictures of sensors, with the references to them (0: no limit; else at least 2).
    """

    detections: int = 0
    tracks: int = 0
    alerts: int = 0
    unit_positions: int = 0
    audit: int = 0
    exports: int = 0
    eurosur: int = 0
    partners: int = 0
    media: int = 0

    def __post_init__(self) -> None:
        for name in (item.name for item in fields(self)):
            days = getattr(self, name)
            if days != 0 and not SHORTEST_DAYS <= days <= MOST_DAYS:
                raise BadInput(f"{days}", where=name, expected=f"0 (no limit) or {SHORTEST_DAYS} to {MOST_DAYS} days")


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: records of these days are kept beyond their retention, until the hold ends.

    Parameters
    ----------
    reason : str
        Reason, such as the reference of the proceedings.
    first_day : date
        First day of the records (UTC).
    last_day : date
        Last day of the records (UTC).
    until : date
        Last day of the hold.
    kinds : list of str
        Kinds of records as in ``[retention]``; empty: all.
    """

    reason: str
    first_day: date
    last_day: date
    until: date
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("hold without a reason")
        if self.last_day < self.first_day:
            raise ValueError(f"hold {self.reason!r} ends before it starts")
        unknown = [kind for kind in self.kinds if kind not in DATA_KINDS]
        if unknown:
            raise ValueError(f"hold of {unknown[0]!r}, which is not one of {', '.join(DATA_KINDS)}")

    def covers(self, kind: str, day: date, today: date) -> bool:
        """Return whether the hold keeps records of ``kind`` and ``day`` today."""
        return today <= self.until and self.first_day <= day <= self.last_day and (not self.kinds or kind in self.kinds)
