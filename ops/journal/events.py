"""Records that ingest writes about itself: quarantine, disk state, revocation, mute, clock jump."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ingest.help_call import HelpCall

QUARANTINE: Final = "quarantine"
"""Kind of the journal rows that record rate-limiting of a source."""


class CutOff(msgspec.Struct, frozen=True):
    """A source was cut off until ``until_ns``, or readmitted (None) after ``shed`` messages were dropped unread.

    ``proven`` is true when the sensor or unit itself sent the excess traffic, authenticated by its key. Otherwise
    someone without the key sent it under that name.
    """

    proven: bool
    until_ns: int | None
    shed: int = 0


DISK: Final = "disk"
"""Kind of the journal rows that record a full disk: ``{"full": true, "free_bytes": …}``, one per change of state."""


class DiskState(msgspec.Struct, frozen=True):
    """The body of a ``disk`` row."""

    full: bool
    free_bytes: int


REVOCATION: Final = "revocation"
"""Kind of the journal rows for revocations: ``{"revoked": true}``, or false when the name has a valid key again."""


class Revocation(msgspec.Struct, frozen=True):
    """The body of a ``revocation`` row."""

    revoked: bool


REFUSAL: Final = "refusal"
"""Kind of the journal rows for a sensor whose authentic messages are refused for their numbers or their time. While
they are, one every REFUSAL_EVERY_NS for each reason."""
REFUSAL_EVERY_NS: Final = 10 * 10**9


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a ``refusal`` row: ``conflict`` when other messages have their numbers, ``rollback`` when their
    sender's boot is below one that was received, ``future`` when they are dated ``ahead_s`` later than received."""

    code: Literal["conflict", "rollback", "future"]
    ahead_s: float | None = None


REFUSED_CALL: Final = "refused_call"
"""Kind of the journal rows that hold a unit's distress call whose message became a dead letter. The message settles no
number and raises the alarm all the same: people need help, whatever their device did wrong."""


class RefusedCall(msgspec.Struct, frozen=True):
    """The body of a ``refused_call`` row: the code of the dead letter, and what can be read of the call."""

    code: str
    call: HelpCall


CLOCK: Final = "clock"
"""Kind of the journal rows that record a clock jump: one when the host clock stepped, one when the step is applied."""


class ClockJump(msgspec.Struct, frozen=True):
    """The body of a ``clock`` row.

    ``jump_s`` is the step of the host clock in seconds; ``taken`` is true once Watchline's clock has followed it.
    """

    jump_s: float
    taken: bool


MUTE: Final = "mute"
"""Kind of the journal rows for muted sensors: one when a mute begins or changes, one when it ends. In the journal, so
that a replay shows a past mute as it was."""


class Mute(msgspec.Struct, frozen=True):
    """The body of a ``mute`` row: the sensor is muted until ``until_ns`` (UTC), or no longer (None).

    ``reason`` and the roles of those who asked and decided are of its request, by whose number the names are found.
    ``emergency``: one person carried it out alone.
    """

    until_ns: int | None
    reason: str = ""
    asked_role: str = ""
    decided_role: str = ""
    emergency: bool = False
    request: str = ""
