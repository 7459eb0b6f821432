"""Radio relays, which carry the reports of sensors towards a base and do not detect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sensors.errors import LayoutError
from sensors.sensor import check_id, check_numbers

KIND: Final = "relay"
DEFAULT_MAST_M: Final = 6.0
"""Height of a relay's antenna above ground, if a layout gives none (assumption: a mast that two people can erect)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """One relay at one position. ``max_range_m`` is the maximum length of its links; ``availability`` the fraction of
    the time in which it works, for all carried reports at once. With ``gateway``, it has its own connection to the
    control room (satellite, cable) and needs no line of sight to a base. Raises LayoutError for an invalid value."""

    id: str
    lon: float
    lat: float
    easting: float
    northing: float
    max_range_m: float
    kind: str = KIND
    mast_height_m: float = DEFAULT_MAST_M
    availability: float = 1.0
    gateway: bool = False
    cost: float | None = None
    catalogue: str | None = None

    def __post_init__(self) -> None:
        check_id(self.id)
        check_numbers(self)
        if not isinstance(self.gateway, bool):
            raise LayoutError(f"gateway is {self.gateway!r}", where=f"relay {self.id!r}", expected="true or false")
