"""The actions of people on incidents, and which of them an incident allows at a moment, with the reason where not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from geo.message import Message
from ops.incidents.assessments import MOST_ASSESSED, SHOWN, Assessment
from ops.incidents.incident import STATES, SYSTEM, Incident
from ops.incidents.looks import LOOK_STATES, CameraLook
from ops.incidents.tracing import OF_KINDS, WITH_GOODS, Tracing


@dataclass(frozen=True, slots=True)
class IncidentAction:
    """An action of a person on an incident.

    ``sender`` is the unit from which it came, ``by_centre`` whether that is the operations centre. The other fields
    apply to some actions: ``unit`` to ``assign``, ``to`` (a person) to ``hand_over``, ``disposition`` to ``close``,
    ``other`` (an incident) to ``link`` and ``merge``, ``text`` to ``note`` and ``attach``, ``tracing`` to ``trace`` and
    ``close``, ``assessment`` to ``assess``, ``look`` to ``look``. Without ``expected_revision`` it
    applies to whatever the incident is by then.
    """

    id: str
    action: str
    by: str
    sender: str = ""
    by_centre: bool = True
    expected_revision: int | None = None
    unit: str = ""
    to: str = ""
    disposition: str = ""
    reason: str = ""
    other: str = ""
    text: str = ""
    attachment: str = ""
    marking: str = ""
    replaces: str = ""
    tracing: Tracing | None = None
    assessment: Assessment | None = None
    look: CameraLook | None = None

    @property
    def field_unit(self) -> str:
        """The field unit from which it came; empty for the operations centre."""
        return "" if self.by_centre else self.sender


class Refused(Exception):
    """An action that the incident does not allow; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


ACTIONS: Final = (
    "acknowledge", "assign", "received", "en_route", "on_scene", "close", "note", "attach", "link", "merge",
    "hand_over", "undo", "reopen", "mark", "trace", "assess", "look",
)  # fmt: skip
FREE: Final = frozenset({"note", "attach", "link", "received", "undo", "mark", "trace", "assess", "look"})
"""Actions that no earlier decision of another person can contradict."""
OF_UNIT: Final = frozenset({"received", "en_route", "on_scene", "close"})
"""Actions that the assigned unit may take besides the owner."""
ENDING: Final = frozenset({"close", "merge"})
"""Actions after which an incident needs no more work of its own."""
WORKED_ON: Final = STATES[1:-1]
BEFORE: Final = {
    "acknowledge": STATES[:-1],
    "assign": WORKED_ON,
    "received": ("assigned", "en_route", "on_scene"),
    "en_route": ("assigned",),
    "on_scene": ("assigned", "en_route"),
    "close": STATES[:-1],
    "hand_over": WORKED_ON,
    "merge": STATES[:-1],
    "reopen": ("closed",),
    "trace": ("closed",),
}
"""The states in which an action is possible; those that are missing are always possible."""


def check_allowed(incident: Incident, action: IncidentAction) -> None:
    """Check that an incident allows an action of a person.

    Raises
    ------
    Refused
        If the state does not allow it, another person owns the incident or decided since, or a part is missing.
    """
    if action.action not in ACTIONS:
        raise Refused(Message("incident-refused-unknown", {"action": action.action}))
    if not action.by.strip() or action.by == SYSTEM:
        raise Refused(Message("incident-refused-no-name"))
    _check_state(incident, action)
    _check_distress(incident, action)
    _check_tracing(incident, action)
    _check_assessment(incident, action)
    _check_look(incident, action)
    if action.action not in FREE:
        _check_owner(incident, action)
        _check_revision(incident, action)


def check_may_end(incident: Incident, action: IncidentAction) -> None:
    """Check that who ends an alert of an incident that is not closed might also close the incident.

    Raises
    ------
    Refused
        If another person owns the incident.
    """
    if not incident.is_closed:
        _check_owner(incident, replace(action, action="close"))


def _check_state(incident: Incident, action: IncidentAction) -> None:
    allowed = BEFORE.get(action.action)
    if allowed is not None and incident.state not in allowed and not goes_by_itself(incident, action):
        if incident.owner and incident.owner != action.by and action.action == "acknowledge":
            raise _taken(incident)
        raise Refused(
            Message(
                "incident-refused-state",
                {"action": action.action, "state": incident.state, "by": incident.transitions[-1].by,
                 "at": _text(incident.decided_at)},
            )
        )  # fmt: skip


def goes_by_itself(incident: Incident, action: IncidentAction) -> bool:
    """Whether a field unit goes to an incident without a unit, or to one that is offered to it: it is then assigned."""
    if action.action not in ("en_route", "on_scene") or not action.field_unit:
        return False
    return (not incident.unit and incident.state in STATES[:2]) or is_offered(incident, action)


def is_offered(incident: Incident, action: IncidentAction) -> bool:
    """Whether the incident is offered to the field unit that acts, in place of one that has not answered."""
    offered = bool(action.field_unit) and action.field_unit == incident.offered_unit
    return offered and incident.state in ("open", "acknowledged", "assigned")


def _check_distress(incident: Incident, action: IncidentAction) -> None:
    """A unit neither ends nor hides the distress of another, nor its own: that takes the operations centre, or the unit
    that was sent."""
    sent = bool(incident.unit) and action.sender == incident.unit
    if incident.kind == "distress" and action.action in ENDING and not (action.by_centre or sent):
        raise Refused(Message("incident-refused-distress"))


def _check_tracing(incident: Incident, action: IncidentAction) -> None:
    """Goods are stated by the operations centre, of an incident that can have any, with or after its closing."""
    if action.tracing is None and action.action != "trace":
        return
    if not action.by_centre:
        raise Refused(Message("incident-refused-centre"))
    if incident.merged_into:
        raise Refused(Message("incident-refused-merged"))
    disposition = action.disposition if action.action == "close" else incident.disposition
    fits = incident.kind in OF_KINDS and (disposition in WITH_GOODS or incident.tracing is not None)
    if action.tracing is None or action.action not in ("trace", "close") or not fits:
        raise Refused(Message("incident-refused-no-tracing"))


def _check_assessment(incident: Incident, action: IncidentAction) -> None:
    """Pictures are assessed by the operations centre, one action for each."""
    if action.assessment is None and action.action != "assess":
        return
    if not action.by_centre:
        raise Refused(Message("incident-refused-centre"))
    if incident.merged_into:
        raise Refused(Message("incident-refused-merged"))
    if action.assessment is None or action.action != "assess" or action.assessment.shown not in SHOWN:
        raise Refused(Message("incident-refused-no-assessment"))
    known = {one.picture for one in incident.assessments}
    if action.assessment.picture not in known and len(known) >= MOST_ASSESSED:
        raise Refused(Message("incident-refused-full", {"count": len(known)}))


def _check_look(incident: Incident, action: IncidentAction) -> None:
    """Cameras are turned by the operations centre; the looks of a merged incident are continued in the other one."""
    if action.look is None and action.action != "look":
        return
    if not action.by_centre:
        raise Refused(Message("incident-refused-centre"))
    if incident.merged_into:
        raise Refused(Message("incident-refused-merged"))
    if action.look is None or action.action != "look" or action.look.state not in LOOK_STATES:
        raise Refused(Message("incident-refused-no-look"))


def _check_owner(incident: Incident, action: IncidentAction) -> None:
    if not incident.owner or action.action == "reopen":
        return
    if incident.owner == action.by and (action.by_centre or action.field_unit == _claimed_from(incident)):
        return  # what a unit's message states as a name makes it no owner of what was claimed elsewhere
    if action.action in OF_UNIT and incident.unit and action.sender == incident.unit:
        return
    if action.action in ("acknowledge", "en_route", "on_scene") and is_offered(incident, action):
        return
    if action.action == "hand_over" and action.to == action.by and action.reason.strip():
        return  # taken over, with a reason
    raise _taken(incident)


def _claimed_from(incident: Incident) -> str:
    """The field unit from which the owner took the incident; empty for the operations centre."""
    claim = incident.transitions[-1]
    for step in reversed(incident.transitions):
        if step.owner != incident.owner:
            break
        claim = step
    return claim.sender


def _check_revision(incident: Incident, action: IncidentAction) -> None:
    expected = action.expected_revision
    if expected is None or incident.decided_revision <= expected <= incident.revision:
        return
    if action.action == "acknowledge" and incident.owner == action.by:
        return  # it is already this person's
    last = incident.transitions[-1]
    raise Refused(
        Message("incident-refused-changed", {"state": incident.state, "by": last.by, "at": _text(incident.decided_at)})
    )


def _taken(incident: Incident) -> Refused:
    since = next(step.at for step in reversed(incident.transitions) if step.owner == incident.owner)
    for step in reversed(incident.transitions):  # from when on it has been this person's without a break
        if step.owner != incident.owner:
            break
        since = step.at
    return Refused(Message("incident-refused-taken", {"owner": incident.owner, "at": _text(since)}))


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
