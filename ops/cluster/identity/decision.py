"""A decision about the identity of a track, and the name of an identity."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

Key = tuple[str, str]
"""A sector, and one of its tracks or incidents."""


@dataclass(frozen=True, slots=True)
class IdentityDecision:
    """The national identity of a track, decided at ``at_ns`` [UTC ns, the sector's journal time].

    ``of``: the track of the neighbour whose identity it took, with the log odds; None for one that founded its own.
    """

    sector: str
    track: str
    national: str
    at_ns: int
    of: Key | None = None
    log_odds: float = 0.0

    @property
    def key(self) -> Key:
        """The sector and its track."""
        return self.sector, self.track


def national_id(sector: str, track: str) -> str:
    """Return the identity that a track founds: a hash of its name, so that none is given to two targets."""
    return "N" + blake2b(f"{sector}\0{track}".encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """From ``at_ns`` [UTC ns, journal time] on a track follows the target ``national``, not the one before.

    What was decided of the track is not changed: until then it followed the target of that decision. ``ended``: the
    identity that ended because its target is that of ``national``; None where the track continued with another target.
    """

    sector: str
    track: str
    at_ns: int
    national: str
    ended: str | None = None
