"""The feeds process: ``python -m ops.services.feeds.process``, delivers alerts and the track picture to receivers.

It reads the store and keeps its own ledger: fusion never waits for a receiver. Killed at any point,
it loses nothing and gives nothing a second number.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from geo.errors import WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.topics import unit_filter
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import FEED, IDENTITY_VARIABLE, IdentityFolder, identity_of, signatures_of_environment
from ops.field.refusals import RefusalBook
from ops.journal.stores.place import JournalClock, JournalPlace
from ops.postgres.note import note_path
from ops.runtime.clock import ScenarioClock
from ops.runtime.output import LANGUAGE
from ops.runtime.processes.child_process import child_main, say, sign_of_life
from ops.runtime.traces.alert_spans import spans_of_environment
from ops.sector.settings import load_settings
from ops.services.feeds import cap, mqtt, web_hook
from ops.services.feeds.cot import feed as cot
from ops.services.feeds.cot import opening
from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import Feed, FeedContext
from ops.services.feeds.from_units.refusals import RefusalDesk
from ops.services.feeds.from_units.requests import CHANNEL, ResendDesk
from ops.services.feeds.late import FeedKind, late_feeds
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.services.feeds.pumping import Turns
from ops.services.feeds.quiet import UnitRules
from ops.services.feeds.tracing import DeliveryTraces
from ops.services.feeds.tracks import OUT_OF_DATE_S, TrackFeed
from ops.store.feed_release import FeedRelease
from ops.store.incidents import IncidentReader
from ops.store.markings import MarkingReader
from ops.store.reader import Reader
from ops.words import SOURCE_LANGUAGE, MessageCatalogue

OTHER_FEEDS: Final[Sequence[FeedKind]] = (
    FeedKind(cot.NAME, opening.receivers_of, opening.open_feed),
    FeedKind(cap.NAME, cap.receivers_of, cap.open_feed),
    FeedKind(web_hook.NAME, web_hook.receivers_of, web_hook.open_feed),
)
"""Every feed but that to units: a new one is a file of this folder, a table of the settings, and a line here."""
SILENT_S: Final = 90.0
"""A sector that stops in order takes a minute, in which its worker gives no sign."""
CONFIRMED_S: Final = 5.0
"""The worker is silent once it has been found so for this time: a process that itself stood still for long may not have
read yet what came meanwhile."""
REPORT_EVERY_S: Final = 0.5
HUNG_S: Final = 10.0
"""A thread hangs that made no turn for so long, counted in looks. What it may wait for is bounded: 30 s for another
writer of a file, as long for a cut connection to PostgreSQL. An answer of a PostgreSQL server that stands still is not.
"""
FLUSH_S: Final = 2.0
"""Longest time that the end of the process waits for answers."""


class WorkerSilent(WatchlineError):
    """The worker that holds the sector gives no sign of life: another one may hold it, whose feeds deliver."""


class FromRoom:
    """What the room reports to this process: the border and the named areas, as GeoJSON, and that its worker runs."""

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self.border: Mapping[str, Any] | None = None
        self.areas: Mapping[str, Any] | None = None
        self._held_s: float | None = None
        self._silent_s: float | None = None

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take one message."""
        self.areas = message.get("areas", self.areas)  # before the border, with which they are drawn
        self.border = message.get("border", self.border)
        if "held" in message:
            self._held_s = self._monotonic_s()

    def is_silent(self) -> bool:
        """Whether a worker that holds the sector in a store has not been heard of for ``SILENT_S``, as if frozen.

        It is True once this has been found for ``CONFIRMED_S``.
        """
        now_s = self._monotonic_s()
        if self._held_s is None or now_s - self._held_s <= SILENT_S:
            self._silent_s = None
            return False
        if self._silent_s is None:
            self._silent_s = now_s
        return now_s - self._silent_s >= CONFIRMED_S


def run(arguments: argparse.Namespace, stop: threading.Event, room: FromRoom) -> int:
    """Deliver until ``stop``, and the rest within a short time after it."""
    clock = ScenarioClock.from_arguments(arguments)
    settings = load_settings(arguments.settings)
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    store: Path = arguments.store
    language = arguments.language or os.environ.get(LANGUAGE) or SOURCE_LANGUAGE
    with ExitStack() as stack:
        ledger = DeliveryLedger(store.with_name(FILE))
        stack.callback(ledger.close)
        desk = ResendDesk(
            _register(),
            required=signatures_of_environment() == "required",
            now_ns=clock.now_ns,
            ask=lambda unit, last: dispatcher.request(mqtt.NAME, unit, last),
            refused=lambda one: refusals.take(one),
        )
        publisher = Publisher(
            url,
            client_id=f"watchline-{arguments.sector_id}-feed",
            now_ns=clock.now_ns,
            identity=identity_of(FEED),
            hear=desk.hear,
            filters=[unit_filter(arguments.sector_id, CHANNEL)],
        )
        context = FeedContext(
            arguments.sector_id, url, settings, clock, publisher, store, store.parent, language, lambda: room.border,
            title=arguments.title, exercise=arguments.demo, areas=lambda: room.areas,
            refused=lambda one: refusals.take(one),
        )  # fmt: skip
        units = mqtt.open_feed(context)
        book = RefusalBook(store.parent, settings.units)
        stack.callback(book.close)
        journal = JournalPlace(store.with_name("journal.db"))
        stack.callback(journal.close)
        refusals = RefusalDesk(
            book,
            journal,
            IncidentReader(store),
            units=[one.name for one in units.receivers],
            publish=units.publish,
            words=MessageCatalogue.of(language),
            now_ns=clock.now_ns,
            monotonic_s=time.monotonic,
            may_know=FeedRelease(MarkingReader(store), settings.releasability).incident_for,
        )
        others = late_feeds(OTHER_FEEDS, context, monotonic_s=time.monotonic)
        feeds: list[Feed] = [units, *others]
        for feed in feeds:
            stack.callback(feed.close)
        release = FeedRelease(MarkingReader(store), settings.releasability, each_time=False)
        spans = spans_of_environment(arguments.sector_id, "feeds")
        if spans is not None:
            stack.callback(spans.close)
        dispatcher = Dispatcher(
            Reader(store),
            ledger,
            feeds,
            now_ns=clock.now_ns,
            monotonic_s=time.monotonic,
            release=release,
            refresh=release.refresh,
            rules=UnitRules(settings.feeds.of_unit, ZoneInfo(arguments.time_zone), Reader(store), ledger),
            attempted=None if spans is None else DeliveryTraces(spans, clock.now_ns).attempt,
        )
        publisher.start(timeout_s=None)  # without a broker, alerts wait in the outbox
        stack.callback(publisher.stop)
        tracks = TrackFeed(
            Reader(store),
            publisher,
            arguments.sector_id,
            now_ns=JournalClock(journal, host_ns=clock.now_ns, monotonic_s=time.monotonic).now_ns,
            monotonic_s=time.monotonic,
            out_of_date_s=OUT_OF_DATE_S * clock.rate,
            released=FeedRelease(MarkingReader(store), settings.releasability).tracks,
        )
        threads = {
            threading.Thread(target=dispatcher.run, args=(stop,), name="dispatch", daemon=True): dispatcher.turns,
            threading.Thread(target=tracks.run, args=(stop,), name="tracks", daemon=True): tracks.turns,
            threading.Thread(target=refusals.run, args=(stop,), name="refusals", daemon=True): refusals.turns,
        }
        for thread in threads:
            thread.start()
        say(ready=True)

        def problem_now() -> str | None:
            for feed in others:
                feed.try_open()
            return _problem_of(feeds, refusals)

        _watch(problem_now, dispatcher, threads, stop, room, in_server=note_path(store).exists())
        _flush(dispatcher)
    return 0


def _problem_of(feeds: Sequence[Feed], refusals: RefusalDesk) -> str | None:
    """The problems of the feeds that people should know; None without a problem."""
    found = [problem for problem in (*(feed.problem for feed in feeds), refusals.problem) if problem]
    return "; ".join(found) or None


def _watch(
    problem_now: Callable[[], str | None],
    dispatcher: Dispatcher,
    threads: Mapping[threading.Thread, Turns],
    stop: threading.Event,
    room: FromRoom,
    *,
    in_server: bool = False,
) -> None:
    """Report until ``stop``; RuntimeError if a thread ends before, WorkerSilent for a worker that gives no sign.

    While a thread hangs, there is no sign of life, and so an end and a restart. ``in_server``: the store is in
    PostgreSQL, which may not answer for hours; then it is a problem only, because a restart would not cure it.
    """
    problem: str | None = None
    silent = False
    while not stop.wait(REPORT_EVERY_S):
        if silent := room.is_silent():
            stop.set()
            break
        if not all(thread.is_alive() for thread in threads):
            raise RuntimeError("a thread of the feeds ended")
        now = problem_now()
        hung = [thread.name for thread, turns in threads.items() if turns.look() * REPORT_EVERY_S >= HUNG_S]
        if hung and in_server:
            now = now or f"no turn for {HUNG_S:.0f} s, as while the store does not answer ({', '.join(hung)})"
        if now != problem:
            problem = now
            say(problem=problem)
        say(waiting=dispatcher.waiting)
        if in_server or not hung:
            sign_of_life()
    for thread in threads:
        thread.join()
    if silent:
        raise WorkerSilent(f"the worker that holds the sector has given no sign of life for {SILENT_S:.0f} s.")


def _flush(dispatcher: Dispatcher) -> None:
    """Send what was published last, and wait a short time for the answers."""
    deadline_s = time.monotonic() + FLUSH_S
    while (dispatcher.pump() or dispatcher.in_flight) and time.monotonic() < deadline_s:
        time.sleep(0.02)


def _register() -> Path | None:
    """The register of public keys of this installation, if it has one."""
    folder = os.environ.get(IDENTITY_VARIABLE)
    return IdentityFolder(Path(folder)).register_path if folder else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.services.feeds.process", description=__doc__.splitlines()[0])
    parser.add_argument("--time-zone", default="UTC", help="time zone of quiet hours (default UTC)")
    parser.add_argument("--store", type=Path, required=True, help="fusion's store, read only")
    parser.add_argument("--sector-id", required=True, help="the sector's name in topics")
    parser.add_argument("--settings", type=Path, help="settings file")
    parser.add_argument("--language", help="language of the sector; without it that of the environment")
    parser.add_argument("--title", default="", help="name of the sector for people")
    parser.add_argument("--demo", action="store_true", help="movements are simulated, and documents say so")
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    room = FromRoom()
    return child_main(lambda arguments, stop: run(arguments, stop, room), _parser().parse_args(), hear=room.hear)


if __name__ == "__main__":
    raise SystemExit(main())
