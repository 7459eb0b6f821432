"""Looks of cameras at an incident: what was asked for, by whom, and what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

LOOK_STATES: Final = ("requested", "sent", "accepted", "done", "refused", "failed")
"""In the order in which they can follow one another; the last three are final."""
ENDED: Final = ("done", "refused", "failed")
AUTOMATIC: Final = "automatic"
"""Stands for the person where a rule asked for the look."""
MOST_LOOKS: Final = 100
"""Looks that an incident keeps, the newest."""


@dataclass(frozen=True, slots=True)
class CameraLook:
    """A task for a camera: to turn to ``azimuth_deg`` (true north) and ``elevation_deg`` (positive up; None: as it is),
    expected to take ``slew_s``.

    ``id`` names the task, ``state`` is one of LOOK_STATES, ``code`` says why it failed, empty otherwise. ``by`` asked
    for it at ``at``; ``changed_at`` is the time of the newest state.
    """

    id: str
    camera: str
    azimuth_deg: float
    slew_s: float
    state: str
    code: str = ""
    by: str = ""
    at: datetime | None = None
    changed_at: datetime | None = None
    elevation_deg: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.state in ENDED


def with_look(known: tuple[CameraLook, ...], new: CameraLook) -> tuple[CameraLook, ...] | None:
    """Return the looks of an incident with a new one, or with the next state of one.

    None for a state that cannot follow: an outcome that comes twice or late changes nothing. The person, the time and
    the direction of the request are kept.
    """
    before = next((one for one in known if one.id == new.id), None)
    if before is None:
        return (*known, new)[-MOST_LOOKS:]
    if before.is_over or LOOK_STATES.index(new.state) <= LOOK_STATES.index(before.state):
        return None
    after = replace(before, state=new.state, code=new.code, changed_at=new.changed_at)
    return tuple(after if one.id == new.id else one for one in known)
