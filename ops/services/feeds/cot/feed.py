"""The feed to TAK servers and multicast groups: incidents, tracks and shapes."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from geo.errors import WatchlineError
from ingest.errors import MalformedMessage
from ops.field.refusals import RefusedMessage
from ops.runtime.clock import ScenarioClock
from ops.sector.setting_tables.cot import CotServer, CotSettings
from ops.services.feeds.cot import encode
from ops.services.feeds.cot.encode import CotSender, EventTimes
from ops.services.feeds.cot.event import CotEvent
from ops.services.feeds.cot.from_devices import FromDevices, UnitMessages, wall_now
from ops.services.feeds.cot.handed_over import HandedOver
from ops.services.feeds.cot.link import CotLink
from ops.services.feeds.cot.memory import CotMemory
from ops.services.feeds.cot.picture import TrackPictures, area_outlines, ground_lines
from ops.services.feeds.cot.sources import CotSources
from ops.services.feeds.feed import FeedReceiver, OutboxDelivery, rank_of
from ops.words import MessageCatalogue

log = logging.getLogger(__name__)

NAME: Final = "cot"
TICK_S: Final = 0.5
FORGET_EVERY_S: Final = 3600.0
"""Interval at which refused events of more than a week ago are overwritten."""


class _Placed(msgspec.Struct):
    """The part of a lead alert that gives the error of its position."""

    position_sd_m: float | None = None


@dataclass(slots=True)
class _Server:
    """One server: its connection, its tracks, and when it is due [monotonic s]."""

    link: CotLink
    tracks: TrackPictures
    settings: CotServer
    handed_over: HandedOver = field(default_factory=HandedOver)
    refresh_s: float = 0.0
    shapes_s: float = 0.0
    tracks_s: float = 0.0
    drawn: bool = False
    picture: Future[None] | None = None


def receivers_in(settings: CotSettings) -> list[FeedReceiver]:
    """The servers of the settings as receivers."""
    return [
        FeedReceiver(one.name, kinds=("incident",), limit=one.released_as, is_unit=bool(one.unit))
        for one in settings.servers
    ]


class CotFeed:
    """Incidents to every server of the settings, tracks and shapes to those that want them; answers from units.

    Connections run in one thread with an event loop, so a server that hangs delays no other; tracks, shapes and the
    outcomes of answers in another. ``units`` takes the messages of units, ``refused`` those that are refused.
    """

    name = NAME

    def __init__(
        self,
        sector: str,
        settings: CotSettings,
        sources: CotSources,
        memory: CotMemory,
        units: UnitMessages,
        *,
        clock: ScenarioClock,
        words: MessageCatalogue | None = None,
        refused: Callable[[RefusedMessage], None] = lambda _: None,
    ) -> None:
        self._settings, self._sources, self._memory, self._units, self._clock = settings, sources, memory, units, clock
        self._words = words or MessageCatalogue.of()
        self._sender = CotSender(f"watchline.{sector}", settings.callsign)
        self._loop = asyncio.new_event_loop()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._order = threading.Lock()  # incidents are made and handed over under it, so their times rise
        self._saying: set[tuple[str, str]] = set()
        self._servers = {one.name: self._server(one) for one in settings.servers}
        links = {name: one.link for name, one in self._servers.items()}
        self.devices = FromDevices(
            settings, sources, memory, units, links, self._sender, clock=clock, words=self._words, refused=refused
        )
        self.receivers: Sequence[FeedReceiver] = receivers_in(settings)
        self._threads = [
            threading.Thread(target=self._run_links, name="cot-links", daemon=True),
            threading.Thread(target=self._run, name="cot", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _server(self, settings: CotServer) -> _Server:
        async def received(raw: bytes, event: CotEvent | MalformedMessage) -> None:
            await self._loop.run_in_executor(None, self.devices.receive, settings.name, raw, event)

        link = CotLink(
            settings,
            self._sender,
            self._loop,
            received=received,
            connected=lambda: self._connected(settings.name),
            wall_now=wall_now,
            random=random.Random(),
        )
        tracks = TrackPictures(
            self._sender,
            self._words,
            self._wall_of,
            stale_s=self._settings.track_stale_s,
            trail_s=self._settings.trail_s,
        )
        return _Server(link, tracks, settings)

    @property
    def problem(self) -> str | None:
        """The servers that get nothing, and why; None without a problem."""
        found = [f"{name}: {one.link.problem}" for name, one in self._servers.items() if one.link.problem]
        return "TAK " + "; ".join(found) if found else None

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Send an incident; the future completes when the server has it."""
        server = self._servers[delivery.receiver]
        body = msgspec.json.decode(delivery.row.body)
        name, identity, revision = server.settings.name, str(body["id"]), int(body["revision"])
        known = self._memory.revision(name, identity)
        if known is not None and known > revision:
            return _done()  # it has a later revision
        with self._order:
            if not server.handed_over.take(identity, revision):
                return _done()  # a later revision is on its way, which has a row of its own
            return self._hand_over(server, body, was_shown=known is not None)

    def _hand_over(self, server: _Server, body: Mapping[str, Any], *, was_shown: bool) -> Future[None]:
        name = server.settings.name
        events = self._closing(body) if body["state"] == "closed" else self._marker(body)
        line = self._line(server, body, was_shown=was_shown)
        if line is not None:
            events.append(line[1])
        if not events:
            return _done()
        delivered: Future[None] = Future()
        sent = server.link.send(events)
        sent.add_done_callback(lambda done: self._sent(done, delivered, name, body, None if line is None else line[0]))
        return delivered

    def close(self) -> None:
        """End every connection."""
        self._stop.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(5.0)
        self._units.close()
        self._memory.close()

    # Incidents

    def _marker(self, body: Mapping[str, Any]) -> list[CotEvent]:
        now = wall_now()
        times = EventTimes(now, now + timedelta(seconds=2.5 * self._settings.refresh_s))
        message = "tak-remarks-assigned" if body.get("unit") else "tak-remarks"
        remarks = self._words.say(message, sentence=body["sentence"], state=body["state"], unit=body.get("unit"))
        event = encode.incident(self._sender, body, times, remarks=remarks, sd_m=self._sd_of(body))
        return [] if event is None else [event]

    def _closing(self, body: Mapping[str, Any]) -> list[CotEvent]:
        """Remove a marker that the server may show, and end a distress call."""
        now = wall_now()
        times = EventTimes(now, now + timedelta(seconds=60.0))
        ended = [
            encode.cancelled(self._sender, event, times)
            for event in self._marker(body)
            if event.type == encode.DISTRESS
        ]
        return [*ended, encode.deleted(self._sender.uid_of(str(body["id"])), times)]

    def _line(self, server: _Server, body: Mapping[str, Any], *, was_shown: bool) -> tuple[str, CotEvent] | None:
        """(its key, the chat line) of an incident that is new, has become more urgent, or is closed; None if the server
        has the line."""
        if not server.settings.chat:
            return None
        closed, name = body["state"] == "closed", server.settings.name
        key = f"{body['id']}.{'closed' if closed else rank_of(body['priority'])}"
        if closed and body.get("tracing"):
            was_shown = was_shown or self._memory.was_said(name, key)  # goods may be released after it was closed
            key = f"{body['id']}.goods"
        earlier = range(rank_of(body["priority"]) + 1)
        if self._memory.was_said(name, key) or (name, key) in self._saying or (closed and not was_shown):
            return None
        if not closed and any(self._memory.was_said(name, f"{body['id']}.{rank}") for rank in earlier):
            return None
        text = (
            self._closed_line(body)
            if closed
            else self._words.say("tak-line", name=body["name"], priority=body["priority"], sentence=body["sentence"])
        )
        self._saying.add((name, key))
        return key, encode.chat(self._sender, text, key, wall_now())

    def _closed_line(self, body: Mapping[str, Any]) -> str:
        """How an incident was closed, with the goods found if that is released."""
        ended = {"name": body["name"], "disposition": body["disposition"]}
        if not body.get("tracing"):
            return self._words.say("tak-line-closed", **ended)
        return self._words.say("tak-line-closed-goods", **ended, goods=body["tracing"]["goods"])

    def _sent(
        self, done: Future[None], delivered: Future[None], server: str, body: Mapping[str, Any], line: str | None
    ) -> None:
        """Remember what a server has; only then is it delivered. Runs in the thread of the connections."""
        error: WatchlineError | None = None
        try:
            done.result()
            self._remember(server, body, line)
        except WatchlineError as problem:
            error = problem
        if line is not None:
            self._saying.discard((server, line))  # before the row is sent again, with its line
        if error is None:
            delivered.set_result(None)
        else:
            delivered.set_exception(error)

    def _remember(self, server: str, body: Mapping[str, Any], line: str | None) -> None:
        if body["state"] == "closed":
            self._memory.hide(server, str(body["id"]))
        else:
            self._memory.show(server, str(body["id"]), int(body["revision"]))
        if line is not None:
            self._memory.say(server, line)

    def _sd_of(self, body: Mapping[str, Any]) -> float | None:
        """Standard deviation of the position of an incident: that of its lead alert, which gives it its position."""
        lead = self._sources.incidents.alert(str(body["lead"]))
        return None if lead is None else msgspec.json.decode(lead[2], type=_Placed).position_sd_m

    # Refreshing, tracks and shapes

    def _connected(self, server: str) -> None:
        """A server that was restarted has neither tracks nor shapes."""
        self._servers[server].tracks.forget()
        self._servers[server].drawn = False

    def _run(self) -> None:
        failing, forget_s = False, 0.0
        while not self._stop.wait(TICK_S):
            if time.monotonic() >= forget_s:
                forget_s = time.monotonic() + FORGET_EVERY_S
                self._forget_refused()
            for server in self._servers.values():
                try:
                    if server.link.connected:
                        self._look_after(server)
                    failing = False
                except WatchlineError as error:
                    if not failing:
                        log.warning("TAK suspended: %s", error)
                    failing = True
            self.devices.tell_calls()
            self.devices.tell_outcomes()

    def _forget_refused(self) -> None:
        try:
            self._memory.forget_refused(self._clock.now_ns())
        except WatchlineError as error:
            log.warning("TAK: refused events of more than a week ago remain: %s", error)

    def _look_after(self, server: _Server) -> None:
        now_s = time.monotonic()
        if now_s >= server.refresh_s:
            server.refresh_s = now_s + self._settings.refresh_s
            self._refresh(server)
        if server.settings.shapes and (now_s >= server.shapes_s or not server.drawn):
            server.shapes_s = now_s + self._settings.refresh_s
            self._draw(server)
        if server.settings.tracks and now_s >= server.tracks_s and (server.picture is None or server.picture.done()):
            server.tracks_s = now_s + self._settings.tracks_every_s
            live = self._sources.incidents.live("tracks")
            if live is not None:
                tracks = self._sources.release.tracks_for(server.settings.released_as, msgspec.json.decode(live.body))
                events = server.tracks.next(tracks, wall_now())
                if events:
                    server.picture = server.link.send(events, behind=True)

    def _refresh(self, server: _Server) -> None:
        """Send open incidents that the server shows again, and remove those that are closed, erased or withheld."""
        name = server.settings.name
        shown = set(self._memory.shown(name))
        open_now = {str(body["id"]): body for body in self._sources.open_incidents(server.settings.released_as)}
        known = sorted(
            (body for identity, body in open_now.items() if identity in shown),
            key=lambda body: rank_of(body["priority"]),
        )
        gone = sorted(shown - open_now.keys())
        with self._order:
            newest = [body for body in known if server.handed_over.take(str(body["id"]), int(body["revision"]))]
            events = [event for body in newest for event in self._marker(body)]
            now = wall_now()
            times = EventTimes(now, now + timedelta(seconds=60.0))
            events += [encode.deleted(self._sender.uid_of(identity), times) for identity in gone]
            if not events:
                return
            sent = server.link.send(events)

        def forget(done: Future[None]) -> None:
            if not done.cancelled() and done.exception() is None:
                for identity in gone:
                    self._memory.hide(name, identity)

        sent.add_done_callback(forget)

    def _draw(self, server: _Server) -> None:
        border = self._sources.border()
        if border is None:
            return
        forces = self._sources.incidents.live("forces")
        sections = [] if forces is None else msgspec.json.decode(forces.body).get("sections", [])
        now = wall_now()
        times = EventTimes(now, now + timedelta(seconds=2.5 * self._settings.refresh_s))
        events = ground_lines(self._sender, border, sections, self._words, times)
        events += area_outlines(self._sender, self._sources.areas() or {}, self._words, times)
        server.drawn = True  # before they are sent: a connection that is new by then gets them again
        server.link.post(events, behind=True)

    # The clock, and the thread of the connections

    def _wall_of(self, at_ns: int) -> datetime:
        """A time of the room on the wall clock, which TAK uses."""
        behind_s = (self._clock.now_ns() - at_ns) / 1e9 / self._clock.rate
        return wall_now() - timedelta(seconds=behind_s)

    def _run_links(self) -> None:
        asyncio.set_event_loop(self._loop)
        tasks = [self._loop.create_task(one.link.run()) for one in self._servers.values()]
        self._loop.run_forever()
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


def _done() -> Future[None]:
    done: Future[None] = Future()
    done.set_result(None)
    return done
