"""The order of the queue: what an operator should look at first."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from ops.incidents.incident import PRIORITIES

NEVER: Final = float("inf")


class QueuePlace(NamedTuple):
    """Sort key of an incident: the smaller, the earlier in the queue.

    Not closed before closed; unacknowledged before acknowledged; then by priority, by the time of the expected crossing
    [UTC s; infinite where none is expected], the oldest, and id. Closed ones: the latest first.
    """

    closed: bool
    acknowledged: bool
    rank: int
    expected_s: float
    opened_s: float
    id: str


def place_in_queue(
    *, state: str, attention: bool, priority: str, expected_at: datetime | None, opened_at: datetime, identity: str
) -> QueuePlace:
    """Return the place of one incident.

    Parameters
    ----------
    state : str
        State of the incident.
    attention : bool
        Whether it waits for an acknowledgement.
    priority : str
        Its priority.
    expected_at : datetime, UTC, optional
        When its target may cross.
    opened_at : datetime, UTC
        When it was opened.
    identity : str
        Its id.

    Returns
    -------
    QueuePlace
        The sort key.
    """
    if state == "closed":
        return QueuePlace(True, True, 0, 0.0, -opened_at.timestamp(), identity)
    expected_s = NEVER if expected_at is None else expected_at.timestamp()
    return QueuePlace(False, not attention, PRIORITIES.index(priority), expected_s, opened_at.timestamp(), identity)
