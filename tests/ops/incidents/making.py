"""Alerts and incidents for the tests of incidents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fusion.alerts import Alert
from fusion.alerts.alert import alert_id
from geo.message import Message
from ops.incidents.book import IncidentBook
from ops.incidents.incident import Incident, Transition, incident_id
from ops.incidents.settings import IncidentSettings
from sensors.timestamps import utc_datetime

START_NS = 1_774_000_000 * 10**9
SECOND = 10**9
SETTINGS = IncidentSettings()


def at(seconds: float) -> Any:
    """Time of the journal, so many seconds after the start."""
    return utc_datetime(START_NS + round(seconds * SECOND))


def alert(rule: str = "approaching", subject: str = "T1", seconds: float = 0.0, **more: Any) -> Alert:
    """An alert of a track, or of a sensor for the rules about sensors."""
    about = {"sensor": subject} if rule in ("sensor_offline", "sensor_fault", "coverage_lost") else {"track": subject}
    if rule == "distress":
        about = {"unit": subject}
    priority = {"distress": "distress", "crossing": "high", "approaching": "medium"}.get(rule, "low")
    fields: dict[str, Any] = {
        "priority": priority,
        "status": "active",
        "revision": 0,
        "message": Message(f"alert-{rule.replace('_', '-')}"),
        "raised_at": at(seconds),
        "updated_at": at(seconds),
        "observed_at": at(seconds),
        "segment": 3,
        "easting": 100.0,
        "northing": 200.0,
    } | about
    return Alert(alert_id(rule, subject, 0, 1), rule, **fields | more)


class Shift:
    """A book with its alerts, as the pipeline holds them."""

    def __init__(self, settings: IncidentSettings = SETTINGS) -> None:
        self.book, self.alerts, self.settings = IncidentBook(), dict[str, Alert](), settings

    def raise_(self, *alerts: Alert, seconds: float | None = None) -> set[str]:
        """Take alerts at the time at which they were raised, or ``seconds``."""
        self.alerts |= {one.id: one for one in alerts}
        when = alerts[0].raised_at if seconds is None else at(seconds)
        now_ns = round(when.timestamp()) * SECOND if seconds is None else START_NS + round(seconds * SECOND)
        return self.book.gather(alerts, self.alerts, now_ns, self.settings)

    def clear(self, one: Alert, seconds: float, **more: Any) -> None:
        """The alert is over."""
        over = replace(self.alerts[one.id], status="cleared", revision=one.revision + 1, updated_at=at(seconds), **more)
        self.raise_(over, seconds=seconds)

    def pass_to(self, seconds: float) -> set[str]:
        """Let time pass."""
        return self.book.pass_time(self.alerts, START_NS + round(seconds * SECOND), self.settings)

    @property
    def incidents(self) -> list[Incident]:
        """All incidents, in order of opening."""
        return list(self.book.incidents.values())

    @property
    def only(self) -> Incident:
        """The single incident."""
        (one,) = self.incidents
        return one


def incident(**more: Any) -> Incident:
    """An open incident about one approaching track."""
    founding = alert()
    fields: dict[str, Any] = {
        "id": incident_id(founding.id),
        "name": "Bravo 17",
        "kind": "movement",
        "state": "open",
        "priority": "medium",
        "revision": 0,
        "decided_revision": 0,
        "message": founding.message,
        "opened_at": at(0),
        "updated_at": at(0),
        "lead": founding.id,
        "alerts": (founding.id,),
        "attention_since": at(0),
        "transitions": (Transition(at(0), "open", "system", "open"),),
    }
    return Incident(**fields | more)
