"""Links of a sector's layout: which sensors count, because their reports arrive; one rule for every command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

if TYPE_CHECKING:
    from sensors.layout import Layout

NAMED: Final = 5
"""Maximum number of sensors that a sentence names."""
HINT: Final = (
    "`watchline plan --start LAYOUT --item radio_relay` finds relays for them, or the layout says `reports_by`"
)


@dataclass(frozen=True, slots=True)
class SectorLinks:
    """A layout as its reports arrive at the sector's bases, with everything working.

    ``layout`` has the sensors that count, of the number ``sensors`` in all. ``unlinked`` are the ids of sensors and
    relays without a link to a base: what such a sensor sees counts for nothing; ``by_hand`` those of sensors whose
    reports arrive late. ``unchecked`` states why links are not known, in which case every sensor counts; it is empty
    where they are.
    """

    layout: Layout
    sensors: int
    unlinked: tuple[str, ...]
    by_hand: tuple[str, ...]
    unchecked: str

    @property
    def record(self) -> dict[str, Any]:
        """The links as plain values for JSON."""
        return {
            "checked": not self.unchecked,
            "unlinked": list(self.unlinked),
            "by_hand": list(self.by_hand),
            "words": self.words,
        }

    @property
    def words(self) -> str:
        """The state of the links as a sentence without its full stop."""
        if self.unchecked:
            return f"Links were not checked, and every sensor counts: {self.unchecked}"
        late = f"; {_named(self.by_hand)} report by hand, later" if self.by_hand else ""
        return (unlinked_words(self.unlinked) or "Every sensor has a link to a base") + late


def links_of(ground: OpenSector, layout: Layout | None = None) -> SectorLinks:
    """Return the links of a layout (by default the open one) to the bases of its sector.

    Links are not checked where the layout has no gateway, and the sector names no base or none on the terrain.
    """
    from geo.terrain import bounds
    from sensors.planning.radio_links import reporting

    whole = ground.layout if layout is None else layout
    named = [ground.frame.to_local(lon, lat) for lon, lat in read_bases(ground.sector.bases).values()]
    west, south, east, north = bounds(ground.terrain)
    bases = [(e, n) for e, n in named if west <= e <= east and south <= n <= north]
    if not bases and not any(relay.gateway for relay in whole.relays):
        unchecked = "no base of the sector lies on the terrain" if named else "the sector names no bases"
        return SectorLinks(whole, len(whole), (), (), unchecked)
    found = reporting(whole, ground.terrain, np.array(bases, np.float64).reshape(-1, 2))
    by_hand = tuple(sorted(found.by_hand))
    return SectorLinks(found.layout, len(whole), tuple(sorted(found.unlinked)), by_hand, "")


def heard(ground: OpenSector, links: SectorLinks) -> OpenSector:
    """Return the open sector with the sensors that count."""
    return replace(ground, layout=links.layout)


def unlinked_words(unlinked: tuple[str, ...] | list[str]) -> str:
    """State which sensors and relays have no link to a base, and what helps; empty where all have one."""
    if not unlinked:
        return ""
    return f"{_named(unlinked)} without a link to a base count for nothing: {HINT}"


def _named(names: tuple[str, ...] | list[str]) -> str:
    return f"{len(names)} of the layout ({', '.join(names[:NAMED])}{', …' if len(names) > NAMED else ''})"
