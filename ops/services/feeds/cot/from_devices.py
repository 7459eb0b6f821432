"""Positions, distress calls and answers of the devices of units over TAK, and the chat lines back to these devices."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final, Protocol

import msgspec

from geo.errors import WatchlineError
from ingest.errors import MalformedMessage
from ingest.unit_messages import Position, Reply
from ops.field.refusals import RefusalChannel, RefusedMessage, reason_of
from ops.runtime.clock import ScenarioClock
from ops.sector.setting_tables.cot import CotSettings
from ops.services.feeds.cot import answers, encode
from ops.services.feeds.cot.answers import AnswerRefused, TakAnswer, TakDevice
from ops.services.feeds.cot.calls import CallLine, DeviceCall, DistressCalls
from ops.services.feeds.cot.encode import CotSender
from ops.services.feeds.cot.event import CotEvent
from ops.services.feeds.cot.link import CotLink
from ops.services.feeds.cot.memory import CotMemory, RefusedEvent
from ops.services.feeds.cot.outcomes import AnswerOutcomes, OutcomeLine, PendingAnswer
from ops.services.feeds.cot.sources import CotSources
from ops.words import MessageCatalogue
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

POSITION_EVERY_S: Final = 2.0
"""Positions of a unit that follow within this time are left out; distress calls never are."""
NOTIFY_EVERY_S: Final = 600.0
"""Interval at which a unit is notified again of refusals for one reason, such as a wrong clock."""


class UnitMessages(Protocol):
    """Takes messages of units, durably, and publishes them (``UnitSpool``)."""

    def send(self, message: Position | Reply) -> tuple[int, int]: ...

    def call(self, unit: str, observed_at: datetime, note: str) -> tuple[int, int]: ...

    def call_settled(self, unit: str, key: tuple[int, int]) -> int | None: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class _Heard:
    """What was last heard of a unit: the time of its position, and monotonic times [s]; ``notified_s``: time of the
    last chat line about a refusal, by code."""

    position: datetime | None = None
    position_s: float = field(default=float("-inf"))
    notified_s: dict[str, float] = field(default_factory=dict)


class FromDevices:
    """Takes events of devices, in a thread for each server that sends, and writes chat lines to these devices.

    ``units`` takes the messages of units, ``refused`` those that are refused; ``links``: the connections, by server.
    """

    def __init__(
        self,
        settings: CotSettings,
        sources: CotSources,
        memory: CotMemory,
        units: UnitMessages,
        links: Mapping[str, CotLink],
        sender: CotSender,
        *,
        clock: ScenarioClock,
        words: MessageCatalogue,
        refused: Callable[[RefusedMessage], None],
    ) -> None:
        self._settings, self._sources, self._memory, self._units, self._clock = settings, sources, memory, units, clock
        self._links, self._sender, self._words, self._refused = links, sender, words, refused
        self._servers = {one.name: one for one in settings.servers}
        self._lock = threading.Lock()
        self._heard: dict[str, _Heard] = {}
        self._calls = DistressCalls(units.call_settled, sources.incidents)
        self._outcomes = AnswerOutcomes(sources.incidents.outcome, self._may_know, words, memory)
        self._outcomes.resume(time.monotonic(), self._is_known)

    def receive(self, server: str, raw: bytes, event: CotEvent | MalformedMessage) -> None:
        """Take one event of others; a refused one is kept and counted, and nothing ends."""
        device = TakDevice("", "")
        try:
            if isinstance(event, MalformedMessage):
                raise event
            device = answers.device_of(event, self._servers[server].units)
            self._take(server, device, event)
        except MalformedMessage as error:
            self._refuse(server, device, raw, error)
            if device.unit and isinstance(event, CotEvent):
                self._tell_refused(server, device, event, error)
        except WatchlineError as error:
            log.warning("TAK %s: an event of %s was not taken: %s", server, ascii(device.uid)[:80], error)

    def _refuse(self, server: str, device: TakDevice, raw: bytes, error: MalformedMessage) -> None:
        refused = RefusedEvent(
            server, device.unit or device.uid[:256], error.code, str(error), self._clock.now_ns(), raw
        )
        log.warning("TAK %s: refused an event of %s: %s", server, ascii(device.uid)[:80] or "a device", error)
        try:
            self._memory.refuse(refused)
        except WatchlineError as problem:
            log.warning("TAK %s: %s", server, problem)

    def _tell_refused(self, server: str, device: TakDevice, event: CotEvent, error: MalformedMessage) -> None:
        """Write to a unit's device why its event was refused, each reason once in a while; count it as the unit's."""
        channel: RefusalChannel = "position" if event.type.startswith("a-f-") else "reply"
        if isinstance(error, AnswerRefused):
            reason, text, notified = error.reason, self._words.say(error.reason), True
        else:
            reason, notified = reason_of(error.code, error.field), self._notify_now(device.unit, error.code)
            text = self._words.say("tak-refused", reason=reason)
            if error.code == "future":
                seconds = round((event.time - wall_now()).total_seconds())
                text = self._words.say("tak-refused-clock", seconds=seconds)
        if notified:
            self._tell(server, device, text)
        self._refused(
            RefusedMessage(device.unit, "tak", channel, error.code, reason, self._clock.now_ns(), notified=True)
        )

    def _notify_now(self, unit: str, code: str) -> bool:
        """Whether a chat line about refusals with this code is due."""
        notified, now_s = self._heard_of(unit).notified_s, time.monotonic()
        with self._lock:
            if now_s - notified.get(code, float("-inf")) < NOTIFY_EVERY_S:
                return False
            notified[code] = now_s
        return True

    def _take(self, server: str, device: TakDevice, event: CotEvent) -> None:
        if not device.unit:
            if event.type in answers.CALLS or (event.type == encode.CHAT and answers.answer_of(event) is not None):
                expected = "a device that the settings give a unit"
                raise MalformedMessage("not_registered", "event.uid", ascii(device.uid)[:80], expected)
            return  # people who are not units of this sector
        if event.type in answers.CALLS:
            self._call(server, device, event)
        elif event.type == encode.CHAT or event.type.startswith("b-m-p-") or event.uid != device.uid:
            answer = answers.answer_of(event)
            if answer is not None:
                self._answer(server, device, answer)
        elif event.type.startswith("a-f-"):
            self._position(device, event)

    def _position(self, device: TakDevice, event: CotEvent) -> None:
        heard, now, now_s = self._heard_of(device.unit), wall_now(), time.monotonic()
        position = answers.position_of(event, device.unit, now, skew_s=self._settings.skew_s)
        with self._lock:
            older = heard.position is not None and event.time <= heard.position
            if older or now_s - heard.position_s < POSITION_EVERY_S:
                return
            heard.position, heard.position_s = event.time, now_s
        self._units.send(msgspec.structs.replace(position, observed_at=self._room_time(position.observed_at, now)))

    def _call(self, server: str, device: TakDevice, event: CotEvent) -> None:
        """A distress call is passed on whatever its time and position."""
        now, now_s = wall_now(), time.monotonic()
        position, note = answers.distress_of(event, device.unit, now), answers.call_note(event)
        call = DeviceCall(server, device, note, position)
        if self._calls.is_repetition(call, now_s):
            return
        try:
            if position is None:
                key = self._units.call(device.unit, self._room_time(min(event.time, now), now), note)
            else:
                observed_at = self._room_time(position.observed_at, now)
                key = self._units.send(msgspec.structs.replace(position, observed_at=observed_at))
        except MalformedMessage:  # the refusal is stated
            raise
        except WatchlineError:
            if self._calls.failed(device, now_s):
                self._tell(server, device, self._words.say("tak-distress-failed"))
            raise
        self._calls.sent(call, key, now_s)

    def tell_calls(self) -> None:
        """Send devices whether their distress calls arrived; a line that a server did not get is sent again."""
        for line in self._calls.take(time.monotonic()):
            call, key = line.waiting.call, f"{line.message}-{self._clock.now_ns()}"
            event = self._line_to(call.device, self._words.say(line.message), key)
            self._links[call.server].send([event]).add_done_callback(partial(self._call_line_sent, line))

    def _call_line_sent(self, line: CallLine, done: Future[None]) -> None:
        if done.exception() is not None:
            self._calls.put_back(line)

    def _answer(self, server: str, device: TakDevice, answer: TakAnswer) -> None:
        now = wall_now()
        if now - answer.at > answers.OLDEST:
            raise MalformedMessage("expired", "event.time", answer.at.isoformat(), "an answer of the last day")
        unit = device.unit
        shown = self._sources.open_incidents(self._servers[server].released_as)
        known = [body for body in shown if self._sources.release.incident_for(unit, body["id"])]
        found = answers.reply_to(answer, device, known, now)
        if not isinstance(found, tuple):
            raise AnswerRefused(found, self._words.say(found))
        reply, name = found
        pending = PendingAnswer(server, device, reply.incident, name, reply.action)
        self._outcomes.expect(reply.action_id, pending, time.monotonic())
        try:
            self._units.send(msgspec.structs.replace(reply, observed_at=self._room_time(reply.observed_at, now)))
        except BaseException:
            self._outcomes.forget(reply.action_id)
            raise

    def _may_know(self, pending: PendingAnswer) -> bool:
        """Whether the unit that answered, and its server, may have the incident."""
        receivers = (pending.device.unit, self._servers[pending.server].released_as)
        return all(self._sources.release.incident_for(one, pending.incident) for one in receivers)

    def _is_known(self, pending: PendingAnswer) -> bool:
        """Whether the settings still have the server, and give its device that unit."""
        server, device = self._servers.get(pending.server), pending.device
        return server is not None and answers.unit_of(device.uid, device.callsign, server.units) == device.unit

    def tell_outcomes(self) -> None:
        """Send devices the outcomes of their answers; one that a server did not get is sent again."""
        for line in self._outcomes.take(time.monotonic()):
            event = self._line_to(line.pending.device, line.text, line.action_id)
            self._links[line.pending.server].send([event]).add_done_callback(partial(self._outcome_sent, line))

    def _outcome_sent(self, line: OutcomeLine, done: Future[None]) -> None:
        if done.exception() is None:
            self._outcomes.forget(line.action_id)
        else:
            self._outcomes.put_back(line)

    def _tell(self, server: str, device: TakDevice, text: str) -> None:
        """Write one chat line to one device."""
        self._links[server].post([self._line_to(device, text, f"line-{self._clock.now_ns()}")])

    def _line_to(self, device: TakDevice, text: str, key: str) -> CotEvent:
        """One chat line to one device; a device shows a line with the same key once."""
        return encode.chat(self._sender, text, key, wall_now(), to=device.uid, callsign=device.callsign or device.uid)

    def _heard_of(self, unit: str) -> _Heard:
        with self._lock:
            return self._heard.setdefault(unit, _Heard())

    def _room_time(self, at: datetime, now: datetime) -> datetime:
        """A time of the wall clock, not after ``now``, as time of the room, which begins in 1970."""
        behind_ns = round(max((now - at).total_seconds(), 0.0) * self._clock.rate * 1e9)
        return utc_datetime(max(self._clock.now_ns() - behind_ns, 0))


def wall_now() -> datetime:
    """The wall clock, which TAK uses."""
    return datetime.now(UTC)
