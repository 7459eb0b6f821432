"""The book of own forces: the last position of each unit, and the decisions on impact levels. Journal in, state out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from geo.errors import BadInput
from ingest.unit_messages import Position, SectionOrder
from ops.forces.settings import ForceSettings
from sensors.timestamps import nanoseconds

MOST_UNITS: Final = 500
"""Units that are listed at most: names that no one registered must not fill the memory."""
MOST_DECISIONS: Final = 100
"""Decisions of each section that are kept here; the journal has all."""
ON_DUTY: Final = ("patrol", "available", "standby", "")
"""Duty states of a unit that can be sent; a unit that states none counts as on duty."""


class ForcesError(BadInput):
    """A message about own forces that does not apply."""


@dataclass(frozen=True, slots=True)
class UnitNow:
    """The newest position of a unit.

    ``observed_ns`` [UTC ns] is at most the time of receipt, so that a fast clock makes no position newer than it is.
    ``reported_ns``: as the unit stated it. ``distress_ns``: since when its positions state distress; None: they do not.
    """

    name: str
    lon: float
    lat: float
    observed_ns: int
    reported_ns: int
    received_ns: int
    position_sd_m: float | None = None
    duty: str = ""
    moves: str = ""
    base: str = ""
    note: str = ""
    distress_ns: int | None = None

    @property
    def on_duty(self) -> bool:
        """Whether it can be sent."""
        return self.duty in ON_DUTY


@dataclass(frozen=True, slots=True)
class LevelDecision:
    """A person's decision on the impact level of a section."""

    id: str
    level: str
    at_ns: int
    by: str
    reason: str


@dataclass(slots=True)
class ForceBook:
    """State of own forces, kept as plain values in fusion's checkpoint; ``decisions`` by section, oldest first."""

    units: dict[str, UnitNow] = field(default_factory=dict)
    decisions: dict[str, list[LevelDecision]] = field(default_factory=dict)

    def take_position(self, position: Position, received_ns: int) -> None:
        """Take a unit's position; an older one than the newest changes nothing. ForcesError for a unit too many."""
        reported_ns = nanoseconds(position.observed_at)
        known = self.units.get(position.unit)
        if known is None and len(self.units) >= MOST_UNITS:
            raise ForcesError("a unit too many", where=f"position of {position.unit}", expected=f"at most {MOST_UNITS}")
        observed_ns = min(reported_ns, received_ns)
        if known is not None and observed_ns < known.observed_ns:
            return
        since_ns = None if known is None else known.distress_ns
        self.units[position.unit] = UnitNow(
            name=position.unit,
            lon=position.lon,
            lat=position.lat,
            observed_ns=observed_ns,
            reported_ns=reported_ns,
            received_ns=received_ns,
            position_sd_m=position.position_sd_m,
            duty=position.duty or ("" if known is None else known.duty),
            moves=position.moves or ("" if known is None else known.moves),
            base=position.base or ("" if known is None else known.base),
            note=position.note,
            distress_ns=(since_ns if since_ns is not None else observed_ns) if position.distress else None,
        )

    def take_distress(self, unit: str, observed_ns: int, note: str) -> None:
        """Take a distress call without a position: a unit that is known stays where it was, in distress."""
        known = self.units.get(unit)
        if known is not None:
            since_ns = observed_ns if known.distress_ns is None else known.distress_ns
            self.units[unit] = replace(known, distress_ns=since_ns, note=note or known.note)

    def decide(self, order: SectionOrder, received_ns: int) -> bool:
        """Apply a decision on an impact level; whether it was applied.

        A decision that is already applied, and one that was made on an earlier state than the present one, change
        nothing: of two simultaneous decisions the first in the journal applies.
        """
        made = self.decisions.get(order.section, [])
        if any(one.id == order.order_id for one in made) or order.after != (made[-1].id if made else ""):
            return False
        decision = LevelDecision(order.order_id, order.impact_level, received_ns, order.by, order.reason)
        self.decisions[order.section] = [*made, decision][-MOST_DECISIONS:]
        return True

    def level_of(self, section: str, otherwise: str | None) -> str | None:
        """The impact level of a section: the latest decision, else ``otherwise``, that of the sector's files."""
        made = self.decisions.get(section)
        return made[-1].level if made else otherwise

    def set_back(self, now_ns: int) -> None:
        """Limit the times of positions to ``now_ns``: a later one would count as newer than all that come."""
        self.units = {
            name: replace(
                unit,
                observed_ns=min(unit.observed_ns, now_ns),
                reported_ns=min(unit.reported_ns, now_ns),
                received_ns=min(unit.received_ns, now_ns),
                distress_ns=None if unit.distress_ns is None else min(unit.distress_ns, now_ns),
            )
            for name, unit in self.units.items()
        }

    def forget(self, now_ns: int, settings: ForceSettings) -> None:
        """Drop units that sent nothing for too long, but none that states distress."""
        kept_ns = round(settings.forget_s * 1e9)
        self.units = {
            name: unit
            for name, unit in self.units.items()
            if unit.distress_ns is not None or now_ns - unit.received_ns < kept_ns
        }
