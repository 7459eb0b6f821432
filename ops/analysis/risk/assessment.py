"""An assessment of risk: what is known of each segment and section on a day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from geo.arrays import Floats, Ints
from ops.analysis.risk.combination import CLASSES, FACTORS, RankStability
from ops.analysis.risk.factors import ChallengeSegments, RiskFactors
from ops.analysis.risk.trend import RiskTrend
from ops.sector.open_sector import OpenSector


@dataclass(frozen=True, slots=True)
class SectionRisk:
    """A section: its segment of the highest risk, the level that the matrix proposes for it, and the current level.

    Of segments that share the highest risk it is one of the highest level.
    ``highest``: the highest level of the matrix at any segment of the section, which may be above the proposed one.
    ``proposed`` and ``highest`` are None where that is unknown, ``current`` where none is set; a person decides.
    """

    name: str
    segment: int | None
    risk: float
    proposed: str | None
    highest: str | None
    current: str | None


@dataclass(frozen=True, slots=True)
class RiskAssessment:
    """The risk of each segment on a day. ``left_out``: factors that are known nowhere and have no weight."""

    ground: OpenSector
    day: date
    challenge: ChallengeSegments
    factors: RiskFactors
    weights: tuple[float, ...]
    left_out: tuple[str, ...]
    risk: Floats
    levels: Ints
    stability: RankStability
    sections: tuple[SectionRisk, ...]
    section_names: tuple[str | None, ...]
    illustrative: bool
    trend: RiskTrend | None = None

    def order(self) -> list[int]:
        """The segments with a known risk, the highest first."""
        known = np.flatnonzero(~np.isnan(self.risk))
        return sorted(known.tolist(), key=lambda segment: (self.stability.rank[segment], segment))

    def first(self) -> list[int]:
        """The segments that share the highest risk."""
        return [segment for segment in self.order() if self.stability.rank[segment] == 1.0]

    def as_dict(self) -> dict[str, Any]:
        """The assessment for JSON; unknown is null."""
        table, stability = self.factors.table, self.stability
        return {
            "sector": self.ground.sector.name, "date": self.day.isoformat(), "illustrative": self.illustrative,
            "layout": self.challenge.layout, "challenge_sha256": self.challenge.sha256,
            "weights": dict(zip(FACTORS, self.weights, strict=True)), "left_out": list(self.left_out),
            "recorded_periods": {
                name: {"start": _day(one.start), "end": _day(one.end)} for name, one in self.factors.periods.items()
            },
            "draws": stability.draws, "top_count": stability.top_count,
            "segments": [
                {
                    "segment": segment, "section": self.section_names[segment], "risk": _known(self.risk[segment]),
                    **{name: _known(table[segment, at]) for at, name in enumerate(FACTORS)},
                    "threat_parts": {name: _known(values[segment]) for name, values in self.factors.parts.items()},
                    "incidents": None if self.factors.incidents is None else int(self.factors.incidents[segment]),
                    "matrix": None if self.levels[segment] < 0 else CLASSES[self.levels[segment]],
                    "rank": _known(stability.rank[segment]), "rank_low": _known(stability.low[segment]),
                    "rank_high": _known(stability.high[segment]), "top_fraction": _known(stability.top[segment]),
                }
                for segment in range(len(self.risk))
            ],
            "sections": [
                {
                    "section": one.name, "segment": one.segment, "risk": _known(one.risk), "proposed": one.proposed,
                    "highest": one.highest, "current": one.current,
                }
                for one in self.sections
            ],
            **({} if self.trend is None else {"trend": self.trend.as_dict()}),
        }  # fmt: skip


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
