"""Settings of incidents; every figure is an assumption, which can be changed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Final

from geo.errors import BadInput

DAY_S: Final = 86_400.0


class IncidentSettingsError(BadInput):
    """A setting that is invalid for incidents."""


@dataclass(frozen=True, slots=True)
class IncidentSettings:
    """Settings of gathering, escalation and closing.

    Parameters
    ----------
    escalate_distress_s : float, s
        An unacknowledged distress call is escalated to the supervisor after this time.
    escalate_high_s : float, s
        An unacknowledged incident of high priority is escalated to the supervisor after this time.
    escalate_medium_s : float, s
        The same time for medium priority.
    escalate_low_s : float, s
        The same time for low priority.
    answer_s : float, s
        A field unit that an incident is assigned or offered to and that does not answer within this time is followed by
        the next one, and after the last one by the supervisor.
    undo_s : float, s
        Time within which a person may undo an action.
    settled_s : float, s
        The system closes an incident on which no operator acted when all its alerts have been over for this time.
    abandoned_s : float, s
        The system closes an incident with an owner when all its alerts have been over and no action was taken for this
        time: one shift.
    outage_s : float, s
        Sensors that go offline within this time of each other form one incident with a common cause.
    lineage_s : float, s
        A track that starts within this time after another was lost may be the same target.
    lineage_m : float, m
        Maximum distance between its start and the position where the other was lost.
    lineage_mps : float, m/s
        Maximum speed that this distance, less ``lineage_sd_m``, may imply.
    lineage_sd_m : float, m
        Allowance for the position errors of the two tracks.
    keep_s : float, s
        Time for which a closed incident may be reopened, and for which its name is not reused.
    trace_keep_s : float, s
        Time from the opening of an incident within which its tracing record may be changed, until the request is
        closed: half a year, or the retention of incidents if that is shorter.

    Raises
    ------
    IncidentSettingsError
        For a setting that is not a number above 0.
    """

    escalate_distress_s: float = 60.0
    escalate_high_s: float = 120.0
    escalate_medium_s: float = 600.0
    escalate_low_s: float = 3600.0
    answer_s: float = 180.0
    undo_s: float = 10.0
    settled_s: float = 600.0
    abandoned_s: float = 28_800.0
    outage_s: float = 20.0
    lineage_s: float = 120.0
    lineage_m: float = 250.0
    lineage_mps: float = 3.0
    lineage_sd_m: float = 30.0
    keep_s: float = 43_200.0
    trace_keep_s: float = 15_552_000.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isfinite(value) and value > 0.0):
                raise IncidentSettingsError(f"{field.name} = {value}", where="incidents", expected="a number above 0")

    def within(self, days: int) -> IncidentSettings:
        """These settings where incidents are retained for so many days; 0: without a limit."""
        if not days:
            return self
        return replace(self, trace_keep_s=min(self.trace_keep_s, days * DAY_S))

    def escalate_s(self, priority: str) -> float:
        """Seconds without an acknowledgement after which an incident is escalated."""
        return float(getattr(self, f"escalate_{priority}_s"))
