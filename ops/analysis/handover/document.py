"""The report as texts in one language: sections with tables, which the page and the PDF lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from geo.message import Message
from ops.analysis.handover.equipment import CoverageLoss
from ops.analysis.handover.goods import GoodsCodeEntry
from ops.analysis.handover.report import IncidentEntry, LevelChange, LogEntry, PeriodReport
from ops.analysis.handover.times import ReportTimes
from ops.analysis.night_report.incidents import incident_sentences
from ops.analysis.night_report.text import clean, period_words
from ops.incidents.incident import SYSTEM
from ops.incidents.outcomes import incident_figures
from ops.store.handover_notes import HandoverNote
from ops.words import MessageCatalogue

DIGEST_SHOWN = 16
"""Characters of a note's hash that are shown; programs get it whole."""
ANNOUNCED = "maintenance"
"""State of a sensor that announced its stop."""


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column: its heading and its part of the table's width."""

    heading: str
    width: int


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A section. Cells may have several lines; ``empty`` is said instead of a table without rows."""

    key: str
    heading: str
    columns: tuple[ReportColumn, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    empty: str = ""
    sentences: tuple[str, ...] = ()
    stated: int | None = None

    @property
    def count(self) -> int:
        """How many things the section lists: as many as it has rows, unless a row states several."""
        return len(self.rows) if self.stated is None else self.stated


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """The whole report. ``answer`` sums it up below the title; ``made``: when and by whom; ``notices`` stand at the
    top.
    """

    language: str
    direction: str
    title: str
    sector: str
    answer: tuple[str, ...]
    period: str
    made: str
    marking: str
    notices: tuple[str, ...]
    sections: tuple[ReportSection, ...]


def document_of(
    report: PeriodReport, words: MessageCatalogue, *, made_by: str, after_action: bool = False, chosen: str = ""
) -> ReportDocument:
    """Write a report in the language of ``words``; an after-action report has a time line, and neither notes nor shift.

    ``chosen`` names the incidents to which the report was restricted.
    """
    writer = _Writer(report, words)
    notices = [words.say("handover-erased", count=report.erased)] if report.erased else []
    notices += [words.say("handover-not-over")] if not report.complete else []
    notices += [words.say("handover-chosen", names=chosen)] if chosen else []
    notices += [words.say("handover-left-out")] if report.more else []
    log = writer.log("handover-timeline" if after_action else "handover-log")
    incidents = (
        writer.unattended(), writer.escalated(), writer.distress(), writer.closed(), *writer.goods(), writer.coverage(),
        *(() if report.levels is None else (writer.levels(report.levels),)), writer.actions(),
    )  # fmt: skip
    sections = (
        (writer.summary(), log, writer.open(), *incidents)
        if after_action
        else (writer.notes(), writer.open(), *incidents[:4], writer.sensors(), *incidents[4:], writer.summary(), log)
    )
    return ReportDocument(
        words.language,
        "rtl" if words.right_to_left else "ltr",
        words.say("handover-title-after-action" if after_action else "handover-title"),
        clean(report.title),
        writer.answer(),
        period_words(report.start, report.end, ZoneInfo(report.time_zone), words),
        words.say("handover-made", at=writer.times.one_line(report.made_at), by=clean(made_by)),
        clean(report.marking),
        tuple(notices),
        sections,
    )


class _Writer:
    """Writes the sections of one report."""

    def __init__(self, report: PeriodReport, words: MessageCatalogue) -> None:
        self._report, self._words, self._say = report, words, words.say
        self.times = ReportTimes(report.start, ZoneInfo(report.time_zone), words)
        self._known_at = min(report.end, report.made_at)

    def _section(
        self, key: str, columns: Sequence[tuple[str, int]], rows: Sequence[tuple[str, ...]], *sentences: str
    ) -> ReportSection:
        return ReportSection(
            key,
            self._say(f"handover-{key}"),
            tuple(ReportColumn(self._say(f"handover-column-{name}"), width) for name, width in columns),
            tuple(tuple(map(_clean_lines, row)) for row in rows),
            self._say("handover-erased-none" if self._report.erased else f"handover-{key}-none"),
            sentences,
        )

    def answer(self) -> tuple[str, ...]:
        """What the next shift takes over: incidents that are open, and what does not work."""
        report = self._report
        incidents = {
            "open": len(report.open),
            "unattended": sum(1 for one in report.incidents if one.without_action),
            "closed": len(report.closed),
        }
        announced = sum(1 for one in report.sensors_out if one.state == ANNOUNCED)
        sensors = {
            "sensors": len(report.sensors_out) - announced,
            "announced": announced,
            "lost": sum(1 for one in report.coverage_lost if one.lasts),
            "now": report.sensors_now,
        }
        return self._say("handover-answer", **incidents), self._say("handover-answer-sensors", **sensors)

    def summary(self) -> ReportSection:
        """The figures of the incidents, as in the report of a night."""
        figures = incident_figures(map(_published, self._report.incidents), map(_published, self._report.merged))
        sentences = incident_sentences(figures, self._words)
        return ReportSection("summary", self._say("handover-summary"), sentences=tuple(sentences))

    def notes(self) -> ReportSection:
        """The notes for the next shift."""
        rows = [(note.text, self._signature(note)) for note in self._report.notes]
        return self._section("notes", (("note", 65), ("signed", 35)), rows)

    def open(self) -> ReportSection:
        """The incidents that are open, the most urgent first."""
        rows = [
            (
                self._incident(one),
                self._headline(one),
                self._state(one),
                self._owner(one),
                self._duration((self._known_at - one.opened_at).total_seconds()),
                self._left(one.expected_at),
            )
            for one in self._report.open
        ]
        columns = (("incident", 14), ("what", 32), ("state", 16), ("owner", 16), ("age", 10), ("left", 12))
        return self._section("open", columns, rows)

    def distress(self) -> ReportSection:
        """Distress calls."""
        return self._short("distress", [one for one in self._report.incidents if one.kind == "distress"])

    def unattended(self) -> ReportSection:
        """Incidents on which no operator acted."""
        return self._short("unattended", [one for one in self._report.incidents if one.without_action])

    def escalated(self) -> ReportSection:
        """Incidents that were escalated."""
        escalated = [one for one in self._report.incidents if one.escalated_at]
        rows = [
            (self._incident(one), self._headline(one), "\n".join(map(self.times.one_line, one.escalated_at)))
            for one in escalated
        ]
        return self._section("escalated", (("incident", 16), ("what", 54), ("time", 30)), rows)

    def closed(self) -> ReportSection:
        """The incidents that were closed, with the times until people acted."""
        rows = [
            (
                self._incident(one),
                self._headline(one),
                self._disposition(one),
                self.times.both(one.closed_at or one.opened_at),
                self._duration(one.acknowledged_s),
                self._duration(one.assigned_s),
            )
            for one in self._report.closed
        ]
        columns = (
            ("incident", 14), ("what", 27), ("disposition", 17), ("closed", 11), ("acknowledged", 16), ("assigned", 15)
        )  # fmt: skip
        return self._section("closed", columns, rows)

    def goods(self) -> tuple[ReportSection, ...]:
        """Goods found, where a record of them is released; nothing otherwise."""
        rows = [
            (
                one.name,
                self._say("incident-goods", goods=one.goods),
                "\n".join(map(self._code, one.codes)),
                one.item_marking,
                self._say("incident-trace-status", status=one.status or "none"),
            )
            for one in self._report.goods
        ]
        columns = (("incident", 12), ("goods", 14), ("codes", 38), ("item", 20), ("trace", 16))
        note = self._say("handover-goods-checked", depth="list" if self._all_listed() else "structure")
        return (self._section("goods", columns, rows, note),) if rows else ()

    def _all_listed(self) -> bool:
        return all(code.depth == "list" for one in self._report.goods for code in one.codes)

    def _code(self, one: GoodsCodeEntry) -> str:
        title = one.titles.get(self._words.language) or one.titles.get("en", "")
        return self._say("handover-goods-code", field=one.field, code=one.code, title=title or "none")

    def sensors(self) -> ReportSection:
        """The sensors that do not work: one row for those of a kind in the same state since the same time."""
        alike: dict[tuple[str, str, str], list[str]] = {}
        for one in self._report.sensors_out:
            state = self._say("handover-sensor-state", state=one.state)
            since = "–" if one.since is None else self.times.both(one.since)
            alike.setdefault((one.kind, state, since), []).append(one.sensor)
        rows = [
            (
                ", ".join(names) + (f"\n{self._say('sensor-kind', kind=kind)}" if kind else ""),
                state,
                since,
            )
            for (kind, state, since), names in alike.items()
        ]
        basis = [self._say("handover-sensors-now" if self._report.sensors_now else "handover-sensors-then")]
        if any(one.state == ANNOUNCED for one in self._report.sensors_out):
            basis.append(self._say("handover-sensors-announced"))
        section = self._section("sensors", (("sensor", 56), ("state", 20), ("since", 24)), rows, *basis)
        is_then = not (self._report.sensors_now or self._report.erased)
        empty = self._say("handover-sensors-none-then") if is_then else section.empty
        return replace(section, stated=len(self._report.sensors_out), empty=empty)

    def coverage(self) -> ReportSection:
        """Coverage that was lost."""
        rows = [
            (
                self._say(_message(one.message)),
                self.times.both(one.since),
                self._until(one),
            )
            for one in self._report.coverage_lost
        ]
        return self._section("coverage", (("what", 56), ("since", 22), ("until", 22)), rows)

    def _until(self, one: CoverageLoss) -> str:
        if one.until is not None:
            return self.times.both(one.until)
        if one.closed_by:
            return self._say("handover-still-unconfirmed" if one.lasts else "handover-end-unknown", by=one.closed_by)
        return self._say("handover-still")

    def levels(self, levels: Sequence[LevelChange]) -> ReportSection:
        """The decisions on impact levels."""
        rows = [
            (
                self.times.both(one.at),
                one.section,
                self._level(one),
                one.by,
                one.reason,
            )
            for one in levels
        ]
        columns = (("time", 14), ("section", 22), ("level", 18), ("person", 16), ("reason", 30))
        return self._section("levels", columns, rows)

    def actions(self) -> ReportSection:
        """Number of actions of each person, by action."""
        rows = []
        for one in self._report.actions:
            counts = [
                self._say("handover-action-count", event=event, count=count) for event, count in one.actions.items()
            ]
            rows.append((one.person, self._words.formats.names(counts)))
        return self._section("actions", (("person", 30), ("actions", 70)), rows)

    def log(self, heading: str) -> ReportSection:
        """Every event in order of time."""
        rows = [(self.times.both(one.at), one.name, self._event(one), self._person(one.by)) for one in self._report.log]
        section = self._section("log", (("time", 17), ("incident", 15), ("event", 48), ("person", 20)), rows)
        return ReportSection("log", self._say(heading), section.columns, section.rows, section.empty)

    # --- cells

    def _short(self, key: str, entries: Sequence[IncidentEntry]) -> ReportSection:
        rows = [
            (
                self._incident(one),
                self._headline(one),
                self._state(one) if one.closed_at is None else self._disposition(one),
                self.times.both(one.opened_at),
            )
            for one in entries
        ]
        return self._section(key, (("incident", 16), ("what", 44), ("state", 23), ("since", 17)), rows)

    def _incident(self, one: IncidentEntry) -> str:
        return self._say("handover-incident", name=one.name, priority=one.priority)

    def _headline(self, one: IncidentEntry) -> str:
        headline = _message(one.message)
        place = {"headline": headline, "section": one.section}
        if one.segment is None or "segment" in headline.parameters:
            return self._say("handover-headline-in", **place) if one.section else self._say(headline)
        message = "handover-headline-section" if one.section else "handover-headline-place"
        return self._say(message, segment=str(one.segment), **place)

    def _state(self, one: IncidentEntry) -> str:
        return self._say("handover-state-waiting" if one.waiting else "incident-state", state=one.state)

    def _level(self, one: LevelChange) -> str:
        if one.before is None:
            return self._say("forces-level", level=one.level)
        before = self._say("forces-level", level=one.before)
        return self._say("handover-level-changed", level=one.level, before=before)

    def _owner(self, one: IncidentEntry) -> str:
        owner = one.owner or self._say("handover-owner-none")
        return self._say("handover-owner-unit", owner=owner, unit=one.unit) if one.unit else owner

    def _disposition(self, one: IncidentEntry) -> str:
        by = self._person(one.closer)
        message = "handover-reason" if one.reason else "handover-closed-by"
        return self._say(message, disposition=one.disposition, by=by, reason=one.reason)

    def _left(self, expected: datetime | None) -> str:
        if expected is None:
            return "–"
        left = (expected - self._known_at).total_seconds()
        return self._say("handover-left-over", since=-left) if left < 0 else self._duration(left)

    def _duration(self, seconds: float | None) -> str:
        return self._words.formats.duration(seconds)

    def _person(self, by: str) -> str:
        return self._say("handover-system") if by == SYSTEM else by

    def _event(self, one: LogEntry) -> str:
        if one.event == "opened" and one.message is not None:
            return self._say("handover-event-opened", headline=_message(one.message))
        values: dict[str, Any] = {
            "unit": one.unit, "owner": one.owner, "disposition": one.disposition, "state": one.state,
            "reason": one.text, "text": one.text,
        }  # fmt: skip
        with_reason = "-reason" if one.event == "close" and one.text else ""
        if one.event in _EVENTS:
            return self._say(f"handover-event-{one.event.replace('_', '-')}{with_reason}", **values)
        return self._say("handover-action", event=one.event)

    def _signature(self, note: HandoverNote) -> str:
        marking = f"[{note.marking}]\n" if note.marking else ""
        return marking + self._say(
            "handover-signed",
            name=note.name,
            account=note.account,
            role=note.role,
            at=self.times.one_line(note.at),
            digest=note.digest[:DIGEST_SHOWN],
        )


_EVENTS = (
    "assign", "close", "hand_over", "note", "merge", "reopen", "escalated", "undo", "acknowledge", "en_route",
    "on_scene", "trace",
)  # fmt: skip


def _published(one: IncidentEntry) -> dict[str, Any]:
    """An incident with what its figures are computed from, as it is published."""
    return {
        "id": one.id, "merged_into": one.merged_into, "kind": one.kind, "state": one.state,
        "disposition": one.disposition, "closed_by": one.closed_by,
        "opened_at": one.opened_at, "transitions": _steps_of(one),
    }  # fmt: skip


def _steps_of(one: IncidentEntry) -> list[dict[str, Any]]:
    """The steps from which the delays are computed: a person's acknowledgement other than a merging, and closing."""
    merged, steps = bool(one.merged_into), []
    closed_s = None if one.closed_at is None else (one.closed_at - one.opened_at).total_seconds()
    if one.acknowledged_s is not None and not (merged and one.acknowledged_s == closed_s):
        steps.append((one.acknowledged_s, "acknowledged", ""))
    if closed_s is not None and one.closed_by == "person":
        steps.append((closed_s, "closed", "merge" if merged else ""))
    return [
        {"at": one.opened_at + timedelta(seconds=after), "state": state, "by": "person", "action": action}
        for after, state, action in steps
    ]


def _message(plain: dict[str, Any]) -> Message:
    return Message(plain["id"], plain.get("parameters", {}))


def _clean_lines(text: str) -> str:
    return "\n".join(clean(line) for line in text.splitlines()) or "–"
