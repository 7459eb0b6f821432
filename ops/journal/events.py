"""Records that ingest writes about itself: quarantine, disk state, revocation, clock jump."""

from __future__ import annotations

from typing import Final

import msgspec

QUARANTINE: Final = "quarantine"
"""The kind of the rows."""


class CutOff(msgspec.Struct, frozen=True):
    """A source was cut off until ``until_ns``, or let in again (None) after ``shed`` messages that nobody read.

    ``proven``: the sensor or unit itself floods; else whoever writes under its name without its key.
    """

    proven: bool
    until_ns: int | None
    shed: int = 0


DISK: Final = "disk"
"""The kind of the journal's rows that say so: ``{"full": true, "free_bytes": …}``, once each way."""


class DiskState(msgspec.Struct, frozen=True):
    """The body of such a row."""

    full: bool
    free_bytes: int


REVOCATION: Final = "revocation"
"""The kind of the journal's rows that say so: ``{"revoked": true}``, or false when the name has a good key again."""


class Revocation(msgspec.Struct, frozen=True):
    """The body of such a row."""

    revoked: bool


CLOCK: Final = "clock"
"""The kind of the journal's rows that tell of a jump: when the machine's clock stepped, and when the step is taken."""


class ClockJump(msgspec.Struct, frozen=True):
    """The body of such a row. ``jump_s``: how far the machine's clock stepped; ``taken``: whether ours followed."""

    jump_s: float
    taken: bool
