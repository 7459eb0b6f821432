"""An incident as a record: what operators work on, from the first alert of an event to its disposition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from geo.message import Message
from ops.incidents.assessments import Assessment
from ops.incidents.looks import CameraLook
from ops.incidents.tracing import Tracing
from ops.releasability.book import MarkingDecision

KINDS: Final = ("distress", "movement", "activity", "equipment")
"""What an incident is about: people in need, tracks, the level of activity, or sensors. In order of rank."""
PRIORITIES: Final = ("distress", "high", "medium", "low")
"""As in fusion.alerts.alert, which the API, a reader of the store, need not load; a test compares them."""
STATES: Final = ("open", "acknowledged", "assigned", "en_route", "on_scene", "closed")
"""In order of the life cycle."""
CHOSEN: Final = ("apprehended", "turn_back", "got_away", "no_threat", "rescue", "lost", "nuisance", "restored")
"""Dispositions that a person chooses: those of ``sensors.statistics``, ``nuisance`` (with a reason), and for
equipment and activity ``restored``."""
BY_SYSTEM: Final = ("unresolved", "restored", "merged")
"""Dispositions without a person's judgement: no operator action, sensors that report again, merged into another."""
DISPOSITIONS: Final = (*CHOSEN, "unresolved", "merged")
SYSTEM: Final = "system"
"""Stands for the person where the system made a transition."""
MOST_NOTES: Final = 200
MOST_ATTACHMENTS: Final = 50
MOST_ALERTS: Final = 5_000
"""An incident with so many alerts is not continued by further tracks and outages: a sensor that fails again and again
must not make one without end."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of a person; ``attachment`` is a reference to a file or address, empty for a plain note.

    ``markings``: those that a decision on the releasability set and replaced; the note is for people who may see them.
    """

    at: datetime
    by: str
    text: str
    attachment: str = ""
    markings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the life cycle: the state from then on, who made it, by which action, and what was stated.

    ``sender`` is the field unit from which it came, empty for the operations centre.
    """

    at: datetime
    state: str
    by: str
    action: str
    owner: str = ""
    unit: str = ""
    disposition: str = ""
    reason: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class NamedTrack:
    """A track of the incident, with its name for radio."""

    track: str
    name: str


@dataclass(frozen=True, slots=True)
class Undoable:
    """The action that its person may undo until ``until_ns`` [UTC ns], from where it came, and what the incident was
    before it."""

    action_id: str
    by: str
    until_ns: int
    state: str
    owner: str
    unit: str
    attention: bool
    disposition: str
    reason: str
    closed_by: str
    sender: str = ""
    tracing: Tracing | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """The alerts of one event, in one revision.

    Parameters
    ----------
    id : str
        Hash of the id of the alert that founded it, so that a replay gives the same event the same id.
    name : str
        Name for radio, such as ``Bravo 17``; unique in a shift.
    kind : str
        One of KINDS.
    state : str
        One of STATES.
    priority : str
        Highest priority of its open alerts; the last one when none is open.
    revision : int
        Counts from 0; each (id, revision) is published once.
    decided_revision : int
        Revision of the latest transition. An action that was chosen on an earlier revision is refused; alerts, tracks
        and notes that were added since do not matter.
    message : Message
        The headline: that of the lead alert, or of the common outage.
    opened_at : datetime, UTC
        When its first alert was raised.
    updated_at : datetime, UTC
        When this revision was made, in the journal's time.
    lead : str
        Id of the most urgent open alert; the last one when none is open.
    alerts : tuple of str
        Ids of its alerts, in order of arrival.
    tracks : tuple of NamedTrack
        Its tracks.
    sensors : tuple of str
        Sensors of its alerts about equipment.
    calling_unit : str
        Unit, or AIS distress device, that called for help; empty otherwise.
    segment : int, optional
        Border segment of the lead alert. None, here and below: not applicable or not known.
    easting, northing : float, optional, m
        Position of the lead alert at this revision, in the local frame.
    direction : int
        +1 inbound, −1 outbound, 0 neither.
    class_label : str, optional
        Likeliest class of its target.
    impact_level : str, optional
        Impact level of the border section.
    attention : bool
        Whether it waits for an acknowledgement.
    attention_since : datetime, UTC, optional
        Since when.
    escalation : int
        1 once it was escalated to the supervisor; 0 before.
    owner : str
        Person who works on it; empty if none does.
    unit : str
        Unit that it is assigned to.
    received_at : datetime, UTC, optional
        When the unit confirmed that it received the assignment.
    offered_unit : str
        Unit that is asked to take it, because no one has, or because the unit before did not answer.
    offered_at : datetime, UTC, optional
        Since when.
    asked : tuple of str
        Units that were asked before and did not answer.
    disposition : str
        One of DISPOSITIONS once it is closed; empty before.
    reason : str
        Reason that the person gave for the disposition.
    closed_by : str
        ``person`` or ``system``; empty before it is closed.
    notes : tuple of Note
        Notes and attachments, oldest first.
    links : tuple of str
        Ids of related incidents.
    merged_into : str
        Id of the incident that it was merged into.
    transitions : tuple of Transition
        The life cycle so far; the first entry is the opening.
    undoable : Undoable, optional
        The latest action, while it may be undone.
    unsettled : bool
        Whether its closing has not yet been passed on to its alerts, because it may still be undone.
    acknowledged : tuple of str
        Ids of the alerts that the latest action acknowledged; they are active again where it is undone.
    marking : MarkingDecision, optional
        A supervisor's decision about its releasability.
    tracing : Tracing, optional
        Goods that were found, and the request to trace them.
    assessments : tuple of Assessment
        What people saw on its pictures, oldest first, one of each picture.
    looks : tuple of CameraLook
        Looks of cameras at it, oldest first.
    """

    id: str
    name: str
    kind: str
    state: str
    priority: str
    revision: int
    decided_revision: int
    message: Message
    opened_at: datetime
    updated_at: datetime
    lead: str
    alerts: tuple[str, ...]
    tracks: tuple[NamedTrack, ...] = ()
    sensors: tuple[str, ...] = ()
    calling_unit: str = ""
    segment: int | None = None
    easting: float | None = None
    northing: float | None = None
    direction: int = 0
    class_label: str | None = None
    impact_level: str | None = None
    attention: bool = True
    attention_since: datetime | None = None
    escalation: int = 0
    owner: str = ""
    unit: str = ""
    received_at: datetime | None = None
    offered_unit: str = ""
    offered_at: datetime | None = None
    asked: tuple[str, ...] = ()
    disposition: str = ""
    reason: str = ""
    closed_by: str = ""
    notes: tuple[Note, ...] = ()
    links: tuple[str, ...] = ()
    merged_into: str = ""
    transitions: tuple[Transition, ...] = ()
    undoable: Undoable | None = None
    unsettled: bool = False
    acknowledged: tuple[str, ...] = ()
    marking: MarkingDecision | None = None
    tracing: Tracing | None = None
    assessments: tuple[Assessment, ...] = ()
    looks: tuple[CameraLook, ...] = ()

    @property
    def track_ids(self) -> tuple[str, ...]:
        """Ids of its tracks."""
        return tuple(one.track for one in self.tracks)

    @property
    def is_closed(self) -> bool:
        """Whether it has a disposition."""
        return self.state == "closed"

    @property
    def decided_at(self) -> datetime:
        """Time of the latest transition."""
        return self.transitions[-1].at

    def holds(self, track: str) -> bool:
        """Whether the track is one of its tracks."""
        return any(one.track == track for one in self.tracks)


def incident_id(founding_alert: str) -> str:
    """Return the id of the incident that an alert founds."""
    return "I" + blake2b(founding_alert.encode(), digest_size=8).hexdigest()


def standing_steps(incident: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps of an incident's life cycle, without those that were undone. An undoing is always of the last step."""
    steps: list[Mapping[str, Any]] = []
    for step in incident["transitions"]:
        if step.get("action") == "undo":
            steps = steps[:-1]
        else:
            steps.append(step)
    return steps
