"""The incidents of a journal as fusion keeps them: alerts and actions in, new revisions and outcomes out.

The book reads no clock. It is part of fusion's checkpoint, so the same journal gives the same incidents, names and
outcomes live, after a crash, and in a replay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from fusion.alerts import Alert, TrackPicture, rank
from fusion.alerts.alert import PRIORITIES
from geo.message import Message
from ops.incidents.actions import IncidentAction, Refused
from ops.incidents.gathering import (
    RENEWING,
    LastSeen,
    incident_of_caller,
    incident_of_tracks,
    is_outage,
    kind_of,
    outage_incident,
    predecessor,
    restated,
    tracks_of,
)
from ops.incidents.incident import SYSTEM, Incident, NamedTrack, Transition, incident_id
from ops.incidents.life_cycle import act, close_by_system, linked, next_revision, reopen_by_system
from ops.incidents.names import TRACK_WORDS, radio_name
from ops.incidents.offers import FieldedUnit, asked_next
from ops.incidents.settings import IncidentSettings
from sensors.timestamps import SECOND_NS, nanoseconds, utc_datetime

FORGET_EVERY_NS: Final = 60 * SECOND_NS
MOST_TRACED: Final = 500
"""Closed incidents that are kept because of a tracing record, those that were changed last."""


class AlertStep(NamedTuple):
    """Effect of an action on an incident on one of its alerts, as for ``fusion.alerts.act_on``."""

    alert: str
    action: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """The outcome of a person's action: ``done`` or ``refused``, then with the reason in ``message``.

    ``revision`` is that of the incident after it. ``unit`` is the field unit from which it came, empty for the
    operations centre.
    """

    id: str
    incident: str
    action: str
    by: str
    at: datetime
    result: str
    revision: int
    message: Message | None = None
    unit: str = ""

    @classmethod
    def refused(
        cls, action: IncidentAction, incident: str, at: datetime, revision: int, message: Message
    ) -> ActionOutcome:
        """Return the outcome of an action that is refused for a reason."""
        return cls(action.id, incident, action.action, action.by, at, "refused", revision, message, action.field_unit)


class TrackName(msgspec.Struct):
    """Name of a track for radio, and the time since which it is gone [UTC ns]; 0 while it is live."""

    name: str
    gone_ns: int = 0


class IncidentBook(msgspec.Struct):
    """Incidents by id, what is needed to gather the next alert, and the actions already applied.

    ``of_alert``: incident of each alert. ``seen``: last position of each track of an open incident. ``outages``: when
    the last sensor of an incident went offline. ``names``: names of tracks. ``applied``: times of the actions, by id.
    ``senders``: who used the id of an action first, and when.
    """

    incidents: dict[str, Incident] = {}
    of_alert: dict[str, str] = {}
    seen: dict[str, LastSeen] = {}
    outages: dict[str, int] = {}
    names: dict[str, TrackName] = {}
    applied: dict[str, int] = {}
    senders: dict[str, tuple[str, int]] = {}
    forget_ns: int = 0

    def gather(
        self, changed: Iterable[Alert], alerts: Mapping[str, Alert], now_ns: int, settings: IncidentSettings
    ) -> set[str]:
        """Take new and revised alerts; return the ids of the incidents that changed."""
        touched: dict[str, None] = {}
        at = utc_datetime(now_ns)
        before = dict(self.incidents)
        for alert in sorted(changed, key=rank):
            identity = self.of_alert.get(alert.id)
            if identity is None and alert.is_open:
                identity = self._place(alert, now_ns, settings)
            if identity is not None:
                touched[identity] = None
        for identity in touched:
            self._put(restated(self.incidents[identity], alerts, at))
        return self._changed_since(before)

    def follow(self, picture: TrackPicture, now_ns: int) -> None:
        """Take the picture of tracks: name new confirmed ones, note where those of incidents were last detected."""
        live = set(picture.track)
        confirmed = [picture.track[row] for row in (picture.status != "tentative").nonzero()[0].tolist()]
        for track in confirmed:
            if track not in self.names:
                self.name_of(track)
        for track, named in self.names.items():
            if (track in live) != (named.gone_ns == 0):
                named.gone_ns = 0 if track in live else now_ns
        if not self.seen:
            return
        rows = {track: row for row, track in enumerate(picture.track)}
        for track, before in list(self.seen.items()):
            row = rows.get(track)
            if row is None:
                if not before.lost:
                    self.seen[track] = replace(before, lost=True)
                continue
            here = LastSeen(
                float(picture.easting[row]), float(picture.northing[row]), int(picture.updated_ns[row]),
                str(picture.status[row]) == "coasting",
            )  # fmt: skip
            if here.at_ns > before.at_ns or here.lost != before.lost:
                # a coasting position is a prediction; the successor is looked for where it was last detected
                self.seen[track] = replace(before, lost=True) if here.lost else here

    def name_of(self, track: str) -> str:
        """The name of a track for radio; it is given one if it has none."""
        named = self.names.get(track)
        if named is None:
            taken = {one.name for one in self.names.values()}
            named = self.names[track] = TrackName(radio_name(track, taken, TRACK_WORDS))
        return named.name

    def act(
        self, incident: str, action: IncidentAction, now_ns: int, settings: IncidentSettings
    ) -> tuple[ActionOutcome | None, set[str]]:
        """Apply a person's action; return its outcome and the incidents that changed.

        None for an action that was applied before: its first outcome remains.
        """
        at = utc_datetime(now_ns)
        if action.id and action.id in self.applied:
            return None, set()
        if action.id:
            self.applied[action.id] = now_ns
        before = dict(self.incidents)
        known = self.incidents.get(incident)
        if known is None or (action.action != "trace" and _is_past(known, now_ns, settings)):
            unknown = Message("incident-refused-no-incident", {"incident": incident})
            return ActionOutcome.refused(action, incident, at, -1, unknown), set()
        try:
            after = act(known, action, at=at, undo_s=settings.undo_s, other=self.incidents.get(action.other))
        except Refused as refused:
            return ActionOutcome.refused(action, incident, at, known.revision, refused.message), set()
        for one in after:
            self._put(one)
        if action.action == "merge":
            self._take_over(known, action.other)
        changed = self._changed_since(before)
        revision = self.incidents[incident].revision
        done = ActionOutcome(
            action.id, incident, action.action, action.by, at, "done", revision, unit=action.field_unit
        )
        return done, changed

    def pass_time(
        self,
        alerts: Mapping[str, Alert],
        now_ns: int,
        settings: IncidentSettings,
        units: Sequence[FieldedUnit] = (),
        known: Collection[str] = (),
    ) -> set[str]:
        """Ask units, escalate, close what no operator acts on, and forget what is over; return what changed.

        ``units``: those on duty with a current position; ``known``: all that send positions.
        """
        before = dict(self.incidents)
        at = utc_datetime(now_ns)
        if units or known:
            self._ask(units, known, at, settings)
        for incident in before.values():
            if not incident.is_closed:
                self._escalate(self.incidents[incident.id], at, settings)
                self._close_if_over(self.incidents[incident.id], alerts, at, settings)
        if now_ns >= self.forget_ns:
            self.forget_ns = now_ns + FORGET_EVERY_NS
            self._forget(now_ns, settings)
        return self._changed_since(before)

    def restate(self, acted: Iterable[str], alerts: Mapping[str, Alert], now_ns: int) -> set[str]:
        """Bring incidents up to date with their alerts after an action: a merge moves alerts. Return what changed."""
        before, at = dict(self.incidents), utc_datetime(now_ns)
        for identity in sorted(acted):
            self._put(restated(self.incidents[identity], alerts, at))
        return self._changed_since(before)

    def steps(self, acted: Iterable[str], alerts: Mapping[str, Alert], now_ns: int) -> list[AlertStep]:
        """Return the actions on alerts: an acknowledgement and its undoing at once, a closing when it can no longer be
        undone.

        ``acted``: incidents on which a person has just acted.
        """
        steps: list[AlertStep] = []
        for identity in sorted(acted):
            incident = self.incidents[identity]
            last = incident.transitions[-1]
            if last.action == "undo" and incident.acknowledged:
                steps += [
                    AlertStep(one, "withdraw", last.by, "")
                    for one in incident.acknowledged
                    if one in alerts and alerts[one].status == "acknowledged"
                ]
                self._put(replace(incident, acknowledged=()))
            elif not incident.is_closed and not incident.attention and incident.owner:
                active = [one for one in incident.alerts if one in alerts and alerts[one].status == "active"]
                steps += [AlertStep(one, "acknowledge", incident.owner, "") for one in active]
                self._put(replace(incident, acknowledged=(*incident.acknowledged, *active)))
        for incident in list(self.incidents.values()):
            if not incident.unsettled or (incident.undoable is not None and now_ns <= incident.undoable.until_ns):
                continue
            # not a revision: what is published has not changed
            self.incidents[incident.id] = replace(incident, unsettled=False)
            rejected = incident.disposition == "nuisance"
            by = incident.transitions[-1].by
            steps += [
                AlertStep(one, "reject" if rejected else "clear", by, incident.reason)
                for one in incident.alerts
                if one in alerts and alerts[one].is_open
            ]
        return steps

    def end_undo(self, alert: str, now_ns: int) -> set[str]:
        """End the time in which the closing of an alert's incident can be undone; return the incidents that changed."""
        incident = self.incidents.get(self.of_alert.get(alert, ""))
        if incident is None or not incident.is_closed or not incident.unsettled:
            return set()
        self._put(replace(incident, **next_revision(incident, utc_datetime(now_ns)), undoable=None))
        return {incident.id}

    def answer(
        self, alert: Alert, action: IncidentAction, alerts: Mapping[str, Alert], now_ns: int, settings: IncidentSettings
    ) -> set[str]:
        """Take an action on a single alert, as field units send it; return the incidents that changed.

        An acknowledgement claims its incident. When all alerts of the incident are over, a rejection closes it as a
        nuisance; a closing without a disposition leaves it with the person who closed the alert.
        """
        incident = self.incidents.get(self.of_alert.get(alert.id, ""))
        if incident is None or incident.is_closed:
            return set()
        over = not any(alerts[one].is_open for one in incident.alerts if one in alerts)
        if action.action == "reject" and over:
            means = replace(action, action="close", disposition="nuisance")
        elif action.disposition and over:
            means = replace(action, action="close")
        elif action.action == "acknowledge" or over:
            means = replace(action, action="acknowledge")
        else:
            return set()
        _, changed = self.act(incident.id, means, now_ns, settings)
        if incident.id in changed and alert.status == "acknowledged":
            self._put(replace(self.incidents[incident.id], acknowledged=(alert.id,)))
        return changed

    def claim(self, action: str, sender: str, now_ns: int) -> bool:
        """Keep the id of an action for its first sender; whether it is this one."""
        return self.senders.setdefault(action, (sender, now_ns))[0] == sender

    def incident_of(self, alert: str) -> str | None:
        """Id of the incident that holds an alert; None if there is none."""
        return self.of_alert.get(alert)

    def _place(self, alert: Alert, now_ns: int, settings: IncidentSettings) -> str:
        """Put a new alert into its incident, or found one."""
        at = utc_datetime(now_ns)
        tracks = tracks_of(alert)
        chosen: Incident | None = None
        earlier: Incident | None = None
        beside: list[Incident] = []
        if tracks:
            found = incident_of_tracks(self.incidents.values(), tracks)
            going_on = [one for one in found if not one.is_closed]
            chosen, beside = (going_on[0], going_on[1:]) if going_on else (None, [])
            started = self._place_of(alert)
            if chosen is None and found:
                if found[0].closed_by == SYSTEM and found[0].disposition == "unresolved":
                    chosen = reopen_by_system(found[0], at=at)
                    self._put(chosen)
                else:
                    earlier = found[0]  # a person closed it: a further event, linked to it
            elif chosen is None and started is not None:
                chosen = predecessor(self.incidents.values(), self.seen, started, settings)
        elif kind_of(alert) == "equipment":
            chosen = outage_incident(self.incidents.values(), self.outages, alert, now_ns, settings)
        elif alert.unit:
            earlier = incident_of_caller(self.incidents.values(), alert.unit)
        if chosen is None:
            chosen = self._found(alert, at)
            if earlier is not None:
                chosen = self._linked(chosen, earlier, at)
        else:
            chosen = self._joined(chosen, alert, at)
        for other in beside:
            chosen = self._linked(chosen, other, at)
        self.of_alert[alert.id] = chosen.id
        if is_outage(alert):
            self.outages[chosen.id] = now_ns
        for track in tracks:
            place = self._place_of(alert)
            if place is not None:
                self.seen.setdefault(track, place)
        return chosen.id

    def _found(self, alert: Alert, at: datetime) -> Incident:
        identity = incident_id(alert.id)
        taken = {one.name for one in self.incidents.values()}
        founded = Incident(
            id=identity,
            name=radio_name(identity, taken),
            kind=kind_of(alert),
            state="open",
            priority=alert.priority,
            revision=0,
            decided_revision=0,
            message=alert.message,
            opened_at=alert.raised_at,
            updated_at=at,
            lead=alert.id,
            alerts=(alert.id,),
            tracks=self._named(alert),
            sensors=(alert.sensor,) if alert.sensor else (),
            calling_unit=alert.unit or "",
            segment=alert.segment,
            easting=alert.easting,
            northing=alert.northing,
            direction=alert.direction,
            class_label=alert.class_label,
            impact_level=alert.impact_level,
            attention_since=at,
            transitions=(Transition(at, "open", SYSTEM, "open"),),
        )
        self.incidents[identity] = founded
        return founded

    def _joined(self, incident: Incident, alert: Alert, at: datetime) -> Incident:
        """The incident with one more alert; one of greater importance waits for an acknowledgement again."""
        renewed = alert.rule in RENEWING or rank(alert)[0] < PRIORITIES.index(incident.priority)
        joined = replace(
            incident,
            **next_revision(incident, at),
            alerts=(*incident.alerts, alert.id),
            tracks=(*incident.tracks, *(one for one in self._named(alert) if not incident.holds(one.track))),
            sensors=tuple(dict.fromkeys((*incident.sensors, *((alert.sensor,) if alert.sensor else ())))),
            attention=incident.attention or renewed,
            attention_since=at if renewed and not incident.attention else incident.attention_since,
            escalation=0 if renewed and not incident.attention else incident.escalation,
        )
        self._put(joined)
        return joined

    def _linked(self, one: Incident, other: Incident, at: datetime) -> Incident:
        if other.id in one.links:
            return one
        one, other = linked(one, other.id, at), linked(self.incidents[other.id], one.id, at)
        self._put(one)
        self._put(other)
        return one

    def _named(self, alert: Alert) -> tuple[NamedTrack, ...]:
        return tuple(NamedTrack(track, self.name_of(track)) for track in tracks_of(alert))

    def _place_of(self, alert: Alert) -> LastSeen | None:
        if alert.easting is None or alert.northing is None:
            return None
        return LastSeen(alert.easting, alert.northing, nanoseconds(alert.observed_at))

    def _take_over(self, source: Incident, target: str) -> None:
        for alert in source.alerts:
            self.of_alert[alert] = target

    def _ask(
        self,
        units: Sequence[FieldedUnit],
        known: Collection[str],
        at: datetime,
        settings: IncidentSettings,
    ) -> None:
        """Offer incidents to the next unit, where none has taken them or answered in time."""
        going_on = [one for one in self.incidents.values() if not one.is_closed]
        busy = {one.unit for one in going_on} | {one.offered_unit for one in going_on}
        for incident in going_on:
            asked = asked_next(incident, units, busy, known, at, settings)
            if asked is not None:
                busy.add(asked.offered_unit)
                self._put(asked)

    def _escalate(self, incident: Incident, at: datetime, settings: IncidentSettings) -> None:
        """Escalate once, to the supervisor: no further role may act on incidents."""
        if not incident.attention or incident.attention_since is None or incident.escalation:
            return
        if at - incident.attention_since >= timedelta(seconds=settings.escalate_s(incident.priority)):
            self._put(replace(incident, **next_revision(incident, at), escalation=1))

    def _close_if_over(
        self, incident: Incident, alerts: Mapping[str, Alert], at: datetime, settings: IncidentSettings
    ) -> None:
        """Close an incident whose alerts are over and on which no operator acted; distress is closed by people only."""
        if incident.kind == "distress" or any(alerts[one].is_open for one in incident.alerts if one in alerts):
            return
        ended = [alerts[one] for one in incident.alerts if one in alerts]
        quiet_since = max([incident.decided_at, *(alert.updated_at for alert in ended)])
        wait_s = settings.abandoned_s if incident.owner else settings.settled_s
        if at - quiet_since >= timedelta(seconds=wait_s):
            works_again = incident.kind == "equipment" and bool(ended) and all(alert.reason_message for alert in ended)
            self._put(close_by_system(incident, "restored" if works_again else "unresolved", at=at))

    def _forget(self, now_ns: int, settings: IncidentSettings) -> None:
        """Drop incidents that were closed, tracks that were lost, and actions that were applied too long ago."""
        kept_ns = round(settings.keep_s * SECOND_NS)
        traced = self._traced(now_ns, settings)
        for identity, incident in list(self.incidents.items()):
            old = incident.is_closed and now_ns - nanoseconds(incident.updated_at) >= kept_ns
            if old and identity not in traced:
                del self.incidents[identity]
                self.outages.pop(identity, None)
        self.of_alert = {alert: one for alert, one in self.of_alert.items() if one in self.incidents}
        held = {one.track for incident in self.incidents.values() if not incident.is_closed for one in incident.tracks}
        self.seen = {track: place for track, place in self.seen.items() if track in held}
        self.names = {
            track: one for track, one in self.names.items() if not one.gone_ns or now_ns - one.gone_ns < kept_ns
        }
        self.applied = {action: at_ns for action, at_ns in self.applied.items() if now_ns - at_ns < kept_ns}
        self.senders = {action: one for action, one in self.senders.items() if now_ns - one[1] < kept_ns}

    def _traced(self, now_ns: int, settings: IncidentSettings) -> set[str]:
        """Closed incidents whose tracing record may still be changed."""
        kept_ns = round(settings.trace_keep_s * SECOND_NS)
        found = [
            (incident.updated_at, identity)
            for identity, incident in self.incidents.items()
            if incident.is_closed
            and incident.tracing is not None
            and not incident.tracing.is_settled
            and now_ns - nanoseconds(incident.opened_at) < kept_ns
        ]
        return {identity for _, identity in sorted(found)[-MOST_TRACED:]}

    def _put(self, incident: Incident) -> None:
        self.incidents[incident.id] = incident

    def _changed_since(self, before: Mapping[str, Incident]) -> set[str]:
        return {
            identity
            for identity, incident in self.incidents.items()
            if identity not in before or before[identity].revision != incident.revision
        }


def _is_past(incident: Incident, now_ns: int, settings: IncidentSettings) -> bool:
    """Whether an incident was closed so long ago that it is kept for its tracing record alone."""
    quiet_ns = now_ns - nanoseconds(incident.updated_at)
    return incident.is_closed and incident.tracing is not None and quiet_ns >= round(settings.keep_s * SECOND_NS)
