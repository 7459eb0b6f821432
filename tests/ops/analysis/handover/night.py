"""A shift with known events in a real store, for the tests of the handover report.

Seconds are after ``START_NS`` of ``tests.ops.incidents.making``, 2026-03-20 09:46:40 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from geo.frame import LocalFrame
from geo.message import Message
from ops.analysis.handover.report import ReportSource
from ops.audit.day_keys import DayKeys
from ops.incidents.actions import IncidentAction
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict
from ops.store.periods import PeriodReader
from ops.store.writer import Store
from tests.ops.incidents.making import SECOND, START_NS, Shift, alert, at

FRAME = LocalFrame.around(-84.2, 36.6)
HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>\u202egnp'


class Night:
    """A book of incidents whose revisions are written to a store as fusion writes them."""

    def __init__(self, folder: Path, *, encrypted: bool = False) -> None:
        self.store, self.shift, self.cursor = Store(folder / "store.db", encrypted=encrypted), Shift(), 0

    def raise_(self, one: Any, seconds: float) -> str:
        """An alert; returns the id of its incident."""
        self._write(self.shift.raise_(one, seconds=seconds), seconds, [one])
        return self.shift.book.of_alert[one.id]

    def clear(self, one: Any, seconds: float) -> None:
        self.shift.clear(one, seconds)
        self._write([self.shift.book.of_alert[one.id]], seconds, [self.shift.alerts[one.id]])

    def act(self, incident: str, action: str, seconds: float, by: str = "Ana", **more: Any) -> None:
        now_ns = START_NS + round(seconds * SECOND)
        act = IncidentAction(f"{action}-{seconds}", action, by, **more)
        outcome, changed = self.shift.book.act(incident, act, now_ns, self.shift.settings)
        assert outcome is not None
        assert outcome.result == "done", outcome.message
        self._write(changed, seconds)

    def pass_to(self, seconds: float) -> None:
        self._write(self.shift.pass_to(seconds), seconds)

    def decide(self, *decisions: tuple[str, float, str, str, str]) -> None:
        """Decisions on impact levels as fusion publishes them: section, second, level, person and reason."""
        sections: dict[str, list[dict[str, Any]]] = {}
        for number, (section, seconds, level, by, reason) in enumerate(decisions):
            made = {"id": f"decision-{number}", "level": level, "at": at(seconds).isoformat(), "by": by}
            sections.setdefault(section, []).append(made | {"reason": reason})
        published = [{"section": section, "decided": decided} for section, decided in sections.items()]
        self.cursor += 1
        stamp_ns = START_NS + 3500 * SECOND
        self.store.commit(self.cursor, stamp_ns=stamp_ns, forces={"units": [], "bases": [], "sections": published})

    def name(self, incident: str) -> str:
        return self.shift.book.incidents[incident].name

    def _write(self, changed: Iterable[str], seconds: float, alerts: Iterable[Any] = ()) -> None:
        self.cursor += 1
        self.store.commit(
            self.cursor,
            stamp_ns=START_NS + round(seconds * SECOND),
            alerts=[alert_dict(one, FRAME) for one in alerts],
            incident_revisions=[
                incident_dict(self.shift.book.incidents[one], FRAME, section="Col d’Ibardin") for one in sorted(changed)
            ],
            sensors=[
                {"sensor": "radar-west", "kind": "radar", "lon": -84.2, "lat": 36.6, "state": "offline",
                 "since_ns": START_NS + 900 * SECOND, "revoked": False, "faults": {}},
                {"sensor": "camera-1", "kind": "camera", "lon": -84.21, "lat": 36.61, "state": "ok",
                 "since_ns": None, "revoked": False, "faults": {}},
            ],
        )  # fmt: skip


def worked_night(folder: Path, *, encrypted: bool = False) -> tuple[Night, dict[str, str]]:
    """Six incidents, by what became of them; the shift is worked until second 3,600."""
    night, made = Night(folder, encrypted=encrypted), dict[str, str]()
    message = Message(
        "alert-crossing", {"class": "person", "track": "Kestrel 88", "direction": "inbound", "segment": 3}
    )
    made["closed"] = night.raise_(alert("crossing", "T1", message=message), 0)
    night.act(made["closed"], "acknowledge", 30)
    night.act(made["closed"], "assign", 90, unit="patrol-1")
    night.act(made["closed"], "note", 100, text="Trois personnes, arrêtées près du col")
    night.act(made["closed"], "close", 600, disposition="apprehended")
    noise = alert("approaching", "T2", 700, easting=90_000.0)
    made["unattended"] = night.raise_(noise, 700)
    night.clear(noise, 760)
    night.pass_to(1400)
    outage = alert(
        "sensor_offline", "radar-west", 900, message=Message("alert-sensor-offline", {"sensor": "radar-west"})
    )
    lost = alert(
        "coverage_lost", "radar-west", 905,
        message=Message(
            "alert-coverage-lost",
            {"count": 3, "total": 59, "segments": [4, 5, 6], "sensor": "radar-west", "cause": "offline"},
        ),
    )  # fmt: skip
    made["outage"] = night.raise_(outage, 900)
    night.raise_(lost, 905)
    made["distress"] = night.raise_(
        alert("distress", "patrol-2", 1000, message=Message("alert-distress", {"unit": "patrol-2"})), 1000
    )
    night.pass_to(1100)  # escalated after 60 s
    night.act(made["distress"], "acknowledge", 1200, by="Jörg")
    made["nuisance"] = night.raise_(alert("approaching", "T5", 1500, easting=-90_000.0), 1500)
    night.act(made["nuisance"], "close", 1600, by="Jörg", disposition="nuisance", reason=HOSTILE)
    made["waiting"] = night.raise_(alert("crossing", "T9", 3000, easting=50_000.0), 3000)
    night.decide(
        ("Col d’Ibardin", -600, "low", "Sue", "Quiet season"),
        ("Col d’Ibardin", 1800, "high", "Sue", "Two groups in one night"),
        ("La Rhune", 2400, "medium", "Ana", HOSTILE),
        ("La Rhune", 3400, "critical", "Ana", "Third group"),
    )
    return night, made


def erase_alerts(night: Night) -> None:
    """Erase the alerts and incidents of all days."""
    keys = DayKeys.beside(night.store.path)
    for day in keys.days("alerts"):
        keys.erase("alerts", day)


def source_of(night: Night, **more: Any) -> ReportSource:
    fields = {"sector": "pyrenees", "title": "Pyrénées", "time_zone": "Europe/Paris"} | more
    return ReportSource(PeriodReader(night.store.path), **fields)
