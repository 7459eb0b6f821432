"""The fusion process: reads the journal, runs the pipeline and writes the store, from which others deliver the alerts.

``python -m ops.services.fusion.process --journal J --store S --sector T --layout L``. If the process is killed, it
resumes from the store's checkpoint; published alerts keep their ids.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

import ops.runtime.processes.without_pyarrow  # noqa: F401 - before anything that loads pandas
from fusion.alerts import Alert
from ops.incidents.book import ActionOutcome
from ops.incidents.incident import Incident
from ops.journal.reader import ANY, Counts, JournalRow
from ops.journal.stores.protocol import FollowedJournal
from ops.releasability.book import RecordKind
from ops.runtime.clock import ScenarioClock
from ops.runtime.output import LANGUAGE
from ops.runtime.processes.child_process import child_main, say, sign_of_life
from ops.runtime.processes.compile_notice import report_compiling
from ops.runtime.traces.alert_spans import spans_of_environment
from ops.sector.geojson import border_view, layout_view, sector_view
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import Sector, load_sector
from ops.sector.settings import Settings, load_settings
from ops.services.feeds.ledger import FILE as LEDGER
from ops.services.feeds.ledger import settled_after
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from ops.services.fusion.latency import Latency
from ops.services.fusion.live_picture import alert_dict, bearings_live, sensors_live, tracks_live, without_sensors
from ops.services.fusion.memory.quarantine import CutOffRecord
from ops.services.fusion.overload import OverloadSettings, Pace, passed_over
from ops.services.fusion.pipeline import Pipeline
from ops.services.fusion.saving import CheckpointWriter
from ops.services.fusion.tracing import AlertTraces
from ops.services.fusion.waiting_journal import POLL_S, followed_journal
from ops.store.connections import StoreError
from ops.store.reader import StoreFull
from ops.store.writer import Store
from ops.words import SOURCE_LANGUAGE, MessageCatalogue

ROWS_A_STRETCH: Final = 500
PICTURE_EVERY_S: Final = 0.2
REPORT_EVERY_S: Final = 0.5
DISK_WAIT_S: Final = 0.25
LATENCIES_KEPT: Final = 200_000
TIMINGS: Final = ("late", "backfill", "future", "expired")
"""See ``ingest.receiving.receiver.ReceiverSettings``; every other scan is live."""
HISTORY_EVERY_NS: Final = 1_000_000_000
"""Interval in journal time at which final history is stored: little at a time, because alerts wait meanwhile."""


@dataclass(slots=True)
class Latencies:
    """Wall time in milliseconds from sending a scan to committing it to the picture; the newest values are kept."""

    clock: ScenarioClock
    values: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))

    def note(self, rows: Sequence[JournalRow]) -> None:
        now_ns = self.clock.now_ns()
        for row in rows:
            if row.kind == "detections" and row.sent_ns is not None:
                self.values.append(self.clock.wall_s((now_ns - row.sent_ns) / 1e9) * 1e3)

    def percentiles(self) -> tuple[float | None, float | None]:
        """(p50, p99) in milliseconds; None before the first value."""
        if not self.values:
            return None, None
        p50, p99 = np.percentile(np.asarray(self.values), [50, 99])
        return float(p50), float(p99)


class Fusion:
    """Fusion of one journal into one store. ``step`` processes one block of rows and commits it before it returns."""

    def __init__(
        self, journal: FollowedJournal, store: Store, ground: OpenSector, settings: Settings, clock: ScenarioClock
    ):
        """Create without overload control: while ``overload`` is None, every scan is processed, however long it takes.
        While ``stopping`` is None, a full disk is an error; otherwise fusion waits for space until it is set."""
        self.stopping: threading.Event | None = None
        self.overload: OverloadSettings | None = None
        self._pace = Pace()
        self._journal, self._store, self._ground, self._settings, self._clock = journal, store, ground, settings, clock
        self._words = MessageCatalogue.of(published_language(ground.sector))
        self.pipeline = Pipeline(ground, settings, checkpoint=store.checkpoint)
        self.latencies = Latencies(clock)
        known = store.live("latency")
        self.latency = Latency.restored(
            None if known is None else known.body, clock.now_ns, clock.wall_s, decided=store.decided
        )
        self.checkpoints = CheckpointWriter(store, self.pipeline, settings.checkpoint_s, self._persist)
        self._history_due_ns = self.pipeline.now_ns + HISTORY_EVERY_NS
        self._picture_s = 0.0
        self._incident_news: tuple[list[Incident], list[ActionOutcome]] = [], []
        self._marking_news: list[tuple[RecordKind, str, str]] = []

    @property
    def cursor(self) -> int:
        """The journal row up to which the store is complete."""
        return self._store.cursor

    def step(self, limit: int = ROWS_A_STRETCH) -> int:
        """Process the journal's rows after the cursor, at most ``limit``; return how many."""
        rows = self._journal.read(after_id=self._store.cursor, limit=limit)
        if rows:
            began_s = time.monotonic()
            skipped = self._passed_over(rows)
            alerts = self._take(rows, skipped)
            self._commit(rows[-1].id, alerts, skipped)
            self._pace.note(len(rows) - len(skipped), time.monotonic() - began_s)
            self.latencies.note(rows)
            if not self._history_due_ns - HISTORY_EVERY_NS <= self.pipeline.now_ns < self._history_due_ns:
                self._write_history()
        self.checkpoints.after_step(len(rows))
        return len(rows)

    def _take(self, rows: Sequence[JournalRow], skipped: set[int]) -> list[Alert]:
        alerts: list[Alert] = []
        for row in rows:
            if row.id in skipped:
                self.pipeline.skip(row)
                self.latency.take(row, [], skipped=True)
            else:
                found = self.pipeline.take(row)
                self.latency.take(row, found)
                alerts += found
        self._incident_news = self.pipeline.take_incident_news()
        self._marking_news += self.pipeline.take_marking_news()
        return alerts

    def _passed_over(self, rows: Sequence[JournalRow]) -> set[int]:
        """Ids of the rows to skip: as decided before a crash, none that were there before a new store, and of later
        rows as the backlog requires."""
        store, known = self._store, {row.id for row in rows if row.id <= self._store.decided}
        again = known & store.skips
        if self.overload is None or len(known) == len(rows):
            return again
        backlog = self._journal.last_id() - rows[0].id
        new = [row for row in rows if row.id not in known]
        return again | passed_over(new, self._pace.share(backlog, self.overload))

    def finish(self) -> None:
        """Write the last picture, the last checkpoint, and after it all remaining history.

        Late data may still change that history: a run that continues with this store withdraws and rewrites it.
        """
        self._picture_s = 0.0
        self._commit(self._store.cursor, [])
        self._write_history()
        self.checkpoints.write_whole()
        rest = self.pipeline.take_history(final=True)
        self._write(self._store.cursor, history=rest, latency=self.latency.stored())

    def _write_history(self) -> None:
        """Write the history that has become final since the last call, after the alerts of its block."""
        history = self.pipeline.take_history()
        self._write(self._store.cursor, history=history, latency=self.latency.stored())
        self._history_due_ns = self.pipeline.now_ns + HISTORY_EVERY_NS

    def _commit(self, cursor: int, alerts: list[Alert], skipped: Iterable[int] = ()) -> None:
        pipeline, frame = self.pipeline, self._ground.frame
        live: dict[str, Any] = {}
        if time.monotonic() - self._picture_s >= PICTURE_EVERY_S:
            self._picture_s = time.monotonic()
            live = {
                "tracks_live": tracks_live(pipeline, frame),
                "bearings": bearings_live(pipeline, self._ground.layout),
                "sensors": sensors_live(
                    self._ground.layout,
                    pipeline.health,
                    pipeline.revoked,
                    pipeline.faults,
                    self._words,
                    self._settings.releasability.sensors,
                    pipeline.stands,
                    pipeline.mutes,
                    pipeline.viewpoints,
                ),
                "counts": with_held(
                    counts_of(self._journal, pipeline.ingest, pipeline.skipped, known=self._ground.layout.ids),
                    pipeline.held,
                    pipeline.now_ns,
                    known=self._ground.layout.ids,
                ),
                "forces": pipeline.forces(),
                "latency": self.latency.stored(),
            }
        incidents, outcomes = self._incident_news
        self._write(
            cursor,
            alerts=[
                without_sensors(alert_dict(alert, frame, self._words), self._settings.releasability.sensors)
                for alert in alerts
            ],
            incident_revisions=[
                incident_dict(one, frame, self._words, pipeline.section_of(one.segment)) for one in incidents
            ],
            outcomes=[outcome_dict(one, self._words) for one in outcomes],
            skipped=skipped,
            markings=self._marking_news,
            **live,
        )
        self._incident_news, self._marking_news = ([], []), []
        self.latency.committed(picture=bool(live))

    def _write(self, cursor: int, **parts: Any) -> None:
        """Commit to the store; wait if the disk is full."""
        self._persist(lambda: self._store.commit(cursor, stamp_ns=self.pipeline.now_ns, **parts))

    def _persist(self, write: Callable[[], object]) -> None:
        """Write to the store. Wait if the disk is full: ingest detects that and releases its disk reserve."""
        warned = False
        while True:
            try:
                write()
                break
            except StoreFull as error:
                if self.stopping is None:
                    raise
                if not warned:
                    say(problem=f"DISK_FULL: {error}")
                warned = True
                sign_of_life()
                if self.stopping.wait(DISK_WAIT_S):
                    raise
        if warned:
            say(problem=None)


def published_language(sector: Sector) -> str:
    """The language of published alerts and sensor faults: the sector's, else that of this process, else English."""
    return sector.language or os.environ.get(LANGUAGE) or SOURCE_LANGUAGE


OTHERS: Final = "(others)"
"""Stands for all names that are not in the layout; no sensor can have it."""


def with_held(
    counts: dict[str, dict[str, int]],
    held: Mapping[str, CutOffRecord],
    now_ns: int,
    *,
    known: Collection[str] | None = None,
) -> dict[str, dict[str, int]]:
    """The counts, with the number of quarantines of each source (``cut_off``) and whether one is active (``held``).

    ``known`` as for ``counts_of``.
    """
    extended = dict(counts)
    for source, record in held.items():
        name = source if known is None or source in known else OTHERS if source else ""
        before = extended.get(name, _plain(Counts()))
        figures = {
            "cut_off": before.get("cut_off", 0) + record.times,
            "held": int(record.until_ns > now_ns or before.get("held", 0)),
        }
        extended[name] = before | figures
    return extended


def counts_of(
    journal: FollowedJournal,
    ingest: Mapping[str, int] | None = None,
    skipped: Mapping[str, int] | None = None,
    *,
    known: Collection[str] | None = None,
) -> dict[str, dict[str, int]]:
    """Receipts of detections per sensor; and of the journaled scans, how many were implausible, how many were late (by
    timing category), and how many fusion skipped (``skipped``).

    Key "", for no sensor, holds ``ingest``: reports of ingest about itself. With ``known`` (the sensors of the layout)
    all other names are counted together under OTHERS, because anyone may invent names.
    """
    flagged, timings = journal.flagged(), journal.timings()
    by_name = {
        name: {
            **_plain(counts),
            "implausible": flagged.get(name, {}).get(ANY, 0),
            "skipped": (skipped or {}).get(name, 0),
            **{timing: timings.get(name, {}).get(timing, 0) for timing in TIMINGS},
        }
        for name, counts in journal.counts().items()
    }
    by_sensor: dict[str, dict[str, int]] = {}
    for name, figures in by_name.items():
        if known is None or not name or name in known:
            by_sensor[name] = figures
        else:
            others = by_sensor.setdefault(OTHERS, dict.fromkeys(figures, 0))
            by_sensor[OTHERS] = {figure: others[figure] + value for figure, value in figures.items()}
    if ingest:
        by_sensor[""] = {**by_sensor.get("", _plain(Counts())), **ingest}
    return by_sensor


def _plain(counts: Any) -> dict[str, int]:
    return {name: getattr(counts, name) for name in ("received", "journaled", "duplicate", "dead_lettered", "shed")}


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Open everything, report readiness, and run fusion until ``stop``; then process the rest of the journal."""
    report_compiling()
    clock = ScenarioClock.from_arguments(arguments)
    settings = load_settings(arguments.settings)
    with ExitStack() as stack:
        ground = open_sector(load_sector(arguments.sector), arguments.layout)
        journal, close, poll_s = followed_journal(arguments.journal, stop)
        stack.callback(close)
        store = Store(
            arguments.store,
            encrypted=arguments.encrypted,
            fence=arguments.fence,
            frame=ground.frame,
            journaled=journal.last_id(),
        )
        stack.callback(store.close)
        fusion = Fusion(journal, store, ground, settings, clock)
        fusion.stopping, fusion.overload = stop, OverloadSettings(drain_s=arguments.overload_s)
        spans = spans_of_environment(arguments.sector_id or ground.sector.name, "fusion")
        if spans is not None:
            fusion.latency.traces = AlertTraces(spans)
            stack.callback(spans.close)
        marks = DeliveryMarks(store, fusion.latency.delivered)
        say(
            ready=True,
            cursor=fusion.cursor,
            border=border_view(ground),
            sector=sector_view(ground),
            language=published_language(ground.sector),
            layout=layout_view(ground, {}),
        )
        _loop(fusion, marks, stop, poll_s)
        fusion.finish()
        marks.take()
        _report(fusion)
        np.save(Path(arguments.store).with_suffix(".latency.npy"), np.asarray(fusion.latencies.values))
    return 0


def _loop(fusion: Fusion, marks: DeliveryMarks, stop: threading.Event, poll_s: float = POLL_S) -> None:
    reported_s = 0.0
    while True:
        taken = fusion.step()
        if time.monotonic() - reported_s > REPORT_EVERY_S:
            reported_s = time.monotonic()
            marks.take()
            _report(fusion)
            sign_of_life()
        if taken == 0 and stop.wait(poll_s):
            return


def _report(fusion: Fusion) -> None:
    p50, p99 = fusion.latencies.percentiles()
    say(
        cursor=fusion.cursor,
        latency_p50_ms=p50,
        latency_p99_ms=p99,
        tally=dict(fusion.pipeline.tally),
        problem=fusion.pipeline.problem,
    )


class DeliveryMarks:
    """Takes over from the ledger of the feeds process which rows of the outbox are delivered."""

    def __init__(self, store: Store, delivered: Callable[[str, int, int], None]) -> None:
        """``delivered`` is called with alert, revision and time [UTC ns] of each revision that its receivers have."""
        self._store, self._delivered, self._last = store, delivered, 0
        self._path = store.path.with_name(LEDGER)
        self._from_row = store.first_undelivered() or store.last_event() + 1

    def take(self) -> None:
        """Mark what was delivered since the last call; a ledger that cannot be read is read the next time."""
        with suppress(StoreError):
            while rows := settled_after(self._path, self._last, from_row=self._from_row):
                for row in rows:
                    self._store.mark_delivered([row.n], at_ns=row.at_ns)
                    if row.published:
                        self._delivered(row.alert, row.revision, row.at_ns)
                self._last = rows[-1].id


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.services.fusion.process", description=__doc__.splitlines()[0])
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--sector", required=True, help="sector file")
    parser.add_argument("--sector-id", help="the sector's name in traces, as in topics (default: that of the file)")
    parser.add_argument("--layout", required=True, help="layout name or file")
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--encrypted", action="store_true", help="encrypt personal data under a key for each day")
    parser.add_argument("--fence", type=int, help="number of the lease under which to write")
    parser.add_argument(
        "--overload-s", type=float, default=3.0, help="a backlog of more seconds is thinned (default 3)"
    )
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    return child_main(run, _parser().parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
