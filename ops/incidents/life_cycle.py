"""The life cycle of incidents: one state machine. Pure: an incident and an action in, the next revision out.

open → acknowledged → assigned → en_route → on_scene → closed with a disposition. Notes, attachments and links are
possible at any time. An action is compared with the revision on which it was chosen: it is refused when a later
decision (owner, unit, closing) was made since, and the refusal names who made it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from geo.message import Message
from ops.incidents.actions import IncidentAction, Refused, check_allowed, goes_by_itself, is_offered
from ops.incidents.assessments import merged_assessments, with_assessment
from ops.incidents.incident import (
    CHOSEN,
    MOST_ATTACHMENTS,
    MOST_NOTES,
    Incident,
    Note,
    Transition,
    Undoable,
)
from ops.incidents.looks import MOST_LOOKS, with_look
from ops.incidents.tracing import Tracing, WrongTracing, checked
from ops.releasability.book import MarkingDecision
from ops.releasability.decision import UNMARKED
from sensors.timestamps import nanoseconds


def act(
    incident: Incident, action: IncidentAction, *, at: datetime, undo_s: float, other: Incident | None = None
) -> tuple[Incident, ...]:
    """Apply a person's action; return the next revisions of the incidents that it changes, the addressed one first.

    Parameters
    ----------
    incident : Incident
        The incident, which is not changed.
    action : IncidentAction
        What the person does.
    at : datetime, UTC
        When the journal received it.
    undo_s : float, s
        How long the person may undo it.
    other : Incident, optional
        The incident that ``link`` and ``merge`` name; None if there is no such incident.

    Returns
    -------
    tuple of Incident
        Empty where the incident is already what the action asks for.

    Raises
    ------
    Refused
        If the state does not allow it, another person owns the incident or decided since, or a part is missing.
    """
    check_allowed(incident, action)
    if action.action in ("link", "merge"):
        return _with_other(incident, action, other, at)
    if action.action == "acknowledge" and incident.owner == action.by and not incident.attention:
        return ()
    if action.action == "received" and action.sender == incident.unit and incident.received_at is not None:
        return ()
    if action.action == "look":
        return _with_look(incident, action, at)
    if action.action in REMARKS:
        return (REMARKS[action.action](incident, action, at),)
    return (STEPS[action.action](incident, action, at, undo_s),)


def close_by_system(incident: Incident, disposition: str, *, at: datetime) -> Incident:
    """Close an incident without a person; its life cycle names the system."""
    step = Transition(at, "closed", "system", "close", incident.owner, incident.unit, disposition)
    return replace(
        incident,
        **_after(incident, step),
        disposition=disposition,
        closed_by="system",
        attention=False,
        attention_since=None,
        undoable=None,
        **NOT_OFFERED,
    )


def reopen_by_system(incident: Incident, *, at: datetime) -> Incident:
    """Open an incident again that the system had closed, because its event continues."""
    step = Transition(at, "open", "system", "reopen")
    return replace(
        incident,
        **_after(incident, step),
        owner="",
        unit="",
        received_at=None,
        disposition="",
        closed_by="",
        attention=True,
        attention_since=at,
        escalation=0,
        **NOT_OFFERED,
    )


def next_revision(incident: Incident, at: datetime) -> dict[str, Any]:
    """Number and time of the revision after ``incident``."""
    return {"revision": incident.revision + 1, "updated_at": at}


def _acknowledge(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    if is_offered(incident, action):
        owner = incident.owner or action.by
        taken = _moved(incident, action, at, undo_s, state="assigned", owner=owner, unit=action.field_unit)
        return replace(taken, received_at=at)
    state = "acknowledged" if incident.state == "open" else incident.state
    return _moved(incident, action, at, undo_s, state=state, owner=action.by)


def _assign(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    if not action.unit.strip():
        raise Refused(Message("incident-refused-no-unit"))
    return replace(_moved(incident, action, at, undo_s, state="assigned", unit=action.unit), received_at=None)


def _received(incident: Incident, action: IncidentAction, at: datetime) -> Incident:
    if action.sender != incident.unit:
        raise Refused(Message("incident-refused-other-unit", {"unit": incident.unit}))
    return replace(incident, **next_revision(incident, at), received_at=at, **NOT_OFFERED)


def _en_route(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    return _gone(incident, action, at, undo_s, "en_route")


def _on_scene(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    return _gone(incident, action, at, undo_s, "on_scene")


def _gone(incident: Incident, action: IncidentAction, at: datetime, undo_s: float, state: str) -> Incident:
    if not goes_by_itself(incident, action):
        return _moved(incident, action, at, undo_s, decides=False, state=state)
    owner = incident.owner or action.by
    taken = _moved(incident, action, at, undo_s, state=state, owner=owner, unit=action.field_unit)
    return replace(taken, received_at=at)


def _close(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    if action.disposition not in CHOSEN:
        raise Refused(Message("incident-refused-no-disposition"))
    if action.disposition == "restored" and incident.kind not in ("equipment", "activity"):
        raise Refused(Message("incident-refused-restored"))
    if action.disposition == "nuisance" and not action.reason.strip():
        raise Refused(Message("incident-refused-no-reason"))
    closed = _moved(
        incident,
        action,
        at,
        undo_s,
        state="closed",
        owner=incident.owner or action.by,
        disposition=action.disposition,
        reason=action.reason,
    )
    tracing = incident.tracing if action.tracing is None else _stated(incident, action, action.tracing, at)
    return replace(closed, closed_by="person", unsettled=True, tracing=tracing)


def _hand_over(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    if not action.to.strip():
        raise Refused(Message("incident-refused-no-person"))
    handed = _moved(incident, action, at, undo_s, owner=action.to, reason=action.reason)
    handed = replace(handed, reason=incident.reason)
    if action.to == action.by:
        return handed
    return replace(handed, attention=True, attention_since=at, escalation=0)  # its new owner has not seen it yet


def _reopen(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    if incident.merged_into:
        raise Refused(Message("incident-refused-merged"))
    if not action.reason.strip():
        raise Refused(Message("incident-refused-no-reason"))
    again = _moved(incident, action, at, undo_s, state="acknowledged", owner=action.by, unit="", reason=action.reason)
    return replace(again, disposition="", reason="", closed_by="", unsettled=False, received_at=None)


def _undo(incident: Incident, action: IncidentAction, at: datetime, undo_s: float) -> Incident:
    last = incident.undoable
    if last is None or (last.by, last.sender) != (action.by, action.field_unit) or nanoseconds(at) > last.until_ns:
        raise Refused(Message("incident-refused-undo", {"seconds": undo_s}))
    step = Transition(
        at, last.state, action.by, "undo", last.owner, last.unit, last.disposition, last.reason, action.field_unit
    )
    return replace(
        incident,
        **_after(incident, step),
        owner=last.owner,
        unit=last.unit,
        received_at=incident.received_at if last.unit == incident.unit else None,
        attention=last.attention or incident.attention,
        attention_since=(incident.attention_since or at) if last.attention or incident.attention else None,
        disposition=last.disposition,
        reason=last.reason,
        closed_by=last.closed_by,
        tracing=last.tracing,
        undoable=None,
        unsettled=last.closed_by == "person",  # its alerts may not have been closed before it was reopened
    )


def _note(incident: Incident, action: IncidentAction, at: datetime) -> Incident:
    attachment = action.attachment if action.action == "attach" else ""
    if not (attachment or action.text).strip() or (action.action == "attach" and not attachment.strip()):
        raise Refused(Message("incident-refused-empty"))
    kept = sum(1 for note in incident.notes if bool(note.attachment) == bool(attachment))
    if kept >= (MOST_ATTACHMENTS if attachment else MOST_NOTES):
        raise Refused(Message("incident-refused-full", {"count": kept}))
    note = Note(at, action.by, action.text, attachment)
    return replace(incident, **next_revision(incident, at), notes=(*incident.notes, note))


def _mark(incident: Incident, action: IncidentAction, at: datetime) -> Incident:
    if not action.reason.strip():
        raise Refused(Message("incident-refused-no-reason"))
    before = UNMARKED if incident.marking is None else incident.marking.marking
    involved = tuple(dict.fromkeys(one for one in (before, action.replaces, action.marking) if one))
    note = Note(at, action.by, f"{action.marking or '–'}: {action.reason}", markings=involved)
    return replace(
        incident,
        **next_revision(incident, at),
        marking=MarkingDecision(action.marking, action.replaces),
        notes=(*incident.notes, note),
    )


def _trace(incident: Incident, action: IncidentAction, at: datetime) -> Incident:
    """The closed incident with another tracing record, unless the person has not seen the latest one."""
    before, expected = incident.tracing, action.expected_revision
    assert action.tracing is not None
    if before is not None and expected is not None and expected < before.revision:
        since = (before.at or at).isoformat(timespec="seconds")
        raise Refused(Message("incident-refused-tracing-changed", {"by": before.by, "at": since}))
    tracing = _stated(incident, action, action.tracing, at)
    return replace(incident, **next_revision(incident, at), tracing=tracing, undoable=None)


def _assess(incident: Incident, action: IncidentAction, at: datetime) -> Incident:
    assert action.assessment is not None
    stated = replace(action.assessment, by=action.by, at=at)
    return replace(incident, **next_revision(incident, at), assessments=with_assessment(incident.assessments, stated))


def _with_look(incident: Incident, action: IncidentAction, at: datetime) -> tuple[Incident, ...]:
    """The incident with a look, or with the next state of one; empty for a state that cannot follow."""
    assert action.look is not None
    looks = with_look(incident.looks, replace(action.look, by=action.by, at=at, changed_at=at))
    return () if looks is None else (replace(incident, **next_revision(incident, at), looks=looks),)


def _stated(incident: Incident, action: IncidentAction, stated: Tracing, at: datetime) -> Tracing:
    try:
        found = checked(stated, opened_at=incident.opened_at, at=at)
    except WrongTracing as wrong:
        raise Refused(wrong.message) from None
    return replace(found, by=action.by, at=at, revision=incident.revision + 1)


def _with_other(
    incident: Incident, action: IncidentAction, other: Incident | None, at: datetime
) -> tuple[Incident, ...]:
    if other is None or other.id == incident.id:
        raise Refused(Message("incident-refused-no-other"))
    if action.action == "link":
        if other.id in incident.links:
            return ()
        return linked(incident, other.id, at), linked(other, incident.id, at)
    if other.is_closed:
        raise Refused(Message("incident-refused-other-closed"))
    if other.owner and other.owner != action.by:
        raise Refused(Message("incident-refused-other-taken"))
    step = Transition(
        at, "closed", action.by, "merge", incident.owner, incident.unit, "merged", other.name, action.field_unit
    )
    source = replace(
        incident,
        **_after(incident, step),
        disposition="merged",
        closed_by="person",
        merged_into=other.id,
        attention=False,
        attention_since=None,
        undoable=None,
        **NOT_OFFERED,
    )
    target = replace(
        other,
        **next_revision(other, at),
        alerts=(*other.alerts, *(one for one in incident.alerts if one not in other.alerts)),
        tracks=(*other.tracks, *(one for one in incident.tracks if not other.holds(one.track))),
        sensors=tuple(dict.fromkeys((*other.sensors, *incident.sensors))),
        notes=tuple(sorted((*other.notes, *incident.notes), key=lambda note: note.at)),
        links=tuple(dict.fromkeys((*other.links, incident.id))),
        tracing=other.tracing or incident.tracing,
        assessments=merged_assessments(other.assessments, incident.assessments),
        looks=(*other.looks, *(one for one in incident.looks if one.id not in {each.id for each in other.looks}))[
            -MOST_LOOKS:
        ],
        marking=None,  # the decisions remain with the alerts and tracks: the merged incident is as restrictive as these
    )
    return source, target


def linked(incident: Incident, other: str, at: datetime) -> Incident:
    """The incident with one more link."""
    return replace(incident, **next_revision(incident, at), links=(*incident.links, other))


def _moved(
    incident: Incident, action: IncidentAction, at: datetime, undo_s: float, *, decides: bool = True, reason: str = "",
    state: str | None = None, owner: str | None = None, unit: str | None = None, disposition: str = "",
) -> Incident:  # fmt: skip
    """The incident after a transition, which its person may undo."""
    owner = incident.owner if owner is None else owner
    unit = incident.unit if unit is None else unit
    step = Transition(
        at, state or incident.state, action.by, action.action, owner, unit, disposition, reason, action.field_unit
    )
    until_ns = nanoseconds(at + timedelta(seconds=undo_s))
    before = Undoable(
        action.id, action.by, until_ns, incident.state, incident.owner, incident.unit, incident.attention,
        incident.disposition, incident.reason, incident.closed_by, action.field_unit, incident.tracing,
    )  # fmt: skip
    return replace(
        incident,
        **_after(incident, step, decides=decides),
        owner=owner,
        unit=unit,
        disposition=disposition,
        reason=reason if disposition else incident.reason,
        attention=False,
        attention_since=None,
        undoable=before,
        acknowledged=(),
        **NOT_OFFERED,
    )


NOT_OFFERED: Final[dict[str, Any]] = {"offered_unit": "", "offered_at": None, "asked": ()}
"""A decision of a person, and the end of an incident, end what was offered to units."""


def _after(incident: Incident, step: Transition, *, decides: bool = True) -> dict[str, Any]:
    following = next_revision(incident, step.at)
    decided = following["revision"] if decides else incident.decided_revision
    return {
        **following,
        "state": step.state,
        "decided_revision": decided,
        "transitions": (*incident.transitions, step),
    }


REMARKS: Final[dict[str, Callable[[Incident, IncidentAction, datetime], Incident]]] = {
    "received": _received,
    "note": _note,
    "attach": _note,
    "mark": _mark,
    "trace": _trace,
    "assess": _assess,
}
"""Actions that change neither state nor owner, and cannot be undone."""
STEPS: Final[dict[str, Callable[[Incident, IncidentAction, datetime, float], Incident]]] = {
    "acknowledge": _acknowledge,
    "assign": _assign,
    "en_route": _en_route,
    "on_scene": _on_scene,
    "close": _close,
    "hand_over": _hand_over,
    "undo": _undo,
    "reopen": _reopen,
}
