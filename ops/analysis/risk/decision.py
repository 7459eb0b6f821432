"""A person's decision to use an assessment of risk, as the file that alerts, patrols and the planner read.

A sector uses it only where ``risk_feeds`` of its file names the use. The file stays as it is until a
person decides again: an assessment of another day changes nothing.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import numpy as np

from geo.arrays import Floats
from geo.errors import BadInput
from geo.message import Message
from geo.names import HIDDEN
from ops.analysis.risk.combination import CLASSES, FACTORS, RISK_DIGITS, risk_of
from ops.runtime.output import atomic_write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.analysis.risk.assessment import RiskAssessment
    from ops.sector.sector_file import Sector

FILE: Final = "risk-decision.json"
FORMAT: Final = "watchline risk decision 1"
EXPECTED: Final = f"the {FILE} that `watchline risk --decided-by` wrote for this sector"
MOST_BYTES: Final = 50_000_000
MOST_NAME, LEAST_REASON, MOST_REASON = 64, 3, 500
RiskUse = Literal["alerts", "patrols", "planner"]


class SegmentRisk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A segment as it was assessed; None is unknown. ``level``: that of the matrix."""

    segment: int
    risk: float | None
    threat: float | None
    vulnerability: float | None
    impact: float | None
    level: Literal["low", "medium", "high"] | None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["watchline risk decision 1"]
    sector: str
    assessed_on: date
    decided_at: datetime
    by: str
    reason: str
    layout: str
    challenge_sha256: str
    weights: dict[Literal["threat", "vulnerability", "impact"], float]
    segments: tuple[SegmentRisk, ...]


@dataclass(frozen=True, slots=True)
class RiskDecision:
    """The assessed segments, and who decided on them, when and why. ``weights`` are those of threat, vulnerability and
    impact."""

    sector: str
    assessed_on: date
    decided_at: datetime
    by: str
    reason: str
    weights: tuple[float, ...]
    segments: tuple[SegmentRisk, ...]

    @property
    def levels(self) -> tuple[str | None, ...]:
        """The level of each segment."""
        return tuple(one.level for one in self.segments)

    def losses(self) -> Floats:
        """The cost of an undetected crossing of each segment, as a fraction of the highest, (segment,) [1].

        The weighted geometric mean of threat and impact, with the weights of the assessment. Vulnerability is left out:
        patrols and sensors change it, so patrol games and plans compute it themselves. A segment where a factor is
        unknown has 1, so that it is never neglected for want of data.

        Raises
        ------
        BadInput
            If the assessment gives threat and impact no weight.
        """
        without = tuple(
            0.0 if name == "vulnerability" else one for name, one in zip(FACTORS, self.weights, strict=True)
        )
        if not any(without):
            raise BadInput("threat and impact have no weight", where=FILE, expected="an assessment with such a weight")
        table = [[_number(getattr(one, name)) for name in FACTORS] for one in self.segments]
        worth = risk_of(np.array(table), without)
        if np.isnan(worth).all():
            return np.ones(len(worth))
        return np.where(np.isnan(worth), 1.0, worth / np.nanmax(worth))

    @property
    def record(self) -> dict[str, str]:
        """The person, time and reason of the decision, and the day of the assessment, for JSON."""
        return {
            "decided_by": self.by, "decided_at": self.decided_at.isoformat(), "reason": self.reason,
            "assessed_on": self.assessed_on.isoformat(),
        }  # fmt: skip

    @property
    def message(self) -> Message:
        """The day of the decision, its person, and the day of the assessment."""
        decided = {"by": self.by, "on": self.decided_at.date().isoformat(), "assessed": self.assessed_on.isoformat()}
        return Message("risk-decided", decided)


def decided(found: RiskAssessment, *, by: str, reason: str, at: datetime) -> bytes:
    """Return the file of a decision to use an assessment.

    Raises
    ------
    BadInput
        For a missing name or reason, and for an assessment with illustrative or simulated records.
    """
    name, why = " ".join(by.split()), " ".join(reason.split())
    if not name or len(name) > MOST_NAME or HIDDEN.search(name):
        raise BadInput(
            f"{by[:80]!a}", where="--decided-by", expected=f"the name of a person, up to {MOST_NAME} characters"
        )
    if not LEAST_REASON <= len(why) <= MOST_REASON or HIDDEN.search(why):
        expected = f"a reason of {LEAST_REASON} to {MOST_REASON} characters"
        raise BadInput(f"{reason[:80]!a}", where="--reason", expected=expected)
    if found.illustrative:
        what = "the assessment has illustrative or simulated records"
        raise BadInput(what, where="--decided-by", expected="real records: made-up ones must not direct a real room")
    segments = tuple(_segment(found, number) for number in range(len(found.risk)))
    weights = dict(zip(FACTORS, found.weights, strict=True))
    made = _File(
        FORMAT, found.ground.sector.name, found.day, at, name, why, found.challenge.layout, found.challenge.sha256,
        weights, segments,  # type: ignore[arg-type]
    )  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def write_decision(path: Path, content: bytes) -> None:
    """Write the file atomically."""
    with atomic_write(path) as partial:
        partial.write_bytes(content)


def decision_for(sector: Sector, use: RiskUse, segments: int) -> RiskDecision | None:
    """Return the decision of a sector for one use; None where the sector file does not switch that use on.

    Raises
    ------
    BadInput
        For a file that cannot be read, or is of another sector or another number of ``segments``.
    """
    if use not in sector.risk_feeds or sector.risk_decision is None:
        return None
    return _of_sector(sector, sector.risk_decision, segments)


def proposals(sector: Sector, sections: Sequence[str | None]) -> dict[str, dict[str, str]]:
    """Return the impact level that the decided assessment proposes for each section, for JSON; a person decides on it.

    As in the assessment, it is the level of the segment of the highest risk, of several the highest. ``sections``: the
    section of each segment. Empty without a decision in the sector file.

    Raises
    ------
    BadInput
        As ``decision_for``.
    """
    if sector.risk_decision is None:
        return {}
    found = _of_sector(sector, sector.risk_decision, len(sections))
    highest: dict[str, SegmentRisk] = {}
    for name, one in zip(sections, found.segments, strict=True):
        if name is None or one.risk is None:
            continue
        before = highest.get(name)
        if before is None or _place(one) > _place(before):
            highest[name] = one
    on = found.assessed_on.isoformat()
    return {name: {"level": one.level, "assessed_on": on} for name, one in highest.items() if one.level is not None}


def _place(one: SegmentRisk) -> tuple[float, int]:
    """By which segments of a known risk are ordered: the risk, and among equals the level."""
    return round(one.risk or 0.0, RISK_DIGITS), -1 if one.level is None else CLASSES.index(one.level)


def _of_sector(sector: Sector, path: Path, segments: int) -> RiskDecision:
    found = read_decision(path)
    if found.sector != sector.name or len(found.segments) != segments:
        what = f"is of {found.sector!r} with {len(found.segments)} segments"
        raise BadInput(what, where=str(path), expected=f"{sector.name!r} with {segments} segments")
    return found


def read_decision(path: Path) -> RiskDecision:
    """Read the file of a decision; BadInput for one that is not valid."""
    try:
        if os.path.getsize(path) > MOST_BYTES:
            raise ValueError("size")
        read = msgspec.json.decode(path.read_bytes(), type=_File)
        weights = tuple(read.weights[name] for name in FACTORS)
        _check(read, weights)
    except (OSError, ValueError, KeyError, RecursionError):
        raise BadInput("is not a decision on risk", where=str(path), expected=EXPECTED) from None
    return RiskDecision(read.sector, read.assessed_on, read.decided_at, read.by, read.reason, weights, read.segments)


def _check(read: _File, weights: tuple[float, ...]) -> None:
    """Raise ValueError for what `watchline risk` does not write."""
    if not all(0.0 <= one < math.inf for one in weights) or not any(weights):
        raise ValueError("weights")
    if not read.by.strip() or HIDDEN.search(read.by) or HIDDEN.search(read.reason) or read.decided_at.tzinfo is None:
        raise ValueError("who")
    for number, one in enumerate(read.segments):
        values = (one.risk, one.threat, one.vulnerability, one.impact)
        if one.segment != number or not all(value is None or 0.0 <= value <= 1.0 for value in values):
            raise ValueError("segments")


def _segment(found: RiskAssessment, number: int) -> SegmentRisk:
    threat, vulnerability, impact = (_known(value) for value in found.factors.table[number].tolist())
    level: Any = None if found.levels[number] < 0 else CLASSES[found.levels[number]]
    return SegmentRisk(number, _known(found.risk[number]), threat, vulnerability, impact, level)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
