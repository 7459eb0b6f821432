"""Incidents in the pipeline: alerts are gathered into them, people's actions reach them, and they act on the alerts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from fusion.alerts import Alert, AlertState, TrackPicture, act_on
from geo.errors import BadInput
from geo.message import Message
from ingest.unit_messages import Reply, StatedLook
from ops.broker.identities import UNIT
from ops.incidents.actions import IncidentAction, Refused, check_may_end
from ops.incidents.assessments import Assessment
from ops.incidents.book import ActionOutcome, AlertStep, IncidentBook
from ops.incidents.incident import Incident
from ops.incidents.looks import CameraLook
from ops.incidents.offers import FieldedUnit
from ops.incidents.settings import IncidentSettings
from ops.incidents.tracing import Tracing
from ops.services.fusion.desks.markings import MarkingDesk
from sensors.timestamps import utc_datetime

ON_ALERTS: Final = ("acknowledge", "reject", "clear")
"""Actions on a single alert, where the reply names no incident."""
_NUMBERED: Final = re.compile(r"(?P<unit>.+)\.[0-9]+\.[0-9]+")


class IncidentDesk:
    """The book of incidents beside the state of the alerts; collects what is new until ``take_news``."""

    def __init__(self, book: IncidentBook, settings: IncidentSettings, marking: MarkingDesk) -> None:
        self.book, self._settings, self._marking = book, settings, marking
        self._touched: set[str] = set()
        self._incidents: list[Incident] = []
        self._outcomes: list[ActionOutcome] = []
        self._assessed: list[Assessment] = []

    def take_alerts(self, state: AlertState, changed: Iterable[Alert], now_ns: int) -> None:
        """Gather alerts that were raised or revised."""
        self._touched |= self.book.gather(changed, state.alerts, now_ns, self._settings)

    def judge(
        self,
        state: AlertState,
        changed: tuple[Alert, ...],
        picture: TrackPicture,
        now_ns: int,
        *,
        units: Sequence[FieldedUnit] = (),
        known: Collection[str] = (),
    ) -> tuple[AlertState, tuple[Alert, ...]]:
        """Bring the incidents up to date after the alerts were judged; return further revisions of alerts.

        ``units`` may be asked to take them; ``known`` are all units that send positions.
        """
        self.book.follow(picture, now_ns)
        self.take_alerts(state, changed, now_ns)
        self._touched |= self.book.pass_time(state.alerts, now_ns, self._settings, units, known)
        return self._step(state, self.book.steps((), state.alerts, now_ns), now_ns)

    def settle_distress(self, state: AlertState, unit: str, now_ns: int) -> tuple[AlertState, tuple[Alert, ...]]:
        """Let the closing of a unit's distress take effect now, before a new call of the unit.

        While it could be undone, the call would only revise the alert that is about to be cleared, and be lost.
        """
        for alert in state.alerts.values():
            if (alert.rule, alert.unit) == ("distress", unit) and alert.is_open:
                self._touched |= self.book.end_undo(alert.id, now_ns)
        return self._step(state, self.book.steps((), state.alerts, now_ns), now_ns)

    def take_reply(self, state: AlertState, reply: Reply, now_ns: int) -> tuple[AlertState, tuple[Alert, ...]]:
        """Apply a person's action to an alert or an incident; AlertActionError for one that an alert does not allow.

        Whatever is refused has an outcome with the reason, also where the reply has no id: ``outcome_id``. An id of
        another sender is refused, with the outcome under the numbers of the reply.
        """
        if reply.action_id and (
            _is_number_of_another(reply) or not self.book.claim(reply.action_id, reply.unit, now_ns)
        ):
            where, unnamed = f"{reply.action} of {reply.unit}", msgspec.structs.replace(reply, action_id="")
            refused = ActionOutcome.refused(
                _action_of(unnamed), reply.incident, utc_datetime(now_ns), -1, Message("incident-refused-id")
            )
            self._keep(unnamed, refused)
            raise BadInput(f"action_id {reply.action_id}", where=where, expected="an id that no other sender has used")
        self._check_released(reply, now_ns)
        try:
            return self._take_reply(state, reply, now_ns)
        except BadInput:
            action, reason = _action_of(reply), _refused_reason(state, reply)
            at = utc_datetime(now_ns)
            self._keep(reply, ActionOutcome.refused(action, self._incident_of(reply), at, -1, reason))
            raise

    def _check_released(self, reply: Reply, now_ns: int) -> None:
        """Refuse an answer to what the unit may not have with the reason for an unknown incident or alert."""
        if self._is_released(reply) or reply.action_id in self.book.applied:
            return
        if reply.incident:
            unknown = Message("incident-refused-no-incident", {"incident": reply.incident})
        else:
            unknown = Message("incident-refused-no-alert", {"alert": reply.alert})
        if reply.action_id:
            self.book.applied[reply.action_id] = now_ns
        at = utc_datetime(now_ns)
        self._keep(reply, ActionOutcome.refused(_action_of(reply), reply.incident, at, -1, unknown))
        where = f"{reply.action} of {reply.unit}"
        raise BadInput(f"of {reply.incident or reply.alert}", where=where, expected="a record that the unit may have")

    def _is_released(self, reply: Reply) -> bool:
        """Whether the unit may have what the reply acts on; an alert stands for its incident, except in ON_ALERTS.

        An alert of no incident is refused to a unit like that of a hidden one: the two must not be told apart.
        """
        if reply.incident:
            return self._marking.may_have(reply.unit, "incident", reply.incident)
        if not self._marking.may_have(reply.unit, "alert", reply.alert):
            return False
        return reply.unit == UNIT or reply.action in ON_ALERTS or bool(self._incident_of(reply))

    def _incident_of(self, reply: Reply) -> str:
        """Id of the incident that the reply is about; empty if there is none, or none that its unit may have."""
        incident = reply.incident or self.book.incident_of(reply.alert) or ""
        return incident if self._marking.may_have(reply.unit, "incident", incident) else ""

    def _take_reply(self, state: AlertState, reply: Reply, now_ns: int) -> tuple[AlertState, tuple[Alert, ...]]:
        if reply.action in ON_ALERTS and not reply.incident:
            if reply.action_id in self.book.applied:
                return state, ()
            self._check_distress(state, reply)
            if self._is_refused_ending(state, reply, now_ns):
                return state, ()
            state, alert = act_on(
                state, reply.alert, reply.action, by=reply.by, reason=reply.reason, at=utc_datetime(now_ns)
            )
            self.take_alerts(state, (alert,), now_ns)
            changed: set[str] = set()
            if self._incident_of(reply):  # an incident that the unit may not have is neither claimed nor closed by it
                changed = self.book.answer(alert, _action_of(reply), state.alerts, now_ns, self._settings)
            self._touched |= changed
            self._keep_done(reply, now_ns)
            state, more = self._step(state, self.book.steps(changed, state.alerts, now_ns), now_ns)
            return state, (alert, *more)
        incident, action = self._incident_of(reply), _action_of(reply)
        if not self._marking.may_have(reply.unit, "incident", action.other):
            action = replace(action, other="")
        if action.action == "mark":
            self._check_marking(reply)
            action = replace(action, replaces=self._marking.replaced(self.book.incidents.get(incident)))
        outcome, changed = self.book.act(incident, action, now_ns, self._settings)
        self._touched |= changed | self.book.restate(changed, state.alerts, now_ns)
        if outcome is not None:
            self._keep(reply, outcome)
            if outcome.result == "done" and action.assessment is not None:
                self._assessed.append(action.assessment)
        return self._step(state, self.book.steps(changed, state.alerts, now_ns), now_ns)

    def _keep(self, reply: Reply, outcome: ActionOutcome) -> None:
        if reply.action_id or outcome.result == "refused":
            self._outcomes.append(replace(outcome, id=outcome_id(reply)))

    def _keep_done(self, reply: Reply, now_ns: int) -> None:
        """Keep the outcome of an action on an alert that has an id, so that it is applied once."""
        if reply.action_id:
            self.book.applied.setdefault(reply.action_id, now_ns)
            incident = self.book.incidents.get(self._incident_of(reply))
            self._keep(
                reply,
                ActionOutcome(
                    reply.action_id, "" if incident is None else incident.id, reply.action, reply.by,
                    utc_datetime(now_ns), "done", -1 if incident is None else incident.revision,
                    unit=_action_of(reply).field_unit,
                ),
            )  # fmt: skip

    def _check_distress(self, state: AlertState, reply: Reply) -> None:
        alert = state.alerts.get(reply.alert)
        if reply.unit != UNIT and reply.action != "acknowledge" and alert is not None and alert.rule == "distress":
            where = f"{reply.action} of {reply.alert}"
            raise BadInput(f"sent by unit {reply.unit}", where=where, expected="a decision of the operations centre")

    def _is_refused_ending(self, state: AlertState, reply: Reply, now_ns: int) -> bool:
        """Refuse to end an open alert, unless it is distress, where another owns the incident; whether it was."""
        alert, incident = state.alerts.get(reply.alert), self.book.incidents.get(self._incident_of(reply))
        if reply.action == "acknowledge" or incident is None or alert is None or not alert.is_open:
            return False
        action = _action_of(reply)
        try:
            if alert.rule != "distress":
                check_may_end(incident, action)
        except Refused as refused:
            if reply.action_id:
                self.book.applied[reply.action_id] = now_ns
            at = utc_datetime(now_ns)
            self._keep(reply, ActionOutcome.refused(action, incident.id, at, incident.revision, refused.message))
            return True
        return False

    def _check_marking(self, reply: Reply) -> None:
        if reply.unit != UNIT:
            raise BadInput(f"unit {reply.unit}", where="mark", expected="a decision of the operations centre")
        if reply.marking and reply.marking not in self._marking.markings.levels:
            raise BadInput(f"{reply.marking!r}", where="mark", expected="a marking of the settings")

    def seal(self) -> None:
        """Keep the revisions that the row at hand made; call it after each row, so that they do not depend on how rows
        are read."""
        self._incidents += [self.book.incidents[one] for one in sorted(self._touched) if one in self.book.incidents]
        self._touched.clear()

    def take_news(self) -> tuple[list[Incident], list[ActionOutcome]]:
        """New revisions and outcomes since the last call, in order."""
        news = self._incidents, self._outcomes
        self._incidents, self._outcomes = [], []
        return news

    def take_assessed(self) -> list[Assessment]:
        """Assessments of pictures that were accepted since the last call, in order."""
        assessed, self._assessed = self._assessed, []
        return assessed

    def _step(self, state: AlertState, steps: list[AlertStep], now_ns: int) -> tuple[AlertState, tuple[Alert, ...]]:
        """Apply what incidents mean for their alerts."""
        at, changed = utc_datetime(now_ns), []
        for step in steps:
            state, alert = act_on(state, step.alert, step.action, by=step.by, reason=step.reason, at=at)
            changed.append(alert)
        if changed:
            self.take_alerts(state, changed, now_ns)
        return state, tuple(changed)


def outcome_id(reply: Reply) -> str:
    """Return the id of a reply's outcome: its own, or without one that of its numbers."""
    return reply.action_id or f"{reply.unit}.{reply.boot}.{reply.seq}"


def _is_number_of_another(reply: Reply) -> bool:
    """Return whether a unit's id of an action has the form of the outcome of another unit's reply without an id."""
    match = _NUMBERED.fullmatch(reply.action_id)
    return match is not None and reply.unit not in (UNIT, match["unit"])


def _refused_reason(state: AlertState, reply: Reply) -> Message:
    """Return why an action on an alert, or a marking, was refused, for the person who sent it."""
    alert = state.alerts.get(reply.alert)
    if reply.action == "mark" and reply.unit == UNIT:
        return Message("incident-refused-marking")
    if reply.action == "mark" or (reply.unit != UNIT and alert is not None and alert.rule == "distress"):
        return Message("incident-refused-centre")
    if alert is None:
        return Message("incident-refused-no-alert", {"alert": reply.alert})
    if alert.is_open and reply.action == "reject" and not reply.reason.strip():
        return Message("incident-refused-no-reason")
    if not reply.by.strip():
        return Message("incident-refused-no-name")
    return Message("incident-refused-alert", {"alert": reply.alert, "status": alert.status})


def _look_of(stated: StatedLook) -> CameraLook:
    return CameraLook(
        stated.look,
        stated.camera,
        stated.azimuth_deg,
        stated.slew_s,
        stated.state,
        stated.code,
        elevation_deg=stated.elevation_deg,
    )


def _action_of(reply: Reply) -> IncidentAction:
    return IncidentAction(
        id=reply.action_id,
        action=reply.action,
        by=reply.by,
        sender=reply.unit,
        by_centre=reply.unit == UNIT,
        expected_revision=reply.expected_revision,
        unit=reply.assigned_unit,
        to=reply.to,
        disposition=reply.disposition,
        reason=reply.reason,
        other=reply.other,
        text=reply.note,
        attachment=reply.attachment,
        marking=reply.marking,
        tracing=None if reply.tracing is None else Tracing(**msgspec.structs.asdict(reply.tracing)),
        look=None if reply.look is None else _look_of(reply.look),
        assessment=None if reply.assessment is None else Assessment(**msgspec.structs.asdict(reply.assessment)),
    )
