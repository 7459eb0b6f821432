"""Links of a sector's layout: which sensors count, because their reports arrive; one rule for every command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geo.message import Message, cut_list
from ops.runtime.output import say_in_english
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

if TYPE_CHECKING:
    from sensors.layout import Layout

NAMED: Final = 5
"""Maximum number of sensors that a sentence names."""
NO_BASES, OFF_TERRAIN = "no_bases", "off_terrain"
"""Why links are not checked: the sector names no bases, or none of its bases is on the terrain."""


@dataclass(frozen=True, slots=True)
class SectorLinks:
    """A layout as its reports arrive at the sector's bases, with everything working.

    ``layout`` has the sensors that count, of the number ``sensors`` in all. ``unlinked`` are the ids of sensors and
    relays without a link to a base, which are excluded; ``by_hand`` those of sensors whose reports arrive late.
    ``unchecked`` states why links are not known (NO_BASES or OFF_TERRAIN), in which case every sensor counts; it is
    empty where they are.
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
            "description": self.words,
            "messages": [message.as_dict() for message in self.messages],
        }

    @property
    def messages(self) -> list[Message]:
        """The state of the links, one sentence each."""
        if self.unchecked:
            return [unchecked_message(self.unchecked)]
        late = [Message("coverage-links-by-hand", _named(self.by_hand))] if self.by_hand else []
        return (unlinked_messages(self.unlinked) or [Message("coverage-links-complete")]) + late

    @property
    def words(self) -> str:
        """The state of the links in English, without its last full stop."""
        return " ".join(map(say_in_english, self.messages)).removesuffix(".")


def links_of(ground: OpenSector, layout: Layout | None = None) -> SectorLinks:
    """Return the links of a layout (by default the open one) to the bases of its sector.

    Links are not checked where the layout has no gateway, and the sector names no base or none on the terrain.
    """
    from sensors.coverage.radio_links import reporting

    whole = ground.layout if layout is None else layout
    bases = list(ground.bases_on_terrain().values())
    if not bases and not any(relay.gateway for relay in whole.relays):
        return SectorLinks(whole, len(whole), (), (), why_unchecked(ground))
    found = reporting(whole, ground.terrain, np.array(bases, np.float64).reshape(-1, 2))
    by_hand = tuple(sorted(found.by_hand))
    return SectorLinks(found.layout, len(whole), tuple(sorted(found.unlinked)), by_hand, "")


def why_unchecked(ground: OpenSector) -> str:
    """Why the links of a layout without a gateway are not checked, in a sector without a base on its terrain."""
    return OFF_TERRAIN if read_bases(ground.sector.bases) else NO_BASES


def unchecked_message(reason: str) -> Message:
    """That links are not checked and every sensor counts, for the reason NO_BASES or OFF_TERRAIN."""
    return Message("coverage-links-unchecked", {"reason": reason})


def heard(ground: OpenSector, links: SectorLinks) -> OpenSector:
    """Return the open sector with the sensors that count."""
    return replace(ground, layout=links.layout)


def unlinked_messages(unlinked: tuple[str, ...] | list[str]) -> list[Message]:
    """Which sensors and relays have no link to a base, and the remedy; empty where all have one."""
    return [Message("coverage-links-missing", _named(unlinked)), Message("coverage-links-remedy")] if unlinked else []


def _named(names: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """The parameters of a sentence that names at most NAMED of the sensors and relays."""
    return {"count": len(names), "names": cut_list(names, NAMED)}
